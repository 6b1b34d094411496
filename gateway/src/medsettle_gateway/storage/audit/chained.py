"""The blocks of a range, made again from what they cover and compared."""

from typing import Final, NamedTuple

from medsettle_gateway.ledger.chain import (
    MARK_BYTES,
    NOTHING_BEFORE,
    Block,
    Section,
    are_plain,
    block_hash,
    changed_positions,
    sections_of,
    texts_of,
)
from medsettle_gateway.storage.audit.asking import TABLES, Books, Table

_EMPTY: Final = Section(0, b"")
_COMMA_TO_TAB: Final = bytes.maketrans(b",", b"\t")


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
    texts = [_sections(books, table, first, last) for table in TABLES]
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


def _sections(books: Books, table: Table, first: int, last: int) -> dict[int, Section]:
    rows = books.ask(f"section of {table.name}", first=first, last=last)
    if books.embedded and table.code_count:
        return {block: Section(count, lines_of(text, count, table)) for block, count, text in rows}
    return {block: Section(count, text) for block, count, text in rows}


def lines_of(lists: bytes, row_count: int, table: Table) -> bytes:
    """Returns rows, each a list of JSON in one of all, as lines; as they are where a text is no plain code.

    Every bracket, comma and quote is counted: a text that has one of its own is never taken for another.
    """
    column_count = len(table.columns) + 1
    counted = [lists.count(sign) for sign in (b"[", b"]", b",", b'"', b"\\")]
    plain = [row_count + 1, row_count + 1, row_count * column_count - 1, 2 * row_count * table.code_count, 0]
    if counted != plain:
        return lists
    return lists.translate(_COMMA_TO_TAB, b'["').replace(b"]\t", b"\n")[:-2]


def _is_sound(block: Block, before: bytes, sections: list[Section]) -> bool:
    return are_plain(sections) and block.hash == block_hash(block, before, sections)


def _changes(books: Books, block: Block, before: bytes) -> list[Changed]:
    """What is wrong with one block, made again row by row."""
    first, last = block.first_position, block.last_position
    texts = texts_of(*(books.ask(f"rows of {table.name}", first=first, last=last) for table in TABLES))
    if block.hash == block_hash(block, before, sections_of(texts)):
        return []
    positions = changed_positions(block, texts) if len(block.marks) == MARK_BYTES * block.entry_count else ()
    return [Changed(*block[:3], positions[0] if positions else None)]
