"""Where another authority decides, a quote and a sale look at the same things before it is asked."""

from collections.abc import AsyncIterator
from copy import deepcopy
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pytest
from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.asked import Basket
from medsettle_gateway.files.packs import read_pack, shipped_packs
from medsettle_gateway.policy.loader import PackSource
from medsettle_gateway.policy.registry import Packs
from medsettle_gateway.service.commands import Quote, QuoteAnswer, RefusedAnswer, SaleAnswer
from medsettle_gateway.service.eligibility_token import Binding, EligibilityTokens
from tests.gateway.service.remote_world import RemoteWorld
from tests.gateway.service.test_watching import WATCHED
from tests.gateway.service.world import CLINIC, DAUGHTER, FATHER, NOON, PHARMACY, basket, caller, line, split

TOKENS = EligibilityTokens(b"q" * 32)
"""Those of the world."""


@cache
def packs(*benefits: str) -> Packs:
    """The region under supervision; ninety days of a drug are honest in these benefits, fifteen in others."""
    source = read_pack(WATCHED)
    data: Any = deepcopy(source.data)
    rules = {rule["id"]: rule for rule in data["supervision"]}
    longer = [{"days_supply": 90, "benefits": list(benefits)}] if benefits else []
    data["supervision"] = [{**rules["over_days"], "longer": longer}]
    return Packs.load([*shipped_packs(), PackSource(source.name, data, source.lines)])


async def begun(**changes: Any) -> RemoteWorld:
    return await RemoteWorld(**changes).begun()


@pytest.fixture
async def world() -> AsyncIterator[RemoteWorld]:
    made = await begun()
    yield made
    await made.ends()


def told(member: str = FATHER, institution: str = CLINIC, until: datetime = NOON + timedelta(hours=1)) -> str:
    """The token of a check."""
    return TOKENS.issue(Binding(member, institution, NOON, until))


def quote(world: RemoteWorld, bought: Basket, **changes: Any) -> Quote:
    return Quote(caller("1"), world.credential(FATHER), bought, "li", **changes)


@pytest.mark.parametrize(
    ("token", "why"),
    [
        ("MSE1.e30.e30", "not_issued_here"), (told(institution=PHARMACY), "other_institution"),
        (told(member=DAUGHTER), "other_patient"),
    ],
    ids=["forged", "of another place", "of another patient"],
)
async def test_the_token_of_a_check_is_looked_at_before_the_authority_is_asked(
    world: RemoteWorld, token: str, why: str
) -> None:
    bought = basket()
    commands = (
        quote(world, bought, eligibility_token=token),
        world.settle(basket=bought, expected=split(25_000, 25_000), eligibility_token=token),
    )
    for command in commands:
        answer = await world.ask(command)
        assert isinstance(answer, RefusedAnswer), answer
        assert answer.refusal.reason is Reason.ELIGIBILITY_INVALID
        assert answer.refusal.detail == {"eligibility": why}
    assert world.authority.asked == []


@pytest.mark.parametrize("token", [told(), told(until=NOON)], ids=["that binds", "that is over"])
async def test_a_token_that_is_right_or_over_stops_nothing(world: RemoteWorld, token: str) -> None:
    bought = basket()
    quoted = await world.ask(quote(world, bought, eligibility_token=token))
    assert isinstance(quoted, QuoteAnswer), quoted
    sold = await world.ask(world.settle(basket=bought, expected=quoted.split, eligibility_token=token))
    assert isinstance(sold, SaleAnswer), sold


@pytest.mark.parametrize(
    ("longer_for", "asked_for", "found"),
    [
        ((), None, ["OVER_DAYS"]),
        (("general_outpatient",), None, ["OVER_DAYS"]),
        (("general_outpatient",), "general_outpatient", []),
    ],
    ids=["no benefit has more days", "the authority's benefit has", "the benefit that the till asks for has"],
)
async def test_a_quote_warns_of_what_the_sale_is_stopped_for(
    longer_for: tuple[str, ...], asked_for: str | None, found: list[str]
) -> None:
    """How the authority divides a sale is known to a quote, and not to a sale before it is charged."""
    world = await begun(packs=packs(*longer_for))
    bought = basket(structs.replace(line("DRUG", 3_000), days_supply=60, benefit=asked_for))
    quoted = await world.ask(quote(world, bought))
    assert isinstance(quoted, QuoteAnswer), quoted
    assert [each.benefit for each in quoted.settlements] == ["general_outpatient"]
    assert [each.code for each in quoted.advisories if each.verdict is not None] == found
    sold = await world.ask(world.settle(basket=bought, expected=quoted.split))
    if found:
        assert isinstance(sold, RefusedAnswer), sold
        assert [each.code for each in sold.refusal.findings] == found
    else:
        assert isinstance(sold, SaleAnswer), sold
    await world.ends()
