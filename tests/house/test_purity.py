"""What calculates money does so in whole fen, and what a simulation drives has one order."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.order import iterations_over_sets
from tests.house.tree import GATEWAY, PURE_FLOORS, ROOT, SDK, modules, named, parsed

INEXACT = {"float", "Decimal", "Fraction", "round"}


def pure_modules() -> list[Path]:
    return modules(*(GATEWAY / floor for floor in PURE_FLOORS))


def type_questions(module: ast.Module) -> Iterator[ast.AST]:
    """Yields what stands where a type is asked for: in isinstance and in a class pattern."""
    for node in ast.walk(module):
        match node:
            case ast.Call(func=ast.Name(id="isinstance"), args=[_, asked]) | ast.MatchClass(cls=asked):
                yield from ast.walk(asked)


def inexact(path: Path) -> Iterator[str]:
    """Yields each place of a module where a number could lose its last fen; asking for a type is none."""
    asked = set(type_questions(parsed(path)))
    for node in ast.walk(parsed(path)):
        match node:
            case ast.Name() if node in asked:
                continue
            case ast.Constant(value=float()):
                yield f"{named(path)}:{node.lineno} {node.value!r}"
            case ast.Name(id=name) if name in INEXACT:
                yield f"{named(path)}:{node.lineno} {name}"
            case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
                yield f"{named(path)}:{node.lineno} /"
            case ast.ImportFrom(module="decimal" | "fractions" | "math"):
                yield f"{named(path)}:{node.lineno} {node.module}"


@pytest.mark.parametrize("path", pure_modules(), ids=named)
def test_a_pure_floor_has_no_inexact_number(path: Path) -> None:
    assert list(inexact(path)) == []


@pytest.mark.parametrize(
    "path",
    [*pure_modules(), *modules(GATEWAY / "service"), GATEWAY / "rpc" / "calls.py", SDK / "sale.py"],
    ids=named,
)
def test_nothing_depends_on_the_order_of_a_set(path: Path) -> None:
    assert [f"{named(path)}:{line}" for line in iterations_over_sets(parsed(path))] == []


def test_the_import_contract_binds_the_floors_that_are_held_to_whole_numbers_and_no_others() -> None:
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]
    (pure,) = (each for each in tools["importlinter"]["contracts"] if each["id"] == "pure")
    bound = {name.removeprefix("medsettle_gateway.") for name in pure["source_modules"]}
    assert bound == {floor for floor in PURE_FLOORS if (GATEWAY / floor).exists()}
