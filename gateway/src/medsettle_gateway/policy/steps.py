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
_SELF_PAY_WAIVED: Final = Step.SELF_PAY_WAIVED
_IN_SCOPE: Final = Step.IN_SCOPE
_EXCLUDED: Final = Step.EXCLUDED
_DEDUCTIBLE: Final = Step.DEDUCTIBLE
_NO_DEDUCTIBLE: Final = Step.NO_DEDUCTIBLE
_RATIO: Final = Step.RATIO
_CAP: Final = Step.CAP
_FUND: Final = Step.FUND
_ACCOUNT_ONLY: Final = Step.ACCOUNT_ONLY
_PERSONAL: Final = Step.PERSONAL
_NO_ACCOUNT: Final = Step.NO_ACCOUNT
_PAYABLE: Final = Step.PAYABLE
_ACCOUNT: Final = Step.ACCOUNT
_CASH: Final = Step.CASH


def steps_of(
    plan: Plan,
    case: CaseInput,
    payers: Sequence[Account],
    payable_fen: int,
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
        if amount_fen == parts[-1] and not table.waived:
            name = (("name", line.name),)
            steps.append((_IN_SCOPE, "lines", "", name, amount_fen, index))
        else:
            rule = known.get((line.kind, line.catalogue_class, line.ward)) or table.rule_for(line)
            _line(steps, plan, case, index, line, rule, parts)
    if left:
        _fund(steps, plan, breakdown, share, left)
    else:
        steps.append((_ACCOUNT_ONLY, "", "", (), 0, None))
    total = (("total_fen", breakdown.total_fen),)
    steps.append((_PERSONAL, "", "", total, breakdown.personal_fen, None))
    _accounts(steps, plan, payers, payable_fen, breakdown)
    steps.append((_CASH, "", "", (), breakdown.cash_fen, None))
    return tuple(steps)


def _line(
    steps: list[PlainStep],
    plan: Plan,
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
        steps.append(_first(line, rule, left_fen, first_fen, index))
    waived_ppm = _waived_ppm(line, rule)
    if waived_ppm and plan.benefit is not None:
        waived = (name, ("share_ppm", waived_ppm))
        steps.append((_SELF_PAY_WAIVED, f"{plan.benefit.path}.waives", "", waived, 0, index))
    steps.append((_IN_SCOPE, "lines", "", (name,), scope_fen, index))


def _first(line: Line, rule: LineRule, base_fen: int, amount_fen: int, index: int) -> PlainStep:
    """The share before the deductible: the item's own, else the pack's."""
    ppm, share = line.self_pay_share_ppm, None
    if ppm is None:
        ppm, share = rule.share_ppm, rule.share
    path, clause = _source(share)
    parts = None if share is None else share.parts
    inputs = (("name", line.name), ("base_fen", base_fen), ("share_ppm", ppm), ("parts", parts))
    return _SELF_PAY_FIRST, path, clause, inputs, amount_fen, index


def _waived_ppm(line: Line, rule: LineRule) -> int:
    """The share that the line would have, if the benefit did not waive it; else 0."""
    if not rule.share_waived:
        return 0
    if line.self_pay_share_ppm is not None:
        return line.self_pay_share_ppm
    return 0 if rule.share is None else rule.share.value or 0


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
        met = (
            ("limit_fen", limit_fen),
            ("used_fen", used_fen - deductible_fen),
            ("parts", deductible.parts),
        )
        steps.append((_DEDUCTIBLE, deductible.rule, deductible.clause, met, deductible_fen, None))
    base = (
        ("base_fen", breakdown.in_scope_fen - deductible_fen),
        ("ratio_ppm", ratio.value),
        ("parts", ratio.parts),
    )
    steps.append((_RATIO, ratio.rule, ratio.clause, base, computed_fen, None))
    _, used_fen, limit_fen, left_fen = left[-1]
    left_before = None if left_fen is None else left_fen + paid_fen
    limit = (
        ("limit_fen", limit_fen),
        ("used_fen", used_fen - paid_fen),
        ("left_fen", left_before),
        ("parts", cap.parts),
    )
    steps.append((_CAP, cap.rule, cap.clause, limit, over_cap_fen, None))
    fund = (("fund", benefit.fund),)
    steps.append((_FUND, benefit.path, "", fund, paid_fen, None))


def _accounts(
    steps: list[PlainStep],
    plan: Plan,
    payers: Sequence[Account],
    payable_fen: int,
    breakdown: Breakdown,
) -> None:
    """What accounts pay, how much they may where that is not everything, and that there is none."""
    use, personal_fen = plan.use, breakdown.personal_fen
    if not payers and personal_fen:
        enrolled = ("enrolled", int(use.own_account or not use.owners))
        steps.append((_NO_ACCOUNT, "accounts", use.clause, (enrolled,), 0, None))
    elif 0 < payable_fen < personal_fen:
        personal = (("personal_fen", personal_fen),)
        steps.append((_PAYABLE, "accounts", use.clause, personal, payable_fen, None))
    for account, drawn in zip(payers, breakdown.accounts, strict=True):
        steps.append(_account(use.clause, account, drawn))


def _account(clause: str, account: Account, drawn: AccountShare) -> PlainStep:
    id_, owner, amount_fen, note = drawn
    balance = ("balance_fen", account.balance_fen)
    inputs = (("account", id_), ("owner", owner), balance, ("note", note))
    return _ACCOUNT, "accounts", clause, inputs, amount_fen, None
