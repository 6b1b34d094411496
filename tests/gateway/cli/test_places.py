"""Contracts, suspensions and exits of institutions at the command line: added to, never overwritten."""

import pytest

from tests.gateway.cli.city import City, on_both_stores

pytestmark = on_both_stores

CONTRACTS = "code,designation,from,to,contract"
CLINIC, PHARMACY = "H21030200001", "P21030200101"
POOLED = f"{PHARMACY},pooled_outpatient,2026-01-01,2026-06-30,鞍医保2026-17"


def designations(city: City, code: str, on: str) -> list[str]:
    found: list[str] = city.ask("institution", "show", code, "--on", on)["designations"]
    return found


def test_a_pharmacy_is_admitted_to_pooling_for_the_days_of_its_contract(city: City) -> None:
    city.run("institution", "records", "designation", city.write("c.csv", CONTRACTS, POOLED))
    assert designations(city, PHARMACY, "2026-06-30") == ["basic", "pooled_outpatient", "dual_channel"]
    assert designations(city, PHARMACY, "2026-07-01") == ["basic", "dual_channel"]
    assert "2026-01-01 – 2026-06-30" in city.run("institution", "show", PHARMACY, "--on", "2026-07-01").stdout


def test_what_holds_of_a_place_is_shown_in_both_languages(city: City) -> None:
    page = city.run("institution", "show", CLINIC).stdout
    for said in ("门诊机构 / clinic  一级及以下 / primary", "正常 / active", "基本定点 / basic, 门诊统筹"):
        assert said in page
    assert "suspended: 否 no" in page
    assert "False" not in page


def test_the_same_row_changes_nothing_and_another_end_replaces_the_first_one(city: City) -> None:
    path = city.write("c.csv", CONTRACTS, POOLED)
    assert city.ask("institution", "records", "designation", path)["designation"]["new_count"] == 1
    with city.untouched():
        assert city.ask("institution", "records", "designation", path)["designation"]["same_count"] == 1
    longer = city.write("c.csv", CONTRACTS, POOLED.replace("2026-06-30", "2026-12-31"))
    assert city.ask("institution", "records", "designation", longer)["designation"]["changed_count"] == 1
    assert "pooled_outpatient" in designations(city, PHARMACY, "2026-07-01")
    records = city.ask("institution", "show", PHARMACY)["records"]
    kept = [each for each in records if each["key"] == "pooled_outpatient/2026-01-01"]
    assert [each["valid_to"] for each in kept] == ["2026-06-30", "2026-12-31"]


def test_a_row_that_was_withdrawn_leaves_the_register_to_decide(city: City) -> None:
    header, row = f"{CONTRACTS},withdrawn", f"{CLINIC},pooled_outpatient,2020-01-01,2020-12-31,"
    city.run("institution", "records", "designation", city.write("c.csv", header, f"{row},no"))
    assert "pooled_outpatient" not in designations(city, CLINIC, "2026-07-01")
    city.run("institution", "records", "designation", city.write("c.csv", header, f"{row},yes"))
    assert "pooled_outpatient" in designations(city, CLINIC, "2026-07-01")


@pytest.mark.parametrize(
    ("kind", "header", "row", "en"),
    [
        ("designation", CONTRACTS, "H9,basic,2026-01-01,,", "code: no institution has it; enter it with"),
        ("designation", CONTRACTS, f"{CLINIC},dental,2026-01-01,,", "designation must be one of basic"),
        ("suspension", "code,from,to,cause", f"{CLINIC},2026-01-01,,", "cause must be 1 to 100 printable"),
        ("district", "code,district,from,to", f"{CLINIC},2103,2026-01-01,", "district must be a pooling"),
        ("card", "code,from,to", f"{CLINIC},2026-01-02,2026-01-01", "to is before from"),
    ],
)
def test_a_row_that_does_not_fit_is_a_fault(city: City, kind: str, header: str, row: str, en: str) -> None:
    path = city.write("r.csv", header, row)
    with city.untouched():
        (fault,) = city.ask("institution", "records", kind, path, exit_code=1)["faults"]
    assert fault["line"] == 2
    assert fault["en"].startswith(en)


def test_a_suspension_and_an_exit_hold_on_their_days(city: City) -> None:
    order = ("--cause", "串换药品", "--by", "王某")
    city.run("institution", "suspend", CLINIC, "--from", "2026-03-01", "--to", "2026-03-31", *order)
    city.run("institution", "suspend", CLINIC, "--from", "2026-09-01", "--exit", *order)
    stopped = {
        on: city.ask("institution", "show", CLINIC, "--on", on)["stopped"]
        for on in ("2026-02-28", "2026-03-31", "2026-04-01", "2027-01-01")
    }
    assert stopped == {
        "2026-02-28": None, "2026-03-31": "INSTITUTION_SUSPENDED", "2026-04-01": None,
        "2027-01-01": "INSTITUTION_EXITED",
    }


def test_a_suspension_that_never_held_is_withdrawn(city: City) -> None:
    order = ("--from", "2026-03-01", "--cause", "串换药品", "--by", "王某")
    city.run("institution", "suspend", CLINIC, *order)
    city.run("institution", "suspend", CLINIC, *order, "--withdraw")
    assert city.ask("institution", "show", CLINIC, "--on", "2026-03-02")["stopped"] is None


def test_what_was_never_recorded_cannot_be_withdrawn(city: City) -> None:
    order = ("--cause", "串换药品", "--by", "王某")
    city.run("institution", "suspend", CLINIC, "--from", "2026-03-01", *order)
    mistyped = ("institution", "suspend", CLINIC, "--from", "2026-03-02", *order, "--withdraw")
    with city.untouched():
        (fault,) = city.ask(*mistyped, exit_code=1)["faults"]
        assert "nothing to withdraw" in city.run(*mistyped, exit_code=1).stderr
    assert fault["en"].startswith("there is nothing to withdraw")
    assert city.ask("institution", "show", CLINIC, "--on", "2026-03-02")["stopped"] == "INSTITUTION_SUSPENDED"


def test_district_and_card_are_shown_as_of_a_day(city: City) -> None:
    district = city.write("d.csv", "code,district,from,to", f"{CLINIC},210302,2020-01-01,")
    city.run("institution", "records", "district", district)
    city.run("institution", "records", "card", city.write("c.csv", "code,from,to", f"{PHARMACY},2026-01-01,"))
    assert city.ask("institution", "show", CLINIC)["district"] == "210302"
    taking = {on: city.ask("institution", "show", PHARMACY, "--on", on)["takes_cards"] for on in
              ("2025-12-31", "2026-01-01")}
    assert taking == {"2025-12-31": False, "2026-01-01": True}


@pytest.mark.parametrize(
    "command",
    [("show", "H9"), ("suspend", "H9", "--from", "2026-01-01", "--cause", "a", "--by", "b")],
)
def test_an_institution_that_is_not_registered_is_refused(city: City, command: tuple[str, ...]) -> None:
    with city.untouched():
        assert "No institution has this code" in city.run("institution", *command, exit_code=1).stderr
