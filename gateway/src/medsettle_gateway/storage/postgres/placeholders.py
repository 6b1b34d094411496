"""Statements written for both stores, as the server wants them: ``?`` and ``:name`` become ``$1``."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

_PARTS: Final = re.compile(
    r"""'(?:[^']|'')*' | "[^"]*" | --[^\n]* | :: | :(?P<name>[a-z_][a-z0-9_]*) | (?P<mark>\?)""", re.VERBOSE
)
"""Texts, quoted names, comments and casts are left alone."""


class Translated(NamedTuple):
    """A statement and the names of its parameters in their order; none: they go by position."""

    text: str
    names: tuple[str, ...]

    def arguments(self, parameters: Sequence[Any] | Mapping[str, Any]) -> Sequence[Any]:
        """Returns the values in the order of their numbers. Raises KeyError if a name is missing."""
        if isinstance(parameters, Mapping):
            return [parameters[name] for name in self.names]
        return parameters


@lru_cache(maxsize=256)
def translated(sql: str) -> Translated:
    """Returns a statement with numbered parameters. Raises ValueError if it mixes both ways of naming."""
    numbers: dict[str, int] = {}
    marks = 0

    def number(part: re.Match[str]) -> str:
        nonlocal marks
        if part["mark"]:
            marks += 1
            return f"${marks}"
        name = part["name"]
        return part[0] if name is None else f"${numbers.setdefault(name, len(numbers) + 1)}"

    text = _PARTS.sub(number, sql)
    if marks and numbers:
        msg = "a statement names its parameters either ? or :name"
        raise ValueError(msg)
    return Translated(text, tuple(numbers))
