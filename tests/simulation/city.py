"""The town of the simulation: two institutions, four tills, two families that share accounts, small caps."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random
from typing import Any, Final

from medsettle.models import Basket, Consent, Line, Payer, Prescription, PrescriptionKind
from medsettle_gateway.domain.basket import CatalogueClass, LineKind
from medsettle_gateway.domain.calendar import CST
from medsettle_gateway.domain.credential import AskedFor
from medsettle_gateway.domain.facts import KeyRecord, ResolvedCredential, State, TerminalFacts
from medsettle_gateway.domain.member import Enrolment, Owner
from medsettle_gateway.domain.moves import KeepPrescription, KeepReview
from medsettle_gateway.domain.place import InstitutionKind
from medsettle_gateway.domain.prescriptions import PrescribedDrug
from medsettle_gateway.ledger.transition import moves_of_entry, opening
from medsettle_gateway.service.commands import Shown
from tests.gateway.domain.prescribed import ONE_E4, REVIEW, registered
from tests.gateway.service.family import bind_all
from tests.gateway.service.memory_store import MemoryTransaction, Tables
from tests.gateway.service.world import (
    CLINIC,
    PHARMACY,
    REGION,
    account,
    institution,
    item,
    member,
)
from tests.simulation.signatures import SUITE, SimulatedKey

AUDIENCE: Final = "simulated-1"
BEGIN: Final = datetime(2026, 7, 2, 0, 0, tzinfo=UTC)
"""Eight in the morning."""
TERMINALS: Final = (f"{CLINIC}-1", f"{CLINIC}-2", f"{PHARMACY}-1", f"{PHARMACY}-2")
ROOT, ANSWERING = SimulatedKey("root"), SimulatedKey("answering")
PAID_MOST_FEN: Final = 300_000
"""What any fund pays of one counter in a year, at most, by the shipped rules of the town."""

FATHER, DAUGHTER, MOTHER, SON, AUNT = "m-father", "m-daughter", "m-mother", "m-son", "m-aunt"
PAYERS: Final = {
    FATHER: (Payer("a-father"),),
    DAUGHTER: (Payer("a-daughter"), Payer("a-father", Consent.STANDING)),
    MOTHER: (Payer("a-mother"),),
    SON: (Payer("a-mother", Consent.STANDING),),
    AUNT: (),
}
MEMBERS: Final = tuple(PAYERS)
_ACCOUNTS: Final = ("a-father", "a-daughter", "a-mother")
_PRICES_FEN: Final = (1, 4_999, 30_000, 50_001, 120_000, 250_000, 650_000)
_GOODS: Final = ("DRUG", "DRUG2", "TONIC")
_OF_PACK: Final = 0.2
_FIRST_PACK, _PACKS_COUNT = 8_123_456, 24
_PRESCRIBED: Final = 0.4
"""How often what is bought rests on the patient's prescription, of which there is less than is wished for."""


def key_of(terminal: str) -> SimulatedKey:
    """Returns a terminal's key."""
    return SimulatedKey(terminal)


def basket(chance: Random, who: str) -> Basket:
    """Returns what somebody buys."""
    by: dict[str, Any] = {"prescription_id": "rx"} if chance.random() < _PRESCRIBED else {}
    lines = tuple(
        Line(
            (code := chance.choice(_GOODS)), unit_price=f"{price // 100}.{price % 100:02}",
            line_id=str(number), **_of_pack(chance), **(by if code == "DRUG" else {}),
        )
        for number, price in enumerate(chance.choices(_PRICES_FEN, k=chance.choice((1, 2, 3))), 1)
    )
    named = Prescription("rx", PrescriptionKind.EXTERNAL, _number(who), institution=CLINIC)
    return Basket(lines, payers=PAYERS[who], prescriptions=(named,) if by else ())


def _number(who: str) -> str:
    return f"RX-{who}"


def _of_pack(chance: Random) -> dict[str, Any]:
    """Now and then one or two packs with codes, or parts of them: there are few, and many want them."""
    if chance.random() > _OF_PACK:
        return {}
    packs = chance.sample(range(_PACKS_COUNT), chance.choice((1, 1, 2)))
    return {
        "quantity": str(len(packs)),
        "traceability_codes": tuple(str(_FIRST_PACK + pack) for pack in packs),
        "split_pack": chance.random() < _OF_PACK,
    }


