"""Moves into the database: those of sales many at a time, the others one by one.

What no move may break is asserted here and by the constraints of the tables: the books of an entry sum
to zero, nothing falls below zero, a version follows its own predecessor, nothing is used twice.
"""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final

from medsettle_gateway.domain import moves
from medsettle_gateway.domain.moves import Move
from medsettle_gateway.storage.instants import to_us, to_us_or_none
from medsettle_gateway.storage.proxies import proxy_row
from medsettle_gateway.storage.sealing import Sealer
from medsettle_gateway.storage.sqlite import prescriptions, tracing
from medsettle_gateway.storage.sqlite.recovery import end_recovery, keep_reassertion
from medsettle_gateway.storage.sqlite.statements import SQL
from medsettle_gateway.storage.sqlite.writing_sales import write_sales

_NONCES_STAY: Final = timedelta(days=1)
"""How long a nonce outlives its time: clocks of several processes may differ."""


def write(connection: sqlite3.Connection, sealer: Sealer, done: Sequence[Move]) -> None:
    """Does the moves as one set.

    Raises AssertionError, naming the kind of move, if one breaks what the store asserts; sqlite3.Error if the
    database cannot be written.
    """
    for move in write_sales(connection, done):
        try:
            if isinstance(move, moves.KeepReassertion):
                keep_reassertion(connection, sealer, move)
            elif isinstance(move, moves.KeepProxy):
                connection.execute(SQL["keep_proxy"], proxy_row(move, sealer))
            else:
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
    moves.EndRecovery: end_recovery,
    moves.KeepPrescription: prescriptions.keep_prescription,
    moves.KeepReview: prescriptions.keep_review,
    moves.KeepWithdrawal: prescriptions.keep_withdrawal,
    moves.GiveBackPrescriptions: prescriptions.give_back,
    moves.DrawPrescriptions: prescriptions.draw,
    moves.ReturnCodes: tracing.return_codes,
    moves.SellCodes: tracing.sell_codes,
    moves.FreeCredential: _free_credential,
    moves.PutErrand: _put_errand,
    moves.DropErrand: _drop_errand,
    moves.KeepNonce: _keep_nonce,
    moves.PutTerminal: _put_terminal,
    moves.PutTerminalKey: _put_terminal_key,
    moves.EndTerminalKey: _end_terminal_key,
    moves.UseEnrolCode: _use_enrol_code,
}
