"""Runs a case: calculates, compares with what the case expects, checks the identities.

Pure: the case and the packs come as plain data that somebody else read from files.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.breakdown import Breakdown
from medsettle_gateway.domain.errors import Refusal, Refused
from medsettle_gateway.domain.money import format_fen
from medsettle_gateway.policy.case_expect import SUMS
from medsettle_gateway.policy.case_form import Case, read_case
from medsettle_gateway.policy.engine import calculate
from medsettle_gateway.policy.floors import first_breach
from medsettle_gateway.policy.inputs import Calculation
from medsettle_gateway.policy.loader import PackSource, load_pack
from medsettle_gateway.policy.overrides import apply_overrides
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.reading import Fault, Invalid, LineNumbers, line_of
from medsettle_gateway.policy.trace import Step, TraceEntry, replay

_LINE_STEPS: Final = {
    "fully_self_paid": (Step.COVER_ENDED, Step.EXCLUDED, Step.OVER_STANDARD),
    "over_limit": (Step.OVER_LIMIT,),
    "self_pay_first": (Step.SELF_PAY_FIRST, Step.SELF_PAY_WAIVED),
    "in_scope": (Step.IN_SCOPE,),
}
_ALL_LINE_STEPS: Final = tuple(step for steps in _LINE_STEPS.values() for step in steps)
_FUND_STEPS: Final = (
    Step.DEDUCTIBLE, Step.NO_DEDUCTIBLE, Step.RATIO, Step.CAP, Step.FUND, Step.ACCOUNT_ONLY,
)  # fmt: skip
_ACCOUNT_STEPS: Final = (Step.PERSONAL, Step.NO_ACCOUNT, Step.PAYABLE, Step.ACCOUNT)
_STEPS_TO: Final[Mapping[str, tuple[Step, ...]]] = {
    **_LINE_STEPS,
    "total": _ALL_LINE_STEPS,
    "deductible": (Step.IN_SCOPE, Step.DEDUCTIBLE, Step.NO_DEDUCTIBLE),
    "over_cap": _FUND_STEPS,
    "funds": _FUND_STEPS,
    "after": _FUND_STEPS,
    "personal": (*_FUND_STEPS, Step.PERSONAL),
    "accounts": _ACCOUNT_STEPS,
    "cash": (*_ACCOUNT_STEPS, Step.CASH),
}
"""The steps that lead to each key of ``expect``; a line's part without any is told by all lines."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One key that is not as expected, and the steps that led to what it is."""

    key: str
    expected: str
    got: str
    steps: tuple[TraceEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What became of a case.

    Exactly one of ``calculation`` and ``refusal`` is set when the case could be run.
    ``faults`` lists the mistakes of the case (or of its overrides).
    """

    name: str
    title: str
    differences: tuple[Difference, ...] = ()
    faults: tuple[Fault, ...] = ()
    calculation: Calculation | None = None
    refusal: Refusal | None = None

    @property
    def passed(self) -> bool:
        """As expected in every key, and sound."""
        return not self.differences and not self.faults


class CaseRunner:
    """Runs cases against a set of packs. A pack is compiled once for all cases that use it as it is."""

    def __init__(self, sources: Iterable[PackSource]) -> None:
        """Take the packs; raises Invalid if one of them is wrong."""
        self._versions: dict[str, tuple[tuple[Pack, PackSource], ...]] = {}
        for source in sources:
            pack = load_pack(source)
            versions = [*self._versions.get(pack.id, ()), (pack, source)]
            versions.sort(key=lambda version: version[0].effective_from)
            self._versions[pack.id] = tuple(versions)

    def run(self, data: object, name: str, lines: LineNumbers) -> CaseResult:
        """Run one case from its plain data; ``name`` is its file, for faults.

        Raises nothing: a broken case is a failed case.
        """
        try:
            case = read_case(data, name, lines)
        except Invalid as invalid:
            said = data if isinstance(data, dict) else {}
            named, title = said.get("case") or name, said.get("title") or ""
            return CaseResult(str(named), str(title), faults=invalid.faults)
        try:
            pack = self._pack(case, lines)
            result = judge(case, calculate(pack, case.given))
        except Refused as refused:
            result = judge(case, refused.refusal)
        except Invalid as invalid:
            return CaseResult(case.name, case.title, faults=invalid.faults)
        if case.expect.nothing:
            message = "nothing is expected: name at least one key under `expect`"
            result = replace(result, faults=(Fault(line_of(lines, "expect"), "expect", message),))
        return result

    def _pack(self, case: Case, lines: LineNumbers) -> Pack:
        """The version of the case's pack, with its overrides, if they are within bounds."""
        versions = self._versions.get(case.pack)
        if versions is None:
            message = f"no pack {case.pack!r}; known: {', '.join(self._versions)}"
            raise Invalid(case.name, [Fault(line_of(lines, "pack"), "pack", message)])
        begun = [v for v in versions if v[0].effective_from <= case.given.service_on]
        shipped, source = begun[-1] if begun else versions[0]
        if not case.overrides:
            return shipped
        written = {dotted: dotted for dotted in case.overrides}
        try:
            overridden = apply_overrides(source, case.overrides)
            written = dict(zip(overridden.replaced, case.overrides, strict=True))
            pack = load_pack(overridden.source, clause_free=overridden.replaced)
            breach = first_breach(shipped, pack)
        except Invalid as invalid:
            faults = [_where_written(fault, written, lines) for fault in invalid.faults]
            raise Invalid(case.name, faults) from invalid
        if breach is not None:
            raise Refused(breach.refusal())
        return pack


def _where_written(fault: Fault, written: Mapping[str, str], lines: LineNumbers) -> Fault:
    """A fault of an overridden pack, at the place in the case that wrote it."""
    for path, dotted in written.items():
        if fault.path == path or fault.path.startswith((path + ".", path + "[")):
            place = f"with.{dotted}{fault.path.removeprefix(path)}"
            return Fault(line_of(lines, place), place, fault.message)
    for path, dotted in written.items():
        if path.startswith((fault.path + ".", fault.path + "[")):
            return Fault(line_of(lines, f"with.{dotted}"), f"with.{dotted}", fault.message)
    return Fault(line_of(lines, "with"), f"with: {fault.path}", fault.message)


def judge(case: Case, outcome: Calculation | Refusal) -> CaseResult:
    """Compare an outcome with what the case expects."""
    if isinstance(outcome, Refusal):
        differences = _refusal_difference(case.expect.refused, outcome)
        return CaseResult(case.name, case.title, differences, refusal=outcome)
    if case.expect.refused is not None:
        differences = (Difference("refused", case.expect.refused.value, "null", outcome.trace),)
    else:
        differences = tuple(_differences(case, outcome))
    return CaseResult(case.name, case.title, differences, calculation=outcome)


def _refusal_difference(expected: Reason | None, refusal: Refusal) -> tuple[Difference, ...]:
    if expected is refusal.reason:
        return ()
    wanted = "null" if expected is None else expected.value
    return (Difference("refused", wanted, refusal.reason.value),)


def _differences(case: Case, outcome: Calculation) -> Iterator[Difference]:
    expect, breakdown = case.expect, outcome.breakdown
    for key in SUMS:
        if key in expect.sums:
            yield from _compared(outcome, key, expect.sums[key], _sum(breakdown, key))
    funds = {share.fund: breakdown.fund_fen(share.fund) for share in breakdown.funds}
    yield from _compared_each(outcome, "funds", expect.funds, funds)
    yield from _compared_each(outcome, "afterwards", expect.afterwards, {})
    if expect.accounts is not None:
        paid = tuple((share.owner, share.amount_fen) for share in breakdown.accounts)
        if paid != expect.accounts:
            yield _difference(outcome, "accounts", _accounts(expect.accounts), _accounts(paid))
    after = _after(case, outcome)
    for (measure, id_), amount_fen in expect.after.items():
        got_fen = after.get((measure, id_), 0)
        yield from _compared(outcome, f"after.{measure}.{id_}", amount_fen, got_fen)
    yield from _unsound(outcome)


def _compared_each(
    outcome: Calculation, key: str, expected: Mapping[str, int] | None, got: Mapping[str, int]
) -> Iterator[Difference]:
    """Compare id by id, an absent id being 0; nothing if the case does not ask."""
    if expected is not None:
        for id_ in dict.fromkeys([*expected, *got]):
            yield from _compared(outcome, f"{key}.{id_}", expected.get(id_, 0), got.get(id_, 0))


def _unsound(outcome: Calculation) -> Iterator[Difference]:
    for identity in outcome.breakdown.broken_identities():
        yield Difference("identity", identity, "does not hold", outcome.trace)
    bases = [dict(e.inputs)["base_fen"] for e in outcome.trace if e.step is Step.RATIO]
    paid = [e.amount_fen for e in outcome.trace if e.step is Step.FUND]
    for base_fen, paid_fen in zip(bases, paid, strict=True):
        if not isinstance(base_fen, int) or paid_fen > base_fen:
            yield Difference("identity", "no fund pays more than its base", str(paid_fen))
    if replay(outcome.trace) != outcome.breakdown:
        yield Difference("trace", "rebuilds the breakdown", "does not", outcome.trace)


def _after(case: Case, outcome: Calculation) -> dict[tuple[str, str], int]:
    """The year to date after the settlement, by measure and id."""
    after: dict[tuple[str, str], int] = {}
    for key, amount_fen in (*case.given.counters.items(), *outcome.deltas):
        after[key.measure, key.counter] = after.get((key.measure, key.counter), 0) + amount_fen
    return after


def _compared(outcome: Calculation, key: str, expected_fen: int, got_fen: int) -> Iterator[Difference]:
    if expected_fen != got_fen:
        yield _difference(outcome, key, format_fen(expected_fen), format_fen(got_fen))


def _difference(outcome: Calculation, key: str, expected: str, got: str) -> Difference:
    wanted = key.partition(".")[0]
    led = [entry for entry in outcome.trace if entry.step in _STEPS_TO.get(wanted, ())]
    if wanted in _LINE_STEPS and not led:
        led = [entry for entry in outcome.trace if entry.step in _ALL_LINE_STEPS]
    return Difference(key, expected, got, tuple(led))


def _sum(breakdown: Breakdown, key: str) -> int:
    amount_fen: int = getattr(breakdown, f"{key}_fen")
    return amount_fen


def _accounts(shares: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{owner} {format_fen(amount_fen)}" for owner, amount_fen in shares) or "none"
