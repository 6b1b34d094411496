"""The numbers of the papers that residents have: whether one can be such a number at all."""

import re
from typing import Final

_NUMBER: Final = re.compile(r"[0-9]{17}[0-9X]")
_OLDER: Final = re.compile(r"[0-9]{15}|[A-Z]{3}[0-9]{12}")
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS: Final = "10X98765432"


def has_citizen_form(number: str) -> bool:
    """Returns whether it looks like a citizen's number: 17 digits, and a digit or X."""
    return _NUMBER.fullmatch(number) is not None


def is_citizen_number(number: str) -> bool:
    """Returns whether it is one by its last character, which follows from the others (GB 11643-1999)."""
    if not has_citizen_form(number):
        return False
    weighed = sum(int(digit) * weight for digit, weight in zip(number[:-1], _WEIGHTS, strict=True))
    return number[-1] == _CHECKS[weighed % len(_CHECKS)]


def is_resident_number(number: str) -> bool:
    """Returns whether a resident may have it: a citizen's number, or an older one of 15 characters."""
    return is_citizen_number(number) or _OLDER.fullmatch(number) is not None
