"""What a restore with loss left open, on a server."""

from collections.abc import Mapping, Sequence
from typing import Final

from medsettle_gateway.domain.keys import AwaitedKey, RecoveryKey
from medsettle_gateway.domain.moves import EndRecovery, KeepReassertion
from medsettle_gateway.domain.recovery import Awaited, Recovery
from medsettle_gateway.storage.postgres.connecting import Connection
from medsettle_gateway.storage.postgres.reading import Reading, columns_of
from medsettle_gateway.storage.recovery import (
    AWAITED_MOST,
    awaited_of,
    end_row,
    reassertion_row,
    recovery_of,
)
from medsettle_gateway.storage.sealing import Sealer
from medsettle_gateway.storage.statements import read_statements

SQL: Final[Mapping[str, str]] = read_statements("medsettle_gateway.storage.postgres", "recovery.sql")
"""Statement by name."""


async def recoveries(reading: Reading, asked: Sequence[RecoveryKey]) -> Mapping[RecoveryKey, Recovery]:
    """Returns what is open for whom each key names."""
    whom = columns_of(((key.institution, key.terminal, key.own) for key in asked), 3)
    rows = await reading.connection.fetch(SQL["recovery"], *whom)
    found = {place: recovery_of(columns) for place, *columns in rows}
    return {key: found[place] for place, key in enumerate(asked, 1)}


async def awaited(reading: Reading, asked: Sequence[AwaitedKey]) -> Mapping[AwaitedKey, Awaited]:
    """Returns which terminals of each institution have not compared. There are few institutions at once."""
    return {
        key: awaited_of(await reading.connection.fetch(SQL["awaited"], key.institution, AWAITED_MOST))
        for key in asked
    }


async def keep_reassertions(
    connection: Connection, sealer: Sealer, done: Sequence[KeepReassertion]
) -> None:
    """Keeps what was shown of sales. There are few: a till shows them one after another."""
    for move in done:
        await connection.execute(SQL["keep_reassertion"], *reassertion_row(move.shown, sealer).values())


async def end_recoveries(connection: Connection, done: Sequence[EndRecovery]) -> None:
    """Says that tills have compared."""
    for move in done:
        await connection.execute(SQL["end_recovery"], *end_row(move).values())
