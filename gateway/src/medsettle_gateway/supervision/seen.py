"""A sale as supervision sees it: what is bought, by whom, where, and who would pay. No names of people."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final, NamedTuple

from msgspec import Struct

from medsettle_gateway.domain.basket import LineKind
from medsettle_gateway.domain.past import PastSale
from medsettle_gateway.domain.watching import WatchRule


class SeenLine(NamedTuple):
    """One line. ``guidance_micro`` and ``standard_micro`` are yuan x 10^6 a unit, None: there is none."""

    line_id: str
    item_code: str
    name: str
    kind: LineKind
    amount_fen: int
    unit_price_micro: int
    on: date
    days_supply: int | None = None
    condition: str | None = None
    benefit: str | None = None
    prescription: str | None = None
    guidance_micro: int | None = None
    standard_micro: int | None = None


class SeenAccount(NamedTuple):
    """An account that would pay: how much, and what it has before that, in fen."""

    account: str
    paid_fen: int
    balance_fen: int


class Seen(Struct, frozen=True):
    """A sale, or a visit before one: then there are no lines.

    ``on`` is the day of service and ``at`` the instant of deciding; ``is_now``: the sale is of the moment, no
    late claim. ``district`` and those of other places are absent where they are not known. ``covered_fen`` is
    what funds and accounts would pay together. ``proxied``: somebody else came for the patient.
    """

    on: date
    at: datetime
    institution: str
    lines: tuple[SeenLine, ...] = ()
    is_now: bool = True
    is_stay: bool = False
    proxied: bool = False
    conditions: tuple[str, ...] = ()
    history: tuple[PastSale, ...] = ()
    districts: Mapping[str, str] = {}
    accounts: tuple[SeenAccount, ...] = ()
    covered_fen: int = 0

    @property
    def drugs(self) -> tuple[SeenLine, ...]:
        """The lines that are drugs."""
        return tuple(line for line in self.lines if line.kind is LineKind.DRUG)


class Watched(Struct, frozen=True):
    """What supervision needs to know of a sale besides the sale: the rules, and what was before.

    ``districts`` by institution, as far as they are known. ``conditions`` are filed and hold here.
    """

    rules: tuple[WatchRule, ...]
    at: datetime
    history: tuple[PastSale, ...] = ()
    districts: Mapping[str, str] = {}
    conditions: tuple[str, ...] = ()


class Noted(NamedTuple):
    """What a rule saw: the facts and what to do about them, in both languages, and the lines it is about."""

    zh: str
    en: str
    line_ids: tuple[str, ...] = ()


_NAMED_MOST: Final = 3


def listed(names: tuple[str, ...]) -> tuple[str, str]:
    """Returns the first names for a sentence, in Chinese and in English, and that there are more."""
    shown = tuple(dict.fromkeys(names))
    rest = len(shown) - _NAMED_MOST
    zh, en = "、".join(shown[:_NAMED_MOST]), ", ".join(shown[:_NAMED_MOST])
    return (f"{zh}等{len(shown)}项", f"{en} and {rest} more") if rest > 0 else (zh, en)
