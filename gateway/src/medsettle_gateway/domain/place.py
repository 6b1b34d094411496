"""The designated institution, as far as money depends on it, and the dated facts that are kept of one."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from msgspec import Struct


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
    DUAL_CHANNEL = "dual_channel"


@dataclass(frozen=True, slots=True)
class Institution:
    """定点医药机构 on the day of service."""

    kind: InstitutionKind
    level: Level = Level.NONE
    specialty: Specialty = Specialty.GENERAL
    designations: tuple[Designation, ...] = (Designation.BASIC,)


class PlaceFact(StrEnum):
    """Kinds of dated facts about an institution."""

    REGISTERED = "registered"
    """What the register says of it."""
    DESIGNATION = "designation"
    SUSPENSION = "suspension"
    """Settlement is stopped for a time (暂停)."""
    EXIT = "exit"
    """The contract has ended before its time (退出, 取消)."""
    CARD = "card"
    """The place can take cards (具备刷卡条件)."""
    DISTRICT = "district"


class RegisteredPlace(Struct, frozen=True):
    """A row of the register of institutions, from its first day on until the next one. Key: the first day."""

    name: str
    region: str
    kind: InstitutionKind
    level: Level
    specialty: Specialty
    designations: tuple[Designation, ...]
    suspended: bool = False


class Designated(Struct, frozen=True):
    """A designation for the days of a contract, with its number. One a designation and first day.

    Of a designation that has dated facts they decide; of the others the register of institutions does.
    """

    designation: Designation
    contract: str = ""


class Stopped(Struct, frozen=True):
    """Why the institution may not settle on these days; the body of a suspension and of an exit."""

    cause: str
    author: str = ""


class TakesCards(Struct, frozen=True):
    """On these days the place can take cards."""


class InDistrict(Struct, frozen=True):
    """The six-digit code of the district in which the place lies."""

    district: str


class Lapsed(Struct, frozen=True):
    """A designation that does not hold on a day, and the days of the contract next to it."""

    designation: Designation
    first_on: date
    last_on: date | None


class CardRule(Struct, frozen=True):
    """The kinds of place that settle only on days on which they can take cards."""

    kinds: tuple[InstitutionKind, ...]
    clause: str = ""
