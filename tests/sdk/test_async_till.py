"""The async till has the same names and goes the same way."""

import asyncio
import inspect
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from medsettle.aio import AsyncTill
from medsettle.errors import OutcomeUnknownError
from medsettle.evidence import Evidence
from medsettle.journal import SqliteJournal
from medsettle.models import (
    Basket,
    CashState,
    Collect,
    Outcome,
    Proxy,
    Relation,
    SaleState,
    Split,
    Tendered,
)
from medsettle.record import SaleRecord
from medsettle.tender import CashTender, Collected, HttpTender
from medsettle.till import Till
from medsettle.wire.reasons import Reason
from medsettle.wire.v1 import settlement_pb2
from tests.sdk.counter import Drawer
from tests.sdk.counterpart import TERMINAL_KEY, Counterpart
from tests.sdk.faults import lost_after, refused
from tests.sdk.wires import AsyncDirectTransport, config_in, served

SHOWN = Split(4000, {"pooled": 8000})


class Payment:
    """A provider that is awaited."""

    async def collect(self, amount_fen: int, request_id: str) -> Collected:
        await asyncio.sleep(0)
        return Collected(CashState.COLLECTED, (Tendered("wechat", amount_fen, request_id),))

    async def refund(self, amount_fen: int, request_id: str, tenders: tuple[Tendered, ...]) -> bool:
        del amount_fen, request_id, tenders
        await asyncio.sleep(0)
        return True


async def agrees(_: object) -> bool:
    await asyncio.sleep(0)
    return True


def public(kind: type) -> dict[str, list[str]]:
    return {
        name: list(inspect.signature(member).parameters)
        for name, member in vars(kind).items()
        if not name.startswith("_") and inspect.isfunction(member)
    }


def test_both_tills_have_the_same_names_and_arguments() -> None:
    assert public(Till) == public(AsyncTill)


async def test_a_sale_is_made_with_awaited_people(
    async_till: AsyncTill, counterpart: Counterpart, basket: Basket
) -> None:
    card = await async_till.checkout("1", "scanned", basket, show=agrees, tender=Payment())
    assert (card.outcome, card.tenders[0].kind) == (Outcome.PAID, "wechat")
    assert counterpart.seen == ["Quote", "Settle", "Confirm"]


async def test_lost_answers_are_asked_for_again(
    async_till: AsyncTill, counterpart: Counterpart, basket: Basket
) -> None:
    counterpart.fault("Settle", lost_after, lost_after)
    card = await async_till.settle("1", "scanned", basket, expected=SHOWN)
    assert card.outcome is Outcome.PAID
    assert counterpart.settled_fen() == 8000


async def test_two_clicks_at_the_same_time_charge_once(
    async_till: AsyncTill, counterpart: Counterpart, basket: Basket
) -> None:
    cards = await asyncio.gather(*(
        async_till.checkout("1", "scanned", basket, show=agrees, tender=Payment()) for _ in range(2)
    ))
    # The second click waits on a clock that runs away: it may be told that the first is still at it.
    assert Outcome.PAID in {card.outcome for card in cards}
    assert Outcome.NOT_PAID not in {card.outcome for card in cards}
    assert counterpart.count("Settle") == 1


async def test_what_is_open_is_recovered(
    async_till: AsyncTill, counterpart: Counterpart, basket: Basket
) -> None:
    counterpart.away = True
    with pytest.raises(OutcomeUnknownError):
        await async_till.settle("1", "scanned", basket, expected=SHOWN, collect=Collect.LATER)
    counterpart.away = False
    (card,) = await async_till.recover()
    assert (card.outcome, card.state) == (Outcome.NOT_PAID, SaleState.SEALED)


