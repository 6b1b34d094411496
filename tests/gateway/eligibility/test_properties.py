"""Whatever was entered, in whatever order: every day has an answer, and no answer changes what was known."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from medsettle_gateway.domain.facts import MemberFacts
from medsettle_gateway.domain.keys import Facts
from medsettle_gateway.domain.people import Arrears, Cover, Past, Payment, Span, Suspension
from medsettle_gateway.domain.person_rules import (
    ArrearsRule,
    Begins,
    InterruptionRule,
    PersonRules,
    WaitingRule,
    YearRule,
)
from medsettle_gateway.domain.records import DatedRecord
from medsettle_gateway.eligibility.cover import spans_of
from medsettle_gateway.eligibility.enrolled import enrolled_on, gaps, paid_months
from medsettle_gateway.eligibility.person import refusal_of
from medsettle_gateway.service.person import person_keys, person_on
from tests.gateway.eligibility.people import EMPLOYEE, FLEXIBLE, RESIDENT, entered_at, member, record

FIRST = date(2020, 1, 1)
RULE = InterruptionRule(6, 12, "一")
RULES = PersonRules(
    arrears=ArrearsRule(3, "二"),
    interruption=RULE,
    waiting=(WaitingRule((), 6, "三"),),
    years=(YearRule((), Begins.NEXT_YEAR, None, "四"),),
)
DAYS = st.integers(0, 2_500).map(lambda days: FIRST + timedelta(days=days))
COVERS = st.sampled_from([EMPLOYEE, FLEXIBLE, RESIDENT])


@st.composite
def spells(draw: st.DrawFn) -> tuple[date, date | None]:
    first_on = draw(DAYS)
    length = draw(st.none() | st.integers(0, 900))
    return first_on, None if length is None else first_on + timedelta(days=length)


@st.composite
def facts(draw: st.DrawFn, number: int) -> DatedRecord:
    """A record of any kind that says who a person is, entered ``number`` hours after the first."""
    first_on, last_on = draw(spells())
    text = f"{first_on}..{last_on or ''}"
    kind = draw(st.sampled_from(["registered", "cover", "arrears", "suspension", "payment"]))
    cover: Cover = draw(COVERS)
    bodies = {
        "registered": cover,  # a row says a little more, and nothing of it is missing here
        "cover": cover,
        "arrears": Arrears(draw(st.none() | DAYS)),
        "suspension": Suspension("x"),
        "payment": Payment(cover.scheme, first_on),
    }
    found = record(number, kind, f"{kind}/{first_on}", text, bodies[kind])
    return structs.replace(found, withdrawn=kind != "registered" and draw(st.booleans()))


@st.composite
def histories(draw: st.DrawFn) -> tuple[DatedRecord, ...]:
    return tuple(draw(facts(number)) for number in range(draw(st.integers(0, 8))))


def as_of(records: tuple[DatedRecord, ...], on: date, known: int | None = None) -> MemberFacts:
    someone = replace(member(), past=Past())
    loaded = Facts(dict.fromkeys(person_keys(someone.member), records))
    return person_on(loaded, someone, on, None if known is None else entered_at(known))


@given(histories(), DAYS, DAYS)
def test_every_day_has_an_answer(records: tuple[DatedRecord, ...], on: date, today: date) -> None:
    someone = as_of(records, on)
    assert spans_of(someone)
    refusal = refusal_of(someone, on, RULES, today)
    covered = any(span.holds(on) for span in spans_of(someone))
    begun = any(span.first_on <= on for span in spans_of(someone))
    if refusal is None:
        assert begun
        assert covered or someone.covered_to is not None  # then the engine says that cover has ended
    if covered:
        assert someone.covered_from <= on
        assert someone.covered_to is None or on <= someone.covered_to


@given(histories(), st.integers(0, 8), DAYS)
def test_what_was_known_at_an_instant_is_what_was_entered_by_then(
    records: tuple[DatedRecord, ...], known: int, on: date
) -> None:
    assert as_of(records, on, known) == as_of(records[: known + 1], on, known)


@given(histories(), DAYS)
def test_of_all_that_is_known_the_latest_instant_knows_the_same(
    records: tuple[DatedRecord, ...], on: date
) -> None:
    latest, now = as_of(records, on, len(records)), as_of(records, on)
    # Of whom only a row is recorded the register itself is taken, which this test has no row of.
    assert (latest.scheme, latest.standing, latest.covered_from, latest.covered_to) == (
        now.scheme, now.standing, now.covered_from, now.covered_to,
    ) or not now.past.spans  # fmt: skip


@given(st.lists(spells(), min_size=1, max_size=6), DAYS)
def test_gaps_lie_between_days_of_cover_and_hold_none(
    covered: list[tuple[date, date | None]], on: date
) -> None:
    spans = tuple(covering(*each) for each in covered)
    for gap in gaps(spans):
        assert not any(span.holds(gap.first_on) or span.holds(gap.last_on) for span in spans)
        assert any(span.last_on == gap.first_on - timedelta(days=1) for span in spans)
        assert any(span.first_on == gap.last_on + timedelta(days=1) for span in spans)
    begun = [span.first_on for span in spans if span.first_on <= on]
    assert enrolled_on(spans, on, RULE) in {span.first_on for span in spans}
    if begun:
        assert enrolled_on(spans, on, RULE) <= on
    days = sum(any(span.holds(FIRST + timedelta(days=number)) for span in spans) for number in range(4_000))
    assert paid_months(spans, on, RULE) <= paid_months(spans, on, None) <= days / 28


def covering(first_on: date, last_on: date | None) -> Span:
    return Span(first_on, last_on, EMPLOYEE)
