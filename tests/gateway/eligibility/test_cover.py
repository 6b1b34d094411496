"""Which days a person is covered, and under what: records are added to, never overwritten."""

from datetime import timedelta
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from medsettle_gateway.domain.people import Span
from medsettle_gateway.domain.records import known
from medsettle_gateway.eligibility.cover import doubled, on_day, overlapping, past_of, spans_from
from tests.gateway.eligibility.people import (
    EMPLOYEE,
    FLEXIBLE,
    RESIDENT,
    day,
    entered_at,
    member,
    period,
    row,
    span,
)

SPANS = st.builds(
    lambda first, length, cover: Span(
        day("2026-01-01") + timedelta(first),
        None if length is None else day("2026-01-01") + timedelta(first + length), cover,
    ),
    st.integers(0, 12), st.none() | st.integers(0, 6), st.sampled_from([EMPLOYEE, FLEXIBLE, RESIDENT]),
)


def test_a_row_that_begins_later_ends_the_one_before_on_the_eve() -> None:
    rows = known([row(1, "2020-01-01..", RESIDENT), row(2, "2026-03-01..", EMPLOYEE)])
    assert spans_from(rows) == (span("2020-01-01..2026-02-28", RESIDENT), span("2026-03-01..", EMPLOYEE))


def test_a_row_that_begins_no_later_takes_the_place_of_what_was() -> None:
    rows = known([row(1, "2024-01-01..", RESIDENT), row(2, "2020-01-01..", EMPLOYEE)])
    assert spans_from(rows) == (span("2020-01-01..", EMPLOYEE),)


def test_a_later_row_that_says_the_same_corrects_when_cover_began() -> None:
    rows = known([row(1, "2020-01-01.."), row(2, "2021-01-01..")])
    assert spans_from(rows) == (span("2021-01-01.."),)


def test_a_row_that_says_again_what_an_earlier_one_said_takes_its_place() -> None:
    rows = known([
        row(1, "2020-01-01..", RESIDENT), row(2, "2026-03-01..", EMPLOYEE), row(3, "2020-01-01..", RESIDENT),
    ])  # fmt: skip
    assert spans_from(rows) == (span("2020-01-01..", RESIDENT),)


def test_cover_that_ended_before_the_next_row_keeps_its_end() -> None:
    rows = known([row(1, "2020-01-01..2025-06-30"), row(2, "2026-01-01..")])
    assert spans_from(rows) == (span("2020-01-01..2025-06-30"), span("2026-01-01.."))


def test_periods_of_cover_alone_decide_once_one_is_known() -> None:
    records = known([row(1, "2020-01-01.."), period(2, "2024-01-01..2024-12-31", FLEXIBLE)])
    assert spans_from(records) == (span("2024-01-01..2024-12-31", FLEXIBLE),)


def test_where_nothing_is_recorded_the_row_of_the_register_decides() -> None:
    someone = member(span("2020-01-01..2026-05-31", RESIDENT))
    assert past_of(someone, ()).spans == (span("2020-01-01..2026-05-31", RESIDENT),)


def test_what_was_known_at_an_instant_does_not_change_with_what_is_entered_later() -> None:
    records = [row(1, "2020-01-01.."), period(2, "2020-01-01.."), period(4, "2020-01-01..2026-01-31")]
    assert spans_from(known(records, entered_at(3))) == (span("2020-01-01.."),)
    assert spans_from(known(records)) == (span("2020-01-01..2026-01-31"),)


def test_a_period_that_was_withdrawn_never_held() -> None:
    records = [period(1, "2020-01-01.."), period(2, "2025-01-01..", RESIDENT)]
    withdrawn = period(3, "2025-01-01..", RESIDENT, withdrawn=True)
    assert spans_from(known([*records, withdrawn])) == (span("2020-01-01.."),)


def test_the_day_decides_scheme_standing_and_enrolment() -> None:
    someone = member()
    past = past_of(
        someone, known([period(1, "2020-01-01..2025-12-31", RESIDENT), period(2, "2026-01-01..", FLEXIBLE)])
    )
    before, after = on_day(someone, past, day("2025-12-31")), on_day(someone, past, day("2026-01-01"))
    assert (before.scheme, before.covered_from, before.covered_to) == (
        "resident", day("2020-01-01"), day("2025-12-31"),
    )  # fmt: skip
    assert (after.scheme, after.standing, after.enrolment) == ("employee", "flexible", "pool_only")


def test_in_a_gap_a_person_is_who_was_covered_before_it() -> None:
    someone = member()
    past = past_of(
        someone, known([period(1, "2020-01-01..2024-12-31", RESIDENT), period(2, "2026-01-01..", FLEXIBLE)])
    )
    found = on_day(someone, past, day("2025-06-01"))
    assert (found.scheme, found.covered_to) == ("resident", day("2024-12-31"))


def test_before_all_cover_a_person_is_who_will_be_covered_first() -> None:
    someone = member()
    past = past_of(someone, known([period(1, "2026-01-01..", FLEXIBLE)]))
    assert on_day(someone, past, day("2025-06-01")).covered_from == day("2026-01-01")


def test_two_schemes_on_one_day_are_double() -> None:
    resident, employee = span("2020-01-01..2026-01-01", RESIDENT), span("2026-01-01..", EMPLOYEE)
    assert doubled((employee, resident)) == (resident, employee)


def test_one_scheme_after_the_other_is_not_double() -> None:
    assert doubled((span("2020-01-01..2025-12-31", RESIDENT), span("2026-01-01..", EMPLOYEE))) is None


def test_two_periods_of_one_scheme_are_not_double() -> None:
    both: tuple[Span, ...] = (span("2020-01-01.."), span("2026-01-01..", FLEXIBLE))
    assert doubled(both) is None


@given(st.lists(SPANS, max_size=7))
def test_cover_is_double_where_any_two_spans_of_two_schemes_share_a_day(spans: list[Span]) -> None:
    pairs = [
        {one, other} for one, other in combinations(spans, 2)
        if one.cover.scheme is not other.cover.scheme
        and (one.holds(other.first_on) or other.holds(one.first_on))
    ]
    found = doubled(spans)
    assert (found is not None) == bool(pairs)
    assert found is None or set(found) in pairs


@given(st.lists(st.tuples(st.sampled_from("abcd"), SPANS), max_size=9))
def test_names_overlap_whose_spans_share_a_day_with_another_ones(spans: list[tuple[str, Span]]) -> None:
    pairs = [
        (name, other) for (name, one), (other, another) in combinations(spans, 2)
        if name != other and (one.holds(another.first_on) or another.holds(one.first_on))
    ]
    by_name = {name: [span for each, span in spans if each == name] for name, _ in spans}
    assert overlapping(by_name) == {name for pair in pairs for name in pair}
