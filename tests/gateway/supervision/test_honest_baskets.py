"""What honest people buy: no rule warns of it, and none blocks it."""

from datetime import timedelta

import pytest
from msgspec import structs

from medsettle_gateway.domain.basket import LineKind
from medsettle_gateway.domain.watching import Advance
from medsettle_gateway.supervision.seen import Seen
from medsettle_gateway.supervision.watch import found
from tests.gateway.supervision.counter import (
    EVERY,
    HERE,
    NEXT_DOOR,
    THERE,
    TODAY,
    before,
    line,
    own_account,
    paid,
    repeated,
    sale,
)

DAY = timedelta(days=1)
FILED = {"conditions": ("hypertension", "diabetes")}


def chronic(number: int, name: str, days: int = 30) -> object:
    return line(number, name, days_supply=days, condition="hypertension")


HONEST = {
    "refill_on_day_28_of_30": sale(line(days_supply=14), history=(before(28),)),
    "a_year_of_refills_two_days_early": sale(
        line(days_supply=14), history=tuple(before(days) for days in range(28, 180, 28))
    ),
    "two_strengths_of_one_drug": sale(
        line(1, "左甲状腺素钠片 50μg", days_supply=14), line(2, "左甲状腺素钠片 25μg", days_supply=14),
        history=(before(10, "左甲状腺素钠片 100μg"),),
    ),
    "another_drug_while_the_first_lasts": sale(line(1, "阿莫西林胶囊", days_supply=7), history=(before(3),)),
    "spouse_collects_across_town": sale(
        line(days_supply=7), history=(before(minutes=10, institution=THERE, lines=()),), proxied=True
    ),
    "couple_at_two_pharmacies": sale(  # her own purchases only: his stand under his own name
        line(days_supply=7), history=(before(minutes=3, institution=NEXT_DOOR, lines=()),),
        **own_account(2_000, 40_000),
    ),
    "clinic_then_pharmacy_of_the_same_street": sale(
        line(days_supply=7), history=(before(minutes=8, institution=NEXT_DOOR, lines=()),)
    ),
    "across_town_in_an_hour": sale(
        line(days_supply=7), history=(before(minutes=60, institution=THERE, lines=()),)
    ),
    "big_family_basket": sale(
        *(line(number, f"家庭常备药{number}", days_supply=7) for number in range(1, 13)),
        line(13, "血压计", kind=LineKind.DEVICE, amount_fen=30_000),
        line(14, "洗发水", kind=LineKind.DAILY_GOODS, amount_fen=4_000),
        **own_account(54_000, 300_000),
    ),
    "ninety_days_under_a_filing": sale(
        *(line(number, f"慢病药{number}", days_supply=90, condition="hypertension") for number in (1, 2, 3)),
        **FILED,
    ),
    "one_large_purchase_that_takes_all": sale(
        line(1, "助听器", kind=LineKind.DEVICE, amount_fen=300_000), **own_account(300_000, 300_000)
    ),
    "a_small_account_used_up_over_a_month": sale(
        line(), history=(paid(20, 9_000), paid(10, 9_000)), **own_account(2_000, 2_000)
    ),
    "drugs_at_the_guidance_price": sale(
        line(unit_price_micro=20_000_000, guidance_micro=20_000_000, standard_micro=15_000_000)
    ),
    "a_price_that_nobody_guides": sale(line(unit_price_micro=999_000_000)),
    "days_that_nobody_stated": sale(line(), history=(before(3, supply=None),)),
    "soap_for_cash_beside_drugs_on_the_account": sale(
        line(1, days_supply=7), line(2, "香皂", kind=LineKind.DAILY_GOODS, amount_fen=900),
        **own_account(2_000, 50_000),
    ),
    "a_ward_that_hands_out_day_by_day": sale(
        *(line(number, f"住院药{number}", days_supply=20) for number in range(1, 9)),
        history=(before(1),), is_stay=True,
    ),
    "the_first_sale_of_all": sale(line(days_supply=15)),
    "what_was_returned_across_town": sale(
        line(days_supply=7), history=(before(minutes=5, institution=THERE, visited=False, lines=()),)
    ),
    "nothing_yet": sale(),
}


@pytest.mark.parametrize("seen", [pytest.param(seen, id=name) for name, seen in HONEST.items()])
def test_no_rule_finds_anything_in_an_honest_basket(seen: Seen) -> None:
    assert found(seen, EVERY) == ()


def test_supplies_for_a_holiday_are_found_only_by_a_rule_that_knows_no_holiday() -> None:
    early = sale(line(days_supply=14), history=(before(18),))
    knowing = repeated(advances=(Advance(TODAY - DAY, TODAY + 6 * DAY, 14),))
    rules = (knowing, *EVERY[1:])
    assert found(early, rules) == ()
    assert [each.code for each in found(early, EVERY)] == ["REPEATED_DRUG"]


def test_every_rule_finds_what_it_looks_for_so_that_no_alarm_is_false_for_being_deaf() -> None:
    crooked = sale(
        line(1, days_supply=60, unit_price_micro=40_000_000, guidance_micro=20_000_000),
        *(line(number, f"药{number}", condition="hypertension") for number in range(2, 7)),
        line(9, "米面油", kind=LineKind.DAILY_GOODS, amount_fen=50_000),
        history=(
            before(10), paid(1, 20_000), paid(0, 20_000),
            before(minutes=5, institution=THERE, lines=()),
        ),
        conditions=("hypertension",), **own_account(60_000, 60_000),
    )
    assert [each.code for each in found(crooked, EVERY)] == [rule.code for rule in EVERY]
    assert found(structs.replace(crooked, institution=HERE), ()) == ()
