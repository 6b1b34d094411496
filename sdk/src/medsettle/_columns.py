"""Text in columns, where a Chinese character takes two."""

from collections.abc import Iterator
from typing import Final

from medsettle.wire.columns import columns_of, pad, width

__all__ = ["centre", "pad", "row", "width", "wrap"]

_NEVER_FIRST: Final = frozenset(",。、;:?!)》】〕」』”’%‰…,.;:?!)]}¶")
_NEVER_LAST: Final = frozenset("(《【〔「『“‘([{¶")
_SPACE: Final = " "


def centre(text: str, columns: int) -> str:
    """Returns the text in the middle of the columns."""
    return _SPACE * ((columns - width(text)) // 2) + text


def row(label: str, value: str, columns: int, indent: int = 0) -> list[str]:
    """Returns lines with the label on the left and the value on the right of the last one.

    A label is not cut for the value: where a word of it has no room beside it, the value has its own line.
    """
    room = columns - width(value) - 1
    lines = wrap(label, columns, indent) or [""]
    if width(lines[-1]) > room:
        cut = any(width(word.rstrip(_SPACE)) > room - indent for word in _words(label, columns - indent))
        lines = [*lines, ""] if cut else wrap(label, room, indent)
    return [*lines[:-1], pad(lines[-1], columns - width(value)) + value]


def wrap(text: str, columns: int, indent: int = 0, hanging: int = 0) -> list[str]:
    """Returns the text in lines of at most so many columns.

    Chinese breaks anywhere but before a closing mark, other words at spaces; a word wider than a
    line is cut. Every line is indented, those after the first by ``hanging`` more.
    """
    lines: list[str] = []
    line = _SPACE * indent
    empty = True
    for word in _words(text, columns - indent - hanging):
        if not empty and width(line) + width(word.rstrip(_SPACE)) > columns:
            lines.append(line.rstrip(_SPACE))
            line = _SPACE * (indent + hanging)
        line += word
        empty = False
    return lines if empty else [*lines, line.rstrip(_SPACE)]


def _words(text: str, columns: int) -> Iterator[str]:
    """What may not be broken, with the spaces and the closing marks that follow it."""
    word = ""
    for character in text:
        if word and (_breaks(word[-1], character) or width(word) + columns_of(character) > columns):
            yield word
            word = ""
        word += character
    if word:
        yield word


def _breaks(before: str, after: str) -> bool:
    if after == _SPACE or after in _NEVER_FIRST or before in _NEVER_LAST:
        return False
    return before == _SPACE or columns_of(before) > 1 or columns_of(after) > 1
