"""Facts out of the database: one reader for each kind of key."""

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from medsettle.wire.states import SaleState
from medsettle_gateway.domain import keys
from medsettle_gateway.domain.basket import CatalogueClass, Dispensed, LineKind, Ward
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.facts import (
    AccountFacts,
    AccountState,
    CatalogueFacts,
    CounterState,
    DatedAttribute,
    DispensedFacts,
    EnrolCode,
    InstitutionFacts,
    KeyRecord,
    MemberFacts,
    State,
    TerminalFacts,
)
from medsettle_gateway.domain.keys import AnyKey, Facts
from medsettle_gateway.domain.member import Aid, Enrolment, Owner, Scheme, Standing
from medsettle_gateway.domain.names import masked
from medsettle_gateway.domain.orders import SignedOrder
from medsettle_gateway.domain.place import Designation, InstitutionKind, Level, Specialty
from medsettle_gateway.domain.register import CatalogueItem
from medsettle_gateway.domain.sale import SaleHead, SaleRecord, StoredSale, from_stored
from medsettle_gateway.domain.upstream import Errand
from medsettle_gateway.storage.instants import from_us, from_us_or_none, to_us
from medsettle_gateway.storage.sealing import Identity, Sealer
from medsettle_gateway.storage.sqlite.recovery import load_recovery
from medsettle_gateway.storage.sqlite.statements import SQL

Row = tuple[Any, ...]
ATTRIBUTES_MOST: Final = 1_000
"""Rows of one member's attributes that are read."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A connection inside a transaction, and what opens names."""

    connection: sqlite3.Connection
    sealer: Sealer

    def load(self, wanted: Sequence[AnyKey]) -> Facts:
        """Returns the facts of the keys. Raises sqlite3.Error."""
        return Facts({key: _READERS[type(key)](self, key) for key in wanted})

    def rows(self, name: str, **values: Any) -> list[Row]:  # noqa: ANN401 - what SQLite binds
        """Returns what a named statement finds."""
        return self.connection.execute(SQL[name], values).fetchall()

    def row(self, name: str, **values: Any) -> Row | None:  # noqa: ANN401 - what SQLite binds
        """Returns the one row that a named statement finds, or None."""
        found: Row | None = self.connection.execute(SQL[name], values).fetchone()
        return found

    def sales(self, found: Iterable[Row]) -> tuple[SaleRecord, ...]:
        """Returns the records of rows of ``(request_id, body)``."""
        return tuple(self._sale(request_id, body) for request_id, body in found)

    def sale(self, request_id: str) -> SaleRecord | None:
        """Returns the sale under an id, or None."""
        row = self.row("sale", request_id=request_id)
        return None if row is None else self._sale(request_id, row[0])

    def name_of(self, member: str) -> str:
        """Returns a member's masked name; empty where it was erased or nobody is known."""
        identity = self.identity_of(member)
        return "" if identity is None else masked(identity.name)

    def identity_of(self, member: str) -> Identity | None:
        """Returns who a member is; None where it was erased or nobody is known."""
        row = self.row("sealed_identity", member=member)
        return None if row is None else self.sealer.open(member, row[0])

    def _sale(self, request_id: str, body: str) -> SaleRecord:
        found = self.rows("settlements", request_id=request_id)
        return from_stored(StoredSale(body, tuple(settlement for (settlement,) in found)))


def _heads(found: Iterable[Row]) -> tuple[SaleHead, ...]:
    return tuple(SaleHead(request_id, SaleState(state)) for request_id, state in found)


def _sale(reading: Reading, key: keys.SaleKey) -> SaleRecord | None:
    return reading.sale(key.request_id)


def _errand(reading: Reading, key: keys.ErrandKey) -> Errand | None:
    row = reading.row("errand", request_id=key.request_id)
    return None if row is None else Errand(key.request_id, from_us(row[0]), row[1])


def _ticket(reading: Reading, key: keys.TicketKey) -> tuple[SaleHead, ...]:
    institution, till, day, number = key.ticket
    return _heads(
        reading.rows("ticket", institution=institution, till=till, day=day.isoformat(), number=number)
    )


