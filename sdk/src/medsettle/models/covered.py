"""What the eligibility check answers: who may have what, here and today."""

from dataclasses import dataclass, field
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
    """An account that the patient may name as a payer. ``balance_fen`` None: there is no account.

    ``limit_left_fen``: what is left of the owner's limit for this patient; None: there is none.
    ``standing_consent``: the owner agreed beforehand; None: nothing is said of it. ``refusal``: why it may
    not pay.
    """

    account: str
    owner: str
    masked_name: str
    state: AccountState
    balance_fen: int | None
    may_pay: Answer
    limit_left_fen: int | None = None
    standing_consent: bool | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Filing:
    """What is filed for the patient (备案), and whether it holds here on the day.

    ``kind``: chronic, referral, long_term or temporary. ``condition``: of a chronic filing. ``valid_to``
    None: until further notice. ``institutions`` and ``drugs``: none means any. ``review_due_on``: last day
    of its yearly review.
    """

    kind: str
    condition: str
    answer: Answer
    refusal: Refusal | None
    valid_from: date | None
    valid_to: date | None
    institutions: tuple[str, ...]
    drugs: tuple[str, ...]
    review_due_on: date | None


@dataclass(frozen=True, slots=True)
class ItemAnswer:
    """Whether a fund may pay for an item for this person here; ``next_on``: the day from which it may be
    bought again, None today. ``name`` is empty where the catalogue does not have it.
    """

    item_code: str
    name: str
    answer: Answer
    refusal: Refusal | None
    next_on: date | None


@dataclass(frozen=True, slots=True)
class OpenPrescription:
    """A prescription that may still be dispensed, until ``valid_to``."""

    number: str
    institution: str
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class Eligibility:
    """What the patient may have. Nothing is reserved by it.

    Until ``binding_until`` what is said of cover, filings, rules and catalogue binds; balances, deductibles
    and caps do not. The till sends ``eligibility_token`` with the quote and the sale of the same credential
    by itself.
    """

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
    filings: tuple[Filing, ...] = ()
    items: tuple[ItemAnswer, ...] = ()
    prescriptions: tuple[OpenPrescription, ...] = ()
    eligibility_token: str = field(default="", repr=False, metadata={"told": True})
