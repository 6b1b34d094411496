"""A region's catalogue by versions: what holds now, and what was in it at any instant before.

An import makes a version of whatever it changes; what a version replaced or removed stays readable.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from msgspec import structs

from medsettle_gateway.domain.plain import from_json, to_json
from medsettle_gateway.domain.register import CatalogueItem, CatalogueRow, Rows
from medsettle_gateway.storage.connection import Connection
from medsettle_gateway.storage.entering import Entered, Tally
from medsettle_gateway.storage.instants import from_us, to_us
from medsettle_gateway.storage.rows import item_of

COLUMNS: Final = (
    "code, name, kind, class, self_pay_share_ppm, ceiling_micro, ward, valid_from, valid_to, classes, terms"
)
_ITEMS: Final = f"SELECT {COLUMNS} FROM catalogue_items WHERE region = ?"  # noqa: S608 - our own columns
_PUT_ITEM: Final = (
    f"INSERT INTO catalogue_items (region, {COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
)
_DROP_ITEM: Final = "DELETE FROM catalogue_items WHERE region = ? AND code = ? AND valid_from = ?"
_PUT_CATALOGUE: Final = (
    "INSERT INTO catalogues (region, digest, item_count, entered_at_us) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (region) DO UPDATE SET "
    "digest = excluded.digest, item_count = excluded.item_count, entered_at_us = excluded.entered_at_us"
)
_PUT_VERSION: Final = (
    "INSERT INTO catalogue_versions (region, version, digest, item_count, entered_at_us, source) "
    "VALUES (?, ?, ?, ?, ?, ?)"
)
_PUT_ROW: Final = (
    "INSERT INTO catalogue_rows (region, code, valid_from, version, body) VALUES (?, ?, ?, ?, ?)"
)
_VERSIONS: Final = (
    "SELECT region, version, digest, item_count, entered_at_us, source FROM catalogue_versions "
    "WHERE region = ? ORDER BY version DESC LIMIT ?"
)
_HISTORY: Final = (
    "SELECT valid_from, catalogue_rows.version, entered_at_us, body FROM catalogue_rows "
    "JOIN catalogue_versions USING (region, version) "
    "WHERE region = ? AND code = ? ORDER BY valid_from, catalogue_rows.version LIMIT ?"
)
_SHOWN_MOST: Final = 1_000

ItemKey = tuple[str, str]
"""Code and first day: a code may stand on several rows with other days."""


class CatalogueVersion(NamedTuple):
    """One version of a region's catalogue; ``source`` is the file that it was entered from, by its name."""

    region: str
    version: int
    digest: str
    item_count: int
    entered_at: datetime
    source: str = ""


class ItemChange(NamedTuple):
    """What a version of the catalogue made of a row of a code; ``item`` None: it removed it."""

    valid_from: date
    version: int
    entered_at: datetime
    item: CatalogueItem | None


class Changes(NamedTuple):
    """What an import changes, and to what: each row's item before and after, None where there is none."""

    entered: Entered
    rows: Mapping[ItemKey, tuple[CatalogueItem | None, CatalogueItem | None]]


def enter_catalogue(
    connection: Connection, region: str, rows: Rows[CatalogueRow], now: datetime, source: str = ""
) -> Entered:
    """Does what :func:`change_catalogue` does, and returns the counts only."""
    return change_catalogue(connection, region, rows, now, source).entered


def change_catalogue(
    connection: Connection, region: str, rows: Rows[CatalogueRow], now: datetime, source: str = ""
) -> Changes:
    """Makes the file the whole catalogue of the region, inside a writing transaction: a version of its own.

    An item that the file lacks is removed; of one whose columns it lacks what is known stays, in a row with
    other days too: of the code's last row before. A file that changes nothing makes no version. Raises
    NotEnteredError if two rows of a code are valid on one day.
    """
    tally = Tally()
    before = _items(connection, region)
    known = _by_code(before)
    entered: dict[ItemKey, tuple[int, CatalogueItem]] = {}
    for line, row in rows:
        key = (row.item.code, row.item.valid_from.isoformat())
        item = _kept(row, before.get(key) or _earlier(known.get(row.item.code, ()), row.item.valid_from))
        entered[key] = (line, item)
        tally.count("new" if key not in before else "same" if before[key] == item else "changed")
    _refuse_overlaps(entered, tally)
    after = {key: item for key, (_, item) in entered.items()}
    changed = {
        key: (before.get(key), after.get(key))
        for key in sorted({**before, **after})
        if before.get(key) != after.get(key)
    }
    found = tally.entered(removed_count=len(before.keys() - after.keys()))
    if changed:
        _write(connection, region, after, changed, (now, source))
    return Changes(found, changed)


