"""Comparing after a restore: what a question and the end of it stand on."""

from datetime import timedelta

from medsettle_gateway.domain.keys import Facts, RecoveryKey, TerminalKeysKey
from medsettle_gateway.domain.recovery import Recovery
from medsettle_gateway.service import compare
from medsettle_gateway.service.compare import Compare
from medsettle_gateway.service.desk import Now
from tests.gateway.service.world import World, caller


def asks_for_keys(command: Compare, world: World, recovery: Recovery) -> bool:
    """Whether it takes the terminal's lock alone, once it is known what is open for it."""
    asker = command.caller
    own = RecoveryKey(asker.institution, asker.terminal, own=True)
    now = Now(world.desk, world.clock.at)
    assert TerminalKeysKey(asker.terminal) not in compare.needs(command, Facts(), now)
    return TerminalKeysKey(asker.terminal) in compare.needs(command, Facts({own: recovery}), now)


async def test_only_the_end_of_a_comparison_needs_the_terminal_for_itself() -> None:
    world = World()
    at, clinic = world.clock.at, caller("1")
    is_open = Recovery(2, at.date() + timedelta(days=1), at - timedelta(days=1), at, at)
    assert asks_for_keys(Compare(clinic, epoch=2), world, is_open)
    assert not asks_for_keys(Compare(clinic), world, is_open)
    assert not asks_for_keys(Compare(clinic, epoch=1), world, is_open)
    assert not asks_for_keys(Compare(clinic, epoch=2), world, Recovery(2))
