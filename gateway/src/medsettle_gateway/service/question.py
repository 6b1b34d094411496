"""The part that Quote and Settle share: what to load for a basket, and the question that it makes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from operator import is_
from typing import NamedTuple

from msgspec import structs

from medsettle_gateway.domain.accounts import Payers, family_keys
from medsettle_gateway.domain.asked import Basket
from medsettle_gateway.domain.basket import EmergencyOrder
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.domain.errors import Refusal, Refused
from medsettle_gateway.domain.facts import InstitutionFacts, MemberFacts, ResolvedCredential
from medsettle_gateway.domain.keys import (
    AnyKey,
    CatalogueKey,
    CountersKey,
    CredentialUseKey,
    DispensedKey,
    DueHoldsKey,
    Facts,
    InstitutionKey,
    MemberKey,
    OrdersKey,
)
from medsettle_gateway.domain.moves import Move
from medsettle_gateway.domain.staff import StaffFacts
from medsettle_gateway.domain.tracing import TracedCode, codes_of
from medsettle_gateway.service.authority import Decided, Question
from medsettle_gateway.service.desk import Now
from medsettle_gateway.service.dispensing import (
    as_registered,
    check_prescribed,
    prescription_keys,
    registered_of,
)
from medsettle_gateway.service.due import Freed, dispensed_keys, free_due, stay_keys
from medsettle_gateway.service.eligibility_token import Binding
from medsettle_gateway.service.facts_of_sale import (
    check_age,
    check_day,
    check_stay,
    item_codes,
    wanted_day,
)
from medsettle_gateway.service.filing import with_filings
from medsettle_gateway.service.foremost import foremost
from medsettle_gateway.service.goods import check_goods
from medsettle_gateway.service.guards import check_credential, check_institution
from medsettle_gateway.service.payers import check_payers, payers_now
from medsettle_gateway.service.person import person_keys, person_on
from medsettle_gateway.service.placing import place_keys, place_on, registered_on
from medsettle_gateway.service.quote_token import Quoted
from medsettle_gateway.service.staffing import check_staff, staff_keys, staff_of_basket
from medsettle_gateway.service.tracing import Traces, standing, trace_keys
from medsettle_gateway.service.watched import Look, watch_keys, watched
from medsettle_gateway.supervision.seen import Watched


@dataclass(frozen=True)  # without slots, so that it keeps what it is asked for in every round of loading
class Asking:
    """A basket, at a place, for whoever showed the credential; the quote that was shown, if any.

    ``known_at``: what was entered later of people, places and goods counts for nothing; None: all counts.
    ``eligibility`` is what the check said whose token came along, None if none did or nobody here issued it.
    ``proxied``: somebody else has come for the patient.
    """

    institution: str
    credential: ResolvedCredential | Refusal
    basket: Basket
    quoted: Quoted | None = None
    known_at: datetime | None = None
    eligibility: Binding | None = None
    brings_token: bool = False
    proxied: bool = False

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """The codes of the goods, sorted, each once."""
        return item_codes(self.basket)

    @cached_property
    def traced(self) -> tuple[TracedCode, ...]:
        """The traceability codes of the goods."""
        return codes_of(self.basket)

    @cached_property
    def first_on(self) -> date | None:
        """The first day that a line states, None if none does."""
        return min((line.service_on for line in self.basket.lines if line.service_on), default=None)

    @cached_property
    def kept(self) -> list["_Known"]:
        """What was asked for when the member was last known: at most one entry."""
        return []

    def wanted_day(self, at: datetime) -> date:
        """Returns the day of service that is asked for; whether it may be settled is not checked."""
        return wanted_day(self.basket, self.quoted.service_on if self.quoted else None, at)


class _Known(NamedTuple):
    """What a basket asks for once its member and place are known, and by which facts that was said."""

    facts: tuple[object, ...]
    at: datetime
    keys: tuple[AnyKey, ...]
    look: Look


class Asked(NamedTuple):
    """A question, the credential it rests on, and the moves that end holds whose time is over."""

    question: Question
    credential: ResolvedCredential
    moves: tuple[Move, ...]


def needs(asking: Asking, known: Facts, now: Now) -> tuple[AnyKey, ...]:
    """Returns what to load: person and place first, then goods and counters."""
    place = InstitutionKey(asking.institution)
    if isinstance(asking.credential, Refusal):
        return (place, *place_keys(asking.institution))
    person = MemberKey(asking.credential.member)
    of_person = person_keys(asking.credential.member)
    of_place = place_keys(asking.institution)
    rests_on: tuple[AnyKey, ...] = (person, *of_person, place, *of_place)
    stands_on = tuple([known.of(key) for key in rests_on]) if person in known else ()
    for kept in asking.kept:
        # The last round of loading asks for what the one before it did.
        if stands_on and kept.at == now.at and all(map(is_, kept.facts, stands_on)):
            return (*kept.keys, *watch_keys(kept.look, known, now))
    keys: tuple[AnyKey, ...] = (place, person, *of_person, _due_key(asking.credential.member, now))
    keys += (*of_place, *prescription_keys(asking.basket))
    keys += staff_keys(as_registered(asking.basket, registered_of(asking.basket, known)))
    if asking.credential.single_use:
        keys += (CredentialUseKey(asking.credential.credential_id),)
    member = known.of(person) if person in known else None
    if member is None:
        return keys
    wanted_on = asking.wanted_day(now.at)
    member = person_on(known, member, wanted_on, asking.known_at)
    institution = known.of(place)
    if institution is not None:
        institution = registered_on(known, institution, wanted_on, asking.known_at)
    region = institution.region if institution else member.region
    keys = (*keys, _catalogue_key(asking, region), *_counters_keys(asking, member, now))
    keys = (
        *keys,
        _orders_key(asking, region, now),
        *_dispensed_keys(asking, member, now),
        *trace_keys(asking.traced),
        *stay_keys(member.member, asking.institution, asking.basket),
    )
    look = _look(asking, member, now)
    if not asking.basket.prescriptions:  # who is named on them is known only when they are
        asking.kept[:] = [_Known(stands_on, now.at, keys, look)]
    return (*keys, *watch_keys(look, known, now))


def ask(asking: Asking, facts: Facts, now: Now) -> Asked:
    """Returns the question of a basket.

    Raises Refused, in this order: the institution's, SERVICE_DATE_INVALID, the credential's, MEMBER_UNKNOWN,
    STAY_ENDED, then the prescriptions', those who prescribed and reviewed, the items', the payers'; before
    these whatever the authority refuses without them: see :mod:`medsettle_gateway.service.foremost`.
    """
    basket, quoted = asking.basket, asking.quoted
    wanted_on = asking.wanted_day(now.at)
    institution = check_institution(asking.institution, facts, wanted_on, asking.known_at)
    service_on = check_day(basket, quoted.service_on if quoted else None, now.at, now.desk.rules)
    institution = place_on(facts, institution, service_on, asking.known_at)
    credential, registered = check_credential(asking.credential, quoted, facts)
    member = person_on(facts, registered, service_on, asking.known_at)
    member = with_filings(facts, member, asking.known_at)
    counted = {key: facts.of(key) for key in _counters_keys(asking, member, now)}
    due = facts.of(_due_key(member.member, now))
    freed = free_due(due, member, counted, now.at)
    for key in stay_keys(member.member, asking.institution, basket):
        check_stay(freed.still_there(facts.of(key)), basket)
    payers = payers_now(freed, facts, service_on, now)
    asked = Question(
        service_on=service_on,
        institution=institution,
        member=payers.member,
        basket=basket,
        items=(),
        catalogue_digest="",
        payers=(),
        counters=freed.counters,
        known_on=day_of(asking.known_at or now.at),
    )
    try:
        question = _with_goods(asked, asking, _Found(freed, payers), facts, now)
    except Refused as refused:
        # Nobody who decides elsewhere can be asked for less than a sale.
        before = None if now.desk.remotes.of(institution) else now.desk.authority.bars(asked)
        raise Refused(foremost(refused.refusal, before)) from refused
    return Asked(question, credential, freed.moves)


class _Found(NamedTuple):
    """What holds that are over have freed, and who may pay."""

    freed: Freed
    payers: Payers


def _with_goods(
    asked: Question, asking: Asking, found: _Found, facts: Facts, now: Now
) -> Question:
    """The question with its prescriptions, staff, goods and payers. Raises Refused, in this order."""
    (freed, payers), institution, service_on = found, asked.institution, asked.service_on
    catalogue = facts.of(_catalogue_key(asking, institution.region))
    handed_out = [drug for key in _dispensed_keys(asking, asked.member, now) for drug in facts.of(key)]
    on_file = registered_of(asked.basket, facts)
    prescribed = check_prescribed(
        asked.basket, on_file, asked.member.member, institution.code, service_on, freed.moves
    )
    basket = as_registered(asked.basket, on_file)
    traces = _traces(asking, institution, freed.moves, facts, now)
    orders, about = _watched(asking, asked.member, institution, facts, now)
    return structs.replace(
        asked,
        basket=basket,
        staff=_staff(asking, basket, facts, institution, now),
        items=check_goods(basket, catalogue, service_on, traces),
        catalogue_digest=catalogue.digest,
        payers=check_payers(basket, payers),
        dispensed=freed.still_out(handed_out),
        orders=orders,
        watched=about,
        prescribed=prescribed,
    )


def _staff(
    asking: Asking, basket: Basket, facts: Facts, institution: InstitutionFacts, now: Now
) -> tuple[StaffFacts, ...]:
    """Those who prescribed and reviewed, as they are known now: no check has said anything of them.

    Raises Refused where one of them may not.
    """
    staff = staff_of_basket(facts, basket)
    if staff:
        on, known_on = asking.wanted_day(now.at), day_of(asking.known_at or now.at)
        rules = now.desk.authority.staff_rules(institution.region, on, known_on)
        check_staff(basket, staff, institution, on, rules)
    return staff


def decided(question: Question, now: Now) -> Decided:
    """Returns what the question comes to.

    Raises Refused: what the authority says, such as that no pack was in force; only then SERVICE_DATE_INVALID
    for a claim that is too late.
    """
    found = now.desk.authority.decide(question)
    check_age(question.service_on, now.at, now.desk.rules)
    return found


def _due_key(member: str, now: Now) -> DueHoldsKey:
    return DueHoldsKey(member, now.at, now.desk.rules.due_holds_count)


def _catalogue_key(asking: Asking, region: str) -> CatalogueKey:
    return CatalogueKey(region, asking.codes, asking.known_at)


def _traces(
    asking: Asking, institution: InstitutionFacts, freed: Iterable[Move], facts: Facts, now: Now
) -> Traces:
    """Where the codes stand sold now, whatever was known before: nothing that an answer said binds a pack."""
    on, known_on = asking.wanted_day(now.at), day_of(asking.known_at or now.at)
    rule = now.desk.authority.trace_rule(institution.region, on, known_on)
    return Traces(institution.code, standing(asking.traced, facts, freed), rule)


def _counters_keys(asking: Asking, member: MemberFacts, now: Now) -> tuple[CountersKey, ...]:
    on = asking.wanted_day(now.at)
    periods = now.desk.authority.periods(asking.institution, asking.basket, on)
    own = CountersKey(member.member, member.region, member.scheme.value, periods)
    return (own, *family_keys(member, on.year))


def _orders_key(asking: Asking, region: str, now: Now) -> OrdersKey:
    """Of all days of the sale, and one more than are looked at: that there are more must not go unseen."""
    until = asking.wanted_day(now.at)
    since = min(asking.first_on or until, until)
    return OrdersKey(region, asking.institution, since, until, now.desk.rules.orders_count + 1)


def _look(asking: Asking, member: MemberFacts, now: Now) -> Look:
    known_on = day_of(asking.known_at or now.at)
    return Look(member, asking.institution, asking.wanted_day(now.at), known_on)


def _watched(
    asking: Asking, member: MemberFacts, institution: InstitutionFacts, facts: Facts, now: Now
) -> tuple[tuple[EmergencyOrder, ...], Watched | None]:
    """The orders that hold, and what the rules need to know that none of them leaves out."""
    key, limit = _orders_key(asking, institution.region, now), now.desk.rules.orders_count
    signed = facts.of(key)
    if len(signed) > limit:
        now.desk.orders.too_many(institution, limit)
        signed = signed[:limit]
    orders = now.desk.orders.in_force(signed, institution, key.since, key.until)
    look = _look(asking, member, now)
    skips = now.desk.orders.skips(signed, institution, look.on) if signed else ()
    return orders, watched(look, institution, facts, skips, now)


def _dispensed_keys(asking: Asking, member: MemberFacts, now: Now) -> tuple[DispensedKey, ...]:
    return dispensed_keys(member.member, member.region, asking.wanted_day(now.at), now)
