"""The table of rules: each rule of the documents has one row, and each test that a row names is there."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import pytest

from tests.house.tree import ROOT

TABLE = ROOT / "gateway" / "RULES.md"
RULES = (
    *(f"B{number}" for number in range(1, 39)),
    *(f"C1.{number}" for number in range(1, 14)),
    *(f"C2.{number}" for number in range(1, 6)),
    *(f"D1.{number}" for number in range(1, 17)),
    *(f"D2.{number}" for number in range(1, 4)),
    *(f"D3.{number}" for number in range(1, 9)),
)
"""Who may have what, where and when (B), accounts (C), pharmacies and chronic conditions (D)."""
_NAMED = re.compile(r"`(?P<file>tests/[a-z0-9_/]+\.py)::(?P<test>test_[a-z0-9_]+)`")
_CASE = re.compile(r"`(?P<file>tests/cases/[^`]+\.yaml)`")
"""A worked example; ``tests/gateway/policy/test_case_files.py`` runs every one."""


class Row(NamedTuple):
    rule: str
    asks: str
    shown: str


def rows() -> Iterator[Row]:
    for line in TABLE.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if line.startswith("| ") and len(cells) == len(Row._fields) and re.match(r"[BCD][0-9]", cells[0]):
            yield Row(*cells)


@cache
def defined_in(file: str) -> frozenset[str]:
    path = ROOT / file
    tree = ast.parse(path.read_text("utf-8")) if path.exists() else ast.Module([], [])
    return frozenset(
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def test_every_rule_has_one_row_and_no_row_is_of_no_rule() -> None:
    assert Counter(row.rule for row in rows()) == Counter(RULES)


@pytest.mark.parametrize("row", list(rows()), ids=lambda row: row.rule)
def test_a_row_says_by_which_tests_the_rule_is_kept_or_why_it_is_out(row: Row) -> None:
    named = list(_NAMED.finditer(row.shown))
    cases = list(_CASE.finditer(row.shown))
    missing = [match[0] for match in named if match["test"] not in defined_in(match["file"])]
    missing += [match[0] for match in cases if not (ROOT / match["file"]).is_file()]
    assert not missing
    found = len(named) + len(cases)
    assert found or row.shown.startswith("out: "), f"{row.rule} names no test and gives no reason"
    assert row.shown.count("tests/") == found, f"{row.rule} names a test that cannot be read"
