"""What a restore with loss leaves open, on every kind of store."""

from dataclasses import replace
from datetime import date, timedelta

from medsettle_gateway.domain.keys import RecoveryKey
from medsettle_gateway.domain.moves import EndRecovery, KeepReassertion, Move
from medsettle_gateway.domain.recovery import Became, Evidence, Finding, Reassertion, Recovery
from medsettle_gateway.service.ports import Store
from tests.gateway.storage.recovering import begin, kept
from tests.gateway.storage.stand import CLINIC, NOW, TODAY, Stand

TILL = f"{CLINIC}-T1"
OTHER_TILL = f"{CLINIC}-T2"
EVIDENCE = Evidence("/m", "d" * 64, "n" * 22, "k" * 16, 1_772_413_200_123, "OK", b"answer", "c2ln", "Yw==.")
SHOWN = Reassertion(
    f"{TILL}-20260302-1-1", "SETTLED", 1, TILL, NOW, Became.ENTERED, (Finding.ACCOUNT_SHORT,), EVIDENCE
)


async def open_for(store: Store, terminal: str = "", institution: str = CLINIC) -> Recovery:
    key = RecoveryKey(institution if terminal else "", terminal)
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
    assert found == Recovery(epoch, TODAY, NOW, NOW + timedelta(hours=1)) == await open_for(store)
    assert found.hides(TODAY)
    assert not found.hides(date(2026, 3, 3))


async def test_a_till_that_has_compared_is_alone_with_that(stand: Stand, store: Store) -> None:
    epoch = await begin(stand, store, until=TODAY, lost_from=NOW, at=NOW)
    await done(store, EndRecovery(epoch, TILL, NOW))
    await done(store, EndRecovery(epoch, TILL, NOW))
    assert await open_for(store, TILL) == Recovery(epoch)
    assert (await open_for(store, OTHER_TILL)).hides(TODAY)
    assert (await open_for(store)).hides(TODAY)


async def test_a_second_restore_opens_what_was_over_and_lost_from_the_first_on_where_it_was_not(
    stand: Stand, store: Store
) -> None:
    first = await begin(stand, store, until=TODAY, lost_from=NOW, at=NOW)
    await done(store, EndRecovery(first, TILL, NOW))
    later = NOW + timedelta(days=2)
    second = await begin(stand, store, until=date(2026, 3, 5), lost_from=later, at=later)
    assert second == first + 1
    assert await open_for(store, TILL) == Recovery(second, date(2026, 3, 5), later, later)
    assert await open_for(store, OTHER_TILL) == Recovery(second, date(2026, 3, 5), NOW, later)


async def test_what_was_shown_is_kept_as_it_was_shown_first(stand: Stand, store: Store) -> None:
    await done(store, KeepReassertion(SHOWN))
    await done(store, KeepReassertion(replace(SHOWN, became=Became.LEFT_TO_OPERATOR, findings=())))
    assert await kept(stand, store) == [(SHOWN.request_id, "SETTLED", "ENTERED", ("account_short",))]
