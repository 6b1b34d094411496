"""Compares what was calculated with what a case expects, and checks what always holds."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.breakdown import Breakdown
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.member import Owner
from medsettle_gateway.domain.money import format_fen
from medsettle_gateway.policy.case_amounts import ByMeasure
from medsettle_gateway.policy.case_expect import ExpectSums
from medsettle_gateway.policy.case_form import Case
from medsettle_gateway.policy.case_result import CaseResult, Difference, Settled
from medsettle_gateway.policy.case_sound import broken
from medsettle_gateway.policy.counting import period_of, stay_period
from medsettle_gateway.policy.trace import Step, TraceEntry

_LINE_STEPS: Final = {
    "provider_borne": (Step.PROVIDER_BORNE,),
    "fully_self_paid": (Step.COVER_ENDED, Step.EXCLUDED, Step.OUTSIDE, Step.OVER_STANDARD),
    "over_limit": (Step.OVER_LIMIT, Step.SESSION_OVER_LIMIT),
    "self_pay_first": (Step.SELF_PAY_FIRST, Step.SELF_PAY_WAIVED),
    "in_scope": (Step.IN_SCOPE,),
}
_ALL_LINE_STEPS: Final = tuple(step for steps in _LINE_STEPS.values() for step in steps)
_DEDUCTIBLE_STEPS: Final = (Step.DEDUCTIBLE, Step.NO_DEDUCTIBLE)
_BENEFIT_STEPS: Final = (
    *_DEDUCTIBLE_STEPS, Step.RATIO, Step.BAND, Step.BANDED, Step.LIMIT_WAIVED, Step.CAP, Step.FUND,
    Step.ACCOUNT_ONLY,
)  # fmt: skip
_LAYER_STEPS: Final = (
    Step.LAYER_OUTSIDE, Step.LAYER_THRESHOLD, Step.LAYER_RATIO, Step.GUARANTEE, Step.LEAVES, Step.LAYER_CAP,
)  # fmt: skip
_FUND_STEPS: Final = (*_BENEFIT_STEPS, *_LAYER_STEPS, Step.LAYER)
_ACCOUNT_STEPS: Final = (Step.PERSONAL, Step.NO_ACCOUNT, Step.PAYABLE, Step.ACCOUNT)
_STEPS_TO: Final[Mapping[str, tuple[Step, ...]]] = {
    **_LINE_STEPS,
    "total": _ALL_LINE_STEPS,
    "deductible": (Step.IN_SCOPE, *_DEDUCTIBLE_STEPS),
    "over_cap": _BENEFIT_STEPS,
    "funds": _FUND_STEPS,
    "afterwards": (*_LAYER_STEPS, Step.AFTERWARDS),
    "after": _FUND_STEPS,
    "after_stay": _FUND_STEPS,
    "raised": (Step.PERSONAL, Step.WARNING),
    "personal": (*_FUND_STEPS, Step.PERSONAL),
    "accounts": _ACCOUNT_STEPS,
    "cash": (*_ACCOUNT_STEPS, Step.CASH),
}
"""The steps that lead to each key of ``expect``; a line's part without any is told by all lines."""


def judge(case: Case, outcome: Sequence[Settled] | Refusal) -> CaseResult:
    """Compare an outcome with what the case expects."""
    if isinstance(outcome, Refusal):
        differences = _refusal_difference(case.expect.refused, outcome)
        return CaseResult(case.name, case.title, differences, refusal=outcome)
    settled = tuple(outcome)
    if case.expect.refused is not None:
        differences = (Difference("refused", case.expect.refused.value, "null", _trace(settled)),)
    else:
        differences = (*_differences(case, settled), *_unsound(settled))
    return CaseResult(case.name, case.title, differences, settled=settled)


def _refusal_difference(expected: Reason | None, refusal: Refusal) -> tuple[Difference, ...]:
    if expected is refusal.reason:
        return ()
    wanted = "null" if expected is None else expected.value
    return (Difference("refused", wanted, refusal.reason.value),)


def _differences(case: Case, settled: Sequence[Settled]) -> Iterator[Difference]:
    expect, trace = case.expect, _trace(settled)
    yield from _compared_sums(expect.whole, settled, "")
    yield from _compared_settlements(expect.settlements, settled)
    counters = _counters_after(case, settled)
    year = period_of(case.given.service_on.year)
    yield from _compared_counters(trace, "after", expect.after, year, counters)
    stay = stay_period(case.given.encounter)
    yield from _compared_counters(trace, "after_stay", expect.after_stay, stay, counters)
    if expect.raised is not None:
        raised = tuple(notice.id for each in settled for notice in each.calculation.raised)
        if raised != expect.raised:
            yield _difference(trace, "raised", _listed(expect.raised), _listed(raised))


