"""Ends what is open: oldest first, one drainer, not all tills at once.

There is no second path: each old record is reopened, asked for, and driven by the sale machine as at
the counter, but for Settle, which is never sent again.
"""

from typing import Final

from medsettle._desk.desk import Desk
from medsettle._arguments import fitting_tender
from medsettle._desk.driving import Pass
from medsettle._desk.effects import Note, Pause, Script
from medsettle._desk.records import last_sale, reopened
from medsettle._desk.selling import ticket_name
from medsettle.models import SaleCard
from medsettle.record import SaleRecord, Step
from medsettle.tender import Tender
from medsettle.till_reasons import TillReason

PAUSE_MS: Final = 200
"""Between two sales, on average: a gateway that came back is not met by every till at once."""
_DRAINER: Final = "recover"


def recover(desk: Desk, tender: Tender | None) -> Script[tuple[SaleCard, ...]]:
    """Returns the cards of what was open, in its order. Stops asking when the gateway is away."""
    yield from desk.taken(_DRAINER)
    with desk.busy.giving(_DRAINER):
        records = yield Note(desk.journal.unfinished)
    if tender is not None:
        fitting_tender(tender)
        cards: list[SaleCard] = []
        away = False
        for number, record in enumerate(records):
            if number and not away:
                yield Pause(desk.chance() * 2 * PAUSE_MS / 1000)
            work = yield from _ended(desk, record, tender, away=away)
            away = away or _was_away(work)
            cards.append(work.card())
        return tuple(cards)


def _ended(desk: Desk, record: SaleRecord, tender: Tender | None, *, away: bool) -> Script[Pass]:
    name = ticket_name(record.request_id)
    if away or not desk.busy.take(name):
        # Its own click is ending it, or nobody would answer.
        return Pass(desk, record, frozenset())
    with desk.busy.giving(name):
        now = yield Note(lambda: desk.journal.load(record.request_id))
        performs = frozenset(Step) - {Step.SETTLE, Step.COLLECT_CASH}
        if tender is None:
            performs -= {Step.REFUND_CASH}
        work = Pass(desk, reopened(desk, now or record, ask=True), performs, tender=tender)
        yield from work.drive()
        work.sale = work.sale or (yield from last_sale(desk, work.written))
        return work


def _was_away(work: Pass) -> bool:
    verdict = work.verdict
    return verdict is not None and verdict.facts is not None and (
        verdict.facts.refusal.reason == TillReason.GATEWAY_AWAY
    )
