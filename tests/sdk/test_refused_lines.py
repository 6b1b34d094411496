"""Lines that are refused for themselves: all of them reach the screen, the paper and the journal."""

import io
from dataclasses import replace
from datetime import UTC, datetime

from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2

from medsettle import _record_text
from medsettle._exchange import answering
from medsettle._exchange.refusing import facts_of
from medsettle.cli.screen import Screen
from medsettle.errors import RefusedError
from medsettle.models import LineRefusal, Outcome, Refusal, SaleCard
from medsettle.receipt import Language, render_card
from medsettle.record import SaleRecord
from medsettle.wire.reasons import DOMAIN, REASONS, Reason
from medsettle.wire.v1 import errors_pb2, reasons_pb2, sale_pb2

UNKNOWN, EXPIRED = REASONS[Reason.ITEM_UNKNOWN], REASONS[Reason.ITEM_NOT_VALID]
REQUEST_ID = "H21030000001-T1-20260302-7-1"


def on_wire(
    line_id: str, code: str, reason: Reason, *, told: bool = True, **details: str
) -> sale_pb2.LineRefusal:
    text = REASONS[reason]
    said = {"zh": text.zh, "en": text.en, "next_zh": text.next_zh, "next_en": text.next_en} if told else {}
    number = reasons_pb2.Reason.Value(f"REASON_{reason.value}")
    return sale_pb2.LineRefusal(line_id=line_id, item_code=code, reason=number, details=details, **said)


LINES = (
    on_wire("1", "AAA", Reason.ITEM_UNKNOWN),
    on_wire("2", "BBB", Reason.ITEM_UNKNOWN, told=False),
    on_wire("5", "CCC", Reason.ITEM_NOT_VALID, date="2026-03-02"),
)


def status(*, lines_first: bool = False, lines_count: int = 3) -> bytes:
    metadata = {"recorded": "true", "zh": UNKNOWN.zh, "en": UNKNOWN.en, "line": "1", "item": "AAA"}
    info = error_details_pb2.ErrorInfo(reason="ITEM_UNKNOWN", domain=DOMAIN, metadata=metadata)
    lines = errors_pb2.LinesRefused(lines=LINES, lines_count=lines_count)
    packed = []
    for message in (lines, info) if lines_first else (info, lines):
        each = any_pb2.Any()
        each.Pack(message)
        packed.append(each)
    body: bytes = status_pb2.Status(details=packed).SerializeToString()
    return body


def refusal(lines_count: int = 3) -> Refusal:
    return facts_of("FAILED_PRECONDITION", status(lines_count=lines_count)).refusal


def test_every_line_is_read_and_a_sentence_that_was_said_once_holds_for_all_lines_of_its_reason() -> None:
    read = refusal()
    assert read.lines == (
        LineRefusal("1", "AAA", "ITEM_UNKNOWN", UNKNOWN.zh, UNKNOWN.en, UNKNOWN.next_zh, UNKNOWN.next_en),
        LineRefusal("2", "BBB", "ITEM_UNKNOWN", UNKNOWN.zh, UNKNOWN.en, UNKNOWN.next_zh, UNKNOWN.next_en),
        LineRefusal(
            "5", "CCC", "ITEM_NOT_VALID", EXPIRED.zh, EXPIRED.en, EXPIRED.next_zh, EXPIRED.next_en,
            {"date": "2026-03-02"},
        ),
    )
    assert (read.reason, read.recorded, read.lines_count) == ("ITEM_UNKNOWN", True, 3)


def test_the_order_in_which_an_answer_says_it_does_not_matter() -> None:
    assert facts_of("FAILED_PRECONDITION", status(lines_first=True)).refusal == refusal()


def test_a_recorded_sale_names_its_refused_lines_too() -> None:
    wire = sale_pb2.Refusal(reason=reasons_pb2.REASON_ITEM_UNKNOWN, recorded=True, lines=LINES)
    assert answering.refusal(wire).lines == refusal().lines


def test_the_error_names_every_line() -> None:
    error = RefusedError(refusal(), REQUEST_ID)
    assert error.lines == refusal().lines
    assert all(code in str(error) for code in ("AAA", "BBB", "CCC"))


def record(said: Refusal | None) -> SaleRecord:
    return SaleRecord(REQUEST_ID, "run", "op", datetime(2026, 3, 2, tzinfo=UTC), refusal=said)


def test_the_journal_keeps_refused_lines() -> None:
    kept = record(refusal(lines_count=7))
    assert _record_text.from_text(_record_text.to_text(kept)) == kept


def test_a_journal_of_an_older_release_is_read_without_lines() -> None:
    text = _record_text.to_text(record(replace(refusal(), lines=(), lines_count=0)))
    older = text.replace(",[],0]", "]")
    assert older != text
    assert _record_text.from_text(older) == _record_text.from_text(text)


def card(said: Refusal) -> SaleCard:
    return SaleCard(REQUEST_ID, Outcome.NOT_PAID, "REFUSED", "", "", "", "", refusal=said)


def test_the_screen_names_each_line_and_each_next_step_once() -> None:
    stream = io.StringIO()
    Screen(stream, coloured=False).error(RefusedError(refusal(lines_count=5), REQUEST_ID))
    shown = stream.getvalue().replace("\n", "").replace(" ", "")
    for code in ("第1行AAA", "第2行BBB", "第5行CCC", "date=2026-03-02"):
        assert code in shown
    for text in (UNKNOWN, EXPIRED):
        assert shown.count(text.next_zh.replace(" ", "")) == 1
    assert "另有2行" in shown


def test_the_paper_of_a_refused_sale_names_each_line() -> None:
    for language, words in ((Language.ZH, ("第1行", "第5行")), (Language.EN, ("Line 1", "Line 5"))):
        paper = "".join(render_card(card(refusal()), language=language).split("\n"))
        assert all(word in paper for word in words)
        assert all(code in paper for code in ("AAA", "BBB", "CCC"))
