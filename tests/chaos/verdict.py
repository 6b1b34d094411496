"""What must be true in the evening: of books, sales and journals, of what was said, and of the cash."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medsettle._record_text import from_text
from medsettle.models import Outcome
from medsettle.record import SaleRecord
from medsettle.sale import is_closed, outcome
from medsettle.testing import Gateway, GatewayFailedError
from medsettle.wire.states import OUTCOME, SaleState
from medsettle_gateway.cli.frame import open_gateway
from medsettle_gateway.domain.sale import StoredSale, from_stored
from medsettle_gateway.storage.connection import Connection
from tests.chaos.papers import Papers

CAP_FEN = 300_000
"""What the pooled fund pays of one person's outpatient care in a year at most, by the demo city's rules."""
_SHOWN = 20
_COUNTERS = """SELECT member, counter, measure, used, held FROM counters
WHERE held <> 0 OR (counter = 'general_outpatient' AND measure = 'paid' AND used > :cap)"""


@dataclass(frozen=True)
class Sale:
    """A sale as the books have it: where it stands, its cash in fen, and what it is left of."""

    state: SaleState
    cash_fen: int
    replaces: str


@dataclass(frozen=True)
class Books:
    """What the gateway has in the evening."""

    sales: Mapping[str, Sale]
    states: Counter[str]
    entries: int
    faults: tuple[str, ...]


def read_books(gateway: Gateway) -> Books:
    """Returns the sales, and what the ledger's own verification and the balances find."""
    with open_gateway(gateway.config_path).reading() as connection:
        sales = dict(_sales(connection))
        faults = [*_of_limits(connection)]
        entries = connection.execute("SELECT count(*) FROM entries").fetchone()[0]
    faults.extend(_of_ledger(gateway))
    faults.extend(_of_answers(gateway.log.splitlines()))
    return Books(sales, Counter(each.state for each in sales.values()), entries, tuple(faults))


def _sales(connection: Connection) -> Iterator[tuple[str, Sale]]:
    for request_id, state, body in connection.execute("SELECT request_id, state, body FROM sales").fetchall():
        sale = from_stored(StoredSale(body, ()))
        yield request_id, Sale(SaleState(state), sale.split.cash_fen if sale.split else 0, sale.replaces)


def _of_ledger(gateway: Gateway) -> Iterator[str]:
    try:
        told = json.loads(gateway.run("ledger", "verify", "--json", "--config", str(gateway.config_path)))
    except GatewayFailedError as error:
        yield f"the books are not sound: {error}"
        return
    if told["waiting_count"]:
        yield f"{told['waiting_count']} entries are in no block of the chain"


def _of_answers(log: Iterable[str]) -> Iterator[str]:
    """Whatever a gateway's machine fails of, it says so; it never fails of itself."""
    for line in log:
        if "reason=INTERNAL_ERROR" in line:
            yield line


def _of_limits(connection: Connection) -> Iterator[str]:
    for member, counter, measure, used, held in connection.execute(_COUNTERS, {"cap": CAP_FEN}).fetchall():
        yield f"{member} has used {used} of {counter} {measure}, and {held} are held"
    query = "SELECT account, balance_fen, held_fen FROM accounts WHERE balance_fen < 0 OR held_fen <> 0"
    for account, balance_fen, held_fen in connection.execute(query).fetchall():
        yield f"account {account} has {balance_fen}, and {held_fen} are held"


def read_journal(path: Path) -> dict[str, SaleRecord]:
    """Returns what a till's journal holds, as its program left it."""
    with closing(sqlite3.connect(path)) as sql:
        return {each.request_id: each for each in map(_record, sql.execute("SELECT record FROM sale"))}


def _record(row: tuple[Any, ...]) -> SaleRecord:
    return from_text(row[0])


def faults(books: Books, journals: Iterable[Path], papers: Sequence[Papers]) -> Iterator[str]:
    """Yields what is wrong, one sentence each; nothing if all is well."""
    yield from books.faults
    yield from _of_states(books)
    yield from _of_tickets(books)
    for path in journals:
        yield from _of_journal(path.parent.name, read_journal(path), books)
    for each in papers:
        yield from each.troubles
        yield from each.wrong
        yield from _of_words(each, books)
    yield from _of_cash(papers, books)


def _of_states(books: Books) -> Iterator[str]:
    for request_id, sale in books.sales.items():
        if OUTCOME[sale.state] is Outcome.OPEN:
            yield f"{request_id} is {sale.state} for ever"


def _of_tickets(books: Books) -> Iterator[str]:
    """However often a ticket was tried, and whatever was returned of it, it is charged once."""
    charged = Counter(
        request_id.rpartition("-")[0]
        for request_id, sale in books.sales.items() if sale.state is SaleState.SETTLED
    )
    yield from (f"ticket {ticket} is charged {count} times" for ticket, count in charged.items() if count > 1)
    left = Counter(
        sale.replaces for sale in books.sales.values() if sale.replaces and sale.state is SaleState.SETTLED
    )
    for before, count in left.items():
        if count > 1 or books.sales[before].state is not SaleState.REVERSED:
            yield f"{before} is {books.sales[before].state}, and {count} sales are what is left of it"


def _of_journal(terminal: str, journal: Mapping[str, SaleRecord], books: Books) -> Iterator[str]:
    for request_id, record in journal.items():
        sale = books.sales.get(request_id)
        state = sale.state if sale else SaleState.ABSENT
        if record.state != state and request_id.startswith(f"{terminal}-"):
            yield f"{request_id} is {record.state} in the journal of {terminal}, and {state} at the gateway"
        if outcome(record) is Outcome.OPEN or not is_closed(record):
            yield f"{request_id} is open in the journal of {terminal}: {record}"
    for request_id, sale in books.sales.items():
        if request_id.startswith(f"{terminal}-") and request_id not in journal:
            yield f"{request_id} is {sale.state} at the gateway, and {terminal} does not know of it"


def _of_words(papers: Papers, books: Books) -> Iterator[str]:
    for (terminal, request_id), told in papers.told.items():
        sale = books.sales.get(request_id)
        means = OUTCOME[sale.state] if sale else Outcome.OPEN
        undone = told is Outcome.PAID and means is Outcome.NOT_PAID and request_id in papers.undone
        if means is not told and not undone:
            yield f"{terminal} said that {request_id} was {told}, and it is {means}"


def _of_cash(papers: Sequence[Papers], books: Books) -> Iterator[str]:
    """What is in the drawers is what patients owe by the books; of what was returned, by the first sale."""
    first_of = {left: first for each in papers for left, first in each.first_of.items()}
    due_fen: Counter[str] = Counter()
    taken_fen: Counter[str] = Counter()
    for request_id, sale in books.sales.items():
        if sale.state is SaleState.SETTLED:
            due_fen[first_of.get(request_id, request_id)] += sale.cash_fen
    for each in papers:
        for request_id, fen in each.taken_fen.items():
            taken_fen[each.first(request_id)] += fen
    for first in sorted({*due_fen, *taken_fen}):
        if taken_fen[first] != due_fen[first]:
            yield f"{first}: {taken_fen[first]} fen of cash for {due_fen[first]}"


def shown(found: list[str]) -> list[str]:
    """Returns as much of it as a person reads."""
    more = len(found) - _SHOWN
    return found[:_SHOWN] + ([f"and {more} more"] if more > 0 else [])
