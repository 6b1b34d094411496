"""Since when a person is enrolled, and for how long premiums were paid, as interruptions leave it."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Final, NamedTuple

from medsettle_gateway.domain.calendar import months_later
from medsettle_gateway.domain.people import Arrears, Held, Span
from medsettle_gateway.domain.person_rules import InterruptionRule

_A_DAY: Final = timedelta(days=1)


class Gap(NamedTuple):
    """Days without cover between two spans, both included."""

    first_on: date
    last_on: date

    def lasts(self, months: int) -> bool:
        """Does it last so many months, or longer?"""
        return months_later(self.first_on, months) <= self.last_on + _A_DAY

    def exceeds(self, months: int) -> bool:
        """Does it last longer than so many months?"""
        return months_later(self.first_on, months) <= self.last_on


def stretches(spans: Sequence[Span]) -> list[tuple[date, date | None]]:
    """Returns the days of cover, spans that meet or overlap as one, in their order."""
    found: list[tuple[date, date | None]] = []
    for span in sorted(spans, key=lambda each: each.first_on):
        if not found:
            found.append((span.first_on, span.last_on))
            continue
        first_on, last_on = found[-1]
        if last_on is None:
            break
        if span.first_on > last_on + _A_DAY:
            found.append((span.first_on, span.last_on))
        else:
            found[-1] = (first_on, None if span.last_on is None else max(last_on, span.last_on))
    return found


def gaps(spans: Sequence[Span]) -> Iterator[Gap]:
    """Yields the days without cover between spans, in their order; those before and after are none."""
    for (_, last_on), (first_on, _) in pairwise(stretches(spans)):
        if last_on is not None:
            yield Gap(last_on + _A_DAY, first_on - _A_DAY)


def enrolled_on(spans: Sequence[Span], on: date, rule: InterruptionRule | None) -> date:
    """Returns the day of the first enrolment that counts on a day: after a long interruption a new one."""
    first_on = min(span.first_on for span in spans)
    if rule is None:
        return first_on
    ended = [gap for gap in gaps(spans) if gap.last_on < on and gap.lasts(rule.anew_months)]
    return ended[-1].last_on + _A_DAY if ended else first_on


def paid_months(
    spans: Sequence[Span], on: date, rule: InterruptionRule | None, owed: Sequence[Held[Arrears]] = ()
) -> int:
    """Returns the whole months of cover up to a day since the last interruption that let years restart.

    Without those that are still ``owed``.
    """
    since = min(span.first_on for span in spans)
    if rule is not None and rule.restart_months is not None:
        ended = [gap for gap in gaps(spans) if gap.last_on < on and gap.exceeds(rule.restart_months)]
        since = ended[-1].last_on + _A_DAY if ended else since
    unpaid = [each for each in owed if each.fact.paid_on is None or each.fact.paid_on > on]
    months = 0
    for first_on, last_on in stretches(spans):
        if since <= first_on <= on:
            until = min(last_on or on, on)
            months += _months(first_on, until)
            months -= sum(
                _months(max(first_on, each.first_on), min(each.last_on or until, until)) for each in unpaid
            )
    return max(0, months)


def _months(first_on: date, last_on: date) -> int:
    """Whole months from the first day to the last, both included; none where that is before."""
    end = last_on + _A_DAY
    if end <= first_on:
        return 0
    return (end.year - first_on.year) * 12 + end.month - first_on.month - (end.day < first_on.day)
