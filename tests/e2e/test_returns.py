"""Part of the goods comes back, at a real gateway: the patient gets exactly the difference, once."""

import json
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from itertools import count
from pathlib import Path

import pytest

from medsettle._desk.records import ticket_name
from medsettle.cli.run import run
from medsettle.config import TillConfig
from medsettle.errors import OutcomeUnknownError, RefusedError, till_error
from medsettle.models import Basket, Line, Outcome, SaleCard
from medsettle.record import SaleRecord
from medsettle.tender import CashTender
from medsettle.testing import Gateway
from medsettle.till import Till
from medsettle.till_reasons import TillReason
from tests.e2e.counter import CLINIC, ZHANG, Drawer, Waiting, agree, enrolled, split

pytestmark = pytest.mark.e2e

FIRST = Line("002203020010000-220302001", "2", "150.00", line_id="1")
SECOND = Line("002203020010000-220302001", "1", "90.00", line_id="2")
HALF = replace(FIRST, quantity="1")


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with Gateway() as running:
        yield running


@pytest.fixture
def config(gateway: Gateway) -> TillConfig:
    read: TillConfig = enrolled(gateway, CLINIC)
    return read


def sold(gateway: Gateway, till: Till, drawer: Drawer, *payers: bool) -> SaleCard:
    """Two examinations of 150.00 and one of 90.00; no account pays, so that cash does."""
    basket = Basket((FIRST, SECOND), without_accounts=True)
    return till.checkout(
        till.next_number(), gateway.issue_credential(ZHANG), basket, show=agree, tender=drawer.tender
    )


def test_the_patient_gets_the_difference_and_pays_as_if_only_what_stays_was_sold(
    gateway: Gateway, config: TillConfig
) -> None:
    drawer = Drawer()
    with Till.open(config) as till:
        card = sold(gateway, till, drawer)
        request_id = card.request_id or ""
        quote = till.quote_return(request_id, [HALF])
        assert quote.difference is not None
        left = till.return_goods(
            till.next_number(), request_id, [HALF], expected=quote.split, tender=drawer.tender
        )
        assert left.outcome is Outcome.PAID
        assert left.sale is not None
        assert (left.sale.replaces, left.sale.difference) == (request_id, quote.difference)
        assert drawer.taken_fen - drawer.given_back_fen == quote.split.cash_fen
        assert drawer.given_back_fen == quote.difference.cash_fen > 0
        before = till.status(request_id)
        assert (before.outcome, before.state, before.refund_due_fen) == (Outcome.NOT_PAID, "REVERSED", 0)
        assert f"what stays is settled as {left.request_id}." in before.tell_en
        assert "Take back only what was returned." in before.next_en
        assert till.open_sales() == ()
        undone = till.reverse(left.request_id or "", reason="the rest comes back, too")
        assert undone.refund_due_fen == quote.split.cash_fen
    assert split(card) != split(left)
    assert (gateway.books()["balanced"], gateway.books()["open_sales"]) == (True, [])


def test_without_a_tender_the_card_says_what_to_give_back_until_it_is_given(
    gateway: Gateway, config: TillConfig
) -> None:
    with Till.open(config) as till:
        request_id = sold(gateway, till, Drawer()).request_id or ""
        quote = till.quote_return(request_id, [HALF])
        assert quote.difference is not None
        number = till.next_number()
        left = till.return_goods(number, request_id, [HALF], expected=quote.split)
        assert left.refund_due_fen == quote.difference.cash_fen
        assert request_id in left.next_zh
        assert request_id in left.next_en
        again = till.return_goods(number, request_id, [HALF], expected=quote.split)
        assert (again.request_id, again.refund_due_fen) == (left.request_id, left.refund_due_fen)
        assert [each.request_id for each in till.open_sales()] == [request_id]
        till.cash_returned(request_id)
        assert till.open_sales() == ()
        assert till.return_goods(number, request_id, [HALF], expected=quote.split).refund_due_fen == 0


