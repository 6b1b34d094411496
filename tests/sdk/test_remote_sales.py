"""Sales that an authority beyond the gateway decides: the till asks on, says so, and never guesses."""

from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf.message import Message

from medsettle.errors import OutcomeUnknownError, RefusedError
from medsettle.models import Basket, CashState, Collect, Outcome, SaleCard, SaleState, Split
from medsettle.record import Answered, Goal, Reopened, Step, Unanswered, Unwanted
from medsettle.sale import apply, next_step, outcome
from medsettle.tender import CashTender
from medsettle.till import Till
from medsettle.wire.reasons import Reason
from medsettle.wire.states import UNDONE_AS
from medsettle.wire.v1 import settlement_pb2
from tests.sdk.counter import Drawer, sell
from tests.sdk.counterpart import Counterpart, FakeClock, Kept
from tests.sdk.faults import lost_after
from tests.sdk.test_sale_machine import NO_ANSWER, record

S = SaleState
SHOWN = Split(4000, {"pooled": 8000})
FIRST = "P21030000001-01-20260302-1-1"
NEVER = 1_000_000


class Remote(Counterpart):
    """Decides a sale once it was asked about ``patience`` times, and takes as long to undo it."""

    def __init__(self, clock: FakeClock, *, cash_fen: int = 4000) -> None:
        super().__init__(clock, cash_fen=cash_fen)
        self.patience = 2
        self.refuses = False
        self.asked_count = 0
        self.wanted_as: dict[str, SaleState] = {}
        self.ends_as: dict[str, SaleState] = {}
        self.unwanted: set[str] = set()

    def _settle(self, body: bytes) -> Message:
        request_id = settlement_pb2.SettleRequest.FromString(body).request_id
        is_new = request_id not in self.sales
        super()._settle(body)
        kept = self.sales[request_id]
        if is_new:
            self.wanted_as[request_id], kept.state, kept.first = kept.state, S.PENDING, S.PENDING
        return settlement_pb2.SettleResponse(sale=self.sale(request_id))

    def _getsale(self, body: bytes) -> Message:
        request_id = settlement_pb2.GetSaleRequest.FromString(body).request_id
        if request_id in self.sales:
            self._is_asked(request_id, self.sales[request_id])
        return super()._getsale(body)

    def _move(self, request_id: str, event: Any, tenders: Any = ()) -> None:
        kept = self.sales.get(request_id)
        before = kept.state if kept else S.ABSENT
        super()._move(request_id, event, tenders)
        if kept is None:
            return
        if before is S.PENDING:
            self.unwanted.add(request_id)
            self._is_asked(request_id, kept)
        elif (before, kept.state) in {(S.SETTLED, S.REVERSED), (S.HELD, S.RELEASED)}:
            self._undoes(request_id, kept, before)

    def hold_ends(self, request_id: str) -> None:
        self._undoes(request_id, self.sales[request_id], S.HELD)

    def _undoes(self, request_id: str, kept: Kept, before: SaleState) -> None:
        kept.state, self.ends_as[request_id], self.asked_count = S.UNDOING, UNDONE_AS[before][0], 0

    def _is_asked(self, request_id: str, kept: Kept) -> None:
        if kept.state not in {S.PENDING, S.UNDOING}:
            return
        self.asked_count += 1
        if self.asked_count <= self.patience:
            return
        if kept.state is S.UNDOING:
            kept.state = self.ends_as[request_id]
        elif self.refuses:
            kept.state, kept.refusal = S.REFUSED, Reason.REFUSED_BY_AUTHORITY
        elif request_id in self.unwanted:
            self._undoes(request_id, kept, S.PENDING)
        else:
            kept.state = self.wanted_as[request_id]


@pytest.fixture
def counterpart(clock: FakeClock) -> Remote:
    return Remote(clock)


def test_the_till_asks_on_with_growing_pauses_until_the_authority_has_decided(
    till: Till, counterpart: Remote, basket: Basket
) -> None:
    drawer = Drawer()
    card = sell(till, basket, drawer)
    assert (card.outcome, card.state) == (Outcome.PAID, S.SETTLED)
    assert counterpart.seen == ["Quote", "Settle", "GetSale", "GetSale", "GetSale", "Confirm"]
    assert drawer.taken_fen == 4000
    pauses = counterpart.clock.slept
    assert [0.25 <= pauses[0] <= 0.5, 0.5 <= pauses[1] <= 1.0, 1.0 <= pauses[2] <= 2.0] == [True] * 3


def test_a_sale_without_a_hold_is_paid_once_the_authority_says_so(
    till: Till, counterpart: Remote, basket: Basket
) -> None:
    card = till.settle("1", "scanned", basket, expected=SHOWN, collect=Collect.NOW)
    assert card.outcome is Outcome.PAID
    assert counterpart.count("Settle") == 1


