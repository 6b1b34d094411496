"""The calculation agrees, to the fen, with a second one that was written from the documents alone."""

from hypothesis import given

from medsettle_gateway.domain.errors import Refused
from medsettle_gateway.policy.engine import calculate
from tests.gateway.policy.reference.settling import Answer, settled
from tests.gateway.policy.strategies_cases import World, worlds


def calculated(world: World) -> Answer:
    """What the calculation says, in the form of the reference."""
    try:
        result = calculate(world.pack, world.case, versions=world.packs)
    except Refused as refused:
        return Answer(refused.reason.value)
    breakdown = result.breakdown
    return Answer(
        sums=breakdown[:8],
        lines=tuple(tuple(line) for line in breakdown.lines),
        funds={share.fund: share.amount_fen for share in breakdown.funds},
        afterwards={share.fund: share.amount_fen for share in breakdown.afterwards},
        personal=breakdown.personal_fen,
        accounts=tuple((share.account, share.amount_fen) for share in breakdown.accounts),
        cash=breakdown.cash_fen,
        deltas=dict(result.deltas),
        raised=tuple(sorted(each.id for each in result.raised)),
    )


@given(worlds())
def test_two_calculations_agree(world: World) -> None:
    assert calculated(world) == settled(world.data, world.case, world.versions)
