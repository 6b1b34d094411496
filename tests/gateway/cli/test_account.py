"""A subsidy is credited once a year, stays or lapses as the pack says, and ends only as the pack allows."""

from typing import Any

import pytest

from medsettle_gateway.cli.frame import now
from medsettle_gateway.domain.calendar import day_of
from tests.gateway.cli.city import City

REGION = "990300"
PACK = """\
pack: subsidised
region: "990300"
title: {zh: 补助, en: subsidised}
authority: 试行
source: none
effective: {from: 2020-01-01, to: null}
status: illustrative
rounding: half_up
lines: {self_pay_first: [], ceilings: [], over_ceiling: difference, excluded: []}
benefits:
  outpatient:
    title: {zh: 门诊, en: outpatient}
    fund: pooled
    who: [{scheme: resident, clause: 一}]
    deductible: {period: none}
    ratio: {rows: [{ratio: "0.50", clause: 一}]}
    cap: {none: true, clause: 一}
    layers: {none: true, clause: 一}
layers: []
accounts:
  clause: 二
  enrolments: [pooled_and_account]
  pays: personal
  never: []
  owners: [self]
  subsidy:
    title: {zh: 门诊定额补助, en: fixed subsidy}
    credit: {period: year, rows: [CREDIT]}
    CARRIES
    closes:
      - {cause: moved_away, pays: self, documents: [身份证件, 户籍迁出证明], clause: 二十六}
      - {cause: deceased, pays: [heir, relative], documents: [死亡证明], clause: 二十七}
eligibility:
  institution: {designation: basic, clause: 三}
"""
BOTH = '{amount: "40.00", clause: 二}, {when: {standing: minor}, amount: "60.00", clause: 二}'
CARRIES = "carries_over: {clause: 二十五}"
YEAR = day_of(now()).year
MEMBERS = (
    "member_no,name,id_number,region,scheme,standing,enrolment,aid,conditions,covered_from,covered_to,"
    "account_yuan,account_state"
)


def subsidised(city: City, credit: str = BOTH, carries: str = CARRIES) -> City:
    """The city with a subsidised county beside it: two who have the subsidy, and three who have none."""
    folder = city.folder / "packs"
    folder.mkdir(exist_ok=True)
    text = PACK.replace("CREDIT", credit).replace("CARRIES", carries)
    (folder / "subsidised.yaml").write_text(text, "utf-8")
    with city.config.open("a", encoding="utf-8") as file:
        file.write('\n[policy]\ndirectory = "packs"\n')
    rows = (
        person("S1", account="5.00,active"),
        person("S2", standing="minor"),
        person("S3", enrolment="pool_only"),
        person("S4", covered_to=f"{YEAR - 1}-12-31"),
        person("S5", scheme="employee", standing="active"),
    )
    city.run("member", "import", city.write("s.csv", MEMBERS, *rows))
    return city


def person(
    number: str, account: str = ",", scheme: str = "resident", standing: str = "adult",
    enrolment: str = "pooled_and_account", covered_to: str = "",
) -> str:
    return (
        f"{number},钱进,E12345678,{REGION},{scheme},{standing},{enrolment},none,,2010-01-01,{covered_to},{account}"
    )


def credited(city: City, year: int = YEAR, *more: str) -> Any:
    return city.ask("account", "credit-subsidy", "--region", REGION, "--year", str(year), *more)


def balances(city: City) -> list[int]:
    """In fen, of the county's accounts that are open, by amount."""
    query = "SELECT region, balance_fen FROM accounts JOIN members USING (member) WHERE state <> 'closed'"
    return sorted(fen for region, fen in city.rows(query) if region == REGION)


def closed(city: City, *more: str, member: str = "S1", exit_code: int = 0) -> Any:
    arguments = ("account", "close", member, "--author", "王某", *more)
    if exit_code:
        return city.run(*arguments, exit_code=exit_code).stderr
    return city.ask(*arguments)


