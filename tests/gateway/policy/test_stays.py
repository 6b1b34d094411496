"""Stays: one deductible over all bills, the year and the version that each end of a stay names."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.basket import Encounter
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.errors import Refused
from medsettle_gateway.domain.place import Designation, Institution, InstitutionKind, Level
from medsettle_gateway.policy.engine import calculate, counters_read, periods_of, stay_period
from medsettle_gateway.policy.inputs import CaseInput
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.trace import Step
from tests.gateway.policy.examples import EMPLOYEE, anshan, drug, visit
from tests.gateway.policy.funds import fund_fen

HOSPITAL = Institution(InstitutionKind.HOSPITAL, Level.SECONDARY, designations=(Designation.BASIC,))
ADMITTED, DISCHARGED = date(2023, 12, 28), date(2024, 1, 6)
NEW_YEAR = date(2024, 1, 1)
STAY = Encounter("inpatient", admitted=ADMITTED, discharged=DISCHARGED)
PAID = CounterKey("2024", "inpatient", "paid")
BORNE = CounterKey("stay/2023-12-28", "inpatient", "deductible")


def hospital_source(amount: str = "200.00", share: str = "0.50", **changes: Any) -> dict[str, Any]:
    return {
        "title": {"zh": "住院", "en": "inpatient"},
        "fund": "pooled",
        "where": [{"at": "hospital", "stay": True}],
        "deductible": {"period": "stay", "rows": [{"amount": amount}]},
        "ratio": {"rows": [{"ratio": share}]},
        "cap": {"period": "year", "rows": [{"amount": "3000.00"}]},
        "stay": {"deductible_by": "admitted", "cap_by": "discharged"},
        "layers": [],
        **changes,
    }


def hospital_pack(amount: str = "200.00", share: str = "0.50", **changes: Any) -> Pack:
    return anshan({"benefits.inpatient": hospital_source(amount, share, **changes)})


def two_versions(later: Pack, earlier: Pack) -> tuple[Pack, Pack]:
    """The later one from New Year on, the earlier one until then."""
    return replace(later, effective_from=NEW_YEAR), replace(earlier, effective_to=NEW_YEAR)


def stay(*amounts_and_days: tuple[int, date], **changes: Any) -> CaseInput:
    lines = tuple(structs.replace(drug(fen), service_on=day) for fen, day in amounts_and_days)
    return structs.replace(CaseInput(DISCHARGED, EMPLOYEE, HOSPITAL, STAY, lines), **changes)


BOTH_YEARS = stay((300_000, date(2023, 12, 30)), (500_000, date(2024, 1, 5)))


def test_the_deductible_is_taken_once_and_leaves_no_mark_in_a_year() -> None:
    result = calculate(hospital_pack(), BOTH_YEARS)
    assert result.breakdown.deductible_fen == 20_000
    assert dict(result.deltas) == {BORNE: 20_000, PAID: 300_000}


def test_what_was_paid_in_the_year_of_admission_does_not_count() -> None:
    before = {CounterKey("2023", "inpatient", "paid"): 299_999}
    case = structs.replace(BOTH_YEARS, counters=before)
    assert calculate(hospital_pack(), case).breakdown.over_cap_fen == 90_000


def test_a_later_bill_of_the_stay_finds_the_deductible_met() -> None:
    bill = stay((100_000, date(2024, 1, 2)), counters={BORNE: 15_000})
    assert calculate(hospital_pack(), bill).breakdown.deductible_fen == 5_000


def test_an_interim_bill_counts_in_the_year_of_its_own_day() -> None:
    interim = stay(
        (100_000, date(2023, 12, 30)),
        service_on=date(2023, 12, 31),
        encounter=structs.replace(STAY, discharged=None),
    )
    deltas = dict(calculate(hospital_pack(), interim).deltas)
    assert deltas == {BORNE: 20_000, CounterKey("2023", "inpatient", "paid"): 40_000}


def test_another_stay_begins_its_deductible_anew() -> None:
    stay = structs.replace(STAY, stay_id="another")
    other = structs.replace(BOTH_YEARS, encounter=stay, counters={BORNE: 20_000})
    assert calculate(hospital_pack(), other).breakdown.deductible_fen == 20_000


def test_every_period_that_a_stay_may_read_is_named_before() -> None:
    assert periods_of(STAY, DISCHARGED) == ("2023", "2024", "stay/2023-12-28")
    assert stay_period(structs.replace(STAY, stay_id="H1/2023-12-28")) == "stay/H1/2023-12-28"
    assert counters_read(hospital_pack(), BOTH_YEARS) == (BORNE, PAID)
    assert periods_of(Encounter("inpatient"), DISCHARGED) == ("2024",)


def test_the_deductible_follows_the_version_at_admission_and_the_ratio_that_at_discharge() -> None:
    later, earlier = two_versions(hospital_pack("900.00", "0.60"), hospital_pack("200.00", "0.50"))
    result = calculate(later, BOTH_YEARS, versions=(earlier, later))
    assert result.breakdown.deductible_fen == 20_000
    assert result.breakdown.over_cap_fen == (800_000 - 20_000) * 6 // 10 - 300_000


def test_amount_and_counters_of_the_deductible_are_of_one_version() -> None:
    annual = {"period": "year", "counters": ["annual"], "rows": [{"amount": "200.00"}]}
    shared: dict[str, Any] = {"deductible": annual}
    later, earlier = two_versions(hospital_pack(), hospital_pack(**shared))
    deltas = dict(calculate(later, BOTH_YEARS, versions=(earlier, later)).deltas)
    assert deltas[CounterKey("2023", "annual", "deductible")] == 20_000
    assert BORNE not in deltas


def test_the_rule_for_stays_is_that_of_the_day_of_the_settlement() -> None:
    by_admission: dict[str, Any] = {"stay": {"deductible_by": "discharged", "cap_by": "admitted"}}
    later, earlier = two_versions(hospital_pack(**by_admission), hospital_pack(stay=None))
    deltas = dict(calculate(later, BOTH_YEARS, versions=(earlier, later)).deltas)
    assert CounterKey("2023", "inpatient", "paid") in deltas


def test_both_ends_may_decide_by_admission() -> None:
    by_admission = {"stay": {"deductible_by": "admitted", "cap_by": "admitted"}}
    later, earlier = two_versions(
        hospital_pack("900.00", "0.60", **by_admission), hospital_pack("200.00", "0.30", **by_admission)
    )
    result = calculate(later, BOTH_YEARS, versions=(earlier, later))
    assert fund_fen(result.breakdown, "pooled") == (800_000 - 20_000) * 3 // 10
    assert CounterKey("2023", "inpatient", "paid") in dict(result.deltas)


def test_a_line_follows_the_version_in_force_on_its_own_day_and_the_trace_says_so() -> None:
    shares = [{"when": {"class": "A"}, "share": "0.10"}]
    with_shares = anshan({"lines.self_pay_first": shares}).rules.lines
    later, earlier = two_versions(hospital_pack(), hospital_pack())
    earlier = replace(earlier, rules=replace(earlier.rules, lines=with_shares))
    result = calculate(later, BOTH_YEARS, versions=(earlier, later))
    assert [line.self_pay_first_fen for line in result.breakdown.lines] == [30_000, 0]
    told = [entry.line for entry in result.trace if entry.step is Step.VERSION]
    assert told == [0]


def test_a_day_of_the_stay_without_any_version_is_refused() -> None:
    later, _ = two_versions(hospital_pack(), hospital_pack())
    with pytest.raises(Refused) as refused:
        calculate(later, BOTH_YEARS, versions=(later,))
    assert refused.value.reason is Reason.PACK_NOT_IN_FORCE
    assert refused.value.detail["date"] == "2023-12-28"


def test_without_a_rule_for_stays_the_day_of_the_settlement_decides_everything() -> None:
    later, earlier = two_versions(hospital_pack("900.00", stay=None), hospital_pack("200.00", stay=None))
    assert calculate(later, BOTH_YEARS, versions=(earlier, later)).breakdown.deductible_fen == 90_000
    assert calculate(later, BOTH_YEARS, versions=(later,)).breakdown.deductible_fen == 90_000


def test_the_trace_says_which_year_decides_what_of_a_stay_over_new_year() -> None:
    pack = hospital_pack(stay={"deductible_by": "admitted", "cap_by": "discharged", "clause": "第二十一条"})
    (told,) = [entry for entry in calculate(pack, BOTH_YEARS).trace if entry.step is Step.STAY_YEARS]
    assert told.clause == "第二十一条"
    assert told.zh == "本次住院跨年度(2023-12-28至2024-01-06):起付标准按2023年计,最高支付限额按2024年计。"
    within = stay((100_000, date(2024, 1, 5)), encounter=structs.replace(STAY, admitted=NEW_YEAR))
    assert Step.STAY_YEARS not in [entry.step for entry in calculate(pack, within).trace]


def test_a_layer_that_acts_afterwards_looks_at_what_every_charged_layer_left() -> None:
    layers = [
        {"id": "late", "title": {"zh": "后", "en": "late"}, "fund": "late", "mode": "afterwards",
         "base": "all_left", "ratio": {"rows": [{"ratio": "1.00", "clause": "x"}]}},
        {"id": "aid", "title": {"zh": "救", "en": "aid"}, "fund": "aid",
         "base": "in_scope_left", "ratio": {"rows": [{"ratio": "0.50", "clause": "x"}]}},
    ]  # fmt: skip
    inpatient = hospital_source()
    pack = anshan({"layers": layers, "benefits.inpatient": {**inpatient, "layers": ["late", "aid"]}})
    breakdown = calculate(pack, stay((120_000, date(2024, 1, 5)))).breakdown
    assert [tuple(share) for share in breakdown.funds] == [("pooled", 50_000), ("aid", 35_000)]
    assert [tuple(share) for share in breakdown.afterwards] == [("late", 35_000)]


def test_parts_of_a_layer_share_a_cap_over_the_stay_where_there_is_no_stay() -> None:
    half = {"base": "in_scope_left", "ratio": "0.50"}
    layer = {
        "id": "aid", "title": {"zh": "救", "en": "aid"}, "fund": "aid", "parts": [half, half],
        "cap": {"period": "stay", "rows": [{"amount": "13.64", "clause": "x"}]},
    }  # fmt: skip
    general = "benefits.general_outpatient"
    pack = anshan({"layers": [layer], f"{general}.layers": ["aid"]})
    assert fund_fen(calculate(pack, visit(drug(50_000))).breakdown, "aid") == 1_364


def test_ratio_bands_over_a_stay_go_on_where_the_last_bill_ended() -> None:
    bands = {"of": "after_deductible", "over": "stay", "rows": [
        {"up_to": "1000.00", "ratio": "0.50", "clause": "x"}, {"ratio": "0.80", "clause": "x"},
    ]}  # fmt: skip
    pack = hospital_pack(ratio={"rows": [], "bands": bands}, deductible={"period": "none"})
    first = calculate(pack, stay((80_000, date(2024, 1, 2))))
    assert fund_fen(first.breakdown, "pooled") == 40_000
    banded = CounterKey("stay/2023-12-28", "inpatient", "banded")
    assert dict(first.deltas)[banded] == 80_000
    second = calculate(pack, stay((40_000, date(2024, 1, 5)), counters=dict(first.deltas)))
    assert fund_fen(second.breakdown, "pooled") == 10_000 + 16_000


AROUND = [{
    "counter": "basic_annual", "title": {"zh": "基本医保年度限额", "en": "annual limit of basic insurance"},
    "rows": [{"amount": "1000.00", "clause": "九"}],
}]  # fmt: skip
BASIC = CounterKey("2024", "basic_annual", "paid")


def test_a_cap_and_the_limit_around_it_both_hold_and_both_move() -> None:
    pack = hospital_pack(cap={"period": "year", "rows": [{"amount": "400.00"}], "within": AROUND})
    bill = stay((500_000, date(2024, 1, 5)))
    own = calculate(pack, bill)
    assert fund_fen(own.breakdown, "pooled") == 40_000
    assert (dict(own.deltas)[PAID], dict(own.deltas)[BASIC]) == (40_000, 40_000)
    nearly = calculate(pack, structs.replace(bill, counters={BASIC: 90_000}))
    assert fund_fen(nearly.breakdown, "pooled") == 10_000
    (cap,) = [entry for entry in nearly.trace if entry.step is Step.CAP]
    assert cap.clause == "九"
    assert cap.zh.startswith("基本医保年度限额1000.00元,此前已支付900.00元,还可支付100.00元,")
    left = {remainder.key: remainder.left_fen for remainder in nearly.remainders}
    assert (left[PAID], left[BASIC]) == (30_000, 0)


def test_benefits_share_a_limit_around_their_caps_by_its_counter() -> None:
    pack = hospital_pack(cap={"none": True, "within": AROUND, "period": "year"})
    assert BASIC in counters_read(pack, BOTH_YEARS)
    assert fund_fen(calculate(pack, BOTH_YEARS).breakdown, "pooled") == 100_000
    used_up = structs.replace(BOTH_YEARS, counters={BASIC: 100_000})
    assert calculate(pack, used_up).breakdown.over_cap_fen == 390_000


def test_a_limit_around_a_cap_without_a_row_is_no_rule() -> None:
    rows = [{"when": {"level": "tertiary"}, "amount": "1.00", "clause": "x"}]
    around = [{"counter": "basic_annual", "rows": rows}]
    with pytest.raises(Refused) as refused:
        calculate(hospital_pack(cap={"rows": [{"amount": "400.00"}], "within": around}), BOTH_YEARS)
    assert refused.value.reason is Reason.NO_RULE
    assert refused.value.detail["path"] == "benefits.inpatient.cap.within[0]"
