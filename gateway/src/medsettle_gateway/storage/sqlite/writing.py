"""Moves into the database: one writer for each kind of move.

What no move may break is asserted here and by the constraints of the tables: the books of an entry sum
to zero, nothing falls below zero, a version follows its own predecessor, nothing is used twice.
"""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final

from medsettle.wire.states import SaleState
from medsettle_gateway.domain import moves
from medsettle_gateway.domain.entry import CounterMove, Entry
from medsettle_gateway.domain.moves import Move
from medsettle_gateway.domain.sale import SaleRecord, to_stored
from medsettle_gateway.storage.instants import to_us, to_us_or_none
from medsettle_gateway.storage.sqlite.recovery import end_recovery, keep_reassertion
from medsettle_gateway.storage.sqlite.statements import SQL

_NONCES_STAY: Final = timedelta(days=1)
"""How long a nonce outlives its time: clocks of several processes may differ."""


def write(connection: sqlite3.Connection, done: Sequence[Move]) -> None:
    """Does the moves in their order.

    Raises AssertionError, naming the move, if one breaks what the store asserts; sqlite3.Error if the
    database cannot be written.
    """
    for move in done:
        try:
            _WRITERS[type(move)](connection, move)
        except sqlite3.IntegrityError as error:
            msg = f"the store refuses {type(move).__name__}: {error}"
            raise AssertionError(msg) from error


def _run(connection: sqlite3.Connection, name: str, **values: Any) -> int:  # noqa: ANN401 - what SQLite binds
    return connection.execute(SQL[name], values).rowcount


def _one(connection: sqlite3.Connection, name: str, what: str, **values: Any) -> None:  # noqa: ANN401
    if _run(connection, name, **values) != 1:
        msg = f"the store refuses {name}: {what}"
        raise AssertionError(msg)


def _put_sale(connection: sqlite3.Connection, move: moves.PutSale) -> None:
    sale = move.sale
    body, settlements = to_stored(sale)
    text = sale.request_id.text
    columns = {**_columns(sale), "body": body}
    if sale.version == 1:
        _one(connection, "insert_sale", f"{text} is recorded already", **columns)
    else:
        what = f"{text} is not at version {sale.version - 1}"
        _one(connection, "update_sale", what, **columns)
        _run(connection, "drop_settlements", request_id=text, count=len(settlements))
    for number, settlement in enumerate(settlements, 1):
        _run(connection, "put_settlement", request_id=text, number=number, body=settlement)


def _columns(sale: SaleRecord) -> dict[str, Any]:
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
    }


def _post_entry(connection: sqlite3.Connection, move: moves.PostEntry) -> None:
    entry = move.entry
    entry.check()
    position = _insert_entry(connection, entry)
    connection.executemany(SQL["insert_posting"], [
        {"position": position, "number": number, **posting._asdict()}
        for number, posting in enumerate(entry.postings, 1)
    ])
    connection.executemany(SQL["insert_entry_counter"], [
        {"position": position, "number": number, **_counter(counter)}
        for number, counter in enumerate(entry.counters, 1)
    ])


def _insert_entry(connection: sqlite3.Connection, entry: Entry) -> int:
    (position,) = connection.execute(SQL["insert_entry"], {
        "kind": entry.kind,
        "request_id": entry.request_id,
        "committed_at_us": to_us(entry.committed_at),
        "business_on": entry.business_on.isoformat(),
        "terminal": entry.terminal,
        "operator": entry.operator,
        "reason": entry.reason,
    }).fetchone()
    return int(position)


def _counter(move: CounterMove) -> dict[str, Any]:
    member, region, scheme, key, used_delta, held_delta = move
    return {
        "member": member, "region": region, "scheme": scheme, **key._asdict(),
        "used_delta": used_delta, "held_delta": held_delta,
    }


def _move_balance(connection: sqlite3.Connection, move: moves.MoveBalance) -> None:
    _one(
        connection, "move_balance", f"there is no account {move.account}", account=move.account,
        balance_delta_fen=move.balance_delta_fen, held_delta_fen=move.held_delta_fen,
    )


def _move_counter(connection: sqlite3.Connection, move: moves.MoveCounter) -> None:
    # Not an upsert: its inserted row would have to satisfy the checks before the sum does.
    values = _counter(move.move)
    if not _run(connection, "move_counter", **values):
        _run(connection, "insert_counter", **values)


