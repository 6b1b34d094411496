"""Moves into the database, as one set: one statement for all moves of a kind.

What no move may break is asserted here and by the constraints of the tables: the books of an entry sum
to zero, nothing falls below zero, a version follows its own predecessor, nothing is used twice.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from medsettle.wire.states import SaleState
from medsettle_gateway.domain import moves
from medsettle_gateway.domain.moves import Move
from medsettle_gateway.domain.sale import SaleRecord, to_stored
from medsettle_gateway.domain.upstream import Errand
from medsettle_gateway.storage.instants import to_us, to_us_or_none
from medsettle_gateway.storage.postgres.connecting import Connection
from medsettle_gateway.storage.postgres.prescriptions import (
    keep_prescriptions,
    keep_reviews,
    keep_withdrawals,
    move_draws,
)
from medsettle_gateway.storage.postgres.reading import columns_of
from medsettle_gateway.storage.postgres.recovery import end_recoveries, keep_reassertions
from medsettle_gateway.storage.postgres.running import Rows, refusals, run, run_for_each
from medsettle_gateway.storage.postgres.statements import SQL
from medsettle_gateway.storage.postgres.tracing import move_codes
from medsettle_gateway.storage.proxies import proxy_row
from medsettle_gateway.storage.sealing import Sealer

_NONCES_STAY: Final = timedelta(days=1)
"""How long a nonce outlives its time: clocks of several processes may differ."""

Writer = Callable[[Connection, Sequence[Any]], Awaitable[None]]


async def write(connection: Connection, sealer: Sealer, done: Sequence[Move]) -> None:
    """Does the moves.

    Raises AssertionError if one breaks what the store asserts; else asyncpg's errors and OSError.
    """
    taken: defaultdict[Writer, list[Any]] = defaultdict(list)
    shown: list[moves.KeepReassertion] = []
    came: list[moves.KeepProxy] = []
    for move in done:
        if isinstance(move, moves.KeepReassertion):
            shown.append(move)
        elif isinstance(move, moves.KeepProxy):
            came.append(move)
        else:
            taken[_WRITERS[type(move)]].append(move)
    for writer in dict.fromkeys(_WRITERS.values()):
        if writer in taken:
            await writer(connection, taken[writer])
    await _run(connection, "keep_proxy", [proxy_row(move, sealer) for move in came])
    await keep_reassertions(connection, sealer, shown)


async def _run(connection: Connection, name: str, rows: Rows) -> None:
    await run(connection, name, SQL[name], rows)


async def _each(connection: Connection, name: str, rows: Rows) -> None:
    await run_for_each(connection, name, SQL[name], rows)


async def _put_sales(connection: Connection, done: Sequence[moves.PutSale]) -> None:
    """One after another where a sale is put more than once."""
    left = list(done)
    while left:
        now: dict[str, SaleRecord] = {}
        later: list[moves.PutSale] = []
        for move in left:
            if move.sale.request_id.text in now:
                later.append(move)
            else:
                now[move.sale.request_id.text] = move.sale
        await _put_once(connection, tuple(now.values()))
        left = later


async def _put_once(connection: Connection, sales: Sequence[SaleRecord]) -> None:
    new: list[tuple[Any, ...]] = []
    old: list[tuple[Any, ...]] = []
    kept: list[tuple[str, int]] = []
    settlements: list[tuple[str, int, str]] = []
    for sale in sales:
        text = sale.request_id.text
        body, bodies = to_stored(sale)
        columns = (text, *_columns(sale), body)
        if sale.version == 1:
            new.append((*columns, *_origin(sale)))
        else:
            old.append(columns)
            kept.append((text, len(bodies)))
        settlements += ((text, number, each) for number, each in enumerate(bodies, 1))
    # Changes first: a sale that ends makes room for the one that takes its place.
    await _each(connection, "update_sale", old)
    await _run(connection, "drop_settlements", kept)
    await _run(connection, "insert_sale", new)
    await _run(connection, "put_settlement", settlements)


def _columns(sale: SaleRecord) -> tuple[Any, ...]:
    """What sales are searched by, as far as it changes."""
    return (
        sale.state.value, sale.version, sale.member, sale.basket_digest, sale.service_on.isoformat(),
        to_us_or_none(sale.calculated_at), to_us_or_none(sale.hold_expires_at),
        to_us(sale.committed_at) if sale.state is SaleState.SETTLED else None, sale.ends_stay,
    )


def _origin(sale: SaleRecord) -> tuple[Any, ...]:
    """What never changes of a sale."""
    institution, till, day, number = sale.request_id.ticket
    return (
        institution, till, day.isoformat(), number, sale.request_id.attempt, sale.terminal,
        to_us(sale.created_at),
    )


async def _post_entries(connection: Connection, done: Sequence[moves.PostEntry]) -> None:
    entries = [move.entry for move in done]
    for entry in entries:
        entry.check()
    columns = columns_of([
        (
            entry.kind, entry.request_id, to_us(entry.committed_at), entry.business_on.isoformat(),
            entry.terminal, entry.operator, entry.reason,
        )
        for entry in entries
    ], 7)
    with refusals("insert_entry"):
        found = await connection.fetch(SQL["insert_entry"], *columns)
    numbered = list(zip(sorted(each["entry"] for each in found), entries, strict=True))
    await _run(connection, "insert_posting", [
        (id_, number, *posting)
        for id_, entry in numbered
        for number, posting in enumerate(entry.postings, 1)
    ])
    await _run(connection, "insert_entry_counter", [
        (id_, number, member, region, scheme, *key, used_delta, held_delta)
        for id_, entry in numbered
        for number, (member, region, scheme, key, used_delta, held_delta) in enumerate(entry.counters, 1)
    ])


async def _move_balances(connection: Connection, done: Sequence[moves.MoveBalance]) -> None:
    sums: dict[str, tuple[int, int]] = {}
    for move in done:
        balance_fen, held_fen = sums.get(move.account, (0, 0))
        sums[move.account] = (balance_fen + move.balance_delta_fen, held_fen + move.held_delta_fen)
    await _each(connection, "move_balance", [(account, *sums[account]) for account in sorted(sums)])


async def _move_counters(connection: Connection, done: Sequence[moves.MoveCounter]) -> None:
    sums: dict[tuple[str, ...], tuple[int, int]] = {}
    for member, region, scheme, key, used_delta, held_delta in (each.move for each in done):
        row = (member, region, scheme, *key)
        used, held = sums.get(row, (0, 0))
        sums[row] = (used + used_delta, held + held_delta)
    await _run(connection, "move_counter", [(*row, *sums[row]) for row in sorted(sums)])


async def _keep_dispensed(
    connection: Connection, done: Sequence[moves.KeepDispensed | moves.DropDispensed]
) -> None:
    dropped: dict[str, None] = {}
    kept: list[moves.KeepDispensed] = []
    for move in done:
        if isinstance(move, moves.KeepDispensed):
            kept.append(move)
        else:
            dropped[move.request_id] = None
            kept = [each for each in kept if each.request_id != move.request_id]
    await _run(connection, "drop_dispensings", [(id_,) for id_ in dropped])
    await _run(connection, "insert_dispensing", [
        (move.request_id, number, move.member, drug, on.isoformat(), days_supply, condition, benefit)
        for move in kept
        for number, (drug, on, days_supply, condition, benefit) in enumerate(move.drugs, 1)
    ])


async def _use_credentials(
    connection: Connection, done: Sequence[moves.UseCredential | moves.FreeCredential]
) -> None:
    """One after another: what one sale frees the next may use."""
    used: list[tuple[str, str, int, int]] = []
    for move in done:
        if isinstance(move, moves.UseCredential):
            used.append((move.credential_id, move.request_id, to_us(move.used_at), to_us(move.expires_at)))
        else:
            await _run(connection, "use_credential", used)
            used = []
            await _each(connection, "free_credential", [(move.credential_id, move.request_id)])
    await _run(connection, "use_credential", used)


async def _put_errands(
    connection: Connection, done: Sequence[moves.PutErrand | moves.DropErrand]
) -> None:
    last: dict[str, Errand | None] = {}
    for move in done:
        if isinstance(move, moves.PutErrand):
            last[move.errand.request_id] = move.errand
        else:
            last[move.request_id] = None
    await _run(connection, "drop_errand", [(id_,) for id_, errand in last.items() if errand is None])
    await _run(connection, "put_errand", [
        (errand.request_id, to_us(errand.due_at), errand.attempts)
        for errand in last.values() if errand is not None
    ])


async def _keep_nonces(connection: Connection, done: Sequence[moves.KeepNonce]) -> None:
    before = max(move.until for move in done) - _NONCES_STAY
    await connection.execute(SQL["forget_nonces"], to_us(before))
    await _run(connection, "keep_nonce", [(move.sender, move.nonce, to_us(move.until)) for move in done])


async def _put_terminals(connection: Connection, done: Sequence[moves.PutTerminal]) -> None:
    last = {move.terminal.terminal: move.terminal for move in done}
    await _run(connection, "put_terminal", [
        (each.terminal, each.institution, each.till, each.state.value) for each in last.values()
    ])


async def _put_terminal_keys(connection: Connection, done: Sequence[moves.PutTerminalKey]) -> None:
    await _run(connection, "put_terminal_key", [
        (
            record.key, record.terminal, record.suite, record.public_key, to_us(record.not_before),
            to_us(record.not_after), to_us_or_none(record.revoked_at), to_us_or_none(record.compromised_at),
        )
        for record in (move.record for move in done)
    ])


async def _end_terminal_keys(connection: Connection, done: Sequence[moves.EndTerminalKey]) -> None:
    ends: dict[str, int] = {}
    for move in done:
        ends[move.key] = min(ends.get(move.key, to_us(move.not_after)), to_us(move.not_after))
    await _each(connection, "end_terminal_key", sorted(ends.items()))


async def _use_enrol_codes(connection: Connection, done: Sequence[moves.UseEnrolCode]) -> None:
    await _each(connection, "use_enrol_code", [
        (move.code_hash, move.key, to_us(move.used_at)) for move in done
    ])


_WRITERS: Final[Mapping[type[Any], Writer]] = {
    moves.PutSale: _put_sales,
    moves.PostEntry: _post_entries,
    moves.MoveBalance: _move_balances,
    moves.MoveCounter: _move_counters,
    moves.KeepDispensed: _keep_dispensed,
    moves.DropDispensed: _keep_dispensed,
    moves.KeepPrescription: keep_prescriptions,
    moves.KeepReview: keep_reviews,
    moves.KeepWithdrawal: keep_withdrawals,
    moves.GiveBackPrescriptions: move_draws,
    moves.DrawPrescriptions: move_draws,
    moves.ReturnCodes: move_codes,
    moves.SellCodes: move_codes,
    moves.UseCredential: _use_credentials,
    moves.FreeCredential: _use_credentials,
    moves.PutErrand: _put_errands,
    moves.DropErrand: _put_errands,
    moves.EndRecovery: end_recoveries,
    moves.KeepNonce: _keep_nonces,
    moves.PutTerminal: _put_terminals,
    moves.PutTerminalKey: _put_terminal_keys,
    moves.EndTerminalKey: _end_terminal_keys,
    moves.UseEnrolCode: _use_enrol_codes,
}
"""In the order in which they are done."""
