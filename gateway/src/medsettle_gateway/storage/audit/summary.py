"""A summary of the books: what it states, it has added up itself."""

from collections.abc import Sequence
from typing import NamedTuple

from medsettle_gateway.storage.audit.asking import Books
from medsettle_gateway.storage.audit.findings import Finding
from medsettle_gateway.storage.audit.moment import same_moment
from medsettle_gateway.storage.audit.verifying import verdict_of
from medsettle_gateway.storage.connection import Connection


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
    """The books as their entries have them. ``faults`` is what does not follow from them, one of a kind."""

    entry_count: int
    posting_count: int
    sales: tuple[tuple[str, int], ...]
    funds: tuple[FundTotal, ...]
    accounts: AccountTotals
    cash_fen: int
    open_sales: tuple[OpenSale, ...]
    faults: tuple[Finding, ...]


def summarise(connection: Connection) -> Summary:
    """Returns the summary, at one point in time. Raises sqlite3.Error or DatabaseFailedError."""
    books = Books.of(connection)
    with same_moment([connection]):
        ((balance_fen, held_fen),) = books.ask("accounts")
        return Summary(
            entry_count=_only(books.ask("entry_count")),
            posting_count=_only(books.ask("posting_count")),
            sales=tuple((state, count) for state, count in books.ask("sales")),
            funds=tuple(FundTotal(book, amount_fen) for book, amount_fen in books.ask("funds")),
            accounts=AccountTotals(balance_fen, held_fen),
            cash_fen=_only(books.ask("cash")),
            open_sales=tuple(OpenSale(request_id, state) for request_id, state in books.listed("open_sales")),
            faults=verdict_of([books]).findings,
        )


def _only(rows: Sequence[Sequence[int]]) -> int:
    ((value,),) = rows
    return value