async def test_what_a_check_has_said_and_who_came_go_along_with_the_sale(
    async_till: AsyncTill, counterpart: Counterpart, basket: Basket
) -> None:
    counterpart.binds_s = 60
    await async_till.check_eligibility("scanned", item_codes=("XA01",), operator="07")
    await async_till.quote("scanned", basket)
    proxy = Proxy(Relation.CHILD, "刘代办", "210399199001010015")
    await async_till.settle("1", "scanned", basket, expected=SHOWN, proxy=proxy)
    asked = settlement_pb2.SettleRequest.FromString(counterpart.bodies[-1])
    assert (asked.eligibility_token, asked.proxy.name) == ("said-1", "刘代办")
    card = await async_till.checkout(
        "2", "scanned", basket, show=bool, tender=Drawer().tender, proxy=proxy, eligibility_token="given",
    )
    assert card.outcome is Outcome.PAID
    last = max(number for number, call in enumerate(counterpart.seen) if call == "Settle")
    asked = settlement_pb2.SettleRequest.FromString(counterpart.bodies[last])
    assert (asked.eligibility_token, asked.proxy.name) == ("given", "刘代办")


async def test_every_call_can_be_awaited(
    async_till: AsyncTill, counterpart: Counterpart, basket: Basket
) -> None:
    assert (await async_till.check_eligibility("scanned")).masked_name == "张*"
    assert (await async_till.quote("scanned", basket)).split == SHOWN
    held = await async_till.settle("1", "scanned", basket, expected=SHOWN, collect=Collect.LATER)
    assert held.request_id is not None
    assert (await async_till.confirm(held.request_id, (Tendered("card", 4000),))).outcome is Outcome.PAID
    assert (await async_till.status(held.request_id)).outcome is Outcome.PAID
    assert (await async_till.seal(held.request_id)).outcome is Outcome.PAID
    reversed_ = await async_till.reverse(held.request_id, reason="wrong goods")
    assert reversed_.refund_due_fen == 4000
    assert len(await async_till.open_sales()) == 1
    assert (await async_till.cash_returned(held.request_id)).refund_due_fen == 0
    again = await async_till.settle(
        await async_till.next_number() + "0", "scanned", basket, expected=SHOWN, collect=Collect.LATER
    )
    assert again.request_id is not None
    assert (await async_till.release(again.request_id)).state == SaleState.RELEASED
    assert [sale.request_id async for sale in async_till.list_sales(page_size=1)]
    assert (await async_till.rotate_key()).old_key == TERMINAL_KEY.key
    assert (await async_till.probe()).terminal_key != TERMINAL_KEY.key
    assert async_till.clock_offset_ms == 0
    assert async_till.config.operator == "001"


async def test_a_sale_over_a_real_socket(tmp_path: Path, counterpart: Counterpart, basket: Basket) -> None:
    with served(counterpart) as address:
        config = config_in(tmp_path, address=address)
        async with await AsyncTill.open(config, clock=counterpart.clock, signer=TERMINAL_KEY) as till:
            counterpart.fault("Settle", lost_after)
            card = await till.checkout("1", "scanned", basket, show=agrees, tender=Payment())
            assert card.outcome is Outcome.PAID
            with pytest.raises(Exception, match="SALE_NOT_FOUND"):
                await till.status("P21030000001-01-20260302-9-1")


