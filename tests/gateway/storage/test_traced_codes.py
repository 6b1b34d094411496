"""Traceability codes: every store lets a code be sold once, or in parts at one place, until it comes back."""

from datetime import timedelta

import pytest

from medsettle_gateway.domain.keys import TraceCodesKey
from medsettle_gateway.domain.moves import ReturnCodes, SellCodes
from medsettle_gateway.domain.tracing import SPLIT_SALES_MOST, CodeState, TracedCode
from medsettle_gateway.service.ports import Store
from medsettle_gateway.storage.tracing import TraceEvent, trace_of
from tests.gateway.storage.stand import CLINIC, NOW, InDatabase, Stand, load, request_id, write

MINUTE = timedelta(minutes=1)
ONE, TWO = "81234567890123456789", "81234567890123456790"
ELSEWHERE = "H21030200002"


def sale(number: int) -> str:
    return request_id(number).text


def sells(number: int, *codes: str, split: bool = False, institution: str = CLINIC) -> SellCodes:
    traced = tuple(TracedCode(code, "XA01", split) for code in codes)
    return SellCodes(sale(number), institution, traced, NOW + number * MINUTE)


def returns(number: int, *codes: str, split: bool = False) -> ReturnCodes:
    traced = tuple(TracedCode(code, "XA01", split) for code in codes)
    return ReturnCodes(sale(number), traced, NOW + number * MINUTE)


async def standing(store: Store, *codes: str) -> dict[str, CodeState]:
    return dict(await load(store, TraceCodesKey(tuple(sorted(codes)))))


async def test_a_code_that_was_sold_says_where_and_when(store: Store) -> None:
    await write(store, sells(1, ONE, TWO))
    found = await standing(store, ONE, TWO, "never")
    assert found == dict.fromkeys((ONE, TWO), CodeState(CLINIC, sale(1), NOW + MINUTE))


async def test_a_code_that_was_given_back_may_be_sold_again_anywhere(store: Store) -> None:
    await write(store, sells(1, ONE))
    await write(store, returns(1, ONE))
    assert await standing(store, ONE) == {}
    await write(store, sells(2, ONE, institution=ELSEWHERE))
    assert (await standing(store, ONE))[ONE].institution == ELSEWHERE


@pytest.mark.parametrize(
    "second",
    [sells(2, ONE), sells(2, ONE, institution=ELSEWHERE), sells(2, TWO, ONE), sells(2, ONE, split=True)],
    ids=["here", "elsewhere", "with another", "in part"],
)
async def test_a_code_that_stands_sold_is_refused_with_all_that_comes_with_it(
    store: Store, second: SellCodes
) -> None:
    await write(store, sells(1, ONE))
    with pytest.raises(AssertionError):
        await write(store, second)
    assert await standing(store, ONE, TWO) == {ONE: CodeState(CLINIC, sale(1), NOW + MINUTE)}


async def test_a_split_pack_stands_in_several_sales_of_one_place(store: Store) -> None:
    for number in (1, 2, 3):
        await write(store, sells(number, ONE, split=True))
    assert (await standing(store, ONE))[ONE] == CodeState(CLINIC, sale(3), NOW + 3 * MINUTE, True, 3)
    await write(store, returns(2, ONE, split=True))
    assert (await standing(store, ONE))[ONE].standing_count == 2


@pytest.mark.parametrize(
    "second", [sells(2, ONE), sells(2, ONE, split=True, institution=ELSEWHERE)], ids=["whole", "elsewhere"]
)
async def test_a_split_pack_is_sold_neither_whole_nor_at_another_place(
    store: Store, second: SellCodes
) -> None:
    await write(store, sells(1, ONE, split=True))
    with pytest.raises(AssertionError):
        await write(store, second)


async def test_a_split_pack_that_came_back_altogether_is_like_one_that_was_never_sold(store: Store) -> None:
    await write(store, sells(1, ONE, split=True))
    await write(store, returns(1, ONE, split=True))
    await write(store, sells(2, ONE, institution=ELSEWHERE))
    assert (await standing(store, ONE))[ONE] == CodeState(ELSEWHERE, sale(2), NOW + 2 * MINUTE)


async def test_a_pack_has_no_more_parts_than_the_bound(store: Store) -> None:
    for number in range(1, SPLIT_SALES_MOST + 1):
        await write(store, sells(number, ONE, split=True))
    with pytest.raises(AssertionError):
        await write(store, sells(SPLIT_SALES_MOST + 1, ONE, split=True))


async def test_what_was_not_taken_cannot_be_given_back(store: Store) -> None:
    with pytest.raises((AssertionError, KeyError)):
        await write(store, returns(1, ONE))


async def test_one_decision_may_give_back_and_sell_the_same_code(store: Store) -> None:
    await write(store, sells(1, ONE, TWO))
    await write(store, returns(1, ONE, TWO), sells(2, ONE))
    assert {code: state.request_id for code, state in (await standing(store, ONE, TWO)).items()} == {
        ONE: sale(2)
    }


async def test_many_keys_of_one_load_get_each_their_own(store: Store) -> None:
    await write(store, sells(1, ONE))
    wanted = [TraceCodesKey(codes) for codes in ((ONE,), (TWO,), (ONE, TWO), ("x",))]
    facts = await store.load(wanted)
    states = [facts.of(key) for key in wanted]
    assert list(map(list, states)) == [[ONE], [], [ONE], []]


async def test_all_that_became_of_a_code_stays_readable(stand: Stand, store: Store) -> None:
    await write(store, sells(1, ONE))
    await write(store, returns(1, ONE))
    await write(store, sells(2, ONE, split=True))
    if not isinstance(stand, InDatabase):
        return  # the model keeps what decisions ask for
    with stand.writing() as connection:
        found = trace_of(connection, ONE)
        unknown = trace_of(connection, TWO)
    assert found.state == CodeState(CLINIC, sale(2), NOW + 2 * MINUTE, True, 1)
    assert found.events == (
        TraceEvent(sale(2), "XA01", True, True, NOW + 2 * MINUTE),
        TraceEvent(sale(1), "XA01", False, False, NOW + MINUTE),
        TraceEvent(sale(1), "XA01", False, True, NOW + MINUTE),
    )
    assert (unknown.state, unknown.events) == (None, ())


async def test_what_became_of_a_code_is_never_changed(stand: Stand, store: Store) -> None:
    await write(store, sells(1, ONE))
    if not isinstance(stand, InDatabase):
        return
    for statement in ("UPDATE trace_events SET item_code = 'x'", "DELETE FROM trace_events"):
        with pytest.raises(Exception, match="never"), stand.writing() as connection:
            connection.execute(statement)
