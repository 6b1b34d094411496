"""Writes the trace of a finished calculation, step by step, from the plan that it used."""

from medsettle_gateway.domain.basket import Line
from medsettle_gateway.domain.breakdown import Breakdown, LineBreakdown
from medsettle_gateway.domain.money import line_amount_fen
from medsettle_gateway.policy.accounts import in_order
from medsettle_gateway.policy.benefit import Benefit, BenefitShare, left_of
from medsettle_gateway.policy.inputs import CaseInput
from medsettle_gateway.policy.lines import LineRule
from medsettle_gateway.policy.plan import Plan
from medsettle_gateway.policy.rows import Resolved
from medsettle_gateway.policy.trace import Step, TraceEntry

OWN_OF_ITEM = "line"
"""``rule`` of a step that follows the item's own figure and not the pack's."""


def trace_of(
    plan: Plan, case: CaseInput, breakdown: Breakdown, share: BenefitShare
) -> tuple[TraceEntry, ...]:
    """The steps that lead to this breakdown, in the order of the rules."""
    entries: list[TraceEntry] = []
    table = plan.lines
    known = table.without_bands
    for index, (line, parts) in enumerate(zip(case.lines, breakdown.lines, strict=True)):
        amount_fen, _, fully_fen, _, _, scope_fen = parts
        if amount_fen == scope_fen and not fully_fen:
            inputs = (("name", line.name),)
            entries.append(TraceEntry(Step.IN_SCOPE, "lines", "", inputs, scope_fen, index))
        else:
            rule = known.get((line.kind, line.catalogue_class, line.ward)) or table.rule_for(line)
            _line(entries, case, index, line, rule, parts)
    if plan.benefit is not None:
        _fund(entries, plan, plan.benefit, case, breakdown, share)
    total = (("total_fen", breakdown.total_fen),)
    entries.append(TraceEntry(Step.PERSONAL, "", "", total, breakdown.personal_fen))
    if case.accounts:
        _accounts(entries, plan, case, breakdown)
    entries.append(TraceEntry(Step.CASH, "", "", (), breakdown.cash_fen))
    return tuple(entries)


def _line(
    entries: list[TraceEntry],
    case: CaseInput,
    index: int,
    line: Line,
    rule: LineRule,
    parts: LineBreakdown,
) -> None:
    """The steps of a line that is not in scope as it stands."""
    _, _, fully_fen, over_fen, first_fen, scope_fen = parts
    if fully_fen:
        entries.append(_self_paid(case, index, line, rule, fully_fen))
        return
    name = ("name", line.name)
    if over_fen:
        path, clause = _source(rule.ceiling if line.ceiling_micro is None else None)
        inputs = (name, ("line_fen", line.amount_fen), ("standard_fen", _ceiling_fen(rule, line)))
        entries.append(TraceEntry(Step.OVER_LIMIT, path, clause, inputs, over_fen, index))
    if first_fen:
        path, clause = _source(rule.share if line.self_pay_share_ppm is None else None)
        inputs = (name, ("base_fen", first_fen + scope_fen), ("share_ppm", _share_ppm(rule, line)))
        entries.append(TraceEntry(Step.SELF_PAY_FIRST, path, clause, inputs, first_fen, index))
    entries.append(TraceEntry(Step.IN_SCOPE, "lines", "", (name,), scope_fen, index))


def _ceiling_fen(rule: LineRule, line: Line) -> int | None:
    """The payment standard of the whole line, its own or else the pack's."""
    price_micro = rule.ceiling_micro if line.ceiling_micro is None else line.ceiling_micro
    return None if price_micro is None else line_amount_fen(price_micro, line.quantity_e4)


def _share_ppm(rule: LineRule, line: Line) -> int:
    """The share before the deductible, the item's own or else the pack's."""
    return rule.share_ppm if line.self_pay_share_ppm is None else line.self_pay_share_ppm


def _source(figure: Resolved | None) -> tuple[str, str]:
    return (OWN_OF_ITEM, "") if figure is None else (figure.rule, figure.clause)


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
    path, clause = _source(rule.ceiling if line.ceiling_micro is None else None)
    inputs = (name, ("standard_fen", _ceiling_fen(rule, line)))
    return TraceEntry(Step.OVER_STANDARD, path, clause, inputs, amount_fen, index)


def _fund(
    entries: list[TraceEntry],
    plan: Plan,
    benefit: Benefit,
    case: CaseInput,
    breakdown: Breakdown,
    share: BenefitShare,
) -> None:
    ratio, cap = plan.ratio, plan.cap
    deductible_key, paid_key = plan.keys(case.service_on.year)
    if ratio is None or cap is None or paid_key is None:
        return
    deductible_fen, computed_fen, paid_fen, over_cap_fen = share
    if plan.deductible is None or deductible_key is None:
        entries.append(TraceEntry(Step.NO_DEDUCTIBLE, benefit.deductible.path, "", (), 0))
    else:
        used = ("used_fen", case.counters.get(deductible_key, 0))
        limits = (("limit_fen", plan.deductible.value), used)
        path, clause = plan.deductible.rule, plan.deductible.clause
        entries.append(TraceEntry(Step.DEDUCTIBLE, path, clause, limits, deductible_fen))
    base = ("base_fen", breakdown.in_scope_fen - deductible_fen)
    inputs = (base, ("ratio_ppm", ratio.value))
    entries.append(TraceEntry(Step.RATIO, ratio.rule, ratio.clause, inputs, computed_fen))
    used_fen = case.counters.get(paid_key, 0)
    left = ("left_fen", left_of(cap.value, used_fen))
    limited = (("limit_fen", cap.value), ("used_fen", used_fen), left)
    entries.append(TraceEntry(Step.CAP, cap.rule, cap.clause, limited, over_cap_fen))
    entries.append(TraceEntry(Step.FUND, benefit.path, "", (("fund", benefit.fund),), paid_fen))


def _accounts(entries: list[TraceEntry], plan: Plan, case: CaseInput, breakdown: Breakdown) -> None:
    ordered = in_order(plan.use, case.accounts)
    for account, (id_, owner, amount_fen, note) in zip(ordered, breakdown.accounts, strict=True):
        inputs = (
            ("account", id_),
            ("owner", owner),
            ("balance_fen", account.balance_fen),
            ("note", note),
        )
        entries.append(TraceEntry(Step.ACCOUNT, "accounts", plan.use.clause, inputs, amount_fen))
