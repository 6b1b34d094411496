"""Everything that follows from the entries, made again and compared with what stands in the database.

Two ways share the work. The blocks and the books of each entry are compared range by range, from the first
position to the last; sums that need all entries are asked at once, and the database adds them up. Both run on
several connections that see one point in time, so that a gateway may go on working; nothing is written.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import chain
from queue import Empty, SimpleQueue
from typing import Any, Final, NamedTuple

from medsettle_gateway.ledger.chain import Block
from medsettle_gateway.storage.audit.asking import ROWS_MOST, Books
from medsettle_gateway.storage.audit.chained import compare_blocks
from medsettle_gateway.storage.audit.findings import KINDS, Finding, finding
from medsettle_gateway.storage.audit.head import Bounds, bounds_of, standing_of
from medsettle_gateway.storage.audit.records import dispensings
from medsettle_gateway.storage.connection import Connection

RANGE_COUNT: Final = 4_096
"""Positions of one step."""
SNAPSHOTS_MOST: Final = 1_000
"""Times that several connections are asked to see the same, while a gateway writes."""
QUESTIONS: Final = ("counters", "sales_and_entries", "balances", "orphans", "gaps", "guards")
"""What is asked of all entries at once; what takes longest is asked first."""


class Verdict(NamedTuple):
    """What was verified, and what of it does not hold: nothing, if ``findings`` is empty.

    ``waiting_count`` are the newest entries, which no block covers yet.
    """

    entry_count: int
    posting_count: int
    block_count: int
    waiting_count: int
    head: Block | None
    findings: tuple[Finding, ...]


Told = Callable[[int, int], None]
"""Hears how much of the work is done, and of how much."""
_Found = dict[str, list[tuple[Any, ...]]]
_Task = Callable[[Books], _Found]


def verify(
    connections: Sequence[Connection], noted: bytes | None = None, told: Told = lambda *_: None
) -> Verdict:
    """Returns what holds of the books and what does not, all at one point in time.

    ``connections``: one for each thread that shares the work, at least one. ``noted`` is the hash of a block
    that must still be there. Raises sqlite3.Error or DatabaseFailedError.
    """
    with same_moment(connections) as books:
        return verdict_of(books, noted, told)


def verdict_of(books: Sequence[Books], noted: bytes | None = None, told: Told = lambda *_: None) -> Verdict:
    """Returns the same of books that are read at one moment already."""
    first = books[0]
    head, waiting_count = standing_of(first)
    found = _run(books, list(_tasks(bounds_of(first))), told)
    if noted is not None and not first.ask("block_of_hash", hash=noted):
        found["head"] = [(noted.hex(),)]
    return Verdict(
        entry_count=first.ask("entry_count")[0][0],
        posting_count=first.ask("posting_count")[0][0],
        block_count=head.block if head else 0,
        waiting_count=waiting_count,
        head=head,
        findings=tuple(finding(kind, found[kind]) for kind in KINDS if found.get(kind)),
    )


def _tasks(bounds: Bounds) -> Iterator[_Task]:
    yield dispensings
    for question in QUESTIONS:
        yield partial(_ask, question)
    for first in range(1, max(bounds.last_position, bounds.last_entry) + 1, RANGE_COUNT):
        yield partial(_compare_range, first, first + RANGE_COUNT - 1)


def _ask(question: str, books: Books) -> _Found:
    return {question: books.listed(question)}


def _compare_range(first: int, last: int, books: Books) -> _Found:
    books.ask("by_range")
    loose, changed = compare_blocks(books, first, last)
    unbalanced = books.ask("unbalanced", first=first, last=last)
    return {"blocks": [*loose], "chain": [*changed], "unbalanced": unbalanced}


def _run(books: Sequence[Books], tasks: Sequence[_Task], told: Told) -> _Found:
    """Does the tasks, each with one of the connections; returns what they found, by kind, in their order."""
    waiting: SimpleQueue[tuple[int, _Task]] = SimpleQueue()
    for numbered in enumerate(tasks):
        waiting.put(numbered)
    done: dict[int, _Found] = {}

    def work(own: Books) -> None:
        while True:
            try:
                number, task = waiting.get_nowait()
            except Empty:
                return
            done[number] = {kind: rows[:ROWS_MOST] for kind, rows in task(own).items() if rows}
            told(len(done), len(tasks))

    with ThreadPoolExecutor(len(books), "verify") as pool:
        for running in [pool.submit(work, each) for each in books]:
            running.result()
    found: _Found = {}
    for kind, rows in chain.from_iterable(done[number].items() for number in range(len(tasks))):
        found.setdefault(kind, []).extend(rows[: ROWS_MOST - len(found.get(kind, ()))])
    return found


@contextmanager
def same_moment(connections: Sequence[Connection]) -> Iterator[list[Books]]:
    """Whatever is read through any of the connections is of one point in time."""
    books = [Books.of(connection) for connection in connections]
    with ExitStack() as stack:
        for connection in connections:
            stack.callback(_end, connection)
        embedded = [each for each in connections if isinstance(each, sqlite3.Connection)]
        if embedded:
            _meet(embedded)
        else:
            _import_snapshot(connections)
        yield books


def _end(connection: Connection) -> None:
    connection.execute("ROLLBACK")


def _meet(connections: Sequence[sqlite3.Connection]) -> None:
    """Every transaction that moves money writes an entry: who sees the same last one sees the same books."""
    for each in connections:
        # A text that somebody made unreadable is a finding and no reason to stop.
        each.text_factory = _readable
        each.execute("BEGIN")
    for _ in range(SNAPSHOTS_MOST):
        seen = [bounds_of(Books.of(each)) for each in connections]
        if all(other == seen[0] for other in seen):
            return
        for each in connections:
            each.execute("ROLLBACK")
            each.execute("BEGIN")
    msg = "the books change too fast to be read through several connections at once: read with one"
    raise sqlite3.OperationalError(msg)


def _readable(text: bytes) -> str:
    return text.decode(errors="surrogateescape")


def _import_snapshot(connections: Sequence[Connection]) -> None:
    begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    first, *others = connections
    first.execute(begin)
    ((snapshot,),) = first.execute("SELECT pg_export_snapshot()").fetchall()
    for each in others:
        each.execute(f"{begin}; SET TRANSACTION SNAPSHOT '{snapshot}'")
