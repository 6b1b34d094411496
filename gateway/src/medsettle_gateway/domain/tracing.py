"""Traceability codes (追溯码): the code of one pack, which may be sold once.

A pack that is opened and sold in parts (拆零) may stand in several sales of one institution, if each of them
says so. What was returned may be sold again.
"""

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Final, NamedTuple

from msgspec import Struct

from medsettle_gateway.domain.asked import Basket
from medsettle_gateway.domain.basket import LineKind

_FORM: Final = re.compile(r"[0-9A-Za-z-]{7,64}")
SPLIT_SALES_MOST: Final = 200
"""So many sales of one institution may stand on the parts of one pack."""


class TracedCode(NamedTuple):
    """A code that a sale takes; ``split``: only a part of its pack."""

    code: str
    item_code: str
    split: bool = False


class CodeState(NamedTuple):
    """Where a code stands sold: in ``standing_count`` sales, of which this one took it last."""

    institution: str
    request_id: str
    sold_at: datetime
    split: bool = False
    standing_count: int = 1


class TraceRule(Struct, frozen=True):
    """What a region asks of traceability codes.

    From ``from_on`` on, None ever since, lines of the kinds in ``required`` name the codes of their packs,
    unless the catalogue says that the item has none; with ``every_pack`` as many as packs. A code has
    ``digits`` digits; None: any form that may be one.
    """

    required: tuple[LineKind, ...] = ()
    from_on: date | None = None
    every_pack: bool = False
    digits: int | None = None
    clause: str = ""

    def asks(self, kind: LineKind, on: date) -> bool:
        """Must a line of this kind name codes on this day?"""
        return kind in self.required and (self.from_on is None or self.from_on <= on)


NO_TRACE_RULE: Final = TraceRule()


def codes_of(basket: Basket) -> tuple[TracedCode, ...]:
    """Returns the codes of a basket's lines, in their order."""
    return tuple(
        TracedCode(code, line.item_code, line.split_pack)
        for line in basket.lines
        for code in line.traceability_codes
    )


def may_take(state: CodeState, institution: str, *, split: bool) -> bool:
    """Returns whether one more sale of the institution may take a code that stands sold like this."""
    opened_here = state.split and state.institution == institution
    return split and opened_here and state.standing_count < SPLIT_SALES_MOST


def names_of(codes: Iterable[TracedCode]) -> tuple[str, ...]:
    """Returns the codes alone, sorted, each once."""
    return tuple(sorted({each.code for each in codes}))


def is_code(text: str, rule: TraceRule) -> bool:
    """Returns whether a text has the form of a traceability code, as far as the region says which."""
    if rule.digits is not None:
        return len(text) == rule.digits and text.isascii() and text.isdigit()
    return _FORM.fullmatch(text) is not None
