"""A refusal on the wire: every reason has its code and its sentences, and stays under 4 KB."""

from datetime import UTC, datetime

import pytest
from google.rpc.code_pb2 import Code as WireCode
from hypothesis import given
from hypothesis import strategies as st

from medsettle.wire.reasons import REASONS, Reason, Retry
from medsettle.wire.states import SaleState
from medsettle.wire.v1 import errors_pb2, sale_pb2
from medsettle_gateway.domain.breakdown import AccountNote, AccountShare, Breakdown, FundShare, LineBreakdown
from medsettle_gateway.domain.errors import LineFault, refuse_lines
from medsettle_gateway.domain.member import Owner
from medsettle_gateway.domain.sale import RefusalRecord, SaleHead
from medsettle_gateway.domain.split import Split
from medsettle_gateway.rpc.status import status_of
from medsettle_gateway.service.commands import RefusedAnswer
from tests.gateway.rpc.stage import REQUEST_ID, Refused

LARGEST_BYTES = 4_096


def read(refused: RefusedAnswer) -> Refused:
    status = status_of(refused)
    assert len(status.details) < LARGEST_BYTES
    return Refused.read(status.details)


def record_of(reason: Reason) -> RefusalRecord:
    facts = {"gateway_at_ms": "1717149600000", "window_ms": "300000"} if reason is Reason.CLOCK_SKEW else {}
    return RefusalRecord(reason, facts)


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_travels_with_its_code_and_its_sentences(reason: Reason) -> None:
    text = REASONS[reason]
    status = status_of(RefusedAnswer(record_of(reason), recorded=text.recorded))
    refused = Refused.read(status.details)
    assert (status.code, refused.code) == (text.code, WireCode.Value(text.code.value))
    assert refused.reason == reason.value
    said = {name: refused.said[name] for name in ("zh", "en", "next_zh", "next_en", "actor", "retry")}
    assert said == {
        "zh": text.zh, "en": text.en, "next_zh": text.next_zh, "next_en": text.next_en,
        "actor": text.actor.value, "retry": text.retry.value,
    }
    assert refused.said["recorded"] == ("true" if text.recorded else "false")
    assert status.message.isascii()


@pytest.mark.parametrize("reason", Reason)
def test_a_delay_is_sent_only_where_a_repeat_may_help(reason: Reason) -> None:
    refused = read(RefusedAnswer(record_of(reason), recorded=False, retry_after_ms=250))
    assert refused.retry_ms == (None if REASONS[reason].retry is Retry.NO else 250)


def test_the_request_id_travels_with_a_recorded_refusal() -> None:
    refused = read(RefusedAnswer(RefusalRecord(Reason.SEALED), recorded=True, request_id=REQUEST_ID))
    assert (refused.said["recorded"], refused.said["request_id"]) == ("true", REQUEST_ID)


@given(st.dictionaries(st.text(max_size=300), st.text(max_size=3_000), max_size=60))
def test_facts_never_push_a_status_over_its_size_nor_hide_a_sentence(detail: dict[str, str]) -> None:
    refused = read(RefusedAnswer(RefusalRecord(Reason.FIELD_INVALID, detail), recorded=False))
    assert refused.said["zh"] == REASONS[Reason.FIELD_INVALID].zh


def test_a_fact_that_is_called_like_a_sentence_does_not_replace_it() -> None:
    detail = {"recorded": "true", "zh": "已结算", "field": "quantity"}
    refused = read(RefusedAnswer(RefusalRecord(Reason.FIELD_INVALID, detail), recorded=False))
    assert refused.said["recorded"] == "false"
    assert refused.said["zh"] == REASONS[Reason.FIELD_INVALID].zh
    assert refused.said["field"] == "quantity"


def test_another_sale_is_named_with_its_state_and_since_when() -> None:
    other_head = SaleHead(REQUEST_ID, SaleState.HELD, datetime(2026, 3, 2, 1, 30, tzinfo=UTC))
    record = RefusalRecord(Reason.EARLIER_ATTEMPT_OPEN, other=other_head)
    refused = read(RefusedAnswer(record, recorded=True))
    other = errors_pb2.OtherSale.FromString(refused.details["medsettle.wire.v1.OtherSale"])
    assert (other.request_id, other.state) == (REQUEST_ID, sale_pb2.SALE_STATE_HELD)
    assert other.created_at.ToDatetime(UTC) == other_head.created_at


def test_an_answer_that_was_stored_without_the_other_sales_time_leaves_it_out() -> None:
    record = RefusalRecord(Reason.EARLIER_ATTEMPT_OPEN, other=SaleHead(REQUEST_ID, SaleState.HELD))
    refused = read(RefusedAnswer(record, recorded=True))
    other = errors_pb2.OtherSale.FromString(refused.details["medsettle.wire.v1.OtherSale"])
    assert not other.HasField("created_at")


