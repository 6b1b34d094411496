"""The packs that a case runs against: all versions, with the case's own figures in them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from medsettle_gateway.domain.errors import Refused
from medsettle_gateway.policy.case_form import Case
from medsettle_gateway.policy.floors import Breach, first_breach
from medsettle_gateway.policy.loader import PackSource, load_pack
from medsettle_gateway.policy.overrides import apply_overrides, load_overridden
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.reading import Fault, Invalid, LineNumbers, line_of

CHOICES_KEPT: Final = 4096
"""Days for which the choice of versions is kept; beyond, all are dropped and made anew."""

_Version = tuple[Pack, PackSource]


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


class Shelf:
    """Packs with what they were read from, compiled once for all cases that use them as they are."""

    def __init__(self, sources: Iterable[PackSource]) -> None:
        """Take the packs; raises Invalid if one of them is wrong."""
        self._sources: dict[str, tuple[_Version, ...]] = {}
        for source in sources:
            pack = load_pack(source)
            versions = [*self._sources.get(pack.id, ()), (pack, source)]
            versions.sort(key=lambda version: (version[0].effective_from, version[0].known_from))
            self._sources[pack.id] = tuple(versions)
        shipped = {id_: tuple(pack for pack, _ in versions) for id_, versions in self._sources.items()}
        self.shipped: Final = Versions(shipped)

    def packs_of(self, case: Case, lines: LineNumbers) -> CasePacks:
        """The packs of a case, with its own figures.

        They are put into every version that has all their places; the version of the case's day
        must have them. Raises Invalid for an unknown pack and for figures that do not fit, and
        Refused (POLICY_FLOOR, POLICY_CEILING) where they are beyond a bound of a version that the
        case runs through.
        """
        versions = self._sources.get(case.pack)
        if versions is None:
            message = f"no pack {case.pack!r}; known: {', '.join(self._sources)}"
            raise Invalid(case.name, [Fault(line_of(lines, "pack"), "pack", message)])
        on = case.given.service_on
        if not case.overrides:
            return self.shipped.on(case.pack, on)
        own = index_on(self.shipped.by_id[case.pack], on)
        began_on = case.given.encounter.admitted or on
        packs = []
        for index, version in enumerate(versions):
            used = index == own or _touches(version[0], began_on, on)
            packs.append(_of_case(version, case, lines, own=index == own, used=used))
        return self.shipped.with_versions(case.pack, tuple(packs)).on(case.pack, on)

    def with_figures(self, pack: str, figures: Mapping[str, object]) -> tuple[Versions, tuple[Breach, ...]]:
        """The packs with figures put into every version of one of them that has their places.

        Besides, where they are beyond a bound of the document: they are put in nevertheless. Raises
        Invalid where no version of the pack has the places, or the figures do not fit.
        """
        packs, breaches, faults = [], [], []
        for shipped, source in self._sources[pack]:
            try:
                changed = load_overridden(source, figures)
                breach = first_breach(shipped, changed)
            except Invalid as invalid:
                packs.append(shipped)
                faults.append(invalid)
                continue
            packs.append(changed)
            breaches += [] if breach is None else [breach]
        if len(faults) == len(packs):
            raise faults[-1]
        return self.shipped.with_versions(pack, tuple(packs)), tuple(breaches)


def index_on(versions: Sequence[Pack], on: date) -> int:
    """The version in force on a day, of several the one known last by then.

    Where none is in force, the last that began before, or the first: its own check then refuses.
    """
    indexes = range(len(versions))
    in_force = [index for index in indexes if versions[index].in_force(on)]
    known = [index for index in in_force if versions[index].known_from <= on]
    if known:
        return max(known, key=lambda index: (versions[index].known_from, versions[index].effective_from))
    if in_force:
        return min(in_force, key=lambda index: versions[index].known_from)
    return max((index for index in indexes if versions[index].effective_from <= on), default=0)


def _known(versions: Sequence[Pack], own: Pack, on: date) -> tuple[Pack, ...]:
    """Without the corrections that nobody knew yet."""
    return tuple(pack for pack in versions if pack is own or pack.supersedes is None or pack.known_from <= on)


def _touches(pack: Pack, began_on: date, ended_on: date) -> bool:
    """Is the version in force on any of these days?"""
    return pack.effective_from <= ended_on and (pack.effective_to is None or began_on < pack.effective_to)


def _of_case(version: _Version, case: Case, lines: LineNumbers, *, own: bool, used: bool) -> Pack:
    """A version with the case's figures; one of another day, as it is where they have no place in it."""
    shipped, source = version
    written: Mapping[str, str] = {dotted: dotted for dotted in case.overrides}
    try:
        overridden = apply_overrides(source, case.overrides)
        written = dict(zip(overridden.replaced, case.overrides, strict=True))
        pack = load_pack(overridden.source, clause_free=overridden.replaced)
        breach = first_breach(shipped, pack) if used else None
    except Invalid as invalid:
        if not own:
            return shipped
        faults = [_where_written(fault, written, lines) for fault in invalid.faults]
        raise Invalid(case.name, faults) from invalid
    if breach is not None:
        raise Refused(breach.refusal())
    return pack


def _where_written(fault: Fault, written: Mapping[str, str], lines: LineNumbers) -> Fault:
    """A fault of an overridden pack, at the place in the case that wrote it."""
    for path, dotted in written.items():
        if fault.path == path or fault.path.startswith((path + ".", path + "[")):
            place = f"with.{dotted}{fault.path.removeprefix(path)}"
            return Fault(line_of(lines, place), place, fault.message)
    for path, dotted in written.items():
        if path.startswith((fault.path + ".", fault.path + "[")):
            return Fault(line_of(lines, f"with.{dotted}"), f"with.{dotted}", fault.message)
    return Fault(line_of(lines, "with"), f"with: {fault.path}", fault.message)
