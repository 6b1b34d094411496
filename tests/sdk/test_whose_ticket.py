"""One ticket number, two clicks: the same patient's are one sale, another patient's is none."""

from collections.abc import Callable
from typing import Any

import pytest

from medsettle._desk.clicks import CLICKS_MAX, Clicks
from medsettle.errors import RefusedError, RequestError
from medsettle.models import Basket, Collect, Credential, Outcome, SaleCard, SaleState, Split
from medsettle.tender import CashTender
from medsettle.till import Till
from tests.sdk.counterpart import Counterpart
from tests.sdk.faults import and_away, lost_after, lost_before

SHOWN = Split(4000, {"pooled": 8000})
Opened = Callable[[], Till]


class Counter:
    """What was shown, collected and given back, by patient."""

    def __init__(self, till: Till, basket: Basket) -> None:
        self.till, self.basket = till, basket
        self.went: list[str] = []

    def click(self, patient: str) -> SaleCard:
        def did(what: str) -> bool:
            self.went.append(f"{what} {patient}")
            return True

        tender = CashTender(lambda _: did("took from"), lambda _: did("gave to"))
        return self.till.checkout(
            "1", patient, self.basket, show=lambda _: did("showed"), tender=tender
        )


def left_held(counterpart: Counterpart) -> None:
    """The next Settle is carried out, and no answer comes through before its pass is over."""

    counterpart.fault("Settle", and_away(lost_after))


def test_another_patient_on_an_open_ticket_pays_nothing(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    counter = Counter(till, basket)
    left_held(counterpart)
    assert counter.click("patient-1").outcome is Outcome.OPEN
    counterpart.away = False
    card = counter.click("patient-2")
    assert (card.outcome, card.request_id, card.sale) == (Outcome.OPEN, None, None)
    assert card.refusal is not None
    assert card.refusal.reason == "TICKET_REUSED"
    assert "请勿收款" in card.next_zh
    assert counter.went == ["showed patient-1"]
    assert not any(b"patient-2" in body for body in counterpart.bodies)


def test_another_patient_on_a_paid_ticket_is_not_paid_by_it(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    counter = Counter(till, basket)
    assert counter.click("patient-1").outcome is Outcome.PAID
    card = counter.click("patient-2")
    assert (card.outcome, card.request_id, card.sale) == (Outcome.NOT_PAID, None, None)
    assert card.refusal is not None
    assert card.refusal.reason == "TICKET_REUSED"
    assert counter.went == ["showed patient-1", "took from patient-1"]
    assert counterpart.count("Settle") == 1


def test_after_a_restart_a_click_on_an_open_ticket_ends_it_and_collects_nothing(
    open_till: Opened, counterpart: Counterpart, basket: Basket
) -> None:
    left_held(counterpart)
    Counter(open_till(), basket).click("patient-1")
    counterpart.away = False
    again = Counter(open_till(), basket)
    card = again.click("patient-2")
    assert (card.outcome, card.state, again.went) == (Outcome.NOT_PAID, SaleState.RELEASED, [])
    assert again.click("patient-2").outcome is Outcome.PAID
    assert again.went == ["showed patient-2", "took from patient-2"]


def test_after_a_restart_a_paid_ticket_is_shown_as_an_earlier_sale_by_its_patients_name(
    open_till: Opened, counterpart: Counterpart, basket: Basket
) -> None:
    paid = Counter(open_till(), basket).click("patient-1")
    again = Counter(open_till(), basket)
    card = again.click("patient-2")
    assert (card.outcome, card.request_id, card.earlier) == (Outcome.PAID, paid.request_id, True)
    assert "此前已经结算" in card.tell_zh
    assert "already paid" in card.tell_en
    assert "hand over the goods" not in card.next_en
    assert (again.went, paid.earlier) == ([], False)


def test_after_a_restart_settle_does_not_hand_out_an_earlier_runs_hold(
    open_till: Opened, counterpart: Counterpart, basket: Basket
) -> None:
    open_till().settle("1", "patient-1", basket, expected=SHOWN, collect=Collect.LATER)
    with pytest.raises(RefusedError) as caught:
        open_till().settle("1", "patient-2", basket, expected=SHOWN, collect=Collect.LATER)
    assert caught.value.card is not None
    assert caught.value.card.state == SaleState.RELEASED


@pytest.mark.parametrize("other", [
    {"credential": "patient-2"}, {"expected": Split(1)}, {"collect": Collect.NOW},
])
def test_a_settle_that_differs_from_the_first_is_another_sale(
    till: Till, basket: Basket, other: dict[str, Any]
) -> None:
    first: dict[str, Any] = {"credential": "patient-1", "expected": SHOWN, "collect": Collect.LATER}
    till.settle("1", basket=basket, **first)
    with pytest.raises(RequestError, match="TICKET_REUSED") as caught:
        till.settle("1", basket=basket, **{**first, **other})
    assert caught.value.card is not None
    assert (caught.value.card.outcome, caught.value.card.state) == (Outcome.OPEN, None)
    assert till.settle("1", basket=basket, **first).state == SaleState.HELD


def test_another_patient_does_not_see_the_sale_that_a_cashier_is_at(till: Till, basket: Basket) -> None:
    cards: list[SaleCard] = []
    counter = Counter(till, basket)

    def takes(_: int) -> bool:
        cards.append(counter.click("patient-2"))
        return True

    till.checkout(
        "1", "patient-1", basket, show=lambda _: True, tender=CashTender(takes, lambda _: True)
    )
    assert [(card.outcome, card.request_id, card.state) for card in cards] == [(Outcome.OPEN, None, None)]
    assert counter.went == []


def test_the_same_patients_second_click_finishes_the_sale(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    counter = Counter(till, basket)
    left_held(counterpart)
    counter.click("patient-1")
    counterpart.away = False
    card = counter.click("patient-1")
    assert (card.outcome, card.earlier) == (Outcome.PAID, False)
    assert counter.went == ["showed patient-1", "took from patient-1"]


def test_a_lost_settle_leaves_no_credential_behind(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    counterpart.fault("Settle", lost_before)
    Counter(till, basket).click("patient-1")
    assert "patient-1" not in repr(vars(till._desk.clicks))


def test_a_click_is_known_by_its_credential_and_only_in_this_process() -> None:
    clicks = Clicks(b"key")
    clicks.keep("id", Credential("token"))
    assert clicks.is_of("id", Credential("token"))
    assert not clicks.is_of("id", Credential("other"))
    assert not clicks.is_of("another", Credential("token"))
    assert not Clicks(b"key").knows("id")


def test_clicks_are_remembered_up_to_a_limit_and_the_oldest_go_first() -> None:
    clicks = Clicks(b"key")
    for number in range(CLICKS_MAX + 1):
        clicks.keep(str(number), Credential("token"))
    assert (clicks.knows("0"), clicks.knows("1")) == (False, True)
