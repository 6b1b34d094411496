"""What a decision does to the store: each move is one effect on one row.

All moves of a decision are committed together or not at all. The store asserts what no move may break:
every book of an entry sums to zero, and no balance, held amount or counter falls below zero.
"""

from dataclasses import dataclass
from datetime import datetime

from medsettle_gateway.domain.basket import Dispensed
from medsettle_gateway.domain.entry import CounterMove, Entry
from medsettle_gateway.domain.facts import KeyRecord, TerminalFacts
from medsettle_gateway.domain.recovery import Reassertion
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.domain.upstream import Errand


@dataclass(frozen=True, slots=True)
class PutSale:
    """Writes a sale: new when its version is 1, else in place of the version before (asserted)."""

    sale: SaleRecord


@dataclass(frozen=True, slots=True)
class PostEntry:
    """Appends an entry with its postings and counter moves to the ledger."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class MoveBalance:
    """Adds to what an account has available and to what holds reserve of it, in fen."""

    account: str
    balance_delta_fen: int
    held_delta_fen: int


@dataclass(frozen=True, slots=True)
class MoveCounter:
    """Adds to a counter; the row is made where there is none."""

    move: CounterMove


@dataclass(frozen=True, slots=True)
class KeepDispensed:
    """Writes the drugs that a sale hands out; refused by the store if the sale's are there (asserted)."""

    request_id: str
    member: str
    drugs: tuple[Dispensed, ...]


@dataclass(frozen=True, slots=True)
class DropDispensed:
    """Takes the drugs of a sale away that ended otherwise."""

    request_id: str


@dataclass(frozen=True, slots=True)
class UseCredential:
    """Uses a credential up for one sale; refused by the store if it was used before (asserted)."""

    credential_id: str
    request_id: str
    used_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class FreeCredential:
    """Makes a credential usable again that a sale had used which the authority then refused (asserted)."""

    credential_id: str
    request_id: str


@dataclass(frozen=True, slots=True)
class PutErrand:
    """Writes an errand, new or in place of the one before."""

    errand: Errand


@dataclass(frozen=True, slots=True)
class DropErrand:
    """Takes away the errand of a sale; nothing where it has none."""

    request_id: str


@dataclass(frozen=True, slots=True)
class KeepReassertion:
    """Keeps what was shown of a sale; nothing where that state of it was shown before."""

    shown: Reassertion


@dataclass(frozen=True, slots=True)
class EndRecovery:
    """Says that a till has compared; nothing where it was said before."""

    epoch: int
    terminal: str
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class KeepNonce:
    """Remembers a nonce until ``until``."""

    sender: str
    nonce: str
    until: datetime


@dataclass(frozen=True, slots=True)
class PutTerminal:
    """Writes a terminal, new or changed."""

    terminal: TerminalFacts


@dataclass(frozen=True, slots=True)
class PutTerminalKey:
    """Registers a key."""

    record: KeyRecord


@dataclass(frozen=True, slots=True)
class EndTerminalKey:
    """Brings the end of a key forward; never later than it was."""

    key: str
    not_after: datetime


@dataclass(frozen=True, slots=True)
class UseEnrolCode:
    """Marks a one-time code as used by a key."""

    code_hash: str
    key: str
    used_at: datetime


Move = (
    PutSale
    | PostEntry
    | MoveBalance
    | MoveCounter
    | KeepDispensed
    | DropDispensed
    | UseCredential
    | FreeCredential
    | PutErrand
    | DropErrand
    | KeepReassertion
    | EndRecovery
    | KeepNonce
    | PutTerminal
    | PutTerminalKey
    | EndTerminalKey
    | UseEnrolCode
)
