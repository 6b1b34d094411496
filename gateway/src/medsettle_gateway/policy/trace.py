"""The steps of a calculation: what was applied, from which clause, to what effect.

The entries are sufficient: :func:`replay` rebuilds the breakdown from them, to the fen. The
sentences are made when they are read, so a settlement that nobody asks about does not pay
for them.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final, NamedTuple, TypedDict

from medsettle_gateway.domain.breakdown import (
    AccountNote,
    AccountShare,
    Breakdown,
    FundShare,
    LineBreakdown,
)
from medsettle_gateway.domain.member import Owner
from medsettle_gateway.policy.sentences import told
from medsettle_gateway.policy.sentences_lines import Sentences

Input = str | int | None


class Step(StrEnum):
    """The steps, in their order."""

    EMERGENCY_ORDER = "emergency_order"
    CATALOGUE = "catalogue"
    VERSION = "version"
    COVER_ENDED = "cover_ended"
    EXCLUDED = "excluded"
    RESTRICTED = "restricted"
    OUTSIDE = "outside"
    OVER_STANDARD = "over_standard"
    OVER_LIMIT = "over_limit"
    SUPPLY_REPORTED = "supply_reported"
    LIMIT_WAIVED = "limit_waived"
    PROVIDER_BORNE = "provider_borne"
    SESSION_OVER_LIMIT = "session_over_limit"
    SELF_PAY_FIRST = "self_pay_first"
    SELF_PAY_WAIVED = "self_pay_waived"
    IN_SCOPE = "in_scope"
    STAY_YEARS = "stay_years"
    DEDUCTIBLE = "deductible"
    NO_DEDUCTIBLE = "no_deductible"
    RATIO = "ratio"
    BAND = "band"
    BANDED = "banded"
    CAP = "cap"
    FUND = "fund"
    LAYER_OUTSIDE = "layer_outside"
    LAYER_THRESHOLD = "layer_threshold"
    LAYER_RATIO = "layer_ratio"
    GUARANTEE = "guarantee"
    LEAVES = "leaves"
    LAYER_CAP = "layer_cap"
    LAYER = "layer"
    AFTERWARDS = "afterwards"
    WARNING = "warning"
    ACCOUNT_ONLY = "account_only"
    PERSONAL = "personal"
    NO_ACCOUNT = "no_account"
    PAYABLE = "payable"
    ACCOUNT = "account"
    CASH = "cash"


PlainStep = tuple[Step, str, str, int, int | None, *tuple[Input, ...]]
"""A step as it is written: step, rule, clause, amount in fen, index of the line, then each input's name and
value, all in one tuple. It becomes a :class:`TraceEntry` when it is read; most are never read.
"""


class PlainEntry(TypedDict):
    """A trace entry as JSON data."""

    step: str
    rule: str
    clause: str
    inputs: dict[str, Input]
    amount_fen: int
    line: int | None
    zh: str
    en: str


class TraceEntry(NamedTuple):
    """One step.

    ``rule`` is the pack path of the row, ``amount_fen`` what the step comes to, ``line`` the
    index of the line from 0, None for steps of the whole settlement. ``inputs`` are numbers
    in the unit that their name ends with, and names, in the order of ``sentences.INPUTS``.
    """

    step: Step
    rule: str
    clause: str
    inputs: tuple[tuple[str, Input], ...]
    amount_fen: int
    line: int | None = None

    @classmethod
    def of(cls, steps: Iterable[PlainStep]) -> "tuple[TraceEntry, ...]":
        """The steps of a calculation as entries."""
        return tuple(
            cls(step, rule, clause, _pairs(flat), amount_fen, line)
            for step, rule, clause, amount_fen, line, *flat in steps
        )

    @property
    def sentences(self) -> Sentences:
        """The step in Chinese and in English, to be read aloud at a counter."""
        step, _, _, inputs, amount_fen, line = self
        return told(step, inputs, amount_fen, line)

    @property
    def zh(self) -> str:
        """The Chinese sentence."""
        return self.sentences[0]

    @property
    def en(self) -> str:
        """The English sentence."""
        return self.sentences[1]

    def as_plain(self) -> PlainEntry:
        """The entry with its sentences, as JSON data."""
        zh, en = self.sentences
        return {
            "step": self.step.value,
            "rule": self.rule,
            "clause": self.clause,
            "inputs": dict(self.inputs),
            "amount_fen": self.amount_fen,
            "line": self.line,
            "zh": zh,
            "en": en,
        }


def inputs_of(flat: list[Input]) -> dict[str, Input]:
    """The inputs of a plain step, which end it as name, value, name, value and so on."""
    names: list[str] = flat[::2]  # type: ignore[assignment] # a name stands in every other place
    return dict(zip(names, flat[1::2], strict=True))


def _pairs(flat: list[Input]) -> tuple[tuple[str, Input], ...]:
    return tuple(inputs_of(flat).items())


_PART_OF_STEP: Final[Mapping[Step, str]] = {
    Step.COVER_ENDED: "fully_self_paid_fen",
    Step.EXCLUDED: "fully_self_paid_fen",
    Step.RESTRICTED: "fully_self_paid_fen",
    Step.OUTSIDE: "fully_self_paid_fen",
    Step.OVER_STANDARD: "fully_self_paid_fen",
    Step.OVER_LIMIT: "over_limit_fen",
    Step.PROVIDER_BORNE: "provider_borne_fen",
    Step.SESSION_OVER_LIMIT: "over_limit_fen",
    Step.SELF_PAY_FIRST: "self_pay_first_fen",
    Step.IN_SCOPE: "in_scope_fen",
}
"""Where the amount of a line's step goes; the other steps of lines divide nothing."""