def versions_of(connection: Connection, region: str) -> tuple[CatalogueVersion, ...]:
    """Returns the versions of a region's catalogue, the latest first, at most a thousand."""
    found = connection.execute(_VERSIONS, (region, _SHOWN_MOST)).fetchall()
    return tuple(
        CatalogueVersion(of, version, digest, count, from_us(entered_at_us), source)
        for of, version, digest, count, entered_at_us, source in found
    )


def history_of(connection: Connection, region: str, code: str) -> tuple[ItemChange, ...]:
    """Returns every version of each row that a code ever had in a region, at most a thousand."""
    found = connection.execute(_HISTORY, (region, code, _SHOWN_MOST)).fetchall()
    return tuple(
        ItemChange(
            date.fromisoformat(valid_from), version, from_us(entered_at_us),
            None if body is None else from_json(CatalogueItem, body),
        )
        for valid_from, version, entered_at_us, body in found
    )


def _by_code(items: Mapping[ItemKey, CatalogueItem]) -> dict[str, list[CatalogueItem]]:
    """The rows of each code, by their days."""
    found: dict[str, list[CatalogueItem]] = {}
    for code, valid_from in sorted(items):
        found.setdefault(code, []).append(items[code, valid_from])
    return found


def _earlier(rows: Sequence[CatalogueItem], begins_on: date) -> CatalogueItem | None:
    """The last of the rows that begins before the day, else the first of them; None of none."""
    return next((row for row in reversed(rows) if row.valid_from < begins_on), rows[0] if rows else None)


def _kept(row: CatalogueRow, before: CatalogueItem | None) -> CatalogueItem:
    """The item with what is known of it where the file has no column."""
    item = row.item
    if before is None:
        return item
    terms = structs.replace(item.terms, **{name: getattr(before.terms, name) for name in row.keeps})
    return replace(item, terms=terms, classes=before.classes if row.keeps_classes else item.classes)


def _items(connection: Connection, region: str) -> dict[ItemKey, CatalogueItem]:
    found = map(item_of, connection.execute(_ITEMS, (region,)))
    return {(item.code, item.valid_from.isoformat()): item for item in found}


def _columns(item: CatalogueItem) -> tuple[Any, ...]:
    return (
        item.code, item.name, item.kind.value, item.catalogue_class.value, item.self_pay_share_ppm,
        item.ceiling_micro, None if item.ward is None else item.ward.value, item.valid_from.isoformat(),
        None if item.valid_to is None else item.valid_to.isoformat(), json.dumps(dict(item.classes)),
        to_json(item.terms),
    )


def _refuse_overlaps(entered: Mapping[ItemKey, tuple[int, CatalogueItem]], tally: Tally) -> None:
    last_code, last_line, last_day = "", 0, date.min
    for (code, _), (line, item) in sorted(entered.items(), key=lambda each: each[0]):
        if code == last_code and item.valid_from <= last_day:
            tally.fault(
                line, f"与第{last_line}行同一编码的有效期重叠",
                f"is valid on days of line {last_line}, which has the same code",
            )
        last_code, last_line, last_day = code, line, item.valid_to or date.max


def _write(
    connection: Connection,
    region: str,
    items: Mapping[ItemKey, CatalogueItem],
    changed: Mapping[ItemKey, tuple[CatalogueItem | None, CatalogueItem | None]],
    by: tuple[datetime, str],
) -> None:
    """The version, what it changed, and what holds from now on."""
    now, source = by
    last = versions_of(connection, region)[:1]
    version = last[0].version + 1 if last else 1
    entered_at = max(now, last[0].entered_at) if last else now  # a clock that went back reorders nothing
    digest, count = _digest(items), len(items)
    connection.execute(_PUT_VERSION, (region, version, digest, count, to_us(entered_at), source))
    connection.execute(_PUT_CATALOGUE, (region, digest, count, to_us(entered_at)))
    _run(connection, _PUT_ROW, (
        (region, *key, version, None if after is None else to_json(after))
        for key, (_, after) in changed.items()
    ))
    _run(connection, _DROP_ITEM, ((region, *key) for key, (before, _) in changed.items() if before))
    _run(connection, _PUT_ITEM, ((region, *_columns(after)) for _, after in changed.values() if after))


def _run(connection: Connection, sql: str, rows: Iterator[tuple[Any, ...]]) -> None:
    values = list(rows)
    if values:
        connection.executemany(sql, values)


def _digest(items: Mapping[ItemKey, CatalogueItem]) -> str:
    """The digest of the content, in whatever order the file had it."""
    ordered: Iterable[CatalogueItem] = (items[key] for key in sorted(items))
    content = json.dumps([_stated(item) for item in ordered], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(content.encode()).hexdigest()


def _stated(item: CatalogueItem) -> tuple[Any, ...]:
    """What the digest is made of: terms are left out where there are none, as before there were any."""
    code, name, kind, held, share, ceiling, ward, valid_from, valid_to, classes, terms = _columns(item)
    stated = (code, valid_from, valid_to, name, kind, held, share, ceiling, ward, classes)
    return stated if terms == "{}" else (*stated, terms)
