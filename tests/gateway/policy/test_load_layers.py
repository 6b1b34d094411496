"""Layers and what stands after them: as written, or refused with what to write instead."""

import pytest

from medsettle_gateway.domain.member import Owner
from medsettle_gateway.policy.accounts import Closing
from medsettle_gateway.policy.layer import BasePart, Counted, Mode
from medsettle_gateway.policy.limits import Accumulator, Period
from medsettle_gateway.policy.notices import At
from medsettle_gateway.policy.rows import FigureKind, Force, RowAction
from tests.gateway.policy.whole_pack import GONE, faults, whole

AID = {"id": "aid", "title": {"zh": "甲", "en": "a"}, "fund": "aid"}
LEAVES = {"leaves": {"amount": "1.00", "clause": "c"}}


def test_a_layer_with_a_base_has_one_part_its_threshold_and_its_cap() -> None:
    aid = whole().rules.layers[0]
    (part,) = aid.parts
    assert (part.of, part.path, part.ratio.rows[0].path) == (
        BasePart.IN_SCOPE_LEFT, "layers[0]", "layers[0].ratio.rows[0]",
    )  # fmt: skip
    assert aid.counts == (Counted.SELF_PAY_FIRST, Counted.OVER_LIMIT)
    assert aid.threshold is not None
    assert (aid.threshold.of, aid.threshold.counters) == (Accumulator.PERSONAL, ())
    assert (aid.cap.counters, aid.cap.figure.rows[0].value) == (("medical_aid",), 15_000_000)
    outpatient, ordinary = aid.cap.inside
    assert (outpatient.id, outpatient.benefits, outpatient.figure.rows[0].path) == (
        "outpatient", None, "layers[0].cap.outpatient[0]",
    )  # fmt: skip
    assert (ordinary.id, ordinary.benefits, ordinary.figure.rows[0].value) == (
        "ordinary",
        ("chronic",),
        500_000,
    )


def test_a_threshold_of_its_own_is_counted_under_the_layer() -> None:
    rows = [{"amount": "1.00", "clause": "c"}]
    layer = whole({"layers.0.threshold": {"period": "stay", "rows": rows}}).rules.layers[0]
    assert layer.threshold is not None
    assert (layer.threshold.counters, layer.threshold.period, layer.threshold.of) == (
        ("medical_aid",), Period.STAY, None,
    )  # fmt: skip


def test_parts_are_read_in_their_order_in_either_form() -> None:
    first, second = whole().rules.layers[1].parts
    assert (first.of, first.ratio.rows[0].path) == (BasePart.IN_SCOPE_LEFT, "layers[1].parts[0]")
    assert (second.of, second.ratio.rows[0].path) == (
        BasePart.OUT_OF_SCOPE_LEFT,
        "layers[1].parts[1].rows[0]",
    )
    assert [part.ratio.rows[0].value for part in (first, second)] == [900_000, 750_000]


def test_a_guarantee_and_what_is_left_to_the_patient_are_figures() -> None:
    _, _, county, relief = whole().rules.layers
    assert county.guarantee is not None
    assert relief.leaves is not None
    assert (county.guarantee.share.kind, county.guarantee.share.rows[0].value) == (FigureKind.SHARE, 900_000)
    assert relief.leaves.of is Accumulator.PERSONAL
    (row,) = relief.leaves.amount.rows
    assert (row.path, row.value, row.force) == ("layers[3].leaves", 5_000_000, Force.CEILING)
    assert (relief.mode, relief.clause) == (Mode.AFTERWARDS, "四")
    assert (county.parts, county.leaves, relief.parts, relief.guarantee) == ((), None, (), None)


def test_a_layer_without_a_cap_has_no_limit_and_is_counted_all_the_same() -> None:
    for layer in whole().rules.layers[1:]:
        (row,) = layer.cap.figure.rows
        assert (row.action, layer.cap.counters, layer.cap.inside) == (RowAction.NONE, (layer.id,), ())
    named = whole({"layers.1.cap": {"none": True, "clause": "c", "counters": ["shared"]}}).rules.layers[1]
    assert named.cap.counters == ("shared",)


