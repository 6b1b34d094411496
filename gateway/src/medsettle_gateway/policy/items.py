"""How a benefit would have an item before it is sold: does it leave it out, and when may it be had again?"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.basket import Line, LineKind, Waiver
from medsettle_gateway.policy.benefit import Benefit, FiveFixed, Supply
from medsettle_gateway.policy.inputs import CaseInput
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.taking import is_of_other_channel, takes
from medsettle_gateway.policy.windows import day_with_room


class Had(NamedTuple):
    """Why a benefit that takes the item does not pay for it: ITEM_SELF_PAID, DRUG_NOT_APPROVED; None: it may.

    ``again_on`` is the first day on which a day of supply has room in the benefit's window; None: it has now.
    """

    refusal: Reason | None
    again_on: date | None = None


def had(pack: Pack, benefit: Benefit, case: CaseInput, lines: Sequence[Line]) -> Had | None:
    """Returns how the benefit would have an item, None if it does not take it.

    ``lines`` are the one item as it might be sold: for no condition, and for each that is filed. What a
    benefit does not take unasked, such as by its price, it may be asked for. Prices decide nothing yet.
    """
    taken = [line for line in lines if _may_ask(benefit, line) or takes(pack, benefit, case, line)]
    if not taken:
        return None
    on, waives = case.service_on, case.waives_on(case.service_on)
    plan = pack.plan(benefit.id, case.patient, case.institution, case.encounter, on, waives)
    item, fixed = taken[0], benefit.five_fixed
    if plan.lines.rule_for(item).exclusion is not None:
        return Had(Reason.ITEM_SELF_PAID)
    if fixed is None or item.kind is not LineKind.DRUG:
        return Had(None)
    if not any(line.approved for line in taken):
        return Had(Reason.DRUG_NOT_APPROVED)
    is_lifted = Waiver.QUANTITIES in waives
    return Had(None, None if is_lifted else _again_on(benefit.id, fixed, case, item.name))


def _may_ask(benefit: Benefit, line: Line) -> bool:
    """Does a benefit that names what it takes get a line besides that asks for it?"""
    return benefit.takes is not None and not is_of_other_channel(benefit, line)


def _again_on(benefit: str, fixed: FiveFixed, case: CaseInput, name: str) -> date | None:
    """As a sale counts: whatever was handed out of the drug, once any of it was under the benefit."""
    if fixed.window_days is None or fixed.days_supply is None or fixed.supply is Supply.REPORT:
        return None
    before = [each for each in case.dispensed if each.name == name]
    if not any(each.benefit in {None, benefit} for each in before):
        return None
    return day_with_room(before, case.service_on, fixed.window_days, fixed.days_supply - 1)
