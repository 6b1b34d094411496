"""Small things are read; large things are only searched."""

from pathlib import Path

import pytest

from tests.house.tree import ROOT, Function, functions, modules, named, sources

MODULE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
FUNCTION_LINES_95 = 47


def all_functions() -> list[Function]:
    return [function for path in sources() for function in functions(path)]


def limited_modules() -> list[Path]:
    return modules(ROOT / "sdk" / "src", ROOT / "gateway" / "src", ROOT / "tests")


@pytest.mark.parametrize("path", limited_modules(), ids=named)
def test_a_module_has_at_most_400_lines(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= MODULE_LINES_MAX


def test_a_function_has_at_most_60_lines() -> None:
    too_long = [f"{f.where}: {f.line_count}" for f in all_functions() if f.line_count > FUNCTION_LINES_MAX]
    assert too_long == []


def test_of_100_functions_95_are_under_47_lines() -> None:
    counts = sorted(function.line_count for function in all_functions())
    assert counts[len(counts) * 95 // 100] < FUNCTION_LINES_95


def test_the_median_function_has_at_most_9_lines() -> None:
    counts = sorted(function.line_count for function in all_functions())
    assert counts[len(counts) // 2] <= 9
