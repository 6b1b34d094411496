"""What holds for every pack, person, place and basket."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY, Waiver
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.errors import Refused
from medsettle_gateway.policy.engine import Calculation, calculate, counters_read, may_have, periods_of
from medsettle_gateway.policy.inputs import CaseInput
from medsettle_gateway.policy.trace import Step, TraceEntry, replay
from tests.gateway.policy.strategies import fens
from tests.gateway.policy.strategies_cases import World, loaded, settled_worlds, worlds, worlds_of_versions
from tests.gateway.policy.strategies_shapes import chained, without_afterwards

FIGURES = (Reason.NO_RULE, Reason.PARAMETER_ASSUMED)
OF_LINES = (
    Reason.LINE_AMOUNT_MISMATCH,
    Reason.CONDITION_NOT_FILED,
    Reason.DRUG_NOT_APPROVED,
    Reason.DRUG_OVER_CEILING,
    Reason.DRUG_KINDS_EXCEEDED,
    Reason.DAYS_SUPPLY_EXCEEDED,
    Reason.OVER_CEILING,
    Reason.OVER_SESSION_LIMIT,
)


def settle(world: World, case: CaseInput | None = None) -> Calculation:
    return calculate(world.pack, case or world.case, versions=world.packs)


def after(case: CaseInput, result: Calculation) -> CaseInput:
    """The case as it would stand after this settlement."""
    used = dict(case.counters)
    for key, delta_fen in result.deltas:
        used[key] = used.get(key, 0) + delta_fen
    return structs.replace(case, counters=used)


@given(settled_worlds)
def test_the_identities_hold(world: World) -> None:
    case, breakdown = world.case, settle(world).breakdown
    breakdown.check()
    assert [line.amount_fen for line in breakdown.lines] == [line.amount_fen for line in case.lines]
    assert sorted(share.account for share in breakdown.accounts) == [each.account for each in case.accounts]
    assert all(share.amount_fen > 0 for share in breakdown.funds)
    assert len({share.fund for share in breakdown.funds}) == len(breakdown.funds)


@given(settled_worlds)
def test_the_same_case_gives_the_same_result_from_a_pack_read_anew(world: World) -> None:
    first = settle(world)
    assert settle(world) == first
    assert calculate(loaded(world.data), world.case) == first


@given(settled_worlds)
def test_the_trace_rebuilds_the_breakdown_and_can_be_left_out(world: World) -> None:
    result = settle(world)
    assert replay(result.trace) == result.breakdown
    bare = calculate(world.pack, world.case, trace=False)
    assert bare == result._replace(steps=())


def by_layer(trace: tuple[TraceEntry, ...], step: Step) -> dict[str, int]:
    found: dict[str, int] = {}
    for entry in trace:
        if entry.step is step:
            layer = str(dict(entry.inputs)["layer"])
            found[layer] = found.get(layer, 0) + entry.amount_fen
    return found


@given(settled_worlds)
def test_what_the_trace_says_of_each_layer_is_what_is_counted_for_it(world: World) -> None:
    result = settle(world)
    moved = {
        key.counter: fen for key, fen in result.deltas if key.measure == "paid" and "/" not in key.counter
    }
    for layer, paid_fen in by_layer(result.trace, Step.LAYER).items():
        cap = next(each for each in world.data["layers"] if each["id"] == layer).get("cap", {})
        uncounted = cap.get("period") == "stay" and world.case.encounter.admitted is None
        if "counters" not in cap and not uncounted:
            assert moved.get(layer, 0) == paid_fen
    shown = {share.fund: share.amount_fen for share in result.breakdown.afterwards}
    assert by_layer(result.trace, Step.AFTERWARDS) == shown


@given(settled_worlds)
def test_only_declared_counters_of_declared_periods_move_and_only_upwards(world: World) -> None:
    case = world.case
    declared = counters_read(world.pack, case)
    periods = periods_of(case.encounter, case.service_on)
    assert {key.period for key in declared} <= set(periods)
    for key, delta_fen in settle(world).deltas:
        assert key in declared
        assert delta_fen > 0


@given(worlds_of_versions())
def test_counters_are_declared_over_all_versions_of_a_stay(world: World) -> None:
    case = world.case
    declared = counters_read(world.pack, case, world.packs)
    assert {key.period for key in declared} <= set(periods_of(case.encounter, case.service_on))
    try:
        result = settle(world)
    except Refused:
        return
    assert {key for key, _ in result.deltas} <= set(declared)


@given(settled_worlds)
def test_a_counter_that_is_not_declared_is_not_looked_at(world: World) -> None:
    case = world.case
    declared = counters_read(world.pack, case)
    others = [
        CounterKey(period, counter, measure)
        for period in ("2022", "2023", "stay/s-1", "")
        for counter in ("care", "other", "layer_0", "shared", "personal", "in_scope")
        for measure in ("deductible", "paid", "borne", "banded")
    ]
    noise = {key: 12_345 for key in others if key not in declared}
    noisy = structs.replace(case, counters={**case.counters, **noise})
    assert settle(world, noisy) == settle(world)


@given(settled_worlds)
def test_no_limit_is_passed_under_any_of_its_counters(world: World) -> None:
    """A name that limits of several figures share is held by the highest of them."""
    result = settle(world)
    highest: dict[CounterKey, int | None] = {}
    for key, _, limit_fen, *_ in result.remainders:
        known = highest.get(key, 0)
        highest[key] = None if known is None or limit_fen is None else max(known, limit_fen)
    waived = Waiver.LIMITS in world.case.waives_on(world.case.service_on)
    for key, limit_fen in highest.items():
        if limit_fen is not None and not waived and key.measure == "paid":
            assert after(world.case, result).counters.get(key, 0) <= max(
                world.case.counters.get(key, 0), limit_fen
            )


@given(settled_worlds)
def test_a_deductible_asks_for_no_more_than_its_amount(world: World) -> None:
    result = settle(world)
    for key, used_fen, limit_fen, *_ in result.remainders:
        others = [each for each in result.remainders if each.key.measure == key.measure == "deductible"]
        if key.measure == "deductible" and limit_fen is not None and len(others) == 1:
            assert used_fen <= max(world.case.counters.get(key, 0), limit_fen)


@given(settled_worlds)
def test_a_remainder_says_where_its_counter_stands_afterwards(world: World) -> None:
    result = settle(world)
    stands = after(world.case, result).counters
    for key, used_fen, limit_fen, left_fen, *_ in result.remainders:
        assert used_fen == stands.get(key, 0)
        assert left_fen == (None if limit_fen is None else max(0, limit_fen - used_fen))


@given(settled_worlds)
def test_what_comes_afterwards_moves_nothing(world: World) -> None:
    result = settle(world)
    charged = calculate(loaded(without_afterwards(world.data)), world.case)
    assert charged.breakdown == result.breakdown._replace(afterwards=())
    assert charged.deltas == result.deltas
    assert charged.raised == result.raised


@given(settled_worlds)
def test_without_a_benefit_no_fund_pays_and_nothing_is_counted(world: World) -> None:
    encounter = structs.replace(world.case.encounter, benefit=PERSONAL_ACCOUNT_ONLY)
    alone = structs.replace(world.case, encounter=encounter)
    result = settle(world, alone)
    assert result.breakdown.funds == result.breakdown.afterwards == ()
    assert result.breakdown.personal_fen == result.breakdown.total_fen
    assert (result.deltas, result.remainders, result.raised) == ((), (), ())


@given(settled_worlds)
def test_no_account_pays_more_than_it_holds_and_none_for_what_is_never_payable(world: World) -> None:
    breakdown = settle(world).breakdown
    held = {account.account: account.balance_fen for account in world.case.accounts}
    assert all(0 <= share.amount_fen <= held[share.account] for share in breakdown.accounts)
    assert all(share.amount_fen == 0 for share in breakdown.accounts if share.note is not None)
    never = world.data.get("accounts", {}).get("never", ())
    payable_fen = sum(line.amount_fen for line in world.case.lines if line.kind not in never)
    assert sum(share.amount_fen for share in breakdown.accounts) <= payable_fen


@given(settled_worlds)
def test_a_reversal_with_nothing_in_between_gives_the_state_before(world: World) -> None:
    first = settle(world)
    behind = after(world.case, first)
    taken_back = {key: behind.counters.get(key, 0) - delta_fen for key, delta_fen in first.deltas}
    restored = structs.replace(behind, counters={**behind.counters, **taken_back})
    assert {key: fen for key, fen in restored.counters.items() if fen} == {
        key: fen for key, fen in world.case.counters.items() if fen
    }
    assert settle(world, restored)._replace(steps=()) == first._replace(steps=())


@given(settled_worlds)
def test_a_warning_is_raised_by_the_settlement_that_passes_its_amount_and_not_again(world: World) -> None:
    first = settle(world)
    second = settle(world, after(world.case, first))
    assert not {each.id for each in first.raised} & {each.id for each in second.raised}
    for each in first.raised:
        assert each.before_fen <= each.threshold_fen <= each.after_fen
        assert each.before_fen < each.after_fen


def asked_before(world: World) -> Reason | None:
    case = world.case
    refusal = may_have(
        world.pack, case.encounter.benefit, case.patient, case.institution, case.encounter, case.service_on
    )
    return None if refusal is None else refusal.reason


def refused_with(world: World) -> Reason | None:
    try:
        settle(world)
    except Refused as refused:
        return refused.reason
    return None


@given(worlds())
def test_who_asks_before_gets_the_answer_of_the_settlement(world: World) -> None:
    """Its lines are not known yet: they may refuse it, or leave a figure out of use."""
    before, then = asked_before(world), refused_with(world)
    if before in FIGURES:
        assert then in {before, *OF_LINES} or per_condition(world)
    elif before is None:
        assert then in {None, *FIGURES, *OF_LINES}
    else:
        assert then is before


def per_condition(world: World) -> bool:
    """Are figures looked up for the conditions of the lines only?"""
    return any(each["cap"].get("per") == "condition" for each in world.data["benefits"].values())


paid_before = st.tuples(settled_worlds, fens)


@given(paid_before)
def test_what_a_fund_paid_before_never_raises_what_all_funds_pay_now(drawn: tuple[World, int]) -> None:
    """In packs whose layers form a chain: each counts for itself, and what looks at all comes last."""
    world, more_fen = drawn
    pack = loaded(chained(world.data))
    spent = {
        key: fen + (more_fen if key.measure == "paid" else 0) for key, fen in world.case.counters.items()
    }
    now = calculate(pack, world.case).breakdown
    then = calculate(pack, structs.replace(world.case, counters=spent)).breakdown
    assert then.personal_fen >= now.personal_fen


@given(settled_worlds, st.data())
def test_a_line_does_not_depend_on_the_lines_after_it(world: World, data: Any) -> None:
    kept = data.draw(st.integers(1, len(world.case.lines)))
    whole = settle(world).breakdown
    first = settle(world, structs.replace(world.case, lines=world.case.lines[:kept])).breakdown
    assert first.lines == whole.lines[:kept]
