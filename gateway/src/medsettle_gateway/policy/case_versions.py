"""Which versions of which packs a case runs against."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from medsettle_gateway.policy.pack import Pack

CHOICES_KEPT: Final = 4096
"""Days for which the choice of versions is kept; beyond, all are dropped and made anew."""


@dataclass(frozen=True, slots=True)
class CasePacks:
    """What a case runs against: the version of its day, the region's packs of the day, all their versions."""

    pack: Pack
    region: tuple[Pack, ...]
    by_id: Mapping[str, tuple[Pack, ...]]

    @property
    def versions(self) -> tuple[Pack, ...]:
        """All versions of the case's pack that were known on its day."""
        return self.by_id[self.pack.id]

    def versions_of(self, pack: str) -> Sequence[Pack]:
        """All versions of one of the region's packs. Raises KeyError for another."""
        return self.by_id[pack]


@dataclass(slots=True)
class Versions:
    """Compiled packs by id, each with its versions in the order of time."""

    by_id: Mapping[str, tuple[Pack, ...]]
    _chosen: dict[tuple[str, date], CasePacks] = field(default_factory=dict)

    def on(self, pack: str, on: date) -> CasePacks:
        """What a case of this pack and day runs against. Raises KeyError for an unknown id."""
        found = self._chosen.get((pack, on))
        if found is None:
            if len(self._chosen) >= CHOICES_KEPT:
                self._chosen.clear()
            found = self._chosen[pack, on] = self._choose(pack, on)
        return found

    def with_versions(self, pack: str, versions: tuple[Pack, ...]) -> "Versions":
        """The same packs, one of them with other versions."""
        return Versions({**self.by_id, pack: versions})

    def _choose(self, pack: str, on: date) -> CasePacks:
        own = self.by_id[pack][index_on(self.by_id[pack], on)]
        of_day = {
            id_: own if id_ == pack else versions[index_on(versions, on)]
            for id_, versions in self.by_id.items()
        }
        region = tuple(each for each in of_day.values() if each.region == own.region and each.in_force(on))
        known = {each.id: _known(self.by_id[each.id], of_day[each.id], on) for each in (own, *region)}
        return CasePacks(own, region, known)


def index_on(versions: Sequence[Pack], on: date) -> int:
    """The version in force on a day: of several the one known last by then, and local figures first.

    Where none is in force, the last that began before, or the first: its own check then refuses.
    """
    indexes = range(len(versions))
    in_force = [index for index in indexes if versions[index].in_force(on)]
    known = [index for index in in_force if versions[index].known_from <= on]
    if known:
        return max(known, key=lambda index: _rank(versions[index]))
    if in_force:
        return min(in_force, key=lambda index: versions[index].known_from)
    return max((index for index in indexes if versions[index].effective_from <= on), default=0)


def _rank(pack: Pack) -> tuple[date, bool, date]:
    return pack.known_from, pack.overlay is not None, pack.effective_from


def _known(versions: Sequence[Pack], own: Pack, on: date) -> tuple[Pack, ...]:
    """Without the corrections that nobody knew yet."""
    return tuple(pack for pack in versions if pack is own or pack.supersedes is None or pack.known_from <= on)
