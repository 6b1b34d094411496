"""Facts about places and what belongs to them: terminals, keys, orders, goods."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from medsettle_gateway.domain import keys
from medsettle_gateway.domain.facts import (
    CatalogueFacts,
    EnrolCode,
    InstitutionFacts,
    KeyRecord,
    TerminalFacts,
)
from medsettle_gateway.domain.orders import SignedOrder
from medsettle_gateway.domain.register import CatalogueItem
from medsettle_gateway.storage.postgres.reading import Reading, by_place, columns_of
from medsettle_gateway.storage.rows import enrol_code_of, institution_of, item_of, key_record_of, terminal_of


async def terminals(
    reading: Reading, asked: Sequence[keys.TerminalKey]
) -> Mapping[keys.TerminalKey, TerminalFacts | None]:
    """Returns each terminal, or None."""
    rows = await reading.rows("terminal", [key.terminal for key in asked])
    found = {row[0]: terminal_of(row) for row in rows}
    return {key: found.get(key.terminal) for key in asked}


async def key_records(
    reading: Reading, asked: Sequence[keys.KeyRecordKey]
) -> Mapping[keys.KeyRecordKey, KeyRecord | None]:
    """Returns each public key, or None."""
    rows = await reading.rows("key_record", [key.key for key in asked])
    found = {row[0]: key_record_of(row) for row in rows}
    return {key: found.get(key.key) for key in asked}


async def terminal_keys(
    reading: Reading, asked: Sequence[keys.TerminalKeysKey]
) -> Mapping[keys.TerminalKeysKey, tuple[KeyRecord, ...]]:
    """Returns the keys of each terminal."""
    found: defaultdict[str, list[KeyRecord]] = defaultdict(list)
    for row in await reading.rows("terminal_keys", [key.terminal for key in asked]):
        record = key_record_of(row)
        found[record.terminal].append(record)
    return {key: tuple(found[key.terminal]) for key in asked}


async def institutions(
    reading: Reading, asked: Sequence[keys.InstitutionKey]
) -> Mapping[keys.InstitutionKey, InstitutionFacts | None]:
    """Returns each institution, or None."""
    rows = await reading.rows("institution", [key.code for key in asked])
    found = {row[0]: institution_of(row) for row in rows}
    return {key: found.get(key.code) for key in asked}


async def orders(
    reading: Reading, asked: Sequence[keys.OrdersKey]
) -> Mapping[keys.OrdersKey, tuple[SignedOrder, ...]]:
    """Returns the emergency orders for each place and days."""
    texts = (
        (key.region, key.institution, key.since.isoformat(), key.until.isoformat(), key.limit)
        for key in asked
    )
    rows = await reading.rows("orders", *columns_of(texts, 5))
    return by_place(asked, rows, lambda row: SignedOrder(*row))


async def catalogues(
    reading: Reading, asked: Sequence[keys.CatalogueKey]
) -> Mapping[keys.CatalogueKey, CatalogueFacts]:
    """Returns the items of each key. What several ask for is read once."""
    wanted = dict.fromkeys((key.region, code) for key in asked for code in ("", *key.codes))
    digests: dict[str, str] = {}
    items: dict[tuple[str, str], tuple[CatalogueItem, ...]] = {}
    for region, digest, *columns in await reading.rows("catalogue", *columns_of(wanted, 2)):
        digests[region] = digest
        code, name = columns[:2]
        if name is not None:
            items[region, code] = (*items.get((region, code), ()), item_of(columns))
    return {
        key: CatalogueFacts(
            digests.get(key.region, ""),
            {code: items[key.region, code] for code in key.codes if (key.region, code) in items},
        )
        for key in asked
    }


async def enrol_codes(
    reading: Reading, asked: Sequence[keys.EnrolCodeKey]
) -> Mapping[keys.EnrolCodeKey, EnrolCode | None]:
    """Returns each one-time code, or None."""
    rows = await reading.rows("enrol_code", [key.code_hash for key in asked])
    found = {row[0]: enrol_code_of(row) for row in rows}
    return {key: found.get(key.code_hash) for key in asked}


async def nonces(reading: Reading, asked: Sequence[keys.NonceKey]) -> Mapping[keys.NonceKey, bool]:
    """Returns whether each nonce was kept before."""
    texts = ((key.sender, key.nonce) for key in asked)
    found = {(sender, nonce) for sender, nonce in await reading.rows("nonce", *columns_of(texts, 2))}
    return {key: (key.sender, key.nonce) in found for key in asked}
