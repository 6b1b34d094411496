"""Refusals as answers: recorded under an id, or given before the sale was looked at."""

from medsettle.wire.reasons import REASONS, Reason
from medsettle_gateway.domain.errors import Refusal, Refused
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.sale import RefusalRecord
from medsettle_gateway.service.commands import RefusedAnswer


def unrecorded(reason: Reason, request_id: str = "", **detail: str) -> RefusedAnswer:
    """Returns a refusal that changes nothing: the sale keeps the state that it had."""
    return RefusedAnswer(RefusalRecord(reason, detail), recorded=False, request_id=request_id)


def unrecorded_of(refusal: Refusal, request_id: str = "") -> RefusedAnswer:
    """Returns a refusal that changes nothing, of a call that records none."""
    return RefusedAnswer(RefusalRecord.of(refusal), recorded=False, request_id=request_id)


def recorded(refusal: RefusalRecord, request_id: RequestId) -> RefusedAnswer:
    """Returns the answer of a refusal that stands under the id."""
    return RefusedAnswer(refusal, recorded=True, request_id=request_id.text)


def may_record(reason: Reason) -> bool:
    """Returns whether the catalogue of reasons lets this one be written under an id."""
    return REASONS[reason].recorded


class RefusedOnRecord(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """Carries a refusal with the totals or the other sale that its answer names."""

    def __init__(self, record: RefusalRecord) -> None:
        super().__init__(record.reason.value)
        self.record = record


def record_of(refused: Refused | RefusedOnRecord) -> RefusalRecord:
    """Returns what is to be recorded of a refusal that was raised."""
    return refused.record if isinstance(refused, RefusedOnRecord) else RefusalRecord.of(refused.refusal)
