"""Adds up what many baskets cost whom, before and after a change of a pack.

What is kept does not grow with the number of baskets: sums, counts, the ten who lose and win most, and
how often the personal part changes by how much (exact below 1,000 yuan, to three digits above).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeVar

from medsettle_gateway.domain.breakdown import Breakdown
from medsettle_gateway.policy.case_result import Settled

SHOWN_MOST: Final = 10
"""Baskets that are named of those that lose, and of those that win."""

EXACT_BELOW_FEN: Final = 100_000
"""Changes of the personal part below this are counted to the fen."""

_DIGITS: Final = 1_000
_KEPT_MOST: Final = 16 * SHOWN_MOST

_Key = TypeVar("_Key")

Payer = tuple[str, str]
"""What kind of amount, and of whom: ``("fund", "pooled")``, ``("account", "self")``, ``("cash", "")``."""


class Side(NamedTuple):
    """What one basket came to, before or after: its settlements, or the reason of its refusal.

    ``assumed``: a figure was used that the document does not give.
    """

    settled: tuple[Settled, ...]
    refused: str | None = None
    assumed: bool = False


@dataclass(slots=True)
class Tally:
    """The sums over some baskets; two of them can be merged.

    ``before`` and ``after`` are amounts in fen by payer, over the baskets that are settled both times.
    ``changes`` is how many personal parts changed by how many fen. ``lost`` and ``won`` hold, among
    others, the largest increases and decreases, each with the basket's name.
    """

    baskets_count: int = 0
    settled_count: int = 0
    before: dict[Payer, int] = field(default_factory=dict)
    after: dict[Payer, int] = field(default_factory=dict)
    changes: dict[int, int] = field(default_factory=dict)
    more_fen: int = 0
    less_fen: int = 0
    lost: list[tuple[int, str]] = field(default_factory=list)
    won: list[tuple[int, str]] = field(default_factory=list)
    refused_before: dict[str, int] = field(default_factory=dict)
    refused_after: dict[str, int] = field(default_factory=dict)
    newly_refused_count: int = 0
    newly_settled_count: int = 0
    assumed_count: int = 0

    def add(self, name: str, before: Side, after: Side) -> None:
        """Count one basket."""
        self.baskets_count += 1
        self.assumed_count += before.assumed or after.assumed
        for side, counts in ((before, self.refused_before), (after, self.refused_after)):
            if side.refused is not None:
                counts[side.refused] = counts.get(side.refused, 0) + 1
        if before.refused is not None or after.refused is not None:
            self.newly_refused_count += before.refused is None
            self.newly_settled_count += after.refused is None
            return
        self.settled_count += 1
        old_fen = _add_sums(self.before, before.settled)
        new_fen = _add_sums(self.after, after.settled)
        self._add_change(name, new_fen - old_fen)

    def _add_change(self, name: str, change_fen: int) -> None:
        kept_fen = counted_as(change_fen)
        self.changes[kept_fen] = self.changes.get(kept_fen, 0) + 1
        if change_fen > 0:
            self.more_fen += change_fen
            _keep(self.lost, [(change_fen, name)])
        elif change_fen < 0:
            self.less_fen -= change_fen
            _keep(self.won, [(-change_fen, name)])

    def merge(self, other: "Tally") -> None:
        """Take in the sums over other baskets."""
        self.baskets_count += other.baskets_count
        self.settled_count += other.settled_count
        self.more_fen += other.more_fen
        self.less_fen += other.less_fen
        self.newly_refused_count += other.newly_refused_count
        self.newly_settled_count += other.newly_settled_count
        self.assumed_count += other.assumed_count
        _merge(self.before, other.before)
        _merge(self.after, other.after)
        _merge(self.changes, other.changes)
        _merge(self.refused_before, other.refused_before)
        _merge(self.refused_after, other.refused_after)
        _keep(self.lost, other.lost)
        _keep(self.won, other.won)

    @property
    def more_count(self) -> int:
        """Baskets of which the patient bears more than before."""
        return sum(count for change_fen, count in self.changes.items() if change_fen > 0)

    @property
    def less_count(self) -> int:
        """Baskets of which the patient bears less than before."""
        return sum(count for change_fen, count in self.changes.items() if change_fen < 0)

    @property
    def losers(self) -> tuple[tuple[int, str], ...]:
        """The baskets whose personal part grows most, by how many fen, and their names."""
        return tuple(sorted(self.lost, key=_by_size)[:SHOWN_MOST])

    @property
    def winners(self) -> tuple[tuple[int, str], ...]:
        """The baskets whose personal part shrinks most, by how many fen, and their names."""
        return tuple(sorted(self.won, key=_by_size)[:SHOWN_MOST])

    def payers(self) -> tuple[Payer, ...]:
        """Everybody who pays before or after, in the order of payment."""
        found = dict.fromkeys((*self.before, *self.after))
        return tuple(sorted(found, key=lambda payer: _ORDER.index(payer[0])))

    def quantiles(self, parts: int) -> Iterator[int]:
        """The changes of the personal part that part the baskets evenly, in fen, ascending.

        The first is the least change and the last the largest; nothing where nothing was settled.
        """
        ordered = sorted(self.changes.items())
        for part in range(parts + 1 if self.settled_count else 0):
            wanted = 1 + part * (self.settled_count - 1) // parts
            reached = 0
            for change_fen, count in ordered:
                reached += count
                if reached >= wanted:
                    yield change_fen
                    break


_ORDER: Final = ("total", "provider_borne", "fund", "personal", "account", "cash", "afterwards")


def counted_as(change_fen: int) -> int:
    """The change under which it is counted: itself, or its first three digits, towards 0."""
    size_fen, step_fen = abs(change_fen), 1
    while size_fen >= EXACT_BELOW_FEN and size_fen // step_fen >= _DIGITS:
        step_fen *= 10
    kept_fen = size_fen // step_fen * step_fen
    return -kept_fen if change_fen < 0 else kept_fen


def in_ranges(changes: Mapping[int, int], ends_fen: Sequence[int]) -> tuple[int, ...]:
    """How many changes lie up to each end, above the end before; the last number is those above all."""
    counts = [0] * (len(ends_fen) + 1)
    for change_fen, count in changes.items():
        place = next((at for at, end_fen in enumerate(ends_fen) if change_fen <= end_fen), len(ends_fen))
        counts[place] += count
    return tuple(counts)


def _add_sums(sums: dict[Payer, int], settled: Iterable[Settled]) -> int:
    """Add what everybody pays; returns the personal part."""
    personal_fen = 0
    for each in settled:
        breakdown = each.calculation.breakdown
        personal_fen += breakdown.personal_fen
        for payer, amount_fen in _amounts(breakdown):
            sums[payer] = sums.get(payer, 0) + amount_fen
    return personal_fen


def _amounts(breakdown: Breakdown) -> Iterator[tuple[Payer, int]]:
    yield _TOTAL, breakdown.total_fen
    yield _PROVIDER, breakdown.provider_borne_fen
    for fund, amount_fen in breakdown.funds:
        yield ("fund", fund), amount_fen
    yield _PERSONAL, breakdown.personal_fen
    for share in breakdown.accounts:
        yield ("account", share.owner.value), share.amount_fen
    yield _CASH, breakdown.cash_fen
    for fund, amount_fen in breakdown.afterwards:
        yield ("afterwards", fund), amount_fen


_TOTAL: Final = ("total", "")
_PROVIDER: Final = ("provider_borne", "")
_PERSONAL: Final = ("personal", "")
_CASH: Final = ("cash", "")


def _keep(kept: list[tuple[int, str]], entries: Iterable[tuple[int, str]]) -> None:
    """Keep the largest; of equal ones, those whose names come first, in whatever order they come."""
    kept += entries
    if len(kept) > _KEPT_MOST:
        kept.sort(key=_by_size)
        del kept[SHOWN_MOST:]


def _by_size(entry: tuple[int, str]) -> tuple[int, str]:
    return -entry[0], entry[1]


def _merge(sums: dict[_Key, int], other: Mapping[_Key, int]) -> None:
    for key, amount in other.items():
        sums[key] = sums.get(key, 0) + amount
