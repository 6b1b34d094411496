"""Packs with traceability codes at a real gateway: sold once, refused line by line, free once back."""

from collections.abc import Iterator

import pytest

from medsettle.errors import RefusedError
from medsettle.models import Basket, Line, Outcome, SaleCard
from medsettle.receipt import render_card
from medsettle.testing import Gateway
from medsettle.till import Till
from tests.e2e.counter import CLINIC, ZHANG, Drawer, agree, enrolled

pytestmark = pytest.mark.e2e

PILL = "XR06AXL193A001010100011"
FOR_WOMEN = "XG03DAH182B002010100241"
ONE, TWO = "81234567890123456789", "81234567890123456790"


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with Gateway() as running:
        yield running


@pytest.fixture
def till(gateway: Gateway) -> Iterator[Till]:
    with Till.open(enrolled(gateway, CLINIC)) as opened:
        yield opened


def sell(gateway: Gateway, till: Till, *lines: Line) -> SaleCard:
    return till.checkout(
        till.next_number(), gateway.issue_credential(ZHANG), Basket(lines, without_accounts=True), show=agree,
        tender=Drawer().tender,
    )


def packs(*codes: str) -> Line:
    return Line(PILL, str(len(codes)), "20.00", traceability_codes=codes)


def test_a_pack_is_sold_once_and_again_after_it_came_back(gateway: Gateway, till: Till) -> None:
    first = sell(gateway, till, packs(ONE))
    assert first.outcome is Outcome.PAID
    basket = Basket((Line(PILL, "1", "15.00"), packs(TWO, ONE), Line("GONE", "1", "1.00")))
    with pytest.raises(RefusedError) as refused:
        till.quote(gateway.issue_credential(ZHANG), basket)
    sold, gone = refused.value.lines
    assert (sold.line_id, sold.reason, sold.details["code"]) == ("2", "TRACE_CODE_SOLD", ONE)
    assert (sold.details["institution"], sold.details["request_id"]) == (CLINIC, first.request_id)
    assert (gone.line_id, gone.item_code, gone.reason) == ("3", "GONE", "ITEM_UNKNOWN")
    assert all(each.next_zh and each.next_en for each in refused.value.lines)
    till.reverse(first.request_id or "", reason="wrong goods")
    assert sell(gateway, till, packs(TWO, ONE)).outcome is Outcome.PAID


def test_a_refused_sale_keeps_its_lines_for_whoever_looks_it_up(gateway: Gateway, till: Till) -> None:
    sell(gateway, till, packs(ONE))
    quote = till.quote(gateway.issue_credential(ZHANG), Basket((packs(TWO),), without_accounts=True))
    with pytest.raises(RefusedError) as refused:
        till.settle(
            till.next_number(), gateway.issue_credential(ZHANG), Basket((packs(ONE),), without_accounts=True),
            expected=quote.split, acknowledgements=["POSSIBLE_DUPLICATE"],
        )
    card = refused.value.card
    assert card is not None
    assert card.outcome is Outcome.NOT_PAID
    for each in (card, till.status(card.request_id or "")):
        assert each.refusal is not None
        assert [line.reason for line in each.refusal.lines] == ["TRACE_CODE_SOLD"]
    assert "第1行" in render_card(card)


def test_a_fund_pays_for_nobody_whom_the_catalogue_leaves_out_and_says_why(
    gateway: Gateway, till: Till
) -> None:
    quote = till.quote(gateway.issue_credential(ZHANG), Basket((Line(FOR_WOMEN, "1", "500.00"),)))
    (settlement,) = quote.settlements
    assert settlement.breakdown.funds == {}
    assert settlement.breakdown.fully_self_paid_fen == 50_000
    (step,) = (each for each in settlement.trace if each.step == "restricted")
    assert step.clause == "限妇女使用"
    assert "限女性使用" in step.zh
