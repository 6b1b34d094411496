"""Named statements: what decisions run stands in ``statements.sql``, what an audit asks in ``audit.sql``."""

import re
from importlib.resources import files
from typing import Final

_NAME: Final = re.compile(r"^-- name: ([a-z_]+)$", re.MULTILINE)


def _read(file: str) -> dict[str, str]:
    text = (files("medsettle_gateway.storage") / file).read_text("utf-8")
    parts = _NAME.split(text)[1:]
    return {name: body.strip().rstrip(";") for name, body in zip(parts[::2], parts[1::2], strict=True)}


SQL: Final = _read("statements.sql")
"""Statement by name."""

AUDIT: Final = _read("audit.sql")
"""Question by name."""
