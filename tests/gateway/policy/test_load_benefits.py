"""Benefits: what the pack's text says is what the engine gets, and what it cannot mean is refused."""

import pytest

from medsettle_gateway.domain.calendar import MonthDay
from medsettle_gateway.policy.benefit import (
    By,
    CapPer,
    Excess,
    FiveFixed,
    Outside,
    Over,
    StayRule,
    Supply,
)
from medsettle_gateway.policy.limits import Period
from medsettle_gateway.policy.rows import FigureKind, RowAction, When
from tests.gateway.policy.whole_pack import GONE, faults, whole

INPATIENT, CHRONIC = "benefits.inpatient", "benefits.chronic"


def test_a_limit_is_counted_under_its_own_names_or_under_the_benefit() -> None:
    inpatient, chronic = whole().benefits
    assert inpatient.deductible.counters == ("inpatient", "basic_annual")
    assert inpatient.deductible.period is Period.STAY
    assert (inpatient.cap.counters, inpatient.cap.period) == (("inpatient",), Period.YEAR)
    assert (chronic.deductible.period, chronic.has_deductible) == (Period.NONE, False)
    assert (chronic.cap.counters, chronic.cap_per) == (("chronic",), CapPer.CONDITION)
    assert inpatient.cap_per is CapPer.BENEFIT


def test_a_cap_may_run_over_a_stay_or_not_exist() -> None:
    assert whole({f"{INPATIENT}.cap.period": "stay"}).benefits[0].cap.period is Period.STAY
    cap = whole({f"{INPATIENT}.cap": {"none": True, "clause": "三", "per": "condition"}}).benefits[0]
    (row,) = cap.cap.figure.rows
    assert (row.path, row.action, row.clause) == (f"{INPATIENT}.cap", RowAction.NONE, "三")
    assert cap.cap_per is CapPer.CONDITION


def test_bands_are_read_with_their_ends_and_either_form_of_their_ratios() -> None:
    bands = whole().benefits[0].bands
    assert bands is not None
    assert bands.over is Over.STAY
    assert [band.up_to_fen for band in bands.bands] == [1_000_000, None]
    assert [row.path for band in bands.bands for row in band.ratio.rows] == [
        f"{INPATIENT}.ratio.bands.rows[0]",
        f"{INPATIENT}.ratio.bands.rows[1].rows[0]",
        f"{INPATIENT}.ratio.bands.rows[1].rows[1]",
    ]
    assert whole().benefits[0].ratio.rows == ()


@pytest.mark.parametrize("ratio", [{}, {"rows": []}, {"bands": {"rows": []}}, {"rows": [], "bands": None}])
def test_a_ratio_that_the_document_does_not_give_has_no_rows(ratio: object) -> None:
    benefit = whole({f"{INPATIENT}.ratio": ratio}).benefits[0]
    assert (benefit.ratio.rows, benefit.bands) == ((), None)


def band(**keys: object) -> dict[str, object]:
    return {"clause": "c", **keys}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([band(up_to="1.00", ratio="0.5")], "rows[0]: the last band has no `up_to`"),
        ([band(ratio="0.5"), band(ratio="0.6")], "rows[0]: only the last band has no `up_to`"),
        (
            [band(up_to="2.00", ratio="0.5"), band(up_to="2.00", ratio="0.5"), band(ratio="0.6")],
            "rows[1].up_to: bands ascend from 0",
        ),
        ([band(up_to="0.00", ratio="0.5"), band(ratio="0.6")], "rows[0].up_to: bands ascend from 0"),
        ([band(up_to=5, ratio="0.5"), band(ratio="0.6")], "rows[0].up_to: write the number in quotes"),
        ([band()], "rows[0]: missing key 'ratio', or `rows`"),
        ([{"ratio": "0.5"}], "rows[0]: every row names its clause"),
        ([band(none=True)], "rows[0].none: a ratio has no `none`"),
        ([band(ratio="0.5", when={"age": 3})], "rows[0].when: unknown key"),
        (
            [{"ratio": "0.5", "rows": [band(ratio="0.5")]}],
            "rows[0].ratio: it stands in each of the `rows`, not beside them",
        ),
        (["0.5"], "rows[0]: expected a mapping"),
    ],
)
def test_bands_that_leave_an_amount_without_a_ratio_are_refused(rows: object, message: str) -> None:
    said = faults({f"{INPATIENT}.ratio.bands.rows": rows})
    assert [fault for fault in said if fault.startswith(f"{INPATIENT}.ratio.bands.{message}")], said


