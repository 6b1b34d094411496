"""Traceability codes on a server."""

from collections.abc import Mapping, Sequence
from typing import Final

from medsettle_gateway.domain.keys import TraceCodesKey
from medsettle_gateway.domain.moves import ReturnCodes, SellCodes
from medsettle_gateway.domain.tracing import CodeState
from medsettle_gateway.storage.postgres.connecting import Connection
from medsettle_gateway.storage.postgres.reading import Reading
from medsettle_gateway.storage.postgres.running import run, run_for_each
from medsettle_gateway.storage.statements import read_statements
from medsettle_gateway.storage.tracing import Columns, event_rows, sell_rows, state_of

SQL: Final[Mapping[str, str]] = read_statements("medsettle_gateway.storage.postgres", "tracing.sql")
"""Statement by name."""


async def codes(
    reading: Reading, asked: Sequence[TraceCodesKey]
) -> Mapping[TraceCodesKey, Mapping[str, CodeState]]:
    """Returns where the codes of each key stand sold."""
    wanted = dict.fromkeys(code for key in asked for code in key.codes)
    rows = await reading.connection.fetch(SQL["trace_codes"], list(wanted))
    found = {row[0]: state_of(tuple(row)) for row in rows}
    return {key: {code: found[code] for code in key.codes if code in found} for key in asked}


async def move_codes(connection: Connection, done: Sequence[SellCodes | ReturnCodes]) -> None:
    """Sells and gives back, in the order of the moves: what one sale gives back the next may sell."""
    sold: list[Columns] = []
    events: list[Columns] = []
    for move in done:
        events += event_rows(move)
        if isinstance(move, SellCodes):
            sold += sell_rows(move)
            continue
        await run_for_each(connection, "sell_code", SQL["sell_code"], sold)
        sold = []
        returned: list[Columns] = [(each.code,) for each in move.codes]
        await run_for_each(connection, "return_code", SQL["return_code"], returned)
    await run_for_each(connection, "sell_code", SQL["sell_code"], sold)
    await run(connection, "trace_event", SQL["trace_event"], events)