def _compared_settlements(
    expected: tuple[tuple[str, ExpectSums], ...] | None, settled: Sequence[Settled]
) -> Iterator[Difference]:
    if expected is None:
        return
    wanted, got = [benefit for benefit, _ in expected], [each.benefit for each in settled]
    if wanted != got:
        yield Difference("settlements", _listed(wanted), _listed(got), _trace(settled))
        return
    for index, ((_, sums), each) in enumerate(zip(expected, settled, strict=True)):
        yield from _compared_sums(sums, (each,), f"settlements[{index}].")


def _compared_sums(expect: ExpectSums, settled: Sequence[Settled], at: str) -> Iterator[Difference]:
    """Compare what is expected of these settlements together."""
    trace = _trace(settled)
    breakdowns = [each.calculation.breakdown for each in settled]
    for key, amount_fen in expect.sums.items():
        got_fen = sum(_sum(breakdown, key) for breakdown in breakdowns)
        yield from _compared(trace, at + key, amount_fen, got_fen)
    funds = _added((share.fund, share.amount_fen) for each in breakdowns for share in each.funds)
    yield from _compared_each(trace, at + "funds", expect.funds, funds)
    shown = _added((share.fund, share.amount_fen) for each in breakdowns for share in each.afterwards)
    yield from _compared_each(trace, at + "afterwards", expect.afterwards, shown)
    if expect.accounts is not None:
        paid = _paid_by_accounts(breakdowns)
        if paid != expect.accounts:
            yield _difference(trace, at + "accounts", _owners(expect.accounts), _owners(paid))


def _compared_each(
    trace: tuple[TraceEntry, ...], key: str, expected: Mapping[str, int] | None, got: Mapping[str, int]
) -> Iterator[Difference]:
    """Compare id by id, an absent id being 0; nothing if the case does not ask."""
    if expected is not None:
        for id_ in dict.fromkeys([*expected, *got]):
            yield from _compared(trace, f"{key}.{id_}", expected.get(id_, 0), got.get(id_, 0))


def _compared_counters(
    trace: tuple[TraceEntry, ...],
    key: str,
    expected: ByMeasure,
    period: str,
    counters: Mapping[CounterKey, int],
) -> Iterator[Difference]:
    """Compare the counters of one period; what another period counts leaves no mark here."""
    for (measure, id_), amount_fen in expected.items():
        got_fen = counters.get(CounterKey(period, id_, measure), 0)
        yield from _compared(trace, f"{key}.{measure}.{id_}", amount_fen, got_fen)


def _unsound(settled: Sequence[Settled]) -> Iterator[Difference]:
    for outcome in (each.calculation for each in settled):
        for kind, expected, got, steps in broken(outcome.breakdown, outcome.trace):
            yield Difference(kind, expected, got, steps)


def _counters_after(case: Case, settled: Sequence[Settled]) -> dict[CounterKey, int]:
    after = dict(case.given.counters)
    for each in settled:
        for key, amount_fen in each.calculation.deltas:
            after[key] = after.get(key, 0) + amount_fen
    return after


def _paid_by_accounts(breakdowns: Iterable[Breakdown]) -> tuple[tuple[Owner, int], ...]:
    """One entry an account, in order of use, with what it pays in all of the settlements."""
    paid: dict[str, tuple[Owner, int]] = {}
    for share in (share for breakdown in breakdowns for share in breakdown.accounts):
        _, before_fen = paid.get(share.account, (share.owner, 0))
        paid[share.account] = (share.owner, before_fen + share.amount_fen)
    return tuple(paid.values())


def _added(amounts: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for name, amount_fen in amounts:
        sums[name] = sums.get(name, 0) + amount_fen
    return sums


def _compared(
    trace: tuple[TraceEntry, ...], key: str, expected_fen: int, got_fen: int
) -> Iterator[Difference]:
    if expected_fen != got_fen:
        yield _difference(trace, key, format_fen(expected_fen), format_fen(got_fen))


def _difference(trace: tuple[TraceEntry, ...], key: str, expected: str, got: str) -> Difference:
    wanted = key.rpartition("].")[2].partition(".")[0]
    led = [entry for entry in trace if entry.step in _STEPS_TO.get(wanted, ())]
    if wanted in _LINE_STEPS and not led:
        led = [entry for entry in trace if entry.step in _ALL_LINE_STEPS]
    return Difference(key, expected, got, tuple(led))


def _trace(settled: Iterable[Settled]) -> tuple[TraceEntry, ...]:
    return tuple(entry for each in settled for entry in each.trace)


def _sum(breakdown: Breakdown, key: str) -> int:
    amount_fen: int = getattr(breakdown, f"{key}_fen")
    return amount_fen


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def _owners(shares: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{owner} {format_fen(amount_fen)}" for owner, amount_fen in shares) or "none"
