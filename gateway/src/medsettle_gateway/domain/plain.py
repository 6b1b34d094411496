"""Domain values as JSON and back, so that storage keeps text and knows no types.

Dataclasses become objects of their fields, enums their values, dates and instants ISO 8601, tuples lists,
mappings objects. A named tuple becomes a list of its values: what is stored of one stays readable only if
its fields keep their places and a new one comes last, with a default.
"""

from functools import cache
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_AS_MADE = msgspec.json.Encoder()
_SORTED = msgspec.json.Encoder(order="sorted")


def to_plain(value: object) -> Any:  # noqa: ANN401 - JSON data
    """Returns the value as JSON data: objects, lists, text, integers, booleans, None."""
    return msgspec.json.decode(_AS_MADE.encode(value))  # to_builtins would leave tuples


def from_plain(kind: type[T], data: Any) -> T:  # noqa: ANN401 - JSON data
    """Returns the value of a type from what :func:`to_plain` made of it.

    A field that the data lack takes its default; what they have beyond the fields is left out. Raises
    ValueError for other data.
    """
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error


def to_json(value: object) -> str:
    """Returns the value as JSON text, fields in their order, without spaces."""
    return to_utf8(value).decode()


def to_utf8(value: object) -> bytes:
    """Returns the same text in UTF-8."""
    return _AS_MADE.encode(value)


def from_json(kind: type[T], text: str) -> T:
    """Returns the value of a type from what :func:`to_json` made of it. Raises as :func:`from_plain` does."""
    form: Any = kind
    try:
        value: T = _decoder(form).decode(text)
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from error
    return value


def to_raw(value: object) -> msgspec.Raw:
    """Returns the value as JSON that stands in another value's as it is."""
    return msgspec.Raw(_AS_MADE.encode(value))


def from_raw(text: msgspec.Raw) -> Any:  # noqa: ANN401 - JSON data
    """Returns the JSON data of what :func:`to_raw` made."""
    return msgspec.json.decode(text)


def canonical(value: object) -> bytes:
    """Returns the value as JSON in one form: UTF-8, fields sorted by name, no spaces."""
    return _SORTED.encode(value)


@cache
def _decoder(kind: Any) -> Any:  # noqa: ANN401 - a type, and what reads it
    return msgspec.json.Decoder(kind)
