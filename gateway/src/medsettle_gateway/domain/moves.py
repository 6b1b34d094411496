"""What a decision does to the store: each move is one effect on one row.

All moves of a decision are committed together or not at all. The store asserts what no move may break:
every book of an entry sums to zero, and no balance, held amount or counter falls below zero.
"""

from datetime import datetime

from msgspec import Struct

from medsettle_gateway.domain.basket import Dispensed
from medsettle_gateway.domain.credential import Proxy
from medsettle_gateway.domain.entry import CounterMove, Entry
from medsettle_gateway.domain.facts import KeyRecord, TerminalFacts
from medsettle_gateway.domain.prescriptions import (
    Draw,
    RegisteredPrescription,
    ReviewRecord,
    WithdrawalRecord,
)
from medsettle_gateway.domain.recovery import Reassertion
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.domain.tracing import TracedCode
from medsettle_gateway.domain.upstream import Errand


class PutSale(Struct, frozen=True):
    """Writes a sale: new when its version is 1, else in place of the version before (asserted)."""

    sale: SaleRecord


class PostEntry(Struct, frozen=True):
    """Appends an entry with its postings and counter moves to the ledger."""

    entry: Entry


class MoveBalance(Struct, frozen=True):
    """Adds to what an account has available and to what holds reserve of it, in fen."""

    account: str
    balance_delta_fen: int
    held_delta_fen: int


class MoveCounter(Struct, frozen=True):
    """Adds to a counter; the row is made where there is none."""

    move: CounterMove


class KeepDispensed(Struct, frozen=True):
    """Writes the drugs that a sale hands out; refused by the store if the sale's are there (asserted)."""

    request_id: str
    member: str
    drugs: tuple[Dispensed, ...]


class DropDispensed(Struct, frozen=True):
    """Takes the drugs of a sale away that ended otherwise."""

    request_id: str


class KeepPrescription(Struct, frozen=True):
    """Registers a prescription; refused by the store if its number is taken (asserted)."""

    prescription: RegisteredPrescription


class KeepReview(Struct, frozen=True):
    """Adds a pharmacist's review to a prescription."""

    institution: str
    number: str
    review: ReviewRecord


class KeepWithdrawal(Struct, frozen=True):
    """Withdraws a prescription; refused by the store if it was withdrawn before (asserted)."""

    institution: str
    number: str
    withdrawal: WithdrawalRecord


class DrawPrescriptions(Struct, frozen=True):
    """Counts what a sale dispenses; the store asserts that no drug comes to more than is prescribed."""

    request_id: str
    draws: tuple[Draw, ...]


class GiveBackPrescriptions(Struct, frozen=True):
    """Takes back what a sale had drawn (asserted)."""

    request_id: str
    draws: tuple[Draw, ...]


class SellCodes(Struct, frozen=True):
    """Says that a sale takes these codes; refused by the store where one stands sold otherwise (asserted)."""

    request_id: str
    institution: str
    codes: tuple[TracedCode, ...]
    sold_at: datetime


class ReturnCodes(Struct, frozen=True):
    """Gives back what a sale had taken (asserted)."""

    request_id: str
    codes: tuple[TracedCode, ...]
    returned_at: datetime


class UseCredential(Struct, frozen=True):
    """Uses a credential up for one sale; refused by the store if it was used before (asserted)."""

    credential_id: str
    request_id: str
    used_at: datetime
    expires_at: datetime


class FreeCredential(Struct, frozen=True):
    """Makes a credential usable again that a sale had used which the authority then refused (asserted)."""

    credential_id: str
    request_id: str


class KeepProxy(Struct, frozen=True):
    """Keeps, sealed, who came for the patient; refused by the store if the sale has one (asserted)."""

    request_id: str
    proxy: Proxy
    kept_at: datetime


class PutErrand(Struct, frozen=True):
    """Writes an errand, new or in place of the one before."""

    errand: Errand


class DropErrand(Struct, frozen=True):
    """Takes away the errand of a sale; nothing where it has none."""

    request_id: str


class KeepReassertion(Struct, frozen=True):
    """Keeps what was shown of a sale; nothing where that state of it was shown before."""

    shown: Reassertion


class EndRecovery(Struct, frozen=True):
    """Says that a till has compared; nothing where it was said before."""

    epoch: int
    terminal: str
    ended_at: datetime


class KeepNonce(Struct, frozen=True):
    """Remembers a nonce until ``until``."""

    sender: str
    nonce: str
    until: datetime


class PutTerminal(Struct, frozen=True):
    """Writes a terminal, new or changed."""

    terminal: TerminalFacts


class PutTerminalKey(Struct, frozen=True):
    """Registers a key."""

    record: KeyRecord


class EndTerminalKey(Struct, frozen=True):
    """Brings the end of a key forward; never later than it was."""

    key: str
    not_after: datetime


class UseEnrolCode(Struct, frozen=True):
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
    | KeepPrescription
    | KeepReview
    | KeepWithdrawal
    | DrawPrescriptions
    | GiveBackPrescriptions
    | SellCodes
    | ReturnCodes
    | UseCredential
    | FreeCredential
    | KeepProxy
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
