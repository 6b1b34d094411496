"""What a use case needs to know: each key names one fact, typed by what the store answers for it."""

from collections.abc import Callable, Hashable, Mapping
from datetime import date, datetime
from typing import Any, Final, Generic, TypeVar

from msgspec import Struct

from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.facts import (
    CatalogueFacts,
    CounterState,
    DispensedFacts,
    EnrolCode,
    InstitutionFacts,
    KeyRecord,
    MemberFacts,
    TerminalFacts,
)
from medsettle_gateway.domain.ids import Ticket
from medsettle_gateway.domain.orders import SignedOrder
from medsettle_gateway.domain.past import PastSale
from medsettle_gateway.domain.prescriptions import PrescriptionFacts
from medsettle_gateway.domain.records import DatedRecord
from medsettle_gateway.domain.recovery import Awaited, Recovery
from medsettle_gateway.domain.sale import SaleHead, SaleRecord
from medsettle_gateway.domain.tracing import CodeState
from medsettle_gateway.domain.upstream import Errand

T = TypeVar("T")

RECORDS_MOST: Final = 2_000
"""Dated facts of one subject that are read, the latest: what is entered of it beyond them is refused."""
ATTRIBUTES_MOST: Final = 1_000
"""Rows of one member's attributes that are read: what is entered beyond them is refused."""


class Key(Struct, Generic[T], frozen=True, cache_hash=True):
    """The name of a fact whose value is a ``T``. Each decision makes dozens: a struct is made at once."""


class SaleKey(Key[SaleRecord | None], frozen=True):
    """The sale under a request id; None if nothing is recorded."""

    request_id: str


class ErrandKey(Key[Errand | None], frozen=True):
    """What is to be found out or undone of a sale; None if nothing is."""

    request_id: str


class TicketKey(Key[tuple[SaleHead, ...]], frozen=True):
    """All attempts of one ticket, by attempt."""

    ticket: Ticket


class RecentSalesKey(Key[tuple[SaleHead, ...]], frozen=True):
    """Sales of the member at the institution with this basket digest, created at ``since`` or later.

    Those that are alive, oldest first, at most ``limit``.
    """

    member: str
    institution: str
    basket_digest: str
    since: datetime
    limit: int


class LaterSalesKey(Key[tuple[SaleRecord, ...]], frozen=True):
    """Sales of the member that were calculated at the instant or after it, SETTLED or HELD.

    Oldest first, at most ``limit``.
    """

    member: str
    since: datetime
    limit: int


class SettledSinceKey(Key[tuple[SaleRecord, ...]], frozen=True):
    """Sales of the member that became SETTLED at the instant or after it, oldest first, at most ``limit``."""

    member: str
    since: datetime
    limit: int


class PastSalesKey(Key[tuple[PastSale, ...]], frozen=True):
    """Sales of the member that were recorded at the instant or after it and are PENDING, HELD or SETTLED.

    Oldest first; at most ``limit``, the latest.
    """

    member: str
    since: datetime
    limit: int


class DueHoldsKey(Key[tuple[SaleRecord, ...]], frozen=True):
    """HELD sales whose hold ended at ``due_at`` or before, oldest first, at most ``limit``.

    Of the member, of the owners of the accounts that may pay for the member, and of everyone else for whom
    those accounts and the member's own may pay: whoever may reserve what this member may use.
    """

    member: str
    due_at: datetime
    limit: int


class StayEndKey(Key[SaleHead | None], frozen=True):
    """The final bill of a stay of the member, if one is held or settled, or an authority is asked of it."""

    member: str
    stay: str


class TerminalKey(Key[TerminalFacts | None], frozen=True):
    """A terminal by its id."""

    terminal: str


class KeyRecordKey(Key[KeyRecord | None], frozen=True):
    """A terminal's public key by its id."""

    key: str


class TerminalKeysKey(Key[tuple[KeyRecord, ...]], frozen=True):
    """All keys of a terminal, by their beginning."""

    terminal: str


class InstitutionKey(Key[InstitutionFacts | None], frozen=True):
    """An institution by its code."""

    code: str


class MemberKey(Key[MemberFacts | None], frozen=True):
    """A member by reference, with the accounts that may pay."""

    member: str


class RecordsKey(Key[tuple[DatedRecord, ...]], frozen=True):
    """All dated facts about a subject (``Subject.named``), in the order of entry, at most RECORDS_MOST."""

    subject: str


