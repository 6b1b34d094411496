"""Settle: charge or hold what was quoted.

The order of checks: the id's own fate first, so that a used credential or a revoked right never hides a first
answer; then everything else, each refusal recorded under the id. A refused sale consumes nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, Self

from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle.wire.states import Event, SaleState
from medsettle_gateway.domain.asked import Collect
from medsettle_gateway.domain.breakdown import Breakdown
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.domain.errors import Refusal, Refused, refuse
from medsettle_gateway.domain.facts import ResolvedCredential
from medsettle_gateway.domain.finding import Finding
from medsettle_gateway.domain.fingerprint import asked_digest, goods_digest
from medsettle_gateway.domain.keys import (
    AnyKey,
    Facts,
    MaskedNameKey,
    MemberKey,
    RecentSalesKey,
    SaleKey,
    TicketKey,
)
from medsettle_gateway.domain.moves import KeepProxy, Move, UseCredential
from medsettle_gateway.domain.sale import Fingerprint, RefusalRecord, SaleRecord, SettlementRecord
from medsettle_gateway.domain.transitions import refused
from medsettle_gateway.domain.upstream import UpstreamRecord
from medsettle_gateway.ledger.transition import By, moves_of
from medsettle_gateway.service import binding, question
from medsettle_gateway.service.authority import Decided, Question
from medsettle_gateway.service.binding import Chosen
from medsettle_gateway.service.change import begun, draft
from medsettle_gateway.service.commands import RefusedAnswer, SaleAnswer, Settle
from medsettle_gateway.service.desk import Decision, Desk, Now
from medsettle_gateway.service.dispensing import check_reviewed
from medsettle_gateway.service.facts_of_sale import check_age
from medsettle_gateway.service.guards import (
    check_attempts,
    check_duplicate,
    check_id_day,
    check_quote,
    check_right,
    registered,
    right_keys,
)
from medsettle_gateway.service.question import Asked, Asking
from medsettle_gateway.service.refused import (
    RefusedOnRecord,
    may_record,
    record_of,
    recorded,
    unrecorded,
)
from medsettle_gateway.service.watching import accepted_of, check_findings, findings


@dataclass(frozen=True, slots=True)
class AskedSettle:
    """A Settle with what could be said of its credential, and its digests: ready for the writer."""

    command: Settle
    asking: Asking
    fingerprint: Fingerprint
    basket_digest: str

    @classmethod
    def prepare(cls, command: Settle, credential: ResolvedCredential | Refusal, desk: Desk) -> Self:
        """Returns the command ready for the writer."""
        token, checked = command.quote_token, command.eligibility_token
        quoted = desk.quotes.read(token) if token is not None else None
        return cls(
            command=command,
            asking=Asking(
                command.request_id.institution, credential, command.basket, quoted,
                eligibility=desk.eligibility.read(checked) if checked is not None else None,
                brings_token=checked is not None, proxied=command.proxy is not None,
            ),
            fingerprint=Fingerprint(
                asked_digest(command.basket, command.collect, command.expected),
                credential.member if isinstance(credential, ResolvedCredential) else None,
            ),
            basket_digest=goods_digest(command.basket.lines),
        )


def needs(asked: AskedSettle, known: Facts, now: Now) -> tuple[AnyKey, ...]:
    """Returns what to load: the id and its ticket, person and place; then goods and counters."""
    request_id = asked.command.request_id
    sale_key = SaleKey(request_id.text)
    keys: tuple[AnyKey, ...] = (sale_key, TicketKey(request_id.ticket))
    sale = known.of(sale_key) if sale_key in known else None
    if sale is not None:
        return (*keys, MaskedNameKey(sale.member)) if sale.member else keys
    keys += right_keys(asked.command.caller)
    return (*keys, *_recent(asked, now), *binding.needs(asked.asking, known, now))


def _recent(asked: AskedSettle, now: Now) -> tuple[RecentSalesKey, ...]:
    """What the patient bought here a moment ago; nothing where the credential does not say who it is."""
    credential = asked.asking.credential
    if isinstance(credential, Refusal):
        return ()
    since = now.at - now.desk.rules.duplicate_window
    institution = asked.command.request_id.institution
    return (RecentSalesKey(credential.member, institution, asked.basket_digest, since, limit=1),)


def decide(asked: AskedSettle, facts: Facts, now: Now) -> Decision:
    """Returns the first answer of a known id, else charges, holds, or refuses on record."""
    sale = facts.of(SaleKey(asked.command.request_id.text))
    if sale is not None:
        return Decision(first_answer(asked, sale, facts))
    try:
        return _charge(asked, facts, now)
    except (Refused, RefusedOnRecord) as stopped:
        return _refuse(asked, record_of(stopped), facts, now)


class Repeated(Protocol):
    """What a repeat is known by."""

    @property
    def command(self) -> Settle:
        """What was asked."""

    @property
    def fingerprint(self) -> Fingerprint:
        """The digest of it."""


def first_answer(asked: Repeated, sale: SaleRecord, facts: Facts) -> SaleAnswer | RefusedAnswer:
    """Returns what a repeat gets: the first answer and the state now."""
    request_id = asked.command.request_id
    reason = refused(sale.state, Event.SETTLE)
    if reason is not None:
        return recorded(RefusalRecord(reason), request_id)
    if sale.fingerprint is None or not sale.fingerprint.matches(asked.fingerprint):
        return unrecorded(Reason.REQUEST_ID_REUSED, request_id.text)
    if sale.state is SaleState.REFUSED and sale.refusal is not None:
        return recorded(sale.refusal, request_id)
    return SaleAnswer(sale, facts.of(MaskedNameKey(sale.member)) if sale.member else "")


def _charge(asked: AskedSettle, facts: Facts, now: Now) -> Decision:
    command = asked.command
    check_right(command.caller, facts, now.at)
    check_id_day(command.request_id, now.at)
    check_attempts(command.request_id, facts)
    for key in _recent(asked, now):
        check_duplicate(facts.of(key), command)
    check_quote(command, asked.asking.quoted, now.at)
    place = registered(command.request_id.institution, facts, day_of(now.at))
    authority = now.desk.remotes.of(place)
    if authority:
        binding.check_token(asked.asking, now.at)
        about = question.ask(asked.asking, facts, now)
        check_reviewed(about.question.prescribed)
        if authority not in now.desk.remotes.authorities:
            raise refuse(Reason.AUTHORITY_UNAVAILABLE, authority=authority)  # nobody here could send it
        check_age(about.question.service_on, now.at, now.desk.rules)
        return _to_ask(asked, about, authority, _watched(command, about.question), now)
    chosen = binding.choose(asked.asking, facts, now)
    if chosen.decided.split != command.expected:
        raise RefusedOnRecord(_quote_changed(command, chosen.decided))
    noted = _watched(command, chosen.about.question, chosen.decided.settlements)
    return _booked(asked, chosen, noted, now)


def _watched(
    command: Settle, asked: Question, settlements: tuple[SettlementRecord, ...] = ()
) -> tuple[Finding, ...]:
    """What supervision finds. Raises RefusedOnRecord for what blocks the sale, or nobody has accepted."""
    proxied = command.proxy is not None
    noted = findings(asked, command.expected, settlements, proxied=proxied)
    check_findings(noted, command.accepted_warnings)
    return noted


def _quote_changed(command: Settle, decided: Decided) -> RefusalRecord:
    breakdown = Breakdown.together([each.breakdown for each in decided.settlements])
    return RefusalRecord(
        Reason.QUOTE_CHANGED, expected=command.expected, now=decided.split, breakdown=breakdown
    )


def _booked(asked: AskedSettle, chosen: Chosen, noted: tuple[Finding, ...], now: Now) -> Decision:
    about, decided, bound_at = chosen
    command, at, credential = asked.command, now.at, about.credential
    now_paid = command.collect is Collect.NOW
    sale = begun(
        _draft(asked, now),
        SaleState.SETTLED if now_paid else SaleState.HELD,
        at,
        service_on=about.question.service_on,
        settlements=decided.settlements,
        split=decided.split,
        effect=decided.effect,
        calculated_at=at,
        hold_expires_at=None if now_paid else at + now.desk.rules.hold,
        bound_at=bound_at,
        drawn=about.question.drawn,
        codes=asked.asking.traced,
        findings=noted,
        accepted=accepted_of(noted, command.accepted_warnings),
    )
    if now_paid:
        sale = structs.replace(sale, receipt_token=now.desk.receipts.issue(sale))
    by = _by(command)._replace(reason="; ".join((*_under(decided), *_accepted(sale))))
    moves = (*about.moves, *moves_of(SaleState.ABSENT, sale, by), *_of_people(command, credential, at))
    return Decision(SaleAnswer(sale, about.question.member.masked_name), moves)


def _to_ask(
    asked: AskedSettle, about: Asked, authority: str, noted: tuple[Finding, ...], now: Now
) -> Decision:
    """What a remote authority is to be asked, written down before anything is sent."""
    command, at, credential, rules = asked.command, now.at, about.credential, now.desk.rules
    upstream = UpstreamRecord(
        authority=authority,
        number=now.desk.remotes.number(command.request_id.institution, at),
        expected=command.expected,
        credential_id=credential.credential_id,
        sent_until=at + rules.authority_wait + rules.errand_margin,
        collect=command.collect,
    )
    service_on = about.question.service_on
    sale = begun(
        _draft(asked, now), SaleState.PENDING, at, service_on=service_on, upstream=upstream,
        drawn=about.question.drawn, findings=noted, accepted=accepted_of(noted, command.accepted_warnings),
        codes=asked.asking.traced,
    )
    of_people = _of_people(command, credential, at)
    by = _by(command)._replace(reason="; ".join(_accepted(sale)))
    moves = (*about.moves, *moves_of(SaleState.ABSENT, sale, by), *of_people)
    return Decision(SaleAnswer(sale, about.question.member.masked_name, to_send=True), moves)


def _of_people(command: Settle, credential: ResolvedCredential, at: datetime) -> tuple[Move, ...]:
    """The credential that the sale uses up, and who came for the patient."""
    text = command.request_id.text
    use = UseCredential(credential.credential_id, text, at, credential.expires_at)
    kept = () if command.proxy is None else (KeepProxy(text, command.proxy, at),)
    return (use, *kept) if credential.single_use else kept


def _under(decided: Decided) -> tuple[str, ...]:
    """For the books: the emergency orders under which the sale was calculated."""
    orders = dict.fromkeys(each.order for each in decided.settlements if each.order)
    return (f"emergency order {', '.join(orders)}",) if orders else ()


def _accepted(sale: SaleRecord) -> tuple[str, ...]:
    """For the books: the warnings in spite of which the cashier went on, and why."""
    return tuple(f"accepted {code}: {reason}" for code, reason in sale.accepted)


def _refuse(asked: AskedSettle, refusal: RefusalRecord, facts: Facts, now: Now) -> Decision:
    command = asked.command
    if not may_record(refusal.reason):
        return Decision(RefusedAnswer(refusal, recorded=False, request_id=command.request_id.text))
    sale = begun(_draft(asked, now), SaleState.REFUSED, now.at, refusal=refusal)
    if sale.member and facts.of(MemberKey(sale.member)) is None:
        sale = structs.replace(sale, member=None)
    return Decision(recorded(refusal, command.request_id), moves_of(SaleState.ABSENT, sale, _by(command)))


def _draft(asked: AskedSettle, now: Now) -> SaleRecord:
    command = asked.command
    return draft(
        command.request_id,
        command.operator,
        command.requested_at,
        asked.asking.wanted_day(now.at),
        now.at,
        fingerprint=asked.fingerprint,
        basket=command.basket,
        basket_digest=asked.basket_digest,
        collect=command.collect,
        acknowledgements=command.acknowledgements,
        member=asked.fingerprint.member,
        proxied=command.proxy is not None,
    )


def _by(command: Settle) -> By:
    return By(command.caller.terminal, command.operator)
