"""Prescriptions for tests of the service: a clinic's, for the father, and baskets that dispense it."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from msgspec import structs

from medsettle_gateway.domain.asked import AskedLine, AskedPrescription, Basket
from medsettle_gateway.domain.basket import Prescription
from medsettle_gateway.domain.keys import PrescriptionKey
from medsettle_gateway.domain.prescriptions import PrescribedDrug, PrescriptionFacts, PrescriptionOrder
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.service.circulating import PrescriptionAnswer, PrescriptionsAnswer
from medsettle_gateway.service.commands import (
    FetchPrescriptions,
    RegisterPrescription,
    ReviewPrescription,
    WithdrawPrescription,
)
from medsettle_gateway.service.review_token import ReviewTokens, Shown
from tests.gateway.domain.prescribed import ONE_E4, SIGNED
from tests.gateway.service.world import CLINIC, FATHER, PHARMACY, World, caller, line

NUMBER = "RX-1"
SECRET = b"q" * 32
"""That of the world's tokens."""
AFTERWARDS = datetime(2027, 1, 1, tzinfo=UTC)
KEY = PrescriptionKey(CLINIC, NUMBER)
ORDER = PrescriptionOrder(
    NUMBER, "D1", date(2026, 7, 2), date(2026, 7, 31),
    (PrescribedDrug("DRUG", 3 * ONE_E4, 30), PrescribedDrug("DRUG2", ONE_E4)),
)


def order(**changes: Any) -> PrescriptionOrder:
    return structs.replace(ORDER, **changes)


def register(world: World, what: PrescriptionOrder = ORDER, **changes: Any) -> RegisterPrescription:
    command = RegisterPrescription(caller("1"), world.credential(), what, "li", SIGNED)
    return replace(command, **changes)


def token(member: str = FATHER, institution: str = PHARMACY, until: datetime = AFTERWARDS) -> str:
    """As a fetch answers it, which most tests of reviews go without."""
    return ReviewTokens(SECRET).issue(Shown(member, institution, until))


def review(**changes: Any) -> ReviewPrescription:
    command = ReviewPrescription(caller("1", PHARMACY), NUMBER, CLINIC, "PH1", True, "", "li", token())
    return replace(command, **changes)


def withdraw(**changes: Any) -> WithdrawPrescription:
    return replace(WithdrawPrescription(caller("1"), NUMBER, "wrong drug", "li"), **changes)


def fetch(world: World, who: str = FATHER, **changes: Any) -> FetchPrescriptions:
    return replace(FetchPrescriptions(caller("1", PHARMACY), world.credential(who), "li"), **changes)


async def one(world: World, command: Any) -> PrescriptionAnswer:
    answer = await world.ask(command)
    assert isinstance(answer, PrescriptionAnswer), answer
    return answer


async def several(world: World, command: FetchPrescriptions) -> tuple[PrescriptionAnswer, ...]:
    answer = await world.ask(command)
    assert isinstance(answer, PrescriptionsAnswer), answer
    return answer.prescriptions


async def circulating(world: World, **changes: Any) -> PrescriptionFacts:
    """Registers a prescription, and lets a pharmacist approve it."""
    what = order(**changes)
    await one(world, register(world, what))
    return (await one(world, review(number=what.number))).facts


def rx_line(
    code: str = "DRUG", quantity: int = 1, line_id: str = "1", prescription_id: str | None = "A"
) -> AskedLine:
    """A line at 100 yuan a unit."""
    bought = line(code, 10_000, line_id)
    return structs.replace(
        bought, quantity_e4=quantity * ONE_E4, amount_fen=quantity * 10_000, prescription_id=prescription_id
    )


def named(number: str = NUMBER, prescription_id: str = "A", institution: str = CLINIC) -> AskedPrescription:
    return AskedPrescription(prescription_id, Prescription.EXTERNAL, number, institution=institution)


def rx_basket(*lines: AskedLine, **changes: Any) -> Basket:
    return Basket(lines or (rx_line(),), **{"prescriptions": (named(),), **changes})


async def dispensed(world: World, *lines: AskedLine, **changes: Any) -> SaleRecord:
    bought = changes.pop("basket", None) or rx_basket(*lines)
    return await world.settled(basket=bought, place=PHARMACY, **changes)


def drawn(world: World, item_code: str = "DRUG") -> float:
    """What is dispensed of a drug now, in units."""
    facts = world.store.tables.prescriptions.load(KEY)
    assert facts is not None
    return facts.drawn_e4[item_code] / ONE_E4
