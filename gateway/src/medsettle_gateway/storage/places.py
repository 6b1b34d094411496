"""What operators enter of places and goods: institutions and a region's catalogue."""

import hashlib
import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final

from medsettle_gateway.domain.register import CatalogueItem, CatalogueRow, InstitutionRecord, Rows
from medsettle_gateway.storage.batches import asked_of, batches
from medsettle_gateway.storage.connection import Connection
from medsettle_gateway.storage.entering import Entered, Tally
from medsettle_gateway.storage.instants import to_us

_COLUMNS: Final = "code, name, region, kind, level, specialty, designations, state"
_FIND: Final = f"SELECT {_COLUMNS} FROM institutions WHERE code IN (:among)"  # noqa: S608 - our own columns
_PUT: Final = (
    f"INSERT INTO institutions ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (code) DO UPDATE SET "  # noqa: S608
    "(name, region, kind, level, specialty, designations, state) = (excluded.name, excluded.region, "
    "excluded.kind, excluded.level, excluded.specialty, excluded.designations, excluded.state)"
)


def enter_institutions(connection: Connection, rows: Rows[InstitutionRecord]) -> Entered:
    """Enters institutions, new or changed, inside a writing transaction; none is ever removed."""
    tally = Tally()
    for batch in batches(rows, lambda row: row[1].code):
        codes = [record.code for _, record in batch]
        known = {row[0]: tuple(row) for row in asked_of(connection, _FIND, codes)}
        entered = [_institution(record) for _, record in batch]
        changed = [values for values in entered if known.get(values[0]) != values]
        if changed:
            connection.executemany(_PUT, changed)
        for values in entered:
            before = known.get(values[0])
            tally.count("new" if before is None else "same" if before == values else "changed")
    return tally.entered()


def enter_catalogue(
    connection: Connection, region: str, rows: Rows[CatalogueRow], now: datetime
) -> Entered:
    """Makes the file the whole catalogue of the region, inside a writing transaction.

    An item that the file lacks is removed; of one that keeps its classes they stay as they were.

    Raises NotEnteredError if two rows of a code are valid on one day.
    """
    tally = Tally()
    before = dict(_items(connection, region))
    entered: dict[tuple[str, str], tuple[int, Any]] = {}
    for line, (item, keeps_classes) in rows:
        key, values = (item.code, item.valid_from.isoformat()), _item(item)
        if keeps_classes and key in before:
            values = (*values[:-1], before[key][-1])
        entered[key] = (line, values)
        tally.count("new" if key not in before else "same" if before[key] == values else "changed")
    _refuse_overlaps(entered, tally)
    found = tally.entered(removed_count=len(before.keys() - entered.keys()))
    _replace(connection, region, [entered[key][1] for key in sorted(entered)], now)
    return found


def _institution(record: InstitutionRecord) -> tuple[str, ...]:
    place = record.place
    return (
        record.code, record.name, record.region, place.kind.value, place.level.value, place.specialty.value,
        json.dumps(place.designations), "suspended" if record.suspended else "active",
    )


def _item(item: CatalogueItem) -> tuple[Any, ...]:
    return (
        item.code, item.valid_from.isoformat(), None if item.valid_to is None else item.valid_to.isoformat(),
        item.name, item.kind.value, item.catalogue_class.value, item.self_pay_share_ppm, item.ceiling_micro,
        None if item.ward is None else item.ward.value, json.dumps(dict(item.classes)),
    )


def _items(
    connection: Connection, region: str
) -> Iterator[tuple[tuple[str, str], tuple[Any, ...]]]:
    found = connection.execute(
        "SELECT code, valid_from, valid_to, name, kind, class, self_pay_share_ppm, ceiling_micro, ward, "
        "classes FROM catalogue_items WHERE region = ?",
        (region,),
    )
    return ((row[:2], row) for row in found)


def _refuse_overlaps(entered: dict[tuple[str, str], tuple[int, Any]], tally: Tally) -> None:
    last_code, last_line, last_day = "", 0, ""
    for (code, valid_from), (line, values) in sorted(entered.items()):
        if code == last_code and valid_from <= last_day:
            tally.fault(
                line, f"与第{last_line}行同一编码的有效期重叠",
                f"is valid on days of line {last_line}, which has the same code",
            )
        last_code, last_line, last_day = code, line, values[2] or date.max.isoformat()


def _replace(connection: Connection, region: str, items: list[Any], now: datetime) -> None:
    content = json.dumps(items, ensure_ascii=False, separators=(",", ":"))
    digest = hashlib.sha256(content.encode()).hexdigest()
    connection.execute("DELETE FROM catalogue_items WHERE region = ?", (region,))
    connection.execute(
        "INSERT INTO catalogues (region, digest, item_count, entered_at_us) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (region) DO UPDATE SET "
        "digest = excluded.digest, item_count = excluded.item_count, entered_at_us = excluded.entered_at_us",
        (region, digest, len(items), to_us(now)),
    )
    connection.executemany(
        "INSERT INTO catalogue_items (region, code, valid_from, valid_to, name, kind, class, "
        "self_pay_share_ppm, ceiling_micro, ward, classes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ((region, *item) for item in items),
    )
