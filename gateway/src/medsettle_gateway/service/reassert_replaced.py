"""A partial return that is shown after a restore: the sale that it replaced is reversed with it."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from msgspec import structs

from medsettle.wire.states import SaleState
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.keys import AnyKey, Facts, SaleKey
from medsettle_gateway.domain.moves import Move, MoveBalance
from medsettle_gateway.domain.recovery import Finding
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.ledger.transition import By, moves_of
from medsettle_gateway.service.change import draft
from medsettle_gateway.service.desk import Now

_REASON: Final = "REASSERTED"


class Replaced(NamedTuple):
    """The moves that reverse it, what they give back to each account in fen, and what to look at."""

    moves: tuple[Move, ...] = ()
    back_fen: Mapping[str, int] = {}
    findings: tuple[Finding, ...] = ()


def replaced_keys(shown: SaleRecord) -> tuple[AnyKey, ...]:
    """Returns what to load: the sale that it replaced, if any."""
    return (SaleKey(shown.replaces),) if shown.replaces else ()


def replaced(shown: SaleRecord, by: By, facts: Facts, now: Now) -> Replaced:
    """Returns what becomes of the sale that a settled return replaced.

    One that the books do not have either comes back as what it is by now, without amounts: a till that shows
    it as it was before changes nothing any more.
    """
    if not shown.replaces or shown.state is not SaleState.SETTLED:
        return Replaced()
    before = facts.of(SaleKey(shown.replaces))
    by = by._replace(reason=f"{by.reason}, replaced by {shown.request_id}")
    if before is None:
        ended = _ended(shown, now)
        return Replaced(moves_of(SaleState.ABSENT, ended, by), findings=(Finding.REPLACED_UNKNOWN,))
    if before.state is not SaleState.SETTLED:
        known = before.state is SaleState.REVERSED
        return Replaced(findings=() if known else (Finding.REPLACED_UNKNOWN,))
    ended = structs.replace(
        before, state=SaleState.REVERSED, version=before.version + 1, committed_at=now.at,
        business_on=shown.business_on, reverse_reason=_REASON, replaced_by=shown.request_id.text,
    )
    moves = moves_of(SaleState.SETTLED, ended, by)
    back_fen = {move.account: move.balance_delta_fen for move in moves if isinstance(move, MoveBalance)}
    return Replaced(moves, back_fen)


def _ended(shown: SaleRecord, now: Now) -> SaleRecord:
    request_id = RequestId.parse(shown.replaces)
    nothing = draft(request_id, shown.operator, shown.requested_at, shown.service_on, now.at)
    return structs.replace(
        nothing, state=SaleState.REVERSED, first_state=SaleState.SETTLED, version=1, member=shown.member,
        business_on=shown.business_on, reverse_reason=_REASON, replaced_by=shown.request_id.text,
    )