def test_a_sale_that_the_authority_refuses_is_not_paid(
    till: Till, counterpart: Remote, basket: Basket
) -> None:
    counterpart.refuses = True
    drawer = Drawer()
    card = sell(till, basket, drawer)
    assert (card.outcome, card.state) == (Outcome.NOT_PAID, S.REFUSED)
    assert drawer.taken_fen == 0


def test_what_is_not_decided_in_time_is_open_and_nothing_is_collected(
    till: Till, counterpart: Remote, basket: Basket
) -> None:
    counterpart.patience = NEVER
    drawer, began = Drawer(), counterpart.clock.monotonic()
    card = sell(till, basket, drawer)
    assert (card.outcome, card.state) == (Outcome.OPEN, S.PENDING)
    assert drawer.taken_fen == 0
    assert counterpart.clock.monotonic() - began <= till.config.wait_ms / 1000
    assert card.tell_zh == "医保中心正在处理,请稍候。"
    assert card.tell_en == "The authority is deciding; please wait."
    assert "请勿收款" in card.next_zh
    assert card.next_query_at is not None


def test_what_is_decided_later_is_found_by_recover(
    till: Till, counterpart: Remote, basket: Basket
) -> None:
    counterpart.patience = NEVER
    with pytest.raises(OutcomeUnknownError) as caught:
        till.settle("1", "scanned", basket, expected=SHOWN, collect=Collect.NOW)
    assert caught.value.card is not None
    assert caught.value.card.state == S.PENDING
    counterpart.patience = 0
    (card,) = till.recover()
    assert card.outcome is Outcome.PAID
    assert counterpart.count("Settle") == 1


def test_recover_asks_once_of_each_sale_and_holds_up_nobody(
    till: Till, counterpart: Remote, basket: Basket
) -> None:
    counterpart.patience = NEVER
    sell(till, basket)
    asked = counterpart.count("GetSale")
    (card,) = till.recover()
    assert card.outcome is Outcome.OPEN
    assert counterpart.count("GetSale") == asked + 1


def test_after_a_restart_a_pending_sale_is_read_and_not_given_up(
    open_till: Callable[[], Till], counterpart: Remote, basket: Basket
) -> None:
    counterpart.patience = NEVER
    with pytest.raises(OutcomeUnknownError):
        open_till().settle("1", "scanned", basket, expected=SHOWN, collect=Collect.NOW)
    counterpart.patience = 0
    (card,) = open_till().recover()
    assert card.outcome is Outcome.PAID
    assert counterpart.count("Seal") == 0


def test_after_a_restart_a_hold_that_came_of_it_is_released_and_undone(
    open_till: Callable[[], Till], counterpart: Remote, basket: Basket
) -> None:
    counterpart.patience = NEVER
    sell(open_till(), basket)
    counterpart.patience = 0
    till = open_till()
    cards = [till.recover()[0] for _ in range(2)]
    assert (cards[-1].outcome, cards[-1].state) == (Outcome.NOT_PAID, S.RELEASED)
    assert counterpart.count("Release") == 1


@pytest.mark.parametrize("gives_up", ["release", "reverse"])
def test_a_patient_who_leaves_is_told_that_what_was_charged_is_taken_back(
    till: Till, counterpart: Remote, basket: Basket, gives_up: str
) -> None:
    counterpart.patience = NEVER
    sell(till, basket)
    with pytest.raises(OutcomeUnknownError) as caught:
        _give_up(till, gives_up)
    card = caught.value.card
    assert card is not None
    assert (card.outcome, card.state) == (Outcome.OPEN, S.PENDING)
    assert "如已记账会撤回" in card.tell_zh
    assert "that is taken back" in card.tell_en
    assert counterpart.unwanted == {FIRST}
    counterpart.patience = 0
    ends = [till.recover()[0] for _ in range(2)]
    assert (ends[-1].outcome, ends[-1].state) == (Outcome.NOT_PAID, S.SEALED)
    assert ends[-1].refund_due_fen == 0


def _give_up(till: Till, how: str) -> SaleCard:
    if how == "release":
        return till.release(FIRST, operator="001")
    return till.reverse(FIRST, reason="left", operator="001")


def test_a_lost_answer_to_settle_is_sealed_and_ends_unpaid(
    till: Till, counterpart: Remote, basket: Basket
) -> None:
    counterpart.fault("Settle", *[lost_after] * 20)
    drawer = Drawer()
    card = sell(till, basket, drawer)
    assert card.outcome is Outcome.OPEN
    assert counterpart.count("Seal") > 0
    counterpart.patience = 0
    cards = [each for _ in range(2) for each in till.recover()]
    assert (cards[-1].outcome, cards[-1].state) == (Outcome.NOT_PAID, S.SEALED)
    assert (drawer.taken_fen, counterpart.settled_fen()) == (0, 0)


