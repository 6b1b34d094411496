"""Facts about places and what belongs to them: terminals, keys, orders, goods."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from operator import attrgetter
from typing import Final, TypeVar

from medsettle_gateway.domain import keys
from medsettle_gateway.domain.facts import (
    CatalogueFacts,
    EnrolCode,
    InstitutionFacts,
    KeyRecord,
    TerminalFacts,
)
from medsettle_gateway.domain.orders import SignedOrder
from medsettle_gateway.domain.plain import from_json
from medsettle_gateway.domain.register import CatalogueItem
from medsettle_gateway.storage.instants import to_us_or_none
from medsettle_gateway.storage.postgres.reading import Reading, by_place, columns_of
from medsettle_gateway.storage.rows import (
    Columns,
    enrol_code_of,
    institution_of,
    item_of,
    key_record_of,
    terminal_of,
)

K = TypeVar("K")
V = TypeVar("V")

Loader = Callable[[Reading, Sequence[K]], Awaitable[Mapping[K, V | None]]]


def _each(statement: str, name_of: Callable[[K], str], made: Callable[[Columns], V]) -> Loader[K, V]:
    """Returns what loads one fact for each name, or None: rows of the statement begin with their names."""

    async def load(reading: Reading, asked: Sequence[K]) -> Mapping[K, V | None]:
        rows = await reading.rows(statement, [name_of(key) for key in asked])
        found = {row[0]: made(row) for row in rows}
        return {key: found.get(name_of(key)) for key in asked}

    return load


terminals: Final[Loader[keys.TerminalKey, TerminalFacts]] = _each(
    "terminal", attrgetter("terminal"), terminal_of
)
key_records: Final[Loader[keys.KeyRecordKey, KeyRecord]] = _each(
    "key_record", attrgetter("key"), key_record_of
)
institutions: Final[Loader[keys.InstitutionKey, InstitutionFacts]] = _each(
    "institution", attrgetter("code"), institution_of
)
enrol_codes: Final[Loader[keys.EnrolCodeKey, EnrolCode]] = _each(
    "enrol_code", attrgetter("code_hash"), enrol_code_of
)


async def terminal_keys(
    reading: Reading, asked: Sequence[keys.TerminalKeysKey]
) -> Mapping[keys.TerminalKeysKey, tuple[KeyRecord, ...]]:
    """Returns the keys of each terminal."""
    found: defaultdict[str, list[KeyRecord]] = defaultdict(list)
    for row in await reading.rows("terminal_keys", [key.terminal for key in asked]):
        record = key_record_of(row)
        found[record.terminal].append(record)
    return {key: tuple(found[key.terminal]) for key in asked}


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
    found = await _catalogues_now(reading, [key for key in asked if key.known_at is None])
    return {**found, **await _catalogues_known(reading, [key for key in asked if key.known_at is not None])}


async def _catalogues_known(
    reading: Reading, asked: Sequence[keys.CatalogueKey]
) -> Mapping[keys.CatalogueKey, CatalogueFacts]:
    """Catalogues as they were entered up to an instant."""
    if not asked:
        return {}
    rows = [
        (key.region, to_us_or_none(key.known_at), code) for key in asked for code in ("", *key.codes)
    ]
    digests: dict[tuple[str, int | None], str] = {}
    items: dict[tuple[str, int | None, str], tuple[CatalogueItem, ...]] = {}
    wanted = columns_of(dict.fromkeys(rows), 3)
    for region, known_us, digest, code, body in await reading.rows("catalogue_known", *wanted):
        digests[region, known_us] = digest
        if body is not None:
            of_code = items.get((region, known_us, code), ())
            items[region, known_us, code] = (*of_code, from_json(CatalogueItem, body))
    facts: dict[keys.CatalogueKey, CatalogueFacts] = {}
    for key in asked:
        about = (key.region, to_us_or_none(key.known_at))
        of_codes = {code: items[*about, code] for code in key.codes if (*about, code) in items}
        facts[key] = CatalogueFacts(digests.get(about, ""), of_codes)
    return facts


async def _catalogues_now(
    reading: Reading, asked: Sequence[keys.CatalogueKey]
) -> Mapping[keys.CatalogueKey, CatalogueFacts]:
    if not asked:
        return {}
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


async def nonces(reading: Reading, asked: Sequence[keys.NonceKey]) -> Mapping[keys.NonceKey, bool]:
    """Returns whether each nonce was kept before."""
    texts = ((key.sender, key.nonce) for key in asked)
    found = {(sender, nonce) for sender, nonce in await reading.rows("nonce", *columns_of(texts, 2))}
    return {key: (key.sender, key.nonce) in found for key in asked}
