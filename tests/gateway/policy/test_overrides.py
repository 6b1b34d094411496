"""A region's or a case's own figures replace exactly what they name, and nothing by mistake."""

import pytest

from medsettle_gateway.policy.loader import PackSource
from medsettle_gateway.policy.overrides import apply_overrides, load_overridden
from medsettle_gateway.policy.reading import Invalid
from tests.gateway.policy.examples import GENERAL, anshan_source

SOURCE = PackSource(
    "toy",
    {"pack": "toy", "a": {"rows": [{"x": 1}, {"x": 2}], "n": None}, "layers": [{"id": "aid", "cap": 1}]},
)


def applied(dotted: str, value: object) -> object:
    return apply_overrides(SOURCE, {dotted: value}).source.data


def test_a_value_is_replaced_at_its_dotted_path() -> None:
    assert applied("a.rows", []) == {**SOURCE.data, "a": {"rows": [], "n": None}}


def test_a_list_element_is_named_by_its_number_from_0() -> None:
    assert applied("a.rows.1.x", 5) == {**SOURCE.data, "a": {"rows": [{"x": 1}, {"x": 5}], "n": None}}


def test_a_list_element_is_named_by_its_id() -> None:
    assert applied("layers.aid.cap", 2) == {**SOURCE.data, "layers": [{"id": "aid", "cap": 2}]}


def test_only_the_last_key_may_be_new() -> None:
    assert applied("a.new", 1) == {**SOURCE.data, "a": {**SOURCE.data["a"], "new": 1}}  # type: ignore[dict-item]
    assert applied("a.rows.2", 1) == {**SOURCE.data, "a": {"rows": [{"x": 1}, {"x": 2}, 1], "n": None}}


@pytest.mark.parametrize(
    "dotted",
    [
        "b.rows",
        "a.rows.2.x",
        "a.rows.3",
        "a.rows.-1",
        "a.rows.x",
        "a.n.x",
        "layers.county.cap",
        "",
        "a..b",
        "pack",
    ],
)
def test_a_path_that_does_not_exist_is_an_error(dotted: str) -> None:
    with pytest.raises(Invalid):
        applied(dotted, 1)


def test_a_number_beyond_the_list_is_told_which_one_appends() -> None:
    with pytest.raises(Invalid, match="by number from 0 to 1; 2 appends one"):
        applied("a.rows.7", {"x": 3})


def test_every_wrong_path_is_reported_and_the_pack_is_left_as_it_was() -> None:
    before = repr(SOURCE.data)
    with pytest.raises(Invalid) as invalid:
        apply_overrides(SOURCE, {"a.rows": [], "b.c": 1, "d.e": 2})
    assert [fault.path for fault in invalid.value.faults] == ["b.c", "d.e"]
    assert repr(SOURCE.data) == before


@pytest.mark.parametrize(
    ("dotted", "value"),
    [
        (f"benefits.{GENERAL}.ratio.rows", [{"ratio": "0.60"}]),
        (f"benefits.{GENERAL}.ratio.rows.0", {"ratio": "0.60"}),
        (f"benefits.{GENERAL}.ratio.rows.1", {"ratio": "0.60"}),
        (f"benefits.{GENERAL}.ratio", {"rows": [{"ratio": "0.60"}]}),
        ("lines.excluded.0", {"when": {"class": "C"}}),
        (f"benefits.{GENERAL}.cap", {"none": True}),
    ],
)
def test_rows_that_a_case_brings_need_no_clause(dotted: str, value: object) -> None:
    load_overridden(anshan_source(), {dotted: value})


def test_a_shipped_row_keeps_its_need_of_a_clause() -> None:
    with pytest.raises(Invalid, match="names its clause"):
        load_overridden(
            PackSource("x", {**anshan_source().data, "lines": {"excluded": [{"when": {"class": "C"}}]}}),
            {f"benefits.{GENERAL}.ratio.rows": [{"ratio": "0.60"}]},
        )


def test_an_unknown_key_of_an_override_is_an_error() -> None:
    with pytest.raises(Invalid, match="unknown key"):
        load_overridden(anshan_source(), {f"benefits.{GENERAL}.rate": "0.60"})
