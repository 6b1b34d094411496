"""A reason that nobody raises is a promise that nobody keeps; one that no test meets may be broken."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from medsettle.wire.reasons import Reason
from tests.house.tree import GATEWAY, ROOT, modules, parsed

NOT_OFFERED_YET = {
    Reason.LATER_SALE_EXISTS: "no pack demands last-first yet",
}
"""In the contract today, so that a till of today can show them; this list only becomes shorter."""

OFFERED = [reason for reason in Reason if reason not in NOT_OFFERED_YET]


def reasons_named(path: Path) -> Iterator[str]:
    """Yields the reasons that a module names: as ``Reason.X``, or as the text that is sent."""
    for node in ast.walk(parsed(path)):
        match node:
            case ast.Attribute(value=ast.Name(id="Reason"), attr=name):
                yield name
            case ast.Constant(value=str(text)) if text in Reason.__members__:
                yield text


@cache
def raised() -> frozenset[str]:
    """Returns the reasons that the gateway's code names, and those that the table of states refuses with."""
    table = ROOT / "sdk" / "src" / "medsettle" / "wire" / "states.py"
    named = {name for path in [*modules(GATEWAY), table] for name in reasons_named(path)}
    return frozenset(named)


@cache
def met_by_tests() -> frozenset[str]:
    """Returns the reasons that a test or a case file names; the rules of the house don't count."""
    house = ROOT / "tests" / "house"
    own = [path for path in modules(ROOT / "tests") if not path.is_relative_to(house)]
    named = {name for path in own for name in reasons_named(path)}
    for case in (ROOT / "tests").rglob("*.yaml"):
        words = set(case.read_text("utf-8").replace(",", " ").replace("}", " ").split())
        named |= words.intersection(Reason.__members__)
    return frozenset(named)


@pytest.mark.parametrize("reason", OFFERED)
def test_a_reason_is_raised_somewhere(reason: Reason) -> None:
    assert reason in raised()


@pytest.mark.parametrize("reason", NOT_OFFERED_YET)
def test_a_reason_that_is_raised_is_no_longer_kept_for_later(reason: Reason) -> None:
    assert reason not in raised()


@pytest.mark.parametrize("reason", OFFERED)
def test_a_reason_is_met_by_a_test(reason: Reason) -> None:
    assert reason in met_by_tests()