def test_a_reversal_asks_on_until_the_authority_has_undone_it(
    till: Till, counterpart: Remote, basket: Basket
) -> None:
    drawer = Drawer()
    sell(till, basket, drawer)
    card = till.reverse(FIRST, reason="wrong goods", operator="001")
    assert (card.outcome, card.state) == (Outcome.NOT_PAID, S.REVERSED)
    assert card.refund_due_fen == 4000


def test_cash_is_not_given_back_while_it_is_being_undone(
    till: Till, counterpart: Remote, basket: Basket
) -> None:
    sell(till, basket)
    counterpart.patience = NEVER
    with pytest.raises(OutcomeUnknownError) as caught:
        till.reverse(FIRST, reason="wrong goods", operator="001")
    card = caught.value.card
    assert card is not None
    assert (card.state, card.refund_due_fen) == (S.UNDOING, 0)
    assert card.tell_en == "The authority is undoing it; please wait."
    assert "do not give it back yet" in card.next_en
    counterpart.patience = 0
    gives = Drawer()
    (card,) = till.recover(tender=gives.tender)
    assert (card.state, card.cash) == (S.REVERSED, CashState.REFUNDED)
    assert gives.taken_fen == -4000


def test_cash_of_a_hold_that_was_over_when_the_till_confirmed_goes_back(
    till: Till, counterpart: Remote, basket: Basket
) -> None:
    drawer = Drawer()

    def takes(amount_fen: int) -> bool:
        drawer.taken_fen += amount_fen
        counterpart.hold_ends(FIRST)
        return True

    tender = CashTender(takes, drawer._give)
    card = sell(till, basket, tender=tender)
    assert (card.outcome, card.state, card.cash) == (Outcome.NOT_PAID, S.RELEASED, CashState.REFUNDED)
    assert drawer.taken_fen == 0


def test_a_sale_of_another_amount_than_was_shown_is_undone_however_late_it_is_known(
    till: Till, counterpart: Remote, basket: Basket
) -> None:
    def other(_: Counterpart, request: Any, handle: Callable[[], Any]) -> Any:
        counterpart.sales[FIRST].split.cash_fen = 5000
        return handle()

    counterpart.fault("GetSale", other)
    drawer = Drawer()
    card = sell(till, basket, drawer)
    assert (card.outcome, card.state) == (Outcome.NOT_PAID, S.RELEASED)
    assert card.refusal is not None
    assert card.refusal.reason == "SPLIT_NOT_AS_SHOWN"
    assert drawer.taken_fen == 0


def test_a_next_attempt_waits_until_the_first_has_ended(
    till: Till, counterpart: Remote, basket: Basket
) -> None:
    counterpart.patience = NEVER
    for _ in range(2):
        card = sell(till, basket)
        assert (card.request_id, card.outcome) == (FIRST, Outcome.OPEN)
    assert counterpart.count("Settle") == 1


def test_a_hold_that_is_pending_cannot_be_confirmed(
    till: Till, counterpart: Remote, basket: Basket
) -> None:
    counterpart.patience = NEVER
    sell(till, basket)
    with pytest.raises(RefusedError, match="STEP_NOT_ALLOWED"):
        till.confirm(FIRST, (), operator="001")
    assert counterpart.count("Confirm") == 0


def test_what_is_wished_of_a_pending_sale_is_said_again_where_the_answer_was_lost() -> None:
    pending = apply(record(), Answered(Step.SETTLE, S.PENDING))
    for goal, step in ((Goal.UNDO, Step.REVERSE), (Goal.GIVE_UP, Step.RELEASE)):
        wished = apply(pending, Unwanted("left", goal=goal))
        assert next_step(wished) is step
        lost = apply(apply(wished, Unanswered(step, NO_ANSWER)), Reopened(same_run=False))
        assert next_step(lost) is Step.READ
        known = apply(lost, Answered(Step.READ, S.PENDING))
        assert next_step(known) is step
        told = apply(known, Answered(step, S.PENDING))
        assert (next_step(told), outcome(told)) == (Outcome.OPEN, Outcome.OPEN)


def test_a_hold_that_was_over_is_given_up_and_its_end_is_this_tills() -> None:
    held = apply(record(Collect.NOW), Answered(Step.SETTLE, S.HELD))
    over = apply(held, Answered(Step.CONFIRM, S.UNDOING))
    assert (over.goal, outcome(over), over.cash) == (Goal.GIVE_UP, Outcome.OPEN, CashState.COLLECTED)
    ended = apply(apply(over, Reopened(same_run=True)), Answered(Step.READ, S.RELEASED))
    assert (next_step(ended), ended.cash) == (Step.REFUND_CASH, CashState.COLLECTED)