def test_the_card_of_a_return_says_what_became_of_the_cash_that_a_tender_was_to_give_back(
    gateway: Gateway, config: TillConfig
) -> None:
    def breaks(_: int) -> bool:
        raise RuntimeError("the drawer is stuck")

    with Till.open(config) as till:
        request_id = sold(gateway, till, Drawer()).request_id or ""
        quote, number = till.quote_return(request_id, [HALF]), till.next_number()
        left = till.return_goods(
            number, request_id, [HALF], expected=quote.split, tender=CashTender(breaks, breaks)
        )
        assert (left.outcome, left.refund_due_fen) == (Outcome.PAID, 0)
        assert "only if not, give it back" in left.next_en
        assert f"medsettle refunded {request_id}" in left.next_zh
        till.cash_returned(request_id)
        again = till.return_goods(number, request_id, [HALF], expected=quote.split)
        assert "The cash part was given back" in again.next_en


def test_a_return_that_is_settled_is_told_so_though_its_cash_cannot_be_looked_into(
    gateway: Gateway, config: TillConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Till.open(config) as till:
        request_id = sold(gateway, till, Drawer()).request_id or ""
        quote, journal = till.quote_return(request_id, [HALF]), till._desk.journal
        load, loads = journal.load, count(1)

        def fails_later(wanted: str) -> SaleRecord | None:
            if wanted == request_id and next(loads) > 1:
                raise till_error(TillReason.JOURNAL_UNAVAILABLE, file="till.journal", cause="the disk")
            return load(wanted)

        monkeypatch.setattr(journal, "load", fails_later)
        left = till.return_goods(till.next_number(), request_id, [HALF], expected=quote.split)
        monkeypatch.undo()
        assert (left.outcome, left.refusal and left.refusal.reason) == (Outcome.PAID, "JOURNAL_UNAVAILABLE")
        assert "medsettle recover" in left.next_zh
        (before,) = till.recover()
        assert quote.difference is not None
        assert (before.request_id, before.refund_due_fen) == (request_id, quote.difference.cash_fen)


@pytest.mark.parametrize("arrived", [True, False], ids=["answer lost", "request lost"])
def test_a_return_whose_call_was_lost_ends_once_the_gateway_is_back(
    gateway: Gateway, config: TillConfig, arrived: bool
) -> None:
    drawer = Drawer()
    with Till.open(config, clock=Waiting()) as till:
        request_id = sold(gateway, till, drawer).request_id or ""
        quote = till.quote_return(request_id, [HALF])
        number = till.next_number()
        lose = gateway.proxy.swallow_answer if arrived else gateway.proxy.swallow_request
        lose(then=gateway.kill)
        with pytest.raises(OutcomeUnknownError):
            till.return_goods(number, request_id, [HALF], expected=quote.split, tender=drawer.tender)
        assert drawer.given_back_fen == 0
    gateway.restart()
    with Till.open(config) as till:
        till.recover(drawer.tender)
        assert till.open_sales() == ()
        stands = till.status(request_id)
    assert quote.difference is not None
    if arrived:
        assert (stands.state, drawer.given_back_fen) == ("REVERSED", quote.difference.cash_fen)
    else:
        assert (stands.state, drawer.given_back_fen) == ("SETTLED", 0)
    assert (gateway.books()["balanced"], gateway.books()["open_sales"]) == (True, [])


def test_the_sale_before_a_return_is_told_only_once_no_other_click_works_on_its_ticket(
    gateway: Gateway, config: TillConfig
) -> None:
    clock, seen = Waiting(), []
    with Till.open(config, clock=clock) as till:
        request_id = sold(gateway, till, Drawer()).request_id or ""
        desk, quote = till._desk, till.quote_return(request_id, [HALF])
        assert desk.busy.take(ticket_name(request_id))

        def ends() -> None:
            seen.append(till._desk.journal.load(request_id))
            desk.busy.give(ticket_name(request_id))

        clock.waits = ends
        left = till.return_goods(till.next_number(), request_id, [HALF], expected=quote.split)
        assert [record and record.state for record in seen] == ["SETTLED"]
        assert quote.difference is not None
        assert (left.outcome, left.refund_due_fen) == (Outcome.PAID, quote.difference.cash_fen)


def test_a_return_stays_open_while_another_click_keeps_the_ticket_of_the_sale_before_it(
    gateway: Gateway, config: TillConfig
) -> None:
    with Till.open(config, clock=Waiting()) as till:
        request_id = sold(gateway, till, Drawer()).request_id or ""
        busy, quote = till._desk.busy, till.quote_return(request_id, [HALF])
        with busy.giving(ticket_name(request_id)):
            assert busy.take(ticket_name(request_id))
            with pytest.raises(OutcomeUnknownError) as caught:
                till.return_goods(till.next_number(), request_id, [HALF], expected=quote.split)
            assert caught.value.reason == "TICKET_BUSY"
        till.recover()
        assert quote.difference is not None
        assert [(card.request_id, card.refund_due_fen) for card in till.open_sales()] == [
            (request_id, quote.difference.cash_fen)
        ]


def test_another_till_may_take_the_goods_back(gateway: Gateway, config: TillConfig) -> None:
    drawer = Drawer()
    with Till.open(config) as till:
        request_id = sold(gateway, till, drawer).request_id or ""
    with Till.open(enrolled(gateway, CLINIC, "02")) as other:
        quote = other.quote_return(request_id, [HALF])
        other.return_goods(
            other.next_number(), request_id, [HALF], expected=quote.split, tender=drawer.tender
        )
        assert quote.difference is not None
        assert drawer.given_back_fen == quote.difference.cash_fen
        assert other.open_sales() == ()


def test_what_is_refused_leaves_the_sale_as_it_was(gateway: Gateway, config: TillConfig) -> None:
    with Till.open(config) as till:
        card = sold(gateway, till, Drawer())
        request_id = card.request_id or ""
        with pytest.raises(RefusedError) as caught:
            till.quote_return(request_id, [FIRST, SECOND])
        assert caught.value.refusal.reason == "RETURN_NOT_OF_SALE"
        quote = till.quote_return(request_id, [HALF])
        with pytest.raises(RefusedError) as caught:
            till.return_goods(
                till.next_number(), request_id, [HALF],
                expected=replace(quote.split, cash_fen=quote.split.cash_fen + 1),
            )
        assert caught.value.refusal.reason == "QUOTE_CHANGED"
        assert till.status(request_id).outcome is Outcome.PAID
        with pytest.raises(RefusedError):
            till.return_goods(
                till.next_number(), f"{CLINIC}-09-20260101-1-1", [HALF], expected=quote.split
            )


@pytest.fixture
def toml(gateway: Gateway) -> Path:
    return Path(gateway.enrol_till(CLINIC, "03"))


def ask(toml: Path, *words: str) -> tuple[int, str]:
    """Runs the command line at the till; returns its exit code and what it showed."""
    shown = StringIO()
    code = run([*words, "--config", str(toml)], output=shown, complaints=shown, source=StringIO())
    return code, shown.getvalue()


def test_the_command_line_returns_goods_and_prints_what_went_back(gateway: Gateway, toml: Path) -> None:
    line = "002203020010000-220302001*{}@150.00,id=1"
    sell = ("sell", line.format("2"), "--no-accounts", "--operator", "7", "--yes", "--json")
    code, text = ask(toml, *sell, "--credential", gateway.issue_credential(ZHANG))
    assert code == 0, text
    request_id = json.loads(text)["request_id"]
    back = ("return", request_id, line.format("1"), "--operator", "7", "--yes")
    code, text = ask(toml, *back)
    assert code == 0, text
    for expected in ("退回各付款方", "退货前的业务", request_id, "应退还患者", "medsettle refunded"):
        assert expected in text
    code, text = ask(toml, *back, "--json")
    assert code == 1
    assert json.loads(text)["error"]["reason"] == "RETURN_NOT_SETTLED"
    code, text = ask(toml, "refunded", request_id)
    assert code == 0, text


def test_lines_that_stay_need_their_ids(toml: Path) -> None:
    code, text = ask(
        toml, "return", f"{CLINIC}-03-20260101-1-1", "002203020010000-220302001*1@150.00", "--yes",
        "--operator", "7",
    )
    assert code == 2
    assert "line_id" in text
