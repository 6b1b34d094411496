"""The register of institutions at the command line: every row begins on a day, and none is overwritten."""

from typing import Any

from tests.gateway.cli.city import City, on_both_stores

pytestmark = on_both_stores

HEADER = "code,name,region,kind,level,specialty,designations,state"
DATED = f"{HEADER},from"
WITHDRAWN = f"{DATED},withdrawn"
CLINIC, NEW = "H21030200001", "H21030200999"
SPECIALTY, SECOND = "general,basic;pooled_outpatient,active", "2091-01-01"


def row(level: str, *more: str, code: str = CLINIC, name: str = "第一门诊部") -> str:
    return ",".join((code, name, "210300", "clinic", level, SPECIALTY, *more))


def entered(city: City, header: str, *rows: str) -> list[int]:
    """How many rows were new, changed and the same."""
    path = city.write("i.csv", header, *rows)
    counts = city.ask("institution", "import", path)["institutions"]
    return [counts[name] for name in ("new_count", "changed_count", "same_count")]


def faults(city: City, header: str, *rows: str) -> list[str]:
    path = city.write("i.csv", header, *rows)
    with city.untouched():
        found = city.ask("institution", "import", path, exit_code=1)["faults"]
    return [fault["en"] for fault in found]


def shown(city: City, *options: str, code: str = CLINIC) -> Any:
    return city.ask("institution", "show", code, *options)


def levels(city: City, *days: str) -> list[str]:
    return [shown(city, "--on", day)["level"] for day in days]


def test_a_row_holds_from_its_day_until_the_next_one_begins(city: City) -> None:
    assert shown(city)["level"] == "primary"
    assert entered(city, DATED, row("secondary", SECOND), row("tertiary", "2092-05-01")) == [2, 0, 0]
    days = ("2020-01-01", "2090-12-31", SECOND, "2092-04-30", "2092-05-01")
    assert levels(city, *days) == ["primary", "primary", "secondary", "secondary", "tertiary"]
    assert shown(city)["level"] == "primary"
    assert "自始 / since ever – 至今" in city.run("institution", "show", CLINIC).stdout


def test_a_name_and_a_region_belong_to_their_days_as_well(city: City) -> None:
    moved = row("primary", SECOND, name="中心门诊部").replace("210300", "360000")
    assert entered(city, DATED, moved) == [1, 0, 0]
    found = [shown(city, "--on", day) for day in ("2090-12-31", SECOND)]
    assert [each["region"] for each in found] == ["210300", "360000"]
    assert found[0]["name"] != found[1]["name"] == "中心门诊部"


def test_a_row_of_the_same_day_corrects_the_first_one_and_both_stay_readable(city: City) -> None:
    assert entered(city, DATED, row("secondary", SECOND)) == [1, 0, 0]
    with city.untouched():
        assert entered(city, DATED, row("secondary", SECOND)) == [0, 0, 1]
    assert entered(city, DATED, row("tertiary", SECOND)) == [0, 1, 0]
    records = [each for each in shown(city)["records"] if each["kind"] == "registered"]
    assert [(each["valid_from"], each["body"]["level"]) for each in records] == [
        (None, "primary"), (SECOND, "secondary"), (SECOND, "tertiary"),
    ]
    then = ("--on", SECOND, "--known-at", records[1]["entered_at"])
    assert shown(city, *then)["level"] == "secondary"
    assert len([each for each in shown(city, *then)["records"] if each["kind"] == "registered"]) == 2
    first = ("--on", SECOND, "--known-at", records[0]["entered_at"])
    assert shown(city, *first)["level"] == "primary"


def test_nothing_was_known_of_an_institution_before_its_first_row_was_entered(city: City) -> None:
    assert entered(city, HEADER, row("primary", code=NEW)) == [1, 0, 0]
    long_ago = ("--known-at", "2020-01-01T00:00:00+08:00")
    refused = city.run("institution", "show", NEW, *long_ago, exit_code=1).stderr
    assert "The institution was not registered yet then." in refused


def test_a_file_without_days_says_what_has_held_since_ever(city: City) -> None:
    assert entered(city, HEADER, row("secondary", name="第二门诊部")) == [0, 1, 0]
    assert levels(city, "2020-01-01", "2100-01-01") == ["secondary", "secondary"]
    assert len([each for each in shown(city)["records"] if each["kind"] == "registered"]) == 2


