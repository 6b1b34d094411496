"""Everything that follows from the entries, made again and compared with what stands in the database.

Two ways share the work. The blocks and the books of each entry are compared range by range, from the first
position to the last; sums that need all entries are asked at once, and the database adds them up. Both are
done by several readers that see one point in time, so that a gateway may go on working; nothing is written.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import suppress
from functools import partial
from itertools import chain
from queue import Empty, SimpleQueue
from typing import Any, Final, NamedTuple

from medsettle_gateway.ledger.chain import Block
from medsettle_gateway.storage.audit.asking import ROWS_MOST, Books, Rows
from medsettle_gateway.storage.audit.chained import compare_blocks
from medsettle_gateway.storage.audit.findings import KINDS, Finding, finding
from medsettle_gateway.storage.audit.head import bounds_of, standing_of
from medsettle_gateway.storage.audit.moment import same_moment
from medsettle_gateway.storage.audit.processes import Reader, ReaderProcess
from medsettle_gateway.storage.audit.records import dispensings, sales, sales_and_entries
from medsettle_gateway.storage.connection import Connection

RANGE_COUNT: Final = 4_096
"""Positions of one step."""
QUESTIONS: Final = ("counters", "balances", "prescriptions", "codes", "orphans", "gaps", "guards")
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
    connections: Sequence[Connection | ReaderProcess], noted: bytes | None = None,
    told: Told = lambda *_: None,
) -> Verdict:
    """Returns what holds of the books and what does not, all at one point in time.

    ``connections``: one for each reader that shares the work, at least one (``processes.sharing``). ``noted``
    is the hash of a block that must still be there. Raises sqlite3.Error or DatabaseFailedError.
    """
    with same_moment(connections) as readers:
        return verdict_of(readers, noted, told)


def verdict_of(
    readers: Sequence[Reader], noted: bytes | None = None, told: Told = lambda *_: None
) -> Verdict:
    """Returns the same of books that are read at one moment already."""
    first = readers[0]
    tasks = list(first.do(_tasks))
    found = _run(readers, tasks, told)
    if noted is not None and not first.do(partial(_of_hash, noted)):
        found["head"] = [(noted.hex(),)]
    head, waiting_count = first.do(standing_of)
    return Verdict(
        entry_count=first.do(partial(_count, "entry_count")),
        posting_count=first.do(partial(_count, "posting_count")),
        block_count=head.block if head else 0,
        waiting_count=waiting_count,
        head=head,
        findings=tuple(finding(kind, found[kind]) for kind in KINDS if found.get(kind)),
    )


def _count(question: str, books: Books) -> int:
    ((count,),) = books.ask(question)
    return int(count)


def _of_hash(noted: bytes, books: Books) -> Rows:
    return books.ask("block_of_hash", hash=noted)


def _tasks(books: Books) -> Iterator[_Task]:
    yield from (sales,) if books.embedded else (dispensings, sales_and_entries)
    bounds = bounds_of(books)
    ranges = [
        partial(_compare_range, first, first + RANGE_COUNT - 1)
        for first in range(1, max(bounds.last_position, bounds.last_entry) + 1, RANGE_COUNT)
    ]
    # Whoever goes through the sales and whoever goes through the entries pass the same places of a file
    # together: it is read once. What is left of the entries fills the time of who comes to an end first.
    together = len(ranges) * 3 // 4
    yield from ranges[:together]
    for question in QUESTIONS:
        yield partial(_ask, question)
    yield from ranges[together:]


def _ask(question: str, books: Books) -> _Found:
    return {question: books.listed(question)}


def _compare_range(first: int, last: int, books: Books) -> _Found:
    books.ask("by_range")
    loose, changed = compare_blocks(books, first, last)
    unbalanced = books.ask("unbalanced", first=first, last=last)
    return {"blocks": [*loose], "chain": [*changed], "unbalanced": unbalanced}


def _run(readers: Sequence[Reader], tasks: Sequence[_Task], told: Told) -> _Found:
    """Has each of the tasks done by one of the readers; returns what they found, by kind, in their order."""
    waiting: SimpleQueue[tuple[int, _Task]] = SimpleQueue()
    for numbered in enumerate(tasks):
        waiting.put(numbered)
    done: dict[int, _Found] = {}

    def work(own: Reader) -> None:
        with suppress(Empty):
            while True:
                number, task = waiting.get_nowait()
                done[number] = {kind: rows[:ROWS_MOST] for kind, rows in own.do(task).items() if rows}
                told(len(done), len(tasks))

    with ThreadPoolExecutor(len(readers), "verify") as pool:
        running = [pool.submit(work, each) for each in readers]
        try:
            wait(running, return_when=FIRST_EXCEPTION)
        finally:  # where one has failed, or somebody stopped it, nobody begins with what is left
            with suppress(Empty):
                while True:
                    waiting.get_nowait()
        for each in running:
            each.result()
    found: _Found = {}
    for kind, rows in chain.from_iterable(done[number].items() for number in range(len(tasks))):
        found.setdefault(kind, []).extend(rows[: ROWS_MOST - len(found.get(kind, ()))])
    return found
