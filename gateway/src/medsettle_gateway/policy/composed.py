"""What makes up a figure to which rows were added: ``(60%+5个百分点)`` behind 65 %."""

import re
from typing import Final

from medsettle_gateway.domain.money import format_fen, format_percent

_SIGNED: Final = re.compile(r"[+-]?[0-9]+")

_Pair = tuple[str, str]
"""Chinese, English."""


def rows_of_ratio(ratio_ppm: int, parts: str | None) -> _Pair:
    """Of a ratio or share; ``parts`` are its rows in parts per million, like ``"600000+50000"``.

    Empty where ``parts`` is None: a single row makes it.
    """
    if parts is None:
        return "", ""
    first, added = _split(parts)
    zh = en = format_percent(first)
    for add in added:
        sign, points = _sign(add), format_percent(abs(add)).removesuffix("%")
        zh, en = f"{zh}{sign}{points}个百分点", f"{en} {sign} {points} points"
    if first + sum(added) != ratio_ppm:
        zh, en = f"{zh},每步限于0至100%", f"{en}, each step within 0 and 100%"
    return f"({zh})", f" ({en})"


def rows_of_amount(amount_fen: int, parts: str | None) -> _Pair:
    """Of an amount; ``parts`` are its rows in fen, like ``"30000-5000"``. Empty where it is None."""
    if parts is None:
        return "", ""
    first, added = _split(parts)
    zh = en = format_fen(first)
    for add in added:
        sign, size = _sign(add), format_fen(abs(add))
        zh, en = f"{zh}{sign}{size}", f"{en} {sign} {size}"
    if first + sum(added) != amount_fen:
        zh, en = f"{zh},每步不低于0", f"{en}, no step below 0"
    return f"({zh})", f" ({en})"


def _split(parts: str) -> tuple[int, list[int]]:
    first, *added = map(int, _SIGNED.findall(parts))
    return first, added


def _sign(add: int) -> str:
    return "-" if add < 0 else "+"
