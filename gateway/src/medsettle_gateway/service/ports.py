"""What the use cases ask of the outside: storage, time, spawning, credentials, receipts."""

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol

from medsettle.wire.states import SaleState
from medsettle_gateway.domain.credential import AskedFor
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.facts import ResolvedCredential
from medsettle_gateway.domain.keys import AnyKey, Facts
from medsettle_gateway.domain.moves import Move
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.domain.upstream import DueErrand
from medsettle_gateway.service.commands import Shown


class StoreUnavailableError(Exception):
    """The store cannot be read or written now.

    Nothing of the transaction was done, unless its commit was sent and no answer came: then all of it may
    have been. Ids make asking again harmless either way.
    """


class ContendedError(Exception):
    """Another process decides about the same things; nothing of the transaction was done. Run it again."""


class LockedError(ContendedError):
    """Others hold what some keys stand for. Whoever does without these may go on in the transaction."""

    def __init__(self, keys: Sequence[AnyKey]) -> None:
        super().__init__("another process decides about the same things")
        self.keys = tuple(keys)


class Transaction(Protocol):
    """Everything between begin and commit: what is loaded cannot change under it."""

    @property
    def at(self) -> datetime | None:
        """The store's own instant, once its locks are taken; None where this process is the only writer.

        Gateways on several machines that share a store must agree on what came first.
        """

    async def load(self, keys: Sequence[AnyKey]) -> Facts:
        """Returns the facts of the keys, this transaction's own moves included.

        What :mod:`medsettle_gateway.domain.locks` says of the keys and their facts is locked until the end.
        Where others hold it, nobody waits: LockedError names the keys that cannot be had now.
        """

    async def write(self, moves: Sequence[Move]) -> None:
        """Does the moves, as one set. Raises AssertionError if one breaks what the store asserts."""


class SalePosition(NamedTuple):
    """Where a page of sales ended."""

    created_at: datetime
    request_id: str


@dataclass(frozen=True, slots=True)
class SaleFilter:
    """Which sales of an institution; empty and None mean all. Days are inclusive."""

    institution: str
    states: tuple[SaleState, ...] = ()
    terminal: str | None = None
    service_from: date | None = None
    service_to: date | None = None


class Store(Protocol):
    """The database. Every method raises StoreUnavailableError when it cannot be reached."""

    def begin(self) -> AbstractAsyncContextManager[Transaction]:
        """Begins the one writing transaction.

        Leaving it commits, and returns only when that is on disk; leaving it by an exception undoes it.
        """

    async def load(self, keys: Sequence[AnyKey]) -> Facts:
        """Returns the facts of the keys as last committed, all at one point in time."""

    async def list_sales(
        self, chosen: SaleFilter, page_size: int, after: SalePosition | None
    ) -> tuple[SaleRecord, ...]:
        """Returns up to ``page_size`` sales behind the position, by ``created_at`` and id, newest first."""

    async def due_sales(self, hold_due_at: datetime, day_due_at: datetime, limit: int) -> tuple[str, ...]:
        """Returns request ids, longest due first, at most ``limit``.

        HELD with ``hold_expires_at`` at or before ``hold_due_at``, or EXPIRED with it at or before
        ``day_due_at``.
        """

    async def due_errands(
        self, due_at: datetime, limit: int, after: DueErrand | None = None
    ) -> tuple[DueErrand, ...]:
        """Returns errands that are due, longest due first, at most ``limit``: of those behind ``after``."""

    async def last_committed_at(self) -> datetime | None:
        """Returns the instant of the last entry in the books; None before the first."""

    async def chain(self, limit: int, at: datetime) -> int:
        """Covers up to ``limit`` of the next entries by one block, and returns how many it covers.

        0 where none wait, or another process is at it. Raises AssertionError where what waits is broken.
        """

    async def close(self) -> None:
        """Finishes what was begun and closes the database."""


class Clock(Protocol):
    """The gateway's time."""

    def now(self) -> datetime:
        """Returns the instant, aware."""

    async def sleep(self, seconds: float) -> None:
        """Returns after that time."""


class Spawn(Protocol):
    """Starts work beside the caller; what it returns ends with the work and may cancel it."""

    def __call__(self, work: Coroutine[Any, Any, None], *, name: str) -> "asyncio.Future[None]":
        """Returns the running work."""


class CredentialResolver(Protocol):
    """Says whose credential was shown."""

    async def resolve(self, shown: Shown, asked: AskedFor, now: datetime) -> ResolvedCredential | Refusal:
        """Returns whose it is, or why that cannot be said."""


class PublicKey(Protocol):
    """One public key: medsettle.wire.signing.KeyVerifier is one."""

    @property
    def key(self) -> str:
        """The key's id."""

    @property
    def suite(self) -> str:
        """ed25519 or p256."""

    def verify(self, signature: bytes, statement: bytes) -> bool:
        """Returns whether the signature is this key's over the statement."""


class ReadPublicKey(Protocol):
    """Reads a public key: medsettle.wire.signing.verifier_of does."""

    def __call__(self, public_key: bytes) -> PublicKey:
        """Returns the key of a DER SubjectPublicKeyInfo. Raises KeyInvalidError (a ValueError)."""


class ReceiptSigner(Protocol):
    """Signs receipts with the key that answers now, and shows its certificate."""

    def sign(self, statement: bytes) -> tuple[bytes, str]:
        """Returns the signature, and the encoded certificate of the key that made it."""


class Report(Protocol):
    """Hears of what a decision failed of: for the log, never for the client."""

    def __call__(self, what: str, error: BaseException) -> None:
        """Takes note of it; ``what`` names the command and the request id."""
