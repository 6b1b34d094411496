"""Rules of supervision and sales that were made: what rules would have found, and what shows only afterwards.

At the counter a rule knows what was there then. A hold that ended and was confirmed late was not, nor a claim
for a day gone by: nobody is refused for that, since the money has moved and the goods are gone. It shows once
the sales are looked at again, in the order of their days (事后审核).
"""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from msgspec import structs

from medsettle_gateway.domain.facts import AccountFacts, AccountState, MemberFacts
from medsettle_gateway.domain.finding import Finding
from medsettle_gateway.domain.keys import AnyKey, CatalogueKey, Facts, InstitutionKey, MemberKey, OrdersKey
from medsettle_gateway.domain.member import Owner, Scheme
from medsettle_gateway.domain.records import known as known_records
from medsettle_gateway.domain.register import CatalogueItem
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.domain.watching import WatchRule
from medsettle_gateway.eligibility.places import place_of
from medsettle_gateway.service.authority import Question
from medsettle_gateway.service.desk import Now
from medsettle_gateway.service.embedded import Embedded
from medsettle_gateway.service.facts_of_sale import item_codes
from medsettle_gateway.service.placing import place_keys, registered_on
from medsettle_gateway.service.watched import Look, watch_keys, watched, watched_visit
from medsettle_gateway.service.watching import findings

SALES_MOST: Final = 5_000
"""Sales of a member that are looked through: with all that came since, of which a counter knew none."""


@dataclass(frozen=True, slots=True)
class RulesOfADay(Embedded):
    """Watches every sale by the rules of one day, whenever it was made."""

    day: date = field(kw_only=True)

    def watches(self, region: str, scheme: str, on: date, known_on: date) -> tuple[WatchRule, ...]:  # noqa: ARG002 - that is the point
        """Returns the rules of that day."""
        return self.rules.watches(region, scheme, self.day, self.day)


def needs(sale: SaleRecord, known: Facts, now: Now) -> tuple[AnyKey, ...]:
    """Returns what to load to try the rules on a sale; nothing of one that was not bought or is not known."""
    if sale.basket is None or sale.effect is None or not sale.member:
        return ()
    now = _looking_back(now)
    place, person = InstitutionKey(sale.institution), MemberKey(sale.member)
    of_place = place_keys(sale.institution)
    institution = known.of(place) if place in known else None
    member = known.of(person) if person in known else None
    if institution is None or member is None:
        return (place, person, *of_place)
    institution = registered_on(known, institution, sale.service_on)
    goods = CatalogueKey(institution.region, item_codes(sale.basket))
    looks_back = watch_keys(_look(sale, member), known, now)
    return (place, person, goods, *of_place, *looks_back)


def tried(sale: SaleRecord, facts: Facts, now: Now) -> tuple[Finding, ...] | None:
    """Returns what the rules find in a sale; None where too little is known of it.

    ``now.at`` is the instant of the sale. Of the member's other sales those before it count that stand now;
    conditions and balances are those that it was calculated with. Who came for the patient is not known here.
    """
    now = _looking_back(now)
    question = _asked(sale, facts, needs(sale, facts, now))
    if question is None or sale.split is None:
        return None
    about = watched(_look(sale, question.member), question.institution, facts, (), now)
    if about is not None:
        own = (sale.created_at, sale.request_id.text)
        before = tuple(each for each in about.history if (each.at, each.request_id) < own)
        about = structs.replace(about, history=before, conditions=_conditions(sale))
    return findings(structs.replace(question, watched=about), sale.split, sale.settlements)


def _asked(sale: SaleRecord, facts: Facts, keys: tuple[AnyKey, ...]) -> Question | None:
    """What was bought, of whom and where, as of its day; None where too little of it is loaded or known."""
    if not keys or any(key not in facts for key in keys):
        return None
    institution, member = facts.of(InstitutionKey(sale.institution)), facts.of(MemberKey(sale.member or ""))
    if institution is None or member is None or sale.basket is None:
        return None
    (of_place,) = place_keys(sale.institution)
    records = facts.of(of_place)
    institution = place_of(institution, known_records(records), sale.service_on)
    items = _items(sale, facts, institution.region)
    if items is None:
        return None
    return Question(
        service_on=sale.service_on, institution=institution, member=_look(sale, member).member,
        basket=sale.basket, items=items, catalogue_digest="", payers=_payers(sale), counters={},
        known_on=sale.service_on,
    )