class SlowJournal(SqliteJournal):
    """Its write of a collected cash part lasts until it is let go."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.writing, self.let_go = threading.Event(), threading.Event()

    def write(self, record: SaleRecord, evidence: Evidence | None = None) -> None:
        if record.cash is CashState.COLLECTED and record.state == SaleState.HELD:
            self.writing.set()
            assert self.let_go.wait(30)
        super().write(record, evidence)


async def test_a_cancelled_call_frees_its_ticket_only_when_its_write_is_on_disk(
    tmp_path: Path, counterpart: Counterpart, basket: Basket
) -> None:
    journal = SlowJournal(tmp_path / "till.journal")
    async with await AsyncTill.open(
        config_in(tmp_path), clock=counterpart.clock, signer=TERMINAL_KEY, journal=journal,
        transport=AsyncDirectTransport(counterpart),
    ) as till:
        sale = asyncio.create_task(till.checkout("1", "scanned", basket, show=agrees, tender=Payment()))
        await asyncio.to_thread(journal.writing.wait, 30)
        for _ in range(2):
            sale.cancel()
            await asyncio.sleep(0)
        assert not sale.done()
        assert not till._desk.busy.take("P21030000001-01-20260302-1")
        journal.let_go.set()
        with pytest.raises(asyncio.CancelledError):
            await sale
        assert [(card.outcome, card.refund_due_fen) for card in await till.recover()] == [(Outcome.PAID, 0)]
        assert not await till.open_sales()


@pytest.mark.parametrize(("taken", "cash"), [(True, CashState.COLLECTED), (False, CashState.NOT_COLLECTED)])
async def test_a_cashier_who_is_awaited_is_heard_before_the_sale_goes_on(
    async_till: AsyncTill, basket: Basket, taken: bool, cash: CashState
) -> None:
    asked: list[int] = []

    async def take(amount_fen: int) -> bool:
        await asyncio.sleep(0)
        asked.append(amount_fen)
        return taken

    card = await async_till.checkout(
        "1", "scanned", basket, show=agrees, tender=CashTender(take, agrees)
    )
    assert (card.outcome is Outcome.PAID, card.cash, asked) == (taken, cash, [4000])


@pytest.mark.filterwarnings("ignore:coroutine")
def test_a_till_that_does_not_wait_takes_no_promise_of_a_cashier_for_a_yes(
    till: Till, basket: Basket
) -> None:
    card = till.checkout(
        "1", "scanned", basket, show=lambda _: True, tender=CashTender(agrees, lambda _: False)
    )
    assert (card.outcome, card.cash) == (Outcome.NOT_PAID, CashState.ASKED)


async def test_a_till_whose_opening_was_cancelled_leaves_its_journal_free(
    tmp_path: Path, counterpart: Counterpart
) -> None:
    def opening() -> asyncio.Task[AsyncTill]:
        return asyncio.create_task(AsyncTill.open(
            config_in(tmp_path), clock=counterpart.clock, signer=TERMINAL_KEY,
            transport=AsyncDirectTransport(counterpart),
        ))

    cancelled = opening()
    await asyncio.sleep(0)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    await (await opening()).close()


class Telephone:
    """A provider that holds its thread up until the event loop has gone on."""

    blocks = True

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.threads: list[int] = []

    def collect(self, amount_fen: int, request_id: str) -> Collected:
        self.wait_for_the_loop()
        return Collected(CashState.COLLECTED, (Tendered("wechat", amount_fen, request_id),))

    def refund(self, amount_fen: int, request_id: str, tenders: tuple[Tendered, ...]) -> bool:
        del amount_fen, request_id, tenders
        self.wait_for_the_loop()
        return True

    def wait_for_the_loop(self) -> None:
        self.threads.append(threading.get_ident())
        went_on = threading.Event()
        self.loop.call_soon_threadsafe(went_on.set)
        if not went_on.wait(10):
            raise TimeoutError


async def test_a_tender_that_blocks_holds_no_event_loop_up(
    async_till: AsyncTill, counterpart: Counterpart, basket: Basket
) -> None:
    counterpart.fault("Confirm", refused(Reason.CONFIRM_TOO_LATE))
    provider = Telephone(asyncio.get_running_loop())
    card = await async_till.checkout("1", "scanned", basket, show=agrees, tender=provider)
    assert (card.outcome, card.cash) == (Outcome.NOT_PAID, CashState.REFUNDED)
    assert threading.get_ident() not in provider.threads


async def test_a_provider_over_http_is_asked_beside_the_event_loop(
    async_till: AsyncTill, basket: Basket, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def post(*_: object) -> dict[str, str]:
        asked.append(threading.get_ident())
        return {"status": "paid", "kind": "wechat"}

    monkeypatch.setattr(HttpTender, "_post", post)
    provider = HttpTender("https://pay.example")
    card = await async_till.checkout("1", "scanned", basket, show=agrees, tender=provider)
    assert (card.outcome, len(asked)) == (Outcome.PAID, 1)
    assert threading.get_ident() not in asked


class StuckTransport(AsyncDirectTransport):
    """A connection that takes for ever to end."""

    async def close(self) -> None:
        await asyncio.Event().wait()


async def test_a_till_whose_closing_was_cancelled_leaves_its_journal_free(
    tmp_path: Path, counterpart: Counterpart
) -> None:
    def opening(transport: AsyncDirectTransport) -> Coroutine[Any, Any, AsyncTill]:
        return AsyncTill.open(
            config_in(tmp_path), clock=counterpart.clock, signer=TERMINAL_KEY, transport=transport
        )

    closing = asyncio.create_task((await opening(StuckTransport(counterpart))).close())
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    await (await opening(AsyncDirectTransport(counterpart))).close()
