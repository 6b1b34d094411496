"""What differs between two packs: figures, rows, switches, gates.

Packs are compared as they are written, so that whatever the format can say is compared. Rows are
told apart by whom they are for: a row with another figure has changed, one for other people was
added. What a pack leaves out counts as its default.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from medsettle_gateway.policy.reading import child

VALUE_KEYS: Final = ("amount", "ratio", "share", "unit_price", "none", "add", "list", "force", "clause")
"""The keys of a row that say what holds; all others say for whom."""

_SINGLES: Final = ("amount", "ratio", "share", "unit_price", "none")
_NAMES: Final = ("id", "cause")
"""Keys that name an element of a list; what else it holds is compared one by one."""

_BY_ITSELF: Final = ("pack", "effective", "known_from", "supersedes")
"""What tells versions of a pack apart, and is no rule."""

_DEFAULTS: Final[Mapping[str, object]] = {
    "force": "exact",
    "mode": "settlement",
    "over_ceiling": "difference",
    "per": "benefit",
    "period": "year",
    "supply": "report",
}


class What(StrEnum):
    """What became of something."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    REORDERED = "reordered"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    ``path`` is the list or key in the pack. ``whom`` are the facts of a row or the entry of a list,
    empty for a key and for a row that always applies. ``before`` and ``after`` are what stood there:
    the value keys of a row, else the value itself; None where there was nothing.
    """

    path: str
    what: What
    whom: Mapping[str, object]
    before: object
    after: object


def compare(before: Mapping[str, object], after: Mapping[str, object]) -> tuple[Change, ...]:
    """Every difference between the data of two packs, in the order in which they are written."""
    sides = [
        {key: _plain(value) for key, value in data.items() if key not in _BY_ITSELF}
        for data in (before, after)
    ]
    return tuple(_of_mappings("", *sides))


def _plain(value: Any) -> Any:  # noqa: ANN401 - plain data
    """The data without what is empty or a default; a figure that is one row becomes a list of it."""
    if isinstance(value, Mapping):
        return _as_rows(_held(value))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_held(entry) if isinstance(entry, Mapping) else entry for entry in value]
    return value


def _held(section: Mapping[str, object]) -> dict[str, Any]:
    plain = {str(key): _plain(entry) for key, entry in section.items()}
    return {key: entry for key, entry in plain.items() if entry not in (None, [], {}, _DEFAULTS.get(key))}


def _as_rows(section: dict[str, Any]) -> dict[str, Any]:
    """A section that writes its figure as one row, as if it had written ``rows``."""
    if "when" in section or not any(key in section for key in _SINGLES):
        return section
    if any(isinstance(section.get(key), dict | list) for key in _SINGLES):
        return section
    row = {key: entry for key, entry in section.items() if key in VALUE_KEYS}
    rest = {key: entry for key, entry in section.items() if key not in VALUE_KEYS}
    return {**rest, "rows": [row]}


def _of_values(path: str, before: Any, after: Any) -> Iterator[Change]:  # noqa: ANN401
    if isinstance(before, dict) or isinstance(after, dict):
        yield from _of_mappings(path, before or {}, after or {})
    elif isinstance(before, list) or isinstance(after, list):
        yield from _of_lists(path, before or [], after or [])
    elif before != after:
        yield Change(path, _what(before, after), {}, before, after)


def _what(before: object, after: object) -> What:
    if before is None:
        return What.ADDED
    return What.REMOVED if after is None else What.CHANGED


def _of_mappings(path: str, before: Any, after: Any) -> Iterator[Change]:  # noqa: ANN401
    if not (isinstance(before, dict) and isinstance(after, dict)):
        yield Change(path, What.CHANGED, {}, before, after)
        return
    for key in dict.fromkeys([*before, *after]):
        yield from _of_values(child(path, key), before.get(key), after.get(key))


def _of_lists(path: str, before: Any, after: Any) -> Iterator[Change]:  # noqa: ANN401
    if not (isinstance(before, list) and isinstance(after, list)):
        yield Change(path, What.CHANGED, {}, before, after)
        return
    old, new = _by_name(before), _by_name(after)
    for name in dict.fromkeys([*old, *new]):
        yield from _of_elements(path, old.get(name), new.get(name))
    if [name for name in old if name in new] != [name for name in new if name in old]:
        yield Change(path, What.REORDERED, {}, before, after)


def _by_name(entries: list[Any]) -> dict[tuple[str, int], Any]:
    """The elements by what tells them apart, and by their number among their equals."""
    named: dict[tuple[str, int], Any] = {}
    for entry in entries:
        name, count = _name(entry), 0
        while (name, count) in named:
            count += 1
        named[name, count] = entry
    return named


def _name(entry: object) -> str:
    if not isinstance(entry, dict):
        return repr(entry)
    for key in _NAMES:
        if key in entry:
            return f"{key} {entry[key]}"
    whom = {key: sorted(_each(value)) for key, value in _whom(entry).items()}
    return f"{sorted(whom.items())} {'add' in entry}"


def _each(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]


def _whom(entry: Mapping[str, Any]) -> dict[str, Any]:
    """For whom a row is: the facts of its condition, or those that it names itself."""
    when = entry.get("when")
    named = {key: value for key, value in entry.items() if key not in (*VALUE_KEYS, "when", "rows")}
    return {**named, **(when if isinstance(when, dict) else {})}


def _of_elements(path: str, before: Any, after: Any) -> Iterator[Change]:  # noqa: ANN401
    entry = after if before is None else before
    if not isinstance(entry, dict):
        if before != after:
            yield Change(path, _what(before, after), {}, before, after)
        return
    key = next((key for key in _NAMES if key in entry), None)
    if key is not None:
        sides = [{k: v for k, v in (side or {}).items() if k != key} for side in (before, after)]
        yield from _of_mappings(child(path, str(entry[key])), *sides)
        return
    if any("rows" in (side or {}) for side in (before, after)):
        at = f"{path}[{_in_words(_whom(entry))}]"
        rows = [(_as_rows(side) if side else {}).get("rows", []) for side in (before, after)]
        yield from _of_lists(at, *rows)
        return
    values = [None if side is None else _value(side) for side in (before, after)]
    if values[0] != values[1]:
        yield Change(path, _what(*values), _whom(entry), *values)


def _in_words(whom: Mapping[str, object]) -> str:
    return " ".join(f"{fact}={'|'.join(_each(value))}" for fact, value in whom.items()) or "-"


def _value(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: entry[key] for key in VALUE_KEYS if key in entry}
