"""What a check answers: who may have what here today, what is left of it, and why not."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.counters import Remainder
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.facts import AccountFacts
from medsettle_gateway.domain.filings import Filing
from medsettle_gateway.domain.finding import Verdict
from medsettle_gateway.domain.sale import RefusalRecord

UNDETERMINED: Final = frozenset({
    Reason.INTERNAL_ERROR, Reason.STORE_UNAVAILABLE, Reason.CREDENTIAL_SERVICE_UNAVAILABLE, Reason.NO_RULE,
    Reason.PARAMETER_ASSUMED,
})
"""Reasons that say that a source did not answer, or that a figure is not known: that is not a no."""


@dataclass(frozen=True, slots=True)
class Advisory:
    """Something the cashier should know. ``verdict``: what supervision asks of him; None: only to know it.

    ``line_ids``: what it is about; none: the whole basket, or the person.
    """

    code: str
    zh: str
    en: str
    verdict: Verdict | None = None
    line_ids: tuple[str, ...] = ()
    clause: str = ""


@dataclass(frozen=True, slots=True)
class BenefitAnswer:
    """One benefit for this patient here. ``may_have`` None: could not be determined."""

    benefit: str
    title_zh: str
    title_en: str
    may_have: bool | None
    refusal: RefusalRecord | None
    remainders: tuple[Remainder, ...]


@dataclass(frozen=True, slots=True)
class AccountAnswer:
    """An account that may be named as payer; ``account`` None: this person has none at all.

    ``may_pay`` None: could not be determined; ``refusal``: why not.
    """

    owner: str
    masked_name: str
    account: AccountFacts | None
    may_pay: bool | None
    refusal: RefusalRecord | None = None


@dataclass(frozen=True, slots=True)
class ItemAnswer:
    """An item that was asked about. ``may_have`` None: could not be determined; ``name`` empty: unknown.

    ``next_on``: from that day on it may be bought again; None: today.
    """

    item_code: str
    name: str
    may_have: bool | None
    refusal: RefusalRecord | None
    next_on: date | None = None


class OpenPrescription(NamedTuple):
    """A prescription of the patient's that may still be dispensed."""

    number: str
    institution: str
    valid_to: date


@dataclass(frozen=True, slots=True)
class EligibilityAnswer:
    """What the patient may have. ``covered`` None: could not be determined."""

    covered: bool | None
    refusal: RefusalRecord | None
    member: str
    masked_name: str
    region: str
    scheme: str
    standing: str
    enrolment: str
    benefits: tuple[BenefitAnswer, ...]
    accounts: tuple[AccountAnswer, ...]
    advisories: tuple[Advisory, ...]
    binding_until: datetime
    as_of: date
    pack: str
    eligibility_token: str = ""
    filings: tuple[Filing, ...] = ()
    items: tuple[ItemAnswer, ...] = ()
    prescriptions: tuple[OpenPrescription, ...] = ()


def may(refusal: Refusal | None) -> bool | None:
    """Returns yes, no, or None: it could not be determined."""
    if refusal is None:
        return True
    return None if refusal.reason in UNDETERMINED else False
