"""One word per concept, and no name that says nothing."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.contract.proto import members
from tests.house.tree import ROOT, functions, modules, named, nodes, parsed, sources, tracked_texts

SAYS_NOTHING = {"base", "common", "helper", "helpers", "manager", "misc", "shared", "util", "utils"}

SYNONYMS = {
    "beneficiary": "member",
    "cents": "fen",
    "coinsurance": "pay ratio",
    "copay": "personal",
    "copayment": "personal",
    "customer": "member",
    "franchise": "deductible",
    "insuree": "member",
    "merchant": "institution",
    "patientid": "member",
    "payout": "pooled",
    "policyholder": "member",
    "pharmacyid": "institution",
    "reimbursement": "pooled",
    "ticketid": "request_id",
}
"""What a concept must not be called, and its name in the house (CONTRIBUTING.md, Names)."""

SYNONYMS_ZH = {
    "帐": "账",
    "统筹金": "统筹基金",
    "今年": "本年度",
    "起付线": "起付标准",
    "封顶线": "年度最高支付限额",
    "电子医保卡": "医保电子凭证",
}
"""The same for the sentences on the screen."""

UNITS = {"bp", "fen", "ms"}
"""Units stand last in a name, before nothing."""


@cache
def defined_by_word() -> dict[str, list[str]]:
    """Returns where a word is in the name of something: of a class, function, argument or value."""
    found: dict[str, list[str]] = {}
    for path in sources():
        for line, name in defined_names(path):
            parts = words(name)
            for word in dict.fromkeys((*parts, "".join(parts))):
                found.setdefault(word, []).append(f"{named(path)}:{line} {name}")
    return found


def defined_names(path: Path) -> Iterator[tuple[int, str]]:
    """Yields what a module gives a name to: classes, functions, arguments, values."""
    for node in nodes(path):
        match node:
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                yield node.lineno, node.name
            case ast.arg():
                yield node.lineno, node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.lineno, node.id


def values(path: Path) -> Iterator[tuple[int, str]]:
    """Yields the names of arguments and values only: a function may convert a unit."""
    for node in nodes(path):
        match node:
            case ast.arg():
                yield node.lineno, node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.lineno, node.id


@cache
def words(name: str) -> tuple[str, ...]:
    """Returns the words of a name in either spelling."""
    return (*re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().strip("_").split("_"),)


def test_no_module_is_called_by_a_name_that_says_nothing() -> None:
    found = [
        named(path)
        for path in modules(ROOT / "sdk" / "src", ROOT / "gateway" / "src", ROOT / "tests", ROOT / "examples")
        if SAYS_NOTHING.intersection(words(path.stem)) or SAYS_NOTHING.intersection(path.parent.parts[-1:])
    ]
    assert found == []


def test_no_class_is_called_a_helper_or_a_manager() -> None:
    found = [
        f"{named(path)}:{node.lineno} {node.name}"
        for path in sources()
        for node in nodes(path)
        if isinstance(node, ast.ClassDef) and SAYS_NOTHING.intersection(words(node.name)[-1:])
    ]
    assert found == []


@pytest.mark.parametrize("synonym", SYNONYMS)
def test_a_concept_has_one_name_in_code(synonym: str) -> None:
    found = defined_by_word().get(synonym, [])
    assert [f"{where}: say {SYNONYMS[synonym]}" for where in found] == []


def test_the_words_of_names_are_found() -> None:
    assert {"gateway", "requestid"} <= {*defined_by_word()}


@pytest.mark.parametrize("synonym", SYNONYMS)
def test_a_concept_has_one_name_in_the_contract(synonym: str) -> None:
    assert [m.where for m in members() if synonym in words(m.block) + words(m.name)] == []


@pytest.mark.parametrize("synonym", SYNONYMS_ZH)
def test_a_concept_has_one_name_in_chinese(synonym: str) -> None:
    found = [
        f"{named(path)}:{number} say {SYNONYMS_ZH[synonym]}"
        for path, text in tracked_texts()
        for number, line in enumerate(text.splitlines(), 1)
        if synonym in line and path != Path(__file__).resolve()
    ]
    assert found == []


def test_a_unit_stands_last_in_a_name() -> None:
    found = [
        f"{named(path)}:{line} {name}"
        for path in sources()
        for line, name in values(path)
        if name.islower() and UNITS.intersection(words(name)[:-1]) and words(name)[-1] not in UNITS
    ]
    assert found == []


def test_everything_public_says_what_it_is() -> None:
    found = []
    for path in sources():
        if ast.get_docstring(parsed(path)) is None:
            found.append(named(path))
        found += [
            f"{named(path)}:{node.lineno} {node.name}"
            for node in nodes(path)
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
            if not ast.get_docstring(node)
        ]
        found += [
            function.where
            for function in functions(path)
            if not function.node.name.startswith("_") and is_reachable(path, function.node)
            if not ast.get_docstring(function.node)
        ]
    assert found == []


def is_reachable(path: Path, function: ast.AST) -> bool:
    """Returns whether a function stands in a module or a public class, not in another function."""
    module = parsed(path)
    if function in module.body:
        return True
    return any(
        isinstance(node, ast.ClassDef) and not node.name.startswith("_") and function in node.body
        for node in module.body
    )


def test_nothing_is_left_for_later_in_a_comment() -> None:
    marks = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]) + r")\b")
    found = [
        f"{named(path)}:{number}"
        for path, text in tracked_texts()
        for number, line in enumerate(text.splitlines(), 1)
        if marks.search(line)
    ]
    assert found == []
