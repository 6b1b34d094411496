"""Which version of a pack decides: corrections take the place of files, overlays lie over them.

A file that was used is never edited. A correction is a file of its own that names by digest the one
that it supersedes, and decides from the day on which it became known; until then the old one does.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import combinations

from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.reading import Fault


def deciding(versions: Iterable[Pack], on: date, known_on: date | None = None) -> Pack | None:
    """Of the versions of one pack, the one that decides a day: in force on it, and known last.

    ``known_on`` leaves out what became known later; None leaves out nothing.
    """
    found: Pack | None = None
    for pack in versions:
        known = known_on is None or pack.known_from <= known_on
        if known and pack.in_force(on) and (found is None or pack.known_from > found.known_from):
            found = pack
    return found


def settled_versions(versions: Sequence[Pack]) -> tuple[Pack, ...]:
    """The versions of one pack, oldest first, so that :func:`deciding` never has to choose between equals.

    Days on which a version can never decide are taken from it: something that outranks it was known
    no later than it was. Wrong versions are left as they are; :func:`faults_of` names them.
    """
    files = _Files(versions)
    kept: list[Pack] = []
    for version in versions:
        pieces = [version]
        for other in versions:
            if files.outranks(other, version) and other.known_from <= version.known_from:
                pieces = [left for piece in pieces for left in _without(piece, other)]
        kept += pieces
    return tuple(sorted(kept, key=lambda pack: (pack.effective_from, pack.known_from)))


def faults_of(versions: Sequence[Pack]) -> Iterator[Fault]:
    """What is wrong between the versions of one pack, as they were loaded."""
    files = _Files(versions)
    yield from files.faults()
    for one, other in combinations(versions, 2):
        if one.region != other.region:
            yield Fault(0, one.id, f"its versions are of two regions, {one.region} and {other.region}")
        if overlap(one, other) and not (files.outranks(one, other) or files.outranks(other, one)):
            both_on = max(one.effective_from, other.effective_from)
            message = (
                f"two versions are in force on {both_on}, {_named(one)} and {_named(other)}; "
                "a correction names the digest of the file that it `supersedes`"
            )
            yield Fault(0, one.id, message)


def both_decide(one: Sequence[Pack], other: Sequence[Pack]) -> Iterator[tuple[Pack, Pack, date]]:
    """The pairs of versions of two packs that decide one day, by what is known on one, with that day."""
    both = (*one, *other)
    days = {pack.effective_from for pack in both}
    days |= {pack.effective_to for pack in both if pack.effective_to is not None}
    seen: list[tuple[Pack, Pack]] = []
    for known_on in sorted({pack.known_from for pack in both}):
        for on in sorted(days):
            pair = (deciding(one, on, known_on), deciding(other, on, known_on))
            if pair[0] is not None and pair[1] is not None and pair not in seen:
                seen.append((pair[0], pair[1]))
                yield pair[0], pair[1], on


def overlap(one: Pack, other: Pack) -> bool:
    """Are both in force on some day?"""
    return (other.effective_to is None or one.effective_from < other.effective_to) and (
        one.effective_to is None or other.effective_from < one.effective_to
    )


class _Files:
    """The files behind the versions of one pack; one with an overlay counts as the file below it."""

    def __init__(self, versions: Sequence[Pack]) -> None:
        self._versions = versions
        self._superseded = {
            _file_of(pack): self._matching(pack) for pack in versions if pack.supersedes is not None
        }

    def outranks(self, one: Pack, other: Pack) -> bool:
        """Does the first decide over the other, once both are known?"""
        if _file_of(one) == _file_of(other):
            return one.overlay is not None and other.overlay is None
        file, seen = _file_of(one), set[str]()
        while file in self._superseded and file not in seen:
            seen.add(file)
            matching = self._superseded[file]
            if len(matching) != 1:
                return False
            (file,) = matching
            if file == _file_of(other):
                return True
        return False

    def faults(self) -> Iterator[Fault]:
        """Corrections that name no file, several, or one that was known no earlier."""
        for pack in self._versions:
            if pack.supersedes is None or pack.overlay is not None:
                continue
            matching = self._matching(pack)
            if len(matching) != 1:
                found = f"{len(matching)} files" if matching else "no file"
                yield Fault(
                    0, pack.id, f"{_named(pack)} supersedes {pack.supersedes}, which is {found} of this pack"
                )
                continue
            known_from = min(each.known_from for each in self._versions if _file_of(each) in matching)
            if pack.known_from <= known_from:
                message = f"{_named(pack)} is known from {pack.known_from}, no later than what it supersedes"
                yield Fault(0, pack.id, f"{message}: give it a later `known_from`")

    def _matching(self, pack: Pack) -> tuple[str, ...]:
        wanted = pack.supersedes or ""
        files = dict.fromkeys(_file_of(each) for each in self._versions)
        return tuple(file for file in files if file.startswith(wanted) and file != _file_of(pack))


def _file_of(pack: Pack) -> str:
    return pack.digest if pack.overlay is None else pack.overlay.pack_digest


def _named(pack: Pack) -> str:
    over = "" if pack.overlay is None else f" with {pack.overlay.id}"
    return f"{_file_of(pack)[:12]}{over} from {pack.effective_from}"


def _without(pack: Pack, other: Pack) -> Iterator[Pack]:
    """What is left of a version outside the days of another."""
    if not overlap(pack, other):
        yield pack
        return
    if pack.effective_from < other.effective_from:
        yield replace(pack, effective_to=other.effective_from)
    if other.effective_to is not None and (
        pack.effective_to is None or other.effective_to < pack.effective_to
    ):
        yield replace(pack, effective_from=other.effective_to)
