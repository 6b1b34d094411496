"""The entries of a trace are enough: they rebuild who pays what, whatever the settlement went through."""

import pytest

from medsettle_gateway.domain.breakdown import (
    AccountNote,
    AccountShare,
    Breakdown,
    FundShare,
    LineBreakdown,
)
from medsettle_gateway.domain.member import Owner
from medsettle_gateway.policy.trace import Step, TraceEntry, replay
from tests.gateway.policy.told import AID, EXAMPLES, ILLNESS, SPECIAL, entry, of_line


def paid(fund: str, condition: str | None, amount_fen: int) -> TraceEntry:
    return entry(Step.FUND, fund, condition, amount_fen=amount_fen)


def layer(fund: str, amount_fen: int) -> TraceEntry:
    return entry(Step.LAYER, fund, fund, fund, fund, amount_fen=amount_fen)


def test_lines_are_divided_as_their_steps_say() -> None:
    trace = (
        entry(Step.EMERGENCY_ORDER, "E", "A", "limits", "limits"),
        of_line(Step.CATALOGUE, "a", "township", "B"),
        of_line(Step.OVER_LIMIT, "a", 9_000, 8_000, amount_fen=1_000),
        of_line(Step.SESSION_OVER_LIMIT, "a", 7_000, 1, amount_fen=1_000),
        of_line(Step.SELF_PAY_FIRST, "a", 7_000, 100_000, None, amount_fen=700),
        of_line(Step.IN_SCOPE, "a", amount_fen=6_300),
        of_line(Step.OUTSIDE, "b", "drug_not_approved", None, None, None, None, None, amount_fen=500, line=1),
        of_line(Step.VERSION, "c", "2023-01-01", line=2),
        of_line(Step.LIMIT_WAIVED, "kinds", "E", line=2),
        of_line(Step.SUPPLY_REPORTED, "c", 30, 15, line=2),
        of_line(Step.PROVIDER_BORNE, "c", 35_000, 1, amount_fen=5_000, line=2),
        of_line(Step.IN_SCOPE, "c", amount_fen=35_000, line=2),
        of_line(Step.IN_SCOPE, "d", line=3),
    )
    assert replay(trace).lines == (
        LineBreakdown(9_000, 0, 0, 2_000, 700, 6_300),
        LineBreakdown(500, 0, 500, 0, 0, 0),
        LineBreakdown(40_000, 5_000, 0, 0, 0, 35_000),
        LineBreakdown(0, 0, 0, 0, 0, 0),
    )


def test_a_fund_is_paid_by_all_groups_and_layers_together_in_the_order_of_its_first_payment() -> None:
    trace = (
        paid("pooled", "hypertension", 0),
        layer("county", 300),
        paid("pooled", "diabetes", 1_000),
        layer("medical_aid", 0),
        layer("county", 50),
        paid("pooled", "stroke", 200),
    )
    assert replay(trace).funds == (FundShare("county", 350), FundShare("pooled", 1_200))


def test_what_acts_afterwards_is_shown_by_layer_with_zeros_and_pays_nothing() -> None:
    trace = (
        entry(Step.AFTERWARDS, *SPECIAL, "relief", amount_fen=900),
        entry(Step.AFTERWARDS, "ceiling", "封顶", "ceiling", "relief"),
    )
    result = replay(trace)
    assert result.afterwards == (FundShare("special_aid", 900), FundShare("ceiling", 0))
    assert result.funds == ()


def test_each_group_has_its_own_cap_and_all_of_them_share_one_deductible() -> None:
    trace = (
        entry(Step.DEDUCTIBLE, 500, 0, None, "year", amount_fen=500),
        entry(Step.CAP, 100, 0, 100, None, "year", "a", None, None, amount_fen=30),
        entry(Step.CAP, 100, 0, 100, None, "year", "b", None, None, amount_fen=40),
    )
    result = replay(trace)
    assert (result.deductible_fen, result.over_cap_fen) == (500, 70)


def test_what_explains_and_divides_nothing_leaves_no_mark() -> None:
    silent = (
        entry(Step.BAND, 0, 100, 100, 800_000, None, None, 0),
        entry(Step.BANDED, 100, None, amount_fen=80),
        entry(Step.RATIO, 100, 800_000, None, None, amount_fen=80),
        entry(Step.LAYER_OUTSIDE, *AID),
        entry(Step.LAYER_THRESHOLD, *ILLNESS, 100, 50, 0, None, amount_fen=50),
        entry(Step.LAYER_RATIO, *ILLNESS, "in_scope_left", 50, 500_000, None, amount_fen=25),
        entry(Step.LAYER_CAP, *ILLNESS, 20, 20, None, None, amount_fen=5),
        entry(Step.GUARANTEE, *AID, 100, 900_000, 90, 80, amount_fen=10),
        entry(Step.LEAVES, *AID, 100, None, 90, None, None, None, amount_fen=10),
        entry(Step.WARNING, "w", "w", "w", "personal", "reached", 1, 0, 1),
        entry(Step.LIMIT_WAIVED, "cap", "E"),
    )
    assert replay(silent) == Breakdown(0, 0, 0, 0, 0, 0, 0, 0, (), 0, (), 0, ())


def test_accounts_come_back_with_their_notes() -> None:
    trace = (
        entry(Step.PERSONAL, 500, amount_fen=500),
        entry(Step.ACCOUNT, "a", "spouse", 300, None, None, amount_fen=300),
        entry(Step.ACCOUNT, "b", "sibling", 300, "owner_not_allowed", None),
        entry(Step.CASH, amount_fen=200),
    )
    result = replay(trace)
    assert (result.personal_fen, result.cash_fen) == (500, 200)
    assert result.accounts == (
        AccountShare("a", Owner.SPOUSE, 300),
        AccountShare("b", Owner.SIBLING, 0, AccountNote.OWNER_NOT_ALLOWED),
    )


@pytest.mark.parametrize("step", Step)
def test_every_step_can_be_replayed(step: Step) -> None:
    for example in EXAMPLES:
        if example.step is step:
            result = replay((example,))
            parts = sum(sum(line[1:]) for line in result.lines)
            assert parts == (0 if example.line is None else example.amount_fen)
