"""What a month brings to an account: a share of the own base, one of an average pension, or nothing."""

from dataclasses import replace
from typing import Any

import pytest

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.errors import Refused
from medsettle_gateway.domain.member import Enrolment, Patient, Scheme, Standing
from medsettle_gateway.policy.accrual import Way, way_of
from medsettle_gateway.policy.pack import Pack
from tests.gateway.policy.examples import DAY, EMPLOYEE, anshan

RETIRED = Patient(Scheme.EMPLOYEE, Standing.RETIRED)
PENSION = {"accounts.accrual.pension.rows": [{"amount": "2765.50", "clause": "鞍人社发〔2023〕1号"}]}


def way(patient: Patient = EMPLOYEE, pack: Pack | None = None) -> Way:
    return way_of(pack or anshan(), patient, DAY)


def refusal(patient: Patient, pack: Pack | None = None) -> tuple[Reason, Any]:
    with pytest.raises(Refused) as refused:
        way(patient, pack)
    return refused.value.reason, refused.value.detail


def test_an_active_employee_is_brought_two_percent_of_the_own_base() -> None:
    found = way()
    assert found.needs_base
    assert found.amount_fen(500_000) == 10_000
    assert (found.rule, found.clause) == ("accounts.accrual.of_base.rows[0]", "三(三)¶2")


@pytest.mark.parametrize(
    ("base_fen", "amount_fen"), [(0, 0), (24, 0), (25, 1), (333_325, 6_667), (333_324, 6_666)]
)
def test_the_share_is_rounded_half_up_to_the_fen(base_fen: int, amount_fen: int) -> None:
    assert way().amount_fen(base_fen) == amount_fen


def test_a_retiree_is_brought_one_amount_whatever_the_base_of_anybody() -> None:
    found = way(RETIRED, anshan(PENSION))
    assert not found.needs_base
    assert found.amount_fen(0) == found.amount_fen(1_000_000) == 5_531
    assert found.rule == "accounts.accrual.of_pension.rows[0]"


def test_an_average_pension_that_the_document_does_not_name_is_not_made_up() -> None:
    reason, detail = refusal(RETIRED)
    assert reason is Reason.NO_RULE
    assert detail["path"] == "accounts.accrual.pension"


def test_an_average_pension_that_is_only_assumed_brings_nothing() -> None:
    rows = [{"amount": "2765.50", "force": "assumed", "clause": "估计"}]
    reason, _ = refusal(RETIRED, anshan({"accounts.accrual.pension.rows": rows}))
    assert reason is Reason.PARAMETER_ASSUMED


def test_a_flexible_worker_is_brought_nothing_and_a_clause_says_so() -> None:
    found = way(replace(EMPLOYEE, standing=Standing.FLEXIBLE))
    assert (found.amount_fen(500_000), found.needs_base) == (0, False)
    assert found.clause == "三(三)¶3"


@pytest.mark.parametrize("enrolment", [Enrolment.POOL_ONLY, Enrolment.INPATIENT_ONLY])
def test_who_has_no_account_by_enrolment_is_brought_nothing(enrolment: Enrolment) -> None:
    reason, detail = refusal(replace(EMPLOYEE, enrolment=enrolment))
    assert (reason, detail) == (Reason.NO_OWN_ACCOUNT, {"enrolment": enrolment.value})


def test_a_pack_without_the_section_brings_nothing_to_anybody() -> None:
    reason, detail = refusal(EMPLOYEE, anshan({"accounts.accrual": None}))
    assert (reason, detail["path"]) == (Reason.NO_RULE, "accounts.accrual")


def test_a_standing_that_no_row_meets_has_no_rule() -> None:
    rows = [{"when": {"standing": "retired"}, "ratio": "0.02", "clause": "三"}]
    reason, detail = refusal(EMPLOYEE, anshan({"accounts.accrual.of_base.rows": rows}))
    assert (reason, detail["path"]) == (Reason.NO_RULE, "accounts.accrual.of_pension")
