"""The facts that rules may name, their values, and the order in which they are checked.

Inside the policy floor a fact is a name with the values that it holds, as text: most hold one,
``condition`` and ``designation`` may hold several or none, and a yes-or-no is ``"true"`` or
``"false"``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.basket import (
    CatalogueClass,
    Encounter,
    LineKind,
    Prescription,
    Ward,
)
from medsettle_gateway.domain.member import Aid, Enrolment, Patient, Scheme, Standing
from medsettle_gateway.domain.place import Designation, Institution, InstitutionKind, Level, Specialty

Facts = Mapping[str, tuple[str, ...]]
"""Fact name -> the values that it holds now."""

PATIENT_FACTS: Final = ("scheme", "standing", "enrolment", "aid", "condition")
PLACE_FACTS: Final = ("at", "level", "specialty", "designation")
ENCOUNTER_FACTS: Final = ("stay", "prescription", "circulated", "emergency")
LINE_FACTS: Final = ("kind", "class", "ward", "dual_channel")

SWITCH: Final = "switch"
UNIT_PRICE_AT_LEAST: Final = "unit_price_at_least"

SETTLEMENT_FACTS: Final = (*PATIENT_FACTS, *PLACE_FACTS, *ENCOUNTER_FACTS)
WHO_ORDER: Final = PATIENT_FACTS
WHERE_ORDER: Final = (*PLACE_FACTS, *ENCOUNTER_FACTS, SWITCH)

TRUE: Final = "true"
FALSE: Final = "false"


def _values(kind: type[StrEnum]) -> tuple[str, ...]:
    return tuple(member.value for member in kind)


FACT_VALUES: Final[Mapping[str, tuple[str, ...] | None]] = {
    "scheme": _values(Scheme),
    "standing": _values(Standing),
    "enrolment": _values(Enrolment),
    "aid": _values(Aid),
    "condition": None,
    "at": _values(InstitutionKind),
    "level": _values(Level),
    "specialty": _values(Specialty),
    "designation": _values(Designation),
    "stay": (TRUE, FALSE),
    "prescription": _values(Prescription),
    "circulated": (TRUE, FALSE),
    "emergency": (TRUE, FALSE),
    "kind": _values(LineKind),
    "class": _values(CatalogueClass),
    "ward": _values(Ward),
    "dual_channel": (TRUE, FALSE),
}
"""Values of each fact; None for an open list of ids."""

SEVERAL_VALUED: Final = ("condition", "designation")

REASON_OF_FACT: Final[Mapping[str, Reason]] = {
    "scheme": Reason.NOT_FOR_SCHEME,
    "standing": Reason.NOT_FOR_STANDING,
    "enrolment": Reason.NOT_FOR_ENROLMENT,
    "aid": Reason.NOT_FOR_AID,
    "condition": Reason.NOT_FOR_CONDITION,
    "at": Reason.NOT_AT_KIND,
    "level": Reason.NOT_AT_LEVEL,
    "specialty": Reason.NOT_AT_SPECIALTY,
    "designation": Reason.NOT_DESIGNATED,
    "stay": Reason.NOT_A_STAY,
    "prescription": Reason.PRESCRIPTION_KIND,
    "circulated": Reason.NOT_CIRCULATED,
    "emergency": Reason.NOT_DESIGNATED,
    SWITCH: Reason.SWITCH_OFF,
}
"""The reason that a failing fact of ``who`` or ``where`` gives; of a pack's own fact: NOT_FOR_ATTRIBUTE."""


class Source(StrEnum):
    """Where the value of a declared fact comes from."""

    AGE = "patient.age_on_service"
    ATTRIBUTE = "patient.attributes"
    AREA = "encounter.area"


@dataclass(frozen=True, slots=True)
class DeclaredFact:
    """A fact of the pack's own; ``attribute`` is its name in the register, ``values`` None a whole number."""

    name: str
    source: Source
    values: tuple[str, ...] | None
    attribute: str = ""

    @property
    def is_number(self) -> bool:
        """May rows ask ``<name>_at_least``?"""
        return self.values is None

    def held(self, patient: Patient, encounter: Encounter, service_on: date) -> tuple[str, ...]:
        """The value that holds on the day; none where the register does not say."""
        if self.source is Source.AREA:
            return (encounter.area,) if encounter.area else ()
        if self.source is Source.AGE:
            return () if patient.born_on is None else (str(age_on(patient.born_on, service_on)),)
        return tuple(value for name, value in patient.attributes if name == self.attribute)


def age_on(born_on: date, day: date) -> int:
    """Completed years of age."""
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))


def settlement_facts(
    patient: Patient,
    institution: Institution,
    encounter: Encounter,
    declared: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
) -> Facts:
    """The facts that hold for a whole settlement; ``declared`` are the pack's own."""
    return {
        **declared,
        "scheme": (patient.scheme.value,),
        "standing": (patient.standing.value,),
        "enrolment": (patient.enrolment.value,),
        "aid": (patient.aid.value,),
        "condition": patient.conditions,
        "at": (institution.kind.value,),
        "level": (institution.level.value,),
        "specialty": (institution.specialty.value,),
        "designation": tuple(held.value for held in institution.designations),
        "stay": (_flag(encounter.admitted is not None),),
        "prescription": (encounter.prescription.value,),
        "circulated": (_flag(encounter.circulated),),
        "emergency": (_flag(encounter.emergency),),
    }


def line_facts(
    kind: LineKind,
    catalogue_class: CatalogueClass,
    ward: Ward | None,
    dual_channel: bool,  # noqa: FBT001 - a fact as it stands in a line
) -> Facts:
    """The facts of one line; a line without a ward holds none."""
    return {
        "kind": (kind.value,),
        "class": (catalogue_class.value,),
        "ward": () if ward is None else (ward.value,),
        "dual_channel": (_flag(dual_channel),),
    }


def described(facts: Facts, names: tuple[str, ...]) -> str:
    """``scheme=employee level=primary``: for the detail of a refusal."""
    return " ".join(f"{name}={'+'.join(facts[name]) or '-'}" for name in names if name in facts)


def _flag(value: bool) -> str:  # noqa: FBT001 - the flag is the whole argument
    return TRUE if value else FALSE
