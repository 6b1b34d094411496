"""What rules of supervision need to know of a sale or a visit: nothing, where a region has none."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from medsettle_gateway.domain.calendar import day_begins_at
from medsettle_gateway.domain.facts import InstitutionFacts, MemberFacts
from medsettle_gateway.domain.keys import AnyKey, Facts, InstitutionKey, PastSalesKey
from medsettle_gateway.domain.past import PastSale
from medsettle_gateway.domain.records import known as known_records
from medsettle_gateway.domain.watching import DrugKinds, OverDays, TwoPlaces, WatchRule
from medsettle_gateway.eligibility.places import place_of
from medsettle_gateway.service.desk import Now
from medsettle_gateway.service.placing import place_keys
from medsettle_gateway.supervision.places import elsewhere
from medsettle_gateway.supervision.seen import Seen, Watched


class Look(NamedTuple):
    """At whom, where and for which day supervision looks, by the packs that were known on ``known_on``."""

    member: MemberFacts
    institution: str
    on: date
    known_on: date


def watch_keys(look: Look, known: Facts, now: Now) -> tuple[AnyKey, ...]:
    """Returns what to load for the region's rules: nothing where it has none, or none that looks back."""
    rules = _rules(look, now)
    key = _past_key(look, rules, now) if rules else None
    if key is None:
        return ()
    if key not in known:
        return (key,)
    history = known.of(key)
    keys: tuple[AnyKey, ...] = (key,)
    for code in _others(look, rules, _counting(history, now), now):
        keys += (InstitutionKey(code), *place_keys(code))
    return keys


def watched(
    look: Look, place: InstitutionFacts, facts: Facts, skips: Sequence[str], now: Now
) -> Watched | None:
    """Returns what the rules need to know of a sale or visit; None where no rule looks at it.

    ``skips`` are the rules, by id or kind, that an emergency order leaves out.
    """
    rules = _rules(look, now)
    used = tuple(rule for rule in rules if rule.id not in skips and rule.kind not in skips)
    if not used:
        return None
    key = _past_key(look, rules, now)
    past = () if key is None else facts.of(key)
    history = _counting(past, now)
    districts = {look.institution: place.district} if place.district else {}
    for code in _others(look, rules, history, now):
        district = _district(code, facts, look.on)
        if district:
            districts[code] = district
    conditions: tuple[str, ...] = ()
    if any(isinstance(rule, OverDays | DrugKinds) for rule in used):
        conditions = now.desk.authority.conditions(look.member, place, look.on, look.known_on)
    return Watched(used, now.at, history, districts, conditions)


def watched_visit(
    look: Look, place: InstitutionFacts, facts: Facts, skips: Sequence[str], now: Now
) -> Watched | None:
    """Returns what the rules need to know of a visit before a sale; None where none looks back."""
    if _past_key(look, _rules(look, now), now) is None:
        return None
    return watched(look, place, facts, skips, now)


def _rules(look: Look, now: Now) -> tuple[WatchRule, ...]:
    member = look.member
    return now.desk.authority.watches(member.region, member.scheme.value, look.on, look.known_on)


def _past_key(look: Look, rules: Sequence[WatchRule], now: Now) -> PastSalesKey | None:
    days = max([rule.look_back_days for rule in rules], default=0)
    if not days:
        return None
    since = day_begins_at(date.fromordinal(look.on.toordinal() - days))
    return PastSalesKey(look.member.member, since, now.desk.rules.past_sales_count)


def _counting(history: Sequence[PastSale], now: Now) -> tuple[PastSale, ...]:
    """Without holds whose time is over, whether they were swept or not."""
    return tuple(each for each in history if each.held_until is None or each.held_until > now.at)


def _others(
    look: Look, rules: Sequence[WatchRule], history: tuple[PastSale, ...], now: Now
) -> tuple[str, ...]:
    """The other places where the person was a moment ago: most of the time none."""
    if not history:
        return ()
    visit = Seen(on=look.on, at=now.at, institution=look.institution, history=history)
    near = (
        sale.institution for rule in rules if isinstance(rule, TwoPlaces) for sale in elsewhere(rule, visit)
    )
    return tuple(dict.fromkeys(near))


def _district(code: str, facts: Facts, on: date) -> str:
    institution = facts.of(InstitutionKey(code))
    if institution is None:
        return ""
    (of_place,) = place_keys(code)
    records = facts.of(of_place)
    return place_of(institution, known_records(records), on).district
