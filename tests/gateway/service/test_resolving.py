"""A credential service that says nothing keeps nobody waiting for ever."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle_gateway.bootstrap.gateway import report as logged
from medsettle_gateway.domain.credential import AskedFor
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.facts import ResolvedCredential
from medsettle_gateway.service.commands import RefusedAnswer, SaleAnswer, Shown
from medsettle_gateway.service.front import Service
from medsettle_gateway.service.patience import Patience
from medsettle_gateway.service.ports import StoreUnavailableError
from medsettle_gateway.service.resolving import Bounded, ResolverSlowError
from tests.gateway.service.virtual_time import Process, VirtualClock
from tests.gateway.service.world import World

LONGEST = timedelta(seconds=10)


class Silent:
    """Says nothing, until somebody gives up."""

    def __init__(self) -> None:
        self.cancelled = asyncio.Event()

    async def resolve(self, shown: Shown, asked: AskedFor, now: datetime) -> ResolvedCredential | Refusal:
        never: asyncio.Future[Refusal] = asyncio.get_running_loop().create_future()
        try:
            return await never
        finally:
            self.cancelled.set()


class Beyond:
    """A city whose credential service lies beyond the house."""

    def __init__(self) -> None:
        self.clock, self.process = VirtualClock(), Process()
        self.world = World(clock=self.clock)
        self.silent = Silent()
        self.patience = Patience(self.clock, self.process.spawn)

    def service(self, *, silent: bool = True) -> Service:
        resolver = self.silent if silent else self.world.resolver
        return replace(self.world.service, resolver=Bounded(resolver, self.patience, LONGEST))


@pytest.fixture
async def beyond() -> AsyncIterator[Beyond]:
    begun = Beyond()
    begun.world.writer.start(begun.process.spawn)
    await begun.world.open("a-father", 100_000)
    yield begun
    await begun.process.crash()


async def test_a_credential_that_nobody_speaks_of_in_time_leaves_the_sale_open(beyond: Beyond) -> None:
    began_at = beyond.clock.at
    answer = await beyond.clock.until(beyond.service()(beyond.world.settle()))
    assert isinstance(answer, RefusedAnswer)
    assert (answer.refusal.reason, answer.recorded) == (Reason.CREDENTIAL_SERVICE_UNAVAILABLE, False)
    assert beyond.clock.at - began_at == LONGEST
    assert beyond.silent.cancelled.is_set()
    ((what, error),) = beyond.world.reports
    assert (what, type(error)) == ("resolve", ResolverSlowError)
    assert beyond.world.store.tables.sales == {}


async def test_a_known_id_gets_its_first_answer_all_the_same(beyond: Beyond) -> None:
    command = beyond.world.settle()
    first = await beyond.clock.until(beyond.service(silent=False)(command))
    assert isinstance(first, SaleAnswer)
    assert first.sale.state is SaleState.SETTLED
    assert await beyond.clock.until(beyond.service()(command)) == first


async def test_what_is_said_in_time_is_passed_on(beyond: Beyond) -> None:
    refusal = Refusal(Reason.CREDENTIAL_EXPIRED)
    command = beyond.world.settle()
    beyond.world.resolver.refusals[command.credential.token] = refusal
    answer = await beyond.clock.until(beyond.service(silent=False)(command))
    assert isinstance(answer, RefusedAnswer)
    assert answer.refusal.reason is Reason.CREDENTIAL_EXPIRED


class Failing:
    """Raises an error that says whom it looked for."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def resolve(self, shown: Shown, asked: AskedFor, now: datetime) -> ResolvedCredential | Refusal:
        try:
            raise ValueError(shown.token)
        except ValueError as cause:
            raise self.error from cause


async def test_what_a_resolver_fails_of_is_reported_without_its_words(
    beyond: Beyond, caplog: pytest.LogCaptureFixture
) -> None:
    command = beyond.world.settle()
    failing = Failing(RuntimeError(f"no answer about {command.credential.token}"))
    resolver = Bounded(failing, beyond.patience, LONGEST)
    answer = await beyond.clock.until(replace(beyond.world.service, resolver=resolver)(command))
    assert isinstance(answer, RefusedAnswer)
    assert (answer.refusal.reason, answer.recorded) == (Reason.INTERNAL_ERROR, False)
    ((what, error),) = beyond.world.reports
    logged(what, error)
    (record,) = caplog.records
    assert "ResolverFailedError: RuntimeError" in str(record.exc_text)
    assert "in resolve" in str(record.exc_text)
    assert command.credential.token not in f"{record.exc_text} {record.__dict__}"


async def test_a_register_that_is_away_leaves_the_sale_open_and_is_called_by_its_name(beyond: Beyond) -> None:
    command = beyond.world.settle()
    resolver = Failing(StoreUnavailableError("the register cannot be read"))
    answer = await beyond.clock.until(replace(beyond.world.service, resolver=resolver)(command))
    assert isinstance(answer, RefusedAnswer)
    assert (answer.refusal.reason, answer.recorded) == (Reason.STORE_UNAVAILABLE, False)
    assert beyond.world.store.tables.sales == {}
