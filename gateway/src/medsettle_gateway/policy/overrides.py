"""A region's or a case's own figures: dotted path in the pack -> the value that replaces it.

List elements are named by their id, else by number from 0; all but the last key must exist.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from medsettle_gateway.policy.loader import PackSource, load_pack
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.reading import Fault, Invalid, child

_FIXED: Final = ("pack", "region")


@dataclass(frozen=True, slots=True)
class Overridden:
    """Plain data of a pack after its overrides, and the paths that they replaced."""

    source: PackSource
    replaced: tuple[str, ...]


def apply_overrides(source: PackSource, overrides: Mapping[str, object]) -> Overridden:
    """Replace values, in the order given; the source is left as it is.

    Raises Invalid naming every path that does not exist in the pack.
    """
    data: Any = copy.deepcopy(source.data)
    faults = []
    replaced = []
    for dotted, value in overrides.items():
        try:
            replaced.append(_replace(data, dotted, copy.deepcopy(value)))
        except LookupError as error:
            faults.append(Fault(0, dotted, str(error.args[0])))
    if faults:
        raise Invalid(source.name, faults)
    # The lines are dropped: they are those of the pack's file, where these values do not stand.
    return Overridden(PackSource(source.name, data), tuple(replaced))


def load_overridden(source: PackSource, overrides: Mapping[str, object]) -> Pack:
    """Compile a pack with overrides; rows that they bring need no clause.

    Raises Invalid. Whether the figures respect the document's floors is another question:
    :func:`medsettle_gateway.policy.floors.first_breach`.
    """
    overridden = apply_overrides(source, overrides)
    return load_pack(overridden.source, clause_free=overridden.replaced)


def _replace(data: Any, dotted: str, value: object) -> str:  # noqa: ANN401 - plain data
    """Replace one value and return its path as the loader writes it."""
    *way, last = dotted.split(".")
    if not all((*way, last)) or (not way and last in _FIXED):
        message = f"{dotted!r} cannot be replaced"
        raise LookupError(message)
    place, path = data, ""
    for key in way:
        step = _step(place, key, path, last=False)
        place, path = place[step], child(path, step)
    step = _step(place, last, path, last=True)
    if isinstance(place, list) and step == len(place):
        place.append(value)
    else:
        place[step] = value
    return child(path, step)


def _step(place: object, key: str, path: str, *, last: bool) -> str | int:
    if isinstance(place, dict):
        named = next((each for each in place if str(each) == key), None)
        if named is None and not last:
            message = f"no key {key!r} under {path or 'the pack'}"
            raise LookupError(message)
        return key if named is None else named
    if isinstance(place, list):
        return _element(place, key, path, last=last)
    message = f"nothing can stand below {path}"
    raise LookupError(message)


def _known(place: list[object], *, last: bool) -> str:
    by_number = f"by id, or by number from 0 to {len(place) - 1}" if place else "the list is empty"
    return f"{by_number}; {len(place)} appends one" if last else by_number


def _element(place: list[object], key: str, path: str, *, last: bool) -> int:
    for index, element in enumerate(place):
        if isinstance(element, dict) and element.get("id") == key:
            return index
    beyond = len(place) + (1 if last else 0)
    if key.isdecimal() and int(key) < beyond:
        return int(key)
    message = f"no element {key!r} in {path}: {_known(place, last=last)}"
    raise LookupError(message)
