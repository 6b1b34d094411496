"""What holds for every pack, person and basket."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.money import format_fen, format_ratio
from medsettle_gateway.policy.engine import Calculation, calculate, counters_read
from medsettle_gateway.policy.inputs import CaseInput
from medsettle_gateway.policy.pack import Pack
from tests.gateway.policy.examples import (
    DAY,
    DEDUCTIBLE,
    GENERAL,
    PAID,
    anshan,
    cases,
    fens,
    overrides,
    packs,
)


def after(case: CaseInput, result: Calculation) -> dict[CounterKey, int]:
    moved = dict(result.deltas)
    keys = dict.fromkeys([*case.counters, *moved])
    return {key: case.counters.get(key, 0) + moved.get(key, 0) for key in keys}


@given(packs, cases)
def test_the_identities_hold(pack: Pack, case: CaseInput) -> None:
    breakdown = calculate(pack, case).breakdown
    breakdown.check()
    assert len(breakdown.lines) == len(case.lines)
    assert len(breakdown.accounts) == len(case.accounts)
    assert breakdown.total_fen == sum(line.amount_fen for line in case.lines)


@given(packs, cases)
def test_a_fund_never_passes_its_cap_nor_the_deductible_its_amount(pack: Pack, case: CaseInput) -> None:
    for remainder in calculate(pack, case).remainders:
        if remainder.limit_fen is not None:
            before = case.counters.get(remainder.key, 0)
            assert remainder.used_fen <= max(before, remainder.limit_fen)
            assert remainder.left_fen == max(0, remainder.limit_fen - remainder.used_fen)


@given(packs, cases)
def test_only_declared_counters_move_and_only_upwards(pack: Pack, case: CaseInput) -> None:
    declared = counters_read(pack, case.encounter.benefit, DAY)
    for key, delta_fen in calculate(pack, case).deltas:
        assert key in declared
        assert delta_fen > 0


@given(packs, cases)
def test_no_account_pays_more_than_it_holds(pack: Pack, case: CaseInput) -> None:
    held = {account.account: account.balance_fen for account in case.accounts}
    for share in calculate(pack, case).breakdown.accounts:
        assert 0 <= share.amount_fen <= held[share.account]


@given(packs, cases)
def test_without_a_benefit_no_fund_pays(pack: Pack, case: CaseInput) -> None:
    alone = replace(case, encounter=replace(case.encounter, benefit=PERSONAL_ACCOUNT_ONLY))
    result = calculate(pack, alone)
    assert result.breakdown.funds == ()
    assert result.breakdown.personal_fen == result.breakdown.total_fen
    assert result.deltas == ()
    assert result.remainders == ()


@given(packs, cases)
def test_the_same_case_gives_the_same_result(pack: Pack, case: CaseInput) -> None:
    assert calculate(pack, case) == calculate(pack, case)


def figures(ratio_ppm: int, deductible_fen: int, cap_fen: int) -> dict[str, Any]:
    base = f"benefits.{GENERAL}"
    return {
        f"{base}.ratio.rows": [{"ratio": format_ratio(ratio_ppm)}],
        f"{base}.deductible.rows": [{"amount": format_fen(deductible_fen)}],
        f"{base}.cap.rows": [{"amount": format_fen(cap_fen)}],
    }


pairs_of_ratios = st.lists(st.integers(0, 1_000_000), min_size=2, max_size=2).map(sorted)
pairs_of_fens = st.lists(fens, min_size=2, max_size=2).map(sorted)


@given(overrides, cases, pairs_of_ratios, pairs_of_fens, pairs_of_fens)
def test_more_cover_never_raises_what_the_patient_pays(
    given_overrides: Mapping[str, Any],
    case: CaseInput,
    ratio: list[int],
    deductible: list[int],
    cap: list[int],
) -> None:
    less = anshan({**given_overrides, **figures(ratio[0], deductible[1], cap[0])})
    more = anshan({**given_overrides, **figures(ratio[1], deductible[0], cap[1])})
    assert calculate(more, case).breakdown.personal_fen <= calculate(less, case).breakdown.personal_fen


@given(packs, cases, st.integers(0, 8))
def test_splitting_a_basket_changes_no_fund_by_more_than_a_fen_a_settlement(
    pack: Pack, case: CaseInput, cut: int
) -> None:
    whole = calculate(pack, case)
    parts = [lines for lines in (case.lines[:cut], case.lines[cut:]) if lines]
    counters = case.counters
    paid_fen = 0
    for lines in parts:
        part = replace(case, lines=lines, counters=counters)
        result = calculate(pack, part)
        paid_fen += result.breakdown.fund_fen("pooled")
        counters = after(part, result)
    assert abs(paid_fen - whole.breakdown.fund_fen("pooled")) <= len(parts)
    assert counters.get(DEDUCTIBLE, 0) == after(case, whole).get(DEDUCTIBLE, 0)


@given(packs, cases, st.randoms(use_true_random=False))
def test_the_order_of_lines_changes_nothing_but_their_order(pack: Pack, case: CaseInput, chance: Any) -> None:
    order = list(range(len(case.lines)))
    chance.shuffle(order)
    whole = calculate(pack, case, trace=False)
    shuffled = calculate(pack, replace(case, lines=tuple(case.lines[i] for i in order)), trace=False)
    assert shuffled.breakdown.lines == tuple(whole.breakdown.lines[i] for i in order)
    assert shuffled.breakdown._replace(lines=()) == whole.breakdown._replace(lines=())
    assert shuffled.deltas == whole.deltas


@given(packs, cases, st.integers(1, 500))
def test_what_was_paid_before_never_raises_what_is_paid_now(
    pack: Pack, case: CaseInput, more_fen: int
) -> None:
    spent = replace(case, counters={**case.counters, PAID: case.counters.get(PAID, 0) + more_fen})
    now, then = calculate(pack, case).breakdown, calculate(pack, spent).breakdown
    assert now.fund_fen("pooled") - more_fen <= then.fund_fen("pooled") <= now.fund_fen("pooled")
