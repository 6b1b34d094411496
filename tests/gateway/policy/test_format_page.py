"""The page of the format lists every value that a built-in fact may have, and no other."""

import re
from importlib import resources

import pytest

from medsettle_gateway.domain.member import Owner
from medsettle_gateway.policy.facts import FACT_VALUES

PAGE = resources.files("medsettle_gateway").joinpath("policies/FORMAT.md").read_text("utf-8")
VALUES = {
    match[1]: tuple(re.findall(r"`([^`]+)`", match[2]))
    for match in re.finditer(r"^\| `(\w+)` \S+ \| (`.*) \|$", PAGE, re.MULTILINE)
}


def test_the_page_lists_the_values_of_every_fact_that_has_any() -> None:
    assert set(VALUES) == {fact for fact, values in FACT_VALUES.items() if values}


@pytest.mark.parametrize("fact", [fact for fact, values in FACT_VALUES.items() if values])
def test_the_page_lists_the_values_of_a_fact_in_their_order(fact: str) -> None:
    assert VALUES[fact] == FACT_VALUES[fact]


def test_the_page_lists_the_owners_of_accounts() -> None:
    (listed,) = re.findall(r"`accounts\.owners`\s+takes\s+([^.]*)\.", PAGE)
    assert tuple(re.findall(r"`(\w+)`", listed)) == tuple(owner.value for owner in Owner)
