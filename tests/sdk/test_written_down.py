"""Writing down that a patient has the cash part back: once, again, too early, and for nobody."""

import pytest

from medsettle.errors import RefusedError, RequestError
from medsettle.models import Basket, CashState, Collect, Outcome, SaleState, Split
from medsettle.till import Till
from medsettle.wire.v1 import sale_pb2
from tests.sdk.counterpart import Counterpart, Kept

SHOWN = Split(4000, {"pooled": 8000})


def settled(till: Till, basket: Basket, collect: Collect) -> str:
    card = till.settle("1", "scanned", basket, expected=SHOWN, collect=collect)
    assert card.request_id is not None
    return card.request_id


def test_cash_that_is_written_down_twice_was_written_down_before(till: Till, basket: Basket) -> None:
    request_id = settled(till, basket, Collect.NOW)
    till.reverse(request_id, reason="wrong goods")
    first, again = till.cash_returned(request_id), till.cash_returned(request_id)
    assert (again.outcome, again.cash, again.refund_due_fen) == (Outcome.NOT_PAID, CashState.REFUNDED, 0)
    assert again.next_zh == f"此前已经登记,本次没有更改。{first.next_zh}"
    assert again.next_en == f"It was written down before; nothing was changed now. {first.next_en}"


def test_no_cash_is_due_of_a_sale_that_is_paid(till: Till, basket: Basket) -> None:
    request_id = settled(till, basket, Collect.NOW)
    with pytest.raises(RefusedError, match="NOTHING_DUE") as refused:
        till.cash_returned(request_id)
    assert refused.value.card is not None
    assert refused.value.card.outcome is Outcome.PAID


def test_of_a_sale_that_is_open_nothing_is_written_down(till: Till, basket: Basket) -> None:
    with pytest.raises(RefusedError, match="STEP_NOT_ALLOWED"):
        till.cash_returned(settled(till, basket, Collect.LATER))


def test_nothing_is_written_down_of_a_sale_that_nobody_knows(till: Till) -> None:
    with pytest.raises(RefusedError, match="SALE_NOT_FOUND"):
        till.cash_returned("P21030000001-01-20260302-77-1")
    assert till.open_sales() == ()


def test_nothing_is_written_down_of_a_sale_that_another_journal_holds(
    till: Till, counterpart: Counterpart
) -> None:
    request_id = "P21030000001-02-20260302-1-1"
    split = sale_pb2.Split(cash_fen=4000, funds=[sale_pb2.Share(id="pooled", amount_fen=8000)])
    counterpart.sales[request_id] = Kept(SaleState.REVERSED, split, SaleState.SETTLED)
    with pytest.raises(RequestError, match="SALE_UNKNOWN"):
        till.cash_returned(request_id)
    assert till.open_sales() == ()
