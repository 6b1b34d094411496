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
from medsettle_gateway.domain.sale import SaleRecord, to_stored
from medsettle_gateway.storage.instants import to_us, to_us_or_none
from medsettle_gateway.storage.sqlite.statements import SQL

Rows = list[dict[str, Any]]


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


def _run(connection: sqlite3.Connection, name: str, rows: Iterable[dict[str, Any]]) -> int:
    return connection.executemany(SQL[name], rows).rowcount


def _each(connection: sqlite3.Connection, name: str, rows: Rows, what: str) -> None:
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
    inserted, updated, settlements, counts = Rows(), Rows(), Rows(), Rows()
    for sale in sales:
        body, bodies = to_stored(sale)
        text, columns = sale.request_id.text, _columns(sale, body)
        if sale.version == 1:
            inserted.append(columns)
        else:
            updated.append(columns)
            counts.append({"request_id": text, "count": len(bodies)})
        settlements += (
            {"request_id": text, "number": number, "body": each} for number, each in enumerate(bodies, 1)
        )
    _each(connection, "update_sale", updated, "a sale is not at the version before")
    _run(connection, "drop_settlements", counts)
    _each(connection, "insert_sale", inserted, "a sale is recorded already")
    _run(connection, "put_settlement", settlements)


def _columns(sale: SaleRecord, body: str) -> dict[str, Any]:
    ticket = sale.request_id.ticket
    return {
        "request_id": sale.request_id.text,
        "institution": ticket.institution,
        "till": ticket.till,
        "day": ticket.day.isoformat(),
        "number": ticket.number,
        "attempt": sale.request_id.attempt,
        "terminal": sale.terminal,
        "state": sale.state.value,
        "version": sale.version,
        "member": sale.member,
        "basket_digest": sale.basket_digest,
        "service_on": sale.service_on.isoformat(),
        "created_at_us": to_us(sale.created_at),
        "calculated_at_us": to_us_or_none(sale.calculated_at),
        "hold_expires_at_us": to_us_or_none(sale.hold_expires_at),
        "settled_at_us": to_us(sale.committed_at) if sale.state is SaleState.SETTLED else None,
        "ends_stay": sale.ends_stay,
        "body": body,
    }


def _post_entries(connection: sqlite3.Connection, found: list[moves.PostEntry]) -> None:
    """Nobody else writes meanwhile: the positions behind the last one are free."""
    entries, postings, counters = Rows(), Rows(), Rows()
    (last,) = connection.execute(SQL["last_position"]).fetchone()
    for position, move in enumerate(found, last + 1):
        entry = move.entry
        entry.check()
        entries.append({"position": position, **_entry(entry)})
        postings += (
            {"position": position, "number": number, "book": book, "account": account, "amount_fen": fen}
            for number, (book, account, fen) in enumerate(entry.postings, 1)
        )
        counters += (
            {"position": position, "number": number, **_counter(counter)}
            for number, counter in enumerate(entry.counters, 1)
        )
    _run(connection, "insert_entry", entries)
    _run(connection, "insert_posting", postings)
    _run(connection, "insert_entry_counter", counters)


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "kind": entry.kind,
        "request_id": entry.request_id,
        "committed_at_us": to_us(entry.committed_at),
        "business_on": entry.business_on.isoformat(),
        "terminal": entry.terminal,
        "operator": entry.operator,
        "reason": entry.reason,
    }


def _counter(move: CounterMove) -> dict[str, Any]:
    member, region, scheme, (period, counter, measure), used_delta, held_delta = move
    return {
        "member": member, "region": region, "scheme": scheme, "period": period, "counter": counter,
        "measure": measure, "used_delta": used_delta, "held_delta": held_delta,
    }


def _move_balances(connection: sqlite3.Connection, found: list[moves.MoveBalance]) -> None:
    rows = [
        {
            "account": move.account, "balance_delta_fen": move.balance_delta_fen,
            "held_delta_fen": move.held_delta_fen,
        }
        for move in found
    ]
    _each(connection, "move_balance", rows, "there is no such account")


def _move_counters(connection: sqlite3.Connection, found: list[moves.MoveCounter]) -> None:
    # Not an upsert: its inserted row would have to satisfy the checks before the sum does.
    rows = [_counter(move.move) for move in found]
    _run(connection, "begin_counter", rows)
    _each(connection, "move_counter", rows, "there is no such counter")


def _drop_dispensed(connection: sqlite3.Connection, found: list[moves.DropDispensed]) -> None:
    _run(connection, "drop_dispensings", ({"request_id": move.request_id} for move in found))


def _keep_dispensed(connection: sqlite3.Connection, found: list[moves.KeepDispensed]) -> None:
    rows = Rows()
    for move in found:
        for number, (drug, on, days_supply, condition, benefit) in enumerate(move.drugs, 1):
            rows.append({
                "request_id": move.request_id, "number": number, "member": move.member, "drug": drug,
                "dispensed_on": on.isoformat(), "days_supply": days_supply, "condition": condition,
                "benefit": benefit,
            })
    _run(connection, "insert_dispensing", rows)


_WRITERS: Final[dict[type[Any], Callable[[sqlite3.Connection, Any], None]]] = {
    moves.PutSale: _put_sales,
    moves.PostEntry: _post_entries,
    moves.MoveBalance: _move_balances,
    moves.MoveCounter: _move_counters,
    moves.DropDispensed: _drop_dispensed,
    moves.KeepDispensed: _keep_dispensed,
}
