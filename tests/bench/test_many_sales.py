"""The sales that a benchmark loads are what a gateway would have written."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from medsettle.testing import Gateway
from medsettle_gateway.cli.frame import open_gateway
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.storage.audit.verifying import verify
from medsettle_gateway.storage.sqlite.database import connect
from tests.bench.counter import Counter
from tests.bench.many_sales import PLACES, chain, database_path, fill
from tests.bench.settling import UNHURRIED, Side, settle

SALES = 1_000


@dataclass
class Loaded:
    """A database that was filled, and what stood there before."""

    config_path: Path
    guards: list[tuple[str, str]]
    entries_count: int


@pytest.fixture(scope="module")
def loaded() -> Iterator[Loaded]:
    with Gateway(settings=UNHURRIED) as gateway:
        settle(Side("aio", gateway, Counter(gateway, 3)), 2, 1)
        gateway.stop()
        before = guards(gateway.config_path)
        fill(gateway.config_path, SALES)
        yield Loaded(gateway.config_path, before, chain(gateway.config_path))


def guards(config_path: Path) -> list[tuple[str, str]]:
    """Indexes, triggers and tables as they are declared."""
    return rows(config_path, "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")


def rows(config_path: Path, query: str) -> list[Any]:
    with closing(connect(database_path(config_path))) as connection:
        return connection.execute(query).fetchall()


def test_everything_that_is_verified_holds_on_loaded_sales(loaded: Loaded) -> None:
    with open_gateway(loaded.config_path).reading() as connection:
        verdict = verify([connection])
    assert (verdict.findings, verdict.waiting_count) == ((), 0)
    assert verdict.entry_count > SALES


def test_loading_leaves_tables_indexes_and_triggers_as_they_were(loaded: Loaded) -> None:
    assert guards(loaded.config_path) == loaded.guards
    assert rows(loaded.config_path, "PRAGMA foreign_key_check") == []
    assert rows(loaded.config_path, "PRAGMA integrity_check") == [("ok",)]


def test_loaded_sales_say_in_their_records_what_their_columns_say(loaded: Loaded) -> None:
    found = rows(loaded.config_path, """
        SELECT count(*), count(DISTINCT member), count(DISTINCT institution), count(DISTINCT day) FROM sales
        WHERE body ->> '$.request_id.text' = request_id AND body ->> '$.request_id.ticket[3]' = number
          AND body ->> '$.fingerprint[1]' = member AND body ->> '$.service_on' = service_on
          AND strftime('%s', body ->> '$.created_at') = CAST(created_at_us / 1000000 AS TEXT)
          AND service_on = day
    """)
    [(sales_count, members_count, places_count, days_count)] = found
    assert sales_count == SALES + 2
    assert members_count == SALES // 10
    assert places_count == PLACES
    assert days_count in {366, 367}


def test_loaded_sales_have_ids_of_their_own_that_a_till_could_have_made(loaded: Loaded) -> None:
    found = rows(loaded.config_path, "SELECT request_id, institution || '-' || till FROM sales")
    assert all(RequestId.parse(request_id).terminal == terminal for request_id, terminal in found)
