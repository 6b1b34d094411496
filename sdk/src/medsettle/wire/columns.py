"""How wide a text is where every character has one column or two: terminals and receipt printers."""

import unicodedata
from typing import Final

_WIDE: Final = "WFA"
_SPACE: Final = " "


def width(text: str) -> int:
    """Returns how many columns the text takes; a Chinese character takes two.

    Characters whose width depends on the device count two, so that a line never runs over.
    """
    return sum(columns_of(character) for character in text)


def columns_of(character: str) -> int:
    """Returns how many columns one character takes: 0, 1 or 2."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in _WIDE else 1


def pad(text: str, columns: int) -> str:
    """Returns the text with spaces behind it, up to the columns; a wider one as it is."""
    return text + _SPACE * (columns - width(text))
