"""Masked names, and days of China Standard Time."""

from datetime import UTC, date, datetime

import pytest

from medsettle_gateway.domain.calendar import (
    CST,
    business_on,
    day_begins_at,
    day_ends_at,
    day_of,
    next_business_on,
)
from medsettle_gateway.domain.names import is_same_name, masked


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("张伟", "张*"), ("张小伟", "张**"), ("欧阳娜娜", "欧阳**"), ("欧阳锋", "欧阳*"), ("司马", "司*"),
        ("Alice", "A****"), ("王", "*"), ("", ""),
    ],
)
def test_a_masked_name_shows_the_family_name(name: str, shown: str) -> None:
    assert masked(name) == shown


@pytest.mark.parametrize(
    "other", ["Wang Li", " wang li ", "WANGLI", "Ｗａｎｇ　Ｌｉ", "wang-li", "Wang.Li"]
)
def test_one_name_is_one_however_it_is_typed(other: str) -> None:
    assert is_same_name("Wang Li", other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Wang Li", "Wang Lin"), ("王某", "李某"), ("王某1", "王某2"), ("-", "+"), ("-", "王某")],
)
def test_other_names_stay_others(one: str, other: str) -> None:
    assert not is_same_name(one, other)


def test_a_day_ends_at_four_in_the_afternoon_of_utc() -> None:
    assert day_of(datetime(2026, 7, 1, 15, 59, 59, tzinfo=UTC)) == date(2026, 7, 1)
    assert day_of(datetime(2026, 7, 1, 16, 0, tzinfo=UTC)) == date(2026, 7, 2)
    assert day_ends_at(date(2026, 7, 1)) == day_begins_at(date(2026, 7, 2))
    assert day_begins_at(date(2026, 7, 2)) == datetime(2026, 7, 1, 16, 0, tzinfo=UTC)


def test_each_calendar_day_is_a_business_day() -> None:
    assert business_on(datetime(2026, 7, 5, 1, tzinfo=CST)) == date(2026, 7, 5)
    assert next_business_on(date(2026, 12, 31)) == date(2027, 1, 1)