def test_a_file_without_days_repeats_what_holds_today_and_else_is_asked_since_when(city: City) -> None:
    assert entered(city, DATED, row("secondary", "2020-01-01"), row("tertiary", SECOND)) == [2, 0, 0]
    with city.untouched():
        assert entered(city, HEADER, row("secondary")) == [0, 0, 1]
    for level in ("primary", "tertiary"):
        (fault,) = faults(city, HEADER, row(level))
        assert fault.startswith("the institution has rows that begin on a day")
    assert entered(city, DATED, row("none", "")) == [0, 1, 0]
    assert levels(city, "2019-12-31", "2020-01-01") == ["none", "secondary"]


def test_a_row_that_never_was_is_withdrawn_and_the_one_before_goes_on(city: City) -> None:
    assert entered(city, WITHDRAWN, row("secondary", SECOND, "no")) == [1, 0, 0]
    assert entered(city, WITHDRAWN, row("secondary", SECOND, "yes")) == [0, 1, 0]
    assert levels(city, SECOND) == ["primary"]
    (fault,) = faults(city, WITHDRAWN, row("secondary", "2091-01-02", "yes"))
    assert fault.startswith("there is nothing to withdraw")
    unknown = row("primary", SECOND, "yes", code=NEW)
    assert faults(city, WITHDRAWN, unknown) == [fault]


def test_a_row_is_withdrawn_by_its_day_and_never_passed_over(city: City) -> None:
    assert entered(city, DATED, row("secondary", "2020-01-01")) == [1, 0, 0]
    (fault,) = faults(city, f"{HEADER},withdrawn", row("secondary", "yes"))
    assert fault == "withdrawn needs the column `from`: the row of which day there never was"
    assert entered(city, f"{HEADER},withdrawn", row("secondary", "no")) == [0, 0, 1]


def test_the_only_row_of_an_institution_is_not_withdrawn(city: City) -> None:
    (fault,) = faults(city, WITHDRAWN, row("primary", "", "yes"))
    assert fault.startswith("withdrawn: it is the institution's only row")
    assert entered(city, WITHDRAWN, row("primary", "", "yes"), row("primary", "2020-01-01", "")) == [1, 1, 0]


def test_before_its_first_row_an_institution_has_no_designation(city: City) -> None:
    assert entered(city, DATED, row("primary", SECOND, code=NEW)) == [1, 0, 0]
    assert shown(city, "--on", "2090-12-31", code=NEW)["designations"] == []
    assert shown(city, "--on", SECOND, code=NEW)["designations"] == ["basic", "pooled_outpatient"]
    page = city.run("institution", "show", NEW, "--on", "2090-12-31").stdout
    assert f"basic  {SECOND} – 至今" in page


def test_two_rows_of_an_institution_in_a_file_begin_on_different_days(city: City) -> None:
    twice = (row("secondary", SECOND), row("tertiary", SECOND))
    assert faults(city, DATED, *twice) == ["code, from stands on line 2 already"]
    assert faults(city, HEADER, row("secondary"), row("tertiary")) == ["code stands on line 2 already"]
    assert faults(city, DATED, row("secondary", "2091-02-30"))[0].startswith("from ")
    (fault,) = faults(city, WITHDRAWN, row("secondary", SECOND, "maybe"))
    assert fault == "withdrawn must be one of (empty), no, yes"


def test_what_stood_in_the_register_before_rows_were_kept_stays_readable(city: City) -> None:
    city.change(
        "INSERT INTO institutions (code, name, region, kind, level, specialty, designations, state) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        NEW, "旧门诊部", "210300", "clinic", "none", "general", '["basic"]', "active",
    )
    assert shown(city, code=NEW)["level"] == "none"
    assert entered(city, HEADER, row("primary", code=NEW)) == [0, 1, 0]
    records = shown(city, code=NEW)["records"]
    assert [each["body"]["name"] for each in records] == ["旧门诊部", "第一门诊部"]
    then = shown(city, "--known-at", records[0]["entered_at"], code=NEW)
    assert (then["level"], then["name"]) == ("none", "旧门诊部")


def test_a_row_for_days_to_come_leaves_today_as_it_is(city: City) -> None:
    away = row("primary", SECOND, code=CLINIC).replace(",active", ",suspended")
    assert entered(city, DATED, away) == [1, 0, 0]
    assert shown(city)["state"] == "active"
    assert shown(city, "--on", SECOND)["state"] == "suspended"
    assert (CLINIC, "active") in city.rows("SELECT code, state FROM institutions")
