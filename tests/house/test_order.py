"""The finder of loops over sets finds them, and nothing else."""

import ast

import pytest

from tests.house.order import iterations_over_sets


@pytest.mark.parametrize(
    "text",
    [
        "for x in {1, 2}: pass",
        "for x in set(y): pass",
        "s = {1}\nfor x in s: pass",
        "def f(keys: frozenset[str]) -> list[str]:\n    return [k for k in keys]",
        "x = tuple({1, 2})",
        "for k in a.keys() | b.keys(): pass",
        "for k in set(a) - set(b): pass",
        "x = ','.join({'a'})",
        "d = {k: 1 for k in set(y)}",
    ],
)
def test_a_loop_over_a_set_is_found(text: str) -> None:
    assert list(iterations_over_sets(ast.parse(text)))


@pytest.mark.parametrize(
    "text",
    [
        "for x in sorted({1, 2}): pass",
        "for x in [1, 2]: pass",
        "for k in d.keys(): pass",
        "s = {x for x in {1, 2}}",
        "n = sum(x for x in {1, 2})",
        "ok = 1 in {1, 2}",
    ],
)
def test_what_has_an_order_is_left_alone(text: str) -> None:
    assert list(iterations_over_sets(ast.parse(text))) == []
