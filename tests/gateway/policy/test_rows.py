"""Rows are read from the top: they replace, add, or say that there is none."""

import pytest

from medsettle_gateway.policy.facts import Facts
from medsettle_gateway.policy.load_facts import NOTHING, ROWS_OF_LINES
from medsettle_gateway.policy.load_rows import read_figure
from medsettle_gateway.policy.reading import Invalid, Reader
from medsettle_gateway.policy.rows import Figure, FigureKind, price_steps

FACTS: Facts = {
    "level": ("primary",),
    "standing": ("retired",),
    "condition": ("diabetes", "asthma"),
    "kind": ("drug",),
}


def figure(kind: FigureKind, *rows: object) -> Figure:
    reader = Reader("test", clause_free=("rows",))
    read = read_figure(reader, list(rows), "rows", ("figure", kind), ROWS_OF_LINES)
    reader.finish()
    return read


def value(read: Figure, price_micro: int = 0) -> int | None:
    resolved = read.resolve(FACTS, price_micro)
    assert resolved is not None
    return resolved.value


def test_the_last_row_that_applies_replaces() -> None:
    rows = figure(
        FigureKind.RATIO,
        {"ratio": "0.50"},
        {"when": {"level": "primary"}, "ratio": "0.60"},
        {"when": {"level": "tertiary"}, "ratio": "0.40"},
    )
    assert value(rows) == 600_000


def test_a_row_adds_to_what_stood_before() -> None:
    read = figure(FigureKind.RATIO, {"ratio": "0.50"}, {"when": {"standing": "retired"}, "add": "0.05"})
    assert value(read) == 550_000


def test_what_was_added_is_lost_when_a_later_row_replaces() -> None:
    assert value(figure(FigureKind.AMOUNT, {"amount": "1.00"}, {"add": "1.00"}, {"amount": "3.00"})) == 300


def test_an_amount_never_goes_below_0_on_the_way() -> None:
    rows = ({"amount": "5.00"}, {"add": "-9.00"}, {"add": "2.00"})
    assert value(figure(FigureKind.AMOUNT, *rows)) == 200


def test_a_ratio_never_leaves_0_to_1_on_the_way() -> None:
    assert value(figure(FigureKind.RATIO, {"ratio": "0.98"}, {"add": "0.05"}, {"add": "-0.10"})) == 900_000


@pytest.mark.parametrize(
    ("kind", "meaning"),
    [(FigureKind.AMOUNT, 0), (FigureKind.SHARE, 0), (FigureKind.LIMIT, None), (FigureKind.UNIT_PRICE, None)],
)
def test_none_is_0_for_what_is_borne_and_no_limit_for_what_limits(
    kind: FigureKind, meaning: int | None
) -> None:
    add = {"add": "0.50"}
    assert value(figure(kind, {"none": True}, add)) == meaning


def test_a_figure_that_no_row_replaces_has_no_rule() -> None:
    tertiary = {"when": {"level": "tertiary"}, "ratio": "0.50"}
    added = figure(FigureKind.RATIO, tertiary, {"add": "0.05"})
    assert added.resolve(FACTS) is None
    assert figure(FigureKind.RATIO).resolve(FACTS) is None


def test_every_fact_must_match_and_a_list_means_one_of() -> None:
    both = {"level": ["secondary", "primary"], "standing": "retired"}
    assert value(figure(FigureKind.RATIO, {"when": both, "ratio": "0.50"})) == 500_000
    one = {"level": ["secondary", "primary"], "standing": "active"}
    assert figure(FigureKind.RATIO, {"when": one, "ratio": "0.50"}).resolve(FACTS) is None


def test_a_fact_that_holds_several_values_matches_by_any_of_them() -> None:
    read = figure(FigureKind.RATIO, {"when": {"condition": ["gout", "asthma"]}, "ratio": "0.50"})
    assert value(read) == 500_000


def test_a_row_begins_at_its_unit_price() -> None:
    read = figure(FigureKind.SHARE, {"when": {"unit_price_at_least": "100.00"}, "share": "0.20"})
    assert price_steps(row.when for row in read.rows) == (100_000_000,)
    assert value(read, 100_000_000) == 200_000
    assert read.resolve(FACTS, 99_999_999) is None


def test_the_clauses_and_paths_of_every_row_used_are_kept() -> None:
    reader = Reader("test")
    rows = [
        {"ratio": "0.50", "clause": "一"},
        {"add": "0.01", "clause": "二"},
        {"add": "0.01", "clause": "一"},
    ]
    resolved = read_figure(reader, rows, "r", ("f", FigureKind.RATIO), NOTHING).resolve({})
    assert resolved is not None
    assert resolved.clause == "一、二"
    assert resolved.rule == "r[0] + r[1] + r[2]"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"ratio": "0.50", "none": True}, "exactly one of ratio, none, add"),
        ({}, "exactly one of ratio, none, add"),
        ({"none": True}, "a ratio has no `none`"),
        ({"ratio": "1.01"}, "between 0 and 1"),
        ({"ratio": 0.5}, 'write the number in quotes: "0.5"'),
        ({"amount": "1.00"}, "unknown key"),
        ({"ratio": "0.50", "when": {"colour": "red"}}, "unknown key"),
        ({"ratio": "0.50", "when": {"level": "highest"}}, "level is one of"),
        ({"ratio": "0.50", "when": {"level": None}}, "level is one of"),
        ({"ratio": "0.50", "when": {"level": []}}, "an empty list matches nothing"),
        ({"ratio": "0.50", "when": {}}, "an empty condition"),
        ({"ratio": "0.50", "when": None}, "expected a mapping"),
        ({"ratio": "0.50", "when": {"circulated": "true"}}, "circulated is one of"),
        ({"ratio": "0.50", "force": "firm"}, "expected one of exact, floor, ceiling, assumed"),
        ({"add": "0.05"}, "needs a row before it that replaces"),
        ("0.50", "expected a mapping"),
    ],
)
def test_a_row_that_says_nothing_clear_is_refused(row: object, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        figure(FigureKind.RATIO, row)