@pytest.mark.parametrize(
    ("dotted", "value", "message"),
    [
        ("layers.0.mode", "later", "expected one of settlement, afterwards"),
        ("layers.0.base", "total_left", "expected one of in_scope_left, out_of_scope_left, all_left"),
        ("layers.0.base", GONE, "missing key 'base'"),
        ("layers.0.ratio", GONE, "missing key 'ratio'"),
        ("layers.0.ratio", "0.80", "expected a mapping"),
        ("layers.0.counts", ["deductible"], "expected one of self_pay_first, over_limit"),
        ("layers.0.who", [], "leave 'who' out"),
        ("layers.0.parts", [], "here: base, ratio, threshold, parts"),
        ("layers.0.leaves", {"amount": "1.00", "clause": "c"}, "here: base, ratio, threshold, leaves"),
        ("layers.1.parts", GONE, "or one of `parts`, `guarantee`, `leaves`; here: none of them"),
        ("layers.1.parts", [], "no part: the layer pays on nothing"),
        ("layers.1.threshold", {"rows": []}, "here: threshold, parts"),
        ("layers.1.parts.0.base", GONE, "missing key 'base'"),
        ("layers.1.parts.0.ratio", GONE, "missing key 'ratio', or `rows`"),
        ("layers.1.parts.0.clause", GONE, "every row names its clause"),
        ("layers.1.parts.0.rows", [{"ratio": "0.1", "clause": "c"}], "it stands in each of the `rows`"),
        ("layers.0.threshold.counters", ["x"], "with `of` nothing is counted"),
        ("layers.0.threshold.period", "stay", "with `of` it runs over the year"),
        ("layers.0.threshold.of", "total", "expected one of personal, in_scope"),
        ("layers.0.cap.inside.0.benefits", ["moon"], "no benefit 'moon' under `benefits`"),
        ("layers.0.cap.inside.0.id", "outpatient", "outpatient is counted twice inside this cap"),
        ("layers.0.cap.inside.0.rows", GONE, "missing key 'rows'"),
        ("layers.0.cap.period", "none", "a missing cap is written"),
        ("layers.1.cap", {"none": True}, "every row names its clause"),
        ("layers.2.guarantee.of", "in_scope", "only total is known"),
        ("layers.2.guarantee.share", "90", "a ratio lies between 0 and 1"),
        ("layers.2.guarantee.share", GONE, "missing key 'share', or `rows`"),
        ("layers.3.leaves.of", "total", "expected one of personal, in_scope"),
        ("layers.3.leaves.amount", "50000", "an amount in yuan with two places"),
        ("layers.3.cap.clause", GONE, "every row names its clause"),
        ("layers.2.id", "commercial", "there is another layer 'commercial' before it"),
    ],
)
def test_a_layer_that_cannot_mean_anything_is_refused(dotted: str, value: object, message: str) -> None:
    said = faults({dotted: value})
    path = ".".join(dotted.split(".")[:2]).replace(".", "[") + "]"
    assert [fault for fault in said if fault.startswith(path) and message in fault], said


def test_a_layer_that_acts_afterwards_may_stand_anywhere() -> None:
    assert whole({"layers.0.mode": "afterwards"}).rules.layers[0].mode is Mode.AFTERWARDS


def test_layers_are_a_list() -> None:
    assert "layers: expected a list, got a mapping" in faults({"layers": {}})


