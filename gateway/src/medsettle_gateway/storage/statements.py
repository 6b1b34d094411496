"""Named statements: each file of SQL lies beside the code that runs it and is read once."""

import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

_NAME: Final = re.compile(r"^-- name: ([a-z_]+)$", re.MULTILINE)


def read_statements(package: str, file: str) -> Mapping[str, str]:
    """Returns the statements of a file in the package's folder, by name."""
    text = (files(package) / file).read_text("utf-8")
    parts = _NAME.split(text)[1:]
    return {name: body.strip().rstrip(";") for name, body in zip(parts[::2], parts[1::2], strict=True)}
