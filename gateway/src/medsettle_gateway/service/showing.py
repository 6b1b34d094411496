"""Reassert as it is asked: each answer that is shown has its own fate, and its own turn at the writer."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.recovery import ShownSale
from medsettle_gateway.service.commands import (
    Answer,
    ComparedAnswer,
    Reassert,
    ReassertAnswer,
    ReassertedAnswer,
    RefusedAnswer,
)
from medsettle_gateway.service.compare import Compare
from medsettle_gateway.service.desk import Desk
from medsettle_gateway.service.evidence import is_proof
from medsettle_gateway.service.reassert import Reenter
from medsettle_gateway.service.refused import unrecorded

Submit = Callable[[Reenter | Compare, datetime | None], Awaitable[Answer]]
_OF_THE_SALE: Final = frozenset({Reason.INTERNAL_ERROR})
"""Refusals by the writer that concern one sale. After any other the till shows all of them again."""


async def reassert(command: Reassert, desk: Desk, submit: Submit, deadline_at: datetime | None) -> Answer:
    """Returns what became of each sale, and how far the comparison is.

    Or the refusal after which nothing more was done: what was done before stands, and is known when it is
    shown again. A sale that fails by a fault is not compared: the till shows it again another time.
    """
    results: list[ReassertedAnswer | RefusedAnswer] = []
    for shown in command.shown:
        result = await _one(command, shown, desk, submit, deadline_at)
        if isinstance(result, ReassertedAnswer):
            results.append(result)
        elif isinstance(result, RefusedAnswer):
            if not _is_of_the_sale(result):
                return result
            results.append(result)
    failed = any(_has_failed(result) for result in results)
    epoch = None if failed else command.epoch
    compared = await submit(Compare(command.caller, epoch, command.journal_began_at), deadline_at)
    return ReassertAnswer(tuple(results), compared) if isinstance(compared, ComparedAnswer) else compared


async def _one(
    command: Reassert, shown: ShownSale, desk: Desk, submit: Submit, deadline_at: datetime | None
) -> Answer:
    if not is_proof(shown.evidence, desk.identity, desk.read_public_key):
        return unrecorded(Reason.EVIDENCE_INVALID)
    sale = shown.read()
    if sale is None:
        return unrecorded(Reason.EVIDENCE_INVALID)
    if sale.institution != command.caller.institution:
        return unrecorded(Reason.NOT_YOURS, sale.request_id.text)
    return await submit(Reenter(command.caller, sale, shown.evidence), deadline_at)


def _is_of_the_sale(answer: RefusedAnswer) -> bool:
    return answer.refusal.reason in {Reason.EVIDENCE_INVALID, Reason.NOT_YOURS, *_OF_THE_SALE}


def _has_failed(result: ReassertedAnswer | RefusedAnswer) -> bool:
    return isinstance(result, RefusedAnswer) and result.refusal.reason in _OF_THE_SALE
