"""What a recorded sale finds that is calculated again: its member's balances, counters and drugs now."""

from typing import NamedTuple

from medsettle_gateway.domain.accounts import family_key
from medsettle_gateway.domain.facts import AccountState, MemberFacts
from medsettle_gateway.domain.keys import AnyKey, CountersKey, DueHoldsKey, Facts, MemberKey
from medsettle_gateway.domain.moves import Move
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.domain.tracing import TracedCode
from medsettle_gateway.service.authority import Today
from medsettle_gateway.service.desk import Now
from medsettle_gateway.service.dispensing import fits, keys_of_draws
from medsettle_gateway.service.due import dispensed_keys, free_due, stay_keys
from medsettle_gateway.service.payers import payers_now
from medsettle_gateway.service.person import person_keys
from medsettle_gateway.service.tracing import free_codes, standing, trace_keys


class Afresh(NamedTuple):
    """What it finds, with the moves of other holds whose time is over, and whether its stay was billed.

    ``is_left``: what it dispensed of registered prescriptions, and has given back since, is still left.
    ``codes`` are those of its traceability codes that nobody else has taken since.
    """

    member: MemberFacts
    today: Today
    moves: tuple[Move, ...]
    stay_ended: bool
    is_left: bool
    codes: tuple[TracedCode, ...]

    def may_stand(self, sale: SaleRecord) -> bool:
        """Returns whether everything that the sale needs besides money is still there for it."""
        return self.is_left and not self.stay_ended and self.codes == sale.codes


def keys_afresh(sale: SaleRecord, now: Now) -> tuple[AnyKey, ...]:
    """Returns what to load to calculate a sale again that was held or settled; nothing for any other."""
    if sale.effect is None or not sale.member:
        return ()
    return (
        MemberKey(sale.member),
        *person_keys(sale.member),
        DueHoldsKey(sale.member, now.at, now.desk.rules.due_holds_count),
        *_counters_keys(sale, now),
        *dispensed_keys(sale.member, sale.effect.region, sale.service_on, now),
        *stay_keys(sale.member, sale.institution, sale.basket),
        *keys_of_draws(sale.drawn),
        *trace_keys(sale.codes),
    )


def afresh(sale: SaleRecord, facts: Facts, now: Now) -> Afresh | None:
    """Returns what the sale finds; None where its member is not in the register any more."""
    member = facts.of(MemberKey(sale.member or ""))
    if member is None:
        return None
    due = facts.of(DueHoldsKey(member.member, now.at, now.desk.rules.due_holds_count))
    counted = {key: facts.of(key) for key in _counters_keys(sale, now)}
    freed = free_due(due, member, counted, now.at, but=sale.request_id.text)
    bound = payers_now(freed, facts, sale.service_on, now)
    ends = [facts.of(key) for key in stay_keys(member.member, sale.institution, sale.basket)]
    payers = {each.account: each for each in bound.member.accounts if each.state is AccountState.ACTIVE}
    region = sale.effect.region if sale.effect else member.region
    dispensed = dispensed_keys(member.member, region, sale.service_on, now)
    own = sale.request_id.text
    handed_out = [drug for key in dispensed for drug in facts.of(key) if drug.request_id != own]
    return Afresh(
        freed.member,
        Today(payers, freed.counters, freed.still_out(handed_out)),
        freed.moves,
        any(freed.still_there(final) is not None for final in ends),
        fits(sale.drawn, facts, freed.moves),
        free_codes(sale.codes, sale.institution, standing(sale.codes, facts, freed.moves)),
    )


def _counters_keys(sale: SaleRecord, now: Now) -> tuple[CountersKey, ...]:
    effect = sale.effect
    if effect is None or not sale.member:
        msg = f"{sale.request_id} was never held"
        raise AssertionError(msg)
    periods = now.desk.authority.periods(sale.institution, sale.basket, sale.service_on)
    own = CountersKey(sale.member, effect.region, effect.scheme, periods)
    return (own, family_key(sale.member, sale.service_on.year))
