"""A sale's record as one line of JSON, and back. Both ways are checked against each other."""

import json
from dataclasses import fields
from datetime import datetime
from typing import Any

from medsettle.models import CashState, Collect, LineRefusal, Refusal, Split, Tendered
from medsettle.record import Goal, SaleRecord


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
        ],
    }


def _split(read: list[Any] | None) -> Split | None:
    return None if read is None else Split(*read)


def _refusal(read: list[Any] | None) -> Refusal | None:
    if read is None:
        return None
    *said, lines, count = read if len(read) == len(fields(Refusal)) else (*read, [], 0)
    return Refusal(*said, tuple(LineRefusal(*each) for each in lines), count)


def _line(line: LineRefusal) -> list[Any]:
    return [
        line.line_id, line.item_code, line.reason, line.zh, line.en, line.next_zh, line.next_en,
        dict(line.details),
    ]
