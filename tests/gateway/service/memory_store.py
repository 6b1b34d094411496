"""The store as a model: dictionaries, one transaction at a time, the same assertions as a database."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from medsettle.wire.states import SaleState
from medsettle_gateway.domain import keys, moves
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.entry import Entry
from medsettle_gateway.domain.facts import (
    AccountFacts,
    CatalogueFacts,
    CounterState,
    DispensedFacts,
    EnrolCode,
    InstitutionFacts,
    KeyRecord,
    MemberFacts,
    TerminalFacts,
)
from medsettle_gateway.domain.keys import AnyKey, Facts
from medsettle_gateway.domain.member import Owner
from medsettle_gateway.domain.moves import Move
from medsettle_gateway.domain.orders import OrderRecord, SignedOrder
from medsettle_gateway.domain.plain import from_json
from medsettle_gateway.domain.records import DatedRecord
from medsettle_gateway.domain.register import CatalogueItem
from medsettle_gateway.domain.sale import SaleRecord, from_stored, to_stored
from medsettle_gateway.domain.upstream import DueErrand
from medsettle_gateway.ledger.chain import Block
from medsettle_gateway.service.ports import SaleFilter, SalePosition
from tests.gateway.service import memory_sales
from tests.gateway.service.memory_chain import seal_next
from tests.gateway.service.memory_errands import Errands, free
from tests.gateway.service.memory_goods import CataloguesBefore, Traces
from tests.gateway.service.memory_prescriptions import Prescriptions
from tests.gateway.service.memory_recovery import Recoveries
from tests.gateway.service.memory_sales import position

CounterRow = tuple[str, str, str, CounterKey]


@dataclass
class Tables:
    """Everything that is kept. ``members`` name their accounts; balances stand in ``balances``."""

    institutions: dict[str, InstitutionFacts] = field(default_factory=dict)
    terminals: dict[str, TerminalFacts] = field(default_factory=dict)
    terminal_keys: dict[str, KeyRecord] = field(default_factory=dict)
    enrol_codes: dict[str, EnrolCode] = field(default_factory=dict)
    members: dict[str, MemberFacts] = field(default_factory=dict)
    balances: dict[str, tuple[int, int]] = field(default_factory=dict)
    catalogue: dict[tuple[str, str], tuple[CatalogueItem, ...]] = field(default_factory=dict)
    sales: dict[str, SaleRecord] = field(default_factory=dict)
    entries: dict[int, Entry] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)
    counters: dict[CounterRow, CounterState] = field(default_factory=dict)
    dispensings: dict[str, moves.KeepDispensed] = field(default_factory=dict)
    orders: dict[str, SignedOrder] = field(default_factory=dict)
    credentials: dict[str, str] = field(default_factory=dict)
    proxies: dict[str, moves.KeepProxy] = field(default_factory=dict)
    errands: Errands = field(default_factory=Errands)
    nonces: dict[tuple[str, str], datetime] = field(default_factory=dict)
    records: dict[str, tuple[DatedRecord, ...]] = field(default_factory=dict)
    recoveries: Recoveries = field(default_factory=Recoveries)
    traces: Traces = field(default_factory=Traces)
    catalogues_before: CataloguesBefore = field(default_factory=CataloguesBefore)
    prescriptions: Prescriptions = field(default_factory=Prescriptions)

    def copied(self) -> "Tables":
        return Tables(**{each.name: copy(getattr(self, each.name)) for each in fields(self)})


class MemoryTransaction:
    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    @property
    def at(self) -> datetime | None:
        """One writer at a time."""
        return None

    async def load(self, asked: Sequence[AnyKey]) -> Facts:
        return Facts({key: load_one(self.tables, key) for key in asked})

    async def write(self, done: Sequence[Move]) -> None:
        for move in done:
            _WRITERS[type(move)](self.tables, move)


class MemoryStore:
    """``fault``, once set, is raised in place of the next commit."""

    def __init__(self, tables: Tables | None = None) -> None:
        self.tables = tables or Tables()
        self.fault: Exception | None = None
        self.commits = 0
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[MemoryTransaction]:
        async with self._lock:
            transaction = MemoryTransaction(self.tables.copied())
            yield transaction
            if self.fault is not None:
                fault, self.fault = self.fault, None
                raise fault
            self.tables = transaction.tables
            self.commits += 1

    async def load(self, asked: Sequence[AnyKey]) -> Facts:
        return await MemoryTransaction(self.tables).load(asked)

    async def list_sales(
        self, chosen: SaleFilter, page_size: int, after: SalePosition | None
    ) -> tuple[SaleRecord, ...]:
        found = sorted(self._chosen(chosen), key=position, reverse=True)
        behind = [sale for sale in found if after is None or position(sale) < tuple(after)]
        return tuple(behind[:page_size])

    async def due_sales(self, hold_due_at: datetime, day_due_at: datetime, limit: int) -> tuple[str, ...]:
        bounds = {SaleState.HELD: hold_due_at, SaleState.EXPIRED: day_due_at}
        due = [
            (sale.hold_expires_at, sale.request_id.text)
            for sale in self.tables.sales.values()
            if sale.hold_expires_at is not None
            and sale.state in bounds
            and sale.hold_expires_at <= bounds[sale.state]
        ]
        return tuple(request_id for _, request_id in sorted(due)[:limit])

    async def due_errands(
        self, due_at: datetime, limit: int, after: DueErrand | None = None
    ) -> tuple[DueErrand, ...]:
        return self.tables.errands.due(due_at, limit, after, self.tables.sales)

    async def last_committed_at(self) -> datetime | None:
        entries = self.tables.entries
        return entries[len(entries)].committed_at if entries else None

    async def chain(self, limit: int, at: datetime) -> int:
        return seal_next(self.tables.entries, self.tables.blocks, limit, at)

    async def close(self) -> None:
        """Nothing to finish."""

    def _chosen(self, chosen: SaleFilter) -> Iterator[SaleRecord]:
        for sale in self.tables.sales.values():
            if (
                sale.institution == chosen.institution
                and (not chosen.states or sale.state in chosen.states)
                and chosen.terminal in {None, sale.terminal}
                and (chosen.service_from is None or sale.service_on >= chosen.service_from)
                and (chosen.service_to is None or sale.service_on <= chosen.service_to)
            ):
                yield sale


def _accounts(tables: Tables, member: MemberFacts) -> tuple[AccountFacts, ...]:
    """As a database: whose account it is to the member only the record of the binding says."""
    return tuple(
        replace(
            account, balance_fen=balance_fen, held_fen=held_fen,
            owner=Owner.SELF if account.owner is Owner.SELF else Owner.OTHER,
        )
        for account in member.accounts
        for balance_fen, held_fen in [tables.balances[account.account]]
    )


def _member(tables: Tables, key: keys.MemberKey) -> MemberFacts | None:
    member = tables.members.get(key.member)
    return replace(member, accounts=_accounts(tables, member)) if member else None


def _around(tables: Tables, member: str) -> set[str]:
    """Whoever may use an account that this member may use, and the owners of those."""
    known = tables.members.get(member)
    mine = {account.account for account in known.accounts} if known else set()
    sharing = {
        other.member
        for other in tables.members.values()
        if any(account.account in mine for account in other.accounts)
    }
    return {member, *sharing}


def _due_holds(tables: Tables, key: keys.DueHoldsKey) -> tuple[SaleRecord, ...]:
    around = _around(tables, key.member)
    due = [
        sale
        for sale in tables.sales.values()
        if sale.state is SaleState.HELD
        and sale.member in around
        and sale.hold_expires_at is not None
        and sale.hold_expires_at <= key.due_at
    ]
    due.sort(key=lambda sale: (sale.hold_expires_at, sale.request_id.text))
    return tuple(due[: key.limit])


def _counters(tables: Tables, key: keys.CountersKey) -> Mapping[CounterKey, CounterState]:
    wanted = (key.member, key.region, key.scheme)
    return {
        row[3]: state
        for row, state in tables.counters.items()
        if row[:3] == wanted and row[3].period in key.periods
    }


def _dispensed(tables: Tables, key: keys.DispensedKey) -> tuple[DispensedFacts, ...]:
    found = [
        DispensedFacts(text, drug)
        for text, kept in tables.dispensings.items() if kept.member == key.member
        for drug in kept.drugs if key.since <= drug.on <= key.until
    ]
    return tuple(sorted(found, key=lambda each: each.drug.on)[-key.limit :])


def _orders(tables: Tables, key: keys.OrdersKey) -> tuple[SignedOrder, ...]:
    signed_for = {id_: from_json(OrderRecord, signed.statement) for id_, signed in tables.orders.items()}
    found = [
        tables.orders[id_]
        for id_, order in sorted(signed_for.items(), key=lambda pair: pair[0])
        if order.holds(key.region, key.institution, key.since, key.until)
    ]
    return tuple(found[: key.limit])


def _catalogue(tables: Tables, key: keys.CatalogueKey) -> CatalogueFacts:
    before = tables.catalogues_before.of(key)
    if before is not None:
        return before
    found = {code: tables.catalogue.get((key.region, code), ()) for code in key.codes}
    known = {code: items for code, items in found.items() if items}
    return CatalogueFacts(f"catalogue-of-{key.region}", known)


def _terminal_keys(tables: Tables, key: keys.TerminalKeysKey) -> tuple[KeyRecord, ...]:
    found = [record for record in tables.terminal_keys.values() if record.terminal == key.terminal]
    return tuple(sorted(found, key=lambda record: record.not_before))


def _name(tables: Tables, key: keys.MaskedNameKey) -> str:
    member = tables.members.get(key.member)
    return member.masked_name if member else ""


_LOADERS: dict[type, Callable[[Tables, Any], Any]] = {
    keys.SaleKey: lambda tables, key: tables.sales.get(key.request_id),
    keys.ErrandKey: lambda tables, key: tables.errands.get(key.request_id),
    keys.TicketKey: lambda tables, key: memory_sales.ticket(tables.sales, key),
    keys.RecentSalesKey: lambda tables, key: memory_sales.recent(tables.sales, key),
    keys.LaterSalesKey: lambda tables, key: memory_sales.later(tables.sales, key),
    keys.SettledSinceKey: lambda tables, key: memory_sales.settled_since(tables.sales, key),
    keys.PastSalesKey: lambda tables, key: memory_sales.past(tables.sales, key),
    keys.DueHoldsKey: _due_holds,
    keys.StayEndKey: lambda tables, key: memory_sales.stay_end(tables.sales, key),
    keys.TerminalKey: lambda tables, key: tables.terminals.get(key.terminal),
    keys.KeyRecordKey: lambda tables, key: tables.terminal_keys.get(key.key),
    keys.TerminalKeysKey: _terminal_keys,
    keys.InstitutionKey: lambda tables, key: tables.institutions.get(key.code),
    keys.MemberKey: _member,
    keys.RecordsKey: lambda tables, key: tables.records.get(key.subject, ()),
    keys.MaskedNameKey: _name,
    keys.CountersKey: _counters,
    keys.DispensedKey: _dispensed,
    keys.PrescriptionKey: lambda tables, key: tables.prescriptions.load(key),
    keys.OpenPrescriptionsKey: lambda tables, key: tables.prescriptions.open(key),
    keys.OrdersKey: _orders,
    keys.CatalogueKey: _catalogue,
    keys.TraceCodesKey: lambda tables, key: tables.traces.of(key),
    keys.CredentialUseKey: lambda tables, key: tables.credentials.get(key.credential_id),
    keys.EnrolCodeKey: lambda tables, key: tables.enrol_codes.get(key.code_hash),
    keys.NonceKey: lambda tables, key: (key.sender, key.nonce) in tables.nonces,
    keys.RecoveryKey: lambda tables, key: tables.recoveries.load(key),
    keys.AwaitedKey: lambda tables, key: tables.recoveries.awaited(
        key, tables.terminals, tables.terminal_keys
    ),
}


def load_one(tables: Tables, key: AnyKey) -> Any:
    return _LOADERS[type(key)](tables, key)


def _put_sale(tables: Tables, move: moves.PutSale) -> None:
    before = tables.sales.get(move.sale.request_id.text)
    assert move.sale.version == (before.version if before else 0) + 1
    # As a database would: what is read later is what text can carry.
    tables.sales[move.sale.request_id.text] = from_stored(to_stored(move.sale))


def _post_entry(tables: Tables, move: moves.PostEntry) -> None:
    move.entry.check()
    tables.entries[len(tables.entries) + 1] = move.entry


def _move_balance(tables: Tables, move: moves.MoveBalance) -> None:
    assert move.account in tables.balances
    balance_fen, held_fen = tables.balances[move.account]
    after = (balance_fen + move.balance_delta_fen, held_fen + move.held_delta_fen)
    assert min(after) >= 0, f"{move.account} would fall to {after}"
    tables.balances[move.account] = after


def _move_counter(tables: Tables, move: moves.MoveCounter) -> None:
    row = move.move[:4]
    before = tables.counters.get(row, CounterState())
    after = CounterState(before.used + move.move.used_delta, before.held + move.move.held_delta)
    assert after.used >= 0
    assert after.held >= 0
    tables.counters[row] = after


def _keep_dispensed(tables: Tables, move: moves.KeepDispensed) -> None:
    assert move.request_id in tables.sales
    assert move.request_id not in tables.dispensings
    tables.dispensings[move.request_id] = move


def _use_credential(tables: Tables, move: moves.UseCredential) -> None:
    assert move.credential_id not in tables.credentials
    tables.credentials[move.credential_id] = move.request_id


def _keep_proxy(tables: Tables, move: moves.KeepProxy) -> None:
    assert move.request_id in tables.sales
    assert move.request_id not in tables.proxies
    tables.proxies[move.request_id] = move


def _keep_nonce(tables: Tables, move: moves.KeepNonce) -> None:
    assert (move.sender, move.nonce) not in tables.nonces
    tables.nonces[move.sender, move.nonce] = move.until


def _put_terminal(tables: Tables, move: moves.PutTerminal) -> None:
    tables.terminals[move.terminal.terminal] = move.terminal


def _put_terminal_key(tables: Tables, move: moves.PutTerminalKey) -> None:
    assert move.record.key not in tables.terminal_keys
    tables.terminal_keys[move.record.key] = move.record


def _end_terminal_key(tables: Tables, move: moves.EndTerminalKey) -> None:
    record = tables.terminal_keys[move.key]
    ended = replace(record, not_after=min(record.not_after, move.not_after))
    tables.terminal_keys[move.key] = ended


def _use_enrol_code(tables: Tables, move: moves.UseEnrolCode) -> None:
    code = tables.enrol_codes[move.code_hash]
    assert code.used_by_key is None
    tables.enrol_codes[move.code_hash] = replace(code, used_by_key=move.key)


_WRITERS: dict[type, Callable[[Tables, Any], object]] = {
    moves.PutSale: _put_sale,
    moves.PostEntry: _post_entry,
    moves.MoveBalance: _move_balance,
    moves.MoveCounter: _move_counter,
    moves.KeepDispensed: _keep_dispensed,
    moves.DropDispensed: lambda tables, move: tables.dispensings.pop(move.request_id),
    moves.KeepPrescription: lambda tables, move: tables.prescriptions.keep(move),
    moves.KeepReview: lambda tables, move: tables.prescriptions.keep_review(move),
    moves.KeepWithdrawal: lambda tables, move: tables.prescriptions.keep_withdrawal(move),
    moves.DrawPrescriptions: lambda tables, move: tables.prescriptions.draw(move),
    moves.GiveBackPrescriptions: lambda tables, move: tables.prescriptions.give_back(move),
    moves.SellCodes: lambda tables, move: tables.traces.sell(move),
    moves.ReturnCodes: lambda tables, move: tables.traces.give_back(move),
    moves.UseCredential: _use_credential,
    moves.FreeCredential: lambda tables, move: free(tables.credentials, move),
    moves.PutErrand: lambda tables, move: tables.errands.put(move.errand, tables.sales),
    moves.DropErrand: lambda tables, move: tables.errands.pop(move.request_id, None),
    moves.KeepProxy: _keep_proxy,
    moves.KeepNonce: _keep_nonce,
    moves.KeepReassertion: lambda tables, move: tables.recoveries.keep(move),
    moves.EndRecovery: lambda tables, move: tables.recoveries.end(move),
    moves.PutTerminal: _put_terminal,
    moves.PutTerminalKey: _put_terminal_key,
    moves.EndTerminalKey: _end_terminal_key,
    moves.UseEnrolCode: _use_enrol_code,
}


