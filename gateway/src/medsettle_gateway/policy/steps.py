"""Writes the trace of a finished calculation, step by step, from the plan that it used."""

from collections.abc import Sequence
from typing import Final

from medsettle_gateway.domain.basket import Line
from medsettle_gateway.domain.breakdown import AccountShare, Breakdown, LineBreakdown
from medsettle_gateway.domain.counters import Remainder
from medsettle_gateway.domain.member import Account
from medsettle_gateway.domain.money import line_amount_fen
from medsettle_gateway.policy.benefit import BenefitShare
from medsettle_gateway.policy.inputs import CaseInput
from medsettle_gateway.policy.lines import LineRule
from medsettle_gateway.policy.plan import Plan
from medsettle_gateway.policy.rows import Resolved
from medsettle_gateway.policy.trace import PlainStep, Step

OWN_OF_ITEM: Final = "line"
"""``rule`` of a step that follows the item's own figure and not the pack's."""

# Bound once: until Python 3.12 a member read from its enum costs as much as a call.
_OVER_LIMIT: Final = Step.OVER_LIMIT
_SELF_PAY_FIRST: Final = Step.SELF_PAY_FIRST
_IN_SCOPE: Final = Step.IN_SCOPE
_EXCLUDED: Final = Step.EXCLUDED
_DEDUCTIBLE: Final = Step.DEDUCTIBLE
_NO_DEDUCTIBLE: Final = Step.NO_DEDUCTIBLE
_RATIO: Final = Step.RATIO
_CAP: Final = Step.CAP
_FUND: Final = Step.FUND
_PERSONAL: Final = Step.PERSONAL
_ACCOUNT: Final = Step.ACCOUNT
_CASH: Final = Step.CASH


def steps_of(
    plan: Plan,
    case: CaseInput,
    payers: Sequence[Account],
    breakdown: Breakdown,
    share: BenefitShare,
    left: tuple[Remainder, ...],
) -> tuple[PlainStep, ...]:
    """The steps that lead to this breakdown, in the order of the rules."""
    steps: list[PlainStep] = []
    table, divided = plan.lines, breakdown.lines
    known = table.without_bands
    for index, line in enumerate(case.lines):
        parts = divided[index]
        amount_fen = parts[0]
        if amount_fen == parts[-1]:
            name = (("name", line.name),)
            steps.append((_IN_SCOPE, "lines", "", name, amount_fen, index))
        else:
            rule = known.get((line.kind, line.catalogue_class, line.ward)) or table.rule_for(line)
            _line(steps, case, index, line, rule, parts)
    if left:
        _fund(steps, plan, breakdown, share, left)
    total = (("total_fen", breakdown.total_fen),)
    steps.append((_PERSONAL, "", "", total, breakdown.personal_fen, None))
    for account, drawn in zip(payers, breakdown.accounts, strict=True):
        steps.append(_account(plan.use.clause, account, drawn))
    steps.append((_CASH, "", "", (), breakdown.cash_fen, None))
    return tuple(steps)


def _line(
    steps: list[PlainStep],
    case: CaseInput,
    index: int,
    line: Line,
    rule: LineRule,
    parts: LineBreakdown,
) -> None:
    """The steps of a line that is not in scope as it stands."""
    amount_fen, _, fully_fen, over_fen, first_fen, scope_fen = parts
    name = ("name", line.name)
    if fully_fen:
        steps.append(_self_paid(case, index, line, rule, fully_fen))
        return
    left_fen = first_fen + scope_fen
    if over_fen:
        path, clause = _source(rule.ceiling if line.ceiling_micro is None else None)
        inputs = (name, ("line_fen", amount_fen), ("standard_fen", left_fen))
        steps.append((_OVER_LIMIT, path, clause, inputs, over_fen, index))
    if first_fen:
        share_ppm = line.self_pay_share_ppm
        path, clause = _source(rule.share if share_ppm is None else None)
        ppm = rule.share_ppm if share_ppm is None else share_ppm
        inputs = (name, ("base_fen", left_fen), ("share_ppm", ppm))
        steps.append((_SELF_PAY_FIRST, path, clause, inputs, first_fen, index))
    steps.append((_IN_SCOPE, "lines", "", (name,), scope_fen, index))


def _source(figure: Resolved | None) -> tuple[str, str]:
    return (OWN_OF_ITEM, "") if figure is None else (figure.rule, figure.clause)


def _self_paid(case: CaseInput, index: int, line: Line, rule: LineRule, amount_fen: int) -> PlainStep:
    """Why the whole line is the patient's: cover ended, excluded, or over its standard."""
    name, covered_to = ("name", line.name), case.patient.covered_to
    if covered_to is not None:
        served_on = line.service_on or case.service_on
        if served_on > covered_to:
            dates = (("service_on", served_on.isoformat()), ("covered_to", covered_to.isoformat()))
            return Step.COVER_ENDED, "", "", (name, *dates), amount_fen, index
    exclusion = rule.exclusion
    if exclusion is not None:
        return _EXCLUDED, exclusion.path, exclusion.clause, (name,), amount_fen, index
    own_micro = line.ceiling_micro
    path, clause = _source(rule.ceiling if own_micro is None else None)
    price_micro = rule.ceiling_micro if own_micro is None else own_micro
    standard_fen = None if price_micro is None else line_amount_fen(price_micro, line.quantity_e4)
    inputs = (name, ("standard_fen", standard_fen))
    return Step.OVER_STANDARD, path, clause, inputs, amount_fen, index


def _fund(
    steps: list[PlainStep],
    plan: Plan,
    breakdown: Breakdown,
    share: BenefitShare,
    left: tuple[Remainder, ...],
) -> None:
    """The steps of the benefit: ``left`` says where its limits stand afterwards."""
    benefit, deductible, ratio, cap = plan.benefit, plan.deductible, plan.ratio, plan.cap
    if benefit is None or ratio is None or cap is None:
        return
    deductible_fen, computed_fen, paid_fen, over_cap_fen = share
    if deductible is None:
        steps.append((_NO_DEDUCTIBLE, benefit.deductible.path, "", (), 0, None))
    else:
        _, used_fen, limit_fen, _ = left[0]
        met = (("limit_fen", limit_fen), ("used_fen", used_fen - deductible_fen))
        steps.append((_DEDUCTIBLE, deductible.rule, deductible.clause, met, deductible_fen, None))
    base = (("base_fen", breakdown.in_scope_fen - deductible_fen), ("ratio_ppm", ratio.value))
    steps.append((_RATIO, ratio.rule, ratio.clause, base, computed_fen, None))
    _, used_fen, limit_fen, left_fen = left[-1]
    left_before = None if left_fen is None else left_fen + paid_fen
    limit = (("limit_fen", limit_fen), ("used_fen", used_fen - paid_fen), ("left_fen", left_before))
    steps.append((_CAP, cap.rule, cap.clause, limit, over_cap_fen, None))
    fund = (("fund", benefit.fund),)
    steps.append((_FUND, benefit.path, "", fund, paid_fen, None))


def _account(clause: str, account: Account, drawn: AccountShare) -> PlainStep:
    id_, owner, amount_fen, note = drawn
    balance = ("balance_fen", account.balance_fen)
    inputs = (("account", id_), ("owner", owner), balance, ("note", note))
    return _ACCOUNT, "accounts", clause, inputs, amount_fen, None
