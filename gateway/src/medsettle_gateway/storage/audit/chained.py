"""The blocks of a range, made again from what they cover and compared."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from medsettle_gateway.ledger.chain import (
    COUNTER_COLUMNS,
    ENTRY_COLUMNS,
    MARK_BYTES,
    NOTHING_BEFORE,
    POSTING_COLUMNS,
    Block,
    EntryText,
    Row,
    Section,
    block_hash,
    changed_positions,
    entry_text,
    sections_of,
)
from medsettle_gateway.storage.audit.asking import COUNTERS, ENTRIES, POSTINGS, TABLES, Books

_COLUMNS: Final = (ENTRY_COLUMNS, POSTING_COLUMNS, COUNTER_COLUMNS)
_EMPTY: Final = Section(0, b"")


class Changed(NamedTuple):
    """A block that is not what it says, and its first entry that was changed; None: the block was."""

    block: int
    first_position: int
    last_position: int
    position: int | None


class Compared(NamedTuple):
    """What was found of the blocks that begin in a range: rows of ``blocks`` and of ``chain``."""

    loose: tuple[tuple[int, int, int], ...]
    changed: tuple[Changed, ...]


def compare_blocks(books: Books, first: int, last: int) -> Compared:
    """Returns what is wrong with the blocks that begin at a position of the range."""
    loose: list[tuple[int, int, int]] = []
    changed: list[Changed] = []
    texts = [_sections(books, table.name, first, last) for table in TABLES]
    for *columns, ended_at, ended_with in books.ask("blocks", first=first, last=last):
        block = Block(*columns)
        if block.first_position != (ended_at or 0) + 1 or (ended_with is None) != (block.block == 1):
            loose.append(block[:3])
        before = NOTHING_BEFORE if ended_with is None else ended_with
        sections = [text.get(block.block, _EMPTY) for text in texts]
        # A fault of the quick way is no fault of the books: texts may have what has to be escaped.
        if not _is_sound(block, before, sections):
            changed.extend(_changes(books, block, before))
    return Compared(tuple(loose), tuple(changed))


def _sections(books: Books, table: str, first: int, last: int) -> dict[int, Section]:
    return {
        block: Section(count, text)
        for block, count, text in books.ask(f"section of {table}", first=first, last=last)
    }


def _is_sound(block: Block, before: bytes, sections: list[Section]) -> bool:
    plain = all(
        section.is_plain(columns) for section, columns in zip(sections, _COLUMNS, strict=True)
    )
    return plain and block.hash == block_hash(block, before, sections)


def _changes(books: Books, block: Block, before: bytes) -> list[Changed]:
    """What is wrong with one block, made again row by row."""
    texts = exact_texts(books, block.first_position, block.last_position)
    if block.hash == block_hash(block, before, sections_of(texts)):
        return []
    positions = changed_positions(block, texts) if len(block.marks) == MARK_BYTES * block.entry_count else ()
    return [Changed(*block[:3], positions[0] if positions else None)]


def exact_texts(books: Books, first: int, last: int) -> list[EntryText]:
    """Returns the lines of the entries from one position to another, whatever their texts hold."""
    entries, postings, counters = (
        books.ask(f"rows of {table.name}", first=first, last=last) for table in (ENTRIES, POSTINGS, COUNTERS)
    )
    posted, moved = _by_position(postings), _by_position(counters)
    return [entry_text(row, posted.get(row[0], ()), moved.get(row[0], ())) for row in entries]


def _by_position(rows: Sequence[Row]) -> dict[int | str, list[Row]]:
    found: dict[int | str, list[Row]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row)
    return found
