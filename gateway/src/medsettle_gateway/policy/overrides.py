"""A region's or a case's own figures, put in the place of those of a pack.

A case names a dotted path in the pack for each value: list elements by their id, else by number
from 0; all but the last key must exist. A value that a section may have in one of several forms
(rows, or none; bands, or rows) takes the place of the other forms.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from medsettle_gateway.policy.load_layers import WAYS
from medsettle_gateway.policy.loader import PackSource, load_pack
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.reading import DECIDING, Fault, Invalid, child

_FIXED: Final = ("pack", "region")
FORMS: Final = (*DECIDING, "rows", "bands")
"""The forms of a figure: at most one stands in a section or row."""


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
        way = dotted.split(".")
        try:
            if not all(way) or dotted in _FIXED:
                message = f"{dotted!r} cannot be replaced"
                raise LookupError(message)
            replaced.append(replace_at(data, way, value))
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


def replace_at(data: Any, way: Sequence[str], value: object) -> str:  # noqa: ANN401 - plain data
    """Replace one value in ``data`` and return its path as the loader writes it.

    Raises LookupError where one of the keys before the last leads nowhere.
    """
    *before, last = way
    place, path = data, ""
    for key in before:
        step = step_at(place, key, path)
        place, path = place[step], child(path, step)
    step = step_at(place, last, path, last=True)
    value = copy.deepcopy(value)
    if isinstance(place, list) and step == len(place):
        place.append(value)
    else:
        place[step] = value
    if isinstance(place, dict):
        _displace(place, last, value)
    return child(path, step)


def step_at(place: object, key: str, path: str, *, last: bool = False) -> str | int:
    """The key, or the number of the element, that ``key`` names in ``place``.

    Only as the ``last`` one may it be new. Raises LookupError.
    """
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


def _element(place: list[object], key: str, path: str, *, last: bool) -> int:
    for index, element in enumerate(place):
        if isinstance(element, dict) and element.get("id") == key:
            return index
    beyond = len(place) + (1 if last else 0)
    if key.isdecimal() and int(key) < beyond:
        return int(key)
    message = f"no element {key!r} in {path}: {_known(place, last=last)}"
    raise LookupError(message)


def _known(place: list[object], *, last: bool) -> str:
    by_number = f"by id, or by number from 0 to {len(place) - 1}" if place else "the list is empty"
    return f"{by_number}; {len(place)} appends one" if last else by_number


def _displace(place: dict[str, object], key: str, value: object) -> None:
    """Take away what the new value stands in place of, with the clause and force of a row that it changes."""
    if value is None:
        return
    if key in FORMS and not (key in DECIDING and isinstance(value, Mapping)):
        _displace_forms(place, key, value)
    for way in WAYS:
        if key in way and key != "threshold":
            for other in (each for others in WAYS if others is not way for each in others):
                place.pop(other, None)


def _displace_forms(place: dict[str, object], key: str, value: object) -> None:
    gone = [form for form in FORMS if form != key and form in place]
    if not value:
        # Empty rows and bands are no form yet: they may be written beside one that has entries.
        gone = [] if key == "bands" else [form for form in gone if form != "bands"]
    for form in gone:
        del place[form]
    if key in DECIDING or any(form in DECIDING for form in gone):
        place.pop("clause", None)
        place.pop("force", None)