def _recent_sales(reading: Reading, key: keys.RecentSalesKey) -> tuple[SaleHead, ...]:
    return _heads(reading.rows(
        "recent_sales", member=key.member, institution=key.institution, basket_digest=key.basket_digest,
        since_us=to_us(key.since), limit=key.limit,
    ))


def _later_sales(reading: Reading, key: keys.LaterSalesKey) -> tuple[SaleRecord, ...]:
    found = reading.rows("later_sales", member=key.member, since_us=to_us(key.since), limit=key.limit)
    return reading.sales(found)


def _settled_since(reading: Reading, key: keys.SettledSinceKey) -> tuple[SaleRecord, ...]:
    found = reading.rows("settled_since", member=key.member, since_us=to_us(key.since), limit=key.limit)
    return reading.sales(found)


def _due_holds(reading: Reading, key: keys.DueHoldsKey) -> tuple[SaleRecord, ...]:
    found = reading.rows("due_holds", member=key.member, due_us=to_us(key.due_at), limit=key.limit)
    return reading.sales(found)


def _stay_end(reading: Reading, key: keys.StayEndKey) -> SaleHead | None:
    found = _heads(reading.rows("stay_end", member=key.member, stay=key.stay))
    return found[0] if found else None


def _terminal(reading: Reading, key: keys.TerminalKey) -> TerminalFacts | None:
    row = reading.row("terminal", terminal=key.terminal)
    if row is None:
        return None
    terminal, institution, till, state = row
    return TerminalFacts(terminal, institution, till, State(state))


def _key_record(row: Row) -> KeyRecord:
    key, terminal, suite, public_key, not_before_us, not_after_us, revoked_at_us, compromised_at_us = row
    return KeyRecord(
        key, terminal, suite, public_key, from_us(not_before_us), from_us(not_after_us),
        from_us_or_none(revoked_at_us), from_us_or_none(compromised_at_us),
    )


def _key(reading: Reading, key: keys.KeyRecordKey) -> KeyRecord | None:
    row = reading.row("key_record", key=key.key)
    return None if row is None else _key_record(row)


def _terminal_keys(reading: Reading, key: keys.TerminalKeysKey) -> tuple[KeyRecord, ...]:
    return tuple(map(_key_record, reading.rows("terminal_keys", terminal=key.terminal)))


def _institution(reading: Reading, key: keys.InstitutionKey) -> InstitutionFacts | None:
    row = reading.row("institution", code=key.code)
    if row is None:
        return None
    code, name, region, kind, level, specialty, designations, state = row
    return InstitutionFacts(
        code, name, region, InstitutionKind(kind), Level(level), Specialty(specialty),
        tuple(map(Designation, json.loads(designations))), State(state),
    )


def _member(reading: Reading, key: keys.MemberKey) -> MemberFacts | None:
    row = reading.row("member", member=key.member)
    if row is None:
        return None
    member, region, scheme, standing, enrolment, aid, conditions, covered_from, covered_to, born_on = row
    identity = reading.identity_of(member)
    name = "" if identity is None else masked(identity.name)
    accounts = tuple(
        _account(found, name if found[2] == member else reading.name_of(found[2]))
        for found in reading.rows("accounts", member=member)
    )
    return MemberFacts(
        member, name, region, Scheme(scheme), Standing(standing), Enrolment(enrolment),
        Aid(aid), tuple(json.loads(conditions)), date.fromisoformat(covered_from), _day(covered_to), accounts,
        _day(born_on) or (identity.born_on if identity else None), _attributes(reading, member),
    )


