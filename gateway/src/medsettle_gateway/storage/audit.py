"""The books recomputed from their entries: what a summary states, it has added up itself."""

import sqlite3
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from medsettle_gateway.storage.statements import read_statements

AUDIT: Final = read_statements("medsettle_gateway.storage", "audit.sql")
"""Question by name."""

ROWS_MOST: Final = 1_000
"""Rows that one question may list."""


class OpenSale(NamedTuple):
    """A sale that has not come to an end."""

    request_id: str
    state: str


class FundTotal(NamedTuple):
    """What a fund bore, in fen."""

    book: str
    amount_fen: int


class AccountTotals(NamedTuple):
    """All personal accounts together, in fen."""

    balance_fen: int
    held_fen: int


class Summary(NamedTuple):
    """The books as their entries have them. ``faults`` is empty when everything holds."""

    entry_count: int
    posting_count: int
    sales: tuple[tuple[str, int], ...]
    funds: tuple[FundTotal, ...]
    accounts: AccountTotals
    cash_fen: int
    open_sales: tuple[OpenSale, ...]
    faults: tuple[str, ...]


def summarise(connection: sqlite3.Connection) -> Summary:
    """Returns the summary, at one point in time. Raises sqlite3.Error."""
    connection.execute("BEGIN")
    try:
        ask = _asking(connection)
        ((balance_fen, held_fen),) = ask("accounts")
        return Summary(
            entry_count=ask("entry_count")[0][0],
            posting_count=ask("posting_count")[0][0],
            sales=tuple(ask("sales")),
            funds=tuple(FundTotal(book, amount_fen) for book, amount_fen in ask("funds")),
            accounts=AccountTotals(balance_fen, held_fen),
            cash_fen=ask("cash")[0][0],
            open_sales=tuple(OpenSale(request_id, state) for request_id, state in ask("open_sales")),
            faults=tuple(_SENTENCES[name].format(*row) for name in _SENTENCES for row in ask(name)),
        )
    finally:
        connection.execute("ROLLBACK")


def _asking(connection: sqlite3.Connection) -> Callable[[str], list[Any]]:
    return lambda name: connection.execute(AUDIT[name]).fetchmany(ROWS_MOST)


_SENTENCES: Final = {
    "unbalanced_books": "entry {0}: book {1} is off by {2} fen",
    "gaps": "positions are not gapless: {0} entries, the last is {1}",
    "wrong_balances": "account {0}: {1} fen and {2} held, but its postings say {3} and {4}",
    "wrong_counters": "counter {2} {3} of {0} in {1}: {4} used and {5} held, but its entries say {6} and {7}",
    "wrong_dispensings": "sale {0}: {1} drugs that it hands out do not count, and {2} others do",
    "wrong_states": "sale {0} is {1}, but its last entry is {2}",
    "wrong_versions": "sale {0} is at version {1} and has {2} entries",
    "sales_without_entries": "sale {0} has no entry",
    "entries_without_sales": "entry {0} is of sale {1}, which is not there",
}
"""How each finding of a question is said."""
