"""Family bindings in every store: who may pay for whom on a day, and what was known of it at an instant."""

import sqlite3
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.accounts import AsOf, Payers, family_counter, family_key, payers_on
from medsettle_gateway.domain.asked import Consent, Payer
from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY
from medsettle_gateway.domain.calendar import CST
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.entry import CounterMove
from medsettle_gateway.domain.keys import MemberKey, RecordsKey
from medsettle_gateway.domain.member import Owner
from medsettle_gateway.domain.moves import MoveCounter, PutTerminal, PutTerminalKey
from medsettle_gateway.domain.records import Subject
from medsettle_gateway.domain.register import FamilyTie
from medsettle_gateway.service.ports import Store
from medsettle_gateway.storage.audit import summarise
from medsettle_gateway.storage.connection import DatabaseFailedError
from medsettle_gateway.storage.entering import Entered, NotEnteredError
from medsettle_gateway.storage.families import end_binding, enter_families
from medsettle_gateway.storage.records import enter_records
from tests.gateway.service.world import World, basket, enrolled, line
from tests.gateway.storage.kinds import stand_of
from tests.gateway.storage.stand import (
    CLINIC,
    NOW,
    TODAY,
    InDatabase,
    Stand,
    load,
    person,
    tie,
    write,
)

DAUGHTER, FATHER = "daughter", "father"
DAY = timedelta(days=1)


async def payers(store: Store, member: str, on: date = TODAY, known_at: datetime | None = None) -> Payers:
    """Who may pay for the member on a day."""
    facts = await load(store, MemberKey(member))
    records = await load(store, RecordsKey(Subject.MEMBER.named(member)))
    states = await load(store, family_key(member, on.year))
    used = {key: state.used + state.held for key, state in states.items()}
    return payers_on(facts, records, used, AsOf(on, on.year, known_at))


@pytest.fixture
def stand_with_family(stand: Stand) -> tuple[Stand, dict[str, str]]:
    return stand, stand.enter(person(DAUGHTER), person(FATHER), ties=(tie(DAUGHTER, FATHER),))


async def test_a_relative_may_pay_whose_binding_holds_on_the_day(
    stand_with_family: tuple[Stand, dict[str, str]], store: Store
) -> None:
    _, refs = stand_with_family
    own, fathers = (await payers(store, refs[DAUGHTER])).member.accounts
    assert (own.owner, fathers.owner) == (Owner.SELF, Owner.PARENT)
    assert fathers.payer == refs[FATHER]
    assert fathers.standing_consent
    assert fathers.limit_left_fen is None


async def test_before_its_first_day_a_binding_bars_the_account_and_names_that_day(
    stand_with_family: tuple[Stand, dict[str, str]], store: Store
) -> None:
    _, refs = stand_with_family
    before = await payers(store, refs[DAUGHTER], date(2019, 12, 31))
    assert [each.owner for each in before.member.accounts] == [Owner.SELF]
    (refusal,) = before.barred.values()
    assert refusal.reason is Reason.BINDING_NOT_BEGUN
    assert refusal.detail["valid_from"] == "2020-01-01"


async def test_what_an_account_paid_or_is_reserved_to_pay_in_the_year_counts_toward_its_limit(
    stand: Stand, store: Store
) -> None:
    refs = stand.enter(
        person(DAUGHTER), person(FATHER), ties=(tie(DAUGHTER, FATHER, limit_fen=50_000),)
    )
    member = refs[DAUGHTER]
    fathers = (await payers(store, member)).member.accounts[1]
    assert fathers.limit_left_fen == 50_000
    key = family_counter(fathers.account, TODAY.year)
    paid, held = CounterMove(member, "", "", key, 30_000, 0), CounterMove(member, "", "", key, 0, 5_000)
    await write(store, MoveCounter(paid), MoveCounter(held))
    assert (await payers(store, member)).member.accounts[1].limit_left_fen == 15_000
    await write(store, MoveCounter(CounterMove(member, "", "", key, 20_000, 0)))
    assert (await payers(store, member)).member.accounts[1].limit_left_fen == 0
    next_year = await payers(store, member, date(TODAY.year + 1, 1, 1))
    assert next_year.member.accounts[1].limit_left_fen == 50_000


