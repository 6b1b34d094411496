"""Random cases of the small rule set, in a form that belongs to none of the engines."""

import random
from dataclasses import dataclass
from typing import Final, NamedTuple

LINES: Final = 8
SEED: Final = 20_231_010

LEVELS: Final = ("primary", "secondary", "tertiary")
STANDINGS: Final = ("active", "retired")
CLASSES: Final = ("A", "B", "C")
KINDS: Final = ("drug", "test", "treatment", "bed", "wellness", "daily_goods")

DEDUCTIBLE_FEN: Final = 30_000
CAP_FEN: Final = 300_000
_MICRO_E4_PER_FEN: Final = 100_000_000


@dataclass(frozen=True)
class SmallLine:
    """One line; ``ceiling_micro`` is the item's own payment standard per unit."""

    kind: str
    catalogue_class: str
    amount_fen: int
    quantity_e4: int
    ceiling_micro: int | None


@dataclass(frozen=True)
class SmallCase:
    """One basket of an employee at a clinic, and what was used of the year before it."""

    level: str
    standing: str
    met_fen: int
    paid_fen: int
    balance_fen: int
    lines: tuple[SmallLine, ...]


class Parts(NamedTuple):
    """Who bears what, in fen: what the engines must agree on."""

    total: int
    fully_self_paid: int
    over_limit: int
    self_pay_first: int
    in_scope: int
    deductible: int
    over_cap: int
    pooled: int
    personal: int
    account: int
    cash: int


def random_cases(cases_count: int, seed: int = SEED) -> tuple[SmallCase, ...]:
    """Returns so many cases, the same for the same seed."""
    chance = random.Random(seed)
    return tuple(_case(chance) for _ in range(cases_count))


def _case(chance: random.Random) -> SmallCase:
    return SmallCase(
        level=chance.choice(LEVELS),
        standing=chance.choice(STANDINGS),
        met_fen=chance.choice((0, chance.randint(0, DEDUCTIBLE_FEN), DEDUCTIBLE_FEN)),
        paid_fen=chance.choice((0, chance.randint(0, CAP_FEN), CAP_FEN - chance.randint(0, 20_000))),
        balance_fen=chance.choice((0, chance.randint(1, 200_000))),
        lines=tuple(_line(chance) for _ in range(LINES)),
    )


def _line(chance: random.Random) -> SmallLine:
    [kind] = chance.choices(KINDS, (8, 3, 3, 2, 1, 1))
    [catalogue_class] = chance.choices(CLASSES, (5, 3, 1))
    packs = chance.randint(1, 5)
    quantity_e4 = packs * 10_000 + chance.choice((0, 0, 0, 5_000))
    amount_fen = chance.randint(1, 12_000) * packs
    ceiling_micro = None
    if kind == "drug" and chance.random() < 1 / 3:
        share_percent = chance.randint(50, 120)
        ceiling_micro = amount_fen * _MICRO_E4_PER_FEN // quantity_e4 * share_percent // 100
    return SmallLine(kind, catalogue_class, amount_fen, quantity_e4, ceiling_micro)
