"""Emergency orders lift what they name, on the days on which they hold, and nothing else."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.basket import CatalogueClass, EmergencyOrder, LineKind, Waiver
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.errors import Refused
from medsettle_gateway.policy.engine import calculate
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.trace import Step
from tests.gateway.policy.examples import DAY, DEDUCTIBLE, GENERAL, PAID, anshan, drug, visit
from tests.gateway.policy.funds import fund_fen

A_DAY = timedelta(days=1)
MET = {DEDUCTIBLE: 30_000}
OUTSIDE = drug(10_000, CatalogueClass.C)


def order(*waives: Waiver, begins: date = DAY, days: int = 1) -> EmergencyOrder:
    return EmergencyOrder("E-1", "省医保局", waives, begins, begins + days * A_DAY)


def funded(case: Any, pack: Pack | None = None) -> int:
    return fund_fen(calculate(pack or anshan(), case).breakdown, "pooled")


def test_goods_outside_the_catalogue_are_paid_on_the_days_of_the_order_only() -> None:
    lifts = order(Waiver.CATALOGUE)
    assert funded(visit(OUTSIDE, counters=MET, orders=(lifts,))) == 5_000
    assert funded(visit(OUTSIDE, counters=MET)) == 0
    past = order(Waiver.CATALOGUE, begins=DAY - A_DAY)
    assert funded(visit(OUTSIDE, counters=MET, orders=(past,))) == 0


def test_what_an_order_lifts_of_a_line_follows_the_day_of_the_line() -> None:
    before = structs.replace(OUTSIDE, service_on=DAY - A_DAY)
    on_the_day = structs.replace(OUTSIDE, service_on=DAY)
    of_today = visit(before, on_the_day, counters=MET, orders=(order(Waiver.CATALOGUE),))
    assert [line.in_scope_fen for line in calculate(anshan(), of_today).breakdown.lines] == [0, 10_000]
    of_yesterday = structs.replace(of_today, orders=(order(Waiver.CATALOGUE, begins=DAY - A_DAY),))
    assert [line.in_scope_fen for line in calculate(anshan(), of_yesterday).breakdown.lines] == [10_000, 0]


def test_what_is_no_medical_care_stays_excluded() -> None:
    tonic = structs.replace(OUTSIDE, kind=LineKind.WELLNESS)
    pack = anshan({"lines.excluded": [{"when": {"class": "C", "kind": ["drug", "wellness"]}}]})
    lifts = (order(Waiver.CATALOGUE),)
    assert funded(visit(tonic, counters=MET, orders=lifts), pack) == 0
    assert funded(visit(OUTSIDE, counters=MET, orders=lifts), pack) == 5_000


def test_the_cap_is_lifted_by_the_day_of_the_bill_and_what_is_paid_is_still_counted() -> None:
    used = {**MET, PAID: 299_000}
    case = visit(drug(10_000), counters=used, orders=(order(Waiver.LIMITS),))
    result = calculate(anshan(), case)
    assert fund_fen(result.breakdown, "pooled") == 5_000
    assert dict(result.deltas)[CounterKey("2023", GENERAL, "paid")] == 5_000
    assert Step.CAP not in [entry.step for entry in result.trace]
    assert funded(structs.replace(case, orders=(order(Waiver.CATALOGUE, Waiver.QUANTITIES),))) == 1_000


def test_several_orders_hold_side_by_side_and_each_is_told() -> None:
    one = order(Waiver.CATALOGUE)
    other = replace(order(Waiver.LIMITS), id="E-2")
    over = replace(order(Waiver.LIMITS, begins=DAY - 9 * A_DAY), id="E-0")
    case = visit(OUTSIDE, counters={**MET, PAID: 300_000}, orders=(over, one, other))
    result = calculate(anshan(), case)
    assert fund_fen(result.breakdown, "pooled") == 5_000
    told = [dict(entry.inputs)["order"] for entry in result.trace if entry.step is Step.EMERGENCY_ORDER]
    assert told == ["E-1", "E-2"]
    waived = [dict(entry.inputs) for entry in result.trace if entry.step is Step.LIMIT_WAIVED]
    assert [(each["what"], each["order"]) for each in waived] == [("catalogue", "E-1"), ("cap", "E-2")]


@pytest.mark.parametrize("share", [{"share": "0.00"}, {"none": True}, {"share": "0.10"}])
def test_an_assumed_share_refuses_whatever_it_comes_to(share: dict[str, Any]) -> None:
    pack = anshan({"lines.self_pay_first": [{**share, "force": "assumed"}]})
    with pytest.raises(Refused) as refused:
        calculate(pack, visit())
    assert refused.value.reason is Reason.PARAMETER_ASSUMED
    assert calculate(pack, visit(), allow_assumed=True).breakdown.total_fen == 50_000


def test_an_assumed_ceiling_that_puts_a_drug_outside_the_five_fixed_refuses() -> None:
    fixed = {"drug_kinds": {1: 3}, "outside": "self_pay"}
    pack = anshan({
        f"benefits.{GENERAL}.five_fixed": fixed,
        "lines.ceilings": [{"unit_price": "109.41", "force": "assumed"}],
    })  # fmt: skip
    with pytest.raises(Refused) as refused:
        calculate(pack, visit(drug(64_955)))
    assert refused.value.reason is Reason.PARAMETER_ASSUMED
    unapproved = structs.replace(drug(64_955), approved=False)
    assert calculate(pack, visit(unapproved)).breakdown.fully_self_paid_fen == 64_955


def test_an_assumed_share_that_decides_nothing_refuses_nothing() -> None:
    pack = anshan({"lines.self_pay_first": [{"share": "0.10", "force": "assumed"}]})
    own = structs.replace(drug(50_000), self_pay_share_ppm=200_000)
    assert calculate(pack, visit(own)).breakdown.self_pay_first_fen == 10_000


def test_a_threshold_of_what_the_patient_bore_is_met_by_the_same_settlement_first() -> None:
    layer = {
        "id": "aid", "title": {"zh": "救", "en": "aid"}, "fund": "aid", "base": "in_scope_left",
        "threshold": {"of": "personal", "rows": [{"amount": "100.00", "clause": "x"}]},
        "ratio": {"rows": [{"ratio": "1.00", "clause": "x"}]},
    }  # fmt: skip
    general = f"benefits.{GENERAL}.layers"
    pack = anshan({"accumulators": ["personal"], "layers": [layer], general: ["aid"]})
    outside, inside = OUTSIDE, drug(10_000)
    together = fund_fen(calculate(pack, visit(outside, inside)).breakdown, "aid")
    first = calculate(pack, visit(outside))
    then = fund_fen(calculate(pack, visit(inside, counters=dict(first.deltas))).breakdown, "aid")
    assert fund_fen(first.breakdown, "aid") == 0
    assert together == then == 10_000
