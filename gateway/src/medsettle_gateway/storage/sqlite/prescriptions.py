"""Registered prescriptions and what is dispensed of them, in the embedded database."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, Final

from medsettle_gateway.domain import moves
from medsettle_gateway.domain.keys import OpenPrescriptionsKey, PrescriptionKey
from medsettle_gateway.domain.plain import to_json
from medsettle_gateway.domain.prescriptions import PrescriptionFacts
from medsettle_gateway.storage.prescriptions import draw_rows, drug_rows, facts_of, prescription_row
from medsettle_gateway.storage.statements import read_statements

SQL: Final[Mapping[str, str]] = read_statements("medsettle_gateway.storage.sqlite", "prescriptions.sql")
"""Statement by name."""


def load_prescription(connection: sqlite3.Connection, key: PrescriptionKey) -> PrescriptionFacts | None:
    """Returns the prescription under a number of an institution, or None."""
    named = {"institution": key.institution, "number": key.number}
    row = connection.execute(SQL["prescription"], named).fetchone()
    if row is None:
        return None
    withdrawal = connection.execute(SQL["withdrawal"], named).fetchone()
    return facts_of(
        row[0],
        (body for (body,) in connection.execute(SQL["reviews"], named)),
        None if withdrawal is None else withdrawal[0],
        dict(connection.execute(SQL["drawn"], named)),
        [request_id for (request_id,) in connection.execute(SQL["sales"], named)],
    )


def load_open_prescriptions(
    connection: sqlite3.Connection, key: OpenPrescriptionsKey
) -> tuple[PrescriptionFacts, ...]:
    """Returns what may still be dispensed to the member."""
    asked = {
        "member": key.member, "day": key.on.isoformat(), "limit": key.limit, "number": key.number,
        "institution": key.institution,
    }
    numbers = connection.execute(SQL["open_prescriptions"], asked).fetchall()
    found = (load_prescription(connection, PrescriptionKey(*number)) for number in numbers)
    return tuple(each for each in found if each is not None)


def keep_prescription(connection: sqlite3.Connection, move: moves.KeepPrescription) -> None:
    """Registers a prescription with its drugs."""
    connection.execute(SQL["keep_prescription"], prescription_row(move.prescription))
    connection.executemany(SQL["keep_drug"], drug_rows(move.prescription))


def keep_review(connection: sqlite3.Connection, move: moves.KeepReview) -> None:
    """Adds a review."""
    connection.execute(SQL["keep_review"], (move.institution, move.number, to_json(move.review)))


def keep_withdrawal(connection: sqlite3.Connection, move: moves.KeepWithdrawal) -> None:
    """Withdraws a prescription."""
    connection.execute(SQL["keep_withdrawal"], (move.institution, move.number, to_json(move.withdrawal)))


def draw(connection: sqlite3.Connection, move: moves.DrawPrescriptions) -> None:
    """Counts what a sale dispenses. Raises AssertionError for a drug that is not prescribed."""
    _move_drawn(connection, [(each.quantity_e4, *each[:3]) for each in move.draws])
    connection.executemany(SQL["keep_draw"], draw_rows(move))


def give_back(connection: sqlite3.Connection, move: moves.GiveBackPrescriptions) -> None:
    """Takes back what a sale had drawn. Raises AssertionError for what it had not."""
    _each(connection, "drop_draw", draw_rows(move))
    _move_drawn(connection, [(-each.quantity_e4, *each[:3]) for each in move.draws])


def _move_drawn(connection: sqlite3.Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    _each(connection, "move_drawn", rows)


def _each(connection: sqlite3.Connection, name: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if connection.executemany(SQL[name], rows).rowcount != len(rows):
        msg = f"the store refuses {name}: of {len(rows)} rows some are not as they should be"
        raise AssertionError(msg)
