r"""The chain of blocks over the entries: what a block covers cannot be changed, removed or moved unseen.

A block covers the entries from one position to another. Its hash is the SHA-256 of a text that anybody can
make again from the tables, in UTF-8, every line ended by a line feed, columns divided by a tab::

    medsettle ledger block 1
    <block>  <first position>  <last position>  <sealed at, microseconds since 1970>
    <hash of the block before, in hexadecimal; 64 zeros before the first>
    <marks, in hexadecimal>
    entries  <count>
    <position>  <kind>  <request id>  <committed at, us>  <business day>  <terminal>  <operator>  <reason>
    postings  <count>
    <position>  <number>  <book>  <account>  <amount in fen>
    counters  <count>
    <position>  <number>  <member>  <region>  <scheme>  <period>  <counter>  <measure>  <used>  <held>

in the order of position and number. A backslash, a tab and a line feed inside a text are written ``\\``,
``\t`` and ``\n``. The marks are 8 bytes for each entry, the beginning of the SHA-256 of its own lines joined
by line feeds: by them it can be said which entry was changed.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

FORMAT: Final = b"medsettle ledger block 1"
NOTHING_BEFORE: Final = bytes(32)
"""Stands where the first block names the one before."""
MARK_BYTES: Final = 8
_SECTIONS: Final = ((b"entries", 8), (b"postings", 5), (b"counters", 10))
"""Their names, and how many columns a line has."""
_ESCAPED: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n"})

Row = Sequence[str | int]
"""The columns of one line, in their order."""


class Block(NamedTuple):
    """A block as it is kept. ``block`` counts from 1."""

    block: int
    first_position: int
    last_position: int
    sealed_at_us: int
    marks: bytes
    hash: bytes

    @property
    def entry_count(self) -> int:
        """How many entries it covers."""
        return self.last_position - self.first_position + 1


class Section(NamedTuple):
    """Lines of one kind, joined by line feeds, and how many there are."""

    line_count: int
    text: bytes


class EntryText(NamedTuple):
    """The lines of one entry: its own, its postings' and its counters'."""

    position: int
    entry: bytes
    postings: tuple[bytes, ...]
    counters: tuple[bytes, ...]

    @property
    def mark(self) -> bytes:
        """The beginning of the hash of its lines."""
        return hashlib.sha256(b"\n".join((self.entry, *self.postings, *self.counters))).digest()[:MARK_BYTES]


def line(row: Row) -> bytes:
    """Returns a row as one line."""
    # A text that is not UTF-8 can stand in a database that somebody has changed; it is kept as it is.
    return "\t".join(str(each).translate(_ESCAPED) for each in row).encode(errors="surrogateescape")


def entry_text(entry: Row, postings: Iterable[Row], counters: Iterable[Row]) -> EntryText:
    """Returns the lines of an entry. The first column of every row is its position."""
    return EntryText(int(entry[0]), line(entry), tuple(map(line, postings)), tuple(map(line, counters)))


def texts_of(entries: Sequence[Row], postings: Sequence[Row], counters: Sequence[Row]) -> list[EntryText]:
    """Returns the lines of some entries, in the order of all three."""
    posted, moved = _by_position(postings), _by_position(counters)
    return [entry_text(row, posted.get(row[0], ()), moved.get(row[0], ())) for row in entries]


def _by_position(rows: Sequence[Row]) -> dict[int | str, list[Row]]:
    found: dict[int | str, list[Row]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row)
    return found


def are_plain(sections: Sequence[Section]) -> bool:
    """Returns whether no text in them has a character that would have to be escaped."""
    return all(
        b"\\" not in text
        and text.count(b"\t") == count * (columns - 1)
        and text.count(b"\n") == max(count - 1, 0)
        for (count, text), (_, columns) in zip(sections, _SECTIONS, strict=True)
    )


def sections_of(texts: Sequence[EntryText]) -> tuple[Section, Section, Section]:
    """Returns the lines of some entries as they stand in a block."""
    return (
        _section(text.entry for text in texts),
        _section(posting for text in texts for posting in text.postings),
        _section(counter for text in texts for counter in text.counters),
    )


def _section(lines: Iterable[bytes]) -> Section:
    listed = list(lines)
    return Section(len(listed), b"\n".join(listed))


def block_hash(block: Block, before: bytes, sections: Sequence[Section]) -> bytes:
    """Returns the hash that a block must have, of its other columns, the hash before, and what it covers."""
    digest = hashlib.sha256()
    for part in _parts(block, before, sections):
        digest.update(part)
        digest.update(b"\n")
    return digest.digest()


def _parts(block: Block, before: bytes, sections: Sequence[Section]) -> Iterator[bytes]:
    yield FORMAT
    yield b"%d\t%d\t%d\t%d" % block[:4]
    yield before.hex().encode()
    yield block.marks.hex().encode()
    for (name, _), section in zip(_SECTIONS, sections, strict=True):
        yield b"%s\t%d" % (name, section.line_count)
        if section.line_count:
            yield section.text


def seal(before: Block | None, texts: Sequence[EntryText], sealed_at_us: int) -> Block:
    """Returns the block that follows ``before`` and covers these entries.

    Raises AssertionError unless their positions follow without a gap.
    """
    first = 1 if before is None else before.last_position + 1
    positions = [text.position for text in texts]
    if not positions or positions != list(range(first, first + len(positions))):
        msg = f"the block behind position {first - 1} cannot cover {positions[:3]}...{positions[-1:]}"
        raise AssertionError(msg)
    marks = b"".join(text.mark for text in texts)
    block = Block(1 if before is None else before.block + 1, first, positions[-1], sealed_at_us, marks, b"")
    return block._replace(hash=block_hash(block, hash_of(before), sections_of(texts)))


def hash_of(before: Block | None) -> bytes:
    """Returns what a block names as the one before it."""
    return NOTHING_BEFORE if before is None else before.hash


def changed_positions(block: Block, texts: Sequence[EntryText]) -> tuple[int, ...]:
    """Returns which of the positions that a block covers are missing or not what its marks say."""
    marks = {text.position: text.mark for text in texts}
    positions = range(block.first_position, block.last_position + 1)
    return tuple(
        position for number, position in enumerate(positions)
        if marks.get(position) != block.marks[number * MARK_BYTES:][:MARK_BYTES]
    )
