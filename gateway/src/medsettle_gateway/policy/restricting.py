"""Lines outside what the catalogue restricts their item to (限制支付范围): no fund pays for them.

By level of institution, sex, age or days of supply. Personal accounts pay as the pack lets them. An emergency
order that lifts the catalogue or the quantities lifts these too.
"""

from typing import Final

from medsettle_gateway.domain.basket import EmergencyOrder, Line, Waiver
from medsettle_gateway.domain.goods import Restricted, Restriction
from medsettle_gateway.policy.inputs import CaseInput
from medsettle_gateway.policy.trace import PlainStep, Step

OF_ITEM: Final = "line"
"""``rule`` of a step that follows the item and not the pack."""
RESTRICTION, RESTRICTED_SUPPLY = "restriction", "restricted_supply"
_NONE: Final[frozenset[int]] = frozenset()


def barred(case: CaseInput) -> frozenset[int]:
    """The lines, from 0, that are outside and that no order lets in."""
    outside = [index for index, line in enumerate(case.lines) if line.restricted is not None]
    if not outside:
        return _NONE
    return frozenset(index for index in outside if lifting(case, case.lines[index]) is None)


def lifting(case: CaseInput, line: Line) -> EmergencyOrder | None:
    """The order that lifts the restriction of a line on its day, if any."""
    if line.restricted is None:
        return None
    return case.order_lifting(_waiver(line.restricted), case.day_of(line))


def lifted_step(case: CaseInput, line: Line, index: int) -> PlainStep | None:
    """What is said of a line whose restriction an order lifts."""
    order = lifting(case, line)
    if order is None or line.restricted is None:
        return None
    what = RESTRICTED_SUPPLY if _waiver(line.restricted) is Waiver.QUANTITIES else RESTRICTION
    return Step.LIMIT_WAIVED, OF_ITEM, line.restricted.clause, 0, index, "what", what, "order", order.id


def restricted_step(line: Line, amount_fen: int, index: int) -> PlainStep | None:
    """Why the whole line is the patient's, where its restriction is."""
    outside = line.restricted
    if outside is None:
        return None
    bound = ("what", outside.what.value, "allowed", outside.allowed, "found", outside.found)
    return Step.RESTRICTED, OF_ITEM, outside.clause, amount_fen, index, "name", line.name, *bound


def _waiver(outside: Restricted) -> Waiver:
    return Waiver.QUANTITIES if outside.what is Restriction.DAYS_SUPPLY else Waiver.CATALOGUE
