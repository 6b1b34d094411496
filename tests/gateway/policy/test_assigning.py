"""A basket is shared out between benefits: one settlement a benefit, one after another."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY, CatalogueClass, Encounter, LineKind
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.errors import Refused
from medsettle_gateway.domain.member import Owner
from medsettle_gateway.domain.place import Designation
from medsettle_gateway.policy.assigning import ASSIGNED, Settled, calculate_portions, share_out
from medsettle_gateway.policy.inputs import CaseInput
from medsettle_gateway.policy.pack import Pack
from tests.gateway.policy.examples import (
    CLINIC,
    EMPLOYEE,
    GENERAL,
    PHARMACY,
    account,
    anshan,
    drug,
    visit,
)
from tests.gateway.policy.funds import fund_fen

CHRONIC = "chronic_outpatient"
OF_CHRONIC: Mapping[str, Any] = {
    "title": {"zh": "门诊慢特病", "en": "chronic outpatient"},
    "fund": "pooled",
    "who": [{"scheme": "employee"}],
    "where": [{"designation": "chronic"}],
    "deductible": {"period": "none"},
    "ratio": {"rows": [{"ratio": "0.80", "clause": "x"}]},
    "cap": {"per": "condition", "rows": [{"amount": "2000.00", "clause": "x"}]},
    "layers": [],
}


def region(**changes: Any) -> Pack:
    """Anshan with a chronic benefit, behind that of general outpatient care."""
    return anshan({
        f"benefits.{CHRONIC}": {**OF_CHRONIC, **changes},
        "eligibility.filing": [CHRONIC],
    })  # fmt: skip


CHRONIC_CLINIC = replace(CLINIC, designations=(*CLINIC.designations, Designation.CHRONIC))
FILED = replace(EMPLOYEE, conditions=("hypertension",))
PILLS = structs.replace(drug(10_000, name="amlodipine"), condition="hypertension")
REMEDY = drug(40_000, name="cold remedy")
ECG = structs.replace(drug(5_000, name="ECG"), kind=LineKind.TEST)


def basket(*lines: Any, **changes: Any) -> CaseInput:
    changed = {"patient": FILED, "institution": CHRONIC_CLINIC, "encounter": Encounter(ASSIGNED), **changes}
    return visit(*lines, **changed)


def shares(case: CaseInput, packs: Sequence[Pack] | None = None) -> dict[str, tuple[int, ...]]:
    return {portion.benefit: portion.lines for portion in share_out(packs or [region()], case)}


def settled(case: CaseInput, pack: Pack | None = None) -> tuple[Settled, ...]:
    pack = pack or region()
    return calculate_portions(share_out([pack], case), case, lambda _: (pack,))


def test_a_filed_condition_goes_to_the_chronic_benefit_and_the_rest_to_the_next() -> None:
    assert shares(basket(REMEDY, PILLS)) == {GENERAL: (0,), CHRONIC: (1,)}


def test_a_benefit_that_names_its_lines_comes_before_one_that_takes_every_line() -> None:
    pack = region(takes=[{"kind": "drug"}])
    assert shares(basket(REMEDY, PILLS, ECG), [pack]) == {GENERAL: (2,), CHRONIC: (0, 1)}


def test_with_takes_a_benefit_leaves_the_other_lines() -> None:
    pack = anshan({f"benefits.{GENERAL}.takes": [{"kind": ["test", "treatment"]}]})
    assert shares(basket(REMEDY, ECG), [pack]) == {GENERAL: (1,), PERSONAL_ACCOUNT_ONLY: (0,)}


def test_a_condition_that_is_not_filed_does_not_open_the_chronic_benefit() -> None:
    gout = structs.replace(PILLS, condition="gout")
    assert shares(basket(gout), [region()]) == {GENERAL: (0,)}


def test_what_no_benefit_takes_is_paid_by_account_and_cash() -> None:
    at_pharmacy = basket(REMEDY, institution=PHARMACY)
    assert shares(at_pharmacy, [region()]) == {PERSONAL_ACCOUNT_ONLY: (0,)}


def test_a_line_gets_the_benefit_that_it_asks_for() -> None:
    asked = structs.replace(PILLS, benefit=GENERAL)
    assert shares(basket(asked, PILLS), [region()]) == {CHRONIC: (1,), GENERAL: (0,)}


def test_a_basket_gets_the_benefit_that_it_asks_for() -> None:
    case = basket(REMEDY, PILLS, encounter=Encounter(GENERAL))
    assert shares(case, [region()]) == {GENERAL: (0, 1)}


@pytest.mark.parametrize("dual", [True, False])
def test_who_asks_for_a_benefit_of_the_other_channel_has_it_as_if_not_asked(dual: bool) -> None:
    pack = anshan({f"benefits.{GENERAL}.takes": [{"dual_channel": not dual}]})
    mine, other = structs.replace(REMEDY, dual_channel=dual), structs.replace(ECG, dual_channel=not dual)
    apart = {PERSONAL_ACCOUNT_ONLY: (0,), GENERAL: (1,)}
    assert shares(basket(mine, other, encounter=Encounter(GENERAL)), [pack]) == apart
    assert shares(basket(structs.replace(mine, benefit=GENERAL), other), [pack]) == apart


def test_a_benefit_without_its_figures_is_refused_and_not_passed_over() -> None:
    empty = region()
    general, chronic = empty.rules.benefits
    bare = replace(chronic, cap=replace(chronic.cap, figure=replace(chronic.cap.figure, rows=())))
    pack = replace(empty, rules=replace(empty.rules, benefits=(general, bare)))
    with pytest.raises(Refused) as refused:
        settled(basket(PILLS), pack)
    assert refused.value.reason is Reason.NO_RULE


def test_a_region_without_a_pack_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        share_out([], basket(PILLS))
    assert refused.value.reason is Reason.PACK_NOT_IN_FORCE


def test_each_settlement_is_rounded_capped_and_counted_by_itself() -> None:
    general, chronic = settled(basket(REMEDY, PILLS), region())
    assert fund_fen(chronic.calculation.breakdown, "pooled") == 8_000
    assert general.calculation.breakdown.deductible_fen == 30_000
    assert fund_fen(general.calculation.breakdown, "pooled") == 5_000
    assert dict(chronic.calculation.deltas) == {CounterKey("2023", f"{CHRONIC}/hypertension", "paid"): 8_000}


def test_an_account_pays_a_later_settlement_with_what_the_earlier_ones_left() -> None:
    case = basket(REMEDY, PILLS, accounts=(account(Owner.SELF, 36_000),))
    general, chronic = settled(case, region())
    assert general.calculation.breakdown.accounts[0].amount_fen == 35_000
    assert chronic.case.accounts[0].balance_fen == 1_000
    assert chronic.calculation.breakdown.accounts[0].amount_fen == 1_000
    assert chronic.calculation.breakdown.cash_fen == 1_000


def test_a_shared_counter_moves_from_settlement_to_settlement() -> None:
    pack = region()
    general, chronic = pack.rules.benefits
    together = ("outpatient",)
    pack = replace(pack, rules=replace(pack.rules, benefits=(
        replace(general, cap=replace(general.cap, counters=together)),
        replace(chronic, cap=replace(general.cap, counters=together)),
    )))  # fmt: skip
    key = CounterKey("2023", "outpatient", "paid")
    first, second = settled(basket(REMEDY, PILLS, counters={key: 294_000}), pack)
    assert fund_fen(first.calculation.breakdown, "pooled") == 5_000
    assert second.case.counters[key] == 299_000
    assert fund_fen(second.calculation.breakdown, "pooled") == 1_000
    assert second.calculation.breakdown.over_cap_fen == 7_000


def test_drugs_of_an_earlier_settlement_count_as_handed_out() -> None:
    week = structs.replace(REMEDY, days_supply=7)
    general, chronic = settled(basket(week, PILLS), region())
    assert [each.name for each in chronic.case.dispensed] == ["cold remedy"]
    assert general.case.dispensed == ()
    assert [each.name for each in chronic.handed_out] == ["amlodipine"]


def test_a_drug_that_nobody_could_count_or_that_is_excluded_is_not_kept() -> None:
    outside = structs.replace(drug(100, CatalogueClass.C), days_supply=7)
    late = structs.replace(REMEDY, days_supply=7, service_on=date(2023, 6, 2))
    case = basket(REMEDY, outside, late, patient=replace(FILED, covered_to=date(2023, 6, 1)))
    (general,) = settled(case, region())
    assert general.handed_out == ()


def test_every_line_is_in_exactly_one_portion() -> None:
    excluded = structs.replace(drug(100, CatalogueClass.C), kind=LineKind.WELLNESS)
    portions = share_out([region()], basket(REMEDY, PILLS, excluded, PILLS))
    assert sorted(index for portion in portions for index in portion.lines) == [0, 1, 2, 3]
