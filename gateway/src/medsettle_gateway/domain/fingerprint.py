"""Digests of what a till asked: to know a repeat, a possible duplicate, and a quote's basket again.

They are over canonical JSON of the values, never over bytes of the wire, and never over a credential.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from medsettle_gateway.domain.asked import AskedLine, Basket, Collect
from medsettle_gateway.domain.plain import canonical, to_plain
from medsettle_gateway.domain.split import Split


def digest_of(value: object) -> str:
    """Returns the SHA-256 of a value's canonical JSON, in lower-case hex."""
    return hashlib.sha256(canonical(value)).hexdigest()


def asked_digest(basket: Basket, collect: Collect, expected: Split, replaces: str = "") -> str:
    """Returns the digest that a repeat of a Settle must have: of all that it asks for."""
    asked = (_stated(basket), collect, expected)
    return digest_of((*asked, replaces) if replaces else asked)


def quoted_digest(basket: Basket) -> str:
    """Returns the digest by which a quote knows its basket; the day of service is not part of it."""
    return digest_of(_stated(replace(basket, service_on=None, late_reason=None)))


def _stated(basket: Basket) -> dict[str, Any]:
    """A basket without the fields of later releases that it does not use: digests stay what they were."""
    plain: dict[str, Any] = to_plain(basket)
    _drop_unused(plain, _LATER_OF_BASKET)
    for line in plain["lines"]:
        _drop_unused(line, _LATER_OF_LINE)
    return plain


def _drop_unused(part: dict[str, Any], unused: Mapping[str, object]) -> None:
    for name, value in unused.items():
        if part[name] == value:
            del part[name]


_LATER_OF_BASKET: Final[Mapping[str, object]] = {"emergency": False}
_LATER_OF_LINE: Final[Mapping[str, object]] = {"days_supply": None}


def goods_digest(lines: tuple[AskedLine, ...]) -> str:
    """Returns the digest of what was bought, in whatever order: codes, quantities, prices, amounts."""
    goods = ((line.item_code, line.quantity_e4, line.unit_price_micro, line.amount_fen) for line in lines)
    return digest_of(sorted(goods))


def split_digest(split: Split) -> str:
    """Returns the digest of a split."""
    return digest_of(split)