def _attributes(reading: Reading, member: str) -> tuple[DatedAttribute, ...]:
    found = reading.rows("attributes", member=member, limit=ATTRIBUTES_MOST)
    return tuple(
        DatedAttribute(name, value, date.fromisoformat(valid_from), _day(valid_to))
        for name, value, valid_from, valid_to in found
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _account(row: Row, name: str) -> AccountFacts:
    account, relation, owner, region, scheme, state, balance_fen, held_fen = row
    return AccountFacts(
        account, Owner(relation), owner, name, region, Scheme(scheme), AccountState(state), balance_fen,
        held_fen,
    )


def _masked_name(reading: Reading, key: keys.MaskedNameKey) -> str:
    return reading.name_of(key.member)


def _counters(reading: Reading, key: keys.CountersKey) -> dict[CounterKey, CounterState]:
    found = reading.rows(
        "counters", member=key.member, region=key.region, scheme=key.scheme, periods=json.dumps(key.periods)
    )
    return {
        CounterKey(period, counter, measure): CounterState(used, held)
        for period, counter, measure, used, held in found
    }


def _dispensed(reading: Reading, key: keys.DispensedKey) -> tuple[DispensedFacts, ...]:
    found = reading.rows(
        "dispensed", member=key.member, since=key.since.isoformat(), until=key.until.isoformat(),
        limit=key.limit,
    )
    return tuple(
        DispensedFacts(request_id, Dispensed(name, date.fromisoformat(on), days_supply, condition, benefit))
        for request_id, name, on, days_supply, condition, benefit in reversed(found)
    )


def _orders(reading: Reading, key: keys.OrdersKey) -> tuple[SignedOrder, ...]:
    found = reading.rows(
        "orders", region=key.region, institution=key.institution, since=key.since.isoformat(),
        until=key.until.isoformat(), limit=key.limit,
    )
    return tuple(SignedOrder(*row) for row in found)


def _catalogue(reading: Reading, key: keys.CatalogueKey) -> CatalogueFacts:
    digest = reading.row("catalogue", region=key.region)
    items: dict[str, tuple[CatalogueItem, ...]] = {}
    for row in reading.rows("catalogue_items", region=key.region, codes=json.dumps(key.codes)):
        items[row[0]] = (*items.get(row[0], ()), item_of(row))
    return CatalogueFacts("" if digest is None else digest[0], items)


def item_of(row: Row) -> CatalogueItem:
    """Returns the item of a row of ``catalogue_items`` in the columns' order."""
    code, name, kind, item_class, share_ppm, ceiling_micro, ward, valid_from, valid_to, classes = row
    return CatalogueItem(
        code, name, LineKind(kind), CatalogueClass(item_class), share_ppm, ceiling_micro,
        None if ward is None else Ward(ward), date.fromisoformat(valid_from), _day(valid_to),
        tuple((listed, CatalogueClass(held)) for listed, held in json.loads(classes).items()),
    )


def _credential_use(reading: Reading, key: keys.CredentialUseKey) -> str | None:
    row = reading.row("credential_use", credential_id=key.credential_id)
    return None if row is None else str(row[0])


def _enrol_code(reading: Reading, key: keys.EnrolCodeKey) -> EnrolCode | None:
    row = reading.row("enrol_code", code_hash=key.code_hash)
    if row is None:
        return None
    code_hash, institution, till, expires_at_us, used_by_key = row
    return EnrolCode(code_hash, institution, till, from_us(expires_at_us), used_by_key)


def _nonce(reading: Reading, key: keys.NonceKey) -> bool:
    return reading.row("nonce", sender=key.sender, nonce=key.nonce) is not None


_READERS: Final[dict[type[AnyKey], Callable[[Reading, Any], Any]]] = {
    keys.SaleKey: _sale,
    keys.ErrandKey: _errand,
    keys.TicketKey: _ticket,
    keys.RecentSalesKey: _recent_sales,
    keys.LaterSalesKey: _later_sales,
    keys.SettledSinceKey: _settled_since,
    keys.DueHoldsKey: _due_holds,
    keys.StayEndKey: _stay_end,
    keys.TerminalKey: _terminal,
    keys.KeyRecordKey: _key,
    keys.TerminalKeysKey: _terminal_keys,
    keys.InstitutionKey: _institution,
    keys.MemberKey: _member,
    keys.MaskedNameKey: _masked_name,
    keys.CountersKey: _counters,
    keys.DispensedKey: _dispensed,
    keys.OrdersKey: _orders,
    keys.CatalogueKey: _catalogue,
    keys.CredentialUseKey: _credential_use,
    keys.EnrolCodeKey: _enrol_code,
    keys.NonceKey: _nonce,
    keys.RecoveryKey: lambda reading, key: load_recovery(reading.connection, key),
}
