"""Another process holds what one command stands on, for long: it waits, and nobody else does."""

import asyncio
from datetime import timedelta

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.keys import MemberKey
from medsettle_gateway.service.commands import Answer, RefusedAnswer
from medsettle_gateway.service.desk import Rules
from tests.gateway.service.world import beside
from tests.gateway.storage.postgres_stand import PostgresStand
from tests.gateway.storage.shop import Shop, books, founded, is_settled, opened
from tests.gateway.storage.stand import person

LOCKED = "1"
OTHERS = tuple(str(number) for number in range(2, 22))
PEOPLE = tuple(person(number) for number in (LOCKED, *OTHERS))
SHORTLY = Rules(aside_again_count=4)


async def all_at_once(shop: Shop) -> list["asyncio.Task[Answer]"]:
    """One asks for each person, the locked one first; returns the answers to come."""
    asked = [await shop.asked(number, who) for number, who in enumerate((LOCKED, *OTHERS), 1)]
    return [beside(shop.settle(command)) for command in asked]


async def test_while_one_member_is_locked_all_others_are_settled_and_he_is_when_he_is_free(
    database_url: str,
) -> None:
    stand = PostgresStand(database_url)
    refs = await founded(stand, *PEOPLE)
    shop, other = await opened(stand, refs), await stand.opened()
    async with other.begin() as transaction:
        await transaction.load((MemberKey(refs[LOCKED]),))
        locked, *others = await all_at_once(shop)
        assert all(map(is_settled, [await each for each in others]))
        later = await shop.settle(await shop.asked(50, OTHERS[0], 1_000))
        assert is_settled(later)
        assert not locked.done()
    assert is_settled(await locked)
    await other.close()
    await shop.close()
    assert dict(books(stand).sales) == {"SETTLED": len(PEOPLE) + 1}
    assert books(stand).faults == ()


async def test_who_is_locked_for_too_long_is_told_to_ask_again_and_nothing_was_done(
    database_url: str,
) -> None:
    stand = PostgresStand(database_url)
    refs = await founded(stand, *PEOPLE)
    shop, other = await opened(stand, refs, SHORTLY), await stand.opened()
    command = await shop.asked(1, LOCKED)
    async with other.begin() as transaction:
        await transaction.load((MemberKey(refs[LOCKED]),))
        refused = await shop.settle(command)
    assert isinstance(refused, RefusedAnswer)
    assert (refused.refusal.reason, refused.recorded) == (Reason.STORE_UNAVAILABLE, False)
    assert is_settled(await shop.settle(command))
    await other.close()
    await shop.close()


async def test_what_becomes_late_while_it_is_aside_is_told_so(database_url: str) -> None:
    stand = PostgresStand(database_url)
    refs = await founded(stand, *PEOPLE)
    shop, other = await opened(stand, refs), await stand.opened()
    command = await shop.asked(1, LOCKED)
    async with other.begin() as transaction:
        await transaction.load((MemberKey(refs[LOCKED]),))
        late_at = shop.world.clock.at + timedelta(milliseconds=100)
        answer = await shop.world.service(command, late_at)
    assert isinstance(answer, RefusedAnswer)
    assert (answer.refusal.reason, answer.recorded) == (Reason.DEADLINE_PASSED, False)
    await other.close()
    await shop.close()
