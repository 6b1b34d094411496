"""What the gateway answers: quotes, sales, and how a total divides. All amounts are in fen.

Ids of funds, accounts, counters and benefits are open strings; a state that this release does not
know is kept as it came, and counts as open.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from medsettle.models.asked import Split, Tendered
from medsettle.wire.states import Outcome, outcome_of


class LegKind(StrEnum):
    """Who bears a leg of the sale."""

    FUND = "FUND"
    ACCOUNT = "ACCOUNT"
    CASH = "CASH"
    PROVIDER = "PROVIDER"


class LegState(StrEnum):
    """What has happened to a leg. UNKNOWN is the till's own word: no signed answer says it yet."""

    RESERVED = "RESERVED"
    BOOKED = "BOOKED"
    FREED = "FREED"
    RETURNED = "RETURNED"
    UNKNOWN = "UNKNOWN"


class Verdict(StrEnum):
    """What an advisory asks of the cashier."""

    NOTE = "NOTE"
    """Nothing but to know it."""
    REMIND = "REMIND"
    """To tell the patient (提醒)."""
    WARN = "WARN"
    """To look, and to accept it with a reason, else Settle is refused (预警)."""
    BLOCK = "BLOCK"
    """Settle will be refused (阻断)."""


@dataclass(frozen=True, slots=True)
class Advisory:
    """Something that the cashier should know. ``line_ids``: the lines that it is about, none: the whole
    basket or the person. ``clause``: of the policy document, or empty.
    """

    code: str
    zh: str
    en: str
    verdict: Verdict = Verdict.NOTE
    line_ids: tuple[str, ...] = ()
    clause: str = ""


