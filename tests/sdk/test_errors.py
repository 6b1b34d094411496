"""Each reason has its error, by what the till must do next, with both languages."""

import pickle

import pytest
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2

from medsettle import errors
from medsettle._exchange.refusing import facts_of
from medsettle.errors import (
    BY_CODE,
    ClockError,
    ConfigError,
    GatewayAwayError,
    JournalDamagedError,
    JournalFullError,
    JournalLockedError,
    MedsettleError,
    NotSentError,
    OtherSaleError,
    OutcomeUnknownError,
    QuoteChangedError,
    RefusedError,
    RequestError,
    TerminalNotReadyError,
    TillUnusableError,
    error_class,
    refusal_of,
    till_error,
)
from medsettle.till_reasons import TILL_REASONS, TillReason
from medsettle.wire.reasons import DOMAIN, REASONS, Code, Reason

LEAVES = {
    kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, MedsettleError)
}


@pytest.mark.parametrize("reason", Reason)
def test_each_reason_of_the_contract_has_an_error_that_fits_its_code(reason: Reason) -> None:
    kind = error_class(reason)
    assert kind in LEAVES - {MedsettleError, NotSentError}
    if REASONS[reason].recorded:
        assert issubclass(kind, RefusedError)
    if REASONS[reason].code is Code.UNAUTHENTICATED:
        assert issubclass(kind, TerminalNotReadyError)
    if REASONS[reason].code is Code.UNAVAILABLE:
        assert kind is GatewayAwayError


@pytest.mark.parametrize("reason", TillReason)
def test_each_reason_of_the_till_has_an_error_and_four_texts(reason: TillReason) -> None:
    assert error_class(reason) in LEAVES - {MedsettleError}
    text = TILL_REASONS[reason]
    assert all((text.zh, text.en, text.next_zh, text.next_en))
    assert text.zh.endswith("。")
    assert text.en.endswith(".")


@pytest.mark.parametrize("code", Code)
def test_a_reason_of_tomorrow_goes_by_its_code(code: Code) -> None:
    assert error_class("REASON_OF_TOMORROW", code) is BY_CODE[code]


def test_a_reason_and_a_code_of_tomorrow_are_taken_for_an_absence() -> None:
    assert error_class("REASON_OF_TOMORROW", "CODE_OF_TOMORROW") is GatewayAwayError


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        (Reason.QUOTE_CHANGED, QuoteChangedError), (Reason.EARLIER_ATTEMPT_OPEN, OtherSaleError),
        (Reason.CLOCK_SKEW, ClockError), (Reason.TERMINAL_SUSPENDED, TerminalNotReadyError),
        (Reason.BASKET_TOO_LARGE, RequestError), (Reason.OVERLOADED, GatewayAwayError),
        (TillReason.JOURNAL_FULL, JournalFullError), (TillReason.JOURNAL_DAMAGED, JournalDamagedError),
        (TillReason.JOURNAL_LOCKED, JournalLockedError), (TillReason.CONFIG_INVALID, ConfigError),
        (TillReason.USED_AFTER_FORK, TillUnusableError), (TillReason.OUTCOME_UNKNOWN, OutcomeUnknownError),
        (TillReason.GATEWAY_AWAY, GatewayAwayError), (TillReason.TICKET_REUSED, RequestError),
    ],
)
def test_a_reason_leads_to_what_the_till_does_next(reason: str, kind: type[MedsettleError]) -> None:
    assert error_class(reason) is kind


def test_the_text_of_an_error_has_all_that_a_person_and_a_vendor_need() -> None:
    error = RefusedError(refusal_of(Reason.ITEM_UNKNOWN, line="2"), "P1-1-20260302-1-1")
    text = REASONS[Reason.ITEM_UNKNOWN]
    for part in (text.zh, text.en, text.next_zh, text.next_en, "ITEM_UNKNOWN", "line=2", "P1-1-20260302-1-1"):
        assert part in str(error)


def test_an_error_takes_the_request_id_from_what_was_said() -> None:
    error = till_error(TillReason.TICKET_REUSED, request_id="P1-1-20260302-1-1")
    assert error.request_id == "P1-1-20260302-1-1"
    assert str(error).count("P1-1-20260302-1-1") == 1


def test_an_error_survives_a_pickle() -> None:
    error = RefusedError(refusal_of(Reason.ITEM_UNKNOWN), "P1-1-20260302-1-1")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (str(again), again.request_id) == (str(error), error.request_id)


def test_the_tree_is_drawn_as_it_is() -> None:
    drawn = errors.__doc__ or ""
    for kind in LEAVES:
        line = next(line for line in drawn.splitlines() if line.strip(" │├└─").split(" ")[0] == kind.__name__)
        depth = len(kind.__mro__) - len(MedsettleError.__mro__)
        assert (len(line) - len(line.lstrip(" │├└─")) - 4) // 4 == depth, kind


@pytest.mark.parametrize("name", TillReason)
@pytest.mark.parametrize("code", [Code.UNAVAILABLE, Code.FAILED_PRECONDITION])
def test_a_reason_of_the_tills_own_that_is_sent_goes_by_its_code(name: TillReason, code: Code) -> None:
    info = error_details_pb2.ErrorInfo(reason=name, domain=DOMAIN, metadata={"zh": "甲。", "en": "A."})
    status = status_pb2.Status(details=[any_pb2.Any()])
    status.details[0].Pack(info)
    refusal = facts_of(code, status.SerializeToString()).refusal
    assert error_class(refusal.reason, code) is BY_CODE[code]
    assert (name.value in refusal.reason, refusal.zh, refusal.en) == (True, "甲。", "A.")
