"""Reads plain data (mappings, lists, texts, numbers) into typed values, and keeps every fault.

Nothing stops at the first mistake: a policy officer who wrote five should see five, each with
its path and line.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from enum import StrEnum
from typing import Final, TypeVar

_Member = TypeVar("_Member", bound=StrEnum)

_ISO_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ID: Final = re.compile(r"[a-z][a-z0-9_]*")
_SHOWN_MOST: Final = 200

LineNumbers = Mapping[str, int]
"""Path -> line of the file, from 1."""

LOCAL_FIGURE: Final = "本地参数 / local figure"
"""Stands for the clause of a row that a case brings without one."""

DECIDING: Final = ("amount", "ratio", "share", "unit_price", "none", "add")
"""The keys of which one gives a row its figure."""


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One mistake: where (path, and line of the file or 0 if unknown) and what."""

    line: int
    path: str
    message: str

    def __str__(self) -> str:
        """``line 12, benefits.x.ratio: message``."""
        where = self.path or "(top)"
        return f"line {self.line}, {where}: {self.message}" if self.line else f"{where}: {self.message}"


class Invalid(ValueError):  # noqa: N818 - it names the state of the data
    """Data that breaks its format; ``faults`` lists every mistake, in file order."""

    def __init__(self, name: str, faults: Iterable[Fault]) -> None:
        """Name the file or data set; ``str()`` lists the faults one a line."""
        self.name = name
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(f"{name}: {fault}" for fault in self.faults))


