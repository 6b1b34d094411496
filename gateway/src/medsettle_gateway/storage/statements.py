"""The named statements of ``statements.sql``: all SQL that decisions run stands in that one file."""

import re
from importlib.resources import files
from typing import Final

_NAME: Final = re.compile(r"^-- name: ([a-z_]+)$", re.MULTILINE)


def _read() -> dict[str, str]:
    text = (files("medsettle_gateway.storage") / "statements.sql").read_text("utf-8")
    parts = _NAME.split(text)[1:]
    return {name: body.strip().rstrip(";") for name, body in zip(parts[::2], parts[1::2], strict=True)}


SQL: Final = _read()
"""Statement by name."""
