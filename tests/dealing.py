"""Which tests come first where several processes share them: those that take longest, one kind in each.

Whoever has nothing left takes tests from the others, but never the last few: a test of two minutes among
those would be waited for by all.
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

T = TypeVar("T")

LONGEST: Final = (
    "tests/simulation/test_simulation.py",
    "tests/e2e/test_pages.py",
    "tests/e2e/test_returns.py",
    "tests/e2e/test_restore.py",
    "tests/model/test_model.py",
    "tests/e2e/test_examples.py",
    "tests/e2e/test_prescriptions.py",
    "tests/chaos/test_chaos.py",
    "tests/model/test_mutations.py",
    "tests/e2e/test_wheels.py",
    "tests/e2e/test_workers.py",
)
"""Modules of tests, the longest first."""


def dealt(tests: Sequence[T], module_of: Callable[[T], str], processes_count: int) -> list[T]:
    """Returns the same tests, for processes that begin with equal shares of them: each with a long module."""
    long: dict[str, list[T]] = {module: [] for module in LONGEST}
    rest: list[T] = []
    for test in tests:
        long.get(module_of(test), rest).append(test)
    hands: list[list[T]] = [[] for _ in range(processes_count)]
    for number, module in enumerate(LONGEST):
        hands[number % processes_count] += long[module]
    found: list[T] = []
    left = len(tests)
    for number, hand in enumerate(hands):
        share = left // (processes_count - number)
        more = max(0, share - len(hand))
        found += [*hand, *rest[:more]]
        del rest[:more]
        left -= share
    return found + rest
