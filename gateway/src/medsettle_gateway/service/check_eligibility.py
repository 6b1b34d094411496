"""CheckEligibility: what the patient may have here. Not knowing is never shown as no."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.accounts import AsOf, family_keys
from medsettle_gateway.domain.basket import Waiver, lifts
from medsettle_gateway.domain.calendar import day_ends_at, day_of
from medsettle_gateway.domain.errors import Refusal, Refused, refuse
from medsettle_gateway.domain.facts import InstitutionFacts, MemberFacts, ResolvedCredential
from medsettle_gateway.domain.finding import Finding
from medsettle_gateway.domain.keys import (
    AnyKey,
    CatalogueKey,
    CountersKey,
    DispensedKey,
    DueHoldsKey,
    Facts,
    InstitutionKey,
    MemberKey,
    OpenPrescriptionsKey,
    OrdersKey,
)
from medsettle_gateway.domain.member import Owner
from medsettle_gateway.domain.place import InstitutionKind
from medsettle_gateway.domain.prescriptions import PrescriptionFacts
from medsettle_gateway.domain.sale import RefusalRecord
from medsettle_gateway.service.advice import advice_on, on_aid, on_orders, on_prescribers
from medsettle_gateway.service.authority import Cover, Offer, Visit
from medsettle_gateway.service.binding import issue
from medsettle_gateway.service.checked import (
    UNDETERMINED,
    AccountAnswer,
    BenefitAnswer,
    EligibilityAnswer,
    ItemAnswer,
    OpenPrescription,
    may,
)
from medsettle_gateway.service.checked_items import Counter, answers, items_of
from medsettle_gateway.service.commands import CheckEligibility
from medsettle_gateway.service.desk import Now
from medsettle_gateway.service.due import dispensed_keys, free_due
from medsettle_gateway.service.fetching import open_key
from medsettle_gateway.service.filing import with_filings
from medsettle_gateway.service.guards import check_institution
from medsettle_gateway.service.payers import barred, payers_of
from medsettle_gateway.service.person import person_keys, person_on
from medsettle_gateway.service.placing import place_keys, place_on, registered_on
from medsettle_gateway.service.watched import Look, watch_keys, watched_visit
from medsettle_gateway.service.watching import advisory, on_visit


@dataclass(frozen=True, slots=True)
class AskedCheck:
    """A check with what could be said of its credential."""

    command: CheckEligibility
    credential: ResolvedCredential | Refusal

    def day(self, at: datetime) -> date:
        """Returns the day that is asked about."""
        return self.command.as_of or day_of(at)


def needs(asked: AskedCheck, known: Facts, now: Now) -> tuple[AnyKey, ...]:
    """Returns what to load: person and place, then counters."""
    place = InstitutionKey(asked.command.caller.institution)
    if isinstance(asked.credential, Refusal):
        return (place, *place_keys(asked.command.caller.institution))
    person = MemberKey(asked.credential.member)
    of_person = person_keys(asked.credential.member)
    keys: tuple[AnyKey, ...] = (place, person, *of_person, _due_key(asked.credential.member, now))
    keys += place_keys(asked.command.caller.institution)
    member = known.of(person) if person in known else None
    if member is None:
        return keys
    member = person_on(known, member, asked.day(now.at))
    keys = (*keys, *_counters_keys(asked, member, now))
    institution = known.of(place)
    if institution is None:
        return keys
    institution = registered_on(known, institution, asked.day(now.at))
    keys += (orders_key(institution, asked.day(now.at), now), *_catalogue_key(asked, institution))
    keys += (*_open_key(member.member, institution, now), *_dispensed_keys(asked, member, now))
    return (*keys, *watch_keys(_look(asked, member, now), known, now))


def orders_key(institution: InstitutionFacts, on: date, now: Now) -> OrdersKey:
    """Returns what to load of emergency orders at a place on a day."""
    return OrdersKey(institution.region, institution.code, on, on, now.desk.rules.orders_count)


def _catalogue_key(asked: AskedCheck, institution: InstitutionFacts) -> tuple[CatalogueKey, ...]:
    codes = tuple(sorted(asked.command.item_codes))
    return (CatalogueKey(institution.region, codes),) if codes else ()


def _dispensed_keys(asked: AskedCheck, member: MemberFacts, now: Now) -> tuple[DispensedKey, ...]:
    """What was handed out before; nothing where no item is asked about."""
    on = asked.day(now.at)
    return dispensed_keys(member.member, member.region, on, now) if asked.command.item_codes else ()


def _open_key(member: str, institution: InstitutionFacts, now: Now) -> tuple[OpenPrescriptionsKey, ...]:
    """Prescriptions that may be dispensed; only a pharmacy does that."""
    is_pharmacy = institution.kind is InstitutionKind.PHARMACY
    return (open_key(member, day_of(now.at)),) if is_pharmacy else ()


def _look(asked: AskedCheck, member: MemberFacts, now: Now) -> Look:
    return Look(member, asked.command.caller.institution, asked.day(now.at), day_of(now.at))


def _due_key(member: str, now: Now) -> DueHoldsKey:
    return DueHoldsKey(member, now.at, now.desk.rules.due_holds_count)


def _counters_keys(asked: AskedCheck, member: MemberFacts, now: Now) -> tuple[CountersKey, ...]:
    institution, on = asked.command.caller.institution, asked.day(now.at)
    periods = now.desk.authority.periods(institution, None, on)
    own = CountersKey(member.member, member.region, member.scheme.value, periods)
    return (own, *family_keys(member, on.year))


def answer(asked: AskedCheck, facts: Facts, now: Now) -> EligibilityAnswer:
    """Returns what the patient may have.

    Raises Refused where nobody can be told of: the institution's reasons, the credential's, MEMBER_UNKNOWN.
    """
    day = asked.day(now.at)
    institution = check_institution(asked.command.caller.institution, facts, day)
    institution = place_on(facts, institution, day)
    if isinstance(asked.credential, Refusal) and asked.credential.reason in UNDETERMINED:
        return _undetermined(asked, asked.credential, now.at)
    member = with_filings(facts, person_on(facts, _member(asked, facts), asked.day(now.at)))
    counted = {key: facts.of(key) for key in _counters_keys(asked, member, now)}
    due = facts.of(_due_key(member.member, now))
    freed = free_due(due, member, counted, now.at)
    codes = asked.command.item_codes
    catalogues = [facts.of(key) for key in _catalogue_key(asked, institution)]
    items = tuple(item for each in catalogues for item in items_of(codes, each, day))
    signed = facts.of(orders_key(institution, day, now))
    handed_out = [drug for key in _dispensed_keys(asked, member, now) for drug in facts.of(key)]
    visit = Visit(
        service_on=day,
        institution=institution,
        # Accounts pay when they pay: whose binding has ended is shown to nobody, whatever day is asked about.
        member=payers_of(freed, facts, AsOf(max(day, day_of(now.at)), day.year)).member,
        prescription=asked.command.prescription,
        counters=freed.counters,
        known_on=day_of(now.at),
        items=items,
        dispensed=freed.still_out(handed_out),
        orders=now.desk.orders.in_force(signed, institution, day, day) if signed else (),
    )
    cover = now.desk.authority.cover(visit, asked.command.benefit)
    look = _look(asked, member, now)
    skips = now.desk.orders.skips(signed, institution, day) if signed else ()
    watched = watched_visit(look, institution, facts, skips, now)
    covered = {item.code: each for item, each in zip(items, cover.items, strict=True)}
    at = Counter(member, institution, day, watched, covered, lifts(visit.orders, Waiver.CATALOGUE, day))
    said = tuple(one for each in catalogues for one in answers(codes, each, at))
    noted = on_visit(look, watched, items)
    open_ = [each for key in _open_key(member.member, institution, now) for each in facts.of(key)]
    return _answer(visit, cover, noted, _Asked(said, tuple(map(_open, open_))), now)


def _open(known: PrescriptionFacts) -> OpenPrescription:
    prescribed = known.prescription
    return OpenPrescription(prescribed.number, prescribed.institution, prescribed.valid_to)


def _member(asked: AskedCheck, facts: Facts) -> MemberFacts:
    if isinstance(asked.credential, Refusal):
        raise Refused(asked.credential)
    member = facts.of(MemberKey(asked.credential.member))
    if member is None:
        raise refuse(Reason.MEMBER_UNKNOWN)
    return member


def _undetermined(asked: AskedCheck, why: Refusal, at: datetime) -> EligibilityAnswer:
    """Who it is could not be found out: that is neither yes nor no, and binds nobody."""
    return EligibilityAnswer(
        covered=None, refusal=_record(why), member="", masked_name="", region="", scheme="", standing="",
        enrolment="", benefits=(), accounts=(), advisories=(), binding_until=at, as_of=asked.day(at), pack="",
    )


class _Asked(NamedTuple):
    """What is said beside cover: of the items that were asked about, and of open prescriptions."""

    items: tuple[ItemAnswer, ...]
    prescriptions: tuple[OpenPrescription, ...]


def _answer(
    visit: Visit, cover: Cover, noted: tuple[Finding, ...], asked: _Asked, now: Now
) -> EligibilityAnswer:
    member, at = visit.member, now.at
    until = min(day_ends_at(day_of(at)), at + now.desk.rules.binding)
    may_have = [offer for offer in cover.offers if offer.refusal is None]
    remainders = [left for offer in may_have for left in offer.remainders]
    lifted = [key for offer in may_have for key in offer.lifted]
    return EligibilityAnswer(
        covered=may(cover.refusal),
        refusal=_record(cover.refusal),
        member=member.member,
        masked_name=member.masked_name,
        region=member.region,
        scheme=member.scheme.value,
        standing=member.standing.value,
        enrolment=member.enrolment.value,
        benefits=tuple(_benefit(offer) for offer in cover.offers),
        accounts=tuple(_accounts(member, cover)),
        filings=cover.filings,
        advisories=(
            *map(advisory, noted), *on_orders(visit.orders), *on_aid(cover.no_aid),
            *on_prescribers(cover.by_prescriber),
            *advice_on(remainders, member.accounts, lifted),
        ),
        binding_until=until,
        as_of=visit.service_on,
        pack=cover.pack,
        eligibility_token=issue(member, visit.institution.code, until, now),
        items=asked.items,
        prescriptions=asked.prescriptions,
    )


def _benefit(offer: Offer) -> BenefitAnswer:
    return BenefitAnswer(
        offer.benefit,
        offer.title_zh,
        offer.title_en,
        may(offer.refusal),
        _record(offer.refusal),
        offer.remainders,
    )


def _accounts(member: MemberFacts, cover: Cover) -> Iterator[AccountAnswer]:
    """The patient's own account first: to have none is another answer than a balance of 0."""
    if all(account.owner is not Owner.SELF for account in member.accounts):
        why = _record(barred(None, cover))
        yield AccountAnswer(Owner.SELF.value, member.masked_name, None, may_pay=False, refusal=why)
    for account in member.accounts:
        refusal = barred(account, cover)
        yield AccountAnswer(
            account.owner.value, account.masked_name, account, may(refusal), _record(refusal)
        )


def _record(refusal: Refusal | None) -> RefusalRecord | None:
    return None if refusal is None else RefusalRecord.of(refusal)
