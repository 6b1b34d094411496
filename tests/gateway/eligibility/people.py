"""Members with a past, written in one line each."""

from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from msgspec import structs

from medsettle_gateway.domain.facts import MemberFacts
from medsettle_gateway.domain.member import Aid, Enrolment, Scheme, Sex, Standing
from medsettle_gateway.domain.people import Cover, Held, Past, Registered, Span
from medsettle_gateway.domain.plain import to_raw
from medsettle_gateway.domain.records import DatedRecord

REGION = "210300"
EMPLOYEE = Cover(REGION, Scheme.EMPLOYEE, Standing.ACTIVE, Enrolment.POOLED_AND_ACCOUNT)
FLEXIBLE = Cover(REGION, Scheme.EMPLOYEE, Standing.FLEXIBLE, Enrolment.POOL_ONLY)
RESIDENT = Cover(REGION, Scheme.RESIDENT, Standing.ADULT, Enrolment.POOL_ONLY)

T = TypeVar("T")

_BEGUN = datetime(2026, 1, 1, tzinfo=UTC)


def day(text: str) -> date:
    """``2026-03-01``."""
    return date.fromisoformat(text)


def days(text: str) -> tuple[date, date | None]:
    """``2026-03-01..2026-04-30``, or ``2026-03-01..`` until further notice."""
    first, _, last = text.partition("..")
    return day(first), day(last) if last else None


def span(text: str, cover: Cover = EMPLOYEE) -> Span:
    return Span(*days(text), cover)


def held(text: str, fact: T) -> Held[T]:
    return Held(*days(text), fact)


def member(
    *spans: Span, past: Past | None = None, born_on: str | None = None, sex: Sex | None = None
) -> MemberFacts:
    """Somebody who is covered in these spans, of which the last is the one in question."""
    known = structs.replace(past or Past(), spans=spans or (span("2020-01-01.."),))
    last = known.spans[-1]
    cover = last.cover
    return MemberFacts(
        "m", "王**", cover.region, cover.scheme, cover.standing, cover.enrolment, Aid.NONE, (), last.first_on,
        last.last_on, (), born_on=day(born_on) if born_on else None, past=known, sex=sex,
    )


def row(number: int, text: str, cover: Cover = EMPLOYEE, aid: Aid = Aid.NONE) -> DatedRecord:
    """The register's row that was entered ``number`` hours after the first."""
    body = Registered(cover.region, cover.scheme, cover.standing, cover.enrolment, aid)
    return record(number, "registered", text.partition("..")[0], text, body)


def period(number: int, text: str, cover: Cover = EMPLOYEE, *, withdrawn: bool = False) -> DatedRecord:
    key = f"{cover.scheme.value}/{text.partition('..')[0]}"
    return structs.replace(record(number, "cover", key, text, cover), withdrawn=withdrawn)


def record(number: int, kind: str, key: str, text: str, body: object) -> DatedRecord:
    return DatedRecord(kind, key, *days(text), to_raw(body), entered_at(number))


def entered_at(number: int) -> datetime:
    return _BEGUN + timedelta(hours=number)
