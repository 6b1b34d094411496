"""What operators enter of places: institutions."""

import json
from typing import Final

from medsettle_gateway.domain.register import InstitutionRecord, Rows
from medsettle_gateway.storage.batches import asked_of, batches
from medsettle_gateway.storage.connection import Connection
from medsettle_gateway.storage.entering import Entered, Tally

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


def _institution(record: InstitutionRecord) -> tuple[str, ...]:
    place = record.place
    return (
        record.code, record.name, record.region, place.kind.value, place.level.value, place.specialty.value,
        json.dumps(place.designations), "suspended" if record.suspended else "active",
    )
