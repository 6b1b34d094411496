"""Facts out of the database: one reader for each kind of key, and for many keys of a kind one for all."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from medsettle_gateway.domain import keys
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.facts import (
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
from medsettle_gateway.domain.orders import SignedOrder
from medsettle_gateway.domain.past import PastSale
from medsettle_gateway.domain.plain import from_json
from medsettle_gateway.domain.records import DatedRecord
from medsettle_gateway.domain.register import CatalogueItem
from medsettle_gateway.domain.sale import SaleHead, SaleRecord
from medsettle_gateway.domain.upstream import Errand
from medsettle_gateway.storage.instants import from_us, to_us
from medsettle_gateway.storage.rows import (
    account_of,
    attributes_of,
    counters_of,
    dispensed_of,
    enrol_code_of,
    head_of,
    institution_of,
    item_of,
    key_record_of,
    member_of,
    name_of,
    past_sale_of,
    record_of,
    terminal_of,
)
from medsettle_gateway.storage.sqlite.asking import Asking, Row
from medsettle_gateway.storage.sqlite.loading_many import MANY, due_anywhere
from medsettle_gateway.storage.sqlite.prescriptions import load_open_prescriptions, load_prescription
from medsettle_gateway.storage.sqlite.recovery import load_awaited, load_recovery
from medsettle_gateway.storage.sqlite.tracing import load_codes

_FEW: Final = 2
"""So many keys of a kind are read one by one: a statement for many costs more than they do."""


@dataclass(frozen=True, slots=True)
class Reading(Asking):
    """Reads facts."""

    def load(self, wanted: Sequence[AnyKey]) -> Facts:
        """Returns the facts of the keys. Raises sqlite3.Error."""
        kinds: dict[type[AnyKey], list[AnyKey]] = {}
        for key in wanted:
            kinds.setdefault(type(key), []).append(key)
        found: dict[AnyKey, Any] = {}
        for kind, asked in kinds.items():
            many = MANY.get(kind)
            if many is not None and len(asked) > _FEW:
                found.update(many(self, asked))
            else:
                found.update((key, _READERS[kind](self, key)) for key in asked)
        return Facts(found)

    def sale(self, request_id: str) -> SaleRecord | None:
        """Returns the sale under an id, or None."""
        row = self.row("sale", request_id=request_id)
        return None if row is None else self.record(request_id, row[0])


def _heads(found: Iterable[Row]) -> tuple[SaleHead, ...]:
    return tuple(map(head_of, found))


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


def _past_sales(reading: Reading, key: keys.PastSalesKey) -> tuple[PastSale, ...]:
    found = reading.rows("past_sales", member=key.member, since_us=to_us(key.since), limit=key.limit)
    return tuple(map(past_sale_of, reversed(found)))


def _due_holds(reading: Reading, key: keys.DueHoldsKey) -> tuple[SaleRecord, ...]:
    if not due_anywhere(reading, (key,)):
        return ()
    found = reading.rows("due_holds", member=key.member, due_us=to_us(key.due_at), limit=key.limit)
    return reading.sales(found)


def _stay_end(reading: Reading, key: keys.StayEndKey) -> SaleHead | None:
    found = _heads(reading.rows("stay_end", member=key.member, stay=key.stay))
    return found[0] if found else None


def _terminal(reading: Reading, key: keys.TerminalKey) -> TerminalFacts | None:
    row = reading.row("terminal", terminal=key.terminal)
    return None if row is None else terminal_of(row)


def _key(reading: Reading, key: keys.KeyRecordKey) -> KeyRecord | None:
    row = reading.row("key_record", key=key.key)
    return None if row is None else key_record_of(row)


def _terminal_keys(reading: Reading, key: keys.TerminalKeysKey) -> tuple[KeyRecord, ...]:
    return tuple(map(key_record_of, reading.rows("terminal_keys", terminal=key.terminal)))


def _institution(reading: Reading, key: keys.InstitutionKey) -> InstitutionFacts | None:
    row = reading.row("institution", code=key.code)
    return None if row is None else institution_of(row)


def _member(reading: Reading, key: keys.MemberKey) -> MemberFacts | None:
    row = reading.row("member", member=key.member)
    if row is None:
        return None
    identity = reading.identity_of(key.member)
    accounts = tuple(
        account_of(found, name_of(identity) if found[2] == key.member else reading.name_of(found[2]))
        for found in reading.rows("accounts", member=key.member)
    )
    attributes = reading.rows("attributes", member=key.member, limit=keys.ATTRIBUTES_MOST)
    return member_of(row, identity, accounts, attributes_of(attributes))


def _records(reading: Reading, key: keys.RecordsKey) -> tuple[DatedRecord, ...]:
    found = reading.rows("records", subject=key.subject, limit=keys.RECORDS_MOST)
    return tuple(map(record_of, found))


def _masked_name(reading: Reading, key: keys.MaskedNameKey) -> str:
    return reading.name_of(key.member)


def _counters(reading: Reading, key: keys.CountersKey) -> dict[CounterKey, CounterState]:
    return counters_of(reading.rows(
        "counters", member=key.member, region=key.region, scheme=key.scheme, periods=json.dumps(key.periods)
    ))


def _dispensed(reading: Reading, key: keys.DispensedKey) -> tuple[DispensedFacts, ...]:
    found = reading.rows(
        "dispensed", member=key.member, since=key.since.isoformat(), until=key.until.isoformat(),
        limit=key.limit,
    )
    return tuple(map(dispensed_of, reversed(found)))


def _orders(reading: Reading, key: keys.OrdersKey) -> tuple[SignedOrder, ...]:
    found = reading.rows(
        "orders", region=key.region, institution=key.institution, since=key.since.isoformat(),
        until=key.until.isoformat(), limit=key.limit,
    )
    return tuple(SignedOrder(*row) for row in found)


def _catalogue(reading: Reading, key: keys.CatalogueKey) -> CatalogueFacts:
    known_at = key.known_at
    row = (
        reading.row("catalogue", region=key.region) if known_at is None
        else reading.row("catalogue_known", region=key.region, known_us=to_us(known_at))
    )
    if row is None:
        return CatalogueFacts("", {})
    items = reading.items.of(row[0], key.codes)
    missing = [code for code in key.codes if code not in items]
    if missing:
        found: dict[str, tuple[CatalogueItem, ...]] = {}
        for item in _items(reading, key, missing, *row[1:]):
            found[item.code] = (*found.get(item.code, ()), item)
        reading.items.keep(row[0], found)
        items |= found
    return CatalogueFacts(row[0], items)


def _items(
    reading: Reading, key: keys.CatalogueKey, codes: Sequence[str], version: int | None = None
) -> Iterable[CatalogueItem]:
    asked = json.dumps(codes)
    if version is None:
        return map(item_of, reading.rows("catalogue_items", region=key.region, codes=asked))
    found = reading.rows("catalogue_items_known", region=key.region, codes=asked, version=version)
    return (from_json(CatalogueItem, body) for _, body in found)


def _credential_use(reading: Reading, key: keys.CredentialUseKey) -> str | None:
    row = reading.row("credential_use", credential_id=key.credential_id)
    return None if row is None else str(row[0])


def _enrol_code(reading: Reading, key: keys.EnrolCodeKey) -> EnrolCode | None:
    row = reading.row("enrol_code", code_hash=key.code_hash)
    return None if row is None else enrol_code_of(row)


def _nonce(reading: Reading, key: keys.NonceKey) -> bool:
    return reading.row("nonce", sender=key.sender, nonce=key.nonce) is not None


_READERS: Final[dict[type[AnyKey], Callable[[Reading, Any], Any]]] = {
    keys.SaleKey: _sale,
    keys.ErrandKey: _errand,
    keys.TicketKey: _ticket,
    keys.RecentSalesKey: _recent_sales,
    keys.LaterSalesKey: _later_sales,
    keys.SettledSinceKey: _settled_since,
    keys.PastSalesKey: _past_sales,
    keys.DueHoldsKey: _due_holds,
    keys.StayEndKey: _stay_end,
    keys.TerminalKey: _terminal,
    keys.KeyRecordKey: _key,
    keys.TerminalKeysKey: _terminal_keys,
    keys.InstitutionKey: _institution,
    keys.MemberKey: _member,
    keys.RecordsKey: _records,
    keys.MaskedNameKey: _masked_name,
    keys.CountersKey: _counters,
    keys.DispensedKey: _dispensed,
    keys.PrescriptionKey: lambda reading, key: load_prescription(reading.connection, key),
    keys.OpenPrescriptionsKey: lambda reading, key: load_open_prescriptions(reading.connection, key),
    keys.OrdersKey: _orders,
    keys.CatalogueKey: _catalogue,
    keys.TraceCodesKey: lambda reading, key: load_codes(reading.connection, key),
    keys.CredentialUseKey: _credential_use,
    keys.EnrolCodeKey: _enrol_code,
    keys.NonceKey: _nonce,
    keys.RecoveryKey: lambda reading, key: load_recovery(reading.connection, key),
    keys.AwaitedKey: lambda reading, key: load_awaited(reading.connection, key),
}
