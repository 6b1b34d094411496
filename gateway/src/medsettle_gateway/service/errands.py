"""What a remote authority is still to be asked of a sale: taken by one process at a time, until it has said.

Whoever takes an errand puts off when it is due; what the authority then says is heard like any other command.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle.wire.states import Event, SaleState
from medsettle_gateway.domain.asked import Collect
from medsettle_gateway.domain.breakdown import Breakdown
from medsettle_gateway.domain.keys import AnyKey, CredentialUseKey, ErrandKey, Facts, MaskedNameKey, SaleKey
from medsettle_gateway.domain.moves import FreeCredential, Move, PutErrand
from medsettle_gateway.domain.sale import RefusalRecord, SaleRecord
from medsettle_gateway.domain.transitions import changes, plain
from medsettle_gateway.domain.upstream import Errand, UpstreamRecord
from medsettle_gateway.ledger.transition import By, moves_of
from medsettle_gateway.service.change import moved, undoing
from medsettle_gateway.service.commands import ErrandAnswer, SaleAnswer
from medsettle_gateway.service.desk import Decision, Now, Rules
from medsettle_gateway.service.remote import (
    EVENTS,
    RefusedThere,
    Said,
    SettledThere,
    UnknownThere,
    decided_by,
)

_DOUBLED_MOST_COUNT: Final = 30
_CODE_CHARS: Final = 40
_TEXT_CHARS: Final = 300


@dataclass(frozen=True, slots=True)
class TakeErrand:
    """Whoever gets the errand asks the authority; nobody else does until it is due again."""

    request_id: str


@dataclass(frozen=True, slots=True)
class Heard:
    """What the authority said of a sale.

    ``attempts``: how often its errand had been taken when this was asked, 0 for the question itself. None: it
    was said otherwise, and stands whoever else is asking.
    """

    request_id: str
    said: Said
    attempts: int | None = None


def needs_take(command: TakeErrand, known: Facts, now: Now) -> tuple[AnyKey, ...]:  # noqa: ARG001 - alike
    """Returns what to load: the sale and its errand."""
    return SaleKey(command.request_id), ErrandKey(command.request_id)


def take(command: TakeErrand, facts: Facts, now: Now) -> Decision:
    """Returns the sale to whoever may ask now; nothing where no errand is due."""
    sale, errand = facts.of(SaleKey(command.request_id)), facts.of(ErrandKey(command.request_id))
    if sale is None or errand is None or errand.due_at > now.at:
        return Decision(ErrandAnswer(None))
    due_at = now.at + now.desk.rules.authority_wait + now.desk.rules.errand_margin
    taken = Errand(errand.request_id, due_at, errand.attempts + 1)
    return Decision(ErrandAnswer(sale, taken.attempts), (PutErrand(taken),))


def needs_hear(command: Heard, known: Facts, now: Now) -> tuple[AnyKey, ...]:  # noqa: ARG001 - called alike
    """Returns what to load: the sale, its errand, and the credential that a refusal makes free again."""
    sale_key = SaleKey(command.request_id)
    keys: tuple[AnyKey, ...] = (sale_key, ErrandKey(command.request_id))
    sale = known.of(sale_key) if sale_key in known else None
    if sale is None or sale.upstream is None:
        return keys
    keys += (CredentialUseKey(sale.upstream.credential_id),)
    return (*keys, MaskedNameKey(sale.member)) if sale.member else keys


def hear(command: Heard, facts: Facts, now: Now, by: By | None = None) -> Decision:
    """Moves the sale on by the authority's word; where nothing is known, the errand is due again later.

    ``by`` names who brought the word, if it did not come by itself. One that the sale has no more use for
    changes nothing, nor does one that came after others had taken the errand up. Raises AssertionError for
    amounts that do not add up.
    """
    sale, errand = facts.of(SaleKey(command.request_id)), facts.of(ErrandKey(command.request_id))
    if sale is None or sale.upstream is None:
        return Decision(ErrandAnswer(None))
    name = facts.of(MaskedNameKey(sale.member)) if sale.member else ""
    said = command.said
    if errand is not None and command.attempts not in {None, errand.attempts}:
        # Others are finding out by now, and make final what they hear: this word may be out of date.
        return Decision(SaleAnswer(sale, name))
    if isinstance(said, UnknownThere):
        again = () if errand is None else (PutErrand(_put_off(errand, now.at, now.desk.rules)),)
        return Decision(SaleAnswer(sale, name), again)
    event = EVENTS[type(said)]
    if not changes(sale.state, event):
        return Decision(SaleAnswer(sale, name))
    if isinstance(said, SettledThere):
        after = _charged(sale, sale.upstream, said, now)
    else:
        after = _ended(sale, sale.upstream, event, said, now)
    itself = By(reason=f"{sale.upstream.authority} {sale.upstream.number}")
    moves = moves_of(sale.state, after, by or itself)
    return Decision(SaleAnswer(after, name), (*moves, *_freed(sale, after, facts)))


def _put_off(errand: Errand, at: datetime, rules: Rules) -> Errand:
    """Each time later, up to the longest pause; it is never given up."""
    doubled = min(max(errand.attempts - 1, 0), _DOUBLED_MOST_COUNT)
    pause = min(rules.errand_pause * 2**doubled, rules.errand_pause_most)
    return replace(errand, due_at=at + pause)


def _charged(sale: SaleRecord, asked: UpstreamRecord, said: SettledThere, now: Now) -> SaleRecord:
    """As it was asked for; to be undone if nobody wants it any more, or it is other than was shown."""
    decided = decided_by(said, asked.authority)
    known = structs.replace(
        sale,
        upstream=replace(asked, refs=said.refs),
        settlements=decided.settlements,
        split=decided.split,
        effect=decided.effect,
        calculated_at=now.at,
    )
    if asked.unwanted or decided.split != asked.expected:
        ends_as = SaleState.SEALED if asked.unwanted else SaleState.REFUSED
        return undoing(known, Event.AUTHORITY_SETTLED, now.at, ends_as)
    if asked.collect is Collect.NOW:
        settled = moved(known, Event.AUTHORITY_SETTLED, SaleState.SETTLED, now.at)
        return structs.replace(settled, receipt_token=now.desk.receipts.issue(settled))
    ends_at = now.at + now.desk.rules.hold
    return moved(known, Event.AUTHORITY_SETTLED, SaleState.HELD, now.at, hold_expires_at=ends_at)


def _ended(
    sale: SaleRecord, asked: UpstreamRecord, event: Event, said: Said, now: Now
) -> SaleRecord:
    """A sale that the authority has not charged, or not any more."""
    if sale.state is not SaleState.UNDOING:
        refusal = _refusal(asked, said)
        return moved(sale, event, plain(sale.state, event), now.at, refusal=refusal)
    if asked.ends_as is None:
        msg = f"{sale.request_id} is UNDOING, and nobody said what it is then"
        raise AssertionError(msg)
    if asked.ends_as is not SaleState.REFUSED:
        return moved(sale, event, asked.ends_as, now.at)
    return moved(sale, event, asked.ends_as, now.at, refusal=_other_than_shown(sale, asked))


def _refusal(asked: UpstreamRecord, said: Said) -> RefusalRecord:
    detail = {"authority": asked.authority, "number": asked.number}
    if not isinstance(said, RefusedThere):
        return RefusalRecord(Reason.NOT_CHARGED_BY_AUTHORITY, detail)
    told = {"code": said.code[:_CODE_CHARS], "text": said.text[:_TEXT_CHARS]}
    return RefusalRecord(Reason.REFUSED_BY_AUTHORITY, detail | {k: v for k, v in told.items() if v})


def _other_than_shown(sale: SaleRecord, asked: UpstreamRecord) -> RefusalRecord:
    breakdown = Breakdown.together([each.breakdown for each in sale.settlements])
    return RefusalRecord(
        Reason.QUOTE_CHANGED, expected=asked.expected, now=sale.split, breakdown=breakdown
    )


def _freed(before: SaleRecord, after: SaleRecord, facts: Facts) -> tuple[Move, ...]:
    """A refused sale does not consume the credential."""
    asked = before.upstream
    if asked is None or after.state is not SaleState.REFUSED:
        return ()
    text = before.request_id.text
    mine = facts.of(CredentialUseKey(asked.credential_id)) == text
    return (FreeCredential(asked.credential_id, text),) if mine else ()
