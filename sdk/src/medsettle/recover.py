"""Ends what is open: oldest first, one drainer, not all tills at once.

There is no second path: each old record is reopened, asked for, and driven by the sale machine as at
the counter, but for Settle, which is never sent again.
"""

import logging
from collections.abc import Sequence
from typing import Final

from medsettle._arguments import fitting_tender
from medsettle._desk.comparing import compare
from medsettle._desk.desk import Desk
from medsettle._desk.driving import Pass, ending_with
from medsettle._desk.effects import Note, Pause, Script
from medsettle._desk.records import last_sale, reopened, ticket_name
from medsettle.errors import JournalError, refusal_of
from medsettle.models import CashState, Refusal, SaleCard
from medsettle.record import Goal, SaleRecord, Step
from medsettle.tender import Tender
from medsettle.ticket import RequestId
from medsettle.till_reasons import TillReason

PAUSE_MS: Final = 200
"""Between two sales, on average: a gateway that came back is not met by every till at once."""
_ROUNDS: Final = 2
"""A return that is found settled opens the sale that it replaces: cash goes back."""
_DRAINER: Final = "recover"
_LOG: Final = logging.getLogger("medsettle")


def recover(desk: Desk, tender: Tender | None) -> Script[tuple[SaleCard, ...]]:
    """Returns the cards of what was open, in its order. Stops asking when the gateway is away.

    First it shows a gateway that was restored with loss what that one has signed: see ``comparing``.
    """
    if tender is not None:
        fitting_tender(tender)
    yield from desk.taken(_DRAINER)
    with desk.busy.giving(_DRAINER):
        away = (yield from compare(desk)) is TillReason.GATEWAY_AWAY
        cards: dict[str, SaleCard] = {}
        for _ in range(_ROUNDS):
            records: Sequence[SaleRecord] = yield Note(desk.journal.unfinished)
            for record in records:
                if record.request_id in cards:
                    continue
                if cards and not away:
                    yield Pause(desk.chance() * 2 * PAUSE_MS / 1000)
                work, trouble = yield from _ended(desk, record, tender, away=away)
                away = away or _was_away(work)
                cards[record.request_id] = work.card(trouble)
        return tuple(cards.values())


def _ended(
    desk: Desk, record: SaleRecord, tender: Tender | None, *, away: bool
) -> Script[tuple[Pass, Refusal | None]]:
    name = ticket_name(record.request_id)
    if away or not desk.busy.take(name):
        # Its own click is ending it, or nobody would answer.
        return Pass(desk, record, frozenset()), None
    with desk.busy.giving(name):
        now = yield Note(lambda: desk.journal.load(record.request_id))
        again = reopened(desk, now or record, ask=True)
        work = Pass(desk, again, _ending(desk, again, tender), tender=tender, asks_on=False)
        trouble = None
        try:
            yield from work.drive()
            work.sale = work.sale or (yield from last_sale(desk, work.written))
        except JournalError:
            raise
        except Exception as error:  # noqa: BLE001 - one bad record must not keep the others open
            _LOG.error("recovering a sale was interrupted by %s", type(error).__name__)
            trouble = refusal_of(TillReason.TILL_FAILED, request_id=record.request_id)
        return work, trouble


def _ending(desk: Desk, record: SaleRecord, tender: Tender | None) -> frozenset[Step]:
    """The steps that end the sale, without those that are somebody's to take at a counter."""
    performs = ending_with(tender)
    if record.cash is CashState.NOT_DUE:
        # A hold of this run is the cashier's to confirm, with a cash part or without.
        performs -= {Step.CONFIRM}
    of_another = RequestId.parse(record.request_id).terminal != desk.config.terminal
    if of_another and record.goal is Goal.SELL:
        # Its own till may be collecting the cash part.
        performs -= {Step.RELEASE}
    return performs


def _was_away(work: Pass) -> bool:
    verdict = work.verdict
    return verdict is not None and verdict.facts is not None and (
        verdict.facts.refusal.reason == TillReason.GATEWAY_AWAY
    )
