"""Writes the trace of a finished calculation, step by step, from what it found on the way."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.basket import EmergencyOrder, Line, Waiver
from medsettle_gateway.domain.money import line_amount_fen
from medsettle_gateway.policy.calculated import Calculated
from medsettle_gateway.policy.chronic import Noted
from medsettle_gateway.policy.dated import Dated
from medsettle_gateway.policy.inputs import CaseInput
from medsettle_gateway.policy.line_rules import LineRule
from medsettle_gateway.policy.lines import Divided, Parts
from medsettle_gateway.policy.plan import Plan
from medsettle_gateway.policy.restricting import (
    OF_ITEM,
    RESTRICTED_SUPPLY,
    RESTRICTION,
    lifted_step,
    lifting,
    restricted_step,
)
from medsettle_gateway.policy.rows import Resolved
from medsettle_gateway.policy.steps_of_funds import fund_steps
from medsettle_gateway.policy.steps_of_payers import account_only_steps, account_steps, payable_step
from medsettle_gateway.policy.trace import PlainStep, Step

_LIFTED_BY: Final[dict[object, Waiver]] = {
    "catalogue": Waiver.CATALOGUE,
    "cap": Waiver.LIMITS,
    "session": Waiver.LIMITS,
    "kinds": Waiver.QUANTITIES,
    "supply": Waiver.QUANTITIES,
    RESTRICTION: Waiver.CATALOGUE,
    RESTRICTED_SUPPLY: Waiver.QUANTITIES,
}
"""What of an order lifts the limit that a step names."""


class _OwnFigure(NamedTuple):
    rule: str = OF_ITEM
    clause: str = ""
    parts: None = None


_OF_ITEM: Final = _OwnFigure()

# Bound once: until Python 3.12 a member read from its enum costs as much as a call.
_OVER_LIMIT: Final = Step.OVER_LIMIT
_SELF_PAY_FIRST: Final = Step.SELF_PAY_FIRST
_SELF_PAY_WAIVED: Final = Step.SELF_PAY_WAIVED
_IN_SCOPE: Final = Step.IN_SCOPE
_EXCLUDED: Final = Step.EXCLUDED
_PERSONAL: Final = Step.PERSONAL
_NO_ACCOUNT: Final = Step.NO_ACCOUNT
_CASH: Final = Step.CASH


def steps_of(case: CaseInput, found: Calculated) -> tuple[PlainStep, ...]:
    """The steps that lead to this breakdown, in the order of the rules."""
    steps: list[PlainStep] = []
    dated, divided, charge, payers, payable_fen, breakdown = found
    plan, personal_fen = dated.plan, breakdown.personal_fen
    _lines(steps, case, dated, divided)
    if plan.benefit is None:
        account_only_steps(steps, case, dated.pack)
    else:
        fund_steps(steps, case, dated, charge)
    if case.orders:
        steps[:0] = [_order(order, steps) for order in case.orders_held()]
    steps.append((_PERSONAL, "", "", personal_fen, None, "total_fen", breakdown.total_fen))
    clause = plan.use.clause
    if 0 < payable_fen < personal_fen:
        steps.append(payable_step(case, dated, divided, payable_fen, personal_fen))
    if payers:
        account_steps(steps, clause, payers, breakdown.accounts)
    elif personal_fen:
        enrolled = int(plan.use.own_account or not plan.use.owners)
        steps.append((_NO_ACCOUNT, "accounts", clause, 0, None, "enrolled", enrolled))
    steps.append((_CASH, "", "", breakdown.cash_fen, None))
    return tuple(steps)


def _order(order: EmergencyOrder, steps: Sequence[PlainStep]) -> PlainStep:
    """An order that holds, and what the steps say that it lifted."""
    waived = [flat for step, _, _, _, _, *flat in steps if step is Step.LIMIT_WAIVED]
    lifted = {_LIFTED_BY[what] for _, what, _, id_ in waived if id_ == order.id}
    waives, did = ("+".join(each.value for each in order.waives if each in some) for some in (Waiver, lifted))
    inputs = ("order", order.id, "authority", order.authority, "waives", waives, "lifted", did)
    return (Step.EMERGENCY_ORDER, "order", order.authority, 0, None, *inputs)


def _lines(steps: list[PlainStep], case: CaseInput, dated: Dated, divided: Divided) -> None:
    """The steps of all lines, in their order."""
    every_parts, changed, _, _, _, noted, _ = divided
    plan, covered_to = dated.plan, case.patient.covered_to
    ordinary = not case.orders and not noted and not dated.line_packs and covered_to is None
    for index, line in enumerate(case.lines):
        if index not in changed:
            steps.append((_IN_SCOPE, "lines", "", line.amount_fen, index, "name", line.name))
            continue
        rule = changed[index]
        _, borne_fen, fully_fen, over_fen, first_fen, scope_fen = every_parts[index]
        if not ordinary or line.class_by_list:
            _before(steps, case, dated, divided, index, line)
        if fully_fen:
            exclusion = rule.exclusion
            if ordinary and exclusion is not None:
                path, clause = exclusion.path, exclusion.clause
                steps.append((_EXCLUDED, path, clause, fully_fen, index, "name", line.name))
            else:
                steps.append(_self_paid(case, plan, noted.get(index), index, line, rule, fully_fen))
            continue
        if over_fen or borne_fen:
            _above(steps, case, plan.session, index, line, rule, every_parts[index])
        if first_fen:
            steps.append(_first(line, rule, first_fen + scope_fen, first_fen, index))
        if rule.share_waived:
            _share_waived(steps, plan, line, rule, index)
        steps.append((_IN_SCOPE, "lines", "", scope_fen, index, "name", line.name))


def _before(
    steps: list[PlainStep], case: CaseInput, dated: Dated, divided: Divided, index: int, line: Line
) -> None:
    """What is said of a line first: its version, its list, and what was lifted or is only reported."""
    note, parts = divided.noted.get(index), divided.parts[index]
    table = dated.tables[index] if len(dated.tables) > 1 else dated.tables[0]
    if dated.line_packs and dated.line_packs[index] is not dated.pack:
        since = dated.line_packs[index].effective_from.isoformat()
        version = ("name", line.name, "effective_from", since)
        steps.append((Step.VERSION, "effective", dated.line_packs[index].authority, 0, index, *version))
    in_list = table.class_of(line)
    if table.catalogue is not None and in_list is not line.catalogue_class:
        listed = ("name", line.name, "list", table.catalogue.list, "class", in_list.value)
        steps.append((Step.CATALOGUE, table.catalogue.path, table.catalogue.clause, 0, index, *listed))
    lifted, amount_fen, fully_fen = divided.changed[index].lifted, parts[0], parts[2]
    order = case.order_lifting(Waiver.CATALOGUE, case.day_of(line))
    if lifted is not None and order is not None and fully_fen < amount_fen:
        waived = ("what", "catalogue", "order", order.id)
        steps.append((Step.LIMIT_WAIVED, lifted.path, lifted.clause, 0, index, *waived))
    free = lifted_step(case, line, index)
    if free is not None:
        steps.append(free)
    if note is not None and not note.is_outside:
        steps.append(_reported(dated.plan, case, line, note, index))


def _above(
    steps: list[PlainStep],
    case: CaseInput,
    session: Resolved | None,
    index: int,
    line: Line,
    rule: LineRule,
    parts: Parts,
) -> None:
    """What lies above the payment standard, then what lies above the limit per session."""
    amount_fen, borne_fen, _, over_fen, _, _ = parts
    standard_fen = amount_fen - over_fen if session is None else _standard_fen(line, rule)
    if standard_fen is not None and amount_fen > standard_fen:
        source = rule.ceiling if line.ceiling_micro is None and rule.ceiling is not None else _OF_ITEM
        excess_fen = amount_fen - standard_fen
        over_fen -= excess_fen
        steps.append((
            _OVER_LIMIT, source.rule, source.clause, excess_fen, index,
            "name", line.name, "line_fen", amount_fen, "standard_fen", standard_fen,
        ))  # fmt: skip
    if session is None:
        return
    limit = ("name", line.name, "limit_fen", session.value, "sessions", case.encounter.sessions)
    if borne_fen:
        steps.append((Step.PROVIDER_BORNE, session.rule, session.clause, borne_fen, index, *limit))
    if over_fen:
        steps.append((Step.SESSION_OVER_LIMIT, session.rule, session.clause, over_fen, index, *limit))


def _reported(plan: Plan, case: CaseInput, line: Line, note: Noted, index: int) -> PlainStep:
    """What is said of a line and changes nothing: lifted by an order, or only to be reported."""
    path, clause = _five_fixed(plan)
    order = case.order_lifting(Waiver.QUANTITIES, case.day_of(line))
    if order is not None:
        what = "kinds" if note.reason is Reason.DRUG_KINDS_EXCEEDED else "supply"
        return Step.LIMIT_WAIVED, path, clause, 0, index, "what", what, "order", order.id
    days = ("name", line.name, "days", note.days, "allowed", note.limit)
    return (Step.SUPPLY_REPORTED, path, clause, 0, index, *days)


def _why(note: Noted) -> str:
    """Why a line is outside, in the word of the step's sentence."""
    if note.reason is Reason.DAYS_SUPPLY_EXCEEDED and note.days is None:
        return "days_supply_unknown"
    return note.reason.value.lower()


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
    source = share or _OF_ITEM
    return (
        _SELF_PAY_FIRST, source.rule, source.clause, amount_fen, index,
        "name", line.name, "base_fen", base_fen, "share_ppm", ppm, "parts", source.parts,
    )  # fmt: skip


