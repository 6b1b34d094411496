"""Locks of decisions: who meets one that another holds is told at once, and for which of his keys."""

import asyncio
import random
from datetime import timedelta

import pytest

from medsettle_gateway.domain.keys import (
    AnyKey,
    KeyRecordKey,
    MemberKey,
    SaleKey,
    TerminalKey,
    TerminalKeysKey,
    TicketKey,
)
from medsettle_gateway.domain.moves import PutSale, PutTerminal, PutTerminalKey
from medsettle_gateway.service.ports import ContendedError, LockedError
from medsettle_gateway.storage.postgres.store import PostgresStore
from tests.gateway.storage.postgres_stand import Pair, PostgresStand
from tests.gateway.storage.stand import (
    TERMINAL,
    entry,
    full_sale,
    key_record,
    person,
    request_id,
    sale,
    tie,
    write,
)

KEY = SaleKey(request_id().text)
FATHER, SON = "1", "2"


@pytest.fixture
def stand(database_url: str) -> PostgresStand:
    return PostgresStand(database_url)


async def test_who_meets_anothers_lock_is_told_for_which_keys_and_goes_on_with_the_rest(pair: Pair) -> None:
    mine, free = SaleKey(request_id(1).text), SaleKey(request_id(2).text)
    await write(pair.one, PutSale(sale(2)))
    async with pair.one.begin() as first:
        await first.load((mine,))
        async with pair.other.begin() as second:
            with pytest.raises(LockedError) as refused:
                await second.load((mine, free, TerminalKey(TERMINAL.terminal)))
            assert refused.value.keys == (mine,)
            assert (await second.load((free,))).of(free) == sale(2)
            with pytest.raises(LockedError) as again:
                await second.load((mine,))
            assert again.value.keys == (mine,)
    async with pair.other.begin() as second:
        await second.load((mine,))


async def test_whoever_wants_what_a_key_leads_to_is_told_for_that_key(
    stand: PostgresStand, pair: Pair
) -> None:
    """The account is a relative's, and the sale names whom it is of only when it is looked up."""
    refs = stand.enter(person(FATHER), person(SON), person("3"), ties=(tie(SON, FATHER),))
    of_the_son, of_another = full_sale(refs[SON]), full_sale(refs["3"], request_id=request_id(2))
    await write(pair.one, PutSale(of_the_son), PutSale(of_another))
    named = [SaleKey(each.request_id.text) for each in (of_the_son, of_another)]
    async with pair.one.begin() as first:
        await first.load((MemberKey(refs[FATHER]),))
        async with pair.other.begin() as second:
            with pytest.raises(LockedError) as refused:
                await second.load((*named, MemberKey(refs["3"])))
            assert refused.value.keys == (named[0],)
            assert (await second.load((named[1],))).of(named[1]) == of_another


async def test_what_was_read_and_speaks_of_what_another_holds_is_told_for_its_key(
    stand: PostgresStand, pair: Pair
) -> None:
    """Which terminal a key is of shows only in its record."""
    stand.enter_places()
    record = key_record()
    await write(pair.one, PutTerminal(TERMINAL), PutTerminalKey(record))
    async with pair.one.begin() as first:
        await first.load((TerminalKeysKey(TERMINAL.terminal),))
        async with pair.other.begin() as second:
            with pytest.raises(LockedError) as refused:
                await second.load((KEY, KeyRecordKey(record.key)))
            assert refused.value.keys == (KeyRecordKey(record.key),)
            assert (await second.load((KEY,))).of(KEY) is None


async def test_who_holds_a_lock_never_waits_for_another(pair: Pair) -> None:
    """Each holds what the other wants next: waiting would be for ever."""
    mine, yours = SaleKey(request_id(1).text), SaleKey(request_id(2).text)
    async with pair.one.begin() as first:
        await first.load((mine,))

        async def crossed() -> None:
            async with pair.other.begin() as second:
                await second.load((yours,))
                await second.load((mine,))

        with pytest.raises(ContendedError):
            await crossed()
        await first.load((yours,))


async def test_the_accounts_that_may_pay_are_locked_with_the_member(stand: PostgresStand, pair: Pair) -> None:
    refs = stand.enter(person(FATHER), person(SON), ties=(tie(SON, FATHER),))

    async def relative() -> None:
        async with pair.other.begin() as transaction:
            await transaction.load((MemberKey(refs[FATHER]),))

    async with pair.one.begin() as transaction:
        await transaction.load((MemberKey(refs[SON]),))
        with pytest.raises(ContendedError):
            await relative()


async def test_a_sale_is_locked_with_whom_it_is_of(stand: PostgresStand, pair: Pair) -> None:
    ref = stand.enter(person(FATHER))[FATHER]
    await write(pair.one, PutSale(full_sale(ref)))

    async def of_the_person() -> None:
        async with pair.other.begin() as transaction:
            await transaction.load((MemberKey(ref),))

    async with pair.one.begin() as transaction:
        await transaction.load((KEY,))
        with pytest.raises(ContendedError):
            await of_the_person()


async def test_looking_at_a_terminal_keeps_nobody_waiting_and_changing_it_does(
    stand: PostgresStand, pair: Pair
) -> None:
    stand.enter_places()
    look = TerminalKey(TERMINAL.terminal)
    async with pair.one.begin() as first:
        await first.load((look,))
        async with pair.other.begin() as second:
            await second.load((look,))
            with pytest.raises(ContendedError):
                await second.write((PutTerminal(TERMINAL),))

    async def change() -> None:
        async with pair.other.begin() as transaction:
            await transaction.load((TerminalKeysKey(TERMINAL.terminal),))

    async with pair.one.begin() as first:
        await first.load((look,))
        with pytest.raises(ContendedError):
            await change()
    await write(pair.one, PutTerminal(TERMINAL))


async def test_any_mix_of_locks_in_any_order_comes_to_an_end(stand: PostgresStand) -> None:
    """What one transaction asks for first is taken in one order; later it gives way. None is a deadlock."""
    names = [str(number) for number in range(1, 7)]
    refs = stand.enter(
        *(person(name) for name in names), ties=tuple(tie(a, b) for a in names for b in names if a < b)
    )
    stores = [await stand.opened() for _ in range(4)]
    chance = random.Random(4)

    async def run(store: PostgresStore) -> None:
        for _ in range(12):
            keys: list[AnyKey] = [MemberKey(refs[name]) for name in chance.sample(names, 2)]
            keys += [TicketKey(request_id(number).ticket) for number in chance.sample(range(1, 9), 3)]
            chance.shuffle(keys)
            try:
                async with store.begin() as transaction:
                    await transaction.load(keys[:3])
                    await transaction.load(keys[3:])
            except ContendedError as error:
                reasons.add(str(error))
            else:
                done.append(store)

    reasons: set[str] = set()
    done: list[PostgresStore] = []
    await asyncio.gather(*map(run, stores))
    assert done
    assert reasons <= {"another process decides about the same things"}  # nobody waited in a circle
    for store in stores:
        await store.close()


async def test_a_transactions_instant_is_not_before_what_its_locks_held_before(pair: Pair) -> None:
    async with pair.other.begin() as late:
        async with pair.one.begin() as early:
            await early.load((KEY,))
            moment = early.at + timedelta(seconds=1)
            await early.write((entry(at=moment),))
        assert late.at < moment
        await late.load((KEY,))
        assert late.at == moment
