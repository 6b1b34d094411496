"""What a check has said of cover, rules and catalogue binds for a while: a difference is not the patient's.

A sale that brings the token of a check is decided twice: by what is known now, and by what was known when the
patient was told. Balances, deductibles and caps are today's in both, since only a hold reserves them; and so
is what a check says nothing of: credentials, bindings of relatives, prescriptions, who prescribed, packs
that stand sold. Where the patient would bear more by what is known now, he pays what he was told, and what
funds do not bear of it is booked on ``variance``.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.accounts import is_family_counter
from medsettle_gateway.domain.breakdown import FundShare
from medsettle_gateway.domain.errors import Refusal, Refused, refuse
from medsettle_gateway.domain.facts import MemberFacts
from medsettle_gateway.domain.keys import AnyKey, Facts
from medsettle_gateway.domain.sale import CounterDelta, Effect
from medsettle_gateway.domain.split import Split
from medsettle_gateway.service import question
from medsettle_gateway.service.authority import Decided
from medsettle_gateway.service.desk import Now
from medsettle_gateway.service.eligibility_token import Binding
from medsettle_gateway.service.question import Asked, Asking


class Chosen(NamedTuple):
    """What a sale comes to. ``bound_at``: decided by what was known then; None by what is known now."""

    about: Asked
    decided: Decided
    bound_at: datetime | None = None


def needs(asking: Asking, known: Facts, now: Now) -> tuple[AnyKey, ...]:
    """Returns what to load: for the question as it is now, and as it was when a check was answered."""
    keys = question.needs(asking, known, now)
    bound = _bound(asking, now)
    return keys if bound is None else (*keys, *question.needs(bound, known, now))


def choose(asking: Asking, facts: Facts, now: Now) -> Chosen:
    """Returns what the basket comes to. Raises Refused: ELIGIBILITY_INVALID, and what now is refused for."""
    check_token(asking, now.at)
    bound = _bound(asking, now)
    if bound is None:
        about = question.ask(asking, facts, now)
        return Chosen(about, question.decided(about.question, now))
    told = _told(bound, facts, now)
    try:
        about = question.ask(asking, facts, now)
        decided = question.decided(about.question, now)
    except Refused:
        if told is None:
            raise
        return told._replace(decided=_varied(told.decided, None))
    if told is None or _borne_fen(decided.split) <= _borne_fen(told.decided.split):
        return Chosen(about, decided)
    return told._replace(decided=_varied(told.decided, decided))


def check_token(asking: Asking, at: datetime) -> None:
    """Raises Refused: ELIGIBILITY_INVALID, for a token that is not of this patient's check here.

    One whose time is over is no fault: it binds nobody any more.
    """
    binding, credential = asking.eligibility, asking.credential
    if not asking.brings_token:
        return
    if binding is None:
        raise refuse(Reason.ELIGIBILITY_INVALID, eligibility="not_issued_here")
    if at >= binding.until:
        return
    if binding.institution != asking.institution:
        raise refuse(Reason.ELIGIBILITY_INVALID, eligibility="other_institution")
    if not isinstance(credential, Refusal) and binding.member != credential.member:
        raise refuse(Reason.ELIGIBILITY_INVALID, eligibility="other_patient")


def issue(member: MemberFacts, institution: str, until: datetime, now: Now) -> str:
    """Returns the token of a check that is answered now."""
    return now.desk.eligibility.issue(Binding(member.member, institution, now.at, until))


def carried(effect: Effect, before: Effect | None) -> Effect:
    """Returns the effect of a sale that is calculated again, with what funds did not bear of it before.

    The calculation goes by what the patient was told: what it adds to the sums of the year no fund bears.
    Funds bear, and the sums move, as they did before; of a part of the goods, in proportion and rounded
    down. What relatives' accounts pay counts as it is paid.
    """
    if before is None or not before.fund_variance:
        return effect
    paid = dict(before.funds)
    left = (
        FundShare(fund, fen - _part(paid.get(fund, 0) - before.varied_fen(fund), fen, paid.get(fund, 0)))
        for fund, fen in effect.funds
    )
    told_fen, before_fen = sum(fen for _, fen in effect.funds), sum(paid.values())
    moved = (
        CounterDelta(key, _part(amount, told_fen, before_fen))
        for key, amount in before.counters if not is_family_counter(key)
    )
    return structs.replace(
        effect,
        fund_variance=tuple(share for share in left if share.amount_fen),
        counters=(*(each for each in moved if each.amount), *_of_family(effect)),
    )


def _part(amount: int, fen: int, of_fen: int) -> int:
    """Of an amount the part that ``fen`` are of ``of_fen``, and no more than all of it."""
    return amount * min(fen, of_fen) // of_fen if of_fen else 0


def _bound(asking: Asking, now: Now) -> Asking | None:
    """The question as it was when a check was answered that still binds; None where none does."""
    binding = asking.eligibility
    if binding is None or now.at >= binding.until:
        return None
    return replace(asking, known_at=binding.known_at)


def _told(bound: Asking, facts: Facts, now: Now) -> Chosen | None:
    """What the patient was told comes to; None where he was told that he may not have it."""
    try:
        about = question.ask(bound, facts, now)
        return Chosen(about, question.decided(about.question, now), bound.known_at)
    except Refused:
        return None


def _borne_fen(split: Split) -> int:
    """What the patient and the family bear."""
    return split.cash_fen + sum(part.amount_fen for part in split.accounts)


def _varied(told: Decided, today: Decided | None) -> Decided:
    """As told; a fund bears no more than by what is known now, and the sums of the year move by that.

    What relatives' accounts pay counts toward their owners' limits as it is paid: as told.
    """
    if today is not None and _book(today.effect) != _book(told.effect):
        today = None  # funds of one name elsewhere are other funds, and so are the sums of the year
    bears = dict(today.effect.funds) if today else {}
    over = (FundShare(fund, fen - bears.get(fund, 0)) for fund, fen in told.effect.funds)
    varied = tuple(share for share in over if share.amount_fen > 0)
    if not varied:
        return told
    borne_fen = sum(fen for _, fen in told.effect.funds) - sum(share.amount_fen for share in varied)
    of_policy = _of_policy(today.effect, borne_fen) if today else ()
    counters = (*of_policy, *_of_family(told.effect))
    return told._replace(
        effect=structs.replace(told.effect, fund_variance=varied, counters=counters)
    )


def _of_policy(today: Effect, borne_fen: int) -> Iterator[CounterDelta]:
    """What the sums of the year move by: all of today's, or the part that funds do bear of it."""
    pays_fen = sum(fen for _, fen in today.funds)
    for key, amount in today.counters:
        part = _part(amount, borne_fen, pays_fen) if pays_fen else amount
        if part and not is_family_counter(key):
            yield CounterDelta(key, part)


def _of_family(effect: Effect) -> Iterator[CounterDelta]:
    return (each for each in effect.counters if is_family_counter(each.key))


def _book(effect: Effect) -> tuple[str, str]:
    return effect.region, effect.scheme