def child(path: str, key: str | int) -> str:
    """The path of a key or of a list element."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key


def above(path: str) -> str:
    """The path of the mapping or list that holds it; empty at the top."""
    return path[: max(path.rfind("."), path.rfind("["), 0)]


def line_of(lines: LineNumbers, path: str) -> int:
    """The line of the nearest path that the file knows, going up; 0 if it knows none."""
    while path not in lines and path:
        path = above(path)
    return lines.get(path, 0)


def given(data: Mapping[str, object]) -> Mapping[str, object]:
    """Without the keys that are written as null: the same as leaving them out."""
    return {key: value for key, value in data.items() if value is not None}


@dataclass(slots=True)
class Reader:
    """Collects faults while values are read; a faulty value gives a harmless stand-in.

    ``clause_free`` are the paths whose rows need no clause (a case's or a region's own figures);
    ``local_clause`` stands for it.
    """

    name: str
    lines: LineNumbers = field(default_factory=dict)
    clause_free: tuple[str, ...] = ()
    local_clause: str = LOCAL_FIGURE
    faults: list[Fault] = field(default_factory=list)

    @property
    def is_for_case(self) -> bool:
        """Are there figures of a case in it, which may be put anywhere, and not only a region's?"""
        return bool(self.clause_free) and self.local_clause == LOCAL_FIGURE

    def fault(self, path: str, message: str) -> None:
        """Keep one mistake, with the line of the nearest path that the file knows."""
        self.faults.append(Fault(line_of(self.lines, path), path, message))

    def finish(self) -> None:
        """Raise Invalid with every fault kept so far, if there is one."""
        if self.faults:
            raise Invalid(self.name, self.faults)

    def needs_clause(self, path: str) -> bool:
        """Must a row at this path name its clause? Not if it, or its figure, was brought."""
        for free in self.clause_free:
            above, _, key = free.rpartition(".")
            if path == free or path.startswith((free + ".", free + "[")):
                return False
            if path == above and key in DECIDING:
                return False
        return True

    def mapping(
        self, value: object, path: str, allowed: Iterable[str], required: Iterable[str] = (), hint: str = ""
    ) -> Mapping[str, object]:
        """The mapping, without keys that the format does not know; ``hint`` says what else they may be."""
        if not isinstance(value, Mapping):
            self.fault(path, f"expected a mapping, got {_shown(value)}")
            return {}
        known = tuple(allowed)
        for key in value:
            if key not in known:
                message = f"unknown key{meant(str(key), known)}; known here: {', '.join(known)}{hint}"
                self.fault(child(path, str(key)), message)
        for key in required:
            if value.get(key) is None:
                self.fault(path, f"missing key {key!r}")
        return {key: entry for key, entry in value.items() if key in known}

    def section(
        self, value: object, path: str, allowed: Iterable[str], required: Iterable[str] = ()
    ) -> Mapping[str, object]:
        """The same without what is written as null, which says as much as leaving it out."""
        return given(self.mapping(value, path, allowed, required))

    def items(self, value: object, path: str) -> list[tuple[str, object]]:
        """The elements of a list, each with its path."""
        if not isinstance(value, Sequence) or isinstance(value, str):
            self.fault(path, f"expected a list, got {_shown(value)}")
            return []
        return [(child(path, index), element) for index, element in enumerate(value)]

    def text(self, value: object, path: str, *, empty: bool = False) -> str:
        """A text on one line."""
        if isinstance(value, str) and (value.strip() or empty):
            return value
        self.fault(path, f"expected a text, got {_shown(value)}")
        return ""

    def id(self, value: object, path: str) -> str:
        """An id: lower-case letters, digits and underscores."""
        if isinstance(value, str) and _ID.fullmatch(value):
            return value
        self.fault(path, f"expected an id like general_outpatient, got {_shown(value)}")
        return ""

    def ids(self, value: object, path: str) -> tuple[str, ...]:
        """A list of ids, each at most once."""
        found: dict[str, None] = {}
        for at, entry in self.items(value, path):
            read = self.id(entry, at)
            if read and read in found:
                self.fault(at, f"{read} is named twice")
            found[read] = None
        return tuple(found)

    def flag(self, value: object, path: str) -> bool:
        """``true`` or ``false``."""
        if not isinstance(value, bool):
            self.fault(path, f"expected true or false, got {_shown(value)}")
            return False
        return value

    def count(self, value: object, path: str, least: int = 1) -> int:
        """A whole number from ``least``."""
        if isinstance(value, int) and not isinstance(value, bool) and value >= least:
            return value
        self.fault(path, f"expected a whole number from {least}, got {_shown(value)}")
        return least

    def day(self, value: object, path: str) -> date:
        """A date written YYYY-MM-DD."""
        if isinstance(value, str) and _ISO_DAY.fullmatch(value):
            try:
                return date.fromisoformat(value)
            except ValueError:
                self.fault(path, f"there is no such day: {value}")
                return date.min
        self.fault(path, f"expected a date like 2023-03-01, got {_shown(value)}")
        return date.min

    def choice(self, value: object, path: str, kind: type[_Member]) -> _Member:
        """One of the values of an enumeration."""
        if isinstance(value, str):
            try:
                return kind(value)
            except ValueError:
                pass
        members = tuple(kind)
        known = ", ".join(member.value for member in members)
        self.fault(path, f"expected one of {known}, got {_shown(value)}")
        return members[0]

    def choices(self, value: object, path: str, kind: type[_Member]) -> tuple[_Member, ...]:
        """A list of values of an enumeration, each at most once."""
        found: dict[_Member, None] = {}
        for at, entry in self.items(value, path):
            faults = len(self.faults)
            member = self.choice(entry, at, kind)
            if member in found and len(self.faults) == faults:
                self.fault(at, f"{member.value} is named twice")
            found[member] = None
        return tuple(found)

    def number(self, value: object, path: str, parse: Callable[[str], int]) -> int:
        """A decimal string, read by one of the parsers of ``domain.money``."""
        if isinstance(value, str):
            try:
                return parse(value)
            except ValueError as error:
                self.fault(path, str(error))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            self.fault(path, f'write the number in quotes: "{_as_text(value, parse)}"')
        else:
            self.fault(path, f"expected a decimal string, got {_shown(value)}")
        return 0


def meant(written: str, known: Iterable[str]) -> str:
    """`` (did you mean clause?)`` for what looks like a slip of a known word; else empty."""
    near = get_close_matches(written, [word for word in known if word[:1] == written[:1]], 1)
    return f" (did you mean {near[0]}?)" if near else ""


def _as_text(number: object, parse: Callable[[str], int]) -> str:
    """The number as its parser takes it: YAML keeps no zeros at its end."""
    for text in (f"{number}", f"{number:.2f}"):
        try:
            parse(text)
        except ValueError:
            continue
        return text
    return f"{number}"


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "a list"
    if isinstance(value, str) and len(value) > _SHOWN_MOST:
        return f"a text of {len(value)} characters"  # another kind of file altogether, which may name people
    return repr(value)
