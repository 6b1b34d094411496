"""Entering members, families, years, institutions and catalogues: all of a file or nothing of it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from medsettle_gateway.domain.basket import CatalogueClass
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.member import Aid, Owner, Scheme, Standing
from medsettle_gateway.domain.register import CatalogueItem, CatalogueRow, FamilyTie, MemberRecord, YearSum
from medsettle_gateway.storage import records
from medsettle_gateway.storage.audit import summarise
from medsettle_gateway.storage.catalogue import enter_catalogue
from medsettle_gateway.storage.entering import Entered, NotEnteredError
from medsettle_gateway.storage.families import end_binding, enter_families
from medsettle_gateway.storage.places import enter_institutions
from medsettle_gateway.storage.register import People
from medsettle_gateway.storage.sqlite.database import connect
from medsettle_gateway.storage.stores import EmbeddedDatabase, writing
from tests.gateway.storage.stand import NOW, REGION, ROOT_KEY, TODAY, SqliteStand, clinic, item, person, tie

PAID = CounterKey("2026", "general_outpatient", "paid")


@pytest.fixture
def stand(tmp_path: Path) -> SqliteStand:
    return SqliteStand(tmp_path)


@contextmanager
def entering(stand: SqliteStand, *, keep: bool = True) -> Iterator[tuple[sqlite3.Connection, People]]:
    with writing(EmbeddedDatabase(stand.path, 50), stand.sealer, root=ROOT_KEY, keep=keep) as connection:
        assert isinstance(connection, sqlite3.Connection)
        yield connection, stand.people(connection)


def rows(*records: Any) -> list[tuple[int, Any]]:
    return list(enumerate(records, 2))


def goods(*items: CatalogueItem, keeps_classes: bool = False) -> list[tuple[int, CatalogueRow]]:
    return rows(*(CatalogueRow(each, keeps_classes) for each in items))


def enter_members(stand: SqliteStand, *records: MemberRecord) -> Entered:
    with entering(stand) as (_, people):
        return people.enter_members(rows(*records))


def everything(stand: SqliteStand) -> list[str]:
    connection = sqlite3.connect(stand.path)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


def test_the_same_file_again_changes_nothing(stand: SqliteStand) -> None:
    assert enter_members(stand, person("1"), person("2")) == Entered(new_count=2)
    before = everything(stand)
    assert enter_members(stand, person("1"), person("2")) == Entered(same_count=2)
    assert everything(stand) == before


@pytest.mark.parametrize(
    "changes",
    [
        {"standing": Standing.RETIRED},
        {"aid": Aid.POOR},
        {"conditions": ("diabetes",)},
        {"covered_to": date(2026, 6, 30)},
        {"name": "张三丰"},
        {"id_number": "E12345678"},
        {"frozen": True},
    ],
)
def test_a_known_number_is_changed_and_not_doubled(stand: SqliteStand, changes: dict[str, Any]) -> None:
    enter_members(stand, person("1"))
    assert enter_members(stand, person("1", **changes)) == Entered(changed_count=1)
    assert enter_members(stand, person("1", **changes)) == Entered(same_count=1)


def birthdays(stand: SqliteStand) -> list[str | None]:
    with entering(stand) as (connection, _):
        return [born_on for (born_on,) in connection.execute("SELECT born_on FROM members")]


@pytest.mark.parametrize(
    ("keeps", "entered", "after"),
    [(True, Entered(same_count=1), "1950-01-01"), (False, Entered(changed_count=1), None)],
    ids=["no column", "an empty cell"],
)
def test_a_birthday_stays_unless_the_file_says_otherwise(
    stand: SqliteStand, keeps: bool, entered: Entered, after: str | None
) -> None:
    enter_members(stand, person("1", born_on=date(1950, 1, 1)))
    assert enter_members(stand, person("1", keeps_born_on=keeps)) == entered
    assert birthdays(stand) == [after]


def test_a_birthday_stays_where_something_else_of_the_person_changes(stand: SqliteStand) -> None:
    enter_members(stand, person("1", born_on=date(1950, 1, 1)))
    changed = person("1", aid=Aid.POOR, name="张三丰", keeps_born_on=True)
    assert enter_members(stand, changed) == Entered(changed_count=1)
    assert birthdays(stand) == ["1950-01-01"]


def test_nobody_is_born_after_today(stand: SqliteStand) -> None:
    with pytest.raises(NotEnteredError) as refused:
        enter_members(stand, person("1", born_on=TODAY), person("2", born_on=TODAY + timedelta(days=1)))
    assert [(fault.line, fault.en) for fault in refused.value.faults] == [(3, "born_on is after today")]


def test_whoever_is_new_has_no_birthday_but_that_of_the_identity_number(stand: SqliteStand) -> None:
    enter_members(stand, person("1", keeps_born_on=True))
    assert birthdays(stand) == [None]


def test_an_opening_balance_is_an_entry_of_the_ledger(stand: SqliteStand) -> None:
    enter_members(stand, person("1", account_fen=12_345), person("2", account_fen=0))
    with entering(stand) as (connection, _):
        found = connection.execute("SELECT book, amount_fen FROM postings ORDER BY amount_fen").fetchall()
    assert found == [("210300/employee/accounts", -12_345), ("210300/employee/accounts", 12_345)]


def test_an_empty_account_column_leaves_the_account_as_it_is(stand: SqliteStand) -> None:
    enter_members(stand, person("1", account_fen=500))
    assert enter_members(stand, person("1", account_fen=None)) == Entered(same_count=1)


def test_a_member_without_an_account_may_get_one_later(stand: SqliteStand) -> None:
    enter_members(stand, person("1", account_fen=None))
    assert enter_members(stand, person("1", account_fen=700)) == Entered(changed_count=1)


@pytest.mark.parametrize(
    ("changes", "en"),
    [
        ({"account_fen": 999}, "this one is open"),
        ({"region": "330100"}, "region and scheme cannot change"),
        ({"scheme": Scheme.RESIDENT, "standing": Standing.ADULT}, "region and scheme cannot change"),
    ],
)
def test_a_row_that_does_not_fit_an_open_account_is_listed_and_nothing_is_entered(
    stand: SqliteStand, changes: dict[str, Any], en: str
) -> None:
    enter_members(stand, person("1"))
    before = everything(stand)
    with pytest.raises(NotEnteredError) as refused:
        enter_members(stand, person("2"), person("1", **changes), person("3"))
    assert [fault.line for fault in refused.value.faults] == [3]
    assert en in refused.value.faults[0].en
    assert everything(stand) == before


def test_a_tie_to_somebody_unknown_takes_the_members_of_the_same_run_with_it(stand: SqliteStand) -> None:
    before = everything(stand)

    def enter() -> None:
        with entering(stand) as (_, people):
            people.enter_members(rows(person("1")))
            enter_families(people, rows(tie("1", "nobody"), FamilyTie("ghost", "1", Owner.CHILD)))

    with pytest.raises(NotEnteredError) as refused:
        enter()
    assert [fault.line for fault in refused.value.faults] == [2, 3]
    assert "payer_member_no" in refused.value.faults[0].en
    assert everything(stand) == before


def test_a_tie_may_change_its_relation_and_end(stand: SqliteStand) -> None:
    stand.enter(person("1"), person("2"), ties=(tie("1", "2"),))
    with entering(stand) as (_, people):
        assert enter_families(people, rows(tie("1", "2", Owner.SPOUSE))) == Entered(changed_count=1)
        assert end_binding(people, "1", "2") is True
        assert end_binding(people, "1", "2") is False


def test_a_year_is_entered_once_and_stands_in_the_ledger(stand: SqliteStand) -> None:
    stand.enter(person("1"))
    with entering(stand) as (connection, people):
        assert people.enter_years(rows(YearSum("1", PAID, 298_000))) == Entered(new_count=1)
        assert people.enter_years(rows(YearSum("1", PAID, 298_000))) == Entered(same_count=1)
        counters = connection.execute("SELECT used, held FROM counters").fetchall()
        deltas = connection.execute("SELECT used_delta FROM entry_counters").fetchall()
    assert (counters, deltas) == ([(298_000, 0)], [(298_000,)])


@pytest.mark.parametrize(
    ("each", "en"),
    [
        (YearSum("nobody", PAID, 5), "no member has this number"),
        (YearSum("1", PAID, 5), "is not the 2980.00 that was entered before"),
    ],
)
def test_a_year_that_does_not_fit_is_refused(stand: SqliteStand, each: YearSum, en: str) -> None:
    stand.enter(person("1"))
    with entering(stand) as (_, people):
        people.enter_years(rows(YearSum("1", PAID, 298_000)))

    def enter() -> None:
        with entering(stand) as (_, people):
            people.enter_years(rows(each))

    with pytest.raises(NotEnteredError, match=en):
        enter()


def test_a_dry_run_counts_and_keeps_nothing(stand: SqliteStand) -> None:
    before = everything(stand)
    with entering(stand, keep=False) as (_, people):
        assert people.enter_members(rows(person("1"))) == Entered(new_count=1)
    assert everything(stand) == before


def test_institutions_are_changed_by_code(stand: SqliteStand) -> None:
    with entering(stand) as (connection, _):
        first, again = (clinic(), clinic(code="P1")), (clinic(), clinic(code="P1", suspended=True))
        assert enter_institutions(connection, rows(*first), NOW, "a") == Entered(new_count=2)
        entered = enter_institutions(connection, rows(*again), NOW, "b")
        assert entered == Entered(changed_count=1, same_count=1)


def test_a_catalogue_is_what_its_last_file_says(stand: SqliteStand) -> None:
    first = goods(item(), item(code="B"), item(code="C"))
    second = goods(item(), item(code="B", catalogue_class=CatalogueClass.B), item(code="D"))
    with entering(stand) as (connection, _):
        enter_catalogue(connection, REGION, first, NOW)
        enter_catalogue(connection, "330100", first, NOW)
        entered = enter_catalogue(connection, REGION, second, NOW)
        codes = connection.execute(
            "SELECT code FROM catalogue_items WHERE region = ? ORDER BY code", (REGION,)
        ).fetchall()
        digests = dict(connection.execute("SELECT region, digest FROM catalogues").fetchall())
    assert entered == Entered(new_count=1, changed_count=1, same_count=1, removed_count=1)
    assert codes == [("B",), ("D",), ("XA01",)]
    assert digests[REGION] != digests["330100"]


@pytest.mark.parametrize(
    ("keeps", "entered", "after"),
    [(True, Entered(same_count=1), '{"township": "C"}'), (False, Entered(changed_count=1), "{}")],
    ids=["no column", "an empty cell"],
)
def test_the_classes_of_an_item_stay_unless_the_file_says_otherwise(
    stand: SqliteStand, keeps: bool, entered: Entered, after: str
) -> None:
    listed = item(classes=(("township", CatalogueClass.C),))
    with entering(stand) as (connection, _):
        enter_catalogue(connection, REGION, goods(listed), NOW)
        assert enter_catalogue(connection, REGION, goods(item(), keeps_classes=keeps), NOW) == entered
        assert connection.execute("SELECT classes FROM catalogue_items").fetchall() == [(after,)]


def test_the_digest_of_a_catalogue_is_of_its_content_not_of_the_order_of_rows(stand: SqliteStand) -> None:
    with entering(stand) as (connection, _):
        enter_catalogue(connection, REGION, goods(item(), item(code="B")), NOW)
        enter_catalogue(connection, "330100", goods(item(code="B"), item()), NOW)
        digests = connection.execute("SELECT DISTINCT digest FROM catalogues").fetchall()
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("first_to", "second_from", "overlapping"),
    [
        (None, date(2026, 1, 1), True),
        (date(2026, 1, 1), date(2026, 1, 1), True),
        (date(2025, 12, 31), date(2026, 1, 1), False),
    ],
)
def test_versions_of_one_code_may_not_be_valid_on_one_day(
    stand: SqliteStand, first_to: date | None, second_from: date, overlapping: bool
) -> None:
    versions = goods(item(valid_to=first_to), item(valid_from=second_from))
    with entering(stand) as (connection, _):
        try:
            enter_catalogue(connection, REGION, versions, NOW)
            faults: list[int] = []
        except NotEnteredError as refused:
            faults = [fault.line for fault in refused.faults]
    assert faults == ([3] if overlapping else [])


def test_records_of_people_show_no_name_and_no_number() -> None:
    shown = repr(replace(person("9876543210"), name="诸葛孔明")) + repr(tie("9876543210", "9876543211"))
    assert "9876543210" not in shown
    assert "诸葛孔明" not in shown
    assert "210399198504120019" not in shown


def test_what_was_entered_balances(stand: SqliteStand) -> None:
    stand.enter(person("1"), person("2", account_fen=0), ties=(tie("1", "2"),))
    with entering(stand) as (_, people):
        people.enter_years(rows(YearSum("1", PAID, 298_000)))
    with closing(connect(stand.path)) as connection:
        summary = summarise(connection)
    assert summary.faults == ()
    assert summary.accounts == (100_000, 0)


def test_of_a_member_of_whom_too_much_is_recorded_nothing_new_is_entered(
    stand: SqliteStand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "RECORDS_MOST", 2)
    enter_members(stand, person("1"), person("2"))
    enter_members(stand, person("1", standing=Standing.RETIRED))
    with pytest.raises(NotEnteredError) as refused:
        enter_members(stand, person("1", standing=Standing.ACTIVE), person("2", standing=Standing.RETIRED))
    assert [(fault.line, "takes no more" in fault.en) for fault in refused.value.faults] == [(2, True)]
    assert enter_members(stand, person("1", standing=Standing.RETIRED)) == Entered(same_count=1)
