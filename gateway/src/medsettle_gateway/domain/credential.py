"""What a credential is shown for at the counter, and who came in the patient's place."""

from dataclasses import dataclass, field
from enum import StrEnum

from msgspec import Struct

from medsettle_gateway.domain.asked import Basket
from medsettle_gateway.domain.basket import Prescription
from medsettle_gateway.domain.place import InstitutionKind


class Purpose(StrEnum):
    """What a credential is shown for: credential services are told, and may answer each otherwise."""

    PURCHASE = "purchase"
    """A purchase at a pharmacy."""
    PRESCRIPTION = "prescription"
    """Fetching what an external prescription orders, at a pharmacy."""
    OUTPATIENT = "outpatient"
    """Settling a visit of a clinic or hospital."""


class AskedFor(Struct, frozen=True):
    """Who wants to know whose a credential is, and for what. ``region`` is the institution's."""

    region: str
    institution: str
    purpose: Purpose
    operator: str = ""
    office: str = ""


@dataclass(frozen=True, slots=True)
class CodeHolder:
    """Somebody who has a code, for a credential service that is simulated. ``region``: where insured."""

    code: str = field(repr=False)
    id_number: str = field(repr=False)
    name: str = field(repr=False)
    region: str


class Relation(StrEnum):
    """What the one who came is to the patient."""

    SPOUSE = "spouse"
    PARENT = "parent"
    CHILD = "child"
    OTHER = "other"


class Proxy(Struct, frozen=True):
    """Who came for the patient (代办): kept sealed with the sale. No text of this value shows the person."""

    relation: Relation
    name: str
    id_number: str
    phone: str = ""

    def __repr__(self) -> str:
        """The relation only."""
        return f"Proxy({self.relation.value}, ...)"


def purpose_at(kind: InstitutionKind | None, *, external: bool = False) -> Purpose:
    """Returns what a credential is shown for at a place of this kind.

    ``external``: it is about a prescription that was written elsewhere.
    """
    if kind is not InstitutionKind.PHARMACY:
        return Purpose.OUTPATIENT
    return Purpose.PRESCRIPTION if external else Purpose.PURCHASE


def rests_on_external(basket: Basket) -> bool:
    """Returns whether a line of the basket names a prescription that was written elsewhere."""
    external = [each.prescription_id for each in basket.prescriptions if each.kind is Prescription.EXTERNAL]
    return bool(external) and any(line.prescription_id in external for line in basket.lines)
