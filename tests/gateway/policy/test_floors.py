"""A region's own figure is within the document's bounds for every combination of facts."""

from typing import Any

import pytest

from medsettle.wire.reasons import Reason
from medsettle_gateway.policy.floors import breaches, first_breach
from medsettle_gateway.policy.loader import PackSource, load_pack
from medsettle_gateway.policy.overrides import apply_overrides, load_overridden
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.reading import Invalid
from tests.gateway.policy.examples import GENERAL, anshan, anshan_source

RATIO = f"benefits.{GENERAL}.ratio.rows"
DEDUCTIBLE = f"benefits.{GENERAL}.deductible"
CAP = f"benefits.{GENERAL}.cap"


def less(when: dict[str, Any]) -> dict[str, Any]:
    return {"when": when, "add": "-0.03"}


def reason(overrides: dict[str, Any], source: PackSource | None = None) -> Reason | None:
    shipped = source or anshan_source()
    breach = first_breach(load_pack(shipped), load_overridden(shipped, overrides))
    return None if breach is None else breach.refusal().reason


@pytest.mark.parametrize(
    "overrides",
    [
        {RATIO: [{"ratio": "0.50"}]},
        {RATIO: [{"ratio": "0.40"}, {"ratio": "0.50"}]},
        {RATIO: [{"ratio": "0.40"}, {"add": "0.10"}]},
        {RATIO: []},
        {RATIO: [{"when": {"level": "primary"}, "ratio": "0.50"}]},
        {f"{DEDUCTIBLE}.rows": [{"amount": "300.00"}]},
        {f"{CAP}.rows": [{"none": True}]},
        {CAP: {"none": True}},
        {f"{CAP}.rows": [{"amount": "1.00"}, {"none": True}]},
        {"accounts.pays": "in_scope"},
    ],
)
def test_a_figure_at_or_above_its_floor_stands(overrides: dict[str, Any]) -> None:
    assert reason(overrides) is None


@pytest.mark.parametrize(
    "overrides",
    [
        {RATIO: [{"ratio": "0.499999"}]},
        {f"{RATIO}.0.ratio": "0.49"},
        {f"{RATIO}.0": {"ratio": "0.49", "force": "exact"}},
        {RATIO: [{"ratio": "0.55"}, {"when": {"condition": "gout"}, "ratio": "0.49"}]},
        {RATIO: [{"ratio": "0.55"}, less({"condition": "gout"}), less({"condition": "asthma"})]},
        {RATIO: [{"ratio": "0.55"}, less({"level": "primary"}), less({"stay": True})]},
        {RATIO: [{"ratio": "0.55"}, {"when": {"at": "pharmacy", "level": "tertiary"}, "ratio": "0.10"}]},
        {f"{DEDUCTIBLE}.rows": [{"none": True}]},
        {f"{DEDUCTIBLE}.rows": [{"amount": "299.99"}]},
        {DEDUCTIBLE: {"period": "none"}},
        {f"{DEDUCTIBLE}.period": "none"},
        {f"{CAP}.rows": [{"none": True}, {"when": {"aid": "poor"}, "amount": "2999.99"}]},
    ],
)  # fmt: skip
def test_a_figure_below_its_floor_is_refused_for_any_combination(overrides: dict[str, Any]) -> None:
    assert reason(overrides) is Reason.POLICY_FLOOR


def with_rows(rows: list[dict[str, Any]]) -> PackSource:
    named = [{**row, "clause": "x"} for row in rows]
    return PackSource("x", load_overridden_data({RATIO: named}))


def load_overridden_data(overrides: dict[str, Any]) -> dict[str, Any]:
    return dict(apply_overrides(anshan_source(), overrides).source.data)


def test_the_shipped_row_that_replaced_last_is_the_bound() -> None:
    shipped = with_rows(
        [
            {"ratio": "0.50", "force": "floor"},
            {"when": {"level": "primary"}, "ratio": "0.80"},
            {"when": {"standing": "retired"}, "add": "0.05"},
        ]
    )
    assert reason({RATIO: [{"ratio": "0.50"}]}, shipped) is None
    assert (
        reason({RATIO: [{"ratio": "0.50"}, {"when": {"level": "primary"}, "ratio": "0.10"}]}, shipped) is None
    )
    assert (
        reason({RATIO: [{"ratio": "0.49"}, {"when": {"level": "primary"}, "ratio": "0.10"}]}, shipped)
        is Reason.POLICY_FLOOR
    )