MOVED = (
    "--cause", "moved_away", "--paid-to", "self", "--document", "身份证件",
    "--document", "户籍迁出证明:第9号",
)


def test_each_eligible_member_is_credited_and_an_account_opened_where_there_is_none(city: City) -> None:
    subsidised(city)
    assert credited(city) == {
        "year": YEAR, "entered": True, "credited_count": 2, "credited_fen": 10_000, "lapsed_count": 0,
        "lapsed_fen": 0, "same_count": 0, "without_count": 2,
    }
    assert balances(city) == [4_500, 6_000]
    assert city.ask("ledger", "summary")["balanced"] is True


def test_a_year_is_credited_once(city: City) -> None:
    subsidised(city)
    credited(city)
    with city.untouched():
        again = credited(city)
    assert (again["credited_count"], again["same_count"]) == (0, 2)


def test_a_check_says_what_would_be_credited_and_enters_nothing(city: City) -> None:
    subsidised(city)
    with city.untouched():
        answer = credited(city, YEAR, "--check")
    assert (answer["entered"], answer["credited_fen"]) == (False, 10_000)


def test_what_is_left_stays_where_the_pack_carries_it_over(city: City) -> None:
    subsidised(city)
    credited(city, YEAR)
    assert credited(city, YEAR + 1)["lapsed_count"] == 0
    assert balances(city) == [8_500, 12_000]


def test_what_is_left_lapses_by_an_entry_of_its_own_where_it_does_not_carry_over(city: City) -> None:
    subsidised(city, carries="")
    credited(city, YEAR)
    answer = credited(city, YEAR + 1)
    assert (answer["lapsed_count"], answer["lapsed_fen"]) == (2, 4_000 + 6_000)
    assert balances(city) == [4_000, 6_000]
    kinds = city.rows("SELECT kind, count(*) FROM entries WHERE kind IN ('CREDIT', 'LAPSE') GROUP BY kind")
    assert kinds == [("CREDIT", 4), ("LAPSE", 3)]
    assert city.ask("ledger", "summary")["balanced"] is True


def test_a_year_that_is_over_is_not_credited_any_more_where_nothing_carries_over(city: City) -> None:
    subsidised(city, carries="")
    with city.untouched():
        said = city.run(
            "account", "credit-subsidy", "--region", REGION, "--year", str(YEAR - 1), exit_code=1
        ).stderr
    assert "would lapse at once" in said


def test_a_year_that_is_over_is_credited_where_it_carries_over(city: City) -> None:
    subsidised(city)
    credited(city, YEAR)
    assert credited(city, YEAR - 1)["credited_count"] == 3


def test_without_an_amount_in_the_pack_nothing_is_credited_and_the_path_named(city: City) -> None:
    subsidised(city, credit="")
    with city.untouched():
        said = city.run(
            "account", "credit-subsidy", "--region", REGION, "--year", str(YEAR), exit_code=1
        ).stderr
    assert "NO_RULE" in said
    assert "accounts.subsidy.credit" in said


def test_an_amount_for_some_only_stops_before_anybody_is_credited(city: City) -> None:
    subsidised(city, credit='{when: {standing: adult}, amount: "40.00", clause: 二}')
    with city.untouched():
        said = city.run(
            "account", "credit-subsidy", "--region", REGION, "--year", str(YEAR), exit_code=1
        ).stderr
    assert "standing=minor" in said


def test_an_amount_that_is_only_assumed_is_credited_to_nobody(city: City) -> None:
    subsidised(city, credit='{amount: "40.00", clause: 二, force: assumed}')
    with city.untouched():
        said = city.run(
            "account", "credit-subsidy", "--region", REGION, "--year", str(YEAR), exit_code=1
        ).stderr
    assert "PARAMETER_ASSUMED" in said


