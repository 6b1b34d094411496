"""What the gateway asks of the engine besides a settlement, and how the engine answers."""

from dataclasses import replace
from datetime import date

import pytest
from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.basket import CatalogueClass, Encounter, Line, LineKind, Ward
from medsettle_gateway.domain.breakdown import AccountNote, AccountShare, FundShare
from medsettle_gateway.domain.counters import CounterKey, Remainder
from medsettle_gateway.domain.errors import Refusal, Refused
from medsettle_gateway.domain.member import Enrolment, Owner
from medsettle_gateway.domain.place import Designation
from medsettle_gateway.domain.plain import from_raw
from medsettle_gateway.policy import pack as pack_module
from medsettle_gateway.policy.engine import (
    PERSONAL_ACCOUNT_ONLY,
    CaseInput,
    account_rules,
    calculate,
    counters_read,
    may_have,
    remainders,
)
from medsettle_gateway.policy.stored import case_from_plain, case_to_json
from tests.gateway.policy.examples import (
    CLINIC,
    DAY,
    DEDUCTIBLE,
    EMPLOYEE,
    GENERAL,
    PAID,
    PHARMACY,
    VISIT,
    account,
    anshan,
    drug,
    visit,
)

PACK = anshan()
ACCOUNT_ONLY = Encounter(PERSONAL_ACCOUNT_ONLY)


def refusal_of(case: CaseInput) -> Refusal | None:
    try:
        calculate(PACK, case)
    except Refused as refused:
        return refused.refusal
    return None


def test_the_year_is_read_moved_and_reported() -> None:
    before = {DEDUCTIBLE: 28_000, PAID: 299_000}
    result = calculate(PACK, visit(drug(10_000), counters=before))
    assert result.breakdown.funds == (FundShare("pooled", 1_000),)
    assert result.deltas == ((DEDUCTIBLE, 2_000), (PAID, 1_000))
    assert result.remainders == (
        Remainder(DEDUCTIBLE, 30_000, 30_000, 0),
        Remainder(PAID, 300_000, 300_000, 0),
    )


def test_what_did_not_move_is_no_delta() -> None:
    assert calculate(PACK, visit(drug(100))).deltas == ((DEDUCTIBLE, 100),)
    assert calculate(PACK, visit(drug(100), encounter=ACCOUNT_ONLY)).deltas == ()


def test_a_year_without_a_cap_has_no_limit_and_nothing_left_to_count() -> None:
    unlimited = anshan({f"benefits.{GENERAL}.cap": {"none": True}})
    result = calculate(unlimited, visit(drug(100_000)))
    assert result.remainders[1] == Remainder(PAID, 35_000, None, None)


def test_the_counters_are_declared_before_they_are_read() -> None:
    assert counters_read(PACK, visit()) == (DEDUCTIBLE, PAID)
    later = visit(service_on=date(2024, 1, 1))
    assert counters_read(PACK, later)[0] == CounterKey("2024", GENERAL, "deductible")
    assert counters_read(PACK, visit(encounter=ACCOUNT_ONLY)) == ()
    assert counters_read(PACK, visit(encounter=Encounter("chronic"))) == ()
    without = anshan({f"benefits.{GENERAL}.deductible": {"period": "none"}})
    assert counters_read(without, visit()) == (PAID,)


def test_a_benefit_without_a_deductible_takes_none_and_marks_none() -> None:
    without = anshan({f"benefits.{GENERAL}.deductible": {"period": "none"}})
    result = calculate(without, visit(drug(10_000), counters={DEDUCTIBLE: 100}))
    assert result.breakdown.deductible_fen == 0
    assert result.deltas == ((PAID, 5_000),)
    assert result.remainders == (Remainder(PAID, 5_000, 300_000, 295_000),)


