"""Checks policy files: each by itself, and all of them together with those that are there already."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from medsettle_gateway.policy.check_benefits import check_benefits
from medsettle_gateway.policy.check_conditions import check_conditions, conditions_of
from medsettle_gateway.policy.check_counters import check_counters
from medsettle_gateway.policy.check_head import check_filled, check_head
from medsettle_gateway.policy.check_rows import TAKES_AWAY, Said, check_rows
from medsettle_gateway.policy.finding import Finding, Level
from medsettle_gateway.policy.loader import PackSource, load_pack
from medsettle_gateway.policy.overlays import (
    Overlay,
    is_overlay,
    lay_over,
    load_overlay,
    merged_source,
    overlaid,
)
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.reading import Fault, Invalid, line_of
from medsettle_gateway.policy.registry import Packs
from medsettle_gateway.policy.succession import overlap

_Read = tuple[Pack, PackSource]


def check_files(sources: Sequence[PackSource], others: Sequence[PackSource] = ()) -> tuple[Finding, ...]:
    """Everything found in these packs and overlays, file by file, from the top of each.

    ``others`` are packs that they will stand beside: nothing is reported of them by themselves.
    """
    files = _Files()
    for source in others:
        if not is_overlay(source):
            files.packs.append((load_pack(source), source))
    for source in sources:
        if not is_overlay(source):
            files.check_pack(source)
    for source in sources:
        if is_overlay(source):
            files.check_overlay(source)
    files.check_together(tuple(source.name for source in sources))
    order = {source.name: number for number, source in enumerate(sources)}
    distinct = dict.fromkeys(files.found)
    return tuple(sorted(distinct, key=lambda each: (order.get(each.source, len(order)), each)))


@dataclass(slots=True)
class _Files:
    """What has been read so far, and what was found."""

    packs: list[_Read] = field(default_factory=list)
    overlays: list[Overlay] = field(default_factory=list)
    found: list[Finding] = field(default_factory=list)

    def check_pack(self, source: PackSource) -> None:
        try:
            pack = load_pack(source)
        except Invalid as invalid:
            self._errors(source.name, invalid.faults)
            self._unfilled(source, invalid)
            return
        self.packs.append((pack, source))
        said = [*check_rows(pack.rules), *check_head(pack, source.data)]
        self._say(source, [*said, *check_benefits(pack.rules), *check_conditions(source.data)])

    def check_overlay(self, source: PackSource) -> None:
        try:
            overlay = load_overlay(source)
        except Invalid as invalid:
            self._errors(source.name, invalid.faults)
            self._unfilled(source, invalid)
            return
        self._say(source, check_filled(source.data))
        self.overlays.append(overlay)
        for pack, shipped in self.packs:
            if pack.id == overlay.pack and overlay.meets(pack.effective_from, pack.effective_to):
                try:
                    local = overlaid(overlay, pack, shipped)
                except Invalid:
                    continue  # its mistakes are told where all overlays are laid
                merged, brought = merged_source(overlay, shipped)
                known = conditions_of(shipped.data)
                self._say(source, check_conditions(overlay.data, known))
                self._say(merged, _of_overlay(pack, local, brought))

    def check_together(self, names: Sequence[str]) -> None:
        """Versions that overlap or leave days out, benefits in two packs, overlays that do not fit."""
        by_id: dict[str, list[_Read]] = {}
        for pack, source in self.packs:
            by_id.setdefault(pack.id, []).append((pack, source))
        local: tuple[Pack, ...] = ()
        try:
            local = lay_over(self.overlays, by_id)
        except Invalid as invalid:
            for fault in invalid.faults:
                name, _, path = fault.path.partition(": ")
                self._errors(name, [Fault(fault.line, path, fault.message)])
        try:
            Packs([*(pack for pack, _ in self.packs), *local])
        except Invalid as invalid:
            for fault in invalid.faults:
                self._of_packs(fault, by_id, names)
        self._counters(names)
        for versions in by_id.values():
            for source, said in _gaps(versions):
                if source.name in names:
                    self._say(source, [("effective.from", Level.WARNING, said)])

    def _counters(self, names: Sequence[str]) -> None:
        """Names that limits are counted under, within a pack and across those of a region."""
        for pack, source in self.packs:
            if source.name in names:
                others = [each.rules for each, _ in self.packs if _shares_people(pack, each)]
                self._say(source, check_counters(pack.rules, others))

    def _of_packs(self, fault: Fault, by_id: dict[str, list[_Read]], names: Sequence[str]) -> None:
        """A fault between packs, told of the last file that is checked and that it speaks of."""
        words = fault.message.replace(",", " ").split()
        spoken = [id_ for id_ in by_id if id_ == fault.path or id_ in words]
        files = [source for id_ in spoken for _, source in by_id[id_] if source.name in names]
        for source in files[-1:]:
            message = fault.message if spoken[-1:] == [fault.path] else f"{fault.path}: {fault.message}"
            line = line_of(source.lines, "effective")
            self.found.append(Finding(source.name, line, "effective", Level.ERROR, message))

    def _say(self, source: PackSource, said: Iterable[Said]) -> None:
        for path, level, message in said:
            self.found.append(Finding(source.name, line_of(source.lines, path), path, level, message))

    def _unfilled(self, source: PackSource, invalid: Invalid) -> None:
        """What its skeleton left open in a file that does not load, where nothing else is said of it."""
        told = {fault.path for fault in invalid.faults}
        self._say(source, [said for said in check_filled(source.data) if said[0] not in told])

    def _errors(self, name: str, faults: Iterable[Fault]) -> None:
        for fault in faults:
            self.found.append(Finding(name, fault.line, fault.path, Level.ERROR, fault.message))


def _of_overlay(shipped: Pack, local: Pack, brought: tuple[str, ...]) -> Iterator[Said]:
    """What is found in the rows that an overlay brings, and which figures it leaves open or takes away."""
    before = dict.fromkeys([*check_benefits(shipped.rules), *check_counters(shipped.rules)])
    after = (*check_benefits(local.rules), *check_counters(local.rules))
    yield from (said for said in after if said not in before)
    for path, level, message in check_rows(local.rules, shipped.rules):
        own = any(path == place or path.startswith((place + ".", place + "[")) for place in brought)
        if own or message.startswith(TAKES_AWAY):
            yield path, level, message
        elif "never" not in message:
            yield path, Level.INFO, f"not in this overlay: {message}"


def _shares_people(one: Pack, other: Pack) -> bool:
    """Are they two packs of one region, in force together, for members of the same scheme?"""
    if one.id == other.id or one.region != other.region or not overlap(one, other):
        return False
    schemes = [{scheme for each in pack.benefits for scheme in pack.schemes(each)} for pack in (one, other)]
    return not schemes[0].isdisjoint(schemes[1])


def _gaps(versions: Sequence[_Read]) -> Iterator[tuple[PackSource, str]]:
    """Days between two versions on which none is in force."""
    ordered = sorted(versions, key=lambda each: each[0].effective_from)
    reached: date | None = None
    for number, (pack, source) in enumerate(ordered):
        begins = pack.effective_from
        if number and reached is not None and reached < begins:
            yield source, f"no version of {pack.id} is in force from {reached} to {begins}"
        ends = pack.effective_to
        if ends is None:
            return
        reached = ends if reached is None else max(reached, ends)
