"""After the gateway was restored with loss the till shows what it was answered: by itself, with measure."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from medsettle._exchange.signed import OK, Reply, Request
from medsettle.errors import OutcomeUnknownError, QuoteChangedError
from medsettle.hooks import Compared, HookEvent
from medsettle.journal import SqliteJournal
from medsettle.models import Basket, Collect, Outcome, SaleState, Split
from medsettle.till import Till
from medsettle.wire.reasons import Reason
from medsettle.wire.v1 import settlement_pb2
from tests.sdk.counterpart import NOON, TERMINAL_KEY, Counterpart
from tests.sdk.faults import lost_before, refused
from tests.sdk.test_calls import SHOWN, held, paid
from tests.sdk.wires import DirectTransport, config_in

NOON_MS = int(NOON.timestamp() * 1000)
DAY_MS = 86_400_000


@dataclass
class Restored:
    """A gateway that lost its books: what it was shown, and whether it takes the journal for the whole."""

    counterpart: Counterpart
    since_ms: int = NOON_MS - DAY_MS
    believes: bool = True
    compared: bool = False
    asked: list[settlement_pb2.ReassertRequest] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.counterpart.fault("Reassert", *[self.answer] * 200)

    def answer(self, counterpart: Counterpart, request: Request, handle: Callable[[], Reply]) -> Reply:
        del handle
        asked = settlement_pb2.ReassertRequest.FromString(request.body)
        self.asked.append(asked)
        if asked.complete:
            self.compared = self.believes
        answer = settlement_pb2.ReassertResponse(epoch=1, compared=self.compared)
        if not self.compared:
            answer.compare_since_at.FromMilliseconds(self.since_ms)
        for _ in asked.answers:
            answer.results.add(outcome=settlement_pb2.REASSERTED_ENTERED)
        return counterpart.sign(request, OK, answer.SerializeToString())

    def shown(self) -> list[str]:
        """The last part of each method that was shown, in order."""
        return [each.method.rpartition("/")[2] for asked in self.asked for each in asked.answers]


@pytest.fixture
def restored(counterpart: Counterpart) -> Restored:
    return Restored(counterpart)


def test_the_latest_answer_about_each_sale_is_shown_oldest_first(
    till: Till, restored: Restored, basket: Basket, counterpart: Counterpart
) -> None:
    first, second = paid(till, basket, "1"), held(till, basket, "2")
    counterpart.clock.move(1)
    till.release(second)
    counterpart.clock.move(1)
    till.reverse(first, reason="wrong goods")
    till.recover()
    assert restored.shown() == ["Release", "Reverse"]
    assert [(asked.complete, asked.epoch) for asked in restored.asked] == [(False, 0), (False, 0), (True, 1)]


def test_an_older_state_that_was_answered_since_the_restore_does_not_hide_a_later_one(
    till: Till, restored: Restored, basket: Basket, counterpart: Counterpart
) -> None:
    sold = paid(till, basket)
    till.reverse(sold, reason="wrong goods")
    counterpart.sales[sold].state = SaleState.SETTLED
    counterpart.clock.move(1)
    assert till.status(sold).state == SaleState.SETTLED
    till.recover()
    assert restored.shown() == ["Reverse"]


def test_a_recorded_refusal_is_shown_and_what_says_nothing_of_a_sale_is_not(
    till: Till, restored: Restored, basket: Basket
) -> None:
    with pytest.raises(QuoteChangedError):
        till.settle("1", "scanned", basket, expected=Split(1, {}), collect=Collect.NOW)
    with pytest.raises(Exception, match="SALE_NOT_FOUND"):
        till.status("P21030000001-01-20260302-77-1")
    till.recover()
    assert restored.shown() == ["Settle"]
    assert restored.asked[1].answers[0].code == "FAILED_PRECONDITION"


def test_what_was_answered_before_the_loss_is_not_shown(
    till: Till, restored: Restored, basket: Basket, counterpart: Counterpart
) -> None:
    paid(till, basket, "1")
    restored.since_ms = NOON_MS + 1
    counterpart.clock.move(1)
    paid(till, basket, "2")
    till.recover()
    assert len(restored.shown()) == 1


def test_many_sales_are_shown_in_small_requests_with_pauses(
    till: Till, restored: Restored, basket: Basket, counterpart: Counterpart
) -> None:
    for number in range(1, 46):
        paid(till, basket, str(number))
    counterpart.clock.slept.clear()
    till.recover()
    assert [len(asked.answers) for asked in restored.asked] == [0, 20, 20, 5, 0]
    assert len(counterpart.clock.slept) == 3


def test_it_is_over_once_the_gateway_says_so(till: Till, restored: Restored, basket: Basket) -> None:
    paid(till, basket)
    till.recover()
    count = len(restored.asked)
    till.recover()
    assert len(restored.asked) == count + 1


def test_an_interrupted_comparison_says_that_it_is_not_complete_and_begins_again(
    till: Till, basket: Basket, counterpart: Counterpart
) -> None:
    for number in range(1, 26):
        paid(till, basket, str(number))
    counterpart.away = True
    assert till.recover() == ()
    counterpart.away = False
    restored = Restored(counterpart)
    counterpart.faults["Reassert"].clear()
    counterpart.fault("Reassert", restored.answer, restored.answer, *[lost_before] * 20)
    till.recover()
    assert not any(asked.complete for asked in restored.asked)
    counterpart.faults["Reassert"].clear()
    counterpart.fault("Reassert", *[restored.answer] * 9)
    till.recover()
    assert restored.compared
    assert len(restored.shown()) == 20 + 25


def test_a_gateway_of_an_earlier_release_is_not_asked_further(
    till: Till, basket: Basket, counterpart: Counterpart
) -> None:
    request_id = held(till, basket)
    counterpart.fault("Reassert", refused(Reason.NOT_SUPPORTED))
    (card,) = till.recover()
    assert card.request_id == request_id
    assert counterpart.count("Reassert") == 1


def test_a_new_sale_compares_on_the_way_and_is_sent_again_under_its_id(
    till: Till, restored: Restored, basket: Basket, counterpart: Counterpart
) -> None:
    paid(till, basket, "1")
    counterpart.seen.clear()
    counterpart.fault("Settle", refused(Reason.RECOVERING))
    assert till.settle("2", "scanned", basket, expected=SHOWN).outcome is Outcome.PAID
    assert counterpart.seen == ["Settle", "Reassert", "Reassert", "Reassert", "Settle"]
    assert restored.compared


def test_a_sale_that_cannot_be_told_yet_is_open_and_says_why(
    till: Till, basket: Basket, counterpart: Counterpart
) -> None:
    Restored(counterpart, believes=False)
    counterpart.fault("Settle", *[refused(Reason.RECOVERING)] * 2)
    counterpart.fault("Seal", *[refused(Reason.RECOVERING)] * 2)
    with pytest.raises(OutcomeUnknownError) as unknown:
        till.settle("1", "scanned", basket, expected=SHOWN)
    card = unknown.value.card
    assert card is not None
    assert (card.outcome, card.refusal and card.refusal.reason) == (Outcome.OPEN, "RECOVERING")
    assert counterpart.count("Settle") == 2, "nobody repeats it before the till has compared"
    (again,) = till.recover()
    assert (again.outcome, again.refusal) == (Outcome.NOT_PAID, None), "it is known now"


def test_hooks_hear_what_the_comparison_came_to(
    tmp_path: Path, counterpart: Counterpart, basket: Basket
) -> None:
    heard: list[HookEvent] = []
    Restored(counterpart, believes=False)
    with Till.open(
        config_in(tmp_path), clock=counterpart.clock, signer=TERMINAL_KEY, hooks=[heard.append],
        transport=DirectTransport(counterpart),
    ) as till:
        paid(till, basket)
        till.recover()
    assert [each for each in heard if isinstance(each, Compared)] == [Compared(1, False, 1, 1, 0, 0, 0)]


def test_a_paid_sale_says_that_the_gateway_was_asked_and_has_yet_to_compare(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    request_id = paid(till, basket)
    counterpart.fault("GetSale", refused(Reason.RECOVERING))
    card = till.status(request_id)
    assert card.outcome is Outcome.PAID
    assert "网关刚从备份恢复,尚未与本机核对" in card.tell_zh
    assert "the gateway was restored and has yet to compare" in card.tell_en


def test_a_journal_that_is_not_taken_for_the_whole_is_shown_and_told_of_once(
    tmp_path: Path, counterpart: Counterpart, basket: Basket
) -> None:
    heard: list[HookEvent] = []
    restored = Restored(counterpart, believes=False)
    with Till.open(
        config_in(tmp_path), clock=counterpart.clock, signer=TERMINAL_KEY, hooks=[heard.append],
        transport=DirectTransport(counterpart),
    ) as till:
        paid(till, basket, "1")
        till.recover()
        counterpart.fault("Settle", *[refused(Reason.RECOVERING)] * 2)
        counterpart.fault("Seal", *[refused(Reason.RECOVERING)] * 4)
        with pytest.raises(OutcomeUnknownError):
            till.settle("2", "scanned", basket, expected=SHOWN)
        till.recover()
        assert len(restored.shown()) == 1
        assert sum(isinstance(each, Compared) for each in heard) == 1
        restored.compared = True  # two people have ended it
        assert [card.outcome for card in till.recover()] == [Outcome.NOT_PAID]
        assert len(restored.shown()) == 1


def test_the_doctor_finds_the_way_although_the_gateway_recovers(till: Till, counterpart: Counterpart) -> None:
    counterpart.fault("GetSale", refused(Reason.RECOVERING))
    assert till.probe().answering_key


def test_a_journal_remembers_since_when_it_is_kept(opened: Callable[[], SqliteJournal]) -> None:
    assert opened().began_ms(NOON_MS) == NOON_MS
    assert opened().began_ms(NOON_MS + 5) == NOON_MS


def test_a_journal_of_an_earlier_release_is_as_old_as_what_it_holds(
    till: Till, basket: Basket, tmp_path: Path, counterpart: Counterpart
) -> None:
    paid(till, basket)
    journal = till.config.journal
    till.close()
    with sqlite3.connect(journal) as connection:
        connection.execute("DROP TABLE begun")
    connection.close()
    kept = SqliteJournal(journal)
    try:
        assert kept.began_ms(NOON_MS + 90 * DAY_MS) == NOON_MS
    finally:
        kept.close()


def test_tickets_without_any_answer_prove_their_day(opened: Callable[[], SqliteJournal]) -> None:
    journal = opened()
    journal.next_number("P21030000001-01", NOON.date())
    assert NOON_MS < journal.began_ms(NOON_MS + 90 * DAY_MS) <= NOON_MS + DAY_MS


def test_a_paid_sale_that_the_gateway_no_longer_has_is_kept_and_the_operator_is_called(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    sold = paid(till, basket)
    del counterpart.sales[sold]
    card = till.status(sold)
    assert card.outcome is Outcome.PAID
    assert ("网关现在没有这笔业务" in card.tell_zh, "has no such sale now" in card.tell_en) == (True, True)
    assert ("联系网关运营方" in card.next_zh, "call the gateway's operator" in card.next_en) == (True, True)
    assert "hand over" not in card.next_en