class MaskedNameKey(Key[str], frozen=True):
    """A member's masked name; empty where the name was erased or the member is unknown."""

    member: str


class CountersKey(Key[Mapping[CounterKey, CounterState]], frozen=True):
    """All counters of a member in a region and scheme, of these periods; what never moved is absent."""

    member: str
    region: str
    scheme: str
    periods: tuple[str, ...]


class DispensedKey(Key[tuple[DispensedFacts, ...]], frozen=True):
    """Drugs that the member was handed from ``since`` to ``until``, both included, as they were handed out.

    Those of sales that are held or settled; at most ``limit``, the latest.
    """

    member: str
    since: date
    until: date
    limit: int


class PrescriptionKey(Key[PrescriptionFacts | None], frozen=True):
    """A registered prescription with what is dispensed of it, by institution and number; None if unknown."""

    institution: str
    number: str


class OpenPrescriptionsKey(Key[tuple[PrescriptionFacts, ...]], frozen=True):
    """Prescriptions of the member that are valid on the day, not withdrawn and not all dispensed.

    Oldest first, at most ``limit``; rejected ones are among them. An empty ``number`` or ``institution`` asks
    for any.
    """

    member: str
    on: date
    limit: int
    number: str = ""
    institution: str = ""


class OrdersKey(Key[tuple[SignedOrder, ...]], frozen=True):
    """The emergency orders for an institution of a region that were signed for any of the days, by id.

    ``since`` and ``until`` are included. Signatures are not checked, nor whether an order ended before; at
    most ``limit``.
    """

    region: str
    institution: str
    since: date
    until: date
    limit: int


class CatalogueKey(Key[CatalogueFacts], frozen=True):
    """The items of these codes (sorted, each once) in a region's catalogue.

    ``known_at``: in the catalogue as it was entered up to then; None: in the one that holds now.
    """

    region: str
    codes: tuple[str, ...]
    known_at: datetime | None = None


class TraceCodesKey(Key[Mapping[str, CodeState]], frozen=True):
    """Where these traceability codes (sorted, each once) stand sold; one that does not is absent."""

    codes: tuple[str, ...]


class CredentialUseKey(Key[str | None], frozen=True):
    """The request id that used the credential up; None if none did."""

    credential_id: str


class EnrolCodeKey(Key[EnrolCode | None], frozen=True):
    """A one-time code by its hash."""

    code_hash: str


class NonceKey(Key[bool], frozen=True):
    """Whether the nonce was kept before. ``sender``: the terminal, or for Enrol the new key's id."""

    sender: str
    nonce: str


class RecoveryKey(Key[Recovery], frozen=True):
    """What a restore with loss left open for a terminal of an institution; both empty: for anybody at all.

    ``own``: what it has not compared itself, for whomever people may have ended it.
    """

    institution: str = ""
    terminal: str = ""
    own: bool = False


class AwaitedKey(Key[Awaited], frozen=True):
    """The terminals of an institution that have not compared after a restore with loss."""

    institution: str


AnyKey = Key[Any]


class Facts:
    """Values by key. Asking for a key that was not loaded is an error of the program: KeyError."""

    __slots__ = ("_follows", "_known")

    def __init__(self, known: Mapping[AnyKey, Any] | None = None) -> None:
        self._known = dict(known or {})
        self._follows: dict[Hashable, Any] = {}

    def __contains__(self, key: object) -> bool:
        return key in self._known

    def of(self, key: Key[T]) -> T:
        """Returns the value of a key that was loaded."""
        value: T = self._known[key]
        return value

    def joined(self, more: "Facts") -> "Facts":
        """Returns these facts and more; what ``more`` says stands."""
        return Facts({**self._known, **more.known()})

    def follows(self, named: Hashable, make: Callable[[], T]) -> T:
        """Returns what ``make`` makes of these facts alone, made once; ``named`` says what that is.

        Many decisions are made of what was loaded at once, and most of them ask the same of a place and day.
        No more values are kept than decisions ask for. Raises what ``make`` raises.
        """
        if named not in self._follows:
            self._follows[named] = make()
        value: T = self._follows[named]
        return value

    def known(self) -> Mapping[AnyKey, Any]:
        """Returns everything that was loaded, by key."""
        return self._known
