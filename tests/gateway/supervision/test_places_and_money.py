"""Two places at once, prices, goods that are no care, and accounts that are emptied."""

import pytest

from medsettle_gateway.domain.basket import NO_CARE, LineKind
from tests.gateway.supervision.counter import (
    HERE,
    NEXT_DOOR,
    THERE,
    before,
    emptied,
    line,
    not_medical,
    nothing,
    only,
    over_price,
    own_account,
    paid,
    sale,
    two_places,
)

GEL = line(2, "洗发水", kind=LineKind.DAILY_GOODS, amount_fen=3_000)


@pytest.mark.parametrize(("minutes", "is_noted"), [(1, True), (29, True), (30, False), (600, False)])
def test_a_sale_in_another_district_minutes_ago_is_noted(minutes: int, is_noted: bool) -> None:
    history = (before(minutes=minutes, institution=THERE),)
    assert nothing(two_places(), sale(line(), history=history)) is not is_noted


def test_the_finding_says_when_and_not_where() -> None:
    finding = only(two_places(), sale(line(), history=(before(minutes=12, institution=THERE),)))
    assert finding.line_ids == ()
    assert "12分钟前" in finding.zh
    assert "12 minutes ago" in finding.en
    assert THERE not in finding.zh + finding.en


@pytest.mark.parametrize("changes", [
    pytest.param({"history": (before(minutes=5, institution=NEXT_DOOR),)}, id="the_same_district"),
    pytest.param({"history": (before(minutes=5),)}, id="the_same_place"),
    pytest.param({"history": (before(minutes=5, institution="UNKNOWN"),)}, id="a_district_not_known"),
    pytest.param({"history": (before(minutes=5, institution=THERE, visited=False),)}, id="a_return_of_goods"),
    pytest.param({"proxied": True}, id="somebody_who_came_for_the_patient"),
    pytest.param({"is_now": False}, id="a_late_claim"),
    pytest.param({"districts": {THERE: "210303"}}, id="a_place_whose_own_district_is_not_known"),
])
def test_nothing_is_noted_for(changes: dict[str, object]) -> None:
    history = (before(minutes=5, institution=THERE),)
    assert not nothing(two_places(), sale(line(), history=history))
    assert nothing(two_places(), sale(line(), **{"history": history, **changes}))


def test_a_price_above_the_guidance_price_is_noted() -> None:
    finding = only(over_price(), sale(line(unit_price_micro=20_000_001, guidance_micro=20_000_000)))
    assert finding.line_ids == ("1",)
    assert nothing(over_price(), sale(line(unit_price_micro=20_000_000, guidance_micro=20_000_000)))


def test_a_share_of_the_price_may_be_allowed_on_top() -> None:
    rule = over_price(tolerance_ppm=100_000)
    assert nothing(rule, sale(line(unit_price_micro=22_000_000, guidance_micro=20_000_000)))
    assert not nothing(rule, sale(line(unit_price_micro=22_000_001, guidance_micro=20_000_000)))


def test_the_payment_standard_stands_in_where_there_is_no_guidance_price() -> None:
    dear = line(unit_price_micro=30_000_000, standard_micro=20_000_000)
    assert not nothing(over_price(), sale(dear))
    assert nothing(over_price(payment_standard=False), sale(dear))
    assert nothing(over_price(), sale(dear._replace(guidance_micro=30_000_000)))
    assert nothing(over_price(), sale(line(unit_price_micro=10**9)))


@pytest.mark.parametrize("kind", NO_CARE)
def test_goods_that_are_no_care_and_paid_by_an_account_are_blocked(kind: LineKind) -> None:
    goods = GEL._replace(kind=kind)
    finding = only(not_medical(), sale(goods, **own_account(3_000, 90_000)))
    assert (finding.verdict.value, finding.line_ids) == ("block", ("2",))
    assert not nothing(not_medical(), sale(goods, covered_fen=1))


def test_beside_drugs_they_are_blocked_only_where_more_is_paid_than_the_drugs_cost() -> None:
    assert nothing(not_medical(), sale(line(), GEL, **own_account(2_000, 90_000)))
    assert only(not_medical(), sale(line(), GEL, **own_account(2_001, 90_000))).line_ids == ("2",)
    assert not nothing(not_medical(mixed=True), sale(line(), GEL, **own_account(1, 90_000)))


def test_what_is_paid_in_cash_is_nobodys_affair() -> None:
    assert nothing(not_medical(mixed=True), sale(line(), GEL))
    assert nothing(not_medical(), sale(line(), **own_account(2_000, 2_000)))


def test_an_account_that_three_sales_take_almost_all_of_is_noted() -> None:
    history = (paid(2, 20_000), paid(1, 20_000))
    finding = only(emptied(), sale(line(), history=history, **own_account(10_000, 12_000)))
    assert "3笔" in finding.zh
    assert "500.00" in finding.en
    assert "520.00" in finding.en


@pytest.mark.parametrize("changes", [
    pytest.param({"history": (paid(1, 40_000),)}, id="fewer_sales"),
    pytest.param({"history": (paid(3, 20_000), paid(1, 20_000))}, id="over_more_days"),
    pytest.param(own_account(10_000, 60_000), id="a_smaller_share"),
    pytest.param(own_account(0, 0), id="nothing_that_the_account_pays"),
    pytest.param({"history": (paid(2, 20_000, "wife"), paid(1, 20_000, "wife"))}, id="another_account"),
])
def test_an_account_is_not_emptied_by(changes: dict[str, object]) -> None:
    facts = {"history": (paid(2, 20_000), paid(1, 20_000)), **own_account(10_000, 12_000)}
    assert not nothing(emptied(), sale(line(), **facts))
    assert nothing(emptied(), sale(line(), **{**facts, **changes}))


def test_small_change_is_no_cash_out() -> None:
    history = (paid(2, 1_000), paid(1, 1_000))
    assert nothing(emptied(), sale(line(), history=history, **own_account(1_000, 1_000)))


def test_round_sums_may_be_asked_for() -> None:
    rule = emptied(round_fen=10_000, round_count=2)
    even = (paid(2, 20_000), paid(1, 20_000))
    assert not nothing(rule, sale(line(), history=even, **own_account(10_000, 12_000)))
    odd = (paid(2, 20_000), paid(1, 20_070))
    assert nothing(rule, sale(line(), history=odd, **own_account(10_000, 12_000)))


def test_each_place_is_compared_with_where_the_patient_stands() -> None:
    history = (before(minutes=20, institution=THERE), before(minutes=5, institution=NEXT_DOOR))
    assert "20分钟前" in only(two_places(), sale(line(), history=history, institution=HERE)).zh
