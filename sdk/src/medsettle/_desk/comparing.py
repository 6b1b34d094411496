"""After the gateway was restored with loss: shows it what it once signed, until its books have it again.

The gateway says whether this terminal has compared, so the journal needs no epoch of its own, and an older
one compares as well. Every answer that is shown may be shown again.
"""

import logging
from collections.abc import Sequence
from typing import Final

from medsettle._desk.desk import Desk
from medsettle._desk.effects import Ask, Note, Pause, Script
from medsettle._exchange import reasserting
from medsettle._exchange.answering import UnreadableError
from medsettle._exchange.reasserting import Packed, Standing
from medsettle._exchange.signed import OK, Verdict
from medsettle.evidence import Evidence
from medsettle.hooks import Compared
from medsettle.till_reasons import TillReason
from medsettle.wire.calls import REASSERT
from medsettle.wire.reasons import Reason

HELLO_MS: Final = 10_000
"""Of asking whether there is anything to compare, all tries together."""
PAUSE_MS: Final = 200
"""Between two requests, on average: all tills of the city compare with the same gateway."""
_SALES_READ: Final = 20
_DRAINER: Final = "compare"
_REFUSED: Final = "REFUSED"
_LOG: Final = logging.getLogger("medsettle")


def is_recovering(verdict: Verdict) -> bool:
    """Returns whether the gateway says, by its signature, that it may have lost what was asked about."""
    facts = verdict.facts
    return verdict.valid and facts is not None and facts.refusal.reason == Reason.RECOVERING


def compare(desk: Desk, ends_at: float | None = None) -> Script[TillReason | None]:
    """Compares as far as there is something to compare; tells the hooks what it came to.

    Stops at ``ends_at`` on the monotonic clock; the rest follows another time. Returns GATEWAY_AWAY if nobody
    answered, else None. Where another click compares already, nothing is done.
    """
    if not desk.busy.take(_DRAINER):
        return None
    with desk.busy.giving(_DRAINER):
        return (yield from _compare(desk, ends_at))


def _compare(desk: Desk, ends_at: float | None) -> Script[TillReason | None]:
    asked = yield from _asked(desk, ())
    if not isinstance(asked, Standing):
        return asked
    if asked.compared or asked.epoch == desk.shown_in_vain:
        return None  # a journal does not get older by being shown again: people end the comparison
    began_ms: int = yield Note(lambda: desk.journal.began_ms(desk.clock.now_ms()))
    became: list[str] = []
    after = (asked.since_ms, "")
    while True:
        evidence, following = yield from _next(desk, asked.since_ms, after)
        if following is None:
            break
        shown = yield from _shown(desk, evidence, ends_at)
        if not isinstance(shown, list):
            return shown
        became += shown
        after = following
    # A sale that the gateway failed to enter would be lost if all were said to be shown.
    whole = reasserting.FAILED not in became
    over = yield from _asked(desk, (), (asked.epoch, began_ms) if whole else None)
    if not isinstance(over, Standing):
        return over
    if whole and not over.compared and _REFUSED not in became:
        desk.shown_in_vain = over.epoch
    _tell(desk, over, became)
    return None


def _next(
    desk: Desk, since_ms: int, after: tuple[int, str]
) -> Script[tuple[Sequence[Evidence], tuple[int, str] | None]]:
    """How far each of some further sales had come, oldest first, and where to go on; None at the end."""

    def read() -> tuple[list[Evidence], tuple[int, str] | None]:
        found = desk.journal.answered_since(since_ms, after, _SALES_READ)
        proofs = [
            reasserting.furthest(desk.journal.evidence(request_id), request_id)
            for _, request_id in found
        ]
        return [each for each in proofs if each is not None], found[-1] if found else None

    read_now: tuple[Sequence[Evidence], tuple[int, str] | None] = yield Note(read)
    return read_now


def _shown(
    desk: Desk, evidence: Sequence[Evidence], ends_at: float | None
) -> Script[list[str] | TillReason | None]:
    """What became of each; another value where the comparison stops for now."""
    became: list[str] = []
    left = list(evidence)
    while left:
        if ends_at is not None and desk.clock.monotonic() >= ends_at:
            return None
        answers, count = reasserting.batch(left)
        if not answers:
            _LOG.error("a signed answer is too large to be shown; the comparison cannot end")
            return None
        standing = yield from _asked(desk, answers)
        if not isinstance(standing, Standing):
            return standing
        became += standing.became
        left = left[count:]
        yield Pause(desk.chance() * 2 * PAUSE_MS / 1000)
    return became


def _asked(
    desk: Desk, answers: Sequence[Packed], over: tuple[int, int] | None = None
) -> Script[Standing | TillReason | None]:
    body = reasserting.request(answers, desk.clock.now(), over)
    verdict: Verdict = yield Ask(REASSERT, body, at_most_ms=None if answers or over else HELLO_MS)
    if verdict.valid and verdict.code == OK:
        try:
            return reasserting.standing(verdict.body)
        except UnreadableError:
            return None
    facts = verdict.facts
    away = facts is not None and facts.refusal.reason == TillReason.GATEWAY_AWAY
    return TillReason.GATEWAY_AWAY if away else None


def _tell(desk: Desk, over: Standing, became: Sequence[str]) -> None:
    counts = {name: became.count(name) for name in dict.fromkeys(became)}
    desk.hooks.tell(Compared(
        epoch=over.epoch, compared=over.compared, shown=len(became), entered=counts.get("ENTERED", 0),
        moved=counts.get("MOVED", 0), left_to_operator=counts.get("LEFT_TO_OPERATOR", 0),
        refused=counts.get(_REFUSED, 0) + counts.get(reasserting.FAILED, 0),
    ))
