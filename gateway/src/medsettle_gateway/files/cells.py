"""What one cell of a table may hold. Each reader returns the value or raises :class:`CellError`."""

import re
from collections.abc import Callable
from datetime import date
from enum import StrEnum
from typing import Final, Protocol, TypeVar

from medsettle.wire.id_numbers import has_citizen_form, is_citizen_number
from medsettle.wire.request_ids import is_terminal
from medsettle_gateway.domain.basket import CatalogueClass
from medsettle_gateway.domain.money import parse_fen, parse_ratio, parse_unit_price

_REGION: Final = re.compile(r"[0-9]{6}")
_ITEM_CODE: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]{0,31}")
_NUMBER: Final = re.compile(r"[0-9A-Za-z-]{1,40}")
_SOCIAL_CARD: Final = re.compile(r"[0-9A-Z]{6,32}")
_SCANNED: Final = re.compile(r"[!-~]{1,512}")
_PHONE: Final = re.compile(r"\+?[0-9][0-9-]{5,19}")
_OTHER_PAPER: Final = re.compile(r"[0-9A-Z]{5,30}")
_WORD: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_VALUE: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_COUNTER: Final = re.compile(r"[a-z][a-z0-9_]{0,39}(/[a-z][a-z0-9_]{0,39})?")
_YEAR: Final = re.compile(r"20[0-9]{2}")
_MONTH: Final = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")
_ISO_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NAME_CHARS: Final = 100

Choice = TypeVar("Choice", bound=StrEnum)
Value_co = TypeVar("Value_co", covariant=True)


class Reader(Protocol[Value_co]):
    """Reads one cell, whose text has no space around it."""

    def __call__(self, cell: str, /) -> Value_co:
        """Returns the value. Raises CellError."""


class CellError(ValueError):
    """A cell does not hold what its column is for. The message never repeats the cell."""

    def __init__(self, zh: str, en: str) -> None:
        """Both are the end of a sentence that begins with the column's name."""
        super().__init__(en)
        self.zh = zh
        self.en = en


def name(cell: str) -> str:
    """A name of a person, a place or an item: 1 to 100 printable characters."""
    if not 1 <= len(cell) <= _NAME_CHARS or not cell.isprintable():
        raise CellError("应为1至100个可见字符", "must be 1 to 100 printable characters")
    return cell


def region(cell: str) -> str:
    """A pooling region code."""
    return _matching(_REGION, cell, "应为六位统筹区代码", "must be a pooling region code of six digits")


def institution_code(cell: str) -> str:
    """The code of a designated institution: request ids begin with it."""
    if not is_terminal(f"{cell}-1"):
        raise CellError("应为1至20位大写字母或数字", "must be 1 to 20 of A-Z and 0-9")
    return cell


def item_code(cell: str) -> str:
    """A national item code."""
    zh, en = "应为1至32位字母、数字、点或短横", "must be 1 to 32 letters, digits, dots or dashes"
    return _matching(_ITEM_CODE, cell, zh, en)


def member_number(cell: str) -> str:
    """The operator's own number of a person."""
    zh, en = "应为1至40位字母、数字或短横", "must be 1 to 40 letters, digits or dashes"
    return _matching(_NUMBER, cell, zh, en)


def id_number(cell: str) -> str:
    """An identity number with a correct check character (GB 11643), or another paper's number."""
    cell = cell.upper()
    if has_citizen_form(cell):
        if not is_citizen_number(cell):
            raise CellError("校验位不正确", "has a wrong check character")
        return cell
    return _matching(
        _OTHER_PAPER, cell, "应为18位身份证号或5至30位其他证件号",
        "must be an identity number or 5 to 30 letters or digits",
    )


def social_card_number(cell: str) -> str:
    """The number that a social security card shows: 6 to 32 letters or digits."""
    return _matching(
        _SOCIAL_CARD, cell.upper(), "应为6至32位字母或数字的社保卡号",
        "must be the number of a social security card, 6 to 32 letters or digits",
    )


def scanned_code(cell: str) -> str:
    """What a scanner reads: 1 to 512 visible ASCII characters."""
    return _matching(
        _SCANNED, cell, "应为1至512个可见的 ASCII 字符", "must be 1 to 512 visible ASCII characters"
    )


def phone(cell: str) -> str:
    """A phone number of 6 to 20 digits."""
    return _matching(
        _PHONE, cell, "应为6至20位数字的电话号码", "must be a phone number of 6 to 20 digits"
    )


