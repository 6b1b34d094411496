"""Conditions that rows ask for by a name that looks like a slip of another."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from medsettle.wire.called import CONDITION_NAMES
from medsettle_gateway.policy.check_rows import Said
from medsettle_gateway.policy.finding import Level
from medsettle_gateway.policy.reading import child

_CONDITION: Final = "condition"
_LETTERS_LEAST: Final = 5
"""Shorter words may well differ by one letter: hepatitis_b and hepatitis_c are two conditions."""


def check_conditions(data: Mapping[str, object], known: Iterable[str] = ()) -> Iterator[Said]:
    """Conditions that are one letter away from another one of the file, or of those that are ``known``.

    ``data`` is what the pack or overlay was read from.
    """
    named = tuple(_named(data, ""))
    counts: dict[str, int] = {}
    for _, condition in named:
        counts[condition] = counts.get(condition, 0) + 1
    spelt = dict.fromkeys((*CONDITION_NAMES, *known))
    told: dict[str, None] = {}
    for path, condition in named:
        if condition in spelt or condition in told:
            continue
        often = [other for other, count in counts.items() if count > counts[condition]]
        near = next((other for other in (*spelt, *often) if is_slip(condition, other)), None)
        if near is not None:
            told[condition] = None
            yield path, Level.WARNING, f"no other row names {condition}; did you mean {near}?"


def conditions_of(data: Mapping[str, object]) -> tuple[str, ...]:
    """Every condition that a pack asks for, once."""
    return tuple(dict.fromkeys(condition for _, condition in _named(data, "")))


def is_slip(written: str, meant: str) -> bool:
    """Do two ids differ in one letter of one longer word: one more, one less, another, or two swapped?"""
    words, others = written.split("_"), meant.split("_")
    if len(words) != len(others):
        return False
    apart = [(one, other) for one, other in zip(words, others, strict=True) if one != other]
    return len(apart) == 1 and _one_letter_apart(*apart[0])


def _one_letter_apart(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) < _LETTERS_LEAST or not (shorter + longer).isalpha() or len(longer) > len(shorter) + 1:
        return False
    same = next((at for at, letter in enumerate(shorter) if letter != longer[at]), len(shorter))
    if len(longer) > len(shorter):
        return shorter[same:] == longer[same + 1 :]
    if shorter[same + 1 :] == longer[same + 1 :]:
        return True
    swapped = shorter[same : same + 2] == longer[same : same + 2][::-1]
    return swapped and shorter[same + 2 :] == longer[same + 2 :]


def _named(value: object, path: str) -> Iterator[tuple[str, str]]:
    """Every condition that is asked for, with its place."""
    if isinstance(value, Mapping):
        for key, entry in value.items():
            at = child(path, str(key))
            if key == _CONDITION:
                yield from _listed(entry, at)
            else:
                yield from _named(entry, at)
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _named(entry, child(path, index))


def _listed(value: object, path: str) -> Iterator[tuple[str, str]]:
    entries = value if isinstance(value, list) else [value]
    yield from ((path, entry) for entry in entries if isinstance(entry, str))
