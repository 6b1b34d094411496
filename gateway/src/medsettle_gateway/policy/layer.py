"""What one layer is made of: another fund that pays on what the basic fund left."""

from dataclasses import dataclass
from enum import StrEnum

from medsettle_gateway.policy.benefit import Title
from medsettle_gateway.policy.gates import Gate
from medsettle_gateway.policy.limits import Accumulator, Limit
from medsettle_gateway.policy.rows import Figure


class BasePart(StrEnum):
    """What a layer looks at."""

    IN_SCOPE_LEFT = "in_scope_left"
    """Deductible and in-scope part that no fund has paid, with what the layer ``counts`` besides."""
    OUT_OF_SCOPE_LEFT = "out_of_scope_left"
    """fully_self_paid that no fund has paid."""
    ALL_LEFT = "all_left"
    """All of the personal part."""


class Counted(StrEnum):
    """Parts that a layer may count to its in-scope base."""

    SELF_PAY_FIRST = "self_pay_first"
    OVER_LIMIT = "over_limit"


class Mode(StrEnum):
    """When a layer pays: in the settlement, or after the fact (shown, never charged)."""

    SETTLEMENT = "settlement"
    AFTERWARDS = "afterwards"


@dataclass(frozen=True, slots=True)
class LayerPart:
    """A base and the ratio that is paid on it, rounded by itself."""

    path: str
    of: BasePart
    ratio: Figure


@dataclass(frozen=True, slots=True)
class Guarantee:
    """Pays until all funds together reach a share of total less provider-borne; a SHARE figure."""

    path: str
    share: Figure


@dataclass(frozen=True, slots=True)
class Leaves:
    """Pays all of the personal part above an amount: of this settlement, or, with ``of``, of the year."""

    path: str
    amount: Figure
    of: Accumulator | None


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of a pack: with ``parts``, or a ``guarantee``, or ``leaves``.

    ``who`` empty is everybody; to a person outside it the layer pays nothing. ``threshold`` is
    taken from the base of a layer with one part. ``cap`` None is no cap, yet what is paid is
    counted under ``counters``.
    """

    id: str
    path: str
    title: Title
    fund: str
    mode: Mode
    who: tuple[Gate, ...]
    counts: tuple[Counted, ...]
    threshold: Limit | None
    parts: tuple[LayerPart, ...]
    guarantee: Guarantee | None
    leaves: Leaves | None
    cap: Limit
    clause: str = ""
