"""What a catalogue says of an item besides its price: for whom, where and for how long a fund pays for it.

An item is restricted (限制支付范围) by level of institution, sex, age and days of supply. A line outside its
restriction is the patient's in full; personal accounts may still pay for it where the region lets them.
"""

from enum import StrEnum
from typing import Final

from msgspec import Struct

from medsettle_gateway.domain.member import Sex
from medsettle_gateway.domain.place import Level


class Restriction(StrEnum):
    """What a catalogue may bind an item to, in the order in which it is looked at."""

    LEVEL = "level"
    SEX = "sex"
    AGE = "age"
    DAYS_SUPPLY = "days_supply"


class Terms(Struct, frozen=True, omit_defaults=True):
    """On what terms an item is sold and paid for; what is None or empty binds nobody.

    ``levels``: of the institutions where a fund pays. ``age_from`` and ``age_to`` are completed years, both
    included. ``days_supply_most``: for how many days one sale may supply. ``clause``: the document's own
    words for these four. ``traced``: packs carry traceability codes (追溯码). ``dual_channel``: sold at
    hospitals and admitted pharmacies alike (双通道). ``price_most_micro``: the guidance price of a unit, in
    yuan x 10^6.
    """

    levels: tuple[Level, ...] = ()
    sex: Sex | None = None
    age_from: int | None = None
    age_to: int | None = None
    days_supply_most: int | None = None
    clause: str = ""
    traced: bool = True
    dual_channel: bool = False
    price_most_micro: int | None = None


NO_TERMS: Final = Terms()


class Restricted(Struct, frozen=True, omit_defaults=True):
    """Why a fund does not pay for a line: what binds the item, and to what.

    ``allowed`` are levels or a sex separated by spaces, years as ``0-14``, or days. ``found`` is what holds
    of the line instead; empty where nobody knows it.
    """

    what: Restriction
    allowed: str
    found: str = ""
    clause: str = ""
