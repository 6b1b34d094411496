"""The form of single fields: what is missing, ill-formed or out of range, named by its path.

Every function takes the path last that a refusal names, such as ``basket.lines[2].quantity`` (of the second
line: what is listed counts from 1), and raises Refused: FIELD_REQUIRED, FIELD_INVALID, AMOUNT_OUT_OF_RANGE or
BASKET_TOO_LARGE.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final, TypeVar

from google.protobuf.message import DecodeError, Message
from google.protobuf.timestamp_pb2 import Timestamp

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.errors import Refused, refuse
from medsettle_gateway.domain.money import (
    format_quantity,
    format_unit_price,
    parse_quantity,
    parse_unit_price,
)

T = TypeVar("T")
M = TypeVar("M", bound=Message)

LARGEST_AMOUNT_FEN: Final = 1_000_000_000
LARGEST_QUANTITY_E4: Final = 999_999 * 10_000
LARGEST_PRICE_MICRO: Final = 99_999_999 * 1_000_000

_FIRST_YEAR: Final = 1900
_LAST_YEAR: Final = 2200
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_SECOND: Final = int(datetime(_FIRST_YEAR, 1, 1, tzinfo=UTC).timestamp())
_LAST_SECOND: Final = int(datetime(_LAST_YEAR + 1, 1, 1, tzinfo=UTC).timestamp())
_NANOS: Final = 10**9
_SECOND: Final = timedelta(seconds=1)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER: Final = re.compile(r"-?[0-9]{1,64}(?:\.[0-9]{1,64})?")
_LARGE: Final = re.compile(r"-.*|[1-9][0-9]{6,}.*|0(?:\.0+)?")
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of characters that a screen or a log must not be sent: controls, direction marks, breaks."""

_TEXTS_COUNT: Final = 8_192
_quantity_of: Final = lru_cache(_TEXTS_COUNT)(parse_quantity)
_price_of: Final = lru_cache(_TEXTS_COUNT)(parse_unit_price)
"""The same quantities and prices come again in basket after basket; what is refused is not kept."""


def parsed(kind: type[M], body: bytes) -> M:
    """Returns the message that the bytes hold. Raises Refused: REQUEST_MALFORMED."""
    try:
        return kind.FromString(body)
    except DecodeError as error:
        raise refuse(Reason.REQUEST_MALFORMED) from error


def required(path: str) -> Refused:
    """Returns the refusal of a field that is missing, to raise."""
    return refuse(Reason.FIELD_REQUIRED, field=path)


def invalid(path: str, expected: str) -> Refused:
    """Returns the refusal of a value that is not allowed, to raise; ``expected`` says what is."""
    return refuse(Reason.FIELD_INVALID, field=path, expected=expected)


def out_of_range(path: str, least: str, most: str) -> Refused:
    """Returns the refusal of a number outside its range, to raise."""
    return refuse(Reason.AMOUNT_OUT_OF_RANGE, field=path, least=least, most=most)


