"""A region's or a case's own figures replace exactly what they name, and nothing by mistake."""

from typing import Any

import pytest

from medsettle_gateway.policy.benefit import Excess, Outside
from medsettle_gateway.policy.limits import Period
from medsettle_gateway.policy.loader import PackSource
from medsettle_gateway.policy.overrides import apply_overrides, load_overridden
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.reading import LOCAL_FIGURE, Invalid
from tests.gateway.policy.examples import GENERAL, anshan_source
from tests.gateway.policy.whole_pack import whole_source

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


INPATIENT, CHRONIC = "benefits.inpatient", "benefits.chronic"


def local(**overrides: Any) -> Pack:
    """The pack of every section with overrides; two underscores stand for a dot."""
    return load_overridden(
        whole_source(), {key.replace("__", "."): value for key, value in overrides.items()}
    )


def test_the_figure_of_a_section_is_replaced_where_it_stands() -> None:
    pack = local(
        benefits__chronic__limit_per_session__amount="400.00",
        benefits__chronic__limit_per_session__excess="refuse",
        layers__relief__leaves__amount="40000.00",
        layers__county__guarantee__share="0.95",
    )
    session = pack.benefits[1].limit_per_session
    county, relief = pack.rules.layers[2:]
    assert session is not None
    assert county.guarantee is not None
    assert relief.leaves is not None
    assert session.excess is Excess.REFUSE
    rows = [session.figure.rows[0], county.guarantee.share.rows[0], relief.leaves.amount.rows[0]]
    assert [row.value for row in rows] == [40_000, 950_000, 4_000_000]


def test_a_figure_that_was_replaced_has_neither_the_clause_nor_the_force_of_the_document() -> None:
    pack = local(layers__county__guarantee__share="0.95", benefits__inpatient__cap__rows__0__amount="9.00")
    county = pack.rules.layers[2].guarantee
    assert county is not None
    rows = [county.share.rows[0], pack.benefits[0].cap.figure.rows[0]]
    assert [(row.clause, row.force.value) for row in rows] == [(LOCAL_FIGURE, "exact")] * 2


def test_one_form_of_a_figure_takes_the_place_of_the_others() -> None:
    bands = {"rows": [{"ratio": "0.70"}]}
    assert local(benefits__inpatient__ratio__rows=[{"ratio": "0.70"}]).benefits[0].bands is None
    assert local(benefits__chronic__ratio__bands=bands).benefits[1].bands is not None
    capped = local(benefits__inpatient__cap__none=True).benefits[0].cap
    assert capped.figure.rows[0].path == f"{INPATIENT}.cap"
    relieved = local(layers__relief__cap__rows=[{"amount": "9.00"}]).rules.layers[3].cap
    assert relieved.figure.rows[0].path == "layers[3].cap.rows[0]"
    session = local(benefits__chronic__limit_per_session__rows=[{"none": True}]).benefits[1].limit_per_session
    assert session is not None
    assert session.figure.rows[0].path == f"{CHRONIC}.limit_per_session.rows[0]"


@pytest.mark.parametrize("first", ["rows", "bands"])
def test_bands_may_be_brought_with_the_rows_emptied_in_either_order(first: str) -> None:
    both: dict[str, Any] = {"rows": [], "bands": {"rows": [{"ratio": "0.70"}]}}
    ordered = sorted(both, key=lambda key: key != first)
    pack = load_overridden(whole_source(), {f"{INPATIENT}.ratio.{key}": both[key] for key in ordered})
    bands = pack.benefits[0].bands
    assert bands is not None
    assert bands.bands[0].ratio.rows[0].value == 700_000


def test_a_layer_may_pay_in_another_way() -> None:
    parts = [{"base": "all_left", "ratio": "0.70"}]
    aid = local(layers__medical_aid__parts=parts).rules.layers[0]
    assert (len(aid.parts), aid.threshold) == (1, None)
    assert local(layers__county__leaves={"amount": "1.00"}).rules.layers[2].guarantee is None
    based = local(layers__commercial__base="all_left", layers__commercial__ratio={"rows": []}).rules.layers[1]
    assert [part.path for part in based.parts] == ["layers[1]"]


def test_what_a_pack_says_may_be_taken_back() -> None:
    pack = local(benefits__chronic__five_fixed=None, benefits__inpatient__stay=None, accounts__subsidy=None)
    assert pack.benefits[1].five_fixed is None
    assert pack.benefits[0].stay is None
    assert pack.accounts is not None
    assert pack.accounts.subsidy is None


def test_the_number_of_kinds_is_replaced_by_the_number_of_conditions() -> None:
    fixed = local(benefits__chronic__five_fixed__drug_kinds__2=6).benefits[1].five_fixed
    assert fixed is not None
    assert fixed.drug_kinds == ((1, 3), (2, 6), (3, 5))


def test_a_limit_inside_a_cap_is_named_by_its_id() -> None:
    layer = local(layers__medical_aid__cap__inside__ordinary__rows=[{"amount": "9.00"}]).rules.layers[0]
    assert layer.cap.inside[1].figure.rows[0].value == 900


def test_the_other_choices_of_a_pack_may_be_replaced() -> None:
    pack = local(
        benefits__inpatient__deductible__period="year",
        benefits__chronic__five_fixed__outside="self_pay",
        benefits__chronic__waives=[],
        layers__medical_aid__counts=[],
        layers__medical_aid__cap={"none": True},
    )
    inpatient, chronic = pack.benefits
    assert chronic.five_fixed is not None
    assert (inpatient.deductible.period, chronic.five_fixed.outside) == (Period.YEAR, Outside.SELF_PAY)
    assert (chronic.waives_self_pay_first, pack.rules.layers[0].counts) == (False, ())
    assert pack.rules.layers[0].cap.inside == ()


def test_a_layer_or_benefit_that_a_case_brings_needs_no_title() -> None:
    ratio = {"rows": [{"ratio": "0.50"}]}
    pack = local(
        benefits__extra={"deductible": {"period": "none"}, "ratio": ratio, "cap": {"none": True}},
        layers__0={"id": "extra", "base": "all_left", "ratio": ratio},
        benefits__inpatient__layers=["extra"],
    )
    benefit, layer = pack.benefits[2], pack.rules.layers[0]
    assert (benefit.title.en, benefit.fund, layer.title.en, layer.fund) == (
        "extra",
        "pooled",
        "extra",
        "extra",
    )