@pytest.mark.parametrize(
    ("dotted", "value", "message"),
    [
        (
            f"{INPATIENT}.ratio",
            {"rows": [band(ratio="0.5")], "bands": {"rows": [band(ratio="0.5")]}},
            "only one of `rows` and `bands`",
        ),
        (f"{INPATIENT}.ratio.bands.of", "total", "only after_deductible is known"),
        (f"{INPATIENT}.ratio.bands.over", "month", "expected one of settlement, stay, year"),
        (f"{INPATIENT}.deductible.period", "month", "expected one of year, stay, none"),
        (f"{INPATIENT}.deductible.counters", [], "leave it out to count under inpatient"),
        (f"{INPATIENT}.deductible.counters", ["a", "a"], "a is named twice"),
        (f"{INPATIENT}.deductible.counters", "inpatient", "expected a list"),
        (f"{INPATIENT}.deductible.clause", "c", "beside `none: true`"),
        (f"{INPATIENT}.cap.period", "none", "a missing cap is written"),
        (f"{INPATIENT}.cap.per", "person", "expected one of benefit, condition"),
        (f"{INPATIENT}.cap", {"none": True}, "every row names its clause"),
        (f"{INPATIENT}.cap", {"none": False, "clause": "c"}, "none is written `none: true`"),
        (f"{INPATIENT}.cap", {"none": True, "clause": "c", "rows": []}, "it stands in each of the `rows`"),
        (f"{INPATIENT}.stay.deductible_by", "billed", "expected one of admitted, discharged"),
        (f"{INPATIENT}.layers", ["moon"], "no layer 'moon' under `layers`; there: medical_aid, "),
        (f"{INPATIENT}.layers", ["county", "county"], "county is named twice"),
        (f"{CHRONIC}.layers", {"none": True}, "every row names its clause"),
        (f"{CHRONIC}.layers", {"clause": "c"}, "expected a list of layer ids, or {none: true"),
        (f"{CHRONIC}.layers", "county", "expected a list"),
        (f"{CHRONIC}.waives", ["deductible"], "only self_pay_first can be waived"),
        (f"{CHRONIC}.takes", {"kind": "drug"}, "expected a list"),
        (f"{CHRONIC}.limit_per_session.excess", "nobody", "expected one of provider, patient, refuse"),
        (f"{CHRONIC}.limit_per_session.excess", GONE, "missing key 'excess'"),
        (f"{CHRONIC}.limit_per_session.amount", GONE, "missing key 'amount', or `rows`"),
        (f"{CHRONIC}.limit_per_session.clause", GONE, "every row names its clause"),
        (f"{CHRONIC}.limit_per_session.amount", 350, 'write the number in quotes: "350.00"'),
        (f"{CHRONIC}.five_fixed.clause", GONE, "every row names its clause"),
        (f"{CHRONIC}.five_fixed.outside", "report", "expected one of self_pay, refuse"),
        (f"{CHRONIC}.five_fixed.supply", "ignore", "expected one of report, self_pay, refuse"),
        (f"{CHRONIC}.five_fixed.days_supply", GONE, "it needs `days_supply`"),
        (f"{CHRONIC}.five_fixed.days_supply", 0, "expected a whole number from 1"),
        (f"{CHRONIC}.five_fixed.window_days", "30", "expected a whole number from 1"),
        (f"{CHRONIC}.five_fixed.window_days", 401, "expected at most 400 days, got 401"),
        (f"{CHRONIC}.five_fixed.drug_kinds", [3, 4], "expected a mapping of filed conditions"),
        (f"{CHRONIC}.five_fixed.drug_kinds", {"0": 3}, "a number of filed conditions from 1"),
        (f"{CHRONIC}.five_fixed.drug_kinds", {"one": 3}, "a number of filed conditions from 1"),
        (f"{CHRONIC}.five_fixed.drug_kinds", {"1": "3"}, "expected a whole number from 1"),
        (f"{CHRONIC}.five_fixed.review.from", "02-30", "expected a month and a day like 06-01"),
        (f"{CHRONIC}.five_fixed.review.to", "8-31", "expected a month and a day like 06-01"),
        (f"{CHRONIC}.five_fixed.review", {"from": "06-01"}, "missing key 'to'"),
    ],
)
def test_a_benefit_that_cannot_mean_anything_is_refused(dotted: str, value: object, message: str) -> None:
    path = dotted.rpartition(".")[0] if value is GONE else dotted
    assert [fault for fault in faults({dotted: value}) if fault.startswith(path) and message in fault]


