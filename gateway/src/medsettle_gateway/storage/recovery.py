"""Recoveries as both stores keep them: rows to values, values to rows."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from medsettle_gateway.domain.moves import EndRecovery
from medsettle_gateway.domain.recovery import Awaited, Reassertion, Recovery
from medsettle_gateway.storage.instants import from_us_or_none, to_us
from medsettle_gateway.storage.sealing import Sealer

AWAITED_MOST: Final = 8
"""So many of the terminals that are awaited are named."""


def recovery_of(row: Sequence[Any]) -> Recovery:
    """Returns what is open, of the row of ``recovery``: epoch, last day, lost from, last and first begun."""
    epoch, absent_until, *instants_us = row
    until = None if absent_until is None else date.fromisoformat(absent_until)
    return Recovery(epoch or 0, until, *map(from_us_or_none, instants_us))


def awaited_of(rows: Sequence[Sequence[Any]]) -> Awaited:
    """Returns who is awaited, of the rows of ``awaited``: terminal, how many in all, latest begun at."""
    if not rows:
        return Awaited()
    _, count, begun_at_us = rows[0]
    return Awaited(tuple(terminal for terminal, *_ in rows), count, from_us_or_none(begun_at_us))


def reassertion_row(shown: Reassertion, sealer: Sealer) -> dict[str, Any]:
    """Returns the columns of what was shown; of the answer nothing can be read there."""
    proof = shown.evidence
    return {
        "request_id": shown.request_id,
        "state": shown.state,
        "epoch": shown.epoch,
        "terminal": shown.terminal,
        "shown_at_us": to_us(shown.at),
        "became": shown.became.value,
        "findings": json.dumps([finding.value for finding in shown.findings]),
        "method": proof.method,
        "request_digest": proof.request_digest,
        "nonce": proof.nonce,
        "key": proof.key,
        "timestamp_ms": proof.timestamp_ms,
        "code": proof.code,
        "answer_sealed": sealer.seal_answer(shown.request_id, proof.answer),
        "signature": proof.signature,
        "certificate": proof.certificate,
    }


def end_row(move: EndRecovery) -> dict[str, Any]:
    """Returns the columns that say that a till has compared."""
    return {"epoch": move.epoch, "scope": move.terminal, "ended_at_us": to_us(move.ended_at)}
