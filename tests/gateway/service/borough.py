"""A borough whose rules ask for everything of places, of those who prescribe, and of filings."""

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import structs

from medsettle_gateway.domain.asked import AskedLine, AskedPrescription, Basket
from medsettle_gateway.domain.basket import LineKind, Prescription
from medsettle_gateway.domain.filings import ChronicFiled, FilingFact
from medsettle_gateway.domain.place import Designation, InstitutionKind, PlaceFact, TakesCards
from medsettle_gateway.domain.plain import to_raw
from medsettle_gateway.domain.records import DatedRecord, Subject
from medsettle_gateway.domain.sale import RefusalRecord, SaleRecord
from medsettle_gateway.domain.staff import PoolFiled, Post, StaffFact, StaffRole
from medsettle_gateway.files.packs import read_pack
from medsettle_gateway.policy.registry import Packs
from medsettle_gateway.service.checked import EligibilityAnswer
from medsettle_gateway.service.commands import CheckEligibility, Quote, QuoteAnswer, RefusedAnswer
from tests.gateway.service.memory_store import MemoryStore
from tests.gateway.service.world import (
    CLINIC,
    PHARMACY,
    World,
    basket,
    caller,
    enrolled,
    institution,
    item,
    line,
    member,
)

REGION, NEIGHBOUR = "990400", "990500"
ABROAD = "ABROAD"
"""A clinic of the neighbour, under contract there."""
DOCTOR, TRAINEE, PHARMACIST = "D1", "D2", "A1"
"""The trainee is registered, and not filed for the outpatient pool."""
MEI, TAO = "m-mei", "m-tao"
"""Mei has filed a condition for the clinic, Tao has it by the register alone."""
ENTERED_AT = datetime(2026, 1, 1, tzinfo=UTC)
BEGAN = date(2026, 1, 1)


@cache
def packs() -> Packs:
    return Packs.load([read_pack(Path(__file__).parent / "policies" / "borough.yaml")])


def a_borough() -> MemoryStore:
    store, held = MemoryStore(), (Designation.BASIC, Designation.POOLED_OUTPATIENT)
    tables = store.tables
    for code, kind, region in (
        (CLINIC, InstitutionKind.CLINIC, REGION),
        (PHARMACY, InstitutionKind.PHARMACY, REGION),
        (ABROAD, InstitutionKind.CLINIC, NEIGHBOUR),
    ):
        tables.institutions[code] = replace(institution(code, kind, *held), region=region)
    for name in ("PILL", "PILL2"):
        goods = item(name, LineKind.DRUG)
        tables.catalogue[REGION, name] = tables.catalogue[NEIGHBOUR, name] = (goods,)
    tables.members[MEI] = member(MEI, region=REGION)
    tables.members[TAO] = member(TAO, region=REGION, conditions=("hypertension",))
    tills, key = enrolled(CLINIC, PHARMACY, ABROAD)
    tables.terminals.update({each.terminal: each for each in tills})
    tables.terminal_keys[key.key] = key
    for code, filed in ((DOCTOR, True), (TRAINEE, False)):
        enter(store, staff(code), StaffFact.POST, Post(StaffRole.PRESCRIBER, (CLINIC,), "0047"))
        if filed:
            enter(store, staff(code), StaffFact.POOL_FILING, PoolFiled())
    enter(store, staff(PHARMACIST), StaffFact.POST, Post(StaffRole.PHARMACIST, (PHARMACY,), "0048"))
    enter(store, place(PHARMACY), PlaceFact.CARD, TakesCards())
    enter(store, person(MEI), FilingFact.CHRONIC, ChronicFiled("hypertension", (CLINIC,), ("PILL",)))
    return store


def enter(
    store: MemoryStore, subject: str, kind: str, body: object, begins: date = BEGAN, ends: date | None = None,
    key: str = "", at: datetime = ENTERED_AT,
) -> None:
    """Enters a dated fact; one without a key of its own stands beside all others."""
    records = store.tables.records
    before = records.get(subject, ())
    named = key or str(len(before))
    records[subject] = (*before, DatedRecord(str(kind), named, begins, ends, to_raw(body), at))


def staff(code: str) -> str:
    return Subject.STAFF.named(code)


def place(code: str) -> str:
    return Subject.INSTITUTION.named(code)


def person(reference: str) -> str:
    return Subject.MEMBER.named(reference)


async def a_world(**changes: Any) -> World:
    return await World(store=a_borough(), packs=packs(), **changes).started()


def pill(condition: str | None = None, **changes: Any) -> AskedLine:
    return structs.replace(line("PILL", 10_000), condition=condition, **changes)


def prescribed(
    *lines: AskedLine, by: str = DOCTOR, kind: Prescription = Prescription.OWN, reviewed_by: str = "",
    **changes: Any,
) -> Basket:
    """A basket that rests on one prescription."""
    of = CLINIC if kind is Prescription.EXTERNAL else ""
    paper = AskedPrescription("rx", kind, prescriber=by, institution=of, pharmacist=reviewed_by)
    return basket(*(lines or (pill(),)), prescriptions=(paper,), **changes)


async def settled(world: World, bought: Basket, who: str = TAO, at: str = CLINIC) -> SaleRecord:
    return await world.settled(who=who, basket=bought, place=at)


async def refused(world: World, bought: Basket, who: str = TAO, at: str = CLINIC) -> RefusalRecord:
    """What a quote of the basket is refused for; a Settle is refused for the same."""
    quote = await world.ask(Quote(caller("1", at), world.credential(who), bought))
    assert isinstance(quote, RefusedAnswer), quote
    sale = await world.refused(
        world.settle(
            world.request_id(at), basket=bought, credential=world.credential(who),
            acknowledgements=("POSSIBLE_DUPLICATE",),
        )
    )
    assert (sale.recorded, sale.refusal.reason) == (True, quote.refusal.reason)
    return quote.refusal


async def quoted(world: World, bought: Basket, who: str = TAO, at: str = CLINIC) -> QuoteAnswer:
    return await world.quoted(who, basket=bought, place=at)


async def checked(
    world: World, who: str = TAO, at: str = CLINIC, on: date | None = None
) -> EligibilityAnswer:
    answer = await world.ask(CheckEligibility(caller("1", at), world.credential(who), as_of=on))
    assert isinstance(answer, EligibilityAnswer), answer
    return answer
