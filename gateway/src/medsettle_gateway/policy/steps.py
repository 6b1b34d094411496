"""Writes the trace of a finished calculation, step by step, from what it found on the way."""

from typing import Final

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.basket import EmergencyOrder, Line
from medsettle_gateway.domain.breakdown import AccountShare, LineBreakdown
from medsettle_gateway.domain.member import Account
from medsettle_gateway.domain.money import line_amount_fen
from medsettle_gateway.policy.calculated import Calculated
from medsettle_gateway.policy.chronic import Noted
from medsettle_gateway.policy.inputs import CaseInput
from medsettle_gateway.policy.line_rules import LineRule, LineTable
from medsettle_gateway.policy.plan import Plan
from medsettle_gateway.policy.rows import Resolved
from medsettle_gateway.policy.steps_of_funds import fund_steps
from medsettle_gateway.policy.trace import PlainStep, Step

OWN_OF_ITEM: Final = "line"
"""``rule`` of a step that follows the item's own figure and not the pack's."""

# Bound once: until Python 3.12 a member read from its enum costs as much as a call.
_OVER_LIMIT: Final = Step.OVER_LIMIT
_SELF_PAY_FIRST: Final = Step.SELF_PAY_FIRST
_SELF_PAY_WAIVED: Final = Step.SELF_PAY_WAIVED
_IN_SCOPE: Final = Step.IN_SCOPE
_EXCLUDED: Final = Step.EXCLUDED
_ACCOUNT_ONLY: Final = Step.ACCOUNT_ONLY
_PERSONAL: Final = Step.PERSONAL
_NO_ACCOUNT: Final = Step.NO_ACCOUNT
_PAYABLE: Final = Step.PAYABLE
_ACCOUNT: Final = Step.ACCOUNT
_CASH: Final = Step.CASH


def steps_of(case: CaseInput, found: Calculated) -> tuple[PlainStep, ...]:
    """The steps that lead to this breakdown, in the order of the rules."""
    steps: list[PlainStep] = []
    plan, breakdown, noted = found.dated.plan, found.breakdown, found.divided.noted
    if case.order is not None:
        steps.append(_order(case.order))
    tables = found.dated.tables
    table, several = tables[0], len(tables) > 1
    divided = breakdown.lines
    plain = not table.waived and not table.whole_catalogue and not several
    for index, line in enumerate(case.lines):
        parts = divided[index]
        amount_fen = parts[0]
        if plain and amount_fen == parts[-1] and index not in noted and not line.class_by_list:
            steps.append((_IN_SCOPE, "lines", "", (("name", line.name),), amount_fen, index))
            continue
        if several:
            table = tables[index]
            _version(steps, found, index, line)
        rule = table.rule_for(line)
        _catalogue(steps, table, line, index)
        _line(steps, found, case, index, line, rule, parts)
    if plan.benefit is None:
        steps.append((_ACCOUNT_ONLY, "", "", (), 0, None))
    else:
        fund_steps(steps, case, found)
    total = (("total_fen", breakdown.total_fen),)
    steps.append((_PERSONAL, "", "", total, breakdown.personal_fen, None))
    _accounts(steps, plan, found)
    steps.append((_CASH, "", "", (), breakdown.cash_fen, None))
    return tuple(steps)


def _order(order: EmergencyOrder) -> PlainStep:
    waives = "+".join(waiver.value for waiver in order.waives)
    inputs = (("order", order.id), ("authority", order.authority), ("waives", waives))
    return Step.EMERGENCY_ORDER, "order", order.authority, inputs, 0, None


def _version(steps: list[PlainStep], found: Calculated, index: int, line: Line) -> None:
    packs = found.dated.line_packs
    if packs and packs[index].effective_from != packs[-1].effective_from:
        since = packs[index].effective_from.isoformat()
        inputs = (("name", line.name), ("effective_from", since))
        steps.append((Step.VERSION, "effective", packs[index].authority, inputs, 0, index))


def _catalogue(steps: list[PlainStep], table: LineTable, line: Line, index: int) -> None:
    in_list = table.class_of(line)
    if table.catalogue is not None and in_list is not line.catalogue_class:
        inputs = (("name", line.name), ("list", table.catalogue.list), ("class", in_list.value))
        steps.append((Step.CATALOGUE, table.catalogue.path, table.catalogue.clause, inputs, 0, index))


