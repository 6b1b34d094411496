"""What a use case needs to know: each key names one fact, typed by what the store answers for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar, cast

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
from medsettle_gateway.domain.recovery import Recovery
from medsettle_gateway.domain.sale import SaleHead, SaleRecord
from medsettle_gateway.domain.upstream import Errand

T = TypeVar("T")


class Key(Generic[T]):
    """The name of a fact whose value is a ``T``."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class SaleKey(Key[SaleRecord | None]):
    """The sale under a request id; None if nothing is recorded."""

    request_id: str


@dataclass(frozen=True, slots=True)
class ErrandKey(Key[Errand | None]):
    """What is to be found out or undone of a sale; None if nothing is."""

    request_id: str


@dataclass(frozen=True, slots=True)
class TicketKey(Key[tuple[SaleHead, ...]]):
    """All attempts of one ticket, by attempt."""

    ticket: Ticket


@dataclass(frozen=True, slots=True)
class RecentSalesKey(Key[tuple[SaleHead, ...]]):
    """Sales of the member at the institution with this basket digest, created at ``since`` or later.

    Those that are alive, oldest first, at most ``limit``.
    """

    member: str
    institution: str
    basket_digest: str
    since: datetime
    limit: int


@dataclass(frozen=True, slots=True)
class LaterSalesKey(Key[tuple[SaleRecord, ...]]):
    """Sales of the member that were calculated at the instant or after it, SETTLED or HELD.

    Oldest first, at most ``limit``.
    """

    member: str
    since: datetime
    limit: int


@dataclass(frozen=True, slots=True)
class SettledSinceKey(Key[tuple[SaleRecord, ...]]):
    """Sales of the member that became SETTLED at the instant or after it, oldest first, at most ``limit``."""

    member: str
    since: datetime
    limit: int


@dataclass(frozen=True, slots=True)
class DueHoldsKey(Key[tuple[SaleRecord, ...]]):
    """HELD sales whose hold ended at ``due_at`` or before, oldest first, at most ``limit``.

    Of the member, of the owners of the accounts that may pay for the member, and of everyone else for whom
    those accounts and the member's own may pay: whoever may reserve what this member may use.
    """

    member: str
    due_at: datetime
    limit: int


@dataclass(frozen=True, slots=True)
class StayEndKey(Key[SaleHead | None]):
    """The final bill of a stay of the member, if one is held or settled, or an authority is asked of it."""

    member: str
    stay: str


@dataclass(frozen=True, slots=True)
class TerminalKey(Key[TerminalFacts | None]):
    """A terminal by its id."""

    terminal: str


@dataclass(frozen=True, slots=True)
class KeyRecordKey(Key[KeyRecord | None]):
    """A terminal's public key by its id."""

    key: str


@dataclass(frozen=True, slots=True)
class TerminalKeysKey(Key[tuple[KeyRecord, ...]]):
    """All keys of a terminal, by their beginning."""

    terminal: str


@dataclass(frozen=True, slots=True)
class InstitutionKey(Key[InstitutionFacts | None]):
    """An institution by its code."""

    code: str


@dataclass(frozen=True, slots=True)
class MemberKey(Key[MemberFacts | None]):
    """A member by reference, with the accounts that may pay."""

    member: str


@dataclass(frozen=True, slots=True)
class MaskedNameKey(Key[str]):
    """A member's masked name; empty where the name was erased or the member is unknown."""

    member: str


@dataclass(frozen=True, slots=True)
class CountersKey(Key[Mapping[CounterKey, CounterState]]):
    """All counters of a member in a region and scheme, of these periods; what never moved is absent."""

    member: str
    region: str
    scheme: str
    periods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DispensedKey(Key[tuple[DispensedFacts, ...]]):
    """Drugs that the member was handed from ``since`` to ``until``, both included, as they were handed out.

    Those of sales that are held or settled; at most ``limit``, the latest.
    """

    member: str
    since: date
    until: date
    limit: int


@dataclass(frozen=True, slots=True)
class OrdersKey(Key[tuple[SignedOrder, ...]]):
    """The emergency orders for an institution of a region that were signed for any of the days, by id.

    ``since`` and ``until`` are included. Signatures are not checked, nor whether an order ended before; at
    most ``limit``.
    """

    region: str
    institution: str
    since: date
    until: date
    limit: int


@dataclass(frozen=True, slots=True)
class CatalogueKey(Key[CatalogueFacts]):
    """The items of these codes (sorted, each once) in a region's catalogue."""

    region: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CredentialUseKey(Key[str | None]):
    """The request id that used the credential up; None if none did."""

    credential_id: str


@dataclass(frozen=True, slots=True)
class EnrolCodeKey(Key[EnrolCode | None]):
    """A one-time code by its hash."""

    code_hash: str


@dataclass(frozen=True, slots=True)
class NonceKey(Key[bool]):
    """Whether the nonce was kept before. ``sender``: the terminal, or for Enrol the new key's id."""

    sender: str
    nonce: str


@dataclass(frozen=True, slots=True)
class RecoveryKey(Key[Recovery]):
    """What a restore with loss left open for a terminal of an institution; both empty: for anybody at all."""

    institution: str = ""
    terminal: str = ""


AnyKey = Key[Any]


class Facts:
    """Values by key. Asking for a key that was not loaded is an error of the program: KeyError."""

    __slots__ = ("_known",)

    def __init__(self, known: Mapping[AnyKey, Any] | None = None) -> None:
        self._known = dict(known or {})

    def __contains__(self, key: object) -> bool:
        return key in self._known

    def of(self, key: Key[T]) -> T:
        """Returns the value of a key that was loaded."""
        return cast("T", self._known[key])

    def joined(self, more: "Facts") -> "Facts":
        """Returns these facts and more; what ``more`` says stands."""
        return Facts({**self._known, **more.known()})

    def known(self) -> Mapping[AnyKey, Any]:
        """Returns everything that was loaded, by key."""
        return self._known
