"""A check promises nothing that a sale is refused for, and names the reason where it can know it.

Whatever was recorded of a person and a place: of each benefit the check says yes or no, and why, as a quote
and a sale of plain goods say it. What no check can know, such as who prescribes, is named with the reasons.
"""

import random
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest
from msgspec import Struct

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.asked import Basket, Payer
from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY
from medsettle_gateway.domain.facts import AccountState
from medsettle_gateway.domain.filings import Away, AwayFiled, ChronicFiled, FilingFact, Reviewed
from medsettle_gateway.domain.member import Aid, Enrolment, Scheme, Sex, Standing
from medsettle_gateway.domain.people import (
    Arrears,
    Certificate,
    Cover,
    Payment,
    PersonKind,
    Suspension,
)
from medsettle_gateway.domain.place import Designation, PlaceFact, Stopped
from medsettle_gateway.service.checked import EligibilityAnswer
from medsettle_gateway.service.commands import CheckEligibility, Quote, QuoteAnswer, RefusedAnswer
from tests.gateway.service import borough, fathers_account, town
from tests.gateway.service.borough import ABROAD, BEGAN, MEI, TAO, enter, person, pill, place, prescribed
from tests.gateway.service.town import WEI, Town
from tests.gateway.service.world import CLINIC, DAUGHTER, NOON, PHARMACY, World, basket, caller, line
from tests.house.tree import GATEWAY

TODAY = NOON.date()
DAY = timedelta(days=1)
OUTPATIENT, CHRONIC = "general_outpatient", "chronic_outpatient"

NO_CHECK_KNOWS = {
    Reason.PRESCRIBER_UNKNOWN: "who prescribes is known with the basket",
    Reason.PRESCRIBER_SUSPENDED: "the same",
    Reason.PRESCRIBER_NOT_FILED: "the same",
    Reason.PHARMACIST_UNKNOWN: "who reviews is known with the basket",
    Reason.PHARMACIST_SUSPENDED: "the same",
    Reason.CONSENT_REQUIRED: "consent is given at the counter; a check says whether it stands",
    Reason.STANDING_CONSENT_NOT_GIVEN: "a check shows standing_consent",
    Reason.ACCOUNT_UNKNOWN: "a check lists the accounts that there are",
    Reason.NO_OWN_ACCOUNT: "no sale is refused for it: it is paid without",
    Reason.RELATIVE_NOT_ALLOWED: "the same",
}


@dataclass(frozen=True)
class Visit:
    """Who buys what where, in a world that has recorded something of it; ``on``: a day before today."""

    world: World
    who: str
    goods: Basket
    at: str = CLINIC
    on: date | None = None


Scene = Callable[[], Awaitable[Visit]]


async def heard(visit: Visit) -> EligibilityAnswer | RefusedAnswer:
    answer = await visit.world.ask(CheckEligibility(
        caller("1", visit.at), visit.world.credential(visit.who), as_of=visit.on,
    ))
    assert isinstance(answer, EligibilityAnswer | RefusedAnswer)
    return answer


async def sold(visit: Visit) -> Reason | None:
    """Why the goods are not sold; a quote and a sale say the same."""
    quote = await visit.world.ask(
        Quote(caller("1", visit.at), visit.world.credential(visit.who), visit.goods)
    )
    if isinstance(quote, QuoteAnswer):
        return None
    assert isinstance(quote, RefusedAnswer), quote
    settle = await visit.world.refused(visit.world.settle(
        visit.world.request_id(visit.at), basket=visit.goods, credential=visit.world.credential(visit.who),
        acknowledgements=("POSSIBLE_DUPLICATE",),
    ))
    assert settle.refusal.reason is quote.refusal.reason
    return quote.refusal.reason


def noes(answer: EligibilityAnswer | RefusedAnswer, benefit: str | None) -> Iterator[Reason]:
    """Each no of the check with its reason: of the benefit, of its filings, of accounts."""
    if isinstance(answer, RefusedAnswer):
        yield answer.refusal.reason
        return
    for each in answer.benefits:
        if each.benefit == benefit:
            assert (each.refusal is None) == (each.may_have is True)
            if each.refusal:
                yield each.refusal.reason
    if benefit == PERSONAL_ACCOUNT_ONLY and answer.refusal:
        yield answer.refusal.reason
    for account in answer.accounts:
        assert (account.refusal is None) == (account.may_pay is True)
        if account.refusal and benefit == PERSONAL_ACCOUNT_ONLY:
            yield account.refusal.reason
    for filing in answer.filings:
        if filing.refusal and benefit == CHRONIC:
            yield filing.refusal.reason


