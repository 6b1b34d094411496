"""A return of part of the goods: in one transaction the sale is reversed and what stays of it is settled.

What stays is calculated as if the sale had never been, under its own day, rules and facts: without a new
credential, since nothing is bought, and so no account pays more of it than it has paid. Of what the till asks
only the lines count, and the split that it showed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, NamedTuple, Self

from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle.wire.states import Event, SaleState
from medsettle_gateway.domain.asked import AskedLine, Basket, Collect
from medsettle_gateway.domain.breakdown import Breakdown
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.errors import Refused, refuse
from medsettle_gateway.domain.facts import AccountFacts, AccountState
from medsettle_gateway.domain.finding import Finding
from medsettle_gateway.domain.fingerprint import asked_digest, goods_digest
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.keys import AnyKey, Facts, InstitutionKey, MaskedNameKey, SaleKey, TicketKey
from medsettle_gateway.domain.member import Owner, Scheme
from medsettle_gateway.domain.moves import Move
from medsettle_gateway.domain.prescriptions import Draw
from medsettle_gateway.domain.sale import Fingerprint, RefusalRecord, SaleRecord
from medsettle_gateway.domain.split import Difference
from medsettle_gateway.domain.tracing import TracedCode, codes_of
from medsettle_gateway.ledger.transition import By, moves_of
from medsettle_gateway.service.afresh import afresh, keys_afresh
from medsettle_gateway.service.authority import Decided, Today
from medsettle_gateway.service.binding import carried
from medsettle_gateway.service.change import begun, draft, moved
from medsettle_gateway.service.commands import Caller, RefusedAnswer, SaleAnswer, Settle
from medsettle_gateway.service.desk import Decision, Now
from medsettle_gateway.service.dispensing import kept_draws
from medsettle_gateway.service.guards import (
    check_attempts,
    check_id_day,
    check_institution,
    check_right,
    right_keys,
)
from medsettle_gateway.service.placing import place_keys
from medsettle_gateway.service.recompute import after_reversal, later_key
from medsettle_gateway.service.refused import RefusedOnRecord, may_record, record_of, recorded
from medsettle_gateway.service.settle import first_answer
from medsettle_gateway.service.tracing import packs_count
from medsettle_gateway.service.undo import reversible_until
from medsettle_gateway.service.watching import accepted_of

_REASON: Final = "part of the goods returned"


class Return(NamedTuple):
    """Which sale, and the lines that stay of it."""

    replaces: RequestId
    lines: tuple[AskedLine, ...]


class Left(NamedTuple):
    """What is left of a sale: its basket then, what that comes to, and the moves of holds that ended."""

    sale: SaleRecord
    basket: Basket
    decided: Decided
    moves: tuple[Move, ...]

    @property
    def difference(self) -> Difference | None:
        """What goes back to each payer."""
        return None if self.sale.split is None else Difference.between(self.sale.split, self.decided.split)


@dataclass(frozen=True, slots=True)
class AskedReturn:
    """A Settle that replaces a sale, with its digests: ready for the writer."""

    command: Settle
    back: Return
    fingerprint: Fingerprint
    basket_digest: str

    @classmethod
    def prepare(cls, command: Settle, replaces: RequestId) -> Self:
        """Returns the command ready for the writer."""
        asked = asked_digest(command.basket, command.collect, command.expected, replaces.text)
        lines = command.basket.lines
        return cls(command, Return(replaces, lines), Fingerprint(asked, None), goods_digest(lines))


def needs(asked: AskedReturn, known: Facts, now: Now) -> tuple[AnyKey, ...]:
    """Returns what to load: the id and its ticket, then the sale that it replaces and what that finds now."""
    request_id = asked.command.request_id
    sale_key = SaleKey(request_id.text)
    sale = known.of(sale_key) if sale_key in known else None
    if sale is not None:
        return (sale_key, MaskedNameKey(sale.member)) if sale.member else (sale_key,)
    keys = (sale_key, TicketKey(request_id.ticket), *right_keys(asked.command.caller))
    return (*keys, *needs_of_return(asked.back, asked.command.caller, known, now))


def needs_of_return(back: Return, caller: Caller, known: Facts, now: Now) -> tuple[AnyKey, ...]:
    """Returns what to load to know what is left of the sale."""
    key = SaleKey(back.replaces.text)
    keys: tuple[AnyKey, ...] = (InstitutionKey(caller.institution), *place_keys(caller.institution), key)
    sale = known.of(key) if key in known else None
    if sale is None or not sale.member or sale.effect is None:
        return keys
    return (*keys, MaskedNameKey(sale.member), *keys_afresh(sale, now), later_key(sale, now))


def decide(asked: AskedReturn, facts: Facts, now: Now) -> Decision:
    """Returns the first answer of a known id, else replaces the sale, or refuses on record."""
    command = asked.command
    known = facts.of(SaleKey(command.request_id.text))
    if known is not None:
        return Decision(first_answer(asked, known, facts))
    try:
        return _replaced(asked, facts, now)
    except (Refused, RefusedOnRecord) as stopped:
        return _refuse(asked, record_of(stopped), facts, now)


def left_of(back: Return, caller: Caller, facts: Facts, now: Now) -> Left:
    """Returns what is left of a sale once part of its goods is returned.

    Raises Refused: INSTITUTION_UNKNOWN, INSTITUTION_SUSPENDED, NOT_YOURS, RETURN_NOT_SETTLED,
    RETURN_TOO_LATE, RETURN_NOT_POSSIBLE, RETURN_NOT_OF_SALE, and what the calculation says.
    """
    check_institution(caller.institution, facts, day_of(now.at))
    sale, sold = _settled(back.replaces, caller, facts, now.at)
    basket = _kept(sold, back.lines)
    found = afresh(sale, facts, now)
    if found is None:
        raise refuse(Reason.RETURN_NOT_POSSIBLE, cause="member_unknown")
    decided = now.desk.authority.left(sale, basket.lines, _without(sale, found.today, found.member.accounts))
    if sale.split is not None and decided.split.cash_fen > sale.split.cash_fen:
        # A till that takes goods back collects nothing: as a new sale it does.
        more_fen = decided.split.cash_fen - sale.split.cash_fen
        raise refuse(Reason.RETURN_NOT_POSSIBLE, cause="more_cash", more_fen=str(more_fen))
    return Left(sale, basket, decided, found.moves)


def _settled(replaces: RequestId, caller: Caller, facts: Facts, at: datetime) -> tuple[SaleRecord, Basket]:
    """The sale and what was sold."""
    if replaces.institution != caller.institution:
        raise refuse(Reason.NOT_YOURS, request_id=replaces.text)
    sale = facts.of(SaleKey(replaces.text))
    state = sale.state if sale is not None else SaleState.ABSENT
    if sale is None or state is not SaleState.SETTLED:
        by = sale.replaced_by if sale is not None else ""
        raise refuse(Reason.RETURN_NOT_SETTLED, request_id=replaces.text, state=state.value, replaced_by=by)
    if at >= reversible_until(sale):
        raise refuse(
            Reason.RETURN_TOO_LATE, request_id=replaces.text, until=reversible_until(sale).isoformat()
        )
    if sale.upstream is not None:
        raise refuse(Reason.RETURN_NOT_POSSIBLE, request_id=replaces.text, cause="authority")
    if sale.basket is None or not sale.member or sale.effect is None:
        raise refuse(Reason.RETURN_NOT_POSSIBLE, request_id=replaces.text, cause="restored")
    if sale.basket.admitted_on is not None:
        raise refuse(Reason.RETURN_NOT_POSSIBLE, request_id=replaces.text, cause="stay")
    return sale, sale.basket


def _kept(sold: Basket, lines: Sequence[AskedLine]) -> Basket:
    """The basket as it is left. Raises Refused: RETURN_NOT_OF_SALE, naming the first line that is no part."""
    before = {line.line_id: line for line in sold.lines}
    kept = {line.line_id: _kept_line(before.get(line.line_id), line) for line in lines}
    if kept == before:
        raise refuse(Reason.RETURN_NOT_OF_SALE, line="-", cause="nothing_returned")
    return replace(sold, lines=tuple(kept.values()))


def _kept_line(before: AskedLine | None, line: AskedLine) -> AskedLine:
    same = before is not None and (before.item_code, before.unit_price_micro) == (
        line.item_code, line.unit_price_micro
    )
    if before is None or not same:
        raise refuse(Reason.RETURN_NOT_OF_SALE, line=line.line_id, cause="another_line")
    if line.quantity_e4 > before.quantity_e4 or line.amount_fen > before.amount_fen:
        raise refuse(Reason.RETURN_NOT_OF_SALE, line=line.line_id, cause="more_than_was_sold")
    if not set(line.traceability_codes) <= set(before.traceability_codes):
        raise refuse(Reason.RETURN_NOT_OF_SALE, line=line.line_id, cause="another_traceability_code")
    codes = _kept_codes(before, line)
    days = before.days_supply
    if line.days_supply is not None and days is not None:
        days = min(days, line.days_supply)
    return structs.replace(
        before, quantity_e4=line.quantity_e4, amount_fen=line.amount_fen, days_supply=days,
        traceability_codes=codes,
    )


def _kept_codes(before: AskedLine, line: AskedLine) -> tuple[str, ...]:
    """The codes of the packs that stay: no pack is free again that did not come back.

    Raises Refused: RETURN_NOT_OF_SALE, if nobody says which they are, or more come back, or stay, than packs.
    """
    named, sold = line.traceability_codes, before.traceability_codes
    cause = ""
    if not named:
        if line.quantity_e4 == before.quantity_e4 or before.split_pack or not sold:
            return sold
        cause = "traceability_codes_not_named"
    elif len(sold) - len(named) > packs_count(before.quantity_e4 - line.quantity_e4):
        cause = "traceability_codes_not_returned"
    elif len(named) > packs_count(line.quantity_e4):
        cause = "traceability_codes_too_many"
    if cause:
        raise refuse(Reason.RETURN_NOT_OF_SALE, line=line.line_id, cause=cause)
    return named


def _without(sale: SaleRecord, today: Today, accounts: Sequence[AccountFacts]) -> Today:
    """What would be found today if the sale had not been: its counters and accounts have all back."""
    if sale.effect is None:
        return today
    counters: dict[CounterKey, int] = dict(today.counters)
    for key, amount in sale.effect.counters:
        if key in counters:
            counters[key] -= amount
    return today._replace(counters=counters, payers=_payers(sale, today.payers, accounts))


def _payers(
    sale: SaleRecord, able: Mapping[str, AccountFacts], accounts: Sequence[AccountFacts]
) -> dict[str, AccountFacts]:
    """Who may pay what stays: each account what it has paid, be it frozen or unbound since, and no more.

    Its owner has shown no credential: what was credited to it since would come back to the till as cash.
    """
    payers = {name: replace(account, balance_fen=0) for name, account in able.items()}
    known = {each.account: each for each in accounts}
    for each in sale.effect.accounts if sale.effect else ():
        account, paid_fen = each.account, each.amount_fen - each.variance_fen
        if account in known:
            payers[account] = replace(known[account], balance_fen=paid_fen)
        else:
            book = (each.region, Scheme(each.scheme))
            payers[account] = AccountFacts(
                account, Owner.SELF, "", *book, AccountState.FROZEN, paid_fen, 0
            )
    return payers


def _replaced(asked: AskedReturn, facts: Facts, now: Now) -> Decision:
    command, at = asked.command, now.at
    check_right(command.caller, facts, at)
    check_id_day(command.request_id, at)
    check_attempts(command.request_id, facts, but=asked.back.replaces.text)
    left = left_of(asked.back, command.caller, facts, now)
    if left.decided.split != command.expected:
        breakdown = Breakdown.together([each.breakdown for each in left.decided.settlements])
        raise RefusedOnRecord(RefusalRecord(
            Reason.QUOTE_CHANGED, expected=command.expected, now=left.decided.split, breakdown=breakdown
        ))
    before = left.sale
    due = after_reversal(before, facts, now)
    reversed_ = moved(
        before, Event.REVERSE, SaleState.REVERSED, at, reverse_reason=_REASON, recompute_due=due,
        replaced_by=command.request_id.text, undone_by=command.caller.terminal,
    )
    noted = _still_found(before, left.basket)
    sale = begun(
        _draft(asked, left.sale, left.basket, now), SaleState.SETTLED, at,
        settlements=left.decided.settlements, split=left.decided.split,
        effect=carried(left.decided.effect, before.effect),
        calculated_at=at, replaces=before.request_id.text, difference=left.difference, recompute_due=due,
        bound_at=before.bound_at, drawn=_still_drawn(before, left.basket),
        codes=_still_sold(before, left.basket),
        findings=noted, accepted=accepted_of(noted, before.accepted), proxied=before.proxied,
    )
    # What is left was sold when all was: a return gives no till more time to undo the rest.
    sale = structs.replace(sale, receipt_token=now.desk.receipts.issue(sale), settled_on=before.settled_on)
    moves = (
        *left.moves,
        *moves_of(SaleState.SETTLED, reversed_, _by(command, f"replaced by {sale.request_id}")),
        *moves_of(SaleState.ABSENT, sale, _by(command, f"replaces {before.request_id}")),
    )
    return Decision(SaleAnswer(sale, _name(sale, facts)), moves)


def _still_found(before: SaleRecord, basket: Basket) -> tuple[Finding, ...]:
    """What was found of what stays, and of the whole sale: nobody looks at it again."""
    stay = {line.line_id for line in basket.lines}
    found = ((each, tuple(line for line in each.line_ids if line in stay)) for each in before.findings)
    return tuple(each._replace(line_ids=lines) for each, lines in found if lines or not each.line_ids)


def _still_sold(before: SaleRecord, basket: Basket) -> tuple[TracedCode, ...]:
    """The codes of what stays; those of the packs that came back may be sold again."""
    stay = codes_of(basket) if before.codes else ()
    return tuple(each for each in before.codes if each in stay)


def _still_drawn(before: SaleRecord, basket: Basket) -> tuple[Draw, ...]:
    return kept_draws(basket, basket.lines, before.drawn) if before.drawn else ()


def _refuse(asked: AskedReturn, refusal: RefusalRecord, facts: Facts, now: Now) -> Decision:
    command = asked.command
    if not may_record(refusal.reason):
        return Decision(RefusedAnswer(refusal, recorded=False, request_id=command.request_id.text))
    found = facts.of(SaleKey(asked.back.replaces.text))
    ours = found if found is not None and found.institution == command.request_id.institution else None
    drafted = _draft(asked, ours, command.basket, now)
    sale = begun(drafted, SaleState.REFUSED, now.at, refusal=refusal, replaces=asked.back.replaces.text)
    return Decision(
        recorded(refusal, command.request_id),
        moves_of(SaleState.ABSENT, sale, _by(command, f"would replace {asked.back.replaces}")),
    )


def _draft(asked: AskedReturn, of: SaleRecord | None, basket: Basket, now: Now) -> SaleRecord:
    command = asked.command
    return draft(
        command.request_id,
        command.operator,
        command.requested_at,
        of.service_on if of is not None else command.request_id.ticket.day,
        now.at,
        fingerprint=asked.fingerprint,
        basket=basket,
        basket_digest=asked.basket_digest,
        collect=Collect.NOW,
        acknowledgements=command.acknowledgements,
        member=of.member if of is not None else None,
    )


def _name(sale: SaleRecord, facts: Facts) -> str:
    return facts.of(MaskedNameKey(sale.member)) if sale.member else ""


def _by(command: Settle, reason: str) -> By:
    return By(command.caller.terminal, command.operator, reason)