def needs_afterwards(sale: SaleRecord, known: Facts, now: Now) -> tuple[AnyKey, ...]:
    """Returns what to load to look at a sale again: as to try rules on it, and the orders of its day."""
    keys = needs(sale, known, now)
    return (*keys, *(_orders_key(sale, key.region, now) for key in keys if isinstance(key, CatalogueKey)))


def afterwards(sale: SaleRecord, facts: Facts, now: Now) -> tuple[Finding, ...] | None:
    """Returns what rules that look back find in a sale and did not at the counter; None: little is known.

    ``now.at`` is the instant of the sale. The member's other sales that stand count in the order of their
    days, whenever they came: of two that do not go together the one of the later day is found, once. Rules
    are those of the day; an order that skipped one does so still.
    """
    now = _looking_back(now)
    question = _asked(sale, facts, needs_afterwards(sale, facts, now))
    if question is None or sale.split is None:
        return None
    place = question.institution
    signed = facts.of(_orders_key(sale, place.region, now))
    skips = now.desk.orders.skips(signed, place, sale.service_on) if signed else ()
    about = watched_visit(_look(sale, question.member), place, facts, skips, now)
    if about is None:
        return ()
    own = (sale.service_on, sale.created_at, sale.request_id.text)
    before = tuple(each for each in about.history if (each.service_on, each.at, each.request_id) < own)
    looking_back = tuple(rule for rule in about.rules if rule.look_back_days)
    about = structs.replace(about, rules=looking_back, history=before, conditions=_conditions(sale))
    question = structs.replace(question, watched=about)
    then = [each.code for each in sale.findings]
    found = findings(question, sale.split, sale.settlements, proxied=sale.proxied)
    return tuple(each for each in found if each.code not in then)


def _looking_back(now: Now) -> Now:
    """The latest sales are read first: what was before a sale must not be lost behind what came after it."""
    rules = replace(now.desk.rules, past_sales_count=max(SALES_MOST, now.desk.rules.past_sales_count))
    return now._replace(desk=replace(now.desk, rules=rules))


def _orders_key(sale: SaleRecord, region: str, now: Now) -> OrdersKey:
    on = sale.service_on
    return OrdersKey(region, sale.institution, on, on, now.desk.rules.orders_count)


def _look(sale: SaleRecord, member: MemberFacts) -> Look:
    """The member in the region and scheme of then."""
    if sale.effect is not None:
        member = replace(member, region=sale.effect.region, scheme=Scheme(sale.effect.scheme))
    return Look(member, sale.institution, sale.service_on, sale.service_on)


def _items(sale: SaleRecord, facts: Facts, region: str) -> tuple[CatalogueItem, ...] | None:
    if sale.basket is None:
        return None
    versions = facts.of(CatalogueKey(region, item_codes(sale.basket))).items
    found = []
    for line in sale.basket.lines:
        on = line.service_on or sale.service_on
        item = next((each for each in versions.get(line.item_code, ()) if each.holds(on)), None)
        if item is None:
            return None
        found.append(item)
    return tuple(found)


def _conditions(sale: SaleRecord) -> tuple[str, ...]:
    inputs = (each.case_input for each in sale.settlements)
    return tuple(next((each["patient"]["conditions"] for each in inputs if "patient" in each), ()))


def _payers(sale: SaleRecord) -> tuple[AccountFacts, ...]:
    """The accounts with what they had when the first settlement was calculated."""
    inputs = (each.case_input for each in sale.settlements)
    accounts = next((each["accounts"] for each in inputs if "accounts" in each), ())
    scheme = Scheme(sale.effect.scheme) if sale.effect else Scheme.EMPLOYEE
    return tuple(
        AccountFacts(
            each["account"], Owner(each["owner"]), "", "", scheme, AccountState.ACTIVE, each["balance_fen"], 0
        )
        for each in accounts
    )