def test_eligibility_gives_the_reason_that_a_settlement_would_give() -> None:
    cases = [
        visit(),
        visit(service_on=date(2022, 1, 1)),
        visit(patient=replace(EMPLOYEE, covered_to=date(2023, 5, 31))),
        visit(institution=replace(CLINIC, designations=())),
        visit(institution=PHARMACY),
        visit(encounter=Encounter("chronic")),
        visit(patient=replace(EMPLOYEE, enrolment=Enrolment.INPATIENT_ONLY)),
    ]
    for case in cases:
        asked = may_have(
            PACK, case.encounter.benefit, case.patient, case.institution, case.encounter, case.service_on
        )
        assert asked == refusal_of(case)


def test_eligibility_reports_a_figure_without_a_rule() -> None:
    empty = anshan({f"benefits.{GENERAL}.ratio.rows": []})
    refusal = may_have(empty, GENERAL, EMPLOYEE, CLINIC, VISIT, DAY)
    assert refusal is not None
    assert refusal.reason is Reason.NO_RULE
    assert refusal.detail["pack"] == "anshan-employee-outpatient"
    assert refusal.detail["path"] == f"benefits.{GENERAL}.ratio"
    assert "facts" not in refusal.detail
    rows = [{"when": {"level": ["secondary", "tertiary"]}, "ratio": "0.55"}]
    none_applies = anshan({f"benefits.{GENERAL}.ratio.rows": rows})
    refusal = may_have(none_applies, GENERAL, EMPLOYEE, CLINIC, VISIT, DAY)
    assert refusal is not None
    assert refusal.detail["facts"] == "level=primary"
    assert remainders(empty, GENERAL, EMPLOYEE, CLINIC, VISIT, DAY, {}) == ()


def test_remainders_are_known_before_anything_is_bought() -> None:
    left = remainders(PACK, GENERAL, EMPLOYEE, CLINIC, VISIT, DAY, {DEDUCTIBLE: 31_000, PAID: 100})
    assert left == (Remainder(DEDUCTIBLE, 31_000, 30_000, 0), Remainder(PAID, 100, 300_000, 299_900))
    assert remainders(PACK, PERSONAL_ACCOUNT_ONLY, EMPLOYEE, CLINIC, VISIT, DAY, {}) == ()


def test_account_rules_depend_on_the_place() -> None:
    here = account_rules(PACK, PERSONAL_ACCOUNT_ONLY, EMPLOYEE, PHARMACY, ACCOUNT_ONLY, DAY)
    assert here.owners == (Owner.SELF, Owner.SPOUSE, Owner.PARENT, Owner.CHILD)
    assert here.kinds == ("drug", "device", "consumable")
    assert here.own_account
    pool_only = replace(EMPLOYEE, enrolment=Enrolment.POOL_ONLY)
    there = account_rules(PACK, GENERAL, pool_only, CLINIC, VISIT, DAY)
    assert "surgery" in there.kinds
    assert "wellness" not in there.kinds
    assert not there.own_account


def test_an_account_that_pays_nothing_says_why() -> None:
    payers = (
        account(Owner.SIBLING, 100, "sibling"),
        account(Owner.SELF, 0, "own"),
        account(Owner.SPOUSE, 100, "spouse"),
    )
    spent = calculate(PACK, visit(drug(50), accounts=payers)).breakdown.accounts
    assert spent == (
        AccountShare("own", Owner.SELF, 0, AccountNote.BALANCE_ZERO),
        AccountShare("spouse", Owner.SPOUSE, 50, None),
        AccountShare("sibling", Owner.SIBLING, 0, AccountNote.OWNER_NOT_ALLOWED),
    )
    pool_only = replace(EMPLOYEE, enrolment=Enrolment.POOL_ONLY)
    own = visit(drug(50), accounts=payers[1:2], patient=pool_only)
    assert calculate(PACK, own).breakdown.accounts[0].note is AccountNote.NO_OWN_ACCOUNT
    goods = Line("toothpaste", LineKind.DAILY_GOODS, CatalogueClass.C, 50)
    forbidden = calculate(PACK, visit(goods, accounts=payers[2:]))
    assert forbidden.breakdown.accounts[0].note is AccountNote.NOTHING_PAYABLE


