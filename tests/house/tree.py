"""The repository as the house rules see it: its sources, parsed once."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SDK = ROOT / "sdk" / "src" / "medsettle"
GATEWAY = ROOT / "gateway" / "src" / "medsettle_gateway"
GENERATED = SDK / "wire" / "v1"

PURE_FLOORS = ("domain", "policy", "ledger", "supervision", "eligibility", "reconcile")
"""Floors of the gateway that calculate: no input, no output, no clock."""


@dataclass(frozen=True)
class Function:
    """A function and where it stands."""

    where: str
    node: ast.FunctionDef | ast.AsyncFunctionDef

    @property
    def line_count(self) -> int:
        return (self.node.end_lineno or self.node.lineno) - self.node.lineno + 1


def modules(*roots: Path) -> list[Path]:
    """Returns the modules below the roots, without generated ones."""
    found = (path for root in roots for path in sorted(root.rglob("*.py")))
    return [path for path in found if not path.is_relative_to(GENERATED) and "__pycache__" not in path.parts]


def sources() -> list[Path]:
    """Returns the modules of both packages."""
    return modules(SDK, GATEWAY)


def named(path: Path) -> str:
    """Returns a path as people read it."""
    return path.relative_to(ROOT).as_posix()


@cache
def parsed(path: Path) -> ast.Module:
    """Returns the syntax tree of a module."""
    return ast.parse(path.read_text("utf-8"))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Returns everything that the module consists of."""
    return (*ast.walk(parsed(path)),)


def functions(path: Path) -> Iterator[Function]:
    """Yields all functions of a module, nested ones too."""
    for node in nodes(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield Function(f"{named(path)}:{node.lineno} {node.name}", node)


@cache
def tracked() -> tuple[Path, ...]:
    """Returns the files that git knows."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True, encoding="utf-8"
    ).stdout
    return tuple(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())


@cache
def tracked_texts() -> tuple[tuple[Path, str], ...]:
    """Returns the text files that git knows, with their text."""
    texts = []
    for path in tracked():
        try:
            texts.append((path, path.read_text("utf-8")))
        except UnicodeDecodeError:
            continue
    return tuple(texts)
