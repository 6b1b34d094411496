"""Values as JSON and back, without loss."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, NamedTuple, get_args, get_type_hints

import pytest
from msgspec import Struct

from medsettle_gateway.domain.basket import Dispensed
from medsettle_gateway.domain.breakdown import AccountShare, Breakdown, FundShare, LineBreakdown
from medsettle_gateway.domain.counters import CounterKey, Remainder
from medsettle_gateway.domain.finding import AcceptedWarning, Finding
from medsettle_gateway.domain.ids import Ticket
from medsettle_gateway.domain.plain import canonical, from_json, from_plain, to_json, to_plain
from medsettle_gateway.domain.prescriptions import Draw
from medsettle_gateway.domain.sale import (
    AccountBooking,
    CounterDelta,
    Fingerprint,
    LineRecord,
    SaleHead,
    SaleRecord,
    TenderRecord,
    TraceStep,
    WarningRecord,
)
from medsettle_gateway.domain.split import AccountPart, Difference, Split
from medsettle_gateway.domain.tracing import TracedCode
from medsettle_gateway.domain.upstream import Reference


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
    date(2026, 7, 2), datetime(2026, 7, 2, tzinfo=UTC), Colour.RED, (Pair(1), Pair(2, "张")),
    {"a": Pair(3)}, {"k": [1]}, INNER, 8,
)


def test_a_value_survives_text() -> None:
    assert from_json(Whole, to_json(WHOLE)) == WHOLE


def test_a_value_survives_as_data() -> None:
    assert from_plain(Whole, json.loads(json.dumps(to_plain(WHOLE)))) == WHOLE


def test_text_is_readable() -> None:
    assert to_json(WHOLE).startswith('{"on":"2026-07-02","at":"2026-07-02T00:00:00Z","colour":"red",')
    assert "张" in to_json(WHOLE)


def test_the_canonical_form_does_not_depend_on_the_order_of_names() -> None:
    assert canonical({"b": [Pair(1)], "a": "张"}) == canonical({"a": "张", "b": [[1, None]]})
    assert canonical({"b": 1, "a": "张"}) == '{"a":"张","b":1}'.encode()


def test_what_the_data_lack_takes_its_default() -> None:
    data = to_plain(INNER)
    del data["amount_fen"], data["inner"]
    assert from_plain(Whole, data) == INNER
    assert from_plain(Pair, [1]) == Pair(1)


def test_what_the_data_have_beyond_the_fields_is_left_out() -> None:
    assert from_plain(Whole, {**to_plain(INNER), "since": "a later release"}) == INNER


@pytest.mark.parametrize("data", [[], {"left": 1}, [1, "b", "c"], ["1"], [1.5], [True], [None]])
def test_what_is_not_of_the_type_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match=r"Expected|Object|Array"):
        from_plain(Pair, data)


@pytest.mark.parametrize("text", ["", "{", "[1] x", "[1.5]", '{"left":1}'])
def test_text_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"Expected|JSON|truncated|Input"):
        from_json(Pair, text)


def test_a_value_that_an_enum_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="green"):
        from_plain(Whole, {**to_plain(INNER), "colour": "green"})


def test_what_has_no_plain_form_is_refused() -> None:
    with pytest.raises(TypeError):
        to_plain(object())


STORED_IN_ORDER = {
    AccountBooking: ("account", "region", "scheme", "amount_fen"),
    AccountPart: ("account", "amount_fen"),
    AccountShare: ("account", "owner", "amount_fen", "note"),
    Breakdown: (
        "total_fen", "provider_borne_fen", "fully_self_paid_fen", "over_limit_fen", "self_pay_first_fen",
        "in_scope_fen", "deductible_fen", "over_cap_fen", "funds", "personal_fen", "accounts", "cash_fen",
        "lines", "afterwards",
    ),
    CounterDelta: ("key", "amount"),
    Reference: ("name", "value"),
    CounterKey: ("period", "counter", "measure"),
    Dispensed: ("name", "on", "days_supply", "condition"),
    Fingerprint: ("asked", "member"),
    FundShare: ("fund", "amount_fen"),
    LineBreakdown: (
        "amount_fen", "provider_borne_fen", "fully_self_paid_fen", "over_limit_fen", "self_pay_first_fen",
        "in_scope_fen",
    ),
    LineRecord: ("line_id", "item_code", "name", "kind", "item_class"),
    Remainder: ("key", "used_fen", "limit_fen", "left_fen"),
    SaleHead: ("request_id", "state", "created_at"),
    Split: ("funds", "accounts", "cash_fen"),
    Finding: ("code", "verdict", "zh", "en", "line_ids", "clause"),
    AcceptedWarning: ("code", "reason"),
    Difference: ("funds", "accounts", "cash_fen"),
    TenderRecord: ("kind", "amount_fen", "reference"),
    Ticket: ("institution", "till", "day", "number"),
    TracedCode: ("code", "item_code", "split"),
    Draw: ("institution", "number", "item_code", "quantity_e4"),
    TraceStep: ("step", "rule", "clause", "inputs", "amount_fen", "line"),
    WarningRecord: (
        "id", "title_zh", "title_en", "threshold_fen", "before_fen", "after_fen", "clause",
    ),
}


@pytest.mark.parametrize("kind", STORED_IN_ORDER, ids=lambda kind: kind.__name__)
def test_what_is_stored_by_place_keeps_its_places(kind: type[Any]) -> None:
    """A field in between would give every stored sale other amounts: put it last, with a default."""
    places = STORED_IN_ORDER[kind]
    assert kind._fields[: len(places)] == places
    assert set(kind._fields[len(places) :]) <= set(kind._field_defaults)


def stored_kinds(kind: Any, found: set[Any]) -> set[Any]:
    """Returns every class that a value of the type may hold, at any depth."""
    for inner in get_args(kind):
        stored_kinds(inner, found)
    if isinstance(kind, type) and kind not in found:
        found.add(kind)
        if is_dataclass(kind) or issubclass(kind, Struct) or hasattr(kind, "_fields"):
            for each in get_type_hints(kind).values():
                stored_kinds(each, found)
    return found


def test_everything_that_a_stored_sale_holds_by_place_is_listed() -> None:
    by_place = {kind for kind in stored_kinds(SaleRecord, set()) if hasattr(kind, "_fields")}
    assert by_place == set(STORED_IN_ORDER)


class LongerPair(NamedTuple):
    """What a later release made of Pair."""

    left: int
    right: str | None = None
    since: str = "before"


def test_what_an_older_release_stored_by_place_is_read_with_what_was_added_last() -> None:
    assert from_json(LongerPair, to_json(Pair(1, "x"))) == LongerPair(1, "x", "before")
    inside = from_json(tuple[LongerPair, ...], to_json((Pair(1), Pair(2, "x"))))
    assert inside == (LongerPair(1), LongerPair(2, "x"))