def part_of(lines: tuple[Line, ...], chance: Random) -> tuple[Line, ...]:
    """Returns what stays when a patient brings something back: one of two packs, or all but the last line.

    Whoever takes packs back does not always scan what stays with care.
    """
    two = [each for each in lines if each.quantity == "2"]
    if not two or (len(lines) > 1 and chance.random() < 0.5):
        return lines[:-1]
    chosen = chance.choice(two)
    codes = chosen.traceability_codes
    named = chance.choice((codes[:1], codes[1:], codes, ()))
    quantity = chance.choice(("1", "1", "1", "2"))
    less = replace(chosen, quantity=quantity, traceability_codes=named)
    return tuple(less if each is chosen else each for each in lines)


async def tables(chance: Random) -> Tables:
    """Returns the town as its store has it in the morning, with the accounts opened."""
    made = _built().copied()
    transaction = MemoryTransaction(made)
    for name in _ACCOUNTS:
        entry = opening(name, REGION, "employee", chance.choice((0, 3_000, 60_000, 400_000)), BEGIN, "import")
        await transaction.write(moves_of_entry(entry))
    return made


@cache
def _built() -> Tables:
    made = Tables()
    for place in (
        institution(CLINIC, InstitutionKind.CLINIC), institution(PHARMACY, InstitutionKind.PHARMACY)
    ):
        made.institutions[place.code] = place
    for goods in (
        item("DRUG", LineKind.DRUG), item("DRUG2", LineKind.DRUG),
        item("TONIC", LineKind.WELLNESS, CatalogueClass.C),
    ):
        made.catalogue[REGION, goods.code] = (goods,)
    _move_in(made)
    for terminal in TERMINALS:
        _enrol(made, terminal)
    for who in MEMBERS:
        _prescribe(made, who)
    return made


def _prescribe(made: Tables, who: str) -> None:
    """A prescription of the clinic's for each of them, which a pharmacist has approved."""
    made.prescriptions.keep(KeepPrescription(registered(
        institution=CLINIC, number=_number(who), member=who, issued_on=BEGIN.date(),
        valid_to=BEGIN.date() + timedelta(days=30), drugs=(PrescribedDrug("DRUG", 2 * ONE_E4),),
    )))
    made.prescriptions.keep_review(KeepReview(CLINIC, _number(who), REVIEW))


def _move_in(made: Tables) -> None:
    fathers, mothers = account("a-father", Owner.SELF), account("a-mother", Owner.SELF)
    daughters = account("a-daughter", Owner.SELF)
    made.members[FATHER] = member(FATHER, fathers)
    made.members[DAUGHTER] = member(DAUGHTER, daughters, account("a-father", Owner.PARENT))
    made.members[MOTHER] = member(MOTHER, mothers)
    made.members[SON] = member(SON, account("a-mother", Owner.PARENT), enrolment=Enrolment.POOL_ONLY)
    made.members[AUNT] = member(AUNT, enrolment=Enrolment.POOL_ONLY)
    bind_all(made)
    made.balances.update(dict.fromkeys(_ACCOUNTS, (0, 0)))


def _enrol(made: Tables, terminal: str) -> None:
    place, _, till = terminal.rpartition("-")
    made.terminals[terminal] = TerminalFacts(terminal, place, till, State.ACTIVE)
    key = key_of(terminal)
    begins, ends = datetime(2020, 1, 1, tzinfo=CST), datetime(2030, 1, 1, tzinfo=CST)
    made.terminal_keys[key.key] = KeyRecord(key.key, terminal, SUITE, key.public_key, begins, ends)


class Issuer:
    """Says whose credential it is: ``<member>#<number>``."""

    async def resolve(self, shown: Shown, asked: AskedFor, now: datetime) -> ResolvedCredential:
        token = shown.token
        return ResolvedCredential(token, token.partition("#")[0], now + timedelta(minutes=5))