def _line(
    steps: list[PlainStep],
    found: Calculated,
    case: CaseInput,
    index: int,
    line: Line,
    rule: LineRule,
    parts: LineBreakdown,
) -> None:
    """The steps of a line that is not simply in scope as it stands."""
    amount_fen, borne_fen, fully_fen, over_fen, first_fen, scope_fen = parts
    plan, note = found.dated.plan, found.divided.noted.get(index)
    name = ("name", line.name)
    if rule.lifted is not None and case.order is not None and fully_fen < amount_fen:
        lifted = (("what", "catalogue"), ("order", case.order.id))
        steps.append((Step.LIMIT_WAIVED, rule.lifted.path, rule.lifted.clause, lifted, 0, index))
    if note is not None and not note.is_outside:
        steps.append(_reported(plan, case, line, note, index))
    if fully_fen:
        outside = note is not None and note.is_outside
        step = _outside(plan, line, note, fully_fen, index) if outside and note else None
        steps.append(step or _self_paid(case, index, line, rule, fully_fen))
        return
    standard_fen = _standard_fen(line, rule)
    if standard_fen is not None and amount_fen > standard_fen:
        path, clause = _source(rule.ceiling if line.ceiling_micro is None else None)
        inputs = (name, ("line_fen", amount_fen), ("standard_fen", standard_fen))
        steps.append((_OVER_LIMIT, path, clause, inputs, amount_fen - standard_fen, index))
        over_fen -= amount_fen - standard_fen
    _session(steps, plan, case, index, line, (borne_fen, over_fen))
    if first_fen:
        steps.append(_first(line, rule, first_fen + scope_fen, first_fen, index))
    waived_ppm = _waived_ppm(line, rule)
    if waived_ppm and plan.benefit is not None:
        waived = (name, ("share_ppm", waived_ppm))
        steps.append((_SELF_PAY_WAIVED, f"{plan.benefit.path}.waives", "", waived, 0, index))
    steps.append((_IN_SCOPE, "lines", "", (name,), scope_fen, index))


def _session(
    steps: list[PlainStep], plan: Plan, case: CaseInput, index: int, line: Line, above: tuple[int, int]
) -> None:
    """What lies above the limit per session: the provider's, or the patient's."""
    borne_fen, over_fen = above
    limit = plan.session
    if limit is None or not (borne_fen or over_fen):
        return
    inputs = (("name", line.name), ("limit_fen", limit.value), ("sessions", case.encounter.sessions))
    if borne_fen:
        steps.append((Step.PROVIDER_BORNE, limit.rule, limit.clause, inputs, borne_fen, index))
    if over_fen:
        steps.append((Step.SESSION_OVER_LIMIT, limit.rule, limit.clause, inputs, over_fen, index))


def _reported(plan: Plan, case: CaseInput, line: Line, note: Noted, index: int) -> PlainStep:
    """What is said of a line and changes nothing: lifted by an order, or only to be reported."""
    path, clause = _five_fixed(plan)
    if case.order is not None and note.reason is Reason.DRUG_KINDS_EXCEEDED:
        waived = (("what", "kinds"), ("order", case.order.id))
        return Step.LIMIT_WAIVED, path, clause, waived, 0, index
    inputs = (("name", line.name), ("days", note.days), ("allowed", note.limit))
    return Step.SUPPLY_REPORTED, path, clause, inputs, 0, index


def _outside(plan: Plan, line: Line, note: Noted, amount_fen: int, index: int) -> PlainStep:
    path, clause = _five_fixed(plan)
    inputs = (("name", line.name), ("why", note.reason.value.lower()), ("limit", note.limit))
    return Step.OUTSIDE, path, clause, inputs, amount_fen, index


def _five_fixed(plan: Plan) -> tuple[str, str]:
    benefit = plan.benefit
    if benefit is None:
        return "", ""
    if benefit.five_fixed is None:
        return f"{benefit.cap.path}.per", ""
    return benefit.five_fixed.path, benefit.five_fixed.clause


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


def _standard_fen(line: Line, rule: LineRule) -> int | None:
    price_micro = rule.ceiling_micro if line.ceiling_micro is None else line.ceiling_micro
    return None if price_micro is None else line_amount_fen(price_micro, line.quantity_e4)


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
    path, clause = _source(rule.ceiling if line.ceiling_micro is None else None)
    inputs = (name, ("standard_fen", _standard_fen(line, rule)))
    return Step.OVER_STANDARD, path, clause, inputs, amount_fen, index


def _accounts(steps: list[PlainStep], plan: Plan, found: Calculated) -> None:
    """What accounts pay, how much they may where that is not everything, and that there is none."""
    use, payers, personal_fen = plan.use, found.payers, found.breakdown.personal_fen
    if not payers and personal_fen:
        enrolled = ("enrolled", int(use.own_account or not use.owners))
        steps.append((_NO_ACCOUNT, "accounts", use.clause, (enrolled,), 0, None))
    elif 0 < found.payable_fen < personal_fen:
        personal = (("personal_fen", personal_fen),)
        steps.append((_PAYABLE, "accounts", use.clause, personal, found.payable_fen, None))
    for account, drawn in zip(payers, found.breakdown.accounts, strict=True):
        steps.append(_account(use.clause, account, drawn))


def _account(clause: str, account: Account, drawn: AccountShare) -> PlainStep:
    id_, owner, amount_fen, note = drawn
    balance = ("balance_fen", account.balance_fen)
    inputs = (("account", id_), ("owner", owner), balance, ("note", note))
    return _ACCOUNT, "accounts", clause, inputs, amount_fen, None