@dataclass(frozen=True, slots=True)
class LineRefusal:
    """Why one line of the basket was refused, with the sentences for the screen and facts to act on.

    ``line_id`` is the till's own id of the line, or its number from 1.
    """

    line_id: str
    item_code: str
    reason: str
    zh: str
    en: str
    next_zh: str = ""
    next_en: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a call or a sale was refused, with the sentences for the screen.

    ``reason`` is a name of ``wire.reasons.Reason`` or ``till_reasons.TillReason``, or one that this
    release does not know. ``recorded``: it is written under the request id, a proof that nothing was
    charged. ``lines``: where it is about lines, each of them, in the basket's order; the rest is then that
    of the first. ``lines_count`` is larger where more lines are refused than the answer had room for.
    ``findings``: what supervision found, those that stop the sale first; ``findings_count`` likewise.
    """

    reason: str
    recorded: bool
    zh: str
    en: str
    next_zh: str = ""
    next_en: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    lines: tuple[LineRefusal, ...] = ()
    lines_count: int = 0
    findings: tuple[Advisory, ...] = ()
    findings_count: int = 0


@dataclass(frozen=True, slots=True)
class AccountShare:
    """What one account pays; the notes say why it may not pay, and are empty if it may."""

    account: str
    owner: str
    amount_fen: int
    note_zh: str = ""
    note_en: str = ""


@dataclass(frozen=True, slots=True)
class Breakdown:
    """How the total divides, in fen (医疗费总额 and its parts).

    ``afterwards``: what layers that act after the fact would pay, by layer; outside all sums.
    """

    total_fen: int
    provider_borne_fen: int
    fully_self_paid_fen: int
    over_limit_fen: int
    self_pay_first_fen: int
    in_scope_fen: int
    deductible_fen: int
    over_cap_fen: int
    funds: Mapping[str, int]
    personal_fen: int
    accounts: tuple[AccountShare, ...]
    cash_fen: int
    afterwards: Mapping[str, int] = field(default_factory=dict)

    def broken_identity(self) -> str | None:
        """Returns the first identity that does not hold, as a formula; None if all hold."""
        parts = (
            self.provider_borne_fen + self.fully_self_paid_fen + self.over_limit_fen
            + self.self_pay_first_fen + self.in_scope_fen
        )
        if self.total_fen != parts:
            return "total = provider_borne + fully_self_paid + over_limit + self_pay_first + in_scope"
        if self.total_fen != self.provider_borne_fen + sum(self.funds.values()) + self.personal_fen:
            return "total = provider_borne + sum(funds) + personal"
        if self.personal_fen != sum(share.amount_fen for share in self.accounts) + self.cash_fen:
            return "personal = sum(accounts) + cash"
        return None if min(self._amounts()) >= 0 else "every amount >= 0"

    def _amounts(self) -> tuple[int, ...]:
        return (
            self.total_fen, self.provider_borne_fen, self.fully_self_paid_fen, self.over_limit_fen,
            self.self_pay_first_fen, self.in_scope_fen, self.deductible_fen, self.over_cap_fen,
            self.personal_fen, self.cash_fen, *self.funds.values(),
            *(share.amount_fen for share in self.accounts),
        )


@dataclass(frozen=True, slots=True)
class LineBreakdown:
    """How one line divides, in fen, with the item as the catalogue names it."""

    line_id: str
    item_code: str
    name: str
    kind: str
    item_class: str
    amount_fen: int
    provider_borne_fen: int
    fully_self_paid_fen: int
    over_limit_fen: int
    self_pay_first_fen: int
    in_scope_fen: int


@dataclass(frozen=True, slots=True)
class TraceEntry:
    """One step of the calculation, with a sentence that a cashier can read aloud."""

    step: str
    rule: str
    clause: str
    inputs: Mapping[str, str]
    amount_fen: int | None
    zh: str
    en: str
    line_id: str = ""


@dataclass(frozen=True, slots=True)
class Remainder:
    """What is used and left of one yearly figure after this sale, in fen; None: no limit.

    The titles say what the limit is called; they are empty where it has none.
    """

    counter: str
    measure: str
    period: str
    used_fen: int
    limit_fen: int | None = None
    left_fen: int | None = None
    title_zh: str = ""
    title_en: str = ""


@dataclass(frozen=True, slots=True)
class Settlement:
    """One benefit's calculation within a sale. Lines, trace and remainders come with View.FULL.

    ``emergency_order``: the order (应急) under which it was calculated; empty for none.
    """

    number: int
    benefit: str
    title_zh: str
    title_en: str
    breakdown: Breakdown
    lines: tuple[LineBreakdown, ...] = ()
    trace: tuple[TraceEntry, ...] = ()
    remainders: tuple[Remainder, ...] = ()
    pack: str = ""
    pack_digest: str = ""
    catalogue_digest: str = ""
    engine_version: str = ""
    emergency_order: str = ""


@dataclass(frozen=True, slots=True)
class Leg:
    """One payer's part of a sale: fund id, account id, ``cash`` or ``provider``."""

    kind: str
    id: str
    amount_fen: int
    state: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What goes back to each payer when part of the goods is returned, in fen; negative: it pays more."""

    cash_fen: int
    funds: Mapping[str, int] = field(default_factory=dict)
    accounts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Quote:
    """What a sale would cost now. Nothing is reserved. Show ``split`` to the patient.

    ``difference``: of a return, what would go back.
    """

    settlements: tuple[Settlement, ...]
    split: Split
    quote_token: str
    expires_at: datetime | None
    service_on: date | None
    masked_name: str
    advisories: tuple[Advisory, ...] = ()
    difference: Difference | None = None


@dataclass(frozen=True, slots=True)
class Sale:
    """One patient, one ticket, one request id, as the gateway's signed answer has it.

    ``state`` is where it stands now, by name (``wire.states.SaleState``): act on it. ``first_state``
    is what the first answer under this id said. ``advisories``: thresholds of the year that it passed.
    ``replaces``: the sale of which it is what was left after a return, ``difference`` what went back then;
    ``replaced_by``: the sale that is left of this one. ``undone_by``: the terminal that released or reversed
    it; ``office`` for the operator, empty where time ended it.
    """

    request_id: str
    state: str
    first_state: str
    refusal: Refusal | None
    legs: tuple[Leg, ...]
    settlements: tuple[Settlement, ...]
    member: str
    masked_name: str
    institution: str
    terminal: str
    operator: str
    service_on: date | None
    business_on: date | None
    requested_at: datetime | None
    committed_at: datetime | None
    hold_expires_at: datetime | None
    tenders: tuple[Tendered, ...]
    receipt_token: str
    replaces: str
    recompute_due: tuple[str, ...]
    epoch: int | None
    advisories: tuple[Advisory, ...] = ()
    replaced_by: str = ""
    difference: Difference | None = None
    undone_by: str = ""

    @property
    def outcome(self) -> Outcome:
        """What the state means at the till."""
        return outcome_of(self.state)

    def amount_of(self, kind: LegKind) -> int:
        """Returns what the legs of a kind bear together, in fen."""
        return sum(leg.amount_fen for leg in self.legs if leg.kind == kind)

    def split(self) -> Split:
        """Returns who pays what, in fen, by the sale's legs."""
        return Split(
            cash_fen=self.amount_of(LegKind.CASH),
            funds={leg.id: leg.amount_fen for leg in self.legs if leg.kind == LegKind.FUND},
            accounts={leg.id: leg.amount_fen for leg in self.legs if leg.kind == LegKind.ACCOUNT},
        )
