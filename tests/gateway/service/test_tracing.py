"""Traceability codes in sales: each pack is sold once, and is free again once its sale stands no more."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle_gateway.domain.asked import AskedLine, Basket, Collect
from medsettle_gateway.domain.basket import LineKind
from medsettle_gateway.domain.errors import LineFault
from medsettle_gateway.domain.goods import Terms
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.domain.tracing import SPLIT_SALES_MOST, CodeState, TraceRule
from medsettle_gateway.service.commands import Quote, RefusedAnswer
from medsettle_gateway.service.embedded import Embedded
from tests.gateway.service.books_hold import check_store
from tests.gateway.service.world import (
    CLINIC,
    FATHER,
    NO_ACCOUNT,
    NOON,
    PHARMACY,
    REGION,
    World,
    basket,
    caller,
    caller_of,
    item,
    line,
)

ONE, TWO, THREE = "81234567890123456789", "81234567890123456790", "81234567890123456791"


def packs_of(*codes: str, quantity: int = 0, split_pack: bool = False, **changes: Any) -> AskedLine:
    """A line of so many packs as codes, each for 100 yuan."""
    count = quantity or len(codes)
    one = line(changes.pop("code", "DRUG"), 10_000, changes.pop("line_id", "1"))
    return structs.replace(
        one, quantity_e4=count * 10_000, amount_fen=count * 10_000, traceability_codes=codes,
        split_pack=split_pack, **changes,
    )


async def a_world(rule: TraceRule | None = None) -> World:
    return await World(deciding=Embedded if rule is None else asking(rule)).started(a_father=1_000_000)


def asking(rule: TraceRule) -> Any:
    class Strict(Embedded):
        def trace_rule(self, *_: Any) -> TraceRule:
            return rule

    return Strict


async def sold(world: World, *lines: AskedLine, **changes: Any) -> SaleRecord:
    return await world.settled(basket=Basket(lines), **changes)


async def refused(world: World, *lines: AskedLine, place: str = CLINIC, who: str = FATHER) -> RefusedAnswer:
    request_id = world.request_id(place)
    return await world.refused(world.settle(
        request_id, basket=Basket(lines), credential=world.credential(who),
        acknowledgements=("POSSIBLE_DUPLICATE",),
    ))


def faults(answer: RefusedAnswer) -> list[tuple[str, Reason]]:
    return [(each.line_id, each.reason) for each in answer.refusal.lines]


def stands(world: World) -> dict[str, CodeState]:
    return world.store.tables.traces.states


async def test_a_code_that_was_sold_is_refused_with_where_and_when() -> None:
    world = await a_world()
    await sold(world, packs_of(ONE), place=PHARMACY)
    answer = await refused(world, line(line_id="1"), packs_of(ONE, TWO, line_id="2"))
    (fault,) = answer.refusal.lines
    assert fault == LineFault("2", "DRUG", Reason.TRACE_CODE_SOLD, {
        "code": ONE, "institution": PHARMACY, "sold_at": "2026-07-02T12:00:00+08:00",
    })
    assert (answer.recorded, answer.refusal.reason) == (True, Reason.TRACE_CODE_SOLD)


async def test_the_place_that_sold_it_itself_is_told_by_which_sale() -> None:
    world = await a_world()
    sale = await sold(world, packs_of(ONE))
    answer = await refused(world, packs_of(ONE))
    assert answer.refusal.lines[0].detail["request_id"] == sale.request_id.text


async def test_every_bad_line_is_named_at_once() -> None:
    world = await a_world()
    await sold(world, packs_of(ONE))
    old = replace(item("OLD", LineKind.DRUG), valid_to=(NOON - timedelta(days=1)).date())
    world.store.tables.catalogue[REGION, "OLD"] = (old,)
    answer = await refused(
        world, packs_of(ONE, line_id="a"), line("GONE", line_id="b"), line(line_id="c"),
        line("OLD", line_id="d"), packs_of("short", line_id="e"),
    )
    assert faults(answer) == [
        ("a", Reason.TRACE_CODE_SOLD), ("b", Reason.ITEM_UNKNOWN), ("d", Reason.ITEM_NOT_VALID),
        ("e", Reason.TRACE_CODE_INVALID),
    ]
    assert answer.refusal.lines[2].detail == {"date": "2026-07-02", "valid_to": "2026-07-01"}
    assert (answer.refusal.reason, answer.refusal.detail["line"]) == (Reason.TRACE_CODE_SOLD, "a")


async def test_a_repeat_names_the_same_lines() -> None:
    world = await a_world()
    await sold(world, packs_of(ONE))
    command = world.settle(basket=Basket((packs_of(ONE),)), acknowledgements=("POSSIBLE_DUPLICATE",))
    first = await world.refused(command)
    sale = world.store.tables.sales[command.request_id.text]
    assert sale.refusal is not None
    assert sale.refusal.lines == first.refusal.lines
    assert (await world.refused(command)).refusal == first.refusal


async def test_a_quote_says_so_before_anything_is_charged() -> None:
    world = await a_world()
    await sold(world, packs_of(ONE))
    answer = await world.refused(Quote(caller("1"), world.credential(), Basket((packs_of(ONE),))))
    assert (faults(answer), answer.recorded) == ([("1", Reason.TRACE_CODE_SOLD)], False)


async def test_the_same_code_twice_in_a_basket_is_refused() -> None:
    world = await a_world()
    answer = await refused(world, packs_of(ONE, TWO, line_id="1"), packs_of(TWO, line_id="2"))
    assert faults(answer) == [("2", Reason.TRACE_CODE_TWICE)]
    assert answer.refusal.lines[0].detail == {"code": TWO, "other_line": "1"}
    assert stands(world) == {}


@pytest.mark.parametrize(
    ("quantity_e4", "codes", "fits"),
    [(20_000, (ONE, TWO), True), (20_000, (ONE,), True), (5_000, (ONE,), True), (10_000, (ONE, TWO), False)],
    ids=["as many", "fewer", "half a pack", "more"],
)
async def test_there_are_no_more_codes_than_packs(
    quantity_e4: int, codes: tuple[str, ...], *, fits: bool
) -> None:
    world = await a_world()
    bought = structs.replace(
        line(amount_fen=10_000), quantity_e4=quantity_e4, amount_fen=quantity_e4, traceability_codes=codes
    )
    if fits:
        assert (await sold(world, bought)).state is SaleState.SETTLED
    else:
        answer = await refused(world, bought)
        assert faults(answer) == [("1", Reason.TRACE_CODES_TOO_MANY)]
        assert answer.refusal.lines[0].detail == {"codes": "2", "packs": "1"}


@pytest.mark.parametrize("code", ["123456", "8123456789012345678码", "x" * 7 + " ", "a_b_c_d_e"])
async def test_what_is_no_code_is_refused(code: str) -> None:
    world = await a_world()
    assert faults(await refused(world, packs_of(code))) == [("1", Reason.TRACE_CODE_INVALID)]


async def test_a_region_may_say_how_many_digits_a_code_has() -> None:
    world = await a_world(TraceRule(digits=20))
    answer = await refused(world, packs_of("8123456", "8123456789012345678X"))
    assert faults(answer) == [("1", Reason.TRACE_CODE_INVALID)] * 2
    assert answer.refusal.lines[0].detail == {"code": "8123456", "digits": "20"}
    assert (await sold(world, packs_of(ONE))).codes[0].code == ONE


class TestRequired:
    """A region asks for codes of some kinds of goods."""

    rule = TraceRule((LineKind.DRUG,), NOON.date(), clause="通知三")

    async def test_a_traced_drug_without_a_code_is_refused(self) -> None:
        world = await a_world(self.rule)
        answer = await refused(world, line())
        (fault,) = answer.refusal.lines
        assert (fault.reason, fault.detail) == (
            Reason.TRACE_CODE_REQUIRED, {"codes": "0", "wanted": "1", "clause": "通知三"}
        )
        assert (await sold(world, packs_of(ONE))).state is SaleState.SETTLED

    async def test_an_item_on_the_list_of_those_without_codes_needs_none(self) -> None:
        world = await a_world(self.rule)
        bare = replace(item("DRUG", LineKind.DRUG), terms=Terms(traced=False))
        world.store.tables.catalogue[REGION, "DRUG"] = (bare,)
        assert (await sold(world, line(amount_fen=10_000))).state is SaleState.SETTLED

    async def test_goods_of_another_kind_and_days_before_the_rule_need_none(self) -> None:
        world = await a_world(replace_rule(self.rule, from_on=NOON.date() + timedelta(days=1)))
        assert (await sold(world, line(amount_fen=10_000))).state is SaleState.SETTLED
        other = await a_world(replace_rule(self.rule, required=(LineKind.DEVICE,)))
        assert (await sold(other, line(amount_fen=10_000))).state is SaleState.SETTLED

    async def test_every_pack_may_need_its_own_but_a_split_pack_has_one(self) -> None:
        world = await a_world(replace_rule(self.rule, every_pack=True))
        answer = await refused(world, packs_of(ONE, quantity=2))
        assert answer.refusal.lines[0].detail["wanted"] == "2"
        assert (await sold(world, packs_of(ONE, TWO))).state is SaleState.SETTLED
        assert (await sold(world, packs_of(THREE, quantity=12, split_pack=True))).codes[0].split


def replace_rule(rule: TraceRule, **changes: Any) -> TraceRule:
    return structs.replace(rule, **changes)


class TestSplitPacks:
    """A pack that was opened is sold in parts, at one place."""

    async def test_parts_of_a_pack_are_sold_one_after_another_at_one_place(self) -> None:
        world = await a_world()
        for _ in range(3):
            await sold(world, packs_of(ONE, split_pack=True))
        assert stands(world)[ONE].standing_count == 3
        answer = await refused(world, packs_of(ONE, split_pack=True), place=PHARMACY)
        assert faults(answer) == [("1", Reason.TRACE_CODE_SOLD)]

    async def test_a_pack_that_was_opened_is_no_whole_one_any_more(self) -> None:
        world = await a_world()
        await sold(world, packs_of(ONE, split_pack=True))
        answer = await refused(world, packs_of(ONE))
        assert (faults(answer), answer.refusal.lines[0].detail) == (
            [("1", Reason.TRACE_CODE_SPLIT)], {"code": ONE, "sales": "1"}
        )

    async def test_a_pack_that_was_sold_whole_is_not_sold_in_parts(self) -> None:
        world = await a_world()
        await sold(world, packs_of(ONE))
        assert faults(await refused(world, packs_of(ONE, split_pack=True))) == [("1", Reason.TRACE_CODE_SOLD)]

    async def test_a_pack_has_no_more_parts_than_the_bound(self) -> None:
        world = await a_world()
        await sold(world, packs_of(ONE, split_pack=True))
        stands(world)[ONE] = stands(world)[ONE]._replace(standing_count=SPLIT_SALES_MOST)
        answer = await refused(world, packs_of(ONE, split_pack=True))
        assert faults(answer) == [("1", Reason.TRACE_CODE_USED_UP)]


class TestGivenBack:
    """What a sale took is free again once it stands no more."""

    async def test_a_reversed_sale_gives_its_packs_back(self) -> None:
        world = await a_world()
        sale = await sold(world, packs_of(ONE, TWO))
        await world.ask(world.reverse(sale.request_id))
        assert stands(world) == {}
        assert (await sold(world, packs_of(ONE), place=PHARMACY)).state is SaleState.SETTLED
        check_store(world.store)

    async def test_a_hold_takes_its_packs_and_its_release_gives_them_back(self) -> None:
        world = await a_world()
        sale = await sold(world, packs_of(ONE), collect=Collect.LATER)
        assert faults(await refused(world, packs_of(ONE), who=NO_ACCOUNT)) == [("1", Reason.TRACE_CODE_SOLD)]
        await world.ask(world.release(sale.request_id))
        assert stands(world) == {}

    async def test_a_confirmed_hold_keeps_its_packs(self) -> None:
        world = await a_world()
        sale = await sold(world, packs_of(ONE), collect=Collect.LATER)
        await world.sale(world.confirm(sale))
        assert stands(world)[ONE].request_id == sale.request_id.text

    async def test_a_hold_that_ended_gives_its_packs_to_whoever_comes_next(self) -> None:
        world = await a_world()
        await sold(world, packs_of(ONE), collect=Collect.LATER)
        world.clock.forward(minutes=11)
        later = await sold(world, packs_of(ONE))  # the same patient: the ended hold is freed on the way
        assert stands(world)[ONE].request_id == later.request_id.text

    async def test_a_late_confirmation_takes_its_packs_again_if_they_are_free(self) -> None:
        world = await a_world()
        sale = await sold(world, packs_of(ONE), collect=Collect.LATER)
        world.clock.forward(minutes=11)
        await world.swept(sale.request_id)
        assert stands(world) == {}
        assert (await world.sale(world.confirm(sale))).state is SaleState.SETTLED
        assert stands(world)[ONE].request_id == sale.request_id.text

    async def test_a_late_confirmation_of_packs_that_others_sold_meanwhile_is_refused(self) -> None:
        world = await a_world()
        sale = await sold(world, packs_of(ONE), collect=Collect.LATER)
        world.clock.forward(minutes=11)
        await world.swept(sale.request_id)
        other = await sold(world, packs_of(ONE), place=PHARMACY, who=NO_ACCOUNT)
        released = await world.sale(world.confirm(sale))
        assert (released.state, released.refusal and released.refusal.reason) == (
            SaleState.RELEASED, Reason.CONFIRM_TOO_LATE
        )
        assert stands(world)[ONE].request_id == other.request_id.text
        check_store(world.store)

    async def test_a_refused_sale_takes_nothing(self) -> None:
        world = await a_world()
        await refused(world, packs_of(ONE), line("GONE", line_id="2"))
        assert stands(world) == {}


class TestPartsReturned:
    """A return of part of the goods frees the packs that come back, and no others."""

    async def returned(self, world: World, sale: SaleRecord, *lines: AskedLine) -> Any:
        quoted = await world.quoted(basket=Basket(lines), replaces=sale.request_id)
        request_id = world.request_id()
        return await world.ask(replace(
            world.settle(request_id, expected=quoted.split, basket=Basket(lines)),
            caller=caller_of(request_id), replaces=sale.request_id,
        ))

    async def test_the_packs_that_stay_stay_sold(self) -> None:
        world = await a_world()
        sale = await sold(world, packs_of(ONE, TWO), packs_of(THREE, line_id="2"))
        answer = await self.returned(world, sale, packs_of(ONE))
        assert sorted(stands(world)) == [ONE]
        assert stands(world)[ONE].request_id == answer.sale.request_id.text
        assert [each.code for each in answer.sale.codes] == [ONE]
        check_store(world.store)

    async def test_a_line_that_stays_whole_keeps_its_codes_though_nobody_names_them(self) -> None:
        world = await a_world()
        sale = await sold(world, packs_of(ONE, TWO), packs_of(THREE, line_id="2"))
        await self.returned(world, sale, packs_of(quantity=2))
        assert sorted(stands(world)) == [ONE, TWO]

    async def test_who_returns_some_packs_of_a_line_says_which_stay(self) -> None:
        world = await a_world()
        sale = await sold(world, packs_of(ONE, TWO))
        answer = await world.refused(Quote(
            caller("1"), world.credential(), basket(packs_of(quantity=1)), replaces=sale.request_id
        ))
        assert (answer.refusal.reason, answer.refusal.detail["cause"]) == (
            Reason.RETURN_NOT_OF_SALE, "traceability_codes_not_named"
        )

    @pytest.mark.parametrize(
        ("stays", "cause"),
        [
            (packs_of(ONE, quantity=3), "traceability_codes_not_returned"),
            (packs_of(ONE, quantity=2), "traceability_codes_not_returned"),
            (packs_of(ONE, TWO, quantity=1), "traceability_codes_too_many"),
        ],
        ids=["no pack comes back", "one comes back", "two come back"],
    )
    async def test_as_many_packs_are_free_again_as_come_back_and_no_more(
        self, stays: AskedLine, cause: str
    ) -> None:
        world = await a_world()
        sale = await sold(world, packs_of(ONE, TWO, THREE))
        command = replace(
            world.settle(world.request_id(), basket=Basket((stays,))), replaces=sale.request_id
        )
        answer = await world.refused(command)
        assert (answer.refusal.reason, answer.refusal.detail["cause"]) == (Reason.RETURN_NOT_OF_SALE, cause)
        assert sorted(stands(world)) == [ONE, TWO, THREE]

    async def test_of_packs_without_codes_some_may_stay(self) -> None:
        world = await a_world()
        sale = await sold(world, packs_of(ONE, quantity=3))
        await self.returned(world, sale, packs_of(ONE, quantity=1))
        assert sorted(stands(world)) == [ONE]