def changed_quote(accounts: int, funds: int) -> RefusalRecord:
    pays = {f"fund-{number:02}": 10**9 for number in range(funds)}
    owns = {f"{number:032x}": 10**9 for number in range(accounts)}
    breakdown = Breakdown(
        total_fen=10**11, provider_borne_fen=10**10, fully_self_paid_fen=10**10, over_limit_fen=10**10,
        self_pay_first_fen=10**10, in_scope_fen=10**10, deductible_fen=10**10, over_cap_fen=10**10,
        funds=tuple(FundShare(fund, amount) for fund, amount in pays.items()), personal_fen=10**10,
        accounts=tuple(
            AccountShare(account, Owner.SIBLING, 0, AccountNote.NOTHING_PAYABLE) for account in owns
        ),
        cash_fen=10**10, lines=(LineBreakdown(1, 0, 0, 0, 0, 1),),
    )
    expected, now = Split.make(pays, owns, 10**10), Split.make(pays, owns, 10**10 + 1)
    return RefusalRecord(
        Reason.QUOTE_CHANGED, {"member": "x" * 100}, expected=expected, now=now, breakdown=breakdown
    )


@pytest.mark.parametrize(("accounts", "funds"), [(0, 0), (1, 1), (8, 6)])
def test_a_changed_quote_carries_both_splits_and_the_totals(accounts: int, funds: int) -> None:
    refused = read(RefusedAnswer(changed_quote(accounts, funds), recorded=True, request_id=REQUEST_ID))
    changed = errors_pb2.QuoteChanged.FromString(refused.details["medsettle.wire.v1.QuoteChanged"])
    assert (changed.expected.cash_fen, changed.now.cash_fen) == (10**10, 10**10 + 1)
    assert len(changed.now.funds) == funds
    assert len(changed.now.accounts) == accounts
    assert changed.breakdown.total_fen == 10**11
    assert len(changed.breakdown.accounts) == accounts


def test_what_does_not_fit_is_left_out_and_the_reason_still_arrives() -> None:
    refused = read(RefusedAnswer(changed_quote(200, 200), recorded=True))
    assert (refused.reason, refused.details) == ("QUOTE_CHANGED", {})


def lines_of(refused: Refused) -> errors_pb2.LinesRefused:
    return errors_pb2.LinesRefused.FromString(refused.details["medsettle.wire.v1.LinesRefused"])


def test_each_refused_line_is_named_with_what_to_do_and_the_refusal_is_that_of_the_first() -> None:
    faults = [
        LineFault("1", "UNKNOWN", Reason.ITEM_UNKNOWN),
        LineFault("4", "EXPIRED", Reason.ITEM_NOT_VALID, {"date": "2026-03-02"}),
    ]
    refusal = refuse_lines(faults).refusal
    refused = read(RefusedAnswer(RefusalRecord.of(refusal), recorded=True, request_id=REQUEST_ID))
    assert (refused.reason, refused.said["line"], refused.said["item"]) == ("ITEM_UNKNOWN", "1", "UNKNOWN")
    lines = lines_of(refused)
    assert [(each.line_id, each.item_code, dict(each.details)) for each in lines.lines] == [
        ("1", "UNKNOWN", {}), ("4", "EXPIRED", {"date": "2026-03-02"}),
    ]
    assert [each.next_zh for each in lines.lines] == [REASONS[each.reason].next_zh for each in faults]
    assert lines.lines_count == len(faults)


def test_of_two_hundred_refused_lines_those_that_fit_are_named_and_all_are_counted() -> None:
    faults = [
        LineFault(str(number), f"XA01ABD075A0020101{number:04}", Reason.ITEM_UNKNOWN)
        for number in range(1, 201)
    ]
    refused = read(RefusedAnswer(RefusalRecord.of(refuse_lines(faults).refusal), recorded=True))
    lines = lines_of(refused)
    assert lines.lines_count == len(faults)
    assert 30 < len(lines.lines) < len(faults)
    assert [each.line_id for each in lines.lines] == [str(number + 1) for number in range(len(lines.lines))]
    told = [bool(each.zh or each.en or each.next_zh or each.next_en) for each in lines.lines]
    assert told == [True, *[False] * (len(told) - 1)], "a reason's sentences stand at its first line"


def test_a_refusal_of_lines_needs_a_line() -> None:
    with pytest.raises(ValueError, match="no line"):
        refuse_lines([])
