"""After a restore: what tills show again has parts of names in it, and the books let nobody read them."""

import contextlib
import sqlite3
import zlib
from collections.abc import Iterator

import pytest

from medsettle_gateway.storage.connection import Connection
from tests.gateway.recovery.house import House, Seller
from tests.gateway.recovery.sound import assert_sound, findings
from tests.gateway.storage.postgres_stand import PostgresStand
from tests.gateway.storage.released import TABLES_OF_FILE, TABLES_OF_SERVER
from tests.gateway.storage.stand import SEALER, SqliteStand

FAMILY_NAME = "张"
on_databases = pytest.mark.parametrize("stand", ["sqlite", "postgres"], indirect=True)


@on_databases
async def test_a_sale_that_is_shown_after_a_restore_leaves_no_name_to_be_read(
    house: House, till: Seller
) -> None:
    request_id = await shown_again(house, till)
    with reading(house) as connection:
        assert list(told_of(connection, FAMILY_NAME)) == []
        (answer,) = answers(connection, request_id)
    assert FAMILY_NAME.encode() in SEALER.open_answer(request_id, answer)
    assert await findings(house) == {request_id: ("ENTERED", ())}
    await assert_sound(house)


@on_databases
async def test_a_sealed_answer_opens_for_its_own_sale_alone(house: House, till: Seller) -> None:
    request_id = await shown_again(house, till)
    with reading(house) as connection:
        (answer,) = answers(connection, request_id)
    for other in (f"{request_id}0", ""):
        with pytest.raises(ValueError, match="not sealed under this key"):
            SEALER.open_answer(other, answer)


async def shown_again(house: House, till: Seller) -> str:
    """Loses a sale and has it shown."""
    await house.backs_up()
    request_id = await till.sold()
    await house.restores()
    await till.till.recover()
    return request_id


def reading(house: House) -> contextlib.AbstractContextManager[Connection]:
    assert isinstance(house.stand, SqliteStand | PostgresStand)
    return house.stand.reading()


def answers(connection: Connection, request_id: str) -> list[bytes]:
    rows = connection.execute("SELECT answer_sealed FROM reassertions WHERE request_id = ?", (request_id,))
    return [answer for (answer,) in rows]


def told_of(connection: Connection, word: str) -> Iterator[str]:
    """Yields each table of which a value, unpacked where it is packed, has the word in it."""
    tables = TABLES_OF_FILE if isinstance(connection, sqlite3.Connection) else TABLES_OF_SERVER
    every = "SELECT * FROM {}"
    for (table,) in connection.execute(tables).fetchall():
        for row in connection.execute(every.format(table)).fetchall():
            yield from (table for value in row if word in readable(value))


def readable(value: object) -> str:
    if not isinstance(value, bytes):
        return str(value)
    with contextlib.suppress(zlib.error):
        value = zlib.decompress(value)
    return value.decode("utf-8", "replace")