def _keep_dispensed(connection: sqlite3.Connection, move: moves.KeepDispensed) -> None:
    for number, (drug, on, days_supply, condition, benefit) in enumerate(move.drugs, 1):
        _run(
            connection, "insert_dispensing", request_id=move.request_id, number=number, member=move.member,
            drug=drug, dispensed_on=on.isoformat(), days_supply=days_supply, condition=condition,
            benefit=benefit,
        )


def _drop_dispensed(connection: sqlite3.Connection, move: moves.DropDispensed) -> None:
    _run(connection, "drop_dispensings", request_id=move.request_id)


def _use_credential(connection: sqlite3.Connection, move: moves.UseCredential) -> None:
    _run(
        connection, "use_credential", credential_id=move.credential_id, request_id=move.request_id,
        used_at_us=to_us(move.used_at), expires_at_us=to_us(move.expires_at),
    )


def _free_credential(connection: sqlite3.Connection, move: moves.FreeCredential) -> None:
    what = f"{move.credential_id} is not used by {move.request_id}"
    _one(
        connection, "free_credential", what, credential_id=move.credential_id, request_id=move.request_id
    )


def _put_errand(connection: sqlite3.Connection, move: moves.PutErrand) -> None:
    errand = move.errand
    _run(
        connection, "put_errand", request_id=errand.request_id, due_at_us=to_us(errand.due_at),
        attempts=errand.attempts,
    )


def _drop_errand(connection: sqlite3.Connection, move: moves.DropErrand) -> None:
    _run(connection, "drop_errand", request_id=move.request_id)


def _keep_nonce(connection: sqlite3.Connection, move: moves.KeepNonce) -> None:
    _run(connection, "forget_nonces", before_us=to_us(move.until - _NONCES_STAY))
    _run(connection, "keep_nonce", sender=move.sender, nonce=move.nonce, until_us=to_us(move.until))


def _put_terminal(connection: sqlite3.Connection, move: moves.PutTerminal) -> None:
    terminal = move.terminal
    _run(
        connection, "put_terminal", terminal=terminal.terminal, institution=terminal.institution,
        till=terminal.till, state=terminal.state.value,
    )


def _put_terminal_key(connection: sqlite3.Connection, move: moves.PutTerminalKey) -> None:
    record = move.record
    _run(
        connection, "put_terminal_key", key=record.key, terminal=record.terminal, suite=record.suite,
        public_key=record.public_key, not_before_us=to_us(record.not_before),
        not_after_us=to_us(record.not_after), revoked_at_us=to_us_or_none(record.revoked_at),
        compromised_at_us=to_us_or_none(record.compromised_at),
    )


def _end_terminal_key(connection: sqlite3.Connection, move: moves.EndTerminalKey) -> None:
    what = f"there is no key {move.key}"
    _one(connection, "end_terminal_key", what, key=move.key, not_after_us=to_us(move.not_after))


def _use_enrol_code(connection: sqlite3.Connection, move: moves.UseEnrolCode) -> None:
    _one(
        connection, "use_enrol_code", "the code is unknown or used", code_hash=move.code_hash, key=move.key,
        used_at_us=to_us(move.used_at),
    )


_WRITERS: Final[dict[type[Any], Callable[[sqlite3.Connection, Any], None]]] = {
    moves.PutSale: _put_sale,
    moves.PostEntry: _post_entry,
    moves.MoveBalance: _move_balance,
    moves.MoveCounter: _move_counter,
    moves.KeepDispensed: _keep_dispensed,
    moves.DropDispensed: _drop_dispensed,
    moves.UseCredential: _use_credential,
    moves.KeepReassertion: keep_reassertion,
    moves.EndRecovery: end_recovery,
    moves.FreeCredential: _free_credential,
    moves.PutErrand: _put_errand,
    moves.DropErrand: _drop_errand,
    moves.KeepNonce: _keep_nonce,
    moves.PutTerminal: _put_terminal,
    moves.PutTerminalKey: _put_terminal_key,
    moves.EndTerminalKey: _end_terminal_key,
    moves.UseEnrolCode: _use_enrol_code,
}
