"""Prescribers and pharmacists at the command line: entered, suspended, no licence shown whole."""

import pytest

from tests.gateway.cli.city import City, on_both_stores

pytestmark = on_both_stores

HEADER = "code,role,licence_no,institutions,from,to,filed_from,filed_to"
DOCTOR = "D210300000001,prescriber,110210300001047,H21030200001;H21030300002,2024-01-01,,2026-01-01,"
PHARMACIST = "A210300000002,pharmacist,210300202500048,P21030200101,2025-01-01,2026-12-31,,"
CODE = "D210300000001"


@pytest.fixture
def staffed(city: City) -> City:
    city.run("staff", "import", city.write("staff.csv", HEADER, DOCTOR, PHARMACIST))
    return city


def points(city: City, number: str, points: int, on: str, *more: str) -> None:
    decision = ("--number", number, "--on", on, "--reason", "超量开药", "--by", "王某")
    city.run("staff", "points", CODE, "--deduct", str(points), *decision, *more)


def test_posts_and_filings_are_entered_and_the_same_file_changes_nothing(city: City) -> None:
    path = city.write("staff.csv", HEADER, DOCTOR, PHARMACIST)
    first = city.ask("staff", "import", path)
    assert [first[name]["new_count"] for name in ("posts", "filings")] == [2, 1]
    with city.untouched():
        again = city.ask("staff", "import", path)
    assert [again[name]["same_count"] for name in ("posts", "filings")] == [2, 1]


def test_a_check_enters_nothing(city: City) -> None:
    with city.untouched():
        said = city.run("staff", "import", city.write("staff.csv", HEADER, DOCTOR), "--check")
    assert "nothing was entered" in said.stdout


def test_of_a_licence_number_only_the_end_is_kept_and_shown(staffed: City) -> None:
    assert "110210300001047" not in repr(staffed.content())
    shown = staffed.run("staff", "show", CODE).stdout
    assert "****1047" in shown
    assert "110210300001047" not in shown


@pytest.mark.parametrize(
    ("row", "en"),
    [
        ("D 1,prescriber,1102103,,2024-01-01,,,", "code must be 1 to 30 letters, digits or dashes"),
        ("D1,nurse,1102103,,2024-01-01,,,", "role must be one of prescriber, pharmacist"),
        ("D1,prescriber,1,,2024-01-01,,,", "licence_no must be 6 to 40 letters, digits or dashes"),
        ("D1,prescriber,1102103,H1;H1,2024-01-01,,,", "institutions names a code twice"),
        ("D1,prescriber,1102103,,2024-01-01,2023-12-31,,", "to is before from"),
        ("D1,pharmacist,1102103,,2024-01-01,,2026-01-01,", "only a prescriber is filed"),
        ("D1,prescriber,1102103,,2024-01-01,,,2026-01-01", "filed_to needs a filed_from"),
    ],
)
def test_a_row_that_does_not_fit_is_a_fault_and_nothing_is_entered(city: City, row: str, en: str) -> None:
    path = city.write("staff.csv", HEADER, DOCTOR, row)
    with city.untouched():
        faults = city.ask("staff", "import", path, exit_code=1)["faults"]
    assert [(fault["line"], fault["en"]) for fault in faults] == [(3, en)]


def test_lost_points_of_a_year_suspend_and_the_page_says_until_when(staffed: City) -> None:
    points(staffed, "2026-1", 3, "2026-03-01")
    points(staffed, "2026-2", 3, "2026-05-10")
    shown = staffed.ask("staff", "show", CODE, "--on", "2026-06-01")
    assert (shown["points_lost"], shown["points_left"], shown["suspended"]) == (6, 4, True)
    assert shown["suspensions"] == [
        {"from": "2026-05-10", "to": "2026-08-09", "points": 6, "cancelled": False}
    ]
    page = staffed.run("staff", "show", CODE, "--on", "2026-06-01").stdout
    assert "2026-05-10 – 2026-08-09" in page
    assert "4 (10 - 6)" in page


def test_a_decision_that_is_taken_back_suspends_nobody_and_stays_readable(staffed: City) -> None:
    points(staffed, "2026-1", 10, "2026-03-01")
    points(staffed, "2026-1", 10, "2026-03-01", "--withdraw")
    shown = staffed.ask("staff", "show", CODE, "--on", "2026-06-01")
    assert (shown["points_lost"], shown["suspended"]) == (0, False)
    assert [each["withdrawn"] for each in shown["records"] if each["kind"] == "points"] == [False, True]