_PAYING: Final = (Step.FUND, Step.LAYER)


def replay(trace: Iterable[TraceEntry]) -> Breakdown:
    """Rebuild the breakdown from nothing but the entries of a full trace."""
    entries = tuple(trace)
    lines = _lines(entries)
    sums = LineBreakdown._make(sum(line[column] for line in lines) for column in range(6))
    return Breakdown(
        *sums,
        deductible_fen=_sum(entries, Step.DEDUCTIBLE),
        over_cap_fen=_sum(entries, Step.CAP),
        funds=_funds(entries),
        personal_fen=_sum(entries, Step.PERSONAL),
        accounts=tuple(_account(entry) for entry in entries if entry.step is Step.ACCOUNT),
        cash_fen=_sum(entries, Step.CASH),
        lines=lines,
        afterwards=tuple(
            FundShare(str(dict(entry.inputs)["layer"]), entry.amount_fen)
            for entry in entries
            if entry.step is Step.AFTERWARDS
        ),
    )


def _lines(entries: tuple[TraceEntry, ...]) -> tuple[LineBreakdown, ...]:
    parts: dict[int, LineBreakdown] = {}
    for entry in entries:
        if entry.line is None:
            continue
        line = parts.setdefault(entry.line, LineBreakdown(0, 0, 0, 0, 0, 0))
        part = _PART_OF_STEP.get(entry.step)
        if part is not None:
            parts[entry.line] = line._replace(
                amount_fen=line.amount_fen + entry.amount_fen,
                **{part: getattr(line, part) + entry.amount_fen},
            )
    return tuple(parts[index] for index in sorted(parts))


def _funds(entries: tuple[TraceEntry, ...]) -> tuple[FundShare, ...]:
    """What each fund pays over all groups and layers, in the order in which they first pay."""
    paid: dict[str, int] = {}
    for entry in entries:
        if entry.step in _PAYING and entry.amount_fen > 0:
            fund = str(dict(entry.inputs)["fund"])
            paid[fund] = paid.get(fund, 0) + entry.amount_fen
    return tuple(FundShare(fund, amount_fen) for fund, amount_fen in paid.items())


def _sum(entries: tuple[TraceEntry, ...], step: Step) -> int:
    return sum(entry.amount_fen for entry in entries if entry.step is step)


def _account(entry: TraceEntry) -> AccountShare:
    inputs = dict(entry.inputs)
    note = inputs["note"]
    return AccountShare(
        str(inputs["account"]),
        Owner(str(inputs["owner"])),
        entry.amount_fen,
        None if note is None else AccountNote(str(note)),
    )
