"""Which days a person is covered, and under what, from the records that were known."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from msgspec import structs

from medsettle_gateway.domain.facts import MemberFacts
from medsettle_gateway.domain.member import Scheme
from medsettle_gateway.domain.people import (
    Arrears,
    Certificate,
    Cover,
    Past,
    Payment,
    PersonKind,
    Registered,
    Span,
    Supplement,
    Suspension,
)
from medsettle_gateway.domain.records import DatedRecord
from medsettle_gateway.eligibility.held import held

_A_DAY: Final = timedelta(days=1)


def spans_of(member: MemberFacts) -> tuple[Span, ...]:
    """Returns the days of cover; where nothing more is recorded, those of the register's row."""
    return member.past.spans or (_span_of(member),)


def past_of(member: MemberFacts, known: Sequence[DatedRecord]) -> Past:
    """Returns what is known of the person's cover on all days.

    Where periods of cover are recorded, they alone say when; else the rows of the register.
    """
    return Past(
        spans=spans_from(known) or (_span_of(member),),
        arrears=held(known, PersonKind.ARREARS, Arrears),
        payments=tuple(each.fact for each in held(known, PersonKind.PAYMENT, Payment)),
        supplements=held(known, PersonKind.SUPPLEMENT, Supplement),
        suspensions=held(known, PersonKind.SUSPENSION, Suspension),
        certificates=held(known, PersonKind.CERTIFICATE, Certificate),
    )


def on_day(member: MemberFacts, past: Past, on: date) -> MemberFacts:
    """Returns the member as covered on the day; in a gap as before it, before all cover as at its begin.

    The days of cover are those of the span, so that they say why there is none.
    """
    span = span_of(past, on)
    cover = span.cover
    return replace(
        member,
        region=cover.region,
        scheme=cover.scheme,
        standing=cover.standing,
        enrolment=cover.enrolment,
        covered_from=span.first_on,
        covered_to=span.last_on,
        past=past,
    )


def span_of(past: Past, on: date) -> Span:
    """Returns the span of the day, of several the last to begin; else the one before, or the first.

    Raises IndexError where there is none: a person of the register has one.
    """
    begun = [span for span in past.spans if span.first_on <= on]
    holding = [span for span in begun if span.holds(on)]
    return (holding or begun or [past.spans[0]])[-1]


def spans_from(known: Sequence[DatedRecord]) -> tuple[Span, ...]:
    """Returns the days of cover that records say, in the order in which they begin; empty: none does."""
    periods = held(known, PersonKind.COVER, Cover)
    return tuple(Span(*each) for each in periods) or _spans_of_rows(known)


def doubled(spans: Sequence[Span]) -> tuple[Span, Span] | None:
    """Returns two spans of different schemes that share a day, None if no two do."""
    longest: dict[Scheme, Span] = {}
    for later in sorted(spans, key=lambda span: span.first_on):
        scheme = later.cover.scheme
        for other, earlier in longest.items():
            if other is not scheme and earlier.holds(later.first_on):
                return earlier, later
        before = longest.get(scheme)
        if before is None or (before.last_on or date.max) < (later.last_on or date.max):
            longest[scheme] = later
    return None


def overlapping(spans: Mapping[str, Sequence[Span]]) -> frozenset[str]:
    """Returns the names under which a span shares a day with one under another name.

    Of what began before only the two names that hold longest are looked at, so that any number takes little.
    """
    found: set[str] = set()
    longest: list[tuple[date, str]] = []
    named = ((span.first_on, span.last_on or date.max, name) for name in spans for span in spans[name])
    for first_on, last_on, name in sorted(named):
        for until, other in longest:
            if other != name and first_on <= until:
                found.update((name, other))
        ends = {other: until for until, other in longest}
        ends[name] = max(last_on, ends.get(name, last_on))
        longest = sorted(((until, other) for other, until in ends.items()), reverse=True)[:2]
    return frozenset(found)


def _spans_of_rows(known: Sequence[DatedRecord]) -> tuple[Span, ...]:
    """A row that begins later ends the one before it on the eve; one that begins no later takes its place.

    A later row that says the same of the person corrects the day on which cover began.
    """
    rows = [each for each in known if each.kind == PersonKind.REGISTERED]
    spans: list[Span] = []
    for row in sorted(rows, key=lambda row: row.entered_at):
        fact = row.read(Registered)
        cover = Cover(fact.region, fact.scheme, fact.standing, fact.enrolment)
        spans = [span for span in spans if span.first_on < row.valid_from]
        if spans and spans[-1].holds(row.valid_from):
            last = spans.pop()
            if last.cover != cover:
                spans.append(structs.replace(last, last_on=row.valid_from - _A_DAY))
        spans.append(Span(row.valid_from, row.valid_to, cover))
    return tuple(spans)


def _span_of(member: MemberFacts) -> Span:
    cover = Cover(member.region, member.scheme, member.standing, member.enrolment)
    return Span(member.covered_from, member.covered_to, cover)
