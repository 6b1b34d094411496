"""Values as JSON data and back, without loss."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, NamedTuple

import pytest

from medsettle_gateway.domain.plain import from_plain, to_plain


class Colour(StrEnum):
    RED = "red"


class Pair(NamedTuple):
    left: int
    right: str | None = None


@dataclass(frozen=True)
class Whole:
    on: date
    at: datetime
    colour: Colour
    pairs: tuple[Pair, ...]
    named: Mapping[str, Pair]
    free: Any
    inner: "Whole | None" = None
    amount_fen: int = 7


INNER = Whole(date(2026, 7, 2), datetime(2026, 7, 2, 1, 2, 3, 4, UTC), Colour.RED, (), {}, [1, None, "x"])
WHOLE = Whole(
    date(2026, 7, 2), datetime(2026, 7, 2, tzinfo=UTC), Colour.RED, (Pair(1), Pair(2, "b")),
    {"a": Pair(3)}, {"k": [1]}, INNER, 8,
)


def test_a_value_survives_text() -> None:
    assert from_plain(Whole, json.loads(json.dumps(to_plain(WHOLE)))) == WHOLE


def test_what_the_data_lack_takes_its_default() -> None:
    data = to_plain(INNER)
    del data["amount_fen"], data["inner"]
    assert from_plain(Whole, data) == INNER


def test_what_the_data_have_beyond_the_fields_is_left_out() -> None:
    assert from_plain(Pair, {"left": 1, "since": "a later release"}) == Pair(1)


def test_what_has_no_default_must_be_there() -> None:
    with pytest.raises(TypeError):
        from_plain(Pair, {"right": "b"})


@pytest.mark.parametrize("value", [1.5, b"x", {1, 2}, object()])
def test_what_has_no_exact_plain_form_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        to_plain(value)


def test_a_value_that_an_enum_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="green"):
        from_plain(Whole, {**to_plain(INNER), "colour": "green"})