async def test_what_another_account_paid_does_not_count(stand: Stand, store: Store) -> None:
    refs = stand.enter(
        person(DAUGHTER), person(FATHER), ties=(tie(DAUGHTER, FATHER, limit_fen=50_000),)
    )
    other: CounterKey = family_counter("another", TODAY.year)
    await write(store, MoveCounter(CounterMove(refs[DAUGHTER], "", "", other, 30_000, 0)))
    assert (await payers(store, refs[DAUGHTER])).member.accounts[1].limit_left_fen == 50_000


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> InDatabase:
    stand = stand_of(request.param, tmp_path, request)
    assert isinstance(stand, InDatabase)
    return stand


def family(database: InDatabase, *ties: FamilyTie) -> Entered:
    with database.writing() as connection:
        return enter_families(database.people(connection), enumerate(ties, 2))


def ended(database: InDatabase) -> bool:
    with database.writing() as connection:
        return end_binding(database.people(connection), DAUGHTER, FATHER)


def bare(**changes: Any) -> FamilyTie:
    """As a file says it that has no other columns than the three that it must have."""
    keeps = ("valid_to", "limit_fen", "consented_on")
    return replace(FamilyTie(DAUGHTER, FATHER, Owner.PARENT, keeps=keeps), **changes)


async def looked_up(
    database: InDatabase, member: str, on: date = TODAY, known_at: datetime | None = None
) -> Payers:
    store = await database.opened()  # type: ignore[attr-defined]
    try:
        return await payers(store, member, on, known_at)
    finally:
        await store.close()


