"""The patient and the payers, as far as money depends on them. No names, no numbers."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Scheme(StrEnum):
    """险种."""

    EMPLOYEE = "employee"
    RESIDENT = "resident"


class Standing(StrEnum):
    """人员类别."""

    ACTIVE = "active"
    RETIRED = "retired"
    FLEXIBLE = "flexible"
    ADULT = "adult"
    MINOR = "minor"


class Enrolment(StrEnum):
    """参保方式: 统账结合, 单建统筹, 住院医疗保险."""

    POOLED_AND_ACCOUNT = "pooled_and_account"
    POOL_ONLY = "pool_only"
    INPATIENT_ONLY = "inpatient_only"


class Aid(StrEnum):
    """救助身份: 特困, 孤儿, 低保, 低边, 残疾, 建档立卡."""

    NONE = "none"
    DESTITUTE = "destitute"
    ORPHAN = "orphan"
    SUBSISTENCE = "subsistence"
    MARGINAL = "marginal"
    DISABLED = "disabled"
    POOR = "poor"


class Sex(StrEnum):
    """性别, as the identity number or the register has it."""

    MALE = "male"
    FEMALE = "female"


class Owner(StrEnum):
    """Whose account pays, seen from the patient."""

    SELF = "self"
    SPOUSE = "spouse"
    PARENT = "parent"
    CHILD = "child"
    SIBLING = "sibling"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Patient:
    """The insured person on the day of service.

    ``conditions`` are the filed chronic or special conditions. ``covered_to`` is the last
    day of cover if it ended, else None. ``attributes`` are facts of the region's own (name and
    value), as they hold on the day; at most one value a name.
    """

    scheme: Scheme
    standing: Standing
    enrolment: Enrolment = Enrolment.POOLED_AND_ACCOUNT
    aid: Aid = Aid.NONE
    conditions: tuple[str, ...] = ()
    covered_to: date | None = None
    born_on: date | None = None
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """A personal account that may pay: an opaque id, whose it is, and its balance in fen.

    ``limit_left_fen`` is what is left this year of what its owner allows the patient; None: no limit.
    """

    account: str
    owner: Owner
    balance_fen: int
    limit_left_fen: int | None = None
