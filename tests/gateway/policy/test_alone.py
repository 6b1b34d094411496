"""A fund that pays alone pays what it pays beside others: two ways to one result."""

from collections.abc import Sequence
from unittest.mock import patch

from hypothesis import given

from medsettle_gateway.domain.errors import Refusal, Refused
from medsettle_gateway.policy.counting import periods_in
from medsettle_gateway.policy.engine import Calculation, CaseInput, calculate
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.plan import Plan
from tests.gateway.policy.examples import anshan, cases, packs, visit
from tests.gateway.policy.strategies_cases import World, settled_worlds

PERIODS = periods_in(2023)


def outcome(pack: Pack, case: CaseInput, versions: Sequence[Pack] = ()) -> Calculation | Refusal:
    try:
        return calculate(pack, case, versions=versions)
    except Refused as refused:
        return refused.refusal


def beside_others(pack: Pack, case: CaseInput, versions: Sequence[Pack] = ()) -> Calculation | Refusal:
    with patch.object(Plan, "alone", lambda _plan, _periods: None):
        return outcome(pack, case, versions)


@given(packs, cases)
def test_a_fund_alone_pays_what_it_pays_beside_others(pack: Pack, case: CaseInput) -> None:
    assert outcome(pack, case) == beside_others(pack, case)


@given(settled_worlds)
def test_nothing_that_counts_along_is_left_out(world: World) -> None:
    assert outcome(world.pack, world.case, world.packs) == beside_others(world.pack, world.case, world.packs)


def plan_with(**changes: object) -> Plan:
    case = visit()
    pack = anshan({f"benefits.general_outpatient.{path}": value for path, value in changes.items()})
    return pack.plan(
        case.encounter.benefit, case.patient, case.institution, case.encounter, case.service_on
    )


def test_one_deductible_and_one_cap_are_alone() -> None:
    keys = plan_with().alone(PERIODS)
    assert keys is not None
    assert [key and key.measure for key in keys] == ["deductible", "paid"]


def test_limits_that_are_counted_under_two_names_are_not_alone() -> None:
    assert plan_with(**{"cap.counters": ["general_outpatient", "basic_annual"]}).alone(PERIODS) is None
    assert plan_with(**{"deductible.counters": ["one", "other"]}).alone(PERIODS) is None


def test_a_table_by_amount_is_not_alone() -> None:
    bands = {"of": "after_deductible", "over": "year", "rows": [{"ratio": "0.50"}]}
    assert plan_with(ratio={"bands": bands}).alone(PERIODS) is None
