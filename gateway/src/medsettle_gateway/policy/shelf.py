"""Packs and local figures with what they were read from, for cases that bring figures of their own."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Final, NamedTuple

from medsettle_gateway.domain.errors import Refused
from medsettle_gateway.policy.case_form import Case
from medsettle_gateway.policy.case_versions import CasePacks, Versions, index_on
from medsettle_gateway.policy.floors import Breach, first_breach
from medsettle_gateway.policy.loader import PackSource, load_pack
from medsettle_gateway.policy.overlays import (
    Overlay,
    is_overlay,
    lay_over,
    load_overlay,
    merged_source,
    overlaid,
)
from medsettle_gateway.policy.overrides import Overridden, apply_overrides
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.reading import Fault, Invalid, LineNumbers, line_of


class Shelved(NamedTuple):
    """A version: the pack, its data, the pack whose bounds hold, and the paths that an overlay brought."""

    pack: Pack
    source: PackSource
    bound: Pack
    brought: tuple[str, ...] = ()


class Shelf:
    """Packs, and the overlays over them, compiled once for all cases that use them as they are."""

    def __init__(self, sources: Iterable[PackSource]) -> None:
        """Take packs and overlays; raises Invalid if one of them is wrong."""
        files: dict[str, list[tuple[Pack, PackSource]]] = {}
        overlays: list[Overlay] = []
        for source in sources:
            if is_overlay(source):
                overlays.append(load_overlay(source))
                continue
            pack = load_pack(source)
            files.setdefault(pack.id, []).append((pack, source))
        lay_over(overlays, files)
        self._shelved: dict[str, tuple[Shelved, ...]] = {}
        for id_, packs in files.items():
            found = [Shelved(pack, source, pack) for pack, source in packs]
            found += [
                _laid(overlay, pack, source)
                for overlay in overlays
                for pack, source in packs
                if overlay.pack == id_ and overlay.meets(pack.effective_from, pack.effective_to)
            ]
            found.sort(key=lambda each: (each.pack.effective_from, each.pack.known_from))
            self._shelved[id_] = tuple(found)
        compiled = {id_: tuple(each.pack for each in found) for id_, found in self._shelved.items()}
        self.versions: Final = Versions(compiled)

    def packs_of(self, case: Case, lines: LineNumbers) -> CasePacks:
        """The packs of a case, with its own figures.

        They are put into every version that has all their places; the version of the case's day
        must have them. Raises Invalid for an unknown pack and for figures that do not fit, and
        Refused (POLICY_FLOOR, POLICY_CEILING) where they are beyond a bound of a version that the
        case runs through.
        """
        versions = self._shelved.get(case.pack)
        if versions is None:
            message = f"no pack {case.pack!r}; known: {', '.join(self._shelved)}"
            raise Invalid(case.name, [Fault(line_of(lines, "pack"), "pack", message)])
        on = case.given.service_on
        if not case.overrides:
            return self.versions.on(case.pack, on)
        own = index_on(self.versions.by_id[case.pack], on)
        began_on = case.given.encounter.admitted or on
        packs = []
        for index, version in enumerate(versions):
            used = index == own or _touches(version.pack, began_on, on)
            packs.append(_of_case(version, case, lines, own=index == own, used=used))
        return self.versions.with_versions(case.pack, tuple(packs)).on(case.pack, on)

    def with_figures(
        self, pack: str, figures: Mapping[str, object], overlay: Overlay | None = None
    ) -> "Changed":
        """The packs with figures put into every version of one of them that has their places.

        ``overlay`` is laid below the figures, over every version, whatever its days. Raises Invalid where no
        version of the pack has the places, or the figures do not fit.
        """
        packs, breaches, faults = [], [], []
        sources: tuple[PackSource, PackSource] | None = None
        for version in self._shelved[pack]:
            try:
                overridden = _changed(version.source, figures, overlay)
                changed = _compiled(version, overridden)
                breach = first_breach(version.bound, changed)
            except Invalid as invalid:
                packs.append(version.pack)
                faults.append(invalid)
                continue
            packs.append(changed)
            breaches += [] if breach is None else [breach]
            sources = version.source, overridden.source
        if sources is None:
            raise faults[-1]
        return Changed(self.versions.with_versions(pack, tuple(packs)), tuple(breaches), *sources)


def _changed(source: PackSource, figures: Mapping[str, object], overlay: Overlay | None) -> Overridden:
    """The data with an overlay's figures, and with others over them."""
    if overlay is None:
        return apply_overrides(source, figures)
    laid, brought = merged_source(overlay, source)
    if not figures:
        return Overridden(laid, brought)
    overridden = apply_overrides(laid, figures)
    return Overridden(overridden.source, (*brought, *overridden.replaced))


class Changed(NamedTuple):
    """Packs with figures put in, and where these are beyond a bound of the document.

    ``before`` and ``after`` are the data of the last version that they were put into.
    """

    versions: Versions
    breaches: tuple[Breach, ...]
    before: PackSource
    after: PackSource


def _laid(overlay: Overlay, pack: Pack, source: PackSource) -> Shelved:
    merged, brought = merged_source(overlay, source)
    return Shelved(overlaid(overlay, pack, source), merged, pack, brought)


def _touches(pack: Pack, began_on: date, ended_on: date) -> bool:
    """Is the version in force on any of these days?"""
    return pack.effective_from <= ended_on and (pack.effective_to is None or began_on < pack.effective_to)


def _compiled(version: Shelved, overridden: Overridden) -> Pack:
    """A version with figures put in; it decides on the same days as before."""
    pack = load_pack(overridden.source, clause_free=(*version.brought, *overridden.replaced))
    if version.pack.overlay is None:
        return pack
    of_overlay = version.pack
    return replace(
        pack,
        effective_from=of_overlay.effective_from,
        effective_to=of_overlay.effective_to,
        known_from=of_overlay.known_from,
        overlay=of_overlay.overlay,
    )


def _of_case(version: Shelved, case: Case, lines: LineNumbers, *, own: bool, used: bool) -> Pack:
    """A version with the case's figures; one of another day, as it is where they have no place in it."""
    written: Mapping[str, str] = {dotted: dotted for dotted in case.overrides}
    try:
        overridden = apply_overrides(version.source, case.overrides)
        written = dict(zip(overridden.replaced, case.overrides, strict=True))
        pack = _compiled(version, overridden)
        breach = first_breach(version.bound, pack) if used else None
    except Invalid as invalid:
        if not own:
            return version.pack
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
