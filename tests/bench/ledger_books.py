"""Books of many sales, made by the database itself: all are settled, all balances as their entries say."""

import json
import sqlite3
from pathlib import Path
from typing import Final

from medsettle_gateway.storage.connection import Connection

SALES_OF_MEMBER: Final = 10
"""How often each member came."""
_EMBEDDED: Final = {
    "key": "position",
    "given": "",
    "series": "(WITH RECURSIVE numbers (n) AS ("
    "SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < {last}) SELECT n FROM numbers)",
}
_SERVER: Final = {
    "key": "entry",
    "given": "OVERRIDING SYSTEM VALUE",
    "series": "generate_series(0, {last}) AS numbers (n)",
}
_AFTER: Final = (
    "SELECT setval(pg_get_serial_sequence('entries', 'entry'), max(entry)) FROM entries", "ANALYZE"
)


def fill(connection: Connection, sales_count: int) -> int:
    """Enters so many sales into an empty database; returns how many entries there are."""
    embedded = isinstance(connection, sqlite3.Connection)
    dialect = _EMBEDDED if embedded else _SERVER
    members_count = sales_count // SALES_OF_MEMBER
    values = {
        **dialect,
        "members": dialect["series"].format(last=members_count - 1),
        "sales": dialect["series"].format(last=sales_count - 1),
        "entry": f"n + {members_count + 1}",
        "request_id": "'H21030200001-01-20260302-' || n || '-1'",
        "often": SALES_OF_MEMBER,
        "at_us": 1_772_000_000_000_000,
        "body": _body(),
    }
    script = Path(__file__).with_suffix(".sql").read_text("utf-8")
    for statement in script.partition("\n\n")[2].split(";\n"):
        if statement.strip():
            connection.execute(statement.strip().format_map(values))
    for statement in () if embedded else _AFTER:
        connection.execute(statement)
    return members_count + sales_count


def _body() -> str:
    """A record of the size that records have."""
    line = {"line_id": "1", "item_code": "XA01", "quantity_e4": 10_000, "amount_fen": 1_500}
    lines = [{**line, "unit_price_micro": 15_000_000, "traceability_codes": []}] * 8
    effect = {"region": "210300", "funds": [["pooled", 5_000]], "cash_fen": 4_000, "dispensed": []}
    return json.dumps({"operator": "03", "basket": {"lines": lines}, "effect": effect})
