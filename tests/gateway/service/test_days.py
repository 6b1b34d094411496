"""Which day of service a sale may have, and what a quote token is good for."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle_gateway.domain.calendar import CST
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.service.commands import Quote, Seal, Settle
from medsettle_gateway.service.quote_token import QuoteTokens
from tests.gateway.service.world import CLINIC, DAUGHTER, REGION, HandClock, World, basket, caller, line

TODAY = date(2026, 7, 2)


async def a_world(at: datetime) -> World:
    return await World(clock=HandClock(at)).started(a_father=100_000, a_daughter=5_000)


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 7, 2, hour, minute, second, tzinfo=CST)


async def test_the_day_of_service_is_the_gateways_day_in_china() -> None:
    world = await a_world(datetime(2026, 7, 1, 16, 30, tzinfo=UTC))
    assert (await world.settled()).service_on == TODAY


@pytest.mark.parametrize(
    ("now", "stated", "reason"),
    [
        (at(12), date(2026, 7, 2), None),
        (at(0, 14, 59), date(2026, 7, 1), None),
        (at(0, 15), date(2026, 7, 1), Reason.SERVICE_DATE_INVALID),
        (at(0, 1), date(2026, 6, 30), Reason.SERVICE_DATE_INVALID),
        (at(23, 59), date(2026, 7, 3), Reason.SERVICE_DATE_INVALID),
    ],
    ids=["today", "just past midnight", "grace over", "day before yesterday", "tomorrow"],
)
async def test_a_stated_day_is_today_or_yesterday_just_past_midnight(
    now: datetime, stated: date, reason: Reason | None
) -> None:
    world = await a_world(now)
    bought = basket(service_on=stated)
    if reason is None:
        assert (await world.settled(basket=bought)).service_on == stated
    else:
        answer = await world.refused(world.settle(basket=bought))
        assert (answer.refusal.reason, answer.recorded) == (reason, True)


async def test_an_older_day_needs_a_reason() -> None:
    world = await a_world(at(12))
    late = basket(service_on=date(2026, 5, 20), late_reason="line was down")
    assert (await world.settled(basket=late)).service_on == date(2026, 5, 20)


async def test_not_even_a_reason_opens_the_future() -> None:
    world = await a_world(at(12))
    early = basket(service_on=date(2026, 7, 3), late_reason="in advance")
    assert (await world.refused(world.settle(basket=early))).refusal.reason is Reason.SERVICE_DATE_INVALID


async def test_a_late_claim_has_a_bound() -> None:
    world = await a_world(at(12))
    in_time = basket(service_on=TODAY - timedelta(days=365), late_reason="line was down")
    assert (await world.settled(basket=in_time)).service_on == date(2025, 7, 2)
    too_late = replace(in_time, service_on=date(2025, 7, 1))
    settle = world.settle(basket=too_late, acknowledgements=("POSSIBLE_DUPLICATE",))
    for command in (settle, Quote(caller("1"), world.credential(), too_late)):
        answer = await world.refused(command)
        assert answer.recorded is isinstance(command, Settle)
        assert (answer.refusal.reason, answer.refusal.detail) == (Reason.SERVICE_DATE_INVALID, {
            "service_on": "2025-07-01", "gateway_on": "2026-07-02", "late_claim_days": "365",
        })


async def test_a_day_before_any_pack_is_refused() -> None:
    world = await a_world(at(12))
    old = basket(service_on=date(2021, 5, 20), late_reason="found in a drawer")
    assert (await world.refused(world.settle(basket=old))).refusal.reason is Reason.PACK_NOT_IN_FORCE


@pytest.mark.parametrize("stated", [date(2026, 7, 1), date(2025, 12, 31), date(2026, 7, 3)])
async def test_no_line_has_another_day_than_the_sale(stated: date) -> None:
    world = await a_world(at(12))
    bought = basket(line(), structs.replace(line(line_id="2"), service_on=stated))
    answer = await world.refused(world.settle(basket=bought))
    assert (answer.refusal.reason, answer.recorded) == (Reason.SERVICE_DATE_INVALID, True)
    assert answer.refusal.detail == {
        "line": "2", "service_on": stated.isoformat(), "sale_on": TODAY.isoformat()
    }


async def test_a_line_may_repeat_the_day_of_a_late_claim() -> None:
    world = await a_world(at(12))
    on = date(2026, 5, 20)
    bought = basket(structs.replace(line(), service_on=on), service_on=on, late_reason="line was down")
    assert (await world.settled(basket=bought)).service_on == on


async def test_a_retired_item_cannot_be_sold_under_its_lines_own_day() -> None:
    world = await a_world(at(12))
    (drug,) = world.store.tables.catalogue[REGION, "DRUG"]
    world.store.tables.catalogue[REGION, "DRUG"] = (replace(drug, valid_to=date(2025, 12, 31)),)
    bought = basket(structs.replace(line(), service_on=date(2025, 12, 31)))
    assert (await world.refused(world.settle(basket=bought))).refusal.reason is Reason.SERVICE_DATE_INVALID


async def test_a_quote_keeps_its_day_over_midnight() -> None:
    world = await a_world(at(23, 59))
    quote = await world.quoted()
    world.clock.forward(minutes=10)
    command = world.settle(expected=quote.split, quote_token=quote.quote_token)
    sale = await world.sale(command)
    assert (sale.service_on, sale.business_on) == (TODAY, date(2026, 7, 3))


async def test_a_quote_of_a_late_claim_does_not_stand_in_for_its_reason() -> None:
    world = await a_world(at(12))
    late = basket(service_on=date(2026, 5, 20), late_reason="line was down")
    quote = await world.quoted(basket=late)
    silent = world.settle(expected=quote.split, quote_token=quote.quote_token)
    answer = await world.refused(silent)
    assert (answer.refusal.reason, answer.recorded) == (Reason.SERVICE_DATE_INVALID, True)
    stated = world.settle(expected=quote.split, quote_token=quote.quote_token, basket=late)
    sale = await world.sale(stated)
    assert sale.service_on == date(2026, 5, 20)
    assert sale.basket is not None
    assert sale.basket.late_reason == "line was down"


async def test_without_its_quote_a_sale_after_midnight_is_of_the_new_day() -> None:
    world = await a_world(at(23, 59))
    quote = await world.quoted()
    world.clock.forward(minutes=10)
    assert (await world.sale(world.settle(expected=quote.split))).service_on == date(2026, 7, 3)


async def test_a_quote_ends_after_a_quarter_of_an_hour() -> None:
    world = await a_world(at(12))
    quote = await world.quoted()
    world.clock.at = quote.expires_at
    answer = await world.refused(world.settle(expected=quote.split, quote_token=quote.quote_token))
    assert answer.refusal.reason is Reason.QUOTE_INVALID
    assert answer.refusal.detail == {"quote": "expired"}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"basket": basket(line("DRUG2"))}, "other_basket"),
        ({"quote_token": "MSQ1.e30.e30"}, "not_issued_here"),
        ({"quote_token": "中文"}, "not_issued_here"),
    ],
)
async def test_a_quote_is_good_for_its_own_basket_only(change: dict[str, Any], fault: str) -> None:
    world = await a_world(at(12))
    quote = await world.quoted()
    command = world.settle(expected=quote.split, quote_token=quote.quote_token)
    answer = await world.refused(replace(command, **change))
    assert answer.refusal.reason is Reason.QUOTE_INVALID
    assert answer.refusal.detail == {"quote": fault}


async def test_a_quote_is_good_for_its_own_patient_only() -> None:
    world = await a_world(at(12))
    quote = await world.quoted()
    command = world.settle(
        expected=quote.split, quote_token=quote.quote_token, credential=world.credential(DAUGHTER)
    )
    answer = await world.refused(command)
    assert answer.refusal.detail == {"quote": "other_patient"}


async def test_a_quote_of_another_secret_was_not_issued_here() -> None:
    world = await a_world(at(12))
    quote = await world.quoted()
    assert world.desk.quotes.read(quote.quote_token) is not None
    assert QuoteTokens(b"x" * 32).read(quote.quote_token) is None


async def test_a_quote_writes_nothing_and_uses_nothing_up() -> None:
    world = await a_world(at(12))
    commits = world.store.commits
    quote = await world.quoted()
    assert quote.expires_at == world.clock.at + timedelta(minutes=15)
    assert world.store.commits == commits
    sale = await world.sale(world.settle(expected=quote.split, quote_token=quote.quote_token))
    assert sale.state is SaleState.SETTLED


@pytest.mark.parametrize(("day", "reason"), [("20260703", None), ("20260704", Reason.REQUEST_ID_INVALID)])
async def test_a_request_id_of_a_day_later_than_tomorrow_is_refused_and_not_recorded(
    day: str, reason: Reason | None
) -> None:
    world = await a_world(at(23, 59))
    request_id = RequestId.parse(f"{CLINIC}-1-{day}-7-1")
    if reason is None:
        assert (await world.settled(request_id=request_id)).state is SaleState.SETTLED
    else:
        answer = await world.refused(world.settle(request_id))
        assert (answer.refusal.reason, answer.recorded) == (reason, False)
        seal = Seal(caller("1"), request_id, "li", world.clock.at)
        assert (await world.sale(seal)).state is SaleState.SEALED