def plain(benefit: str = OUTPATIENT) -> Basket:
    return basket(line(amount_fen=10_000), benefit=benefit)


# the table


def of_person(
    kind: PersonKind, days: str, body: Struct, *, benefit: str = OUTPATIENT
) -> Scene:
    async def scene() -> Visit:
        world = await town.a_world()
        world.record(kind, days, body)
        return Visit(world, WEI, plain(benefit))

    return scene


def of_place(kind: PlaceFact, *, benefit: str = OUTPATIENT) -> Scene:
    async def scene() -> Visit:
        world = await borough.a_world()
        enter(world.store, place(CLINIC), kind, Stopped("x"), TODAY, TODAY)
        return Visit(world, TAO, prescribed(benefit=benefit))

    return scene


def of_filing(fact: FilingFact, body: object, begins: date, ends: date | None = None) -> Scene:
    async def scene() -> Visit:
        world = await borough.a_world()
        known = world.store.tables.records[person(MEI)]
        (filed,) = [each for each in known if each.kind == FilingFact.CHRONIC]
        key = filed.key if fact is FilingFact.CHRONIC else ""
        enter(world.store, person(MEI), fact, body, begins, ends, key=key)
        return Visit(world, MEI, prescribed(pill("hypertension"), benefit=CHRONIC))

    return scene


async def at_another_place() -> Visit:
    world = await borough.a_world()
    return Visit(world, MEI, basket(pill("hypertension"), benefit=CHRONIC), PHARMACY)


async def abroad() -> Visit:
    world = await borough.a_world()
    return Visit(world, TAO, basket(pill(), benefit=OUTPATIENT), ABROAD)


async def filed_abroad() -> Visit:
    """The town settles nothing of care elsewhere at the place, filed or not."""
    world = await town.a_world()
    there = world.store.tables.institutions[CLINIC]
    world.store.tables.institutions[CLINIC] = replace(there, region="990900")
    world.store.tables.catalogue["990900", "DRUG"] = world.store.tables.catalogue[town.REGION, "DRUG"]
    enter(world.store, person(WEI), FilingFact.AWAY, AwayFiled(Away.LONG_TERM, ("990900",)))
    return Visit(world, WEI, plain())


async def without_cards() -> Visit:
    world = await borough.a_world()
    world.store.tables.records.pop(place(PHARMACY))
    return Visit(world, TAO, basket(pill(), benefit=OUTPATIENT), PHARMACY)


async def without_contract() -> Visit:
    world = await borough.a_world()
    here = world.store.tables.institutions[CLINIC]
    world.store.tables.institutions[CLINIC] = replace(here, designations=(Designation.BASIC,))
    return Visit(world, TAO, prescribed(benefit=OUTPATIENT))


async def nobody() -> Visit:
    return Visit(await borough.a_world(), "m-nobody", plain())


async def nowhere() -> Visit:
    world = await borough.a_world()
    del world.store.tables.institutions[CLINIC]
    return Visit(world, TAO, plain())


async def too_old() -> Visit:
    world = await town.a_world(standing=Standing.FLEXIBLE, born_on=date(1966, 7, 2), sex=Sex.MALE)
    return Visit(world, WEI, plain())


async def waiting() -> Visit:
    world = await town.a_world()
    world.record(PersonKind.COVER, "2026-02-01..", replace_standing(Standing.FLEXIBLE, Enrolment.POOL_ONLY))
    return Visit(world, WEI, plain())


async def unpaid_year() -> Visit:
    world = await town.a_world()
    world.record(PersonKind.COVER, "2020-01-01..", RESIDENT)
    world.record(PersonKind.PAYMENT, "2024-03-01..", Payment(Scheme.RESIDENT, date(2024, 3, 1)))
    return Visit(world, WEI, plain())


async def year_to_come() -> Visit:
    world = await town.a_world()
    world.record(PersonKind.COVER, "2020-01-01..", RESIDENT)
    world.record(PersonKind.PAYMENT, "2026-03-01..", Payment(Scheme.RESIDENT, date(2026, 3, 1)))
    return Visit(world, WEI, plain())


async def twice_covered() -> Visit:
    world = await town.a_world()
    world.record(PersonKind.COVER, "2020-01-01..", RESIDENT, key="r")
    world.record(PersonKind.COVER, "2020-01-01..", COVER, key="e")
    return Visit(world, WEI, plain())


