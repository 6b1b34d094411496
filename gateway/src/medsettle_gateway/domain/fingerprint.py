"""Digests of what a till asked: to know a repeat, a possible duplicate, and a quote's basket again.

They are over canonical JSON of the values, never over bytes of the wire, and never over a credential.
"""

import hashlib
from dataclasses import replace
from typing import Final

from medsettle_gateway.domain.asked import AskedLine, Basket, Collect
from medsettle_gateway.domain.plain import canonical
from medsettle_gateway.domain.split import Split

_UNUSED: Final = (
    b'"emergency":false,', b'"days_supply":null,', b'"split_pack":false,', b'"pharmacist":"",',
)
"""Fields of later releases as they stand in a basket that does not use them: without them its digests stay
what they were. Nothing that a till says can read so, since within a text each quote is escaped."""


def digest_of(value: object) -> str:
    """Returns the SHA-256 of a value's canonical JSON, in lower-case hex."""
    return hashlib.sha256(canonical(value)).hexdigest()


def asked_digest(basket: Basket, collect: Collect, expected: Split, replaces: str = "") -> str:
    """Returns the digest that a repeat of a Settle must have: of all that it asks for."""
    asked = (basket, collect, expected)
    return _stated_digest((*asked, replaces) if replaces else asked)


def quoted_digest(basket: Basket) -> str:
    """Returns the digest by which a quote knows its basket; the day of service is not part of it."""
    return _stated_digest(replace(basket, service_on=None, late_reason=None))


def _stated_digest(stated: object) -> str:
    text = canonical(stated)
    for unused in _UNUSED:
        text = text.replace(unused, b"")
    return hashlib.sha256(text).hexdigest()


def goods_digest(lines: tuple[AskedLine, ...]) -> str:
    """Returns the digest of what was bought, in whatever order: codes, quantities, prices, amounts."""
    goods = ((line.item_code, line.quantity_e4, line.unit_price_micro, line.amount_fen) for line in lines)
    return digest_of(sorted(goods))


def split_digest(split: Split) -> str:
    """Returns the digest of a split."""
    return digest_of(split)
