"""What the basic fund pays: in_scope -> deductible -> times ratio, rounded once -> cap."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from medsettle_gateway.domain.money import share_fen
from medsettle_gateway.policy.gates import Gate
from medsettle_gateway.policy.rows import Figure


class Title(NamedTuple):
    """A title in both languages."""

    zh: str
    en: str


class Period(StrEnum):
    """Over what a deductible or a cap runs; ``none`` has no deductible at all."""

    YEAR = "year"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Limit:
    """A deductible or a cap: its figure, and the period over which it is counted."""

    path: str
    period: Period
    figure: Figure


@dataclass(frozen=True, slots=True)
class Benefit:
    """One benefit of a pack. ``switches_on`` are the regional switches that are turned on."""

    id: str
    path: str
    title: Title
    fund: str
    who: tuple[Gate, ...]
    where: tuple[Gate, ...]
    switches: tuple[str, ...]
    switches_on: tuple[str, ...]
    deductible: Limit
    ratio: Figure
    cap: Limit
    waives_self_pay_first: bool
    needs_filing: bool

    def figures(self) -> tuple[Figure, ...]:
        """The figures that a settlement under this benefit needs."""
        if self.deductible.period is Period.NONE:
            return (self.ratio, self.cap.figure)
        return (self.deductible.figure, self.ratio, self.cap.figure)


class BenefitShare(NamedTuple):
    """What a benefit does to the in-scope sum, in fen: paid + over_cap is what was computed."""

    deductible_fen: int
    computed_fen: int
    paid_fen: int
    over_cap_fen: int


_new: Final = tuple.__new__


def pay(
    in_scope_fen: int, deductible_left_fen: int, ratio_ppm: int, cap_left_fen: int | None
) -> BenefitShare:
    """Take what is left of the deductible, apply the ratio, stop at what is left of the cap.

    ``cap_left_fen`` None is no cap. One rounding, half-up to the fen; the patient takes the
    residual.
    """
    above_fen = in_scope_fen - deductible_left_fen
    if above_fen <= 0:
        return _new(BenefitShare, (in_scope_fen, 0, 0, 0))
    computed_fen = share_fen(above_fen, ratio_ppm)
    if cap_left_fen is None or computed_fen <= cap_left_fen:
        return _new(BenefitShare, (deductible_left_fen, computed_fen, computed_fen, 0))
    over_cap_fen = computed_fen - cap_left_fen
    return _new(BenefitShare, (deductible_left_fen, computed_fen, cap_left_fen, over_cap_fen))


def left_of(limit_fen: int | None, used_fen: int) -> int | None:
    """What is left of a limit, never below 0; None is no limit."""
    if limit_fen is None:
        return None
    return limit_fen - used_fen if used_fen < limit_fen else 0