async def between() -> Visit:
    world = await town.a_world()
    world.record(PersonKind.COVER, "2020-01-01..2026-04-30", COVER)
    world.record(PersonKind.COVER, "2026-06-01..", COVER)
    on = date(2026, 5, 15)
    return Visit(world, WEI, replace(plain(), service_on=on, late_reason="back-paid"), on=on)


async def long_ago() -> Visit:
    on = TODAY - 150 * DAY
    late = prescribed(benefit=OUTPATIENT, service_on=on, late_reason="forgotten")
    return Visit(await borough.a_world(), TAO, late, on=on)


async def frozen() -> Visit:
    world = await World().started(a_father=10_000)
    tables = world.store.tables
    own, fathers = tables.members[DAUGHTER].accounts
    frozen_one = replace(fathers, state=AccountState.FROZEN)
    tables.members[DAUGHTER] = replace(tables.members[DAUGHTER], accounts=(own, frozen_one))
    return Visit(world, DAUGHTER, fathers_account.from_father())


async def used_up() -> Visit:
    world = await fathers_account.a_world(limit_fen=50_000)
    await world.settled(who=DAUGHTER, basket=fathers_account.from_father())
    return Visit(world, DAUGHTER, fathers_account.from_father())


async def not_begun() -> Visit:
    world = await town.a_world(covered_from=TODAY + DAY)
    return Visit(world, WEI, plain())


async def not_begun_and_from_the_account() -> Visit:
    world = await town.a_world(covered_from=TODAY + DAY)
    own = (Payer("a-wei"),)
    return Visit(world, WEI, replace(plain(PERSONAL_ACCOUNT_ONLY), payers=own))


COVER = Cover(town.REGION, Scheme.EMPLOYEE, Standing.ACTIVE, Enrolment.POOLED_AND_ACCOUNT)
RESIDENT = Cover(town.REGION, Scheme.RESIDENT, Standing.ADULT, Enrolment.POOL_ONLY)


def replace_standing(standing: Standing, enrolment: Enrolment) -> Cover:
    return Cover(town.REGION, Scheme.EMPLOYEE, standing, enrolment)


AID = "aid_outpatient"
SCENES: list[tuple[Reason, Scene]] = [
    (Reason.NOT_COVERED, of_person(PersonKind.COVER, "2020-01-01..2026-07-01", COVER)),
    (Reason.NOT_COVERED, not_begun),
    (Reason.NOT_COVERED, not_begun_and_from_the_account),
    (Reason.COVER_INTERRUPTED, between),
    (Reason.DOUBLE_COVER, twice_covered),
    (Reason.BENEFITS_SUSPENDED, of_person(PersonKind.SUSPENSION, "2026-06-01..", Suspension("x"))),
    (Reason.COVER_IN_ARREARS, of_person(PersonKind.ARREARS, "2026-06-01..", Arrears())),
    (Reason.ARREARS_NOT_RESTORED, of_person(PersonKind.ARREARS, "2026-01-01..", Arrears())),
    (Reason.YEAR_NOT_PAID, unpaid_year),
    (Reason.YEAR_NOT_BEGUN, year_to_come),
    (Reason.IN_WAITING_PERIOD, waiting),
    (Reason.OUTSIDE_AGE_BOUND, too_old),
    (Reason.NOT_FOR_AID, of_person(PersonKind.COVER, "2020-01-01..", COVER, benefit=AID)),
    (Reason.AID_CERTIFICATE_NOT_VALID, of_person(
        PersonKind.CERTIFICATE, "2025-01-01..2025-12-31", Certificate(Aid.SUBSISTENCE, town.REGION),
        benefit=AID,
    )),
    (Reason.AID_OF_OTHER_DISTRICT, of_person(
        PersonKind.CERTIFICATE, "2026-01-01..", Certificate(Aid.SUBSISTENCE, "990111"), benefit=AID
    )),
    (Reason.INSTITUTION_SUSPENDED, of_place(PlaceFact.SUSPENSION)),
    (Reason.INSTITUTION_SUSPENDED, of_place(PlaceFact.SUSPENSION, benefit=PERSONAL_ACCOUNT_ONLY)),
    (Reason.INSTITUTION_EXITED, of_place(PlaceFact.EXIT)),
    (Reason.INSTITUTION_UNKNOWN, nowhere),
    (Reason.NOT_DESIGNATED, without_contract),
    (Reason.CARD_NOT_EQUIPPED, without_cards),
    (Reason.OUT_OF_AREA_UNFILED, abroad),
    (Reason.OUT_OF_AREA_CLAIM, filed_abroad),
    (Reason.MEMBER_UNKNOWN, nobody),
    (Reason.CLAIM_TOO_LATE, long_ago),
    (Reason.FILING_ELSEWHERE, at_another_place),
    (Reason.FILING_NOT_IN_FORCE, of_filing(
        FilingFact.CHRONIC, ChronicFiled("hypertension", (CLINIC,), ("PILL",)), BEGAN, TODAY - DAY
    )),
    (Reason.FILING_REVIEW_FAILED, of_filing(
        FilingFact.REVIEW, Reviewed("hypertension", passed=False), TODAY, TODAY
    )),
    (Reason.FILING_REVIEW_OVERDUE, of_filing(
        FilingFact.CHRONIC, ChronicFiled("hypertension", (CLINIC,), ("PILL",)), date(2024, 1, 1)
    )),
    (Reason.ACCOUNT_FROZEN, frozen),
    (Reason.FAMILY_LIMIT_REACHED, used_up),
]


