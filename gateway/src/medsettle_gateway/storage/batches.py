"""Rows in batches: what a thousand of them need is asked of the database at once."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

from medsettle_gateway.storage.connection import Connection

T = TypeVar("T")

BATCH_ROWS: Final = 500


def batches(rows: Iterable[T], key: Callable[[T], Hashable] | None = None) -> Iterator[list[T]]:
    """Yields the rows in their order, at most BATCH_ROWS at a time; none are kept.

    With a key, two rows of the same one are never in the same batch: the second finds what the first did.
    """
    batch: list[T] = []
    seen: set[Hashable] = set()
    for row in rows:
        name = None if key is None else key(row)
        if len(batch) == BATCH_ROWS or (key is not None and name in seen):
            yield batch
            batch = []
            seen.clear()
        batch.append(row)
        seen.add(name)
    if batch:
        yield batch


def asked_of(
    connection: Connection, sql: str, among: Iterable[Any], named: Mapping[str, Any] | None = None
) -> Iterator[Any]:
    """Yields the rows of a statement whose ``IN (:among)`` takes any number of values, in parts.

    The text stays the same however many there are, so that it is prepared once.
    """
    values = list(dict.fromkeys(among))
    marks = ", ".join(f":among_{number}" for number in range(BATCH_ROWS))
    text = sql.replace(":among", marks)
    for begin in range(0, len(values), BATCH_ROWS):
        part = values[begin : begin + BATCH_ROWS]
        yield from connection.execute(text, {**_numbered(part), **(named or {})}).fetchall()


def _numbered(part: Sequence[Any]) -> dict[str, Any]:
    """The values under their names; what is missing to a whole batch repeats the last one."""
    filled = [*part, *[part[-1]] * (BATCH_ROWS - len(part))]
    return {f"among_{number}": value for number, value in enumerate(filled)}
