"""A gateway serves as a role that may add to the ledger and change nothing in it: the one of the page."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest

from tests.e2e.blocks import blocks
from tests.gateway.storage.postgres_stand import PostgresStand
from tests.gateway.storage.release_course import founded, take_course

PAGE = Path(__file__).parents[3] / "gateway" / "README.md"
FOR_EVER = (
    "entries", "postings", "entry_counters", "positions", "blocks", "reassertions", "recoveries",
    "proxies", "identity_accesses",
    "recovery_ends", "schema_versions", "member_attributes", "emergency_orders", "records",
    "prescriptions", "prescription_reviews", "prescription_withdrawals",
    "accruals", "account_closings", "subsidies",
    "catalogue_versions", "catalogue_rows", "trace_events",
)


@dataclass
class Served:
    """A database, as its owner and as a gateway may use it."""

    owner: PostgresStand
    gateway: PostgresStand


@pytest.fixture
async def served(database_url: str) -> AsyncIterator[Served]:
    role = f"serving_{uuid4().hex[:12]}"
    (block,) = [each for each in blocks(PAGE) if each.mark == "privileges"]
    owner = PostgresStand(database_url)
    await owner.execute(block.text.replace("medsettle_serving", role))
    place = urlsplit(database_url)
    netloc = f"{role}:of%20your%20own@{place.netloc.rpartition('@')[2]}"
    yield Served(owner, PostgresStand(urlunsplit(place._replace(netloc=netloc))))
    await owner.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


async def test_the_role_of_the_page_can_do_all_that_a_gateway_does(served: Served) -> None:
    refs = founded(served.owner)
    store = await served.gateway.opened()
    await take_course(store, refs)
    await store.close()


@pytest.mark.parametrize("change", ["DELETE FROM {}", "TRUNCATE {}", "ALTER TABLE {} DISABLE TRIGGER ALL"])
async def test_the_role_of_the_page_can_change_nothing_that_stands(served: Served, change: str) -> None:
    for table in FOR_EVER:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await served.gateway.execute(change.format(table))
