"""A sale's record as one line of JSON, and back. Both ways are checked against each other."""

import json
from datetime import datetime
from typing import Any, Final

from medsettle.models import (
    Advisory,
    CashState,
    Collect,
    LineRefusal,
    Refusal,
    Split,
    Tendered,
    Verdict,
)
from medsettle.record import Goal, SaleRecord

_UNTOLD: Final[tuple[Any, ...]] = ([], 0, [], 0)
"""Of a refusal that was written before these were told: lines, their count, findings, their count."""


def to_text(record: SaleRecord) -> str:
    """Returns the record as JSON; what belongs to one pass only is left out."""
    return json.dumps(_table(record), ensure_ascii=False, separators=(",", ":"))


def from_text(text: str) -> SaleRecord:
    """Returns the record of a line of JSON. Raises ValueError, KeyError or TypeError if it is none."""
    table = json.loads(text)
    return SaleRecord(
        request_id=table["request_id"], run=table["run"], operator=table["operator"],
        requested_at=datetime.fromisoformat(table["requested_at"]), collect=Collect(table["collect"]),
        content=table["content"], expected=_split(table["expected"]), cash_fen=table["cash_fen"],
        cash=CashState(table["cash"]), tenders=tuple(Tendered(*each) for each in table["tenders"]),
        goal=Goal(table["goal"]), undo_reason=table["undo_reason"], state=table["state"],
        stale=table["stale"], fresh=table["fresh"], refusal=_refusal(table["refusal"]),
        version=table["version"],
    )


def _table(record: SaleRecord) -> dict[str, Any]:
    expected, refusal = record.expected, record.refusal
    return {
        "request_id": record.request_id, "run": record.run, "operator": record.operator,
        "requested_at": record.requested_at.isoformat(), "collect": record.collect,
        "content": record.content,
        "expected": expected and [expected.cash_fen, dict(expected.funds), dict(expected.accounts)],
        "cash_fen": record.cash_fen, "cash": record.cash,
        "tenders": [[each.kind, each.amount_fen, each.reference] for each in record.tenders],
        "goal": record.goal, "undo_reason": record.undo_reason, "state": record.state,
        "stale": record.stale, "fresh": record.fresh, "version": record.version,
        "refusal": refusal and [
            refusal.reason, refusal.recorded, refusal.zh, refusal.en, refusal.next_zh, refusal.next_en,
            dict(refusal.details), [_line(each) for each in refusal.lines], refusal.lines_count,
            [_finding(each) for each in refusal.findings], refusal.findings_count,
        ],
    }


def _split(read: list[Any] | None) -> Split | None:
    return None if read is None else Split(*read)


def _refusal(read: list[Any] | None) -> Refusal | None:
    if read is None:
        return None
    reason, recorded, zh, en, next_zh, next_en, details, *later = read
    lines, lines_count, findings, findings_count = (*later, *_UNTOLD[len(later) :])
    return Refusal(
        reason, recorded, zh, en, next_zh, next_en, details, tuple(LineRefusal(*each) for each in lines),
        lines_count, tuple(_as_found(*each) for each in findings), findings_count,
    )


def _finding(each: Advisory) -> list[Any]:
    return [each.code, each.zh, each.en, each.verdict, list(each.line_ids), each.clause]


def _as_found(code: str, zh: str, en: str, verdict: str, line_ids: list[str], clause: str) -> Advisory:
    return Advisory(code, zh, en, Verdict(verdict), tuple(line_ids), clause)


def _line(line: LineRefusal) -> list[Any]:
    return [
        line.line_id, line.item_code, line.reason, line.zh, line.en, line.next_zh, line.next_en,
        dict(line.details),
    ]