def test_a_figure_above_its_ceiling_is_refused_and_a_floor_comes_first() -> None:
    shipped = with_rows(
        [
            {"ratio": "0.50", "force": "ceiling"},
            {"when": {"level": "primary"}, "ratio": "0.60", "force": "floor"},
        ]
    )
    assert reason({RATIO: [{"ratio": "0.60"}]}, shipped) is Reason.POLICY_CEILING
    assert reason({RATIO: [{"ratio": "0.55"}]}, shipped) is Reason.POLICY_FLOOR


def test_a_share_of_lines_is_bound_by_its_price_band_too() -> None:
    rows = [
        {
            "when": {"class": "B", "unit_price_at_least": "100.00"},
            "share": "0.20",
            "force": "ceiling",
            "clause": "x",
        }
    ]
    shipped = PackSource("x", load_overridden_data({"lines.self_pay_first": rows}))
    cheap = [{"when": {"class": "B"}, "share": "0.20"}, {"when": {"class": "A"}, "share": "0.90"}]
    assert reason({"lines.self_pay_first": cheap}, shipped) is None
    dear = [*cheap, {"when": {"unit_price_at_least": "500.00"}, "share": "0.21"}]
    assert reason({"lines.self_pay_first": dear}, shipped) is Reason.POLICY_CEILING


def test_a_breach_says_what_was_compared() -> None:
    rows = [{"ratio": "0.55"}, {"when": {"level": "tertiary"}, "ratio": "0.45"}]
    (breach,) = breaches(anshan(), anshan({RATIO: rows}))
    assert breach.refusal().detail == {
        "path": f"benefits.{GENERAL}.ratio",
        "facts": "level=tertiary",
        "bound": "0.50",
        "got": "0.45",
        "clause": "三(一)¶2",
    }


def test_a_figure_that_names_too_many_facts_is_an_error_and_not_a_long_wait() -> None:
    many: list[dict[str, Any]] = [{"ratio": "0.55"}]
    many += [{"when": {"condition": f"c{number}"}, "add": "0.01"} for number in range(30)]
    pack: Pack = anshan({RATIO: many})
    with pytest.raises(Invalid, match="too many"):
        first_breach(anshan(), pack)


def test_a_region_may_tell_people_and_places_apart_in_a_dozen_ways() -> None:
    rows: list[dict[str, Any]] = [{"ratio": "0.50"}]
    whens: list[dict[str, Any]] = [
        {"at": "clinic"}, {"level": "primary"}, {"level": "secondary"}, {"specialty": "infectious"},
        {"specialty": "psychiatric"}, {"standing": "retired"}, {"standing": "flexible"}, {"aid": "poor"},
        {"aid": ["destitute", "orphan"]}, {"aid": "disabled"}, {"enrolment": "pool_only"},
        {"prescription": "external"}, {"circulated": True}, {"condition": "hypertension"},
        {"condition": "diabetes"}, {"condition": "tuberculosis"}, {"designation": "chronic"},
    ]  # fmt: skip
    rows += [{"when": when, "add": "0.01"} for when in whens]
    assert reason({RATIO: rows}) is None
    assert (
        reason({RATIO: [*rows, {"when": {"designation": "chronic"}, "add": "-0.02"}]}) is Reason.POLICY_FLOOR
    )


def test_the_values_that_no_row_names_still_count_where_only_one_is_held() -> None:
    rows = [{"ratio": "0.49"}, {"when": {"level": ["primary", "secondary"]}, "ratio": "0.50"}]
    assert reason({RATIO: rows}) is Reason.POLICY_FLOOR
    by_condition = [{"ratio": "0.49"}, {"when": {"condition": "gout"}, "ratio": "0.50"}]
    assert reason({RATIO: by_condition}) is Reason.POLICY_FLOOR
