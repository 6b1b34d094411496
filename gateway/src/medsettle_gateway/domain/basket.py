"""What was bought, and on what occasion."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

from msgspec import Struct

from medsettle_gateway.domain.goods import Restricted
from medsettle_gateway.domain.money import QUANTITY_ONE_E4

PERSONAL_ACCOUNT_ONLY: Final = "personal_account_only"
"""Stands in place of a benefit id: no fund pays, accounts and cash do."""


class LineKind(StrEnum):
    """What a line is; the last four are no medical goods."""

    DRUG = "drug"
    DEVICE = "device"
    CONSUMABLE = "consumable"
    TEST = "test"
    TREATMENT = "treatment"
    SURGERY = "surgery"
    BLOOD = "blood"
    BED = "bed"
    WELLNESS = "wellness"
    FITNESS = "fitness"
    DAILY_GOODS = "daily_goods"
    PUBLIC_HEALTH = "public_health"


NO_CARE: Final = (LineKind.WELLNESS, LineKind.FITNESS, LineKind.DAILY_GOODS, LineKind.PUBLIC_HEALTH)
"""Goods that no insurance pays for, whatever the catalogue or an emergency order says."""


class CatalogueClass(StrEnum):
    """甲 A, 乙 B, 丙 C; C is outside the catalogue."""

    A = "A"
    B = "B"
    C = "C"


class Ward(StrEnum):
    """Of beds."""

    ORDINARY = "ordinary"
    ONCOLOGY = "oncology"
    OBSTETRIC = "obstetric"
    PAEDIATRIC = "paediatric"
    TUBERCULOSIS = "tuberculosis"
    INFECTIOUS = "infectious"
    PSYCHIATRIC = "psychiatric"
    TRACTION = "traction"
    BURN = "burn"
    INTENSIVE = "intensive"


class Prescription(StrEnum):
    """Whose prescription: none at all, the institution's own, or another one's (外配处方)."""

    NONE = "none"
    OWN = "own"
    EXTERNAL = "external"


class Line(Struct, frozen=True):
    """One line of the ticket, with everything that money depends on.

    ``amount_fen`` is the line total. Where ``unit_price_micro`` is given the two must agree
    (price x quantity, rounded half-up), else the settlement is refused. ``ceiling_micro`` is
    the item's own payment standard per unit and ``self_pay_share_ppm`` its own share from
    the catalogue; None leaves them to the pack. ``service_on`` is given where it differs
    from the day of the settlement. ``catalogue_class`` is that of the main list; ``class_by_list``
    names the lists in which the item stands differently. ``days_supply`` is how many days the
    drug lasts as prescribed, None if nobody said. ``benefit`` is the one asked for this line.
    ``restricted``: the line is outside what the catalogue restricts its item to. ``dual_channel``: a drug
    that hospital and pharmacy both supply (双通道).
    """

    name: str
    kind: LineKind
    catalogue_class: CatalogueClass
    amount_fen: int
    unit_price_micro: int | None = None
    quantity_e4: int = QUANTITY_ONE_E4
    ceiling_micro: int | None = None
    self_pay_share_ppm: int | None = None
    condition: str | None = None
    approved: bool = True
    ward: Ward | None = None
    service_on: date | None = None
    class_by_list: tuple[tuple[str, CatalogueClass], ...] = ()
    days_supply: int | None = None
    benefit: str | None = None
    restricted: Restricted | None = None
    dual_channel: bool = False


class Dispensed(NamedTuple):
    """A drug that the patient was handed before: its name, the day, the days it lasts, for what.

    ``benefit`` is the one under which it was settled, None where nobody said.
    """

    name: str
    on: date
    days_supply: int | None = None
    condition: str | None = None
    benefit: str | None = None


class Waiver(StrEnum):
    """What an emergency order (应急) lifts."""

    CATALOGUE = "catalogue"
    """Goods outside the catalogue are treated as within it; what is no medical care stays excluded."""
    LIMITS = "limits"
    """Caps of the benefit and limits per session do not bind."""
    QUANTITIES = "quantities"
    """Kinds of drugs and days of supply are not limited."""


@dataclass(frozen=True, slots=True)
class EmergencyOrder:
    """An operator's order for the institution: its id, who ordered it, what it lifts, and on which days.

    ``to_on`` is exclusive; None is no end on that side.
    """

    id: str
    authority: str
    waives: tuple[Waiver, ...]
    from_on: date | None = None
    to_on: date | None = None

    def holds_on(self, day: date) -> bool:
        """Does the order hold on this day?"""
        return (self.from_on is None or self.from_on <= day) and (self.to_on is None or day < self.to_on)


def lifts(orders: Iterable[EmergencyOrder], waiver: Waiver, day: date) -> bool:
    """Does any of the orders lift this on the day?"""
    return any(waiver in order.waives for order in orders if order.holds_on(day))


class Encounter(Struct, frozen=True):
    """The occasion. ``benefit`` is an id of the pack or ``PERSONAL_ACCOUNT_ONLY``.

    ``circulated``: an external prescription that came through prescription circulation.
    With an ``admitted`` date the encounter is a stay; ``stay_id`` tells the stays of a member
    apart, and without one the day of admission does. A stay may be billed in several
    settlements: an interim bill has no ``discharged`` date yet. ``emergency``: rescue that
    could not choose its place. ``area``: where the place lies for the patient (local, filed, ...).
    """

    benefit: str
    prescription: Prescription = Prescription.OWN
    circulated: bool = False
    admitted: date | None = None
    discharged: date | None = None
    sessions: int = 1
    emergency: bool = False
    area: str = ""
    stay_id: str | None = None