def test_the_limit_per_session_is_a_figure_of_one_row_or_of_rows() -> None:
    session = whole().benefits[1].limit_per_session
    assert session is not None
    (row,) = session.figure.rows
    assert (row.value, row.clause, session.excess) == (35_000, "四", Excess.PROVIDER)
    assert session.figure.kind is FigureKind.LIMIT
    rows = [{"amount": "350.00", "clause": "c"}, {"when": {"tier": "low"}, "none": True, "clause": "c"}]
    session = (
        whole({f"{CHRONIC}.limit_per_session": {"rows": rows, "excess": "patient"}})
        .benefits[1]
        .limit_per_session
    )
    assert session is not None
    assert [row.path for row in session.figure.rows] == [
        f"{CHRONIC}.limit_per_session.rows[0]",
        f"{CHRONIC}.limit_per_session.rows[1]",
    ]


def test_the_five_fixed_are_read_whether_their_keys_are_numbers_or_texts() -> None:
    expected = FiveFixed(
        path=f"{CHRONIC}.five_fixed",
        clause="五",
        drug_kinds=((1, 3), (2, 4), (3, 5)),
        days_supply=15,
        outside=Outside.REFUSE,
        supply=Supply.SELF_PAY,
        window_days=30,
        review=(MonthDay(6, 1), MonthDay(8, 31)),
    )
    assert whole().benefits[1].five_fixed == expected
    assert whole({f"{CHRONIC}.five_fixed.drug_kinds": {3: 5, 1: 3, 2: 4}}).benefits[1].five_fixed == expected


def test_the_five_fixed_leave_open_what_they_do_not_say() -> None:
    fixed = whole({f"{CHRONIC}.five_fixed": {"clause": "五"}}).benefits[1].five_fixed
    assert fixed == FiveFixed(
        f"{CHRONIC}.five_fixed", "五", (), None, Outside.SELF_PAY, Supply.REPORT, None, None
    )
    assert fixed.kinds_allowed(2) is None
    assert whole({f"{CHRONIC}.five_fixed": GONE}).benefits[1].five_fixed is None


def test_the_rest_of_a_benefit_is_read_too() -> None:
    inpatient, chronic = whole().benefits
    assert inpatient.stay == StayRule("benefits.inpatient.stay", By.ADMITTED, By.DISCHARGED)
    assert (inpatient.layers, inpatient.layers_clause) == (("medical_aid", "county", "relief"), "")
    assert (chronic.layers, chronic.layers_clause) == ((), "六")
    assert chronic.takes == (When((("kind", ("drug",)), ("condition", ("hypertension",)))),)
    assert (inpatient.takes, inpatient.needs_filing, chronic.needs_filing) == (None, False, True)
    assert (inpatient.waives_self_pay_first, chronic.waives_self_pay_first) == (False, True)
    assert whole({f"{CHRONIC}.takes": []}).benefits[1].takes == ()
