"""Lays the sections of an overlay over the plain data of a pack.

Mappings are merged key by key, lists of things with ids by their id; other lists are replaced whole.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, Final

from medsettle_gateway.policy.loader import PackSource
from medsettle_gateway.policy.overrides import FORMS, Overridden, replace_at, step_at
from medsettle_gateway.policy.reading import Fault, Invalid, above, child, line_of, meant

_OF_A_BENEFIT: Final = ("deductible", "ratio", "cap")
"""What every benefit has, so that one which an overlay adds has to bring it."""


def merge(below: PackSource, brought: PackSource) -> Overridden:
    """The pack's data with what the overlay brings, and the paths that it replaced.

    The lines are those of the overlay, under the paths that the loader uses: a fault of what only the
    pack says has none. Raises Invalid naming every element that the pack has not.
    """
    merging = _Merging(brought, deepcopy(dict(below.data)))
    merging.go_down(brought.data, merging.data, (), "", "")
    if merging.faults:
        raise Invalid(brought.name, merging.faults)
    source = PackSource(brought.name, merging.data, dict(merging.lines()))
    return Overridden(source, tuple(merging.replaced))


class _Merging:
    """The data so far, and where each place of the overlay went."""

    def __init__(self, brought: PackSource, data: dict[str, Any]) -> None:
        self.data = data
        self.replaced: list[str] = []
        self.faults: list[Fault] = []
        self._written = brought.lines
        self._moved: dict[str, str] = {}

    def go_down(
        self,
        brought: Mapping[str, object],
        place: Any,  # noqa: ANN401 - plain data
        way: tuple[str, ...],
        path: str,
        written: str,
    ) -> None:
        """Go on where both sides can be merged; elsewhere, replace."""
        # A form of a figure takes the clause of another form with it: it comes before its own clause.
        for key in sorted(brought, key=lambda key: key not in FORMS):
            at = child(written, str(key))
            try:
                self._lay(str(key), brought[key], place, way, path, at)
            except LookupError as error:
                self.faults.append(Fault(line_of(self._written, at), at, str(error.args[0])))

    def lines(self) -> Iterator[tuple[str, int]]:
        """The lines of the overlay, under the paths of the pack."""
        for written, line in self._written.items():
            known = written
            while known and known not in self._moved:
                known = above(known)
            if known:
                yield self._moved[known] + written.removeprefix(known), line

    def _lay(
        self,
        key: str,
        value: object,
        place: Any,  # noqa: ANN401 - plain data
        way: tuple[str, ...],
        path: str,
        written: str,
    ) -> None:
        if isinstance(place, list) and key not in _ids(place):
            there = _ids(place)
            message = f"no element {key!r} in {path} of the pack{meant(key, there)}; those there: "
            message += ", ".join(there)
            raise LookupError(message)
        _refuse_misnamed(key, value, place, path)
        step = step_at(place, key, path, last=True)
        below = place.get(step) if isinstance(place, dict) else place[step]
        if isinstance(value, Mapping) and (isinstance(below, dict) or _ids(below)):
            self._moved[written] = child(path, step)
            self.go_down(value, below, (*way, key), child(path, step), written)
        else:
            self._moved[written] = replace_at(self.data, (*way, key), value)
            self.replaced.append(self._moved[written])


def _refuse_misnamed(key: str, value: object, place: object, path: str) -> None:
    """Raises LookupError for what changes a benefit, or a list by ids, that the pack has not."""
    if not isinstance(place, dict) or not isinstance(value, Mapping):
        return
    by_id = (key == "layers" and not path) or key == "inside"
    if by_id and not _ids(place.get(key)):
        message = f"the pack has no {key} to change by id; write new ones as a list"
        raise LookupError(message)
    if path == "benefits" and key not in place and not all(each in value for each in _OF_A_BENEFIT):
        there = ", ".join(place)
        message = (
            f"no benefit {key!r} in the pack{meant(key, place)}; those there: {there}. "
            f"A new one is written whole, with {', '.join(_OF_A_BENEFIT)}"
        )
        raise LookupError(message)


def _ids(place: object) -> tuple[str, ...]:
    """The ids of the elements of a list, as far as they have any."""
    elements = place if isinstance(place, list) else []
    return tuple(str(each["id"]) for each in elements if isinstance(each, dict) and "id" in each)
