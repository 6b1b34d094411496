"""What a refusal means at the command line: what to type next, and which other sale stands in the way."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from medsettle._desk.saying import NOT_SENT, OF_ANOTHER
from medsettle.models import CashState, Outcome, Refusal, SaleCard, SaleState
from medsettle.ticket import RequestId, china_time
from medsettle.till_reasons import TillReason
from medsettle.wire.called import Pair
from medsettle.wire.reasons import Reason

_NEXT_ATTEMPT: Final = "sell ... --ticket {number}"
_TYPED: Final[Mapping[str, str]] = {
    Reason.CONFIRM_TOO_LATE: _NEXT_ATTEMPT,
    Reason.POSSIBLE_DUPLICATE: f"{_NEXT_ATTEMPT} --acknowledge POSSIBLE_DUPLICATE",
    TillReason.CASH_NOT_COLLECTED: _NEXT_ATTEMPT,
    Reason.SUPERVISION_WARNING: f"{_NEXT_ATTEMPT} --accept CODE=REASON",
    Reason.EARLIER_ATTEMPT_OPEN: "medsettle status {other}",
    Reason.SALE_NOT_FOUND: "medsettle seal {id}",
    TillReason.GATEWAY_AWAY: "medsettle doctor",
    TillReason.NUMBERS_UNKNOWN: "--ticket NUMBER",
}
_NEEDS_TILL: Final = frozenset({TillReason.GATEWAY_AWAY})
"""What is typed then works with the configuration of a till that is enrolled."""
_STATES: Final[Mapping[str, Pair]] = {
    SaleState.PENDING: ("医保中心处理中", "the authority is deciding"),
    SaleState.HELD: ("已预占", "held"),
    SaleState.EXPIRED: ("预占已过时效", "its hold has ended"),
    SaleState.SETTLED: ("已结算", "settled"),
    SaleState.UNDOING: ("正在撤销", "being undone"),
}
_OF_OTHER: Final = frozenset({"other_request_id", "other_state", "other_created_at"})
_NO_CASH: Final = frozenset({CashState.NOT_DUE, CashState.NOT_ASKED, CashState.NOT_COLLECTED})
_SETTLE_AGAIN: Final = frozenset({
    Reason.POSSIBLE_DUPLICATE, Reason.QUOTE_CHANGED, Reason.CONFIRM_TOO_LATE, Reason.SEALED,
    Reason.NOT_CHARGED_BY_AUTHORITY, TillReason.CASH_NOT_COLLECTED,
})
"""What these advise is to settle the next attempt, as the card of a sale that has ended does."""


def typed(refusal: Refusal, request_id: str | None, *, enrolled: bool = True) -> str:
    """Returns what to type next, empty if nothing is. ``enrolled`` False: there is no till.toml yet."""
    if refusal.reason == Reason.ENROL_CODE_INVALID and "code_is_for" in refusal.details:
        return f"enrol ... --terminal {refusal.details['code_is_for']}"
    words = _TYPED.get(refusal.reason, "")
    if not words or (refusal.reason in _NEEDS_TILL and not enrolled):
        return ""
    facts_to_type = {"id": request_id or "REQUEST_ID", "number": "NUMBER"}
    if request_id and "{number}" in words:
        facts_to_type["number"] = RequestId.parse(request_id).number
    return words.format(other=refusal.details.get("other_request_id", "REQUEST_ID"), **facts_to_type)


def says_all(card: SaleCard) -> bool:
    """Returns whether the refusal's own next step is all there is to do: no cash is in question."""
    if card.refusal is None or not card.refusal.next_zh:
        return False
    if card.next_zh == NOT_SENT.next_zh:
        return True
    if card.outcome is not Outcome.NOT_PAID:
        return False
    return card.refusal.reason in _SETTLE_AGAIN and card.cash in _NO_CASH


def is_of_another(card: SaleCard) -> bool:
    """Returns whether the card's own next step is all there is to do: the ticket is another sale's."""
    return card.next_zh == OF_ANOTHER.next_zh


def other_sale(refusal: Refusal, request_id: str | None) -> Pair | None:
    """Returns which other sale is meant, by its id, and where it stood and since when, in China's time."""
    details = refusal.details
    other = details.get("other_request_id")
    if not other or other == request_id:
        return None
    state, at = details.get("other_state", ""), details.get("other_created_at", "")
    stood = " ".join(dict.fromkeys(_STATES.get(state, (state, state))))
    since = f"{china_time(datetime.fromisoformat(at)):%Y-%m-%d %H:%M:%S}" if at else ""
    return f"另一笔业务 the other sale: {other}", ", ".join(filter(None, (stood, since)))


def facts(refusal: Refusal) -> list[str]:
    """Returns what is wrong with what (line, field, code, limit, value), as NAME=VALUE in order.

    What is told in words already is left out.
    """
    details = refusal.details
    hidden = _OF_OTHER | {"state"} if "other_request_id" in details else frozenset()
    if details.get("cause", "") in refusal.en:
        hidden |= {"cause"}
    return [f"{name}={value}" for name, value in sorted(details.items()) if value and name not in hidden]
