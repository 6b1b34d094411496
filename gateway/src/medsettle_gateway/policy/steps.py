"""Writes the trace of a finished calculation, step by step, from the plan that it used."""

from medsettle_gateway.domain.basket import Line
from medsettle_gateway.domain.breakdown import Breakdown, LineBreakdown
from medsettle_gateway.policy.accounts import in_order
from medsettle_gateway.policy.benefit import BenefitShare, left_of
from medsettle_gateway.policy.inputs import CaseInput
from medsettle_gateway.policy.lines import LineRule, ceiling_of, share_of
from medsettle_gateway.policy.plan import Plan
from medsettle_gateway.policy.trace import Step, TraceEntry

OWN_OF_ITEM = "line"
"""``rule`` of a step that follows the item's own figure and not the pack's."""


def trace_of(
    plan: Plan, case: CaseInput, breakdown: Breakdown, share: BenefitShare
) -> tuple[TraceEntry, ...]:
    """The steps that lead to this breakdown, in the order of the rules."""
    entries: list[TraceEntry] = []
    for index, (line, parts) in enumerate(zip(case.lines, breakdown.lines, strict=True)):
        _line(entries, plan, case, index, line, parts)
    if plan.benefit is not None:
        _fund(entries, plan, case, breakdown, share)
    total = (("total_fen", breakdown.total_fen),)
    entries.append(TraceEntry(Step.PERSONAL, "", "", total, breakdown.personal_fen))
    if case.accounts:
        _accounts(entries, plan, case, breakdown)
    entries.append(TraceEntry(Step.CASH, "", "", (), breakdown.cash_fen))
    return tuple(entries)


def _line(
    entries: list[TraceEntry],
    plan: Plan,
    case: CaseInput,
    index: int,
    line: Line,
    parts: LineBreakdown,
) -> None:
    rule = plan.lines.rule_for(line)
    name = ("name", line.name)
    if parts.fully_self_paid_fen or rule.exclusion is not None:
        entries.append(_self_paid(case, index, line, rule, parts.fully_self_paid_fen))
        if parts.amount_fen == parts.fully_self_paid_fen:
            return
    if parts.over_limit_fen:
        figure = rule.ceiling if line.ceiling_micro is None else None
        path, clause = (OWN_OF_ITEM, "") if figure is None else (figure.rule, figure.clause)
        standard = ("standard_fen", ceiling_of(rule, line))
        inputs = (name, ("line_fen", line.amount_fen), standard)
        over = TraceEntry(Step.OVER_LIMIT, path, clause, inputs, parts.over_limit_fen, index)
        entries.append(over)
    if parts.self_pay_first_fen:
        own = line.self_pay_share_ppm is not None
        figure = None if own else rule.share
        path, clause = (OWN_OF_ITEM, "") if figure is None else (figure.rule, figure.clause)
        base = ("base_fen", parts.self_pay_first_fen + parts.in_scope_fen)
        inputs = (name, base, ("share_ppm", share_of(rule, line)))
        first = parts.self_pay_first_fen
        entries.append(TraceEntry(Step.SELF_PAY_FIRST, path, clause, inputs, first, index))
    entries.append(TraceEntry(Step.IN_SCOPE, "lines", "", (name,), parts.in_scope_fen, index))


def _self_paid(case: CaseInput, index: int, line: Line, rule: LineRule, amount_fen: int) -> TraceEntry:
    """Why the whole line is the patient's: cover ended, excluded, or over its standard."""
    name = ("name", line.name)
    served_on, covered_to = line.service_on or case.service_on, case.patient.covered_to
    if covered_to is not None and served_on > covered_to:
        dates = (("service_on", served_on.isoformat()), ("covered_to", covered_to.isoformat()))
        return TraceEntry(Step.COVER_ENDED, "", "", (name, *dates), amount_fen, index)
    if rule.exclusion is not None:
        path, clause = rule.exclusion.path, rule.exclusion.clause
        return TraceEntry(Step.EXCLUDED, path, clause, (name,), amount_fen, index)
    figure = rule.ceiling if line.ceiling_micro is None else None
    clause = "" if figure is None else figure.clause
    inputs = (name, ("standard_fen", ceiling_of(rule, line)))
    return TraceEntry(Step.OVER_STANDARD, "lines.over_ceiling", clause, inputs, amount_fen, index)


def _fund(
    entries: list[TraceEntry],
    plan: Plan,
    case: CaseInput,
    breakdown: Breakdown,
    share: BenefitShare,
) -> None:
    benefit, ratio, cap = plan.benefit, plan.ratio, plan.cap
    if benefit is None or ratio is None or cap is None:
        return
    period = str(case.service_on.year)
    entries.append(_deductible(plan, case, period, share.deductible_fen))
    base_fen = breakdown.in_scope_fen - share.deductible_fen
    inputs = (("base_fen", base_fen), ("ratio_ppm", ratio.value))
    entries.append(TraceEntry(Step.RATIO, ratio.rule, ratio.clause, inputs, share.computed_fen))
    key = plan.paid_key(period)
    used_fen = 0 if key is None else case.counters.get(key, 0)
    limits = (
        ("limit_fen", cap.value),
        ("used_fen", used_fen),
        ("left_fen", left_of(cap.value, used_fen)),
    )
    entries.append(TraceEntry(Step.CAP, cap.rule, cap.clause, limits, share.over_cap_fen))
    fund = (("fund", benefit.fund),)
    entries.append(TraceEntry(Step.FUND, benefit.path, "", fund, share.paid_fen))


def _deductible(plan: Plan, case: CaseInput, period: str, amount_fen: int) -> TraceEntry:
    figure, key = plan.deductible, plan.deductible_key(period)
    if figure is None or key is None:
        path = "" if plan.benefit is None else plan.benefit.deductible.path
        return TraceEntry(Step.NO_DEDUCTIBLE, path, "", (), 0)
    used_fen = case.counters.get(key, 0)
    inputs = (("limit_fen", figure.value), ("used_fen", used_fen))
    return TraceEntry(Step.DEDUCTIBLE, figure.rule, figure.clause, inputs, amount_fen)


def _accounts(entries: list[TraceEntry], plan: Plan, case: CaseInput, breakdown: Breakdown) -> None:
    clause = "" if plan.accounts is None else plan.accounts.clause
    ordered = in_order(plan.use, case.accounts)
    for account, drawn in zip(ordered, breakdown.accounts, strict=True):
        inputs = (
            ("account", account.account),
            ("owner", account.owner.value),
            ("balance_fen", account.balance_fen),
            ("note", None if drawn.note is None else drawn.note.value),
        )
        entries.append(TraceEntry(Step.ACCOUNT, "accounts", clause, inputs, drawn.amount_fen))
