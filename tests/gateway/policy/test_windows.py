"""What was handed out in the days around a settlement: every window of days keeps the rule."""

from collections.abc import Iterable
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from medsettle_gateway.domain.basket import Dispensed
from medsettle_gateway.policy.windows import day_with_room, days_before, kinds_before

DAY = date(2023, 6, 15)
CHRONIC = "chronic_outpatient"


def out(name: str, days_ago: int, days: int | None = None, benefit: str | None = CHRONIC) -> Dispensed:
    return Dispensed(name, DAY - timedelta(days=days_ago), days, None, benefit)


def test_the_day_itself_belongs_to_the_window_and_the_day_before_it_does_not() -> None:
    drugs = [out("a", 0), out("b", 14), out("c", 15)]
    assert kinds_before(drugs, DAY, 15, CHRONIC) == (("b", "a"),)
    assert kinds_before(drugs, DAY, 1, CHRONIC) == (("a",),)


def test_kinds_of_another_benefit_do_not_count() -> None:
    assert kinds_before([out("a", 1, benefit="general"), out("b", 1)], DAY, 15, CHRONIC) == (("b",),)


def test_where_nobody_said_under_which_benefit_a_drug_for_a_condition_counts() -> None:
    cold = Dispensed("remedy", DAY)
    pill = Dispensed("pill", DAY, condition="hypertension")
    assert kinds_before([cold, pill], DAY, 15, CHRONIC) == (("pill",),)


def test_a_claim_for_an_earlier_day_meets_the_fullest_window_around_it() -> None:
    later = [out("a", -3, 10), out("a", -5, 10)]
    earlier = [out("a", 13, 7)]
    assert days_before([*later, *earlier], DAY, 15) == {"a": 20}
    assert days_before(earlier, DAY, 15) == {"a": 7}


def test_a_late_claim_is_one_kind_too_many_if_it_is_in_any_window() -> None:
    drugs = [out("digoxin", 6), out("aspirin", -5)]
    assert kinds_before(drugs, DAY, 12, CHRONIC) == (
        ("digoxin",), ("digoxin", "aspirin"), ("aspirin",),
    )  # fmt: skip


def test_days_of_supply_count_whatever_the_benefit_and_unsaid_ones_count_none() -> None:
    assert days_before([out("a", 1, 7, None), out("a", 2, None)], DAY, 15) == {"a": 7}


def test_the_day_on_which_there_is_room_again_is_that_on_which_enough_left_the_window() -> None:
    handed_out = [out("a", 13, 8), out("a", 4, 7)]
    assert day_with_room(handed_out, DAY, 15, 7) == DAY + timedelta(days=2)
    assert day_with_room(handed_out, DAY, 15, 0) == DAY + timedelta(days=11)
    assert day_with_room(handed_out, DAY, 15, 15) is None
    assert day_with_room([out("a", 15, 99)], DAY, 15, 0) is None


drugs = st.lists(
    st.builds(out, st.sampled_from("abcd"), st.integers(-20, 20), st.none() | st.integers(1, 30)), max_size=12
)


def supplied(found: Iterable[Dispensed], name: str) -> int:
    return sum(each.days_supply or 0 for each in found if each.name == name)


@given(drugs, st.integers(1, 16))
def test_no_window_that_holds_the_day_holds_more_than_what_is_told(found: list[Dispensed], days: int) -> None:
    most, kinds = days_before(found, DAY, days), kinds_before(found, DAY, days, CHRONIC)
    best_kinds = 0
    best = dict.fromkeys("abcd", 0)
    for back in range(days):
        begins = DAY - timedelta(days=back)
        inside = [each for each in found if begins <= each.on < begins + timedelta(days=days)]
        best_kinds = max(best_kinds, len({each.name for each in inside}))
        assert not inside or any({each.name for each in inside} <= set(names) for names in kinds)
        best = {name: max(least, supplied(inside, name)) for name, least in best.items()}
    assert max(map(len, kinds)) == best_kinds
    assert {name: most.get(name, 0) for name in best} == best