def test_a_file_does_not_revive_a_binding_that_is_ended_while_it_is_entered(
    database: InDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It keeps the days that it read: whoever unbinds meanwhile waits, here for longer than he may."""
    database.enter(person(DAUGHTER), person(FATHER), ties=(tie(DAUGHTER, FATHER),))
    tries: list[BaseException] = []

    def unbinding(*arguments: Any) -> None:
        monkeypatch.undo()
        with pytest.raises((sqlite3.OperationalError, DatabaseFailedError)) as found:
            ended(database)
        tries.append(found.value)
        enter_records(*arguments)

    monkeypatch.setattr("medsettle_gateway.storage.families.enter_records", unbinding)
    changed = replace(bare(), keeps=("valid_to", "consented_on"), limit_fen=10_000)
    assert family(database, changed) == Entered(changed_count=1)
    assert len(tries) == 1
    assert ended(database)


async def test_a_binding_that_says_no_more_begins_today_and_asks_for_consent_each_time(
    database: InDatabase,
) -> None:
    refs = database.enter(person(DAUGHTER), person(FATHER))
    assert family(database, bare()) == Entered(new_count=1)
    fathers = (await looked_up(database, refs[DAUGHTER])).member.accounts[1]
    assert not fathers.standing_consent
    assert fathers.limit_left_fen is None
    yesterday = await looked_up(database, refs[DAUGHTER], TODAY - DAY)
    assert [each.reason for each in yesterday.barred.values()] == [Reason.BINDING_NOT_BEGUN]


async def test_a_file_without_the_columns_keeps_limit_consent_and_days(database: InDatabase) -> None:
    refs = database.enter(person(DAUGHTER), person(FATHER))
    family(database, tie(DAUGHTER, FATHER, limit_fen=30_000, valid_to=TODAY + DAY))
    assert family(database, bare()) == Entered(same_count=1)
    assert family(database, bare(relation=Owner.SPOUSE)) == Entered(changed_count=1)
    spouse = (await looked_up(database, refs[DAUGHTER])).member.accounts[1]
    assert (spouse.owner, spouse.limit_left_fen, spouse.standing_consent) == (Owner.SPOUSE, 30_000, True)


async def test_an_empty_cell_takes_limit_and_consent_away(database: InDatabase) -> None:
    refs = database.enter(person(DAUGHTER), person(FATHER))
    family(database, tie(DAUGHTER, FATHER, limit_fen=30_000))
    family(database, bare(keeps=()))
    fathers = (await looked_up(database, refs[DAUGHTER])).member.accounts[1]
    assert fathers.limit_left_fen is None
    assert not fathers.standing_consent


async def test_who_unbinds_is_obeyed_the_same_day_and_what_held_before_stays_known(
    database: InDatabase,
) -> None:
    refs = database.enter(person(DAUGHTER), person(FATHER), ties=(tie(DAUGHTER, FATHER),))
    assert ended(database)
    assert not ended(database)
    today = await looked_up(database, refs[DAUGHTER])
    assert [each.owner for each in today.member.accounts] == [Owner.SELF]
    (refusal,) = today.barred.values()
    assert refusal.reason is Reason.BINDING_ENDED
    assert refusal.detail["valid_to"] == (TODAY - DAY).isoformat()
    yesterday = await looked_up(database, refs[DAUGHTER], TODAY - DAY)
    assert [each.owner for each in yesterday.member.accounts] == [Owner.SELF, Owner.PARENT]


async def test_a_binding_that_is_ended_on_its_first_day_never_held(database: InDatabase) -> None:
    refs = database.enter(person(DAUGHTER), person(FATHER))
    family(database, bare())
    assert ended(database)
    today = await looked_up(database, refs[DAUGHTER])
    assert [each.owner for each in today.member.accounts] == [Owner.SELF]
    assert today.barred == {}


async def test_who_is_bound_again_begins_anew_without_the_old_limit_and_consent(
    database: InDatabase,
) -> None:
    refs = database.enter(person(DAUGHTER), person(FATHER))
    family(database, tie(DAUGHTER, FATHER, limit_fen=100, valid_to=TODAY - DAY))
    assert family(database, bare()) == Entered(changed_count=1)
    fathers = (await looked_up(database, refs[DAUGHTER])).member.accounts[1]
    assert (fathers.limit_left_fen, fathers.standing_consent) == (None, False)


async def test_what_was_known_at_an_instant_is_said_by_what_had_been_entered_by_then(
    database: InDatabase,
) -> None:
    refs = database.enter(person(DAUGHTER), person(FATHER), ties=(tie(DAUGHTER, FATHER),))
    before = await looked_up(database, refs[DAUGHTER], known_at=NOW - timedelta(seconds=1))
    assert [each.owner for each in before.member.accounts] == [Owner.SELF]
    assert before.barred == {}
    then = await looked_up(database, refs[DAUGHTER], known_at=NOW)
    assert len(then.member.accounts) == 2


def test_a_binding_that_would_end_before_it_begins_is_a_fault(database: InDatabase) -> None:
    database.enter(person(DAUGHTER), person(FATHER))
    with pytest.raises(NotEnteredError) as refused:
        family(database, bare(keeps=(), valid_to=TODAY - DAY))
    assert "before the day on which the binding begins" in refused.value.faults[0].en


async def test_a_hold_a_sale_and_a_reversal_move_what_is_left_of_a_limit_in_the_books(
    database: InDatabase,
) -> None:
    refs = database.enter(
        person(DAUGHTER, account_fen=None), person(FATHER),
        ties=(tie(DAUGHTER, FATHER, limit_fen=30_000),),
    )
    database.enter_places()
    store = await database.opened()  # type: ignore[attr-defined]
    tills, key = enrolled(CLINIC)
    await write(store, *map(PutTerminal, tills), PutTerminalKey(key))
    world = World(store=store)
    world.clock.at = datetime.now(CST)
    await world.started()
    member = await load(store, MemberKey(refs[DAUGHTER]))
    consent = Payer(member.accounts[0].account, Consent.STANDING)
    bought = basket(line("XA01", 20_000), benefit=PERSONAL_ACCOUNT_ONLY, payers=(consent,))

    async def left_fen() -> int | None:
        today = world.clock.at.date()
        found = await payers(store, refs[DAUGHTER], today)
        return found.member.accounts[0].limit_left_fen

    held = await world.held(who=refs[DAUGHTER], basket=bought, place=CLINIC)
    assert await left_fen() == 10_000
    sold = await world.settled(who=refs[DAUGHTER], basket=bought, place=CLINIC)
    assert sold.split is not None
    assert (sold.split.accounts[0].amount_fen, sold.split.cash_fen) == (10_000, 10_000)
    await world.sale(world.release(held.request_id))
    assert await left_fen() == 20_000
    await world.sale(world.reverse(sold.request_id))
    assert await left_fen() == 30_000
    await world.writer.drain()
    await store.close()
    with database.reading() as connection:  # type: ignore[attr-defined]
        assert summarise(connection).faults == ()
