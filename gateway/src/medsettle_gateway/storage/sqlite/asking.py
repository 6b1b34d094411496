"""Statements by name, inside a transaction, and what opens the names of people."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from medsettle_gateway.domain.sale import SaleRecord, StoredSale, from_stored
from medsettle_gateway.storage.rows import name_of
from medsettle_gateway.storage.sealing import Identity, Sealer
from medsettle_gateway.storage.sqlite.items_seen import ItemsSeen
from medsettle_gateway.storage.sqlite.statements import SQL

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Asking:
    """A connection inside a transaction, what opens names, and the goods that were seen through it before."""

    connection: sqlite3.Connection
    sealer: Sealer
    items: ItemsSeen = field(default_factory=ItemsSeen, compare=False)

    def rows(self, name: str, **values: Any) -> list[Row]:  # noqa: ANN401 - what SQLite binds
        """Returns what a named statement finds."""
        return self.connection.execute(SQL[name], values).fetchall()

    def row(self, name: str, **values: Any) -> Row | None:  # noqa: ANN401 - what SQLite binds
        """Returns the one row that a named statement finds, or None."""
        found: Row | None = self.connection.execute(SQL[name], values).fetchone()
        return found

    def sales(self, found: Iterable[Row]) -> tuple[SaleRecord, ...]:
        """Returns the records of rows of ``(request_id, body)``."""
        return tuple(self.record(request_id, body) for request_id, body in found)

    def record(self, request_id: str, body: str) -> SaleRecord:
        """Returns the record of a sale whose body was read."""
        found = self.rows("settlements", request_id=request_id)
        return from_stored(StoredSale(body, tuple(settlement for (settlement,) in found)))

    def name_of(self, member: str) -> str:
        """Returns a member's masked name; empty where it was erased or nobody is known."""
        return name_of(self.identity_of(member))

    def identity_of(self, member: str) -> Identity | None:
        """Returns who a member is; None where it was erased or nobody is known."""
        row = self.row("sealed_identity", member=member)
        return None if row is None else self.sealer.open(member, row[0])
