"""A region's own figures over a pack: a file of the operator that brings only what differs.

Mappings are merged key by key, layers by their id; lists are replaced whole. A figure below the
document's floor or above its ceiling is a fault when the overlay is loaded, not when it is used, and
so is anything but a figure over a pack that has such bounds.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from medsettle_gateway.policy.confined import structural_changes
from medsettle_gateway.policy.floors import breaches
from medsettle_gateway.policy.loader import (
    PackSource,
    digest_of,
    load_pack,
    read_effective,
    read_pack_id,
)
from medsettle_gateway.policy.merging import merge
from medsettle_gateway.policy.pack import OverlayMark, Pack
from medsettle_gateway.policy.reading import Fault, Invalid, LineNumbers, Reader, line_of

_HEAD: Final = ("overlay", "pack", "author", "date", "authority", "effective")
_SECTIONS: Final = (
    "facts", "accumulators", "lines", "benefits", "layers", "accounts", "eligibility", "warnings",
    "supervision",
)  # fmt: skip
_KNOWN: Final = (*_HEAD, "known_from", *_SECTIONS)


@dataclass(frozen=True, slots=True)
class Overlay:
    """An overlay as it was read: whose figures, over which pack, for which days.

    ``effective_to`` is exclusive, None while it is in force. ``known_from`` is the day from which it
    decides. ``data`` are the sections that differ; ``digest`` is over the whole file.
    """

    name: str
    id: str
    pack: str
    author: str
    dated_on: date
    authority: str
    effective_from: date
    effective_to: date | None
    known_from: date
    data: Mapping[str, object]
    digest: str
    lines: LineNumbers = field(default_factory=dict, repr=False)

    def meets(self, starts: date, ends: date | None) -> bool:
        """Is it in force on any of these days?"""
        return (self.effective_to is None or starts < self.effective_to) and (
            ends is None or self.effective_from < ends
        )


def is_overlay(source: PackSource) -> bool:
    """Does the file bring figures over a pack, rather than a pack of its own?"""
    return "overlay" in source.data


def load_overlay(source: PackSource) -> Overlay:
    """Read the head of an overlay and see that its sections are known.

    Its figures are read when it is laid over a pack. Raises Invalid with every mistake.
    """
    reader = Reader(source.name, source.lines)
    data = reader.section(source.data, "", _KNOWN, _HEAD)
    starts, ends = read_effective(reader, data.get("effective", {}))
    dated_on = reader.day(data["date"], "date") if "date" in data else date.min
    # What is written as null lifts a key of the pack: it has to stay.
    sections = {key: entry for key, entry in source.data.items() if key in _SECTIONS}
    if not sections:
        reader.fault("", f"it changes nothing: give at least one of {', '.join(_SECTIONS)}")
    for key, entry in sections.items():
        if entry is None:
            reader.fault(key, "a whole section cannot be taken away")
    overlay = Overlay(
        name=source.name,
        id=read_pack_id(reader, data, "overlay"),
        pack=read_pack_id(reader, data, "pack"),
        author=reader.text(data["author"], "author") if "author" in data else "",
        dated_on=dated_on,
        authority=reader.text(data["authority"], "authority") if "authority" in data else "",
        effective_from=starts,
        effective_to=ends,
        known_from=reader.day(data["known_from"], "known_from") if "known_from" in data else dated_on,
        data=sections,
        digest=digest_of(source.data),
        lines=source.lines,
    )
    reader.finish()
    return overlay


def overlaid(overlay: Overlay, pack: Pack, source: PackSource) -> Pack:
    """The pack with the overlay's figures, for the days on which both are in force.

    ``source`` is what ``pack`` was compiled from. The digest is over both. Raises Invalid with every
    mistake, with every figure beyond the bounds of the document (POLICY_FLOOR, POLICY_CEILING), and
    with every other change of a pack that has bounds.
    """
    merged, replaced = merged_source(overlay, source)
    local = load_pack(merged, replaced, overlay.authority)
    said = [(breach.path, str(breach)) for breach in breaches(pack, local)]
    said += structural_changes(pack.rules, local.rules)
    if said:
        faults = [Fault(line_of(merged.lines, path), path, message) for path, message in said]
        raise Invalid(overlay.name, dict.fromkeys(faults))
    ends = [day for day in (pack.effective_to, overlay.effective_to) if day is not None]
    return replace(
        local,
        effective_from=max(pack.effective_from, overlay.effective_from),
        effective_to=min(ends, default=None),
        digest=digest_of([pack.digest, overlay.digest]),
        known_from=max(pack.known_from, overlay.known_from),
        overlay=_mark(overlay, pack),
    )


def merged_source(overlay: Overlay, source: PackSource) -> tuple[PackSource, tuple[str, ...]]:
    """The data of a pack with the overlay's sections, and the paths that the overlay brought.

    It has the overlay's name and lines. Raises Invalid naming every place that the pack has not.
    """
    merged = merge(source, PackSource(overlay.name, overlay.data, overlay.lines))
    return merged.source, merged.replaced


def lay_over(
    overlays: Iterable[Overlay], packs: Mapping[str, Iterable[tuple[Pack, PackSource]]]
) -> tuple[Pack, ...]:
    """Every overlay over every version of its pack that it meets; ``packs`` are the versions by id.

    Raises Invalid with the mistakes of all of them, each under the name of its file: two overlays of
    one pack on the same day, one that meets no version, and whatever :func:`overlaid` finds.
    """
    found: list[Pack] = []
    faults: list[Fault] = []
    before: list[Overlay] = []
    for overlay in sorted(overlays, key=lambda each: (each.pack, each.effective_from, each.id)):
        met = [
            (pack, source)
            for pack, source in packs.get(overlay.pack, ())
            if overlay.meets(pack.effective_from, pack.effective_to)
        ]
        faults += _misplaced(overlay, before, known=overlay.pack in packs, met=bool(met))
        before.append(overlay)
        for pack, source in met:
            try:
                found.append(overlaid(overlay, pack, source))
            except Invalid as invalid:
                faults += [replace(fault, path=f"{overlay.name}: {fault.path}") for fault in invalid.faults]
    if faults:
        raise Invalid("packs", dict.fromkeys(faults))
    return tuple(found)


def _misplaced(overlay: Overlay, before: list[Overlay], *, known: bool, met: bool) -> Iterator[Fault]:
    if not known:
        yield _head_fault(overlay, "pack", f"no pack {overlay.pack!r}")
    elif not met:
        yield _head_fault(overlay, "effective", f"no version of {overlay.pack} is in force on these days")
    for other in before:
        if other.pack == overlay.pack and overlay.meets(other.effective_from, other.effective_to):
            message = f"{other.id} ({other.name}) lies over {overlay.pack} on the same days"
            yield _head_fault(overlay, "effective", message)


def _head_fault(overlay: Overlay, key: str, message: str) -> Fault:
    return Fault(line_of(overlay.lines, key), f"{overlay.name}: {key}", message)


def _mark(overlay: Overlay, pack: Pack) -> OverlayMark:
    return OverlayMark(
        overlay.id, overlay.author, overlay.dated_on, overlay.authority, overlay.digest, pack.digest
    )
