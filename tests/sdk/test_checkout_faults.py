"""The whole sale, whatever goes wrong between the first byte and the last."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from medsettle.models import Basket, LegState, Outcome, SaleState
from medsettle.till import Till
from medsettle.wire.reasons import Reason
from medsettle.wire.v1 import errors_pb2, sale_pb2
from tests.sdk.counter import Drawer, sell
from tests.sdk.counterpart import Counterpart
from tests.sdk.faults import and_away, lost_after, lost_before, refused

Opened = Callable[[], Till]



@pytest.mark.parametrize("method", ["Settle", "Confirm"])
@pytest.mark.parametrize("lost", [lost_before, lost_after])
def test_a_lost_answer_is_asked_for_again_under_the_same_id(
    till: Till, counterpart: Counterpart, basket: Basket, method: str, lost: Any
) -> None:
    counterpart.fault(method, lost, lost)
    drawer = Drawer()
    card = sell(till, basket, drawer)
    assert (card.outcome, len(counterpart.sales)) == (Outcome.PAID, 1)
    assert counterpart.count(method) == 3
    assert counterpart.settled_fen() == 8000
    assert drawer.taken_fen == 4000


def test_every_sending_is_signed_anew(till: Till, counterpart: Counterpart, basket: Basket) -> None:
    counterpart.fault("Settle", lost_after, lost_after)
    sell(till, basket)
    assert len(set(counterpart.nonces)) == len(counterpart.nonces)
    sent = zip(counterpart.seen, counterpart.bodies, strict=True)
    settles = {body for name, body in sent if name == "Settle"}
    assert len(settles) == 1


def test_when_settle_has_no_answer_the_id_is_sealed_and_the_sale_goes_on_where_it_stands(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    counterpart.fault("Settle", *[lost_after] * 200)
    card = sell(till, basket)
    assert card.outcome is Outcome.PAID
    assert counterpart.seen[-2:] == ["Seal", "Confirm"]


def test_when_settle_never_arrived_the_seal_proves_it(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    counterpart.fault("Settle", *[lost_before] * 200)
    drawer = Drawer()
    card = sell(till, basket, drawer)
    assert (card.outcome, card.state, drawer.taken_fen) == (Outcome.NOT_PAID, SaleState.SEALED, 0)
    assert card.refusal is not None
    assert card.refusal.reason == "GATEWAY_AWAY"


def test_with_the_gateway_away_the_sale_is_open_and_a_new_till_ends_it(
    open_till: Opened, counterpart: Counterpart, basket: Basket
) -> None:
    counterpart.fault("Settle", and_away(lost_after))
    drawer = Drawer()
    card = sell(open_till(), basket, drawer)
    assert (card.outcome, card.state, drawer.taken_fen) == (Outcome.OPEN, None, 0)
    assert card.next_query_at is not None
    assert {leg.state for leg in card.legs} == {LegState.UNKNOWN}
    counterpart.away = False
    settles = counterpart.count("Settle")
    (ended,) = open_till().recover(drawer.tender)
    assert (ended.outcome, ended.state) == (Outcome.NOT_PAID, SaleState.RELEASED)
    assert counterpart.count("Settle") == settles
    assert counterpart.settled_fen() == 0


def test_cash_that_was_journalled_as_collected_is_confirmed_after_a_restart(
    open_till: Opened, counterpart: Counterpart, basket: Basket
) -> None:
    counterpart.fault("Confirm", and_away(lost_before))
    drawer = Drawer()
    assert sell(open_till(), basket, drawer).outcome is Outcome.OPEN
    counterpart.away = False
    (ended,) = open_till().recover()
    assert (ended.outcome, ended.state, drawer.taken_fen) == (Outcome.PAID, SaleState.SETTLED, 4000)
    assert ended.sale is not None
    assert counterpart.seen[-2:] == ["Seal", "Confirm"]


def test_an_unrecorded_refusal_of_settle_is_sealed_to_be_proven(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    counterpart.fault("Settle", refused(Reason.FIELD_INVALID, field="basket"))
    card = sell(till, basket)
    assert (card.outcome, card.state) == (Outcome.NOT_PAID, SaleState.SEALED)
    assert card.refusal is not None
    assert (card.refusal.reason, card.refusal.details) == ("FIELD_INVALID", {"field": "basket"})


def test_a_recorded_refusal_of_settle_is_proof_at_once(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    other = errors_pb2.OtherSale(request_id="X", state=sale_pb2.SALE_STATE_HELD)
    other.created_at.FromDatetime(datetime(2026, 3, 1, 23, 30, 7, tzinfo=UTC))
    counterpart.fault("Settle", refused(Reason.POSSIBLE_DUPLICATE, other))
    card = sell(till, basket)
    assert (card.outcome, card.state) == (Outcome.NOT_PAID, SaleState.REFUSED)
    assert card.refusal is not None
    assert tuple(card.refusal.details.values()) == ("X", "HELD", "2026-03-02T07:30:07+08:00")
    assert counterpart.seen == ["Quote", "Settle"]


def test_an_id_that_stands_for_another_sale_is_not_paid_by_it(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    counterpart.fault("Settle", refused(Reason.REQUEST_ID_REUSED))
    card = sell(till, basket)
    assert (card.outcome, card.state) == (Outcome.NOT_PAID, None)
    assert card.refusal is not None
    assert card.refusal.reason == Reason.REQUEST_ID_REUSED
