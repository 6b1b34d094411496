"""A gateway chains what it writes while it runs, and leaves nothing unchained when it is stopped."""

import asyncio
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from medsettle_gateway.bootstrap.gateway import Gateway
from medsettle_gateway.config import Config
from medsettle_gateway.domain.moves import PutTerminal, PutTerminalKey
from medsettle_gateway.files.keys import create_keys
from medsettle_gateway.service.commands import SaleAnswer
from medsettle_gateway.storage.audit.head import Standing, stand
from medsettle_gateway.storage.audit.verifying import verify
from medsettle_gateway.storage.places import enter_institutions
from medsettle_gateway.storage.sqlite.database import connect, migrate
from tests.gateway.service.world import enrolled
from tests.gateway.storage.stand import NOW, clinic, write
from tests.gateway.test_bootstrap import config_in, seal


async def founded(folder: Path, chain_interval_ms: int) -> Gateway:
    config = config_in(folder)
    limits = replace(config.limits, chain_interval_ms=chain_interval_ms)
    create_keys(config.keys.directory, demo=False)
    migrate(config.storage.path)
    with closing(connect(config.storage.path)) as connection:
        enter_institutions(connection, [(2, clinic(code="H1"))], NOW, "a test")
    gateway = await Gateway.of(replace(config, limits=limits))
    tills, key = enrolled("H1")
    await write(gateway.store, *map(PutTerminal, tills), PutTerminalKey(key))
    return gateway


def standing(config: Config) -> Standing:
    with closing(connect(config.storage.path)) as connection:
        assert verify([connection]).findings == ()
        return stand(connection)


async def test_what_was_written_is_chained_while_the_gateway_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = await founded(tmp_path, 10)
    chain, chained = gateway.store.chain, asyncio.Event()

    async def told(limit: int, at: datetime) -> int:
        count = await chain(limit, at)
        if count:
            chained.set()
        return count

    monkeypatch.setattr(gateway.store, "chain", told)
    await gateway.start()
    try:
        assert isinstance(await seal(gateway, 1), SaleAnswer)
        await asyncio.wait_for(chained.wait(), 60)
        head, waiting_count = standing(gateway.config)
        assert (head is not None, waiting_count) == (True, 0)
    finally:
        await gateway.stop()


async def test_a_gateway_that_was_stopped_leaves_nothing_unchained(tmp_path: Path) -> None:
    gateway = await founded(tmp_path, 600_000)
    await gateway.start()
    for number in range(1, 4):
        assert isinstance(await seal(gateway, number), SaleAnswer)
    await gateway.stop()
    head, waiting_count = standing(gateway.config)
    assert head is not None
    assert (head.last_position, waiting_count) == (3, 0)