def _at(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def text(value: str, most: int, path: str) -> str:
    """Returns a text of 1 to ``most`` visible characters."""
    if not value:
        raise required(path)
    return optional_text(value, most, path)


def optional_text(value: str, most: int, path: str) -> str:
    """Returns a text of up to ``most`` visible characters; it may be empty."""
    if len(value) > most:
        raise invalid(path, f"up to {most} characters")
    if not value.isascii():
        if any(unicodedata.category(character) in _UNSEEN for character in value):
            raise invalid(path, "no control characters")
    elif value and not value.isprintable():
        raise invalid(path, "no control characters")
    return value


def text_if(wire: Message, name: str, most: int, path: str) -> str | None:
    """Returns an optional text of 1 to ``most`` visible characters; None if it is absent or empty."""
    value: str = getattr(wire, name)
    return optional_text(value, most, _at(path, name)) if value else None


def whole_if(wire: Message, name: str, most: int, path: str) -> int | None:
    """Returns an optional number from 1 to ``most``; None if it is absent."""
    if not wire.HasField(name):
        return None
    value: int = getattr(wire, name)
    if not 1 <= value <= most:
        raise invalid(_at(path, name), f"1 to {most}")
    return value


def chosen(value: int, choices: Mapping[int, T], path: str) -> T:
    """Returns what an enum's value stands for; 0 is missing unless it is one of the choices."""
    if value in choices:
        return choices[value]
    raise required(path) if value == 0 else invalid(path, "a value that the contract names")


def day(value: str, path: str) -> date:
    """Returns an ISO date between the years 1900 and 2200."""
    if not value:
        raise required(path)
    try:
        on = date.fromisoformat(value) if _DATE.fullmatch(value) else None
    except ValueError:
        on = None
    if on is None or not _FIRST_YEAR <= on.year <= _LAST_YEAR:
        raise invalid(path, f"an ISO date from {_FIRST_YEAR} to {_LAST_YEAR}, such as 2024-05-31")
    return on


def day_if(wire: Message, name: str, path: str) -> date | None:
    """Returns an optional ISO date; None if it is absent."""
    return day(getattr(wire, name), _at(path, name)) if wire.HasField(name) else None


def instant_of(wire: Message, name: str) -> datetime:
    """Returns an aware instant between the years 1900 and 2200, to the microsecond; absent is missing."""
    if not wire.HasField(name):
        raise required(name)
    value: Timestamp = getattr(wire, name)
    if not _FIRST_SECOND <= value.seconds < _LAST_SECOND or not 0 <= value.nanos < _NANOS:
        raise invalid(name, "an instant between the years 1900 and 2200")
    return _EPOCH + timedelta(seconds=value.seconds, microseconds=value.nanos // 1000)


def timestamp(at: datetime) -> Timestamp:
    """Returns an aware instant for the wire, to the microsecond."""
    seconds, rest = divmod(at - _EPOCH, _SECOND)
    return Timestamp(seconds=seconds, nanos=rest.microseconds * 1000)


def amount_of(wire: Message, name: str, path: str, *, least: int = 0, most: int = LARGEST_AMOUNT_FEN) -> int:
    """Returns an amount between ``least`` and ``most``, in fen; absent is missing, not 0."""
    if not wire.HasField(name):
        raise required(_at(path, name))
    value: int = getattr(wire, name)
    if not least <= value <= most:
        raise out_of_range(_at(path, name), str(least), str(most))
    return value


def quantity_e4(value: str, path: str) -> int:
    """Returns a quantity above 0 and up to 999,999, in ten-thousandths."""
    return _decimal(value, _quantity_of, (1, LARGEST_QUANTITY_E4), format_quantity, path)


def unit_price_micro(value: str, path: str) -> int:
    """Returns a unit price from 0 to 99,999,999 yuan, in millionths of a yuan."""
    return _decimal(value, _price_of, (0, LARGEST_PRICE_MICRO), format_unit_price, path)


def _decimal(
    value: str, parse: Callable[[str], int], limits: tuple[int, int], show: Callable[[int], str], path: str
) -> int:
    if not value:
        raise required(path)
    least, most = limits
    try:
        scaled = parse(value)
    except ValueError as error:
        if _NUMBER.fullmatch(value) and _LARGE.fullmatch(value):
            raise out_of_range(path, show(least), show(most)) from error
        raise invalid(path, "a decimal string, such as 12.5, with no more places than agreed") from error
    if not least <= scaled <= most:
        raise out_of_range(path, show(least), show(most))
    return scaled


def within(count: int, most: int, path: str) -> None:
    """Refuses a list that is longer than ``most``."""
    if count > most:
        raise refuse(Reason.FIELD_INVALID, field=path, expected=f"up to {most} entries", limit=str(most))


def unique(values: Sequence[str], path: str) -> None:
    """Refuses a list in which a value appears twice."""
    if len(values) > 1 and len(set(values)) != len(values):
        raise invalid(path, "no value twice")
