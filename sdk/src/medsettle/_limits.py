"""Lengths and counts of what is sent, as the contract bounds them; what is wrong is named by its field."""

import unicodedata
from collections.abc import Sequence
from typing import Final

from medsettle.errors import request_error
from medsettle.wire.reasons import Reason

_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of characters that no text may hold: controls, direction marks, surrogates, breaks."""


def sized(value: str, field: str, shortest: int, longest: int) -> None:
    """Returns if so many characters are there, none of them unseen. Raises RequestError with the field."""
    if len(value) < shortest:
        raise request_error(Reason.FIELD_REQUIRED, field=field)
    if len(value) > longest:
        raise request_error(Reason.FIELD_INVALID, field=field, limit=str(longest))
    if seen(value) != value:
        raise request_error(Reason.FIELD_INVALID, field=field, cause="control characters")


def seen(value: str) -> str:
    """Returns the text without what a screen or a log must not be sent: the gateway takes none of it."""
    return "".join(each for each in value if unicodedata.category(each) not in _UNSEEN)


def at_most(values: Sequence[object], limit: int, field: str) -> None:
    """Returns if there are no more than the limit. Raises RequestError with the field."""
    if len(values) > limit:
        raise request_error(Reason.FIELD_INVALID, field=field, limit=str(limit))


def unique(names: Sequence[str], field: str) -> None:
    """Returns if none stands twice. Raises RequestError with the field."""
    if len(set(names)) < len(names):
        raise request_error(Reason.FIELD_INVALID, field=field, cause="it stands twice")
