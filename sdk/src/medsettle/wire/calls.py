"""The calls of the contract and how each may be repeated: one table for both sides."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from medsettle.wire.reasons import Code, Reason

PACKAGE: Final = "medsettle.wire.v1"


class Repeat(StrEnum):
    """May the SDK send the call again by itself?"""

    READ = "read"
    """Yes, inside the total deadline: it changes nothing."""
    SAME_ID = "same_id"
    """Yes, under the journalled request id, within one run of the till; after a restart the till
    seals and reads instead."""
    AGAIN = "again"
    """Yes, in any run of the till: what it did stands, and is known when it is shown again."""
    NEVER = "never"
    """No: its nonce is used up; a person starts it again."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the contract.

    ``signed_answer``: the answer carries the gateway's signature in its trailing metadata, and an
    answer without a valid one counts as none; a refusal that moves the till's clock (CORRECTED_ONCE)
    carries one on every call. ``keeps_nonce``: a copy of the request is refused.
    ``deadline_ms``: the default total deadline of the SDK, all tries together.
    """

    service: str
    method: str
    repeat: Repeat
    signed_answer: bool
    keeps_nonce: bool
    deadline_ms: int

    @property
    def path(self) -> str:
        """The full gRPC method, as it is signed: ``/package.Service/Method``."""
        return f"/{PACKAGE}.{self.service}/{self.method}"


def _call(service: str, method: str, repeat: Repeat, *, deadline_ms: int = 10_000) -> Call:
    reads_only = repeat is Repeat.READ and method != "GetSale"
    return Call(service, method, repeat, not reads_only, repeat is Repeat.NEVER, deadline_ms)


_SETTLEMENT: Final = "SettlementService"
_PRESCRIPTION: Final = "PrescriptionService"

CHECK_ELIGIBILITY: Final = _call("EligibilityService", "CheckEligibility", Repeat.READ)
QUOTE: Final = _call(_SETTLEMENT, "Quote", Repeat.READ)
SETTLE: Final = _call(_SETTLEMENT, "Settle", Repeat.SAME_ID, deadline_ms=20_000)
CONFIRM: Final = _call(_SETTLEMENT, "Confirm", Repeat.SAME_ID, deadline_ms=20_000)
RELEASE: Final = _call(_SETTLEMENT, "Release", Repeat.SAME_ID)
REVERSE: Final = _call(_SETTLEMENT, "Reverse", Repeat.SAME_ID, deadline_ms=20_000)
SEAL: Final = _call(_SETTLEMENT, "Seal", Repeat.SAME_ID)
GET_SALE: Final = _call(_SETTLEMENT, "GetSale", Repeat.READ)
LIST_SALES: Final = _call(_SETTLEMENT, "ListSales", Repeat.READ)
REASSERT: Final = _call(_SETTLEMENT, "Reassert", Repeat.AGAIN, deadline_ms=20_000)
REGISTER_PRESCRIPTION: Final = _call(_PRESCRIPTION, "RegisterPrescription", Repeat.AGAIN)
FETCH_PRESCRIPTIONS: Final = _call(_PRESCRIPTION, "FetchPrescriptions", Repeat.READ)
REVIEW_PRESCRIPTION: Final = _call(_PRESCRIPTION, "ReviewPrescription", Repeat.AGAIN)
WITHDRAW_PRESCRIPTION: Final = _call(_PRESCRIPTION, "WithdrawPrescription", Repeat.AGAIN)
ENROL: Final = _call("TerminalService", "Enrol", Repeat.NEVER)
ROTATE_KEY: Final = _call("TerminalService", "RotateKey", Repeat.NEVER)

CALLS: Final[tuple[Call, ...]] = (
    CHECK_ELIGIBILITY, QUOTE, SETTLE, CONFIRM, RELEASE, REVERSE, SEAL, GET_SALE, LIST_SALES,
    REASSERT, REGISTER_PRESCRIPTION, FETCH_PRESCRIPTIONS, REVIEW_PRESCRIPTION, WITHDRAW_PRESCRIPTION,
    ENROL, ROTATE_KEY,
)
BY_PATH: Final[dict[str, Call]] = {call.path: call for call in CALLS}

RETRYABLE: Final = frozenset({Code.UNAVAILABLE, Code.RESOURCE_EXHAUSTED, Code.DEADLINE_EXCEEDED})
"""Codes after which a repeatable call is sent again; RESOURCE_EXHAUSTED only with RetryInfo."""

CORRECTED_ONCE: Final = Reason.CLOCK_SKEW
"""The one reason after which the till corrects its clock by the gateway's and sends again, once."""
