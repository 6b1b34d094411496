"""What a restore with loss leaves open: how long absence proves nothing, and what tills have shown since."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from medsettle_gateway.domain.sale import SaleRecord


class Recovery(NamedTuple):
    """How the books stand to what was lost of them.

    ``epoch`` counts the restores; 0: there was none. The others are None where nothing is open: for ids of
    days up to ``absent_until``, inclusive, it is no proof that the books do not have them; what was committed
    from ``lost_from`` until ``begun_at`` may be missing. ``first_begun_at`` is before ``begun_at`` where
    several restores are open.
    """

    epoch: int = 0
    absent_until: date | None = None
    lost_from: datetime | None = None
    begun_at: datetime | None = None
    first_begun_at: datetime | None = None

    def hides(self, day: date) -> bool:
        """Returns whether an id of that day may be one that the books have lost."""
        return self.absent_until is not None and day <= self.absent_until


class Awaited(NamedTuple):
    """Terminals that may have moved an institution's sales on in what was lost, and have not compared.

    ``terminals`` names the first of them by id, ``tills_count`` says how many they are. What was begun after
    ``begun_at``, the latest restore that is open for any of them, was not lost; None: nobody is awaited.
    """

    terminals: tuple[str, ...] = ()
    tills_count: int = 0
    begun_at: datetime | None = None

    def may_have_moved(self, sale: SaleRecord) -> bool:
        """Returns whether the sale may have come further than the books have it."""
        # Not when it last changed: time may have ended the hold since, and it may still have been confirmed.
        return self.begun_at is not None and sale.created_at <= self.begun_at


class Finding(StrEnum):
    """What an operator should look at of a sale that was shown again."""

    CONFLICT = "conflict"
    """The books have it ended otherwise, or with other amounts: nothing was changed."""
    ASKED_OF_AUTHORITY = "asked_of_authority"
    """A remote authority had been asked, and what was asked is lost: nothing was changed."""
    NOT_BOOKABLE = "not_bookable"
    """The answer does not say in which books it stands: nothing was changed."""
    ACCOUNT_SHORT = "account_short"
    """An account had less than it paid: the difference is on ``variance``."""
    ACCOUNT_UNKNOWN = "account_unknown"
    """An account that paid is not among the patient's: the whole part is on ``variance``."""
    MEMBER_UNKNOWN = "member_unknown"
    """The patient is not in the register: the year's sums and the drugs were left out."""
    SUMS_UNKNOWN = "sums_unknown"
    """The answer is of an older release and does not say what it adds to the year's sums."""
    OTHER_ATTEMPT = "other_attempt"
    """Another attempt of the same ticket is alive too."""
    REPLACED_UNKNOWN = "replaced_unknown"
    """The sale of which it is a partial return is not in the books, or does not stand settled."""
    PRESCRIPTION_UNKNOWN = "prescription_unknown"
    """A prescription that it dispensed is not in the books: its quantity was left out."""
    PRESCRIPTION_EXCEEDED = "prescription_exceeded"
    """Others dispensed the rest of a prescription by now: what it dispensed of it was left out."""
    CODES_SOLD = "codes_sold"
    """Packs of it stand sold to others by now: their traceability codes were left out."""


class Became(StrEnum):
    """What became of a sale that was shown."""

    KNOWN = "KNOWN"
    ENTERED = "ENTERED"
    MOVED = "MOVED"
    LEFT_TO_OPERATOR = "LEFT_TO_OPERATOR"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A signed answer as a till kept it: everything that its signature covers, and the signature.

    ``answer`` is the message's bytes, or those of the status details of a refusal. ``timestamp_ms`` is in
    milliseconds since 1970.
    """

    method: str
    request_digest: str
    nonce: str
    key: str
    timestamp_ms: int
    code: str
    answer: bytes
    signature: str
    certificate: str


@dataclass(frozen=True, slots=True)
class ShownSale:
    """A signed answer. ``read`` returns what it says of a sale: version 0, in the state that it shows.

    None: nothing. It is read only once it is known whose it is: anybody may send a megabyte of nonsense.
    """

    evidence: Evidence
    read: Callable[[], SaleRecord | None]


@dataclass(frozen=True, slots=True)
class Reassertion:
    """A sale that was shown and changed the books, or waits for the operator, with the proof of it.

    ``state`` is the one that was shown; a sale has at most one row for each.
    """

    request_id: str
    state: str
    epoch: int
    terminal: str
    at: datetime
    became: Became
    findings: tuple[Finding, ...]
    evidence: Evidence
