"""A line outside what the catalogue restricts its item to: no fund pays, accounts as the pack lets them."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from medsettle_gateway.domain.basket import CatalogueClass, EmergencyOrder, Line, Waiver
from medsettle_gateway.domain.goods import Restricted, Restriction
from medsettle_gateway.domain.member import Owner
from medsettle_gateway.domain.plain import from_raw
from medsettle_gateway.policy.assigning import handed_out
from medsettle_gateway.policy.case_lines import read_lines
from medsettle_gateway.policy.engine import calculate
from medsettle_gateway.policy.inputs import Calculation
from medsettle_gateway.policy.reading import Invalid, Reader
from medsettle_gateway.policy.stored import case_from_plain, case_to_json
from medsettle_gateway.policy.trace import Step, TraceEntry, replay
from tests.gateway.policy.examples import DAY, DEDUCTIBLE, account, anshan, drug, visit
from tests.gateway.policy.funds import fund_fen

MET = {DEDUCTIBLE: 30_000}
FOR_WOMEN = Restricted(Restriction.SEX, "female", "male", "限妇女使用")
FOR_A_MONTH = Restricted(Restriction.DAYS_SUPPLY, "30", "60")


def outside(restricted: Restricted = FOR_WOMEN, **changes: Any) -> Line:
    return structs.replace(drug(10_000), restricted=restricted, **changes)


def result(*lines: Line, **changes: Any) -> Calculation:
    return calculate(anshan(), visit(*lines, counters=MET, **changes))


def steps(found: Calculation, step: Step) -> list[TraceEntry]:
    return [entry for entry in found.trace if entry.step is step]


def test_no_fund_pays_for_a_line_outside_its_restriction_and_the_others_stay_as_they_are() -> None:
    found = result(outside(), drug(10_000))
    assert [line.fully_self_paid_fen for line in found.breakdown.lines] == [10_000, 0]
    assert fund_fen(found.breakdown, "pooled") == 5_000


def test_the_step_names_the_restriction_and_its_clause() -> None:
    (step,) = steps(result(outside()), Step.RESTRICTED)
    assert (step.clause, step.amount_fen, step.line) == ("限妇女使用", 10_000, 0)
    assert dict(step.inputs) == {"name": "drug", "what": "sex", "allowed": "female", "found": "male"}
    assert "限女性使用" in step.zh
    assert "women only" in step.en


def test_a_personal_account_pays_for_it_as_far_as_the_pack_lets_it() -> None:
    accounts = (account(Owner.SELF, 6_000),)
    assert result(outside(), accounts=accounts).breakdown.accounts[0].amount_fen == 6_000


def test_what_is_excluded_anyway_is_told_as_excluded() -> None:
    found = result(structs.replace(outside(), catalogue_class=CatalogueClass.C))
    assert (len(steps(found, Step.EXCLUDED)), steps(found, Step.RESTRICTED)) == (1, [])


@pytest.mark.parametrize(
    ("restricted", "waives", "lifted"),
    [
        (FOR_WOMEN, Waiver.CATALOGUE, True),
        (FOR_WOMEN, Waiver.QUANTITIES, False),
        (FOR_A_MONTH, Waiver.QUANTITIES, True),
        (FOR_A_MONTH, Waiver.CATALOGUE, False),
    ],
)
def test_an_emergency_order_lifts_the_restriction_of_what_it_waives(
    restricted: Restricted, waives: Waiver, *, lifted: bool
) -> None:
    order = EmergencyOrder("E-1", "省医保局", (waives,), DAY, DAY + timedelta(days=1))
    found = result(outside(restricted), orders=(order,))
    assert fund_fen(found.breakdown, "pooled") == (5_000 if lifted else 0)
    assert len(steps(found, Step.LIMIT_WAIVED)) == int(lifted)
    assert len(steps(found, Step.RESTRICTED)) == int(not lifted)


def test_the_trace_rebuilds_the_breakdown() -> None:
    found = result(outside(), drug(4_000), outside(FOR_A_MONTH, days_supply=60))
    assert replay(found.trace) == found.breakdown


def test_a_drug_that_no_fund_paid_for_counts_for_no_limit() -> None:
    case = visit(outside(FOR_A_MONTH, days_supply=60), drug(1_000))
    inside = structs.replace(case, lines=(structs.replace(drug(1_000), days_supply=7),))
    assert handed_out(anshan(), case) == ()
    assert len(handed_out(anshan(), inside)) == 1


def test_a_stored_input_keeps_what_a_line_was_restricted_to() -> None:
    case = visit(outside())
    assert case_from_plain(from_raw(case_to_json(case))) == case


def read(value: object) -> tuple[Line, ...]:
    reader = Reader("case", {})
    found = read_lines(reader, [{"name": "药", "amount": "1.00", "restricted": value}])
    reader.finish()
    return found


def test_a_case_file_says_what_a_line_is_restricted_to() -> None:
    assert read({"sex": "female"})[0].restricted == Restricted(Restriction.SEX, "female")


@pytest.mark.parametrize("value", [{}, {"sex": "female", "age": "0-14"}, {"colour": "red"}, "sex"])
def test_a_case_file_with_another_restriction_is_refused(value: object) -> None:
    with pytest.raises(Invalid, match=r"restricted"):
        read(value)