def test_a_subsidy_account_says_what_is_credited_carried_over_and_paid_out_at_its_end() -> None:
    accounts = whole().accounts
    assert accounts is not None
    assert accounts.subsidy is not None
    assert accounts.subsidy.credit.rows[0].value == 6_000
    assert (accounts.subsidy.carries_over, accounts.subsidy.carries_over_clause) == (True, "二十五")
    assert accounts.subsidy.closes == (
        Closing("accounts.subsidy.closes[0]", "moved_away", ("self",), ("身份证", "迁移证明"), "二十六"),
        Closing("accounts.subsidy.closes[1]", "deceased", ("heir", "beneficiary"), (), "二十七"),
    )
    assert accounts.owners == (Owner.SELF,)
    assert accounts.at is not None
    (place,) = accounts.at
    assert (place.kinds, place.gate.tests, place.gate.least) == (
        ("drug",), (("at", ("pharmacy",)), ("tier", ("low",))), (("age", 18),),
    )  # fmt: skip


def test_a_subsidy_lapses_at_the_end_of_the_year_where_nothing_says_that_it_carries_over() -> None:
    accounts = whole({"accounts.subsidy.carries_over": GONE}).accounts
    assert accounts is not None
    assert accounts.subsidy is not None
    assert not accounts.subsidy.carries_over


def test_a_warning_says_of_what_and_whether_the_amount_itself_counts() -> None:
    (notice,) = whole().rules.notices
    assert (notice.id, notice.of, notice.at, notice.figure.rows[0].value) == (
        "poverty_risk", Accumulator.IN_SCOPE, At.REACHED, 500_000,
    )  # fmt: skip


def test_an_institution_without_designation_may_be_excepted() -> None:
    (exception,) = whole().eligibility.exceptions
    assert (exception.tests, exception.clause) == ((("emergency", ("true",)),), "二十")


def test_the_list_whose_class_holds_follows_people_and_places() -> None:
    (catalogue,) = whole().rules.lines.catalogues
    assert (catalogue.list, catalogue.when.tests) == ("township", (("level", ("primary", "none")),))


@pytest.mark.parametrize(
    ("dotted", "value", "message"),
    [
        ("lines.catalogues.0.list", GONE, "missing key 'list'"),
        ("lines.catalogues.0.list", "乡镇", "expected an id"),
        ("lines.catalogues.0.clause", GONE, "every row names its clause"),
        ("accounts.subsidy.credit.period", "month", "only year is known"),
        ("accounts.subsidy.carries_over", {}, "every row names its clause"),
        ("accounts.subsidy.carries_over", True, "expected a mapping"),
        ("accounts.subsidy.closes.0.clause", GONE, "every row names its clause"),
        ("accounts.subsidy.closes.0.pays", [], "nobody: say who gets the balance"),
        ("accounts.subsidy.closes.0.cause", GONE, "missing key 'cause'"),
        ("accounts.accrual.of_base", GONE, "missing key 'of_base'"),
        ("accounts.accrual.of_base.rows.0.force", "floor", "it has no bound"),
        ("accounts.accrual.of_base.rows.0.clause", GONE, "every row names its clause"),
        ("accounts.accrual.pension.rows.0.amount", "2800", "an amount in yuan with two places"),
        ("accounts.accrual.employer", {"rows": []}, "unknown key"),
        ("accounts.at.0.kind", "food", "kind is one of"),
        ("eligibility.institution.except.0", {"clause": "c"}, "would lift the gate for all"),
        ("eligibility.institution.except", {"emergency": True}, "expected a list"),
        ("eligibility.filing", ["chronic", "chronic"], "chronic is named twice"),
        ("eligibility.filing", ["moon"], "no benefit 'moon'"),
        ("warnings", ["poverty_risk"], "expected a mapping of warning ids"),
        ("warnings.poverty_risk.at", "above", "expected one of reached, exceeded"),
        ("warnings.poverty_risk.rows.0.clause", GONE, "every row names its clause"),
        ("warnings.Poverty", {"title": {"zh": "a", "en": "b"}, "of": "personal", "at": "reached", "rows": []},
         "expected an id"),
    ],
)  # fmt: skip
def test_the_other_sections_refuse_what_they_cannot_mean(dotted: str, value: object, message: str) -> None:
    section = dotted.partition(".")[0]
    assert [fault for fault in faults({dotted: value}) if fault.startswith(section) and message in fault]
