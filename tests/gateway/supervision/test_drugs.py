"""Drugs that are bought too early, for too many days, or in too many kinds."""

from datetime import date, timedelta

import pytest
from msgspec import structs

from medsettle_gateway.domain.basket import LineKind
from medsettle_gateway.domain.watching import Advance
from medsettle_gateway.supervision.drugs import bought_again_on
from tests.gateway.supervision.counter import (
    TODAY,
    before,
    kinds,
    line,
    nothing,
    only,
    over_days,
    repeated,
    sale,
)

DAY = timedelta(days=1)


def test_a_drug_that_is_bought_long_before_it_is_used_up_is_noted_with_the_day_of_the_next() -> None:
    finding = only(repeated(), sale(line(3), history=(before(10),)))
    assert finding.line_ids == ("3",)
    assert finding.clause == "三(七)"
    # 30 days from 22 June on; seven days before the end it may be bought again.
    assert "2026-07-15" in finding.zh
    assert "2026-07-15" in finding.en


@pytest.mark.parametrize(("days_ago", "is_early"), [(22, True), (23, False), (28, False), (30, False)])
def test_it_may_be_bought_again_within_the_days_of_grace(days_ago: int, is_early: bool) -> None:
    assert nothing(repeated(), sale(line(), history=(before(days_ago),))) is not is_early


def test_what_is_bought_too_early_adds_up() -> None:
    twice = (before(30), before(20))
    assert "2026-07-25" in only(repeated(), sale(line(), history=twice)).zh
    assert "2026-07-05" in only(repeated(), sale(line(), history=twice[1:])).zh


def test_two_parts_of_one_prescription_last_one_after_the_other() -> None:
    parts = (before(11, supply=15), before(10, supply=15))
    assert not nothing(repeated(), sale(line(), history=parts))
    assert nothing(repeated(), sale(line(), history=parts[1:]))


def test_who_came_within_the_days_of_grace_has_hoarded_nothing() -> None:
    refills = tuple(before(days) for days in range(23, 180, 23))
    assert nothing(repeated(), sale(line(), history=refills))
    assert not nothing(repeated(), sale(line(), history=(*refills, before(1))))


def test_packs_for_a_week_that_are_bought_every_day_are_a_hoard() -> None:
    one, two = before(2, supply=7), before(1, supply=7)
    assert nothing(repeated(), sale(line(), history=(two,)))
    # 14 days from 30 June on; seven days before the end it may be bought again.
    assert "2026-07-07" in only(repeated(), sale(line(), history=(one, two))).zh
    assert nothing(repeated(), sale(line(), history=(before(7, supply=7), before(6, supply=7))))


def test_two_lines_of_one_ticket_last_one_after_the_other() -> None:
    halves = (before(1, supply=5), before(1, supply=5))
    assert nothing(repeated(), sale(line(), history=halves[1:]))
    assert "2026-07-04" in only(repeated(), sale(line(), history=halves)).zh


def test_who_used_more_than_is_left_before_a_holiday_has_hoarded_nothing() -> None:
    holiday = repeated(advances=(Advance(TODAY - 20 * DAY, TODAY, 15),))
    assert nothing(holiday, sale(line(), history=(before(35), before(20))))
    # Who had used little of it has both: 60 days from 2 June on, and 15 days of grace.
    assert not nothing(holiday, sale(line(), history=(before(25), before(20))))


@pytest.mark.parametrize("bought", [
    pytest.param(before(1, "氨氯地平片 10mg"), id="another_strength"),
    pytest.param(before(1, supply=None), id="days_that_nobody_stated"),
    pytest.param(before(200), id="longer_ago_than_is_looked_back"),
    pytest.param(before(-1), id="a_day_later"),
])
def test_nothing_is_noted_for(bought: object) -> None:
    assert nothing(repeated(), sale(line(), history=(bought,)))


def test_nothing_is_noted_of_a_stay_or_of_what_is_no_drug() -> None:
    history = (before(1),)
    assert nothing(repeated(), sale(line(), history=history, is_stay=True))
    assert nothing(repeated(), sale(line(kind=LineKind.DEVICE), history=history))


def test_before_a_holiday_it_may_be_bought_earlier() -> None:
    holiday = Advance(TODAY, TODAY + 7 * DAY, 14)
    rule = repeated(advances=(holiday,))
    assert nothing(rule, sale(line(), history=(before(16),)))
    assert not nothing(rule, sale(line(), history=(before(15),)))
    assert not nothing(repeated(), sale(line(), history=(before(16),)))