def _share_waived(
    steps: list[PlainStep], plan: Plan, line: Line, rule: LineRule, index: int
) -> None:
    """The share that the line would have, if the benefit did not waive it."""
    share_ppm = line.self_pay_share_ppm
    if share_ppm is None:
        share_ppm = 0 if rule.share is None else rule.share.value or 0
    if share_ppm and plan.benefit is not None:
        path = f"{plan.benefit.path}.waives"
        steps.append((_SELF_PAY_WAIVED, path, "", 0, index, "name", line.name, "share_ppm", share_ppm))


def _standard_fen(line: Line, rule: LineRule) -> int | None:
    price_micro = rule.ceiling_micro if line.ceiling_micro is None else line.ceiling_micro
    return None if price_micro is None else line_amount_fen(price_micro, line.quantity_e4)


def _self_paid(
    case: CaseInput,
    plan: Plan,
    note: Noted | None,
    index: int,
    line: Line,
    rule: LineRule,
    amount_fen: int,
) -> PlainStep:
    """Why the whole line is the patient's: outside the benefit, cover ended, excluded, over its standard."""
    name, covered_to = line.name, case.patient.covered_to
    if note is not None and note.is_outside:
        path, clause = _five_fixed(plan)
        again_on = None if note.again_on is None else note.again_on.isoformat()
        return (
            Step.OUTSIDE, path, clause, amount_fen, index,
            "name", name, "why", _why(note), "limit", note.limit, "days", line.days_supply,
            "whole", note.days, "window", note.window_days, "again_on", again_on,
        )  # fmt: skip
    if covered_to is not None:
        served_on = line.service_on or case.service_on
        if served_on > covered_to:
            dates = ("service_on", served_on.isoformat(), "covered_to", covered_to.isoformat())
            return (Step.COVER_ENDED, "", "", amount_fen, index, "name", name, *dates)
    exclusion = rule.exclusion
    if exclusion is not None:
        return _EXCLUDED, exclusion.path, exclusion.clause, amount_fen, index, "name", name
    outside = None if lifting(case, line) else restricted_step(line, amount_fen, index)
    if outside is not None:
        return outside
    source = rule.ceiling if line.ceiling_micro is None and rule.ceiling is not None else _OF_ITEM
    standard = ("standard_fen", _standard_fen(line, rule))
    return (Step.OVER_STANDARD, source.rule, source.clause, amount_fen, index, "name", name, *standard)