def day(cell: str) -> date:
    """An ISO date."""
    try:
        return date.fromisoformat(_matching(_ISO_DATE, cell, *_DATE_TEXTS))
    except CellError:
        raise
    except ValueError as error:
        raise CellError(*_DATE_TEXTS) from error


_DATE_TEXTS: Final = ("应为日期,如 2026-01-31", "must be a date such as 2026-01-31")


def year(cell: str) -> str:
    """A benefit year."""
    return _matching(_YEAR, cell, "应为四位年份,如 2026", "must be a year such as 2026")


def month(cell: str) -> str:
    """A month of a year."""
    return _matching(_MONTH, cell, "应为年月,如 2026-06", "must be a month such as 2026-06")


def counter(cell: str) -> str:
    """The id of a benefit or layer whose use is counted, with its condition after a slash."""
    zh, en = "应为待遇代码,如 general_outpatient", "must be the id of a benefit such as general_outpatient"
    return _matching(_COUNTER, cell, zh, en)


def amount(cell: str) -> int:
    """Yuan with two places; returns fen."""
    zh, en = "应为两位小数的金额,如 12.34", "must be yuan with two places, such as 12.34"
    return _parsed(parse_fen, cell, zh, en)


def price(cell: str) -> int:
    """Yuan per unit with up to six places; returns millionths of a yuan."""
    zh, en = "应为单价,最多六位小数,如 71.255", "must be a unit price of up to six places, such as 71.255"
    return _parsed(parse_unit_price, cell, zh, en)


def ratio(cell: str) -> int:
    """A share from 0 to 1; returns parts per million."""
    zh, en = "应为0到1之间的比例,如 0.10", "must be a share from 0 to 1, such as 0.10"
    return _parsed(parse_ratio, cell, zh, en)


def word(cell: str) -> str:
    """An id of small letters."""
    return _matching(_WORD, cell, "应为小写字母的代码", "must be a lower-case id")


def words(cell: str) -> tuple[str, ...]:
    """Words of small letters, separated by semicolons; none for an empty cell."""
    zh, en = "应为用分号隔开的代码", "must be lower-case ids separated by semicolons"
    parts = tuple(_matching(_WORD, part.strip(), zh, en) for part in cell.split(";") if part.strip())
    if len(set(parts)) != len(parts):
        raise CellError("有重复的代码", "names an id twice")
    return parts


def value(cell: str) -> str:
    """A value of a region's own attribute: a small word or a number."""
    zh, en = "应为1至40位小写字母、数字、下划线或短横", "must be 1 to 40 small letters, digits, _ or -"
    return _matching(_VALUE, cell, zh, en)


def classes(cell: str) -> tuple[tuple[str, CatalogueClass], ...]:
    """Classes of an item in other lists, ``township=C child=A``; none for an empty cell."""
    found: dict[str, CatalogueClass] = {}
    for part in cell.split():
        listed, sign, held = part.partition("=")
        if not sign or not _WORD.fullmatch(listed) or listed in found or held not in tuple(CatalogueClass):
            raise CellError("应如 township=C child=A", "must be as in township=C child=A, each list once")
        found[listed] = CatalogueClass(held)
    return tuple(sorted(found.items()))


def choice(kind: type[Choice]) -> Reader[Choice]:
    """Returns a reader of one of the values of an enumeration."""
    listed = ", ".join(kind)

    def read(cell: str) -> Choice:
        try:
            return kind(cell)
        except ValueError as error:
            raise CellError(f"应为以下之一:{listed}", f"must be one of {listed}") from error

    return read


def choices(kind: type[Choice]) -> Reader[tuple[Choice, ...]]:
    """Returns a reader of one or more values of an enumeration, separated by semicolons; ``none`` is none."""
    one = choice(kind)

    def read(cell: str) -> tuple[Choice, ...]:
        if cell == "none":
            return ()
        found = tuple(one(part) for part in words(cell))
        if not found:
            raise CellError("不能为空", "must not be empty")
        return found

    return read


def optional(read: Reader[Value_co]) -> Reader[Value_co | None]:
    """Returns a reader that gives None for an empty cell."""
    return lambda cell: read(cell) if cell else None


def _matching(form: re.Pattern[str], cell: str, zh: str, en: str) -> str:
    if not form.fullmatch(cell):
        raise CellError(zh, en)
    return cell


def _parsed(parse: Callable[[str], int], cell: str, zh: str, en: str) -> int:
    try:
        return parse(cell)
    except ValueError as error:
        raise CellError(zh, en) from error
