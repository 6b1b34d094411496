"""The comparison measures engines that do the same: all of them agree with the rules written out by hand."""

from importlib.util import find_spec

import pytest

from tests.bench.comparing import Engine, check, openfisca_engines, own_engines, zen_engines
from tests.bench.small import by_hand
from tests.bench.small.cases import CLASSES, KINDS, LEVELS, STANDINGS, Parts, random_cases

CASES = random_cases(300)


def absent(package: str) -> bool:
    return find_spec(package) is None


@pytest.mark.parametrize("engine", own_engines(), ids=lambda engine: engine.name)
def test_the_pack_says_what_the_rules_by_hand_say(engine: Engine) -> None:
    check(engine, CASES)


@pytest.mark.skipif(absent("zen"), reason="zen-engine comes with the bench extra: make bench")
def test_zen_says_what_the_rules_by_hand_say() -> None:
    for engine in zen_engines():
        check(engine, CASES)


@pytest.mark.skipif(absent("openfisca_core"), reason="openfisca-core comes with the bench extra: make bench")
def test_openfisca_says_what_the_rules_by_hand_say() -> None:
    for engine in openfisca_engines():
        check(engine, CASES[:50])


def test_a_difference_of_one_fen_is_found() -> None:
    def one_more(parts: Parts) -> Parts:
        return parts._replace(cash=parts.cash + 1)

    wrong = Engine("wrong by a fen", lambda case: case, by_hand.calculate, one_more, 1)
    with pytest.raises(AssertionError, match="wrong by a fen"):
        check(wrong, CASES)


def test_the_random_cases_reach_every_rule() -> None:
    lines = [line for case in CASES for line in case.lines]
    assert {line.kind for line in lines} == set(KINDS)
    assert {line.catalogue_class for line in lines} == set(CLASSES)
    assert {(case.level, case.standing) for case in CASES} == {(a, b) for a in LEVELS for b in STANDINGS}
    found = [by_hand.calculate(case) for case in CASES]
    for part in Parts._fields:
        amounts = [getattr(each, part) for each in found]
        assert any(amounts), f"no case has any {part}"
        assert len(set(amounts)) > len(CASES) // 20, f"{part} hardly differs"


def test_the_same_seed_gives_the_same_cases() -> None:
    assert random_cases(20) == CASES[:20]
    assert random_cases(20, seed=1) != CASES[:20]
