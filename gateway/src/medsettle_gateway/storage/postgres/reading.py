"""What loaders of facts work with: a connection inside a transaction, and what opens names."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from medsettle_gateway.domain.sale import SaleRecord, StoredSale, from_stored
from medsettle_gateway.storage.postgres.connecting import Connection
from medsettle_gateway.storage.postgres.statements import SQL
from medsettle_gateway.storage.rows import Columns
from medsettle_gateway.storage.sealing import Identity, Sealer

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Reading:
    """A connection, and what opens names."""

    connection: Connection
    sealer: Sealer
    _opened: dict[str, Identity] = field(default_factory=dict, repr=False)
    """Who is known already of what is loaded at once: the owner of most accounts is the member."""

    async def rows(self, name: str, *values: object) -> Sequence[Columns]:
        """Returns what a named statement finds. Raises asyncpg's errors and OSError."""
        found: Sequence[Columns] = await self.connection.fetch(SQL[name], *values)
        return found

    def identity(self, member: str, sealed: bytes | None) -> Identity | None:
        """Returns who a member is; None where it was erased."""
        if sealed is None:
            return None
        if member not in self._opened:
            self._opened[member] = self.sealer.open(member, sealed)
        return self._opened[member]


def columns_of(asked: Iterable[Sequence[Any]], count: int) -> tuple[list[Any], ...]:
    """Returns rows as columns: what ``unnest`` makes rows of again. ``count`` is that of the columns."""
    rows = list(asked)
    return tuple([row[column] for row in rows] for column in range(count))


def by_place(
    asked: Sequence[K], rows: Iterable[Columns], made: Callable[[Columns], V]
) -> dict[K, tuple[V, ...]]:
    """Returns for each key what was made of its rows, which begin with its place from 1."""
    found: defaultdict[int, list[V]] = defaultdict(list)
    for place, *columns in rows:
        found[place].append(made(columns))
    return {key: tuple(found[place]) for place, key in enumerate(asked, 1)}


def sale_of(row: Columns) -> SaleRecord:
    """Returns the sale of ``(request_id, body, bodies of its settlements)``."""
    _, body, settlements = row
    return from_stored(StoredSale(body, tuple(settlements)))
