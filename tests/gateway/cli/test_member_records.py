"""``member records``: dated facts about members are added to, and nobody ever holds two schemes on a day."""

from typing import Any

import pytest

from medsettle_gateway.cli.member_records import NAMES
from medsettle_gateway.domain.accounts import ACCOUNT_STATE, BINDING
from medsettle_gateway.domain.filings import FilingFact
from medsettle_gateway.domain.people import PersonKind
from tests.gateway.cli.city import City, on_both_stores
from tests.gateway.cli.test_importing import MEMBERS

pytestmark = on_both_stores

COVER = "member_no,region,scheme,standing,enrolment,from,to"
ARREARS = "member_no,from,to,paid_on"
CERTIFICATE = "member_no,aid,district,from,to"
SUPPLEMENT = "member_no,name,paid_on,from,to"
ZHANG = "2103000001"
"""An active employee since 2010, with an account."""
WANG = "2103000003"
"""Works for himself, without an account."""

ONE = "7,钱小进,E12345678,210300,resident,adult,pool_only,none,,2010-01-01,,,"


def records(city: City, kind: str, header: str, *rows: str, exit_code: int = 0) -> Any:
    return city.ask("member", "records", kind, city.write("r.csv", header, *rows), exit_code=exit_code)


def shown(city: City, number: str, on: str, *more: str) -> dict[str, Any]:
    found: dict[str, Any] = city.ask("member", "show", number, "--on", on, *more)
    return found


def kept(city: City, number: str, kind: str) -> list[dict[str, Any]]:
    found = city.ask("member", "history", number)["records"]
    return [each for each in found if each["kind"] == kind]


def test_the_day_decides_who_a_person_is(city: City) -> None:
    said = records(
        city, "cover", COVER,
        f"{WANG},210300,resident,adult,pool_only,2015-01-01,2016-06-30",
        f"{WANG},210300,employee,flexible,pool_only,2016-07-01,",
    )  # fmt: skip
    assert said["cover"] == {"new_count": 2, "changed_count": 0, "same_count": 0, "removed_count": 0}
    before, after = (shown(city, WANG, on) for on in ("2016-06-30", "2016-07-01"))
    assert [before[name] for name in ("scheme", "standing", "covered_to")] == [
        "resident", "adult", "2016-06-30",
    ]  # fmt: skip
    assert [after[name] for name in ("scheme", "standing", "covered_to")] == ["employee", "flexible", None]


def test_a_correction_takes_the_place_of_what_was_and_leaves_it_readable(city: City) -> None:
    row = f"{WANG},210300,employee,flexible,pool_only,2016-07-01,"
    records(city, "cover", COVER, row)
    assert records(city, "cover", COVER, row)["cover"]["same_count"] == 1
    assert records(city, "cover", COVER, f"{row}2026-01-31")["cover"]["changed_count"] == 1
    assert [each["valid_to"] for each in kept(city, WANG, "cover")] == [None, "2026-01-31"]
    assert shown(city, WANG, "2026-02-01")["refusal"] == "NOT_COVERED"


def test_what_was_known_at_an_instant_can_be_shown(city: City) -> None:
    row = f"{WANG},210300,employee,flexible,pool_only,2016-07-01,"
    records(city, "cover", COVER, row)
    known_at = kept(city, WANG, "cover")[0]["entered_at"]
    records(city, "cover", COVER, f"{row}2026-01-31")
    assert shown(city, WANG, "2026-02-01", "--known-at", known_at)["covered_to"] is None
    assert shown(city, WANG, "2026-02-01")["covered_to"] == "2026-01-31"


def test_a_record_that_was_withdrawn_never_held(city: City) -> None:
    row = f"{WANG},2026-01-01,2026-12-31,借用他人医保卡"
    header = "member_no,from,to,cause"
    records(city, "suspension", header, row)
    assert shown(city, WANG, "2026-05-01")["refusal"] == "BENEFITS_SUSPENDED"
    records(city, "suspension", f"{header},withdrawn", f"{row},yes")
    assert shown(city, WANG, "2026-05-01")["refusal"] is None
    assert [each["withdrawn"] for each in kept(city, WANG, "suspension")] == [False, True]


