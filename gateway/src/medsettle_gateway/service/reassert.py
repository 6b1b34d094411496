"""Reassert: a sale that the books lost is entered again, by the gateway's own signed answer, once.

The answer says what the sale came to: amounts are booked exactly as they were signed, whatever the rules or
the balances say now, because the money was paid. What it added to the sums of the year stands in the answer
too (``Booked``): nothing is calculated again, and the input of the calculation is lost with the books. What
does not fit is entered as far as it can be, and listed for the operator.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, NamedTuple

from msgspec import structs

from medsettle.wire.states import ALIVE, REASSERTED, SaleState
from medsettle_gateway.domain.facts import AccountFacts, MemberFacts
from medsettle_gateway.domain.keys import (
    AnyKey,
    Facts,
    MemberKey,
    RecoveryKey,
    SaleKey,
    TicketKey,
)
from medsettle_gateway.domain.moves import KeepReassertion, Move, PostEntry
from medsettle_gateway.domain.recovery import Became, Evidence, Finding, Reassertion
from medsettle_gateway.domain.sale import AccountBooking, Effect, SaleRecord
from medsettle_gateway.domain.tracing import TracedCode
from medsettle_gateway.ledger.transition import By, moves_of
from medsettle_gateway.service.commands import Caller, ReassertedAnswer
from medsettle_gateway.service.desk import Decision, Now
from medsettle_gateway.service.dispensing import rest_of
from medsettle_gateway.service.guards import check_right, right_keys
from medsettle_gateway.service.reassert_drawn import drawn_again, drawn_keys
from medsettle_gateway.service.reassert_replaced import Replaced, replaced, replaced_keys
from medsettle_gateway.service.recompute import after_reversal, later_key
from medsettle_gateway.service.tracing import free_codes, standing, trace_keys

_ANYBODY: Final = RecoveryKey()
_HOLDS: Final = (SaleState.HELD, SaleState.EXPIRED)
_RESERVES: Final = (SaleState.HELD, SaleState.SETTLED)
_ASKED: Final = (SaleState.PENDING, SaleState.UNDOING)
_SELLS: Final = (*_ASKED, *_RESERVES)
_OF_ACCOUNTS: Final = (Finding.ACCOUNT_SHORT, Finding.ACCOUNT_UNKNOWN)


@dataclass(frozen=True, slots=True)
class Reenter:
    """One sale as a signed answer shows it (verified before), of the caller's institution.

    ``sale`` has version 0 and the state that was shown.
    """

    caller: Caller
    sale: SaleRecord
    evidence: Evidence

    @property
    def request_id(self) -> str:
        """The id of the sale."""
        return self.sale.request_id.text


class _Again(NamedTuple):
    """How the sale stands afterwards, what the operator should look at, and the moves besides its own."""

    sale: SaleRecord
    findings: tuple[Finding, ...]


def needs(command: Reenter, known: Facts, now: Now) -> tuple[AnyKey, ...]:
    """Returns what to load: the id and its ticket, the patient with accounts, and sales calculated since."""
    shown, sale_key = command.sale, SaleKey(command.request_id)
    sale = known.of(sale_key) if sale_key in known else None
    keys: tuple[AnyKey, ...] = (
        sale_key, TicketKey(shown.request_id.ticket), _ANYBODY, *right_keys(command.caller),
        *replaced_keys(shown),
    )
    for each in (shown, sale):
        if each is not None and each.member:
            keys = (*keys, MemberKey(each.member), later_key(each, now))
    return (*keys, *trace_keys(_codes(shown, sale)), *drawn_keys(shown, sale))


def decide(command: Reenter, facts: Facts, now: Now) -> Decision:
    """Enters what is unknown, moves on what is behind, leaves to the operator what does not go together.

    Raises Refused where the caller's right has ended since the request arrived.
    """
    check_right(command.caller, facts, now.at)
    shown, sale = command.sale, facts.of(SaleKey(command.request_id))
    books = sale.state if sale else SaleState.ABSENT
    to = REASSERTED[books][shown.state]
    fault = _fault(sale, shown, to, facts)
    if to is None or fault is not None:
        return _left(command, books, fault or Finding.CONFLICT, facts, now)
    if sale is not None and to is sale.state:
        return Decision(ReassertedAnswer(command.request_id, Became.KNOWN, sale.state))
    by = By(command.caller.terminal, shown.operator, f"REASSERTED in epoch {facts.of(_ANYBODY).epoch}")
    other = replaced(shown, by, facts, now) if sale is None else Replaced()
    again = _entered(shown, to, other, facts, now) if sale is None else _moved(sale, shown, to, facts, now)
    again = _with_codes(again, sale, shown, (other.moves, facts))
    again = _with_draws(again, sale, (other.moves, facts))
    became = Became.ENTERED if sale is None else Became.MOVED
    moves = _on_its_day((*other.moves, *moves_of(books, again.sale, by)), shown.business_on)
    kept = _kept(command, became, (*again.findings, *other.findings), facts, now)
    return Decision(ReassertedAnswer(command.request_id, became, again.sale.state), (*moves, kept))


def _fault(
    sale: SaleRecord | None, shown: SaleRecord, to: SaleState | None, facts: Facts
) -> Finding | None:
    """Why nothing may be changed by what is shown; None if it may."""
    if sale is None:
        if to is None or (to in _ASKED and not _is_known_upstream(shown)):
            return Finding.ASKED_OF_AUTHORITY
        effect = shown.effect
        unnamed = effect is not None and not effect.region and _member(shown, facts) is None
        return Finding.NOT_BOOKABLE if unnamed else None
    differs = bool(sale.split and shown.split) and (sale.split, sale.member) != (shown.split, shown.member)
    if to is None or differs:
        return Finding.CONFLICT
    remote = sale.effect is not None and bool(sale.effect.upstream)
    return Finding.ASKED_OF_AUTHORITY if remote and to is not sale.state else None


def _is_known_upstream(shown: SaleRecord) -> bool:
    """Whether the answer says what the authority was asked by, and what the sale is once it is undone."""
    asked = shown.upstream
    return asked is not None and (asked.ends_as is not None or shown.state is SaleState.PENDING)


def _entered(shown: SaleRecord, to: SaleState, other: Replaced, facts: Facts, now: Now) -> _Again:
    """The sale as a first record, in the state that was shown."""
    effect, findings = _effect(shown, _member(shown, facts), other.back_fen)
    if to is SaleState.HELD and effect is not None and any(each.variance_fen for each in effect.accounts):
        to = SaleState.EXPIRED  # what cannot be reserved any more is no hold: a late Confirm finds that out
        reserved = tuple(each._replace(variance_fen=0) for each in effect.accounts)
        effect = structs.replace(effect, accounts=reserved)
        findings = tuple(each for each in findings if each not in _OF_ACCOUNTS)
    if to is SaleState.HELD and not _goods_are_free(shown, other.moves, facts):
        to = SaleState.EXPIRED
    others = facts.of(TicketKey(shown.request_id.ticket))
    if to in ALIVE and any(each.state in ALIVE and each.request_id != shown.replaces for each in others):
        findings = (*findings, Finding.OTHER_ATTEMPT)
    sale = structs.replace(shown, state=to, version=1, committed_at=now.at, effect=effect)
    if to in _HOLDS:
        ends_at = now.at + now.desk.rules.hold if to is SaleState.HELD else now.at
        sale = structs.replace(sale, hold_expires_at=max(shown.hold_expires_at or ends_at, ends_at))
    if to is SaleState.SETTLED:
        sale = structs.replace(sale, recompute_due=_due(sale, facts, now))
    return _Again(sale, findings)


def _moved(sale: SaleRecord, shown: SaleRecord, to: SaleState, facts: Facts, now: Now) -> _Again:
    """The sale one version on, as the answer shows that it had come."""
    after = structs.replace(
        sale, state=to, version=sale.version + 1, committed_at=now.at,
        undone_by=shown.undone_by or sale.undone_by,
    )
    if to is SaleState.RELEASED:
        return _Again(after, ())
    after = structs.replace(after, business_on=shown.business_on)
    if to is SaleState.REVERSED:
        undone = structs.replace(after, reverse_reason="REASSERTED")
        return _Again(structs.replace(undone, recompute_due=_due(sale, facts, now)), ())
    findings: tuple[Finding, ...] = ()
    if sale.state is SaleState.EXPIRED and sale.effect is not None:
        effect, findings = _paid_now(sale.effect, _member(sale, facts), {})
        after = structs.replace(after, effect=effect)
    after = structs.replace(
        after, settled_on=shown.settled_on, tenders=shown.tenders, receipt_token=shown.receipt_token
    )
    return _Again(structs.replace(after, recompute_due=_due(after, facts, now)), findings)


def _goods_are_free(shown: SaleRecord, freed: Sequence[Move], facts: Facts) -> bool:
    """Whether nobody else has taken a pack of it since, or dispensed what it reserved of a prescription."""
    free = free_codes(shown.codes, shown.institution, standing(shown.codes, facts, freed))
    return free == shown.codes and not rest_of(shown.drawn, facts, freed).exceeded


def _codes(shown: SaleRecord, sale: SaleRecord | None) -> tuple[TracedCode, ...]:
    return shown.codes if sale is None else sale.codes


def _with_codes(
    again: _Again, before: SaleRecord | None, shown: SaleRecord, found: tuple[Sequence[Move], Facts]
) -> _Again:
    """With those of its codes that it may take; what others sold since is theirs."""
    codes, stood = _codes(shown, before), before is not None and before.state in _SELLS
    if stood or not codes or again.sale.state not in _SELLS:
        return again
    freed, facts = found
    free = free_codes(codes, again.sale.institution, standing(codes, facts, freed))
    findings = again.findings if free == codes else (*again.findings, Finding.CODES_SOLD)
    return _Again(structs.replace(again.sale, codes=free), findings)


def _with_draws(
    again: _Again, before: SaleRecord | None, found: tuple[tuple[Move, ...], Facts]
) -> _Again:
    drawn, findings = drawn_again(before, again.sale, *found)
    return _Again(structs.replace(again.sale, drawn=drawn), (*again.findings, *findings))


def _effect(
    shown: SaleRecord, member: MemberFacts | None, back_fen: Mapping[str, int]
) -> tuple[Effect | None, tuple[Finding, ...]]:
    """What the sale books, as far as people and accounts are known, and what is not.

    ``back_fen`` has gone back to accounts just before.
    """
    effect, findings = shown.effect, []
    if effect is None:
        return None, ()
    if not effect.region and member is not None:
        effect = structs.replace(effect, region=member.region, scheme=member.scheme.value)
        findings.append(Finding.SUMS_UNKNOWN)
    if member is None:
        effect = structs.replace(effect, counters=(), dispensed=())
        findings.append(Finding.MEMBER_UNKNOWN)
    if shown.state not in _RESERVES or effect.upstream:
        return effect, tuple(findings)
    paid, more = _paid_now(effect, member, back_fen)
    return paid, (*findings, *more)


def _paid_now(
    effect: Effect, member: MemberFacts | None, back_fen: Mapping[str, int]
) -> tuple[Effect, tuple[Finding, ...]]:
    """The same amounts; what an account has not is on ``variance``."""
    known = {
        each.account: replace(each, balance_fen=each.balance_fen + back_fen.get(each.account, 0))
        for each in (member.accounts if member else ())
    }
    bookings = tuple(_booking(each, known.get(each.account), effect) for each in effect.accounts)
    return structs.replace(effect, accounts=bookings), tuple(dict.fromkeys(_short(bookings, known)))


def _booking(booking: AccountBooking, account: AccountFacts | None, effect: Effect) -> AccountBooking:
    if account is None:
        return booking._replace(
            region=booking.region or effect.region, scheme=booking.scheme or effect.scheme,
            variance_fen=booking.amount_fen,
        )
    short_fen = max(0, booking.amount_fen - account.balance_fen)
    return booking._replace(region=account.region, scheme=account.scheme.value, variance_fen=short_fen)


def _short(bookings: tuple[AccountBooking, ...], known: dict[str, AccountFacts]) -> Iterator[Finding]:
    for booking in bookings:
        if booking.variance_fen:
            yield Finding.ACCOUNT_SHORT if booking.account in known else Finding.ACCOUNT_UNKNOWN


def _due(sale: SaleRecord, facts: Facts, now: Now) -> tuple[str, ...]:
    """Sales that were calculated without this one, or with it, and now it is otherwise."""
    return after_reversal(sale, facts, now) if sale.member else ()


def _member(sale: SaleRecord, facts: Facts) -> MemberFacts | None:
    return facts.of(MemberKey(sale.member)) if sale.member else None


def _on_its_day(moves: tuple[Move, ...], day: date | None) -> tuple[Move, ...]:
    """The entry clears on the day on which the institution has the sale, not on that of the restore."""
    if day is None:
        return moves
    return tuple(
        PostEntry(replace(move.entry, business_on=day)) if isinstance(move, PostEntry) else move
        for move in moves
    )


def _left(command: Reenter, books: SaleState, finding: Finding, facts: Facts, now: Now) -> Decision:
    kept = _kept(command, Became.LEFT_TO_OPERATOR, (finding,), facts, now)
    return Decision(ReassertedAnswer(command.request_id, Became.LEFT_TO_OPERATOR, books), (kept,))


def _kept(
    command: Reenter, became: Became, findings: tuple[Finding, ...], facts: Facts, now: Now
) -> KeepReassertion:
    return KeepReassertion(Reassertion(
        command.request_id, command.sale.state.value, facts.of(_ANYBODY).epoch, command.caller.terminal,
        now.at, became, findings, command.evidence,
    ))
