"""Rules about goods: sold above their guidance price, or no medical care at all."""

from medsettle_gateway.domain.basket import NO_CARE
from medsettle_gateway.domain.money import RATIO_ONE_PPM
from medsettle_gateway.domain.watching import NotMedical, OverPrice
from medsettle_gateway.supervision.seen import Noted, Seen, SeenLine, listed


def over_price(rule: OverPrice, seen: Seen) -> Noted | None:
    """Notes lines whose unit price is above the guidance price by more than the rule's share of it."""
    over = [line for line in seen.lines if _is_over(rule, line)]
    if not over:
        return None
    zh, en = listed(tuple(line.name for line in over))
    return Noted(
        f"{zh}的单价高于指导价,请核对价格。",
        f"{en}: the unit price is above the guidance price; check it.",
        tuple(line.line_id for line in over),
    )


def _is_over(rule: OverPrice, line: SeenLine) -> bool:
    most = line.guidance_micro
    if most is None and rule.payment_standard:
        most = line.standard_micro
    if most is None:
        return False
    return line.unit_price_micro * RATIO_ONE_PPM > most * (RATIO_ONE_PPM + rule.tolerance_ppm)


def not_medical(rule: NotMedical, seen: Seen) -> Noted | None:
    """Notes goods that are no medical care where funds and accounts pay more than the care on the ticket.

    With ``mixed`` already where they pay anything at all beside such goods.
    """
    goods = [line for line in seen.lines if line.kind in NO_CARE]
    care_fen = sum(line.amount_fen for line in seen.lines if line.kind not in NO_CARE)
    if not goods or seen.covered_fen <= (0 if rule.mixed else care_fen):
        return None
    zh, en = listed(tuple(line.name for line in goods))
    return Noted(
        f"{zh}不是医疗用品,医保基金和个人账户不能支付,请分开用现金结账。",
        f"{en}: no medical goods, for which neither funds nor accounts may pay; sell them apart for cash.",
        tuple(line.line_id for line in goods),
    )
