"""Domain values as plain JSON data and back, so that storage keeps text and knows no types.

Dataclasses and named tuples become objects of their fields, enums their values, dates and instants ISO
8601, tuples lists, mappings objects. Reading needs the type; converters are built once a type.
"""

import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any, Final, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
_Reader = Callable[[Any], Any]
_Writer = Callable[[Any], Any]
_AS_THEY_ARE: Final = frozenset({int, str, bool, types.NoneType})


def to_plain(value: object) -> Any:  # noqa: ANN401 - JSON data
    """Returns the value as JSON data: objects, lists, text, integers, booleans, None."""
    kind: Any = type(value)
    return value if kind in _AS_THEY_ARE else _writer(kind)(value)


@cache
def _writer(kind: type) -> _Writer:
    """How values of a class are written: a sale has a thousand parts, so it is found once a class."""
    if issubclass(kind, Enum):
        return _value_of
    if issubclass(kind, date):
        return _as_iso
    if issubclass(kind, Mapping):
        return lambda value: {str(name): to_plain(part) for name, part in value.items()}
    if hasattr(kind, "_fields"):
        return _named(kind._fields)
    if issubclass(kind, tuple | list):
        return lambda value: [to_plain(part) for part in value]
    if is_dataclass(kind):
        return _attributes(tuple(field.name for field in fields(kind)))
    msg = f"{kind.__name__} has no plain form"
    raise TypeError(msg)


def _value_of(value: Any) -> Any:  # noqa: ANN401 - an enum's member
    return value.value


def _as_iso(value: Any) -> Any:  # noqa: ANN401 - a date or an instant
    return value.isoformat()


def _named(names: tuple[str, ...]) -> _Writer:
    return lambda value: {name: to_plain(part) for name, part in zip(names, value, strict=True)}


def _attributes(names: tuple[str, ...]) -> _Writer:
    return lambda value: {name: to_plain(getattr(value, name)) for name in names}


def from_plain(kind: type[T], data: Any) -> T:  # noqa: ANN401 - JSON data
    """Returns the value of a type from what :func:`to_plain` made of it.

    A field that the data lack takes its default. Raises KeyError, TypeError or ValueError for other data.
    """
    form: Any = kind
    value: T = _reader(form)(data)
    return value


@cache
def _reader(kind: Any) -> _Reader:  # noqa: ANN401 - a type or a typing form
    origin = get_origin(kind)
    if kind in {Any, int, str, bool, types.NoneType} or origin is Literal:
        return _as_is
    if origin in {Union, types.UnionType}:
        return _optional(_reader(_present(kind)))
    if origin is tuple:
        return _sequence(_reader(get_args(kind)[0]))
    if origin is Mapping:
        return _mapping(_reader(get_args(kind)[1]))
    return _of_class(kind)


def _of_class(kind: Any) -> _Reader:  # noqa: ANN401 - a class
    if kind in {date, datetime}:
        return kind.fromisoformat  # type: ignore[no-any-return]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    if hasattr(kind, "_fields") or is_dataclass(kind):
        return _record(kind)
    msg = f"{kind} has no plain form"
    raise TypeError(msg)


def _present(kind: Any) -> Any:  # noqa: ANN401 - a typing form
    (present,) = (part for part in get_args(kind) if part is not types.NoneType)
    return present


def _as_is(data: Any) -> Any:  # noqa: ANN401 - JSON data
    return data


def _optional(read: _Reader) -> _Reader:
    return lambda data: None if data is None else read(data)


def _sequence(read: _Reader) -> _Reader:
    return lambda data: tuple(map(read, data))


def _mapping(read: _Reader) -> _Reader:
    return lambda data: {name: read(part) for name, part in data.items()}


def _record(kind: Any) -> _Reader:  # noqa: ANN401 - a class
    hints = get_type_hints(kind)
    names = kind._fields if hasattr(kind, "_fields") else tuple(field.name for field in fields(kind))
    # Built when first used, since a record may hold records of its own kind.
    readers: dict[str, _Reader] = {}

    def read(data: Any) -> Any:  # noqa: ANN401 - JSON data
        if not readers:
            readers.update((name, _reader(hints[name])) for name in names)
        return kind(**{name: readers[name](data[name]) for name in names if name in data})

    return read
