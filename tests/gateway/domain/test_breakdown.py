"""A breakdown that does not add up is named before anybody acts on it."""

import pytest

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.breakdown import (
    AccountNote,
    AccountShare,
    Breakdown,
    FundShare,
    LineBreakdown,
)
from medsettle_gateway.domain.errors import Refusal, refuse
from medsettle_gateway.domain.member import Owner

SOUND = Breakdown(
    total_fen=50_000,
    provider_borne_fen=1_000,
    fully_self_paid_fen=2_000,
    over_limit_fen=3_000,
    self_pay_first_fen=4_000,
    in_scope_fen=40_000,
    deductible_fen=30_000,
    over_cap_fen=1_000,
    funds=(FundShare("pooled", 4_000),),
    personal_fen=45_000,
    accounts=(AccountShare("a", Owner.SELF, 40_000),),
    cash_fen=5_000,
    lines=(
        LineBreakdown(49_000, 1_000, 2_000, 3_000, 3_000, 40_000),
        LineBreakdown(1_000, 0, 0, 0, 1_000, 0),
    ),
)


def test_a_sound_breakdown_passes() -> None:
    SOUND.check()


@pytest.mark.parametrize(
    ("changes", "identity"),
    [
        ({"total_fen": 50_001}, r"total = provider_borne \+ fully"),
        ({"funds": (FundShare("pooled", 4_001),)}, r"total = provider_borne \+ sum\(funds\)"),
        ({"cash_fen": 4_999}, "personal = "),
        ({"cash_fen": -1, "accounts": (AccountShare("a", Owner.SELF, 45_001),)}, "negative"),
        ({"over_cap_fen": 10_001}, "parts of in_scope"),
        ({"lines": SOUND.lines[:1]}, "lines sum"),
        ({"lines": ()}, "lines sum"),
        ({"lines": (SOUND.lines[0], LineBreakdown(1_000, 0, 0, 0, 900, 0))}, "lines sum"),
    ],
)
def test_each_broken_identity_is_named(changes: dict[str, object], identity: str) -> None:
    broken = SOUND._replace(**changes)  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match=identity):
        broken.check()


def test_a_refusal_reads_as_one_line() -> None:
    refused = refuse(Reason.NO_RULE, pack="p", path="benefits.x.ratio")
    assert refused.reason is Reason.NO_RULE
    assert refused.detail["pack"] == "p"
    assert str(refused).startswith("NO_RULE: ")
    assert str(refused).endswith("(pack=p, path=benefits.x.ratio)")
    assert "(" not in str(Refusal(Reason.NO_RULE))


def test_several_settlements_add_up_to_one_breakdown_without_lines() -> None:
    second = SOUND._replace(
        funds=(FundShare("pooled", 1_000), FundShare("relief", 3_000)),
        accounts=(
            AccountShare("b", Owner.SPOUSE, 0, AccountNote.BALANCE_ZERO),
            AccountShare("a", Owner.SELF, 40_000),
        ),
        afterwards=(FundShare("special_aid", 5),),
    )
    whole = Breakdown.together((SOUND, second, second))
    assert whole.total_fen == 150_000
    assert whole.funds == (FundShare("pooled", 6_000), FundShare("relief", 6_000))
    assert whole.accounts == (
        AccountShare("a", Owner.SELF, 120_000), AccountShare("b", Owner.SPOUSE, 0, AccountNote.BALANCE_ZERO)
    )
    assert whole.afterwards == (FundShare("special_aid", 10),)
    assert (whole.cash_fen, whole.lines) == (15_000, ())
    assert set(whole.broken_identities()) <= {"the lines sum to the settlement"}


def test_an_account_that_pays_in_one_settlement_has_no_note_in_the_sum() -> None:
    empty = SOUND._replace(accounts=(AccountShare("a", Owner.SELF, 0, AccountNote.NOTHING_PAYABLE),))
    for pair in ((SOUND, empty), (empty, SOUND)):
        assert Breakdown.together(pair).accounts == (AccountShare("a", Owner.SELF, 40_000),)
