"""What sales write, many at a time: one statement for each table, whatever the number of sales.

The order of the tables is that of their references. Of one sale, account or counter the moves keep their own
order, so that what is freed is free before it is used.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from medsettle.wire.states import SaleState
from medsettle_gateway.domain import moves
from medsettle_gateway.domain.entry import CounterMove, Entry
from medsettle_gateway.domain.moves import Move
from medsettle_gateway.domain.sale import SaleRecord, stored_utf8
from medsettle_gateway.storage.instants import to_us, to_us_or_none
from medsettle_gateway.storage.sqlite.statements import SQL

Rows = list[tuple[Any, ...]]
"""What is written, each value in its statement's place, so that none is looked up by name."""

_OF_SALE: Final = (
    "request_id", "institution", "till", "day", "number", "attempt", "terminal", "state", "version", "member",
    "basket_digest", "service_on", "created_at_us", "calculated_at_us", "hold_expires_at_us",
    "settled_at_us", "ends_stay", "body",
)
"""The places of ``insert_sale``; what changes a sale takes them by name."""
_OF_COUNTER: Final = 6
"""How many values name a counter."""


def write_sales(connection: sqlite3.Connection, done: Sequence[Move]) -> list[Move]:
    """Does the moves of sales, and returns the others, in their order.

    Raises AssertionError, naming the kind of move, if one breaks what the store asserts; sqlite3.Error if the
    database cannot be written.
    """
    by_kind: dict[type[Any], list[Any]] = {kind: [] for kind in _WRITERS}
    others = [move for move in done if not _put(by_kind, move)]
    for kind, found in by_kind.items():
        if found:
            try:
                _WRITERS[kind](connection, found)
            except sqlite3.IntegrityError as error:
                msg = f"the store refuses {kind.__name__}: {error}"
                raise AssertionError(msg) from error
    return others


def _put(by_kind: dict[type[Any], list[Any]], move: Move) -> bool:
    found = by_kind.get(type(move))
    if found is not None:
        found.append(move)
    return found is not None


def _run(connection: sqlite3.Connection, name: str, rows: Iterable[Any]) -> int:
    return connection.executemany(SQL[name], rows).rowcount


def _each(connection: sqlite3.Connection, name: str, rows: Sequence[Any], what: str) -> None:
    """Every row must meet one of the table. Raises AssertionError."""
    if rows and _run(connection, name, rows) != len(rows):
        msg = f"the store refuses {name}: {what}"
        raise AssertionError(msg)


def _put_sales(connection: sqlite3.Connection, found: list[moves.PutSale]) -> None:
    """One after another where a sale is put more than once."""
    left = [move.sale for move in found]
    while left:
        now: dict[str, SaleRecord] = {}
        left = [sale for sale in left if now.setdefault(sale.request_id.text, sale) is not sale]
        _put_once(connection, now.values())


def _put_once(connection: sqlite3.Connection, sales: Iterable[SaleRecord]) -> None:
    """Changes first: a sale that ends makes room for the one that takes its place."""
    inserted, settlements, updated, counts = Rows(), Rows(), [], []
    for sale in sales:
        body, bodies = stored_utf8(sale)  # as the file keeps it
        text, columns = sale.request_id.text, _columns(sale, body)
        if sale.version == 1:
            inserted.append(columns)
        else:
            updated.append(dict(zip(_OF_SALE, columns, strict=True)))
            counts.append({"request_id": text, "count": len(bodies)})
        settlements += ((text, number, each) for number, each in enumerate(bodies, 1))
    _each(connection, "update_sale", updated, "a sale is not at the version before")
    _run(connection, "drop_settlements", counts)
    _each(connection, "insert_sale", inserted, "a sale is recorded already")
    _run(connection, "put_settlement", settlements)


def _columns(sale: SaleRecord, body: bytes) -> tuple[Any, ...]:
    request_id = sale.request_id
    institution, till, day, number = request_id.ticket
    return (
        request_id.text, institution, till, day.isoformat(), number, request_id.attempt, sale.terminal,
        sale.state.value, sale.version, sale.member, sale.basket_digest, sale.service_on.isoformat(),
        to_us(sale.created_at), to_us_or_none(sale.calculated_at), to_us_or_none(sale.hold_expires_at),
        to_us(sale.committed_at) if sale.state is SaleState.SETTLED else None, sale.ends_stay, body,
    )


def _post_entries(connection: sqlite3.Connection, found: list[moves.PostEntry]) -> None:
    """Nobody else writes meanwhile: the positions behind the last one are free."""
    entries, postings, counters = Rows(), Rows(), Rows()
    (last,) = connection.execute(SQL["last_position"]).fetchone()
    for position, move in enumerate(found, last + 1):
        entry = move.entry
        entry.check()
        entries.append((position, *_entry(entry)))
        postings += ((position, number, *posting) for number, posting in enumerate(entry.postings, 1))
        counters += (
            (position, number, *_counter(counter)) for number, counter in enumerate(entry.counters, 1)
        )
    _run(connection, "insert_entry", entries)
    _run(connection, "insert_posting", postings)
    _run(connection, "insert_entry_counter", counters)


def _entry(entry: Entry) -> tuple[Any, ...]:
    return (
        entry.kind, entry.request_id, to_us(entry.committed_at), entry.business_on.isoformat(),
        entry.terminal, entry.operator, entry.reason,
    )


def _counter(move: CounterMove) -> tuple[Any, ...]:
    member, region, scheme, key, used_delta, held_delta = move
    return member, region, scheme, *key, used_delta, held_delta


def _move_balances(connection: sqlite3.Connection, found: list[moves.MoveBalance]) -> None:
    rows = [(move.account, move.balance_delta_fen, move.held_delta_fen) for move in found]
    _each(connection, "move_balance", rows, "there is no such account")


def _move_counters(connection: sqlite3.Connection, found: list[moves.MoveCounter]) -> None:
    # Not an upsert: its inserted row would have to satisfy the checks before the sum does.
    rows = [_counter(move.move) for move in found]
    _run(connection, "begin_counter", (row[:_OF_COUNTER] for row in rows))
    _each(connection, "move_counter", rows, "there is no such counter")


def _drop_dispensed(connection: sqlite3.Connection, found: list[moves.DropDispensed]) -> None:
    _run(connection, "drop_dispensings", ({"request_id": move.request_id} for move in found))


def _keep_dispensed(connection: sqlite3.Connection, found: list[moves.KeepDispensed]) -> None:
    rows = Rows()
    for move in found:
        for number, (drug, on, *rest) in enumerate(move.drugs, 1):
            rows.append((move.request_id, number, move.member, drug, on.isoformat(), *rest))
    _run(connection, "insert_dispensing", rows)


def _use_credentials(connection: sqlite3.Connection, found: list[moves.UseCredential]) -> None:
    _run(connection, "use_credential", (
        (each.credential_id, each.request_id, to_us(each.used_at), to_us(each.expires_at)) for each in found
    ))


_WRITERS: Final[dict[type[Any], Callable[[sqlite3.Connection, Any], None]]] = {
    moves.PutSale: _put_sales,
    moves.PostEntry: _post_entries,
    moves.MoveBalance: _move_balances,
    moves.MoveCounter: _move_counters,
    moves.DropDispensed: _drop_dispensed,
    moves.KeepDispensed: _keep_dispensed,
    moves.UseCredential: _use_credentials,
}
