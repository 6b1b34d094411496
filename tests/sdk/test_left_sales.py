"""A checkout that goes away before its end, cancelled or stopped: recover ends its sale in the same till."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from medsettle._exchange.signed import Reply, Request
from medsettle.aio import AsyncTill
from medsettle.models import Basket, CashState, Collect, Outcome, SaleState, Split, Tendered
from medsettle.tender import CashTender, Collected
from medsettle.till import Till
from tests.sdk.counterpart import TERMINAL_KEY, Counterpart
from tests.sdk.wires import AsyncDirectTransport, config_in

SHOWN = Split(4000, {"pooled": 8000})


class Waiting:
    """A provider at which somebody waits for ever; what was taken is given back."""

    def __init__(self) -> None:
        self.waits = asyncio.Event()
        self.given_back: list[int] = []

    async def collect(self, amount_fen: int, request_id: str) -> Collected:
        del amount_fen, request_id
        self.waits.set()
        await asyncio.Event().wait()
        raise AssertionError("nobody waits so long")

    async def refund(self, amount_fen: int, request_id: str, tenders: tuple[Tendered, ...]) -> bool:
        del request_id, tenders
        self.given_back.append(amount_fen)
        return True


class Slow(AsyncDirectTransport):
    """A line on which the answer to one call does not come, though the call arrives."""

    def __init__(self, counterpart: Counterpart, method: str) -> None:
        super().__init__(counterpart)
        self.method = method
        self.waits = asyncio.Event()

    async def call(self, request: Request, timeout_ms: int) -> Reply:
        reply = await super().call(request, timeout_ms)
        if request.call.method == self.method and not self.waits.is_set():
            self.waits.set()
            await asyncio.Event().wait()
        return reply


@pytest.fixture
async def async_till(tmp_path: Path, counterpart: Counterpart) -> AsyncIterator[AsyncTill]:
    async with await AsyncTill.open(
        config_in(tmp_path), clock=counterpart.clock, signer=TERMINAL_KEY,
        transport=AsyncDirectTransport(counterpart),
    ) as till:
        yield till


async def cancelled(work: "asyncio.Task[object]", when: asyncio.Event) -> None:
    await when.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work


async def test_a_checkout_cancelled_while_the_cash_is_collected_is_undone_by_recover(
    async_till: AsyncTill, counterpart: Counterpart, basket: Basket
) -> None:
    tender = Waiting()
    sale = async_till.checkout("1", "scanned", basket, show=lambda _: True, tender=tender)
    await cancelled(asyncio.ensure_future(sale), tender.waits)
    (card,) = await async_till.recover(tender)
    assert (card.outcome, card.state, card.cash) == (
        Outcome.NOT_PAID, SaleState.RELEASED, CashState.REFUNDED,
    )
    assert tender.given_back == [4000]
    assert not await async_till.open_sales()
    assert counterpart.settled_fen() == 0


@pytest.mark.parametrize(("method", "outcome"), [("Settle", Outcome.NOT_PAID), ("Confirm", Outcome.PAID)])
async def test_a_checkout_cancelled_while_an_answer_is_awaited_is_ended_by_recover(
    tmp_path: Path, counterpart: Counterpart, basket: Basket, method: str, outcome: Outcome
) -> None:
    cash = CashTender(take=lambda _: True, give_back=lambda _: True)
    wire = Slow(counterpart, method)
    async with await AsyncTill.open(
        config_in(tmp_path), clock=counterpart.clock, signer=TERMINAL_KEY, transport=wire
    ) as till:
        sale = till.checkout("1", "scanned", basket, show=lambda _: True, tender=cash)
        await cancelled(asyncio.ensure_future(sale), wire.waits)
        (card,) = await till.recover()
        assert card.outcome is outcome
        assert not await till.open_sales()


async def test_a_hold_cancelled_on_its_way_is_given_up_by_recover(
    tmp_path: Path, counterpart: Counterpart, basket: Basket
) -> None:
    wire = Slow(counterpart, "Settle")
    async with await AsyncTill.open(
        config_in(tmp_path), clock=counterpart.clock, signer=TERMINAL_KEY, transport=wire
    ) as till:
        hold = till.settle("1", "scanned", basket, expected=SHOWN, collect=Collect.LATER)
        await cancelled(asyncio.ensure_future(hold), wire.waits)
        (card,) = await till.recover()
        assert (card.outcome, card.state) == (Outcome.NOT_PAID, SaleState.RELEASED)


async def test_a_hold_that_was_answered_is_the_cashiers_and_stays(
    async_till: AsyncTill, basket: Basket
) -> None:
    held = await async_till.settle("1", "scanned", basket, expected=SHOWN, collect=Collect.LATER)
    (card,) = await async_till.recover()
    assert card.state == SaleState.HELD
    assert held.request_id is not None
    paid = await async_till.confirm(held.request_id, (Tendered("cash", 4000),))
    assert paid.outcome is Outcome.PAID


async def test_the_next_click_finishes_a_sale_that_was_left_with_its_answer_on_the_way(
    tmp_path: Path, counterpart: Counterpart, basket: Basket
) -> None:
    cash = CashTender(take=lambda _: True, give_back=lambda _: True)
    wire = Slow(counterpart, "Settle")
    async with await AsyncTill.open(
        config_in(tmp_path), clock=counterpart.clock, signer=TERMINAL_KEY, transport=wire
    ) as till:
        first = till.checkout("1", "scanned", basket, show=lambda _: True, tender=cash)
        await cancelled(asyncio.ensure_future(first), wire.waits)
        card = await till.checkout("1", "scanned", basket, show=lambda _: True, tender=cash)
        assert card.outcome is Outcome.PAID
        assert counterpart.count("Settle") == 1
        assert not await till.recover()


def test_a_checkout_stopped_from_the_keyboard_is_ended_by_recover_in_the_same_till(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    def stop(_: int) -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        till.checkout(
            "1", "scanned", basket, show=lambda _: True, tender=CashTender(stop, lambda _: True)
        )
    (card,) = till.recover()
    assert (card.outcome, card.state) == (Outcome.NOT_PAID, SaleState.RELEASED)
    assert counterpart.settled_fen() == 0
