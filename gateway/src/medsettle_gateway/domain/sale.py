"""A sale as it is recorded: one patient, one ticket, one request id, one or more settlements.

Records are values: a transition makes a new one with the next version. They hold member references and
codes, never a name, an id number or a credential.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from msgspec import Raw, Struct, field, structs

from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle_gateway.domain.asked import Basket, Collect
from medsettle_gateway.domain.basket import Dispensed
from medsettle_gateway.domain.breakdown import Breakdown, FundShare
from medsettle_gateway.domain.counters import CounterKey, Remainder
from medsettle_gateway.domain.errors import LineFault, Refusal
from medsettle_gateway.domain.finding import AcceptedWarning, Finding
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.plain import from_json, from_raw, to_utf8
from medsettle_gateway.domain.prescriptions import Draw
from medsettle_gateway.domain.split import Difference, Split
from medsettle_gateway.domain.tracing import TracedCode
from medsettle_gateway.domain.upstream import UpstreamRecord

RECORD_FORMAT: Final = 1
"""Stands in every stored sale. It is raised when a release writes what an older one would misread; a field
that is added last, with a default, is no such thing. Each settlement has its engine's version besides."""


NO_INPUT: Final = Raw(b"{}")
"""The input of a calculation that is not known."""


class SaleHead(NamedTuple):
    """A sale's id, where it stands, and when it was first recorded; None in what was stored without it."""

    request_id: str
    state: SaleState
    created_at: datetime | None = None


class TenderRecord(NamedTuple):
    """How a part of the cash was collected, in fen."""

    kind: str
    amount_fen: int
    reference: str = ""


class LineRecord(NamedTuple):
    """What the catalogue said of a line: with the breakdown's line of the same position."""

    line_id: str
    item_code: str
    name: str
    kind: str
    item_class: str


class TraceStep(NamedTuple):
    """One step of the calculation: facts only, its sentences are made when they are asked for.

    ``line`` is the line's position from 0, None for a step of the whole settlement.
    """

    step: str
    rule: str
    clause: str
    inputs: Mapping[str, str | int | None]
    amount_fen: int
    line: int | None = None


class WarningRecord(NamedTuple):
    """A threshold of the year that a settlement passed, in fen: what was borne before it and after it."""

    id: str
    title_zh: str
    title_en: str
    threshold_fen: int
    before_fen: int
    after_fen: int
    clause: str = ""


class SettlementRecord(Struct, frozen=True):
    """One benefit's calculation: with ``case_input`` and the digests it can be done again for ever.

    ``case_input`` is empty where it is not known: of another authority, or lost before a restore.
    ``order`` is the emergency order under which it was made, empty for none. ``lines_pack`` and its digest
    name the pack of the place whose line rules held, empty where they are those of ``pack``.
    """

    number: int
    benefit: str
    title_zh: str
    title_en: str
    breakdown: Breakdown
    lines: tuple[LineRecord, ...]
    trace: tuple[TraceStep, ...]
    remainders: tuple[Remainder, ...]
    pack: str
    pack_digest: str
    catalogue_digest: str
    engine_version: str
    input_json: Raw = field(name="case_input")
    order: str = ""
    raised: tuple[WarningRecord, ...] = ()
    lines_pack: str = ""
    lines_digest: str = ""

    @property
    def case_input(self) -> Mapping[str, Any]:
        """The calculation's whole input, parsed at each call: few ever ask for it."""
        return from_raw(self.input_json) or {}


class CounterDelta(NamedTuple):
    """What a sale adds to one counter of its member: fen, or a count."""

    key: CounterKey
    amount: int


class AccountBooking(NamedTuple):
    """What one account pays; region and scheme are its owner's and name its book.

    ``variance_fen`` is the part of it that the account does not have: see :mod:`..ledger.books`.
    """

    account: str
    region: str
    scheme: str
    amount_fen: int
    variance_fen: int = 0


class Effect(Struct, frozen=True):
    """All that a sale books, its settlements together. Region and scheme are the patient's.

    ``counters`` names each counter once. ``dispensed`` are the drugs that a benefit's limits count.
    ``upstream`` names the authority that keeps accounts and counters itself; empty where both are kept here.
    ``fund_variance`` is the part of funds that was paid as shown and that they do not bear.
    """

    region: str
    scheme: str
    funds: tuple[FundShare, ...]
    accounts: tuple[AccountBooking, ...]
    cash_fen: int
    provider_borne_fen: int
    counters: tuple[CounterDelta, ...]
    dispensed: tuple[Dispensed, ...] = ()
    upstream: str = ""
    fund_variance: tuple[FundShare, ...] = ()

    def varied_fen(self, fund: str) -> int:
        """Returns what the operator bears of a fund's part, in fen."""
        return sum(share.amount_fen for share in self.fund_variance if share.fund == fund)


class RefusalRecord(Struct, frozen=True):
    """Why a sale was refused, with what the first answer carried, so that a repeat carries the same."""

    reason: Reason
    detail: Mapping[str, str] = {}
    expected: Split | None = None
    now: Split | None = None
    breakdown: Breakdown | None = None
    other: SaleHead | None = None
    lines: tuple[LineFault, ...] = ()
    findings: tuple[Finding, ...] = ()

    @classmethod
    def of(cls, refusal: Refusal) -> "RefusalRecord":
        """Returns the record of a refusal that speaks of nothing but its reason, detail and lines."""
        return cls(refusal.reason, dict(refusal.detail), lines=refusal.lines)