NAMES = [f"{number}-{reason}" for number, (reason, _) in enumerate(SCENES)]


@pytest.mark.parametrize(("reason", "scene"), SCENES, ids=NAMES)
async def test_what_a_sale_is_refused_for_a_check_has_said_before(reason: Reason, scene: Scene) -> None:
    visit = await scene()
    assert await sold(visit) is reason
    assert reason in set(noes(await heard(visit), visit.goods.benefit))


def test_every_reason_that_lies_in_a_person_a_place_or_an_account_is_looked_at_here() -> None:
    """A new one is shown by a scene, or it is said why no check knows it."""
    folders = [GATEWAY / "eligibility" / "*.py", GATEWAY / "service" / "payers.py"]
    named = {
        Reason(name)
        for pattern in folders for path in pattern.parent.glob(pattern.name)
        for name in re.findall(r"Reason\.([A-Z_]+)", path.read_text("utf-8"))
    }
    assert named == {reason for reason, _ in SCENES if reason in named} | NO_CHECK_KNOWS.keys()


# whatever was recorded


def past(world: Town, chance: random.Random) -> None:
    """Some periods, arrears, premiums and suspensions, as chance will have it."""
    def day(year: int = 0) -> date:
        return date(year or chance.choice([2024, 2025, 2026]), chance.randint(1, 12), 1)

    def days() -> str:
        begins, ends = sorted((day(), day()))
        return f"{begins}..{ends if chance.random() < 0.4 else ''}"

    standing = chance.choice([
        COVER, RESIDENT, replace_standing(Standing.FLEXIBLE, Enrolment.POOL_ONLY),
        replace_standing(Standing.RETIRED, Enrolment.POOLED_AND_ACCOUNT),
    ])
    def fact() -> tuple[PersonKind, str, Struct]:
        aid = Certificate(
            chance.choice([Aid.SUBSISTENCE, Aid.DESTITUTE]), chance.choice([town.REGION, "990111"])
        )
        return chance.choice([
            (PersonKind.COVER, days(), standing),
            (PersonKind.COVER, f"{day(2025)}..", chance.choice([COVER, RESIDENT])),
            (PersonKind.ARREARS, days(), Arrears(day() if chance.random() < 0.5 else None)),
            (PersonKind.PAYMENT, f"{day()}..", Payment(standing.scheme, day())),
            (PersonKind.SUSPENSION, days(), Suspension("x")),
            (PersonKind.CERTIFICATE, days(), aid),
        ])

    for number in range(chance.randint(1, 4)):
        kind, text, body = fact()
        world.record(kind, text, body, key=f"{number}")


@pytest.mark.parametrize("seed", range(100))
async def test_whatever_is_recorded_of_a_person_a_check_and_a_sale_say_the_same(seed: int) -> None:
    chance = random.Random(seed)
    world = await town.a_world()
    past(world, chance)
    if chance.random() < 0.2:
        enter(world.store, place(CLINIC), PlaceFact.SUSPENSION, Stopped("x"), TODAY, TODAY)
    answer = await heard(Visit(world, WEI, plain()))
    for benefit in (OUTPATIENT, AID, "veterans", PERSONAL_ACCOUNT_ONLY):
        refused = await sold(Visit(world, WEI, plain(benefit)))
        said = set(noes(answer, benefit))
        assert refused is None or {refused, Reason.NO_OWN_ACCOUNT} & said, benefit
        if benefit != PERSONAL_ACCOUNT_ONLY:
            assert said == ({refused} if refused else set()), benefit
