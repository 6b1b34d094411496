"""The designated institution, as far as money depends on it."""

from dataclasses import dataclass
from enum import StrEnum


class InstitutionKind(StrEnum):
    """机构类型."""

    CLINIC = "clinic"
    HOSPITAL = "hospital"
    PHARMACY = "pharmacy"


class Level(StrEnum):
    """机构等级."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    TERTIARY = "tertiary"
    NONE = "none"


class Specialty(StrEnum):
    """专科类别."""

    GENERAL = "general"
    INFECTIOUS = "infectious"
    PSYCHIATRIC = "psychiatric"
    TUBERCULOSIS = "tuberculosis"


class Designation(StrEnum):
    """定点资格; one institution holds several."""

    BASIC = "basic"
    POOLED_OUTPATIENT = "pooled_outpatient"
    CHRONIC = "chronic"
    HAEMODIALYSIS = "haemodialysis"
    BENEFIT_WARD = "benefit_ward"


@dataclass(frozen=True, slots=True)
class Institution:
    """定点医药机构 on the day of service."""

    kind: InstitutionKind
    level: Level = Level.NONE
    specialty: Specialty = Specialty.GENERAL
    designations: tuple[Designation, ...] = (Designation.BASIC,)
