"""Whether an argument is of the kind that a call asks for, looked at before anything is journalled or sent.

Hints bind nobody at run time: what a point of sale passes by mistake would fail deep inside, or halfway
through a sale. Here it is named by its field, and its value is never repeated: it may be a credential.
"""

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final, Union, get_args, get_origin

from medsettle.errors import MedsettleError, request_error, till_error
from medsettle.till_reasons import TillReason
from medsettle.wire.reasons import Reason

_WORDS: Final[Mapping[type, str]] = {
    str: "a text", int: "a whole number", bool: "True or False", Decimal: "a Decimal", date: "a date",
}


def fitting(field: str, value: object, kind: Any) -> None:  # noqa: ANN401 - any hint of the models
    """Returns if the value and all its parts are of the kind. Raises RequestError that names the part."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        _one_of(field, value, arguments)
    elif origin is not None and issubclass(origin, Mapping):
        _mapping(field, value, arguments)
    elif origin is not None:
        _sequence(field, value, arguments[0])
    elif is_dataclass(kind):
        _model(field, value, kind)
    else:
        _plain(field, value, kind)


def fitting_tender(tender: object) -> None:
    """Returns if the tender can collect and give back. Raises RequestError."""
    missing = [name for name in ("collect", "refund") if not callable(getattr(tender, name, None))]
    if missing:
        raise _wrong("tender", tender, "a tender with collect and refund, such as CashTender")


def fitting_show(show: object, field: str = "show") -> None:
    """Returns if somebody can be asked by it. Raises RequestError."""
    if not callable(show):
        raise _wrong(field, show, "a function of what is to be shown")


def _one_of(field: str, value: object, kinds: tuple[Any, ...]) -> None:
    if value is None and types.NoneType in kinds:
        return
    wanted = [kind for kind in kinds if kind is not types.NoneType]
    if len(wanted) == 1:
        fitting(field, value, wanted[0])
        return
    kind = next((each for each in wanted if _is(value, each)), None)
    if kind is None:
        raise _wrong(field, value, ", ".join(map(_named, wanted)))
    fitting(field, value, kind)


def _mapping(field: str, value: object, kinds: tuple[Any, ...]) -> None:
    if not isinstance(value, Mapping):
        raise _wrong(field, value, "a dict")
    for key, each in value.items():
        fitting(f"{field} key", key, kinds[0])
        fitting(f"{field}[{key!r}]", each, kinds[1])


def _sequence(field: str, value: object, kind: Any) -> None:  # noqa: ANN401 - any hint of the models
    if not isinstance(value, tuple | list):
        raise _wrong(field, value, f"a tuple or list, each {_named(kind)}")
    for number, each in enumerate(value, 1):
        fitting(f"{field}[{number}]", each, kind)


def _model(field: str, value: object, kind: Any) -> None:  # noqa: ANN401 - any model
    if not isinstance(value, kind):
        raise _wrong(field, value, _named(kind))
    for part in fields(kind):
        fitting(f"{field}.{part.name}", getattr(value, part.name), part.type)


def _plain(field: str, value: object, kind: type) -> None:
    if not _is(value, kind):
        raise _wrong(field, value, _named(kind))
    if isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
        raise till_error(TillReason.TEXT_NOT_UTF8, field=field)


def _is(value: object, kind: Any) -> bool:  # noqa: ANN401 - any plain type
    if isinstance(kind, type) and issubclass(kind, Enum):
        return isinstance(value, str) and value in {each.value for each in kind}
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if kind is date:
        return isinstance(value, date) and not isinstance(value, datetime)
    return isinstance(value, kind)


def _named(kind: Any) -> str:  # noqa: ANN401 - any hint of the models
    if isinstance(kind, type) and issubclass(kind, Enum):
        return f"one of {', '.join(str(each.value) for each in kind)}"
    return _WORDS.get(kind) or f"a {getattr(kind, '__name__', kind)}"


def _wrong(field: str, value: object, expected: str) -> MedsettleError:
    if value is None:
        return request_error(Reason.FIELD_REQUIRED, field=field, expected=expected)
    return request_error(Reason.FIELD_INVALID, field=field, expected=expected, got=type(value).__name__)