def test_a_suspension_by_order_holds_on_its_days_and_says_who_ordered_it(staffed: City) -> None:
    order = ("--from", "2026-03-01", "--to", "2026-03-31", "--cause", "出具虚假处方", "--by", "王某")
    staffed.run("staff", "suspend", CODE, *order)
    last, after = "2026-03-31", "2026-04-01"
    held = {on: staffed.ask("staff", "show", CODE, "--on", on)["suspended"] for on in (last, after)}
    assert held == {last: True, after: False}
    records = staffed.ask("staff", "show", CODE)["records"]
    (record,) = [each for each in records if each["kind"] == "suspension"]
    assert (record["body"]["author"], record["source"]) == ("王某", "staff suspend")


def test_a_qualification_that_is_cancelled_has_no_last_day(staffed: City) -> None:
    order = ("--from", "2026-03-01", "--cause", "出具虚假处方", "--by", "王某", "--cancelled")
    staffed.run("staff", "suspend", CODE, *order)
    (stop,) = staffed.ask("staff", "show", CODE, "--on", "2030-01-01")["suspensions"]
    assert (stop["to"], stop["cancelled"]) == (None, True)


def test_a_cancelled_qualification_takes_no_last_day(staffed: City) -> None:
    order = ("--from", "2026-03-01", "--to", "2026-03-31", "--cause", "a", "--by", "b", "--cancelled")
    header = "code,from,to,cause,author,cancelled"
    path = staffed.write("s.csv", header, f"{CODE},2026-03-01,2026-03-31,违规,王某,yes")
    with staffed.untouched():
        assert "has no last day" in staffed.run("staff", "suspend", CODE, *order, exit_code=1).stderr
        (fault,) = staffed.ask("staff", "records", "suspension", path, exit_code=1)["faults"]
    assert "has no last day" in fault["en"]


def test_a_suspension_that_ends_before_it_begins_is_refused(staffed: City) -> None:
    order = ("--from", "2026-03-01", "--to", "2026-02-01", "--cause", "a", "--by", "b")
    with staffed.untouched():
        assert "--to is before --from" in staffed.run("staff", "suspend", CODE, *order, exit_code=1).stderr


def test_a_code_of_which_nothing_is_recorded_is_said_to_be_unknown(staffed: City) -> None:
    assert "Nothing is recorded" in staffed.run("staff", "show", "D9", exit_code=1).stderr


@pytest.mark.parametrize(
    ("kind", "header", "row"),
    [
        ("suspension", "code,from,to,cause,author,cancelled", f"{CODE},2026-03-01,2026-03-31,违规,王某,no"),
        ("points", "code,number,decided_on,points,reason,author", f"{CODE},2026-1,2026-03-01,4,违规,王某"),
    ],
)
def test_decisions_are_entered_from_a_file_too(staffed: City, kind: str, header: str, row: str) -> None:
    path = staffed.write("r.csv", header, row)
    assert staffed.ask("staff", "records", kind, path)[kind]["new_count"] == 1
    assert staffed.ask("staff", "show", CODE, "--on", "2026-03-02")["suspended"] is True
    with staffed.untouched():
        assert staffed.ask("staff", "records", kind, path)[kind]["same_count"] == 1


def test_a_number_of_points_that_is_none_is_a_fault(staffed: City) -> None:
    path = staffed.write("p.csv", "code,number,decided_on,points,reason,author", f"{CODE},1,2026-03-01,0,a,b")
    (fault,) = staffed.ask("staff", "records", "points", path, exit_code=1)["faults"]
    assert fault["en"] == "points must be a whole number from 1 to 100"


def test_the_city_has_a_prescriber_who_is_suspended(city: City) -> None:
    suspended = [
        code for code in ("D210300000001", "D210300000002", "D210300000003")
        if city.ask("staff", "show", code)["suspended"]
    ]
    assert suspended == ["D210300000002"]


def test_an_institution_that_nobody_registered_is_named_and_entered(city: City) -> None:
    row = "D9,prescriber,1102103,H21030200001;H404,2024-01-01,,,"
    said = city.run("staff", "import", city.write("staff.csv", HEADER, row))
    assert "没有登记这些机构,请核对代码:H404" in said.stderr
    assert "these institutions are not known here, look at the codes: H404" in said.stderr
    assert "H404" in city.run("staff", "show", "D9").stdout


def test_a_decision_about_somebody_without_a_post_is_entered_and_named(staffed: City) -> None:
    on = ("--from", "2031-05-10", "--cause", "超量开药", "--by", "王某")
    assert staffed.run("staff", "suspend", CODE, *on).stderr == ""
    said = staffed.run("staff", "suspend", "D40400000001", *on)
    assert "prescribers or pharmacists are not known here, look at the codes: D40400000001" in said.stderr
    assert "2031-05-10" in staffed.run("staff", "show", "D40400000001").stdout
    points_too = ("--deduct", "4", "--number", "1", "--reason", "超量开药", "--by", "王某", "--check")
    assert "D40400000002" in staffed.run("staff", "points", "D40400000002", *points_too).stderr
