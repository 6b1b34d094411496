"""Rules of supervision tried on sales that were made: what they would have found there."""

from dataclasses import dataclass, field, replace
from datetime import date

from msgspec import structs

from medsettle_gateway.domain.facts import AccountFacts, AccountState, MemberFacts
from medsettle_gateway.domain.finding import Finding
from medsettle_gateway.domain.keys import AnyKey, CatalogueKey, Facts, InstitutionKey, MemberKey
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
from medsettle_gateway.service.watched import Look, watch_keys, watched
from medsettle_gateway.service.watching import findings


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
    keys = needs(sale, facts, now)
    if not keys or any(key not in facts for key in keys):
        return None
    institution, member = facts.of(InstitutionKey(sale.institution)), facts.of(MemberKey(sale.member or ""))
    if institution is None or member is None or sale.basket is None or sale.split is None:
        return None
    (of_place,) = place_keys(sale.institution)
    records = facts.of(of_place)
    institution = place_of(institution, known_records(records), sale.service_on)
    items = _items(sale, facts, institution.region)
    if items is None:
        return None
    look = _look(sale, member)
    about = watched(look, institution, facts, (), now)
    if about is not None:
        own = (sale.created_at, sale.request_id.text)
        before = tuple(each for each in about.history if (each.at, each.request_id) < own)
        about = structs.replace(about, history=before, conditions=_conditions(sale))
    question = Question(
        service_on=sale.service_on, institution=institution, member=look.member, basket=sale.basket,
        items=items, catalogue_digest="", payers=_payers(sale), counters={}, known_on=sale.service_on,
        watched=about,
    )
    return findings(question, sale.split, sale.settlements)


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