def test_the_next_day_may_lie_in_days_that_open_earlier() -> None:
    ends_on = TODAY + 20 * DAY
    later = Advance(TODAY + 2 * DAY, TODAY + 9 * DAY, 14)
    history = (before(10),)
    assert bought_again_on(repeated(), history, "code-氨氯地平片", TODAY) == ends_on - 7 * DAY
    rule = repeated(advances=(later,))
    assert bought_again_on(rule, history, "code-氨氯地平片", TODAY) == ends_on - 14 * DAY
    past = repeated(advances=(Advance(date(2026, 1, 1), TODAY, 7),))
    assert bought_again_on(past, history, "code-氨氯地平片", TODAY) == ends_on - 7 * DAY


def test_on_the_next_day_that_is_named_it_may_indeed_be_bought() -> None:
    history = (before(10), before(2))
    next_on = bought_again_on(repeated(), history, "code-氨氯地平片", TODAY)
    assert next_on is not None
    assert bought_again_on(repeated(), history, "code-氨氯地平片", next_on) is None
    assert bought_again_on(repeated(), history, "code-氨氯地平片", next_on - DAY) == next_on


def test_more_days_than_the_region_allows_are_noted() -> None:
    finding = only(over_days(), sale(line(days_supply=16)))
    assert finding.line_ids == ("1",)
    assert "15天" in finding.zh
    assert "15 days" in finding.en
    assert nothing(over_days(), sale(line(days_supply=15)))
    assert nothing(over_days(), sale(line(days_supply=None)))


def test_a_filed_condition_may_have_ninety_days_and_no_more() -> None:
    filed = {"conditions": ("hypertension", "diabetes")}
    assert nothing(over_days(), sale(line(days_supply=90, condition="hypertension"), **filed))
    assert not nothing(over_days(), sale(line(days_supply=91, condition="hypertension"), **filed))


def test_a_condition_that_is_not_filed_or_not_named_by_the_rule_has_the_days_of_everybody() -> None:
    assert not nothing(over_days(), sale(line(days_supply=90, condition="hypertension")))
    filed = {"conditions": ("diabetes",)}
    assert not nothing(over_days(), sale(line(days_supply=90, condition="diabetes"), **filed))


def test_a_benefit_may_have_more_days() -> None:
    assert nothing(over_days(), sale(line(days_supply=30, benefit="special_drugs")))
    assert not nothing(over_days(), sale(line(days_supply=30, benefit="general_outpatient")))


def test_a_line_that_is_split_has_no_more_days() -> None:
    halves = (line(1, days_supply=10), line(2, days_supply=10))
    assert only(over_days(), sale(*halves)).line_ids == ("1", "2")
    strengths = (line(1, days_supply=10), line(2, "氨氯地平片 10mg", days_supply=10))
    assert nothing(over_days(), sale(*strengths))


def test_days_of_a_filed_condition_are_not_lent_to_other_lines_of_the_drug() -> None:
    filed = {"conditions": ("hypertension",)}
    lines = (line(1, days_supply=15), line(2, days_supply=75, condition="hypertension"))
    assert nothing(over_days(), sale(*lines, **filed))
    more = (line(1, days_supply=16), lines[1])
    assert only(over_days(), sale(*more, **filed)).line_ids == ("1", "2")


@pytest.mark.parametrize(("conditions", "most"), [(1, 3), (2, 4), (3, 5), (6, 5)])
def test_one_disease_has_three_kinds_two_have_four_and_more_have_five(conditions: int, most: int) -> None:
    filed = tuple(f"c{number}" for number in range(conditions))
    lines = [line(number, f"药{number}", condition="c0") for number in range(most + 1)]
    assert nothing(kinds(), sale(*lines[:-1], conditions=filed))
    assert f"最多{most}种" in only(kinds(), sale(*lines, conditions=filed)).zh


def test_what_is_bought_for_nothing_that_is_filed_is_not_counted() -> None:
    family = [line(number, f"药{number}") for number in range(12)]
    assert nothing(kinds(), sale(*family, conditions=("c0",)))


def test_two_strengths_of_a_drug_are_one_kind() -> None:
    lines = [line(number, "氨氯地平片", item_code=f"x{number}", condition="c0") for number in range(4)]
    assert nothing(kinds(), sale(*lines, conditions=("c0",)))


def test_one_prescription_has_no_more_than_five_kinds() -> None:
    lines = [line(number, f"药{number}", prescription="rx1") for number in range(6)]
    assert len(only(kinds(), sale(*lines)).line_ids) == 6
    two = [each._replace(prescription=f"rx{index % 2}") for index, each in enumerate(lines)]
    assert nothing(kinds(), sale(*two))
    assert nothing(structs.replace(kinds(), prescribed=None), sale(*lines))
