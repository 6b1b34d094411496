"""What the next block of the chain covers: the same questions in every store, whoever runs them."""

from collections.abc import Coroutine
from datetime import datetime
from typing import Any, Protocol, TypeVar

from medsettle_gateway.ledger.chain import Block, EntryText, are_plain, seal, sections_of, texts_of
from medsettle_gateway.storage.audit.asking import TABLES, Rows
from medsettle_gateway.storage.instants import to_us

T = TypeVar("T")


class Ask(Protocol):
    """Asks the books a question."""

    async def __call__(self, question: str, **values: object) -> Rows:
        """Returns what it finds."""


async def next_block(ask: Ask, limit: int, sealed_at: datetime) -> Block | None:
    """Returns the block that covers the next entries, at most ``limit``; None where none wait.

    Raises AssertionError where an entry is missing or a book of one does not balance: what is broken is never
    sealed.
    """
    head = await ask("head")
    before = Block(*head[0]) if head else None
    first = before.last_position + 1 if before else 1
    texts = await _plain_texts(ask, first, first + limit - 1)
    if not texts:
        return None
    broken = await ask("unbalanced_positions", first=first, last=texts[-1].position)
    if broken:
        position, book, off_fen = broken[0]
        msg = f"entry {position} is not chained: its book {book} is off by {off_fen} fen"
        raise AssertionError(msg)
    if not are_plain(sections_of(texts)):
        texts = await _exact_texts(ask, first, texts[-1].position)
    return seal(before, texts, to_us(sealed_at))


async def _plain_texts(ask: Ask, first: int, last: int) -> list[EntryText]:
    """The database makes the lines: several times as fast, and right where nothing has to be escaped."""
    entries, postings, counters = [
        await ask(f"lines of {table.name}", first=first, last=last) for table in TABLES
    ]
    posted, moved = _lines(postings), _lines(counters)
    return [
        EntryText(position, line, tuple(posted.get(position, ())), tuple(moved.get(position, ())))
        for position, line in entries
    ]


def _lines(rows: Rows) -> dict[int, list[bytes]]:
    found: dict[int, list[bytes]] = {}
    for position, line in rows:
        found.setdefault(position, []).append(line)
    return found


async def _exact_texts(ask: Ask, first: int, last: int) -> list[EntryText]:
    return texts_of(*[await ask(f"rows of {table.name}", first=first, last=last) for table in TABLES])


def finished(work: Coroutine[Any, Any, T]) -> T:
    """Returns what the work comes to, which waits for nothing. Raises AssertionError if it does."""
    try:
        work.send(None)
    except StopIteration as ended:
        result: T = ended.value
        return result
    work.close()
    msg = "what must not wait has waited"
    raise AssertionError(msg)
