"""A breakdown that does not add up is named before anybody acts on it."""

import pytest

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.breakdown import AccountShare, Breakdown, FundShare, LineBreakdown
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
    assert SOUND.fund_fen("pooled") == 4_000
    assert SOUND.fund_fen("county") == 0


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
