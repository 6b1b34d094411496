"""Registered prescriptions and what is dispensed of them, on a server."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from medsettle_gateway.domain import moves
from medsettle_gateway.domain.keys import OpenPrescriptionsKey, PrescriptionKey
from medsettle_gateway.domain.plain import to_json
from medsettle_gateway.domain.prescriptions import PrescriptionFacts
from medsettle_gateway.storage.postgres.connecting import Connection
from medsettle_gateway.storage.postgres.reading import Reading, columns_of
from medsettle_gateway.storage.postgres.running import Rows, run, run_for_each
from medsettle_gateway.storage.prescriptions import draw_rows, drug_rows, facts_of, prescription_row
from medsettle_gateway.storage.statements import read_statements

SQL: Final[Mapping[str, str]] = read_statements("medsettle_gateway.storage.postgres", "prescriptions.sql")
"""Statement by name."""


async def prescriptions(
    reading: Reading, asked: Sequence[PrescriptionKey]
) -> Mapping[PrescriptionKey, PrescriptionFacts | None]:
    """Returns the prescription under each number of an institution, or None."""
    named = columns_of(((key.institution, key.number) for key in asked), 2)
    rows = await reading.connection.fetch(SQL["prescription"], *named)
    found = {
        place: facts_of(body, reviews, withdrawal, dict(zip(codes, drawn_e4, strict=True)), sales)
        for place, body, reviews, withdrawal, codes, drawn_e4, sales in rows
    }
    return {key: found.get(place) for place, key in enumerate(asked, 1)}


async def open_prescriptions(
    reading: Reading, asked: Sequence[OpenPrescriptionsKey]
) -> Mapping[OpenPrescriptionsKey, tuple[PrescriptionFacts, ...]]:
    """Returns what may still be dispensed to each member."""
    whom = columns_of(
        ((key.member, key.on.isoformat(), key.limit, key.number, key.institution) for key in asked), 5
    )
    rows = await reading.connection.fetch(SQL["open_prescriptions"], *whom)
    keys = [(place, PrescriptionKey(institution, number)) for place, institution, number in rows]
    found = await prescriptions(reading, [key for _, key in keys])
    of_place: defaultdict[int, list[PrescriptionFacts]] = defaultdict(list)
    for place, key in keys:
        facts = found[key]
        if facts is not None:
            of_place[place].append(facts)
    return {key: tuple(of_place[place]) for place, key in enumerate(asked, 1)}


async def keep_prescriptions(connection: Connection, done: Sequence[moves.KeepPrescription]) -> None:
    """Registers prescriptions with their drugs."""
    await _run(connection, "keep_prescription", [prescription_row(move.prescription) for move in done])
    await _run(connection, "keep_drug", [row for move in done for row in drug_rows(move.prescription)])


async def keep_reviews(connection: Connection, done: Sequence[moves.KeepReview]) -> None:
    """Adds reviews."""
    await _run(
        connection, "keep_review", [(move.institution, move.number, to_json(move.review)) for move in done]
    )


async def keep_withdrawals(connection: Connection, done: Sequence[moves.KeepWithdrawal]) -> None:
    """Withdraws prescriptions."""
    await _run(
        connection, "keep_withdrawal",
        [(move.institution, move.number, to_json(move.withdrawal)) for move in done],
    )


async def move_draws(
    connection: Connection, done: Sequence[moves.DrawPrescriptions | moves.GiveBackPrescriptions]
) -> None:
    """Counts what sales dispense, and takes back what others had: what is given back is free at once."""
    kept: list[tuple[str, str, str, str, int]] = []
    dropped: list[tuple[str, str, str, str, int]] = []
    moved_e4: defaultdict[tuple[str, str, str], int] = defaultdict(int)
    for move in done:
        back = isinstance(move, moves.GiveBackPrescriptions)
        (dropped if back else kept).extend(draw_rows(move))
        for draw in move.draws:
            moved_e4[draw[:3]] += -draw.quantity_e4 if back else draw.quantity_e4
    await run_for_each(connection, "drop_draw", SQL["drop_draw"], dropped)
    moved = [(*drug, moved_e4[drug]) for drug in sorted(moved_e4)]
    await run_for_each(connection, "move_drawn", SQL["move_drawn"], moved)
    await _run(connection, "keep_draw", kept)


async def _run(connection: Connection, name: str, rows: Rows) -> None:
    await run(connection, name, SQL[name], rows)
