"""The counters of a member while one settlement is calculated: what was used before, what is added now."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from medsettle_gateway.domain.counters import CounterKey, Remainder

_new: Final = tuple.__new__


class Running:
    """Reads see what this settlement has already added; ``moved`` is what it adds, without zeros."""

    __slots__ = ("_before", "moved")

    def __init__(
        self, before: Mapping[CounterKey, int], moved: Mapping[CounterKey, int] | None = None
    ) -> None:
        """Begin with what was used before, and what is added already."""
        self._before = before
        self.moved: dict[CounterKey, int] = dict(moved) if moved else {}

    def used(self, key: CounterKey) -> int:
        """What is used of a counter now, in fen."""
        return self._before.get(key, 0) + self.moved.get(key, 0)

    def most_used(self, keys: Sequence[CounterKey]) -> int:
        """What is used of the fullest counter of a limit; 0 where it has none."""
        if len(keys) == 1:
            [key] = keys
            return self._before.get(key, 0) + self.moved.get(key, 0)
        return max((self.used(key) for key in keys), default=0)

    def least_used(self, keys: Sequence[CounterKey]) -> int:
        """What is used of the emptiest counter of a limit; 0 where it has none."""
        if len(keys) == 1:
            [key] = keys
            return self._before.get(key, 0) + self.moved.get(key, 0)
        return min((self.used(key) for key in keys), default=0)

    def add(self, keys: Iterable[CounterKey], amount_fen: int) -> None:
        """Every counter of a limit moves."""
        if amount_fen:
            for key in keys:
                self.moved[key] = self.moved.get(key, 0) + amount_fen

    def aside(self) -> "Running":
        """The same counters, to be moved without consequence."""
        return Running(self._before, self.moved)

    def remainders(self, keys: Iterable[CounterKey], limit_fen: int | None) -> list[Remainder]:
        """Where a limit stands, one remainder for each of its counters."""
        before, moved, found = self._before, self.moved, []
        for key in keys:
            used_fen = before.get(key, 0) + moved.get(key, 0)
            left_fen = None if limit_fen is None else 0 if used_fen >= limit_fen else limit_fen - used_fen
            found.append(_new(Remainder, (key, used_fen, limit_fen, left_fen, "", "")))
        return found
