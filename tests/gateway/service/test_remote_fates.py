"""Any fates of any calls, crashes at any moment: a sale ends, and is charged exactly where it is SETTLED."""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medsettle.wire.states import SaleState
from medsettle_gateway.domain.asked import Collect
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.service.commands import Command, Confirm, Settle
from medsettle_gateway.service.desk import Rules
from tests.gateway.service.books_hold import check_store
from tests.gateway.service.remote_world import RemoteWorld
from tests.gateway.service.scripted import FATES, There, number_of, shifted
from tests.gateway.service.virtual_time import quiet
from tests.gateway.service.world import FATHER, NO_ACCOUNT, basket, beside, caller_of, line, split

S = SaleState
RULES = Rules(
    group_wait=timedelta(0), errand_interval=timedelta(seconds=20), errand_pause_most=timedelta(seconds=60)
)
"""Rarer looks at what is due: a life of an hour is a few hundred steps."""
WHO = {FATHER: split(20_000, 30_000), NO_ACCOUNT: split(50_000, 0)}

ACTIONS = st.one_of(
    st.tuples(st.just("settle"), st.sampled_from(sorted(WHO)), st.sampled_from(Collect)),
    st.tuples(st.sampled_from(["repeat", "attempt", "confirm", "release", "reverse", "seal"]),
              st.integers(0, 3)),
    st.tuples(st.just("pass"), st.sampled_from([0.5, 3.0, 25.0, 45.0, 200.0, 700.0])),
    st.tuples(st.just("crash")),
)
LIVES = st.lists(ACTIONS, min_size=1, max_size=14)


class Till:
    """Sends what it is told to and never waits for the answer: what it would hear is looked at in the end."""

    def __init__(self, world: RemoteWorld) -> None:
        self.world = world
        self.sent: list[Settle] = []
        self.asking: list[asyncio.Task[Any]] = []

    async def does(self, action: tuple[Any, ...]) -> None:
        match action:
            case ("settle", who, collect):
                number = len(self.sent)
                bought = basket(line(amount_fen=50_000, line_id=str(number + 1)))
                command = self.world.settle(
                    expected=WHO[who], collect=collect, basket=bought, credential=self.world.credential(who),
                    acknowledgements=("POSSIBLE_DUPLICATE",),
                )
                self.sent.append(command)
                await self._sends(command)
            case ("pass", seconds):
                await self.world.clock.passes(seconds=seconds)
            case ("crash",):
                await self.world.crash_and_restart()
            case (what, number) if self.sent:
                await self._sends(self._about(what, self.sent[number % len(self.sent)]))
            case _:
                pass

    async def _sends(self, command: Command) -> None:
        deadline_at = self.world.clock.at + timedelta(seconds=20)
        self.asking.append(beside(self.world.service(command, deadline_at)))
        await quiet()

    def _about(self, what: str, command: Settle) -> Command:
        request_id = command.request_id
        if what == "repeat":
            return command
        if what == "attempt":
            text = request_id.text.rpartition("-")[0]
            again = RequestId.parse(f"{text}-{request_id.attempt + 1}")
            return self.world.settle(
                again, expected=command.expected, collect=command.collect, basket=command.basket,
                credential=self.world.credential(), acknowledgements=("POSSIBLE_DUPLICATE",),
            )
        if what == "confirm":
            sale = self.world.store.tables.sales.get(request_id.text)
            if sale is not None and sale.split is not None:
                return self.world.confirm(sale)
            return Confirm(caller_of(request_id), request_id, (), "li", self.world.clock.at)
        makes: dict[str, Callable[[RequestId], Command]] = {
            "release": self.world.release, "reverse": self.world.reverse, "seal": self.world.seal,
        }
        return makes[what](request_id)


def check_charges(world: RemoteWorld) -> None:
    """At no time is a ticket charged twice, nor a sale paid that the authority has not charged."""
    sales = world.store.tables.sales.values()
    by_number = {number_of(sale): sale for sale in sales if sale.upstream}
    charged = [by_number[number] for number in sorted(world.authority.charged())]
    tickets = [sale.request_id.ticket for sale in charged]
    assert len(tickets) == len(set(tickets))
    for number, sale in by_number.items():
        assert world.authority.asked.count(("decide", number)) <= 1
        assert sale.upstream
        assert not (sale.upstream.unwanted and sale.state in {S.SETTLED, S.HELD})
        if sale.state in {S.SETTLED, S.HELD}:
            assert world.authority.numbers[number] is There.CHARGED
        if sale.state in {S.REFUSED, S.SEALED, S.RELEASED, S.REVERSED}:
            assert number not in world.authority.charged()


async def live(life: list[tuple[Any, ...]], fates: list[int], *, charges_otherwise: bool) -> None:
    world = await RemoteWorld(rules=RULES).begun()
    world.authority.script = deque(FATES[number % len(FATES)] for number in fates)
    world.authority.charging = shifted if charges_otherwise else None
    till = Till(world)
    for action in life:
        await till.does(action)
        check_store(world.store)
        check_charges(world)
    world.authority.script.clear()
    await world.clock.passes(minutes=12)
    for text in sorted(world.store.tables.sales):
        await world.sweeps(RequestId.parse(text))
    await world.clock.passes(minutes=5)
    check_store(world.store)
    check_charges(world)
    ends = {sale.state for sale in world.store.tables.sales.values()}
    assert ends <= {S.SETTLED, S.REFUSED, S.SEALED, S.RELEASED, S.REVERSED}
    if charges_otherwise:
        assert S.SETTLED not in ends
    settled = {number_of(sale) for sale in world.store.tables.sales.values() if sale.state is S.SETTLED}
    assert world.authority.charged() == settled
    assert not world.store.tables.errands
    for task in till.asking:
        task.cancel()
    await asyncio.gather(*till.asking, return_exceptions=True)
    await world.ends()
    assert not [error for _, error in world.reports if not isinstance(error, ConnectionError)]


@given(LIVES, st.lists(st.integers(0, len(FATES) - 1), max_size=20), st.booleans())
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_goes_wrong_a_sale_is_charged_exactly_where_it_is_settled(
    life: list[tuple[Any, ...]], fates: list[int], charges_otherwise: bool
) -> None:
    asyncio.run(live(life, fates, charges_otherwise=charges_otherwise))