def test_a_region_without_a_subsidy_is_told_so(city: City) -> None:
    said = city.run(
        "account", "credit-subsidy", "--region", "210300", "--year", str(YEAR), exit_code=1
    ).stderr
    assert "NO_RULE" in said
    assert "accounts.subsidy" in said


def test_an_account_is_closed_for_a_cause_of_the_pack_and_its_rest_paid_out_by_an_entry(city: City) -> None:
    subsidised(city)
    credited(city)
    assert closed(city, *MOVED) == {"closed": True, "paid_to": "self", "paid_fen": 4_500}
    assert balances(city) == [6_000]
    ((cause, paid_to, documents, amount_fen, author),) = city.rows(
        "SELECT cause, paid_to, documents, amount_fen, author FROM account_closings"
    )
    assert (cause, paid_to, amount_fen, author) == ("moved_away", "self", 4_500, "王某")
    assert documents == '["身份证件", "户籍迁出证明:第9号"]'
    posted = city.rows("SELECT account, amount_fen FROM postings WHERE account = 'paid_out'")
    assert posted == [("paid_out", -4_500)]
    assert city.ask("ledger", "summary")["balanced"] is True


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--cause", "wants_cash", "--paid-to", "self"), "moved_away"),
        (("--cause", "moved_away", "--paid-to", "heir"), "self"),
        (("--cause", "moved_away", "--paid-to", "self", "--document", "身份证件"), "户籍迁出证明"),
        (("--cause", "deceased", "--paid-to", "heir"), "死亡证明"),
    ],
    ids=["another cause", "somebody else", "a paper short", "no paper"],
)
def test_nothing_else_turns_an_account_into_cash(city: City, more: tuple[str, ...], said: str) -> None:
    subsidised(city)
    with city.untouched():
        assert said in closed(city, *more, exit_code=1)


def test_a_check_says_what_would_be_paid_and_closes_nothing(city: City) -> None:
    subsidised(city)
    with city.untouched():
        assert closed(city, *MOVED, "--check") == {"closed": False, "paid_to": "self", "paid_fen": 500}


def test_an_account_that_was_closed_is_none_any_more(city: City) -> None:
    subsidised(city)
    closed(city, *MOVED)
    assert "was closed before" in closed(city, *MOVED, exit_code=1)
    assert credited(city)["credited_count"] == 1
    with city.untouched():
        path = city.write("again.csv", MEMBERS, person("S1", account="5.00,active"))
        answer = city.ask("member", "import", path, exit_code=1)
    assert "is not opened again" in answer["faults"][0]["en"]


def test_what_a_reversal_brings_back_to_a_closed_account_is_paid_out_by_a_second_closing(city: City) -> None:
    subsidised(city)
    closed(city, *MOVED)
    with city.gateway.writing() as connection:
        connection.execute("UPDATE accounts SET balance_fen = 300 WHERE state = 'closed'")
    assert closed(city, *MOVED)["paid_fen"] == 300
    numbers = city.rows("SELECT number, amount_fen FROM account_closings ORDER BY number")
    assert numbers == [(1, 500), (2, 300)]


def test_an_account_that_a_hold_reserves_is_not_closed(city: City) -> None:
    subsidised(city)
    with city.gateway.writing() as connection:
        connection.execute("UPDATE accounts SET held_fen = 100 WHERE balance_fen = 500")
    assert "reserves 1.00 yuan" in closed(city, *MOVED, exit_code=1)


@pytest.mark.parametrize(
    ("member", "said"), [("S3", "has no account"), ("S404", "No member has this number")]
)
def test_who_has_no_account_closes_none(city: City, member: str, said: str) -> None:
    subsidised(city)
    assert said in closed(city, *MOVED, member=member, exit_code=1)


def test_an_account_of_a_region_that_closes_none_stays(city: City) -> None:
    said = closed(city, *MOVED, member="2103000001", exit_code=1)
    assert "NO_RULE" in said

