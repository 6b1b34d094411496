"""What decisions run, by name."""

from collections.abc import Mapping
from typing import Final

from medsettle_gateway.storage.statements import read_statements

SQL: Final[Mapping[str, str]] = read_statements("medsettle_gateway.storage.postgres", "statements.sql")
"""Statement by name."""
