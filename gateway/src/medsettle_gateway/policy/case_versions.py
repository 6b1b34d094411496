"""The packs that a case runs against: all versions, with the case's own figures in them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from medsettle_gateway.domain.errors import Refused
from medsettle_gateway.policy.case_form import Case
from medsettle_gateway.policy.floors import first_breach
from medsettle_gateway.policy.loader import PackSource, load_pack
from medsettle_gateway.policy.overrides import apply_overrides
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.reading import Fault, Invalid, LineNumbers, line_of

_Version = tuple[Pack, PackSource]


@dataclass(frozen=True, slots=True)
class CasePacks:
    """What a case runs against: the version of its day, the region's packs of the day, all their versions."""

    pack: Pack
    region: tuple[Pack, ...]
    by_id: Mapping[str, tuple[Pack, ...]]

    @property
    def versions(self) -> tuple[Pack, ...]:
        """All versions of the case's pack."""
        return self.by_id[self.pack.id]

    def versions_of(self, pack: str) -> Sequence[Pack]:
        """All versions of one of the region's packs. Raises KeyError for another."""
        return self.by_id[pack]


class Shelf:
    """Packs by id, compiled once for all cases that use them as they are."""

    def __init__(self, sources: Iterable[PackSource]) -> None:
        """Take the packs; raises Invalid if one of them is wrong."""
        self._versions: dict[str, tuple[_Version, ...]] = {}
        for source in sources:
            pack = load_pack(source)
            versions = [*self._versions.get(pack.id, ()), (pack, source)]
            versions.sort(key=lambda version: (version[0].effective_from, version[0].known_from))
            self._versions[pack.id] = tuple(versions)

    def ids(self) -> tuple[str, ...]:
        """The ids of the packs, in the order in which they came."""
        return tuple(self._versions)

    def packs_of(self, case: Case, lines: LineNumbers) -> CasePacks:
        """The packs of a case, with its own figures.

        They are put into every version that has all their places; the version of the case's day
        must have them. Raises Invalid for an unknown pack and for figures that do not fit, and
        Refused (POLICY_FLOOR, POLICY_CEILING) where they are beyond a bound of a version that the
        case runs through.
        """
        versions = self._versions.get(case.pack)
        if versions is None:
            message = f"no pack {case.pack!r}; known: {', '.join(self._versions)}"
            raise Invalid(case.name, [Fault(line_of(lines, "pack"), "pack", message)])
        on = case.given.service_on
        chosen = versions[_index_on([pack for pack, _ in versions], on)]
        began_on = case.given.encounter.admitted or on
        packs: list[Pack] = []
        for version in versions:
            used = version is chosen or _touches(version[0], began_on, on)
            packs.append(_overridden(version, case, lines, own=version is chosen, used=used))
        pack = packs[versions.index(chosen)]
        region = self._region(pack, on) if case.assigned else (pack,)
        by_id = {each.id: tuple(one for one, _ in self._versions[each.id]) for each in region}
        return CasePacks(pack, region, by_id | {pack.id: tuple(packs)})

    def _region(self, own: Pack, on: date) -> tuple[Pack, ...]:
        """The packs of a region that are in force on a day, in order; the case's own among them."""
        found = []
        for id_, versions in self._versions.items():
            packs = [pack for pack, _ in versions]
            pack = own if id_ == own.id else packs[_index_on(packs, on)]
            if pack.region == own.region and pack.in_force(on):
                found.append(pack)
        return tuple(found)


def _index_on(versions: Sequence[Pack], on: date) -> int:
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


def _touches(pack: Pack, began_on: date, ended_on: date) -> bool:
    """Is the version in force on any of these days?"""
    return pack.effective_from <= ended_on and (pack.effective_to is None or began_on < pack.effective_to)


def _overridden(version: _Version, case: Case, lines: LineNumbers, *, own: bool, used: bool) -> Pack:
    """A version with the case's figures; one of another day, as it is where they have no place in it."""
    shipped, source = version
    if not case.overrides:
        return shipped
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
