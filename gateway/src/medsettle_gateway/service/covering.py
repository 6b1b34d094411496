"""What a patient may have at a place before anything is sold, by the packs that are loaded."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from msgspec import structs

from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY
from medsettle_gateway.domain.errors import Refusal, Refused
from medsettle_gateway.domain.filings import Filing
from medsettle_gateway.eligibility.aid import as_entitled, sharpened, why_no_aid
from medsettle_gateway.eligibility.filings import too_late
from medsettle_gateway.policy.assigning import home
from medsettle_gateway.policy.benefit import Benefit
from medsettle_gateway.policy.engine import CaseInput, account_rules, may_have
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.service import casework
from medsettle_gateway.service.authority import Cover, ItemCover, Visit
from medsettle_gateway.service.casework import Person
from medsettle_gateway.service.covered import Offered, by_prescriber, covered_item, offers_of
from medsettle_gateway.service.foremost import why_not
from medsettle_gateway.service.here import explained, here
from medsettle_gateway.service.rulebook import Rulebook


def cover(book: Rulebook, visit: Visit, benefit: str | None) -> Cover:
    """Returns what the patient may have here: of one benefit, or of all that the region has."""
    place, on, known_on = visit.institution.place, visit.service_on, visit.known_on
    rules = book.persons(visit.member.region, visit.member.scheme.value, on, known_on)
    member = as_entitled(visit.member, on, rules)
    encounter = structs.replace(
        casework.stay(visit.institution.code, None),
        benefit=PERSONAL_ACCOUNT_ONLY,
        prescription=visit.prescription or casework.implied(visit.institution),
    )
    work = book.work(member.region, member.scheme.value, on, known_on)
    found = here(member, visit.institution, on, work)
    member = found.member
    if member is not visit.member:
        visit = replace(visit, member=member)
    encounter = structs.replace(encounter, area=found.area.value)
    at = book.work_at(visit, work)
    not_here = found.refusal(visit.institution, work, at)
    person = Person(rules, known_on)
    stopped = casework.uncovered(member, on, person)
    shut = stopped and casework.uncovered(member, on, person._replace(accounts_only=True))
    uncovered = stopped or not_here
    try:
        pack = book.pack_of_scheme(member.region, member.scheme.value, on, known_on)
    except Refused as refused:
        no_pack = uncovered or refused.refusal
        said = (ItemCover(no_pack),) * len(visit.items)
        return Cover("", no_pack, (), own_account=False, payers=(), filings=found.filings, items=said)
    patient = casework.patient(member, on)
    from_accounts = may_have(pack, PERSONAL_ACCOUNT_ONLY, patient, place, encounter, on)
    use = account_rules(pack, PERSONAL_ACCOUNT_ONLY, patient, place, encounter, on)
    may_pay = (account.account for account in member.accounts if account.owner in use.owners)

    def why(no: Refusal | None) -> Refusal | None:
        known = no and explained(no, visit.institution, found.filings)
        return known and sharpened(known, member, on, rules)

    late = too_late(member.filed, on, known_on, work.late)
    offered = [
        (each, one, why(uncovered or why_not(each, one.id, patient, place, encounter, on)) or late)
        for each, one in _benefits(book, visit, benefit)
    ]
    case = CaseInput(on, patient, place, encounter, (), dispensed=visit.dispensed, orders=visit.orders)
    return Cover(
        pack=pack.id,
        refusal=why(uncovered or from_accounts),
        offers=tuple(offers_of(offered, case, visit.counters, benefit)),
        own_account=use.own_account,
        payers=tuple(may_pay),
        filings=found.filings,
        no_aid=why_no_aid(member, on, rules),
        no_account=why(shut or not_here or from_accounts) or late,
        items=tuple(_items(book, visit, offered, case, found.filings)),
        by_prescriber=tuple(by_prescriber(offered, case.encounter, at.prescriber)),
    )


def _benefits(book: Rulebook, visit: Visit, benefit: str | None) -> list[tuple[Pack, Benefit]]:
    """Each benefit once: of packs that have one of the same id that by which a sale goes."""
    region, scheme = visit.member.region, visit.member.scheme.value
    packs = book.of_region(region, scheme, visit.service_on, visit.known_on)
    pairs = [(pack, each) for pack in packs for each in pack.benefits if benefit in {None, each.id}]
    times = Counter(each.id for _, each in pairs)
    return [
        (pack, each) for pack, each in pairs
        if times[each.id] == 1 or home(packs, scheme, each.id) is pack
    ]


def _items(
    book: Rulebook, visit: Visit, offered: Sequence[Offered], case: CaseInput, filings: Sequence[Filing]
) -> Iterator[ItemCover]:
    if not visit.items:
        return
    there = book.pack_at(visit)
    here = [(book.with_lines_of(pack, there), each, refusal) for pack, each, refusal in offered]
    for item in visit.items:
        yield covered_item(item, here, case, filings)
