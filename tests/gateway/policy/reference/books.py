"""Counters before a settlement and what it adds, and the figures that it had to do without."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from tests.gateway.policy.reference.figures import ZERO, Found

Key = tuple[str, str, str]
"""Period, name, measure."""


@dataclass
class Books:
    """What was used before, what this settlement adds, and what its figures lack."""

    before: Mapping[Key, Fraction]
    moved: dict[Key, Fraction] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)

    def used(self, key: Key) -> Fraction:
        """Used before and up to now; a period that is "" is not counted anywhere."""
        return self.before.get(key, ZERO) + self.moved.get(key, ZERO) if key[0] else ZERO

    def add(self, keys: Iterable[Key], amount: Fraction) -> None:
        for key in keys:
            if key[0] and amount:
                self.moved[key] = self.moved.get(key, ZERO) + amount

    def left(self, limit: Fraction | None, keys: Iterable[Key], wanted: Fraction) -> Fraction:
        """As much of ``wanted`` as a limit leaves under every name that it is counted under."""
        if limit is None:
            return wanted
        return max(ZERO, min([wanted, limit, *(limit - self.used(key) for key in keys)]))

    def unmet(self, limit: Fraction | None, keys: Sequence[Key], wanted: Fraction) -> Fraction:
        """As much of ``wanted`` as a deductible still asks for: it is met where every name says so."""
        if limit is None:
            return ZERO
        unmet = [limit - self.used(key) for key in keys] or [limit]
        return max(ZERO, min(wanted, max(unmet)))

    def need(self, path: str, found: Found | None) -> Fraction | None:
        """The value of a figure that the settlement needs; what is wrong with it is kept."""
        if found is None:
            self.missing.append(path)
            return ZERO
        if found.assumed:
            self.assumed.append(path)
        return found.value
