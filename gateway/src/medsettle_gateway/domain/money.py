"""Exact numbers without float and without Decimal: integers of one fixed unit each.

====================  ===========================  ==============================
what                  integer unit                 text form
====================  ===========================  ==============================
amount, ``_fen``      1/100 yuan                   ``"12.34"``, two places, always
unit price, `_micro`  1/1,000,000 yuan             ``"12.5"``, up to six places
quantity, ``_e4``     1/10,000                     ``"0.5"``, up to four places
ratio, ``_ppm``       1/1,000,000 (1 is 100 %)     ``"0.50"``, up to six places
====================  ===========================  ==============================

Ratios are parts per million and not basis points, because a region may write ``"0.33333"``.
A number that does not fit its unit is refused, never rounded. Rounding is half-up, in
:func:`line_amount_fen`, :func:`share_fen` and :func:`summed_share_fen`, and nowhere else.
"""

import re
from collections.abc import Iterable
from typing import Final

FEN_PER_YUAN: Final = 100
MICRO_PER_FEN: Final = 10_000
QUANTITY_ONE_E4: Final = 10_000
RATIO_ONE_PPM: Final = 1_000_000
LARGEST_FEN: Final = 10**12 - 1
"""Ten thousand million yuan less one fen: more than any book here will hold."""

_MICRO_E4_PER_FEN: Final = MICRO_PER_FEN * QUANTITY_ONE_E4
"""Unit price times quantity comes in this fraction of a fen."""
_HALF_MICRO_E4: Final = _MICRO_E4_PER_FEN // 2
_HALF_PPM: Final = RATIO_ONE_PPM // 2

_PPM_PER_PERCENT: Final = RATIO_ONE_PPM // 100
_POINT_FEN: Final = tuple(f".{fen:02d}" for fen in range(FEN_PER_YUAN))

_DIGITS = r"(0|[1-9][0-9]{0,9})"
_AMOUNT: Final = re.compile(rf"(-?){_DIGITS}\.([0-9]{{2}})")
_PRICE: Final = re.compile(rf"(-?){_DIGITS}(?:\.([0-9]{{1,6}}))?")
_QUANTITY: Final = re.compile(rf"(-?){_DIGITS}(?:\.([0-9]{{1,4}}))?")


def line_amount_fen(unit_price_micro: int, quantity_e4: int) -> int:
    """Price times quantity, rounded half-up to the fen."""
    return (unit_price_micro * quantity_e4 + _HALF_MICRO_E4) // _MICRO_E4_PER_FEN


def share_fen(amount_fen: int, ratio_ppm: int) -> int:
    """A share of an amount that is not negative, rounded half-up to the fen."""
    return (amount_fen * ratio_ppm + _HALF_PPM) // RATIO_ONE_PPM


def summed_share_fen(parts: Iterable[tuple[int, int]]) -> int:
    """Several amounts, each at its own ratio, rounded half-up to the fen once, together."""
    return (sum(amount_fen * ratio_ppm for amount_fen, ratio_ppm in parts) + _HALF_PPM) // RATIO_ONE_PPM


def unit_price_micro(amount_fen: int, quantity_e4: int) -> int:
    """``amount / quantity`` in whole micro-yuan, cut off: enough to compare with a price."""
    return amount_fen * _MICRO_E4_PER_FEN // quantity_e4


def costs_at_least(amount_fen: int, quantity_e4: int, unit_price_micro: int) -> bool:
    """Is ``amount / quantity``, unrounded, at least this unit price?"""
    return amount_fen * _MICRO_E4_PER_FEN >= unit_price_micro * quantity_e4


def parse_fen(text: str, *, signed: bool = False) -> int:
    """Read ``"12.34"`` as 1234 fen.

    Raises ValueError for anything but a decimal string with exactly two places, and for a
    minus sign unless ``signed``.
    """
    return _scaled(text, _AMOUNT, 2, signed=signed, wanted='an amount in yuan with two places, like "12.34"')


def parse_unit_price(text: str, *, signed: bool = False) -> int:
    """Read ``"71.255"`` as 71255000 micro-yuan. Raises ValueError beyond six places."""
    return _scaled(text, _PRICE, 6, signed=signed, wanted='a unit price with up to six places, like "71.255"')


def parse_quantity(text: str) -> int:
    """Read ``"0.5"`` as 5000 ten-thousandths. Raises ValueError for 0 and beyond four places."""
    quantity_e4 = _scaled(
        text, _QUANTITY, 4, signed=False, wanted='a quantity with up to four places, like "1.5"'
    )
    if quantity_e4 == 0:
        message = "a quantity must be more than 0"
        raise ValueError(message)
    return quantity_e4


def parse_ratio(text: str, *, signed: bool = False) -> int:
    """Read ``"0.50"`` as 500000 parts per million. Raises ValueError outside 0 to 1."""
    ratio_ppm = _scaled(text, _PRICE, 6, signed=signed, wanted='a ratio with up to six places, like "0.50"')
    if not -RATIO_ONE_PPM <= ratio_ppm <= RATIO_ONE_PPM:
        message = f'a ratio lies between 0 and 1 ("0.50" for 50 %), not {text!r}'
        raise ValueError(message)
    return ratio_ppm


def format_fen(amount_fen: int) -> str:
    """1234 fen as ``"12.34"``."""
    if amount_fen < 0:
        return "-" + format_fen(-amount_fen)
    return f"{amount_fen // FEN_PER_YUAN}{_POINT_FEN[amount_fen % FEN_PER_YUAN]}"


def format_unit_price(price_micro: int) -> str:
    """71255000 micro-yuan as ``"71.255"``; at least two places."""
    return _decimal(price_micro, 6, 2)


def format_quantity(quantity_e4: int) -> str:
    """5000 ten-thousandths as ``"0.5"``; no needless places."""
    return _decimal(quantity_e4, 4, 0)


def format_ratio(ratio_ppm: int) -> str:
    """500000 parts per million as ``"0.50"``; at least two places."""
    return _decimal(ratio_ppm, 6, 2)


def format_percent(ratio_ppm: int) -> str:
    """500000 parts per million as ``"50%"``."""
    percent, rest = divmod(ratio_ppm, _PPM_PER_PERCENT)
    if not rest:
        return f"{percent}%"
    return _decimal(ratio_ppm, 4, 0) + "%"


def _scaled(text: str, form: re.Pattern[str], places: int, *, signed: bool, wanted: str) -> int:
    match = form.fullmatch(text)
    if match is None or (match[1] and not signed):
        message = f"expected {wanted}, got {text!r}"
        raise ValueError(message)
    size = int(match[2] + (match[3] or "").ljust(places, "0"))
    return -size if match[1] else size


def _decimal(scaled: int, places: int, least_places: int) -> str:
    whole, part = divmod(abs(scaled), 10**places)
    digits = f"{part:0{places}d}".rstrip("0").ljust(least_places, "0")
    sign = "-" if scaled < 0 else ""
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"
