"""The order in which several processes run the tests."""

import pytest

from tests.dealing import LONGEST, dealt
from tests.house.tree import ROOT

SHORT = [f"short/test_{letter}.py" for letter in "abcdefgh"]


def test_modules_that_take_long_are_there() -> None:
    assert [module for module in LONGEST if not (ROOT / module).is_file()] == []


@pytest.mark.parametrize("processes_count", [1, 2, 3, 4, 7])
def test_each_test_is_dealt_once(processes_count: int) -> None:
    tests = [*SHORT, *LONGEST, *SHORT]
    found = dealt(tests, lambda module: module, processes_count)
    assert sorted(found) == sorted(tests)


def test_each_process_begins_with_a_module_that_takes_long() -> None:
    tests = [(module, number) for module in (*SHORT * 8, *LONGEST) for number in range(4)]
    found = dealt(tests, lambda test: test[0], 4)
    share = len(tests) // 4
    assert [found[begin][0] for begin in range(0, len(tests), share)] == [*LONGEST[:4]]
    assert [test for test in found if test[0] == LONGEST[0]] == [(LONGEST[0], number) for number in range(4)]


def test_a_few_tests_are_all_dealt_too() -> None:
    assert dealt([LONGEST[0]] * 3, lambda module: module, 4) == [LONGEST[0]] * 3
    assert dealt([], str, 4) == []