def test_an_account_that_is_not_needed_has_nothing_held_against_it() -> None:
    free = anshan({f"benefits.{GENERAL}.ratio.rows": [{"ratio": "1.00"}]})
    case = visit(drug(50), counters={DEDUCTIBLE: 30_000}, accounts=(account(Owner.SELF, 100),))
    assert calculate(free, case).breakdown.accounts == (AccountShare("a", Owner.SELF, 0, None),)


def test_accounts_may_not_pay_where_the_pack_has_no_account_rules() -> None:
    without = anshan({"accounts": None})
    paid = calculate(without, visit(drug(50), accounts=(account(Owner.SELF, 100),))).breakdown
    assert paid.accounts[0].note is AccountNote.OWNER_NOT_ALLOWED
    assert paid.cash_fen == 50


def test_a_switch_of_the_benefit_opens_a_place_for_accounts() -> None:
    at = [{"at": "clinic", "switch": "pharmacy_pooling"}]
    own = (account(Owner.SELF, 100),)
    closed = anshan({"accounts.at": at})
    assert calculate(closed, visit(drug(50), accounts=own)).breakdown.cash_fen == 50
    opened = anshan({"accounts.at": at, f"benefits.{GENERAL}.switches.pharmacy_pooling": True})
    assert calculate(opened, visit(drug(50), accounts=own)).breakdown.cash_fen == 0


def test_a_refused_line_is_named_by_its_number() -> None:
    wrong = Line("b", LineKind.DRUG, CatalogueClass.A, 199, unit_price_micro=1_000_000, quantity_e4=20_000)
    with pytest.raises(Refused) as refused:
        calculate(PACK, visit(drug(1), wrong))
    assert refused.value.detail == {"line": "2", "amount": "1.99", "computed": "2.00"}


def test_the_trace_can_be_left_out_and_changes_nothing() -> None:
    case = visit(drug(50_000), accounts=(account(Owner.SELF, 100),))
    assert calculate(PACK, case, trace=False) == calculate(PACK, case)._replace(steps=())


def test_rules_are_resolved_once_for_one_combination_of_facts() -> None:
    pack = anshan()
    first = pack.plan(GENERAL, EMPLOYEE, CLINIC, VISIT, DAY)
    assert pack.plan(GENERAL, replace(EMPLOYEE), replace(CLINIC), VISIT, DAY) is first
    assert pack.plan(GENERAL, EMPLOYEE, PHARMACY, VISIT, DAY) is not first


def test_the_resolved_rules_of_a_pack_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack_module, "PLANS_KEPT", 3)
    pack = anshan()
    for number in range(10):
        patient = replace(EMPLOYEE, conditions=(f"c{number}",))
        assert calculate(pack, visit(patient=patient)).breakdown.total_fen == 50_000
    assert len(pack._plans) <= 3


def test_the_whole_input_can_be_stored_and_calculated_again() -> None:
    line = Line(
        "bed", LineKind.BED, CatalogueClass.A, 6_000, 30_000_000, 20_000, 25_000_000, 100_000,
        "gout", approved=False, ward=Ward.BURN, service_on=date(2023, 5, 30),
    )  # fmt: skip
    case = CaseInput(
        service_on=DAY,
        patient=replace(EMPLOYEE, covered_to=date(2024, 1, 1), conditions=("gout", "asthma")),
        institution=CLINIC,
        encounter=structs.replace(VISIT, admitted=date(2023, 5, 29), discharged=DAY, sessions=2),
        lines=(line, drug(50_000)),
        counters={PAID: 100, DEDUCTIBLE: 200},
        accounts=(account(Owner.SELF, 100, "m-1"),),
    )
    again = case_from_plain(from_raw(case_to_json(case)))
    assert again == case
    assert calculate(PACK, again) == calculate(PACK, case)


def test_a_stored_input_of_another_form_is_refused() -> None:
    with pytest.raises(ValueError, match="form 99"):
        case_from_plain({**from_raw(case_to_json(visit())), "form": 99})


def test_designations_are_matched_by_any_of_those_held() -> None:
    held = replace(CLINIC, designations=(Designation.CHRONIC, *CLINIC.designations))
    assert may_have(PACK, GENERAL, EMPLOYEE, held, VISIT, DAY) is None
