"""Books in a database of either kind: a settled sale and a held one, in blocks of two entries."""

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from medsettle.wire.states import SaleState
from medsettle_gateway.domain.basket import Dispensed
from medsettle_gateway.domain.entry import CounterMove, Entry, Posting
from medsettle_gateway.domain.moves import (
    DrawPrescriptions,
    KeepDispensed,
    KeepPrescription,
    Move,
    MoveBalance,
    MoveCounter,
    PostEntry,
    PutSale,
    SellCodes,
)
from medsettle_gateway.domain.sale import Effect
from medsettle_gateway.domain.tracing import TracedCode
from medsettle_gateway.storage.audit.asking import Books as Asked
from medsettle_gateway.storage.audit.processes import sharing
from medsettle_gateway.storage.audit.verifying import Verdict, verdict_of, verify
from medsettle_gateway.storage.connection import Connection
from tests.gateway.domain.prescribed import DRAW, registered
from tests.gateway.storage.postgres_stand import PostgresStand
from tests.gateway.storage.stand import (
    CLINIC,
    NOW,
    PAID,
    REGION,
    TODAY,
    SqliteStand,
    person,
    request_id,
    sale,
)

FUND, ACCOUNTS, MEMO = f"{REGION}/employee/pooled", f"{REGION}/employee/accounts", "memo/I"
DRUG = Dispensed("厄贝沙坦片", TODAY, 7, "hypertension", "chronic")
BLOCK_COUNT = 2
"""Entries of a block."""


@dataclass
class Books:
    """A database, whose rows somebody may change behind the gateway's back."""

    stand: SqliteStand | PostgresStand
    member: str = ""
    account: str = ""

    @property
    def key(self) -> str:
        """What an entry is called in its tables."""
        return "position" if isinstance(self.stand, SqliteStand) else "entry"

    @contextmanager
    def connections(self, count: int = 1) -> Iterator[Sequence[Connection]]:
        with ExitStack() as stack:
            yield [stack.enter_context(self.stand.reading()) for _ in range(count)]

    def verdict(self, noted: bytes | None = None, readers_count: int = 1) -> Verdict:
        with sharing(self.stand.reading, readers_count) as connections:
            return verify(connections, noted)

    def ask(self, sql: str) -> list[Any]:
        with self.connections() as (connection,):
            return connection.execute(sql).fetchall()

    def write(self, *moves: Move) -> None:
        asyncio.run(self._write(moves))

    def chain(self) -> None:
        asyncio.run(self._chain())

    def verdict_after(self, tampering: str) -> Verdict:
        """What is said once somebody has changed rows who may do anything and leaves no other trace.

        It is undone again.
        """
        with self.connections() as (connection,):
            self.tamper(connection, tampering)
            verdict = verdict_of([Asked.of(connection)])
            connection.execute("ROLLBACK")
        return verdict

    def tamper(self, connection: Connection, sql: str) -> None:
        """Changes rows inside a transaction that is left open."""
        if not isinstance(connection, sqlite3.Connection):
            connection.execute("BEGIN")
            connection.execute("SET LOCAL session_replication_role = replica")
            assert connection.execute(sql.format(key=self.key)).rowcount > 0
            return
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("BEGIN")
        made = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
        triggers = connection.execute(made).fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        assert connection.execute(sql.format(key=self.key)).rowcount > 0
        for _, trigger in triggers:
            connection.execute(trigger)

    async def _write(self, moves: Sequence[Move]) -> None:
        store = await self.stand.opened()
        async with store.begin() as transaction:
            await transaction.write(moves)
        await store.close()

    async def _chain(self) -> None:
        store = await self.stand.opened()
        while await store.chain(BLOCK_COUNT, NOW):
            pass
        await store.close()


def booked(stand: SqliteStand | PostgresStand) -> Books:
    """Returns books with an opening, a settled sale of 120.00 and a held one of 10.00."""
    member = stand.enter(person("1", account_fen=10_000))["1"]
    books = Books(stand, member)
    ((books.account,),) = books.ask("SELECT account FROM accounts")
    counter = CounterMove(member, REGION, "employee", PAID, 5_000, 0)
    settled = (
        Posting(FUND, "benefit", 5_000), Posting(FUND, "payable/I", -5_000),
        Posting(ACCOUNTS, f"member/{books.account}", 3_000), Posting(ACCOUNTS, "payable/I", -3_000),
        Posting(MEMO, "cash/I", 4_000), Posting(MEMO, "charged/I", -4_000),
    )
    held = (
        Posting(ACCOUNTS, f"member/{books.account}", 1_000),
        Posting(ACCOUNTS, f"held/{books.account}", -1_000),
    )
    handing_out = Effect(REGION, "employee", (), (), 0, 0, (), (DRUG,))
    books.write(
        PutSale(sale(1, state=SaleState.SETTLED, member=member)),
        PostEntry(Entry("SETTLED", request_id(1).text, NOW, TODAY, "t", "op", "", settled, (counter,))),
        MoveBalance(books.account, -3_000, 0),
        MoveCounter(counter),
        PutSale(sale(2, state=SaleState.HELD, member=member, effect=handing_out)),
        PostEntry(Entry("HELD", request_id(2).text, NOW, TODAY, "t", "op", "a\treason", held)),
        MoveBalance(books.account, -1_000, 1_000),
        KeepDispensed(request_id(2).text, member, (DRUG,)),
        KeepPrescription(registered(member=member)),
        DrawPrescriptions(request_id(1).text, (DRAW,)),
        SellCodes(request_id(1).text, CLINIC, (TracedCode("81234567", "XA01"),), NOW),
    )
    books.chain()
    return books
