"""What the eligibility check answers: who may have what, here and today."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from medsettle.models.answered import Advisory, Refusal, Remainder


class Answer(StrEnum):
    """A three-valued answer: not knowing is never shown as no."""

    YES = "YES"
    NO = "NO"
    COULD_NOT_BE_DETERMINED = "COULD_NOT_BE_DETERMINED"


class AccountState(StrEnum):
    """Whether an account exists and may be used. NONE is not a balance of 0."""

    ACTIVE = "ACTIVE"
    FROZEN = "FROZEN"
    NONE = "NONE"


@dataclass(frozen=True, slots=True)
class BenefitAnswer:
    """One benefit for this patient at this place, and what is used and left of it."""

    benefit: str
    title_zh: str
    title_en: str
    answer: Answer
    refusal: Refusal | None
    remainders: tuple[Remainder, ...]


@dataclass(frozen=True, slots=True)
class Account:
    """An account that the patient may name as a payer. ``balance_fen`` None: there is no account."""

    account: str
    owner: str
    masked_name: str
    state: AccountState
    balance_fen: int | None
    may_pay: Answer


@dataclass(frozen=True, slots=True)
class Eligibility:
    """What the patient may have. Nothing is reserved by it."""

    covered: Answer
    refusal: Refusal | None
    member: str
    masked_name: str
    region: str
    scheme: str
    standing: str
    enrolment: str
    benefits: tuple[BenefitAnswer, ...]
    accounts: tuple[Account, ...]
    advisories: tuple[Advisory, ...]
    binding_until: datetime | None
    as_of: date | None
    pack: str