class Fingerprint(NamedTuple):
    """What was asked: a digest of lines, encounter, collect and expected split, and the member.

    ``member`` is None where the credential did not say whose it is: then only ``asked`` is compared. It is
    empty where a sale came back after a restore without it: then only ``member`` is.
    """

    asked: str
    member: str | None

    def matches(self, other: "Fingerprint") -> bool:
        """Returns whether both ask for the same, as far as both know whom it is for."""
        known = self.member is not None and other.member is not None
        same = self.asked == other.asked or not (self.asked and other.asked)
        return same and (not known or self.member == other.member)


class SaleRecord(Struct, frozen=True):
    """A sale, whatever its state. A tombstone (sealed unseen) has no fingerprint, basket or member.

    ``version`` counts its transitions from 1. ``settlements``, ``split`` and ``effect`` are set once it was
    held or settled. ``hold_expires_at`` stays after the hold has ended. ``calculated_at`` is when the
    counters were read that the settlements stand on. ``undone_by`` is the terminal that ended it first,
    ``office`` for an operator, empty where time did: who undid it owes the patient the cash.
    ``upstream`` is set where a remote authority decides.
    ``drawn`` is what it dispenses of registered prescriptions, for as long as it stands.
    ``codes`` are the traceability codes that nobody else may sell as long as it stands.
    ``bound_at`` is set where it was decided by what was known then, because a check's answer bound.
    ``repairs`` names the sale whose late confirmation was refused, and which this one settles after all.
    ``findings`` are what supervision found, ``accepted`` the warnings in spite of which the cashier went on.
    ``proxied``: somebody else came for the patient.
    Names are not here: they live in one table.
    """

    request_id: RequestId
    state: SaleState
    first_state: SaleState
    version: int
    operator: str
    service_on: date
    requested_at: datetime
    created_at: datetime
    committed_at: datetime
    fingerprint: Fingerprint | None = None
    basket: Basket | None = None
    basket_digest: str = ""
    collect: Collect | None = None
    acknowledgements: tuple[str, ...] = ()
    member: str | None = None
    refusal: RefusalRecord | None = None
    settlements: tuple[SettlementRecord, ...] = ()
    split: Split | None = None
    effect: Effect | None = None
    calculated_at: datetime | None = None
    hold_expires_at: datetime | None = None
    business_on: date | None = None
    settled_on: date | None = None
    tenders: tuple[TenderRecord, ...] = ()
    receipt_token: str = ""
    replaces: str = ""
    reverse_reason: str = ""
    recompute_due: tuple[str, ...] = ()
    record_format: int = RECORD_FORMAT
    upstream: UpstreamRecord | None = None
    repairs: str = ""
    replaced_by: str = ""
    difference: Difference | None = None
    undone_by: str = ""
    drawn: tuple[Draw, ...] = ()
    bound_at: datetime | None = None
    findings: tuple[Finding, ...] = ()
    accepted: tuple[AcceptedWarning, ...] = ()
    codes: tuple[TracedCode, ...] = ()
    proxied: bool = False

    @property
    def institution(self) -> str:
        """The institution's code."""
        return self.request_id.institution

    @property
    def terminal(self) -> str:
        """The terminal that settled, or that the id names."""
        return self.request_id.terminal

    @property
    def ends_stay(self) -> str | None:
        """The stay of which it is the final bill; None for any other sale."""
        basket = self.basket
        return basket.stay_at(self.institution) if basket and basket.discharged_on else None


def findings_of(sale: SaleRecord) -> tuple[Finding, ...]:
    """Returns what supervision found in a sale; where it was refused for that, it stands in the refusal."""
    return sale.refusal.findings if sale.refusal is not None else sale.findings


class StoredSale(NamedTuple):
    """A sale as JSON texts: the record, and each of its settlements by itself."""

    body: str
    settlements: tuple[str, ...]


def to_stored(sale: SaleRecord) -> StoredSale:
    """Returns the texts that storage keeps of a sale."""
    body, bodies = stored_utf8(sale)
    return StoredSale(body.decode(), tuple([each.decode() for each in bodies]))


def stored_utf8(sale: SaleRecord) -> tuple[bytes, tuple[bytes, ...]]:
    """Returns the same texts in UTF-8: the record, and each of its settlements."""
    return to_utf8(structs.replace(sale, settlements=())), tuple(map(to_utf8, sale.settlements))


def from_stored(stored: StoredSale) -> SaleRecord:
    """Returns the sale of what :func:`to_stored` made.

    Raises ValueError for anything else, and for what a newer release made that this one would misread.
    """
    sale = from_json(SaleRecord, stored.body)
    if sale.record_format > RECORD_FORMAT:
        msg = f"{sale.request_id} is of format {sale.record_format}; this release reads {RECORD_FORMAT}"
        raise ValueError(msg)
    settlements = tuple(from_json(SettlementRecord, text) for text in stored.settlements)
    return structs.replace(sale, settlements=settlements)
