"""What a restore with loss leaves open, on every kind of store."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from medsettle_gateway.domain.facts import KeyRecord, State, TerminalFacts
from medsettle_gateway.domain.keys import AwaitedKey, RecoveryKey
from medsettle_gateway.domain.moves import EndRecovery, KeepReassertion, Move, PutTerminal, PutTerminalKey
from medsettle_gateway.domain.recovery import Awaited, Became, Evidence, Finding, Reassertion, Recovery
from medsettle_gateway.service.ports import Store
from medsettle_gateway.storage.recovery import AWAITED_MOST
from tests.gateway.storage.recovering import begin, end_by_people, kept
from tests.gateway.storage.stand import CLINIC, NOW, TODAY, Stand

TILL = f"{CLINIC}-T1"
OTHER_TILL = f"{CLINIC}-T2"
EVIDENCE = Evidence("/m", "d" * 64, "n" * 22, "k" * 16, 1_772_413_200_123, "OK", b"answer", "c2ln", "Yw==.")
SHOWN = Reassertion(
    f"{TILL}-20260302-1-1", "SETTLED", 1, TILL, NOW, Became.ENTERED, (Finding.ACCOUNT_SHORT,), EVIDENCE
)


async def open_for(
    store: Store, terminal: str = "", institution: str = CLINIC, *, own: bool = False
) -> Recovery:
    key = RecoveryKey(institution if terminal else "", terminal, own)
    return (await store.load((key,))).of(key)


async def done(store: Store, *moves: Move) -> None:
    async with store.begin() as transaction:
        await transaction.write(moves)


async def test_books_that_lost_nothing_hide_nothing(store: Store) -> None:
    assert await open_for(store, TILL) == Recovery() == await open_for(store)
    assert not Recovery().hides(TODAY)


async def test_a_restore_opens_a_recovery_for_everybody(stand: Stand, store: Store) -> None:
    epoch = await begin(stand, store, until=TODAY, lost_from=NOW, at=NOW + timedelta(hours=1))
    found = await open_for(store, TILL)
    begun_at = NOW + timedelta(hours=1)
    assert found == Recovery(epoch, TODAY, NOW, begun_at, begun_at) == await open_for(store)
    assert found.hides(TODAY)
    assert not found.hides(date(2026, 3, 3))


async def test_a_till_that_has_compared_is_alone_with_that(stand: Stand, store: Store) -> None:
    epoch = await begin(stand, store, until=TODAY, lost_from=NOW, at=NOW)
    await done(store, EndRecovery(epoch, TILL, NOW))
    await done(store, EndRecovery(epoch, TILL, NOW))
    assert await open_for(store, TILL) == Recovery(epoch)
    assert (await open_for(store, OTHER_TILL)).hides(TODAY)
    assert (await open_for(store)).hides(TODAY)


@pytest.mark.parametrize("scope", [TILL, CLINIC, ""])
async def test_what_people_end_for_a_till_it_may_still_compare_itself(
    stand: Stand, store: Store, scope: str
) -> None:
    epoch = await begin(stand, store, until=TODAY, lost_from=NOW, at=NOW)
    await end_by_people(stand, store, scope, NOW)
    assert await open_for(store, TILL) == Recovery(epoch)
    assert await open_for(store, TILL, own=True) == Recovery(epoch, TODAY, NOW, NOW, NOW)
    await done(store, EndRecovery(epoch, TILL, NOW))
    assert await open_for(store, TILL, own=True) == Recovery(epoch)
    assert (await open_for(store, OTHER_TILL, own=True)).hides(TODAY)


async def test_a_second_restore_opens_what_was_over_and_lost_from_the_first_on_where_it_was_not(
    stand: Stand, store: Store
) -> None:
    first = await begin(stand, store, until=TODAY, lost_from=NOW, at=NOW)
    await done(store, EndRecovery(first, TILL, NOW))
    later = NOW + timedelta(days=2)
    second = await begin(stand, store, until=date(2026, 3, 5), lost_from=later, at=later)
    assert second == first + 1
    assert await open_for(store, TILL) == Recovery(second, date(2026, 3, 5), later, later, later)
    assert await open_for(store, OTHER_TILL) == Recovery(second, date(2026, 3, 5), NOW, later, NOW)


async def test_what_was_shown_is_kept_as_it_was_shown_first(stand: Stand, store: Store) -> None:
    await done(store, KeepReassertion(SHOWN))
    await done(store, KeepReassertion(replace(SHOWN, became=Became.LEFT_TO_OPERATOR, findings=())))
    assert await kept(stand, store) == [(SHOWN.request_id, "SETTLED", "ENTERED", ("account_short",))]


async def test_tills_are_awaited_that_could_work_in_what_was_lost_and_have_not_compared(
    stand: Stand, store: Store
) -> None:
    hour = timedelta(hours=1)
    stand.enter_places()
    await begin(stand, store, until=TODAY, lost_from=NOW, at=NOW + 2 * hour)
    assert await awaited(store) == Awaited()
    valid: dict[str, dict[str, datetime]] = {
        "T1": {}, "T2": {}, "X3": {"revoked_at": NOW}, "T4": {"revoked_at": NOW + hour},
        "T5": {"not_before": NOW + 3 * hour}, "X6": {"not_after": NOW}, "X7": {"compromised_at": NOW - hour},
    }
    for till, changes in valid.items():
        await enter(store, till, **changes)
    names = tuple(f"{CLINIC}-{till}" for till in valid if till.startswith("T"))
    assert await awaited(store) == Awaited(names, 4, NOW + 2 * hour)
    await done(store, EndRecovery(1, names[0], NOW))
    assert await awaited(store) == Awaited(names[1:], 3, NOW + 2 * hour)
    await begin(stand, store, until=TODAY, lost_from=NOW + 4 * hour, at=NOW + 5 * hour)
    assert (await awaited(store)).begun_at == NOW + 5 * hour
    assert names[0] in (await awaited(store)).terminals


async def test_of_many_tills_that_are_awaited_the_first_are_named(stand: Stand, store: Store) -> None:
    stand.enter_places()
    await begin(stand, store, until=TODAY, lost_from=NOW, at=NOW)
    for number in range(AWAITED_MOST + 3):
        await enter(store, f"T{number:02}")
    found = await awaited(store)
    assert found.tills_count == AWAITED_MOST + 3
    assert found.terminals == tuple(f"{CLINIC}-T{number:02}" for number in range(AWAITED_MOST))


async def awaited(store: Store) -> Awaited:
    return (await store.load((AwaitedKey(CLINIC),))).of(AwaitedKey(CLINIC))


async def enter(store: Store, till: str, **changes: Any) -> None:
    terminal, day = f"{CLINIC}-{till}", timedelta(days=1)
    record = KeyRecord(f"key{till}", terminal, "ed25519", b"", NOW - day, NOW + 9 * day)
    await done(
        store, PutTerminal(TerminalFacts(terminal, CLINIC, till, State.ACTIVE)),
        PutTerminalKey(replace(record, **changes)),
    )
