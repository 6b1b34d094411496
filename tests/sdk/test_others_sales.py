"""Ids that are not this till's: of another till they are looked up and touched with care, of another
institution not at all.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from medsettle.errors import GatewayAwayError, OutcomeUnknownError, RefusedError, RequestError
from medsettle.models import Outcome, SaleState, Tendered
from medsettle.till import Till
from medsettle.wire.v1 import sale_pb2
from tests.sdk.counterpart import Counterpart, Kept

CASH = (Tendered("cash", 4000),)
OF_ANOTHER_TILL = "P21030000001-02-20260302-1-1"
OF_ANOTHER_HOUSE = "H21030000009-01-20260302-1-1"


CALLS: dict[str, Callable[[Till, str], Any]] = {
    "status": lambda till, request_id: till.status(request_id),
    "confirm": lambda till, request_id: till.confirm(request_id, CASH),
    "release": lambda till, request_id: till.release(request_id),
    "reverse": lambda till, request_id: till.reverse(request_id, reason="goods returned"),
    "seal": lambda till, request_id: till.seal(request_id),
    "refunded": lambda till, request_id: till.cash_returned(request_id),
}


@pytest.mark.parametrize("name", CALLS)
def test_an_id_of_another_institution_is_refused_at_once_and_leaves_nothing_open(
    till: Till, counterpart: Counterpart, name: str
) -> None:
    with pytest.raises(RequestError, match="NOT_YOURS"):
        CALLS[name](till, OF_ANOTHER_HOUSE)
    assert (counterpart.seen, till.open_sales()) == ([], ())


def stands(counterpart: Counterpart, state: SaleState) -> None:
    """Another till has a sale in this state."""
    split = sale_pb2.Split(cash_fen=4000, funds=[sale_pb2.Share(id="pooled", amount_fen=8000)])
    counterpart.sales[OF_ANOTHER_TILL] = Kept(state, split, state)


def test_what_another_till_has_pending_is_not_given_up_by_a_confirmation_that_comes_too_early(
    till: Till, counterpart: Counterpart
) -> None:
    stands(counterpart, SaleState.PENDING)
    with pytest.raises(RefusedError, match="STEP_NOT_ALLOWED"):
        till.confirm(OF_ANOTHER_TILL, CASH)
    assert (counterpart.seen, till.open_sales()) == (["GetSale"], ())


def test_an_id_that_nobody_knows_is_neither_confirmed_nor_sealed(
    till: Till, counterpart: Counterpart
) -> None:
    with pytest.raises(RefusedError, match="SALE_NOT_FOUND"):
        till.confirm(OF_ANOTHER_TILL, CASH)
    assert (counterpart.sales, till.open_sales()) == ({}, ())


def test_another_tills_hold_that_was_not_confirmed_is_left_to_that_till(
    till: Till, counterpart: Counterpart
) -> None:
    stands(counterpart, SaleState.HELD)
    with pytest.raises(RequestError, match="TENDER_MISMATCH"):
        till.confirm(OF_ANOTHER_TILL, (Tendered("cash", 1),))
    assert till.recover() == ()
    assert counterpart.sales[OF_ANOTHER_TILL].state is SaleState.HELD
    assert till.confirm(OF_ANOTHER_TILL, CASH).outcome is Outcome.PAID


def test_nothing_of_another_tills_sale_is_journalled_while_the_gateway_cannot_be_asked(
    till: Till, counterpart: Counterpart
) -> None:
    stands(counterpart, SaleState.HELD)
    counterpart.away = True
    with pytest.raises(GatewayAwayError):
        till.confirm(OF_ANOTHER_TILL, CASH)
    assert till.open_sales() == ()


@pytest.mark.parametrize("state", [SaleState.HELD, SaleState.EXPIRED])
def test_another_tills_hold_that_was_only_to_be_sealed_is_left_to_that_till(
    till: Till, counterpart: Counterpart, state: SaleState
) -> None:
    stands(counterpart, state)
    with suppress(OutcomeUnknownError):
        till.seal(OF_ANOTHER_TILL)
    (card,) = till.recover()
    assert (card.state, counterpart.sales[OF_ANOTHER_TILL].state) == (state, state)
    counterpart.sales[OF_ANOTHER_TILL].state = SaleState.SETTLED
    assert [each.outcome for each in till.recover()] == [Outcome.PAID]
    assert till.open_sales() == ()
