"""The chain over entries that are kept in memory, and the rows that a database would have of them."""

from collections.abc import Mapping
from datetime import datetime

from medsettle_gateway.domain.entry import Entry
from medsettle_gateway.ledger.chain import Block, Row, seal, texts_of
from medsettle_gateway.storage.instants import to_us

Rows = tuple[list[Row], list[Row], list[Row]]


def rows_of(position: int, entry: Entry) -> Rows:
    """Returns the entry's row, its postings' and its counters'."""
    own = (
        position, entry.kind, entry.request_id, to_us(entry.committed_at), entry.business_on.isoformat(),
        entry.terminal, entry.operator, entry.reason,
    )
    postings = [(position, number, *posting) for number, posting in enumerate(entry.postings, 1)]
    counters = [
        (position, number, *move[:3], *move.key, *move[4:]) for number, move in enumerate(entry.counters, 1)
    ]
    return [own], [*postings], [*counters]


def seal_next(entries: Mapping[int, Entry], blocks: list[Block], limit: int, at: datetime) -> int:
    """Adds the block that covers the next entries, and returns how many they are."""
    first = blocks[-1].last_position + 1 if blocks else 1
    rows = [rows_of(position, entries[position]) for position in range(first, len(entries) + 1)[:limit]]
    if rows:
        tables: Rows = ([], [], [])
        for each in rows:
            for table, found in zip(tables, each, strict=True):
                table.extend(found)
        blocks.append(seal(blocks[-1] if blocks else None, texts_of(*tables), to_us(at)))
    return len(rows)