@pytest.mark.parametrize(
    ("kind", "header", "row"),
    [
        ("arrears", ARREARS, f"{ZHANG},2026-03-01,2026-04-30,2026-05-20"),
        ("payment", "member_no,scheme,paid_on,subsidised", f"{ZHANG},employee,2026-02-01,yes"),
        ("payment", "member_no,scheme,paid_on", f"{ZHANG},employee,2026-02-01"),
        ("supplement", SUPPLEMENT, f"{ZHANG},large_amount,2026-02-01,2026-01-01,2026-12-31"),
        ("suspension", "member_no,from,to,cause", f"{ZHANG},2026-03-01,,借卡"),
        ("certificate", CERTIFICATE, f"{ZHANG},subsistence,210302,2026-01-01,"),
    ],
)  # fmt: skip
def test_each_kind_has_its_own_columns(city: City, kind: str, header: str, row: str) -> None:
    assert records(city, kind, header, row)[kind]["new_count"] == 1
    assert records(city, kind, header, row)[kind]["same_count"] == 1
    assert len(kept(city, ZHANG, kind)) == 1


@pytest.mark.parametrize(
    ("kind", "header", "row", "said"),
    [
        ("cover", COVER, "999,210300,resident,adult,pool_only,2026-01-01,", "no member has this number"),
        ("cover", COVER, f"{WANG},210300,resident,active,pool_only,2026-01-01,", "does not fit the scheme"),
        ("cover", COVER, f"{WANG},210300,resident,adult,pool_only,2026-02-01,2026-01-31", "to is before"),
        ("arrears", ARREARS, f"{WANG},2026-03-02,,", "the first day of a month"),
        ("arrears", ARREARS, f"{WANG},2026-03-01,2026-04-15,", "the last day of one"),
        ("arrears", ARREARS, f"{WANG},2026-03-01,,2026-02-28", "paid_on is before from"),
        ("certificate", CERTIFICATE, f"{WANG},none,210302,2026-01-01,", "cannot be none"),
        ("certificate", CERTIFICATE, f"{WANG},poor,2103,2026-01-01,", "of six digits"),
        ("payment", "member_no,scheme,paid_on,subsidised", f"{WANG},employee,2026-02-01,perhaps", "yes, no"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_a_fault_with_its_line(
    city: City, kind: str, header: str, row: str, said: str
) -> None:
    with city.untouched():
        faults = records(city, kind, header, row, exit_code=1)["faults"]
    assert [fault["line"] for fault in faults] == [2]
    assert said in faults[0]["en"]


def test_a_dry_run_enters_nothing(city: City) -> None:
    path = city.write("r.csv", ARREARS, f"{WANG},2026-03-01,,")
    with city.untouched():
        city.run("member", "records", "arrears", path, "--check")


def test_where_no_policy_judges_a_kind_that_is_said(city: City) -> None:
    path = city.write("r.csv", ARREARS, f"{WANG},2026-03-01,,")
    said = city.run("member", "records", "arrears", path)
    assert "no policy pack of 210300 has eligibility.arrears" in said.stderr
    assert shown(city, WANG, "2026-03-01")["refusal"] is None


# two schemes


def test_two_schemes_on_a_day_are_a_fault(city: City) -> None:
    with city.untouched():
        faults = records(
            city, "cover", COVER,
            f"{WANG},210300,employee,flexible,pool_only,2016-07-01,",
            f"{WANG},210300,resident,adult,pool_only,2026-01-01,",
            exit_code=1,
        )["faults"]  # fmt: skip
    assert [fault["line"] for fault in faults] == [3]
    assert "nobody holds two" in faults[0]["en"]


def test_an_overlap_that_a_later_row_mends_is_none(city: City) -> None:
    records(city, "cover", COVER, f"{WANG},210300,employee,flexible,pool_only,2016-07-01,")
    said = records(
        city, "cover", COVER,
        f"{WANG},210300,resident,adult,pool_only,2026-01-01,",
        f"{WANG},210300,employee,flexible,pool_only,2016-07-01,2025-12-31",
    )  # fmt: skip
    assert (said["cover"]["new_count"], said["cover"]["changed_count"]) == (1, 1)


def test_one_identity_number_under_two_member_numbers_holds_one_scheme(city: City) -> None:
    city.ask("member", "import", city.write("m.csv", MEMBERS, ONE))
    other = ONE.replace("7,", "8,", 1)
    employed = other.replace("resident,adult,pool_only", "employee,flexible,pool_only")
    with city.untouched():
        faults = city.ask("member", "import", city.write("m.csv", MEMBERS, employed), exit_code=1)["faults"]
    assert [(fault["line"], "nobody holds two" in fault["en"]) for fault in faults] == [(2, True)]


def test_one_scheme_under_two_member_numbers_of_a_person_is_doubtful(city: City) -> None:
    city.ask("member", "import", city.write("m.csv", MEMBERS, ONE))
    other = city.write("m.csv", MEMBERS, ONE.replace("7,", "8,", 1))
    with city.untouched():
        strict = city.run("member", "import", other, "--strict", exit_code=1).stderr
    assert "Line 2: id_number: another number covers the same person on the same day" in strict
    assert "第2行: id_number: 同一证件号码" in city.run("member", "import", other).stderr


def test_one_number_that_ends_before_the_next_begins_is_not_doubtful(city: City) -> None:
    ended = ONE.replace("2010-01-01,,", "2010-01-01,2025-12-31,")
    begun = ONE.replace("7,", "8,", 1).replace("2010-01-01,,", "2026-01-01,,")
    assert "注意" not in city.run("member", "import", city.write("m.csv", MEMBERS, ended, begun)).stderr
    on_its_last_day = ONE.replace("7,", "9,", 1).replace("2010-01-01,,", "2009-01-01,2010-01-01,")
    said = city.run("member", "import", city.write("m.csv", MEMBERS, on_its_last_day)).stderr
    assert "line 2: id_number" in said


def test_one_file_may_end_one_scheme_and_begin_the_other(city: City) -> None:
    city.ask("member", "import", city.write("m.csv", MEMBERS, ONE))
    employed = ONE.replace("7,", "8,", 1).replace("resident,adult,pool_only", "employee,flexible,pool_only")
    city.ask("member", "import", city.write(
        "m.csv", MEMBERS, employed.replace("2010-01-01,", "2026-07-01,"),
        ONE.replace("2010-01-01,,", "2010-01-01,2026-06-30,"),
    ))  # fmt: skip


def test_cover_that_is_recorded_is_held_against_other_numbers_of_the_person_too(city: City) -> None:
    city.ask("member", "import", city.write("m.csv", MEMBERS, ONE, ONE.replace("7,", "8,", 1)))
    with city.untouched():
        faults = records(
            city, "cover", COVER, "8,210300,employee,flexible,pool_only,2026-01-01,", exit_code=1
        )["faults"]  # fmt: skip
    assert [fault["line"] for fault in faults] == [2]


def test_cover_that_is_recorded_and_that_another_number_of_the_person_has_is_doubtful(city: City) -> None:
    ended = ONE.replace("7,", "8,", 1).replace("2010-01-01,,", "2010-01-01,2010-12-31,")
    begun = ONE.replace("2010-01-01,,", "2011-01-01,,")
    assert "注意" not in city.run("member", "import", city.write("m.csv", MEMBERS, ended, begun)).stderr
    period = "8,210300,resident,adult,pool_only,2010-01-01,"
    lasts = ("2010-12-30", "2011-01-01")
    apart, at_once = (city.write(f"{last}.csv", COVER, period + last) for last in lasts)
    assert "注意" not in city.run("member", "records", "cover", apart).stderr
    assert "Note: line 2: id_number: another number" in city.run("member", "records", "cover", at_once).stderr


# the register


def test_an_import_keeps_what_the_register_said_before(city: City) -> None:
    city.ask("member", "import", city.write("m.csv", MEMBERS, ONE))
    employed = ONE.replace("resident,adult,pool_only", "employee,flexible,pool_only")
    city.ask("member", "import", city.write("m.csv", MEMBERS, employed.replace("2010-01-01", "2026-07-01")))
    assert [each["body"]["scheme"] for each in kept(city, "7", "registered")] == ["resident", "employee"]
    before, after = (shown(city, "7", on) for on in ("2026-06-30", "2026-07-01"))
    assert [(each["scheme"], each["covered_to"]) for each in (before, after)] == [
        ("resident", "2026-06-30"), ("employee", None),
    ]  # fmt: skip


def test_an_import_that_changes_nothing_of_the_person_adds_no_record(city: City) -> None:
    city.ask("member", "import", city.write("m.csv", MEMBERS, ONE))
    city.ask("member", "import", city.write("m.csv", MEMBERS, ONE))
    city.ask("member", "import", city.write("m.csv", MEMBERS, ONE.replace("钱小进", "钱进")))
    assert len(kept(city, "7", "registered")) == 1


def test_a_row_may_not_contradict_the_periods_of_cover(city: City) -> None:
    city.ask("member", "import", city.write("m.csv", MEMBERS, ONE))
    records(city, "cover", COVER, "7,210300,resident,adult,pool_only,2010-01-01,2026-06-30")
    ended = ONE.replace("2010-01-01,,", "2010-01-01,2026-03-31,")
    with city.untouched():
        faults = city.ask("member", "import", city.write("m.csv", MEMBERS, ended), exit_code=1)["faults"]
    assert "member records cover" in faults[0]["en"]
    city.ask("member", "import", city.write("m.csv", MEMBERS, ONE))  # as it was
    city.ask("member", "import", city.write("m.csv", MEMBERS, ended.replace("03-31", "06-30")))  # as they say


def test_the_history_names_nobody(city: City) -> None:
    city.ask("member", "import", city.write("m.csv", MEMBERS, ONE))
    text = city.run("member", "history", "7").stdout
    assert "登记 registered  2010-01-01 – 至今 / no end" in text
    assert "钱小进" not in text
    assert "E12345678" not in text


def test_who_froze_an_account_and_freed_it_stays_readable(city: City) -> None:
    employed = ONE.replace("resident,adult,pool_only", "employee,active,pooled_and_account")
    for name, account in (("m.csv", "5.00,frozen"), ("n.csv", "5.00,active"), ("o.csv", "5.00,active")):
        city.ask("member", "import", city.write(name, MEMBERS, employed.removesuffix(",,") + f",{account}"))
    kept = [each for each in city.ask("member", "history", "7")["records"] if each["kind"] == ACCOUNT_STATE]
    assert [(each["body"]["state"], each["source"]) for each in kept] == [
        ("frozen", "member import m.csv"), ("active", "member import n.csv"),
    ]
    assert "账户状态 state of the account" in city.run("member", "history", "7").stdout


def test_every_kind_of_fact_has_its_name_in_the_history(city: City) -> None:
    path = city.write("f.csv", "member_no,from,to,cause,author", f"{ZHANG},2026-01-01,2026-01-31,重症,王某")
    city.ask("member", "filings", "late-claim", path)
    assert "补报延期 late claim  2026-01-01 – 2026-01-31" in city.run("member", "history", ZHANG).stdout
    kinds = (*PersonKind, *FilingFact, BINDING, ACCOUNT_STATE)
    assert [kind for kind in kinds if kind not in NAMES] == []


def test_nobody_has_an_unknown_number(city: City) -> None:
    assert "No member has this number." in city.run("member", "history", "none", exit_code=1).stderr
