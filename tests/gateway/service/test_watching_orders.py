"""Emergency orders at the counter: the rules of supervision that they name do not look meanwhile."""

from datetime import timedelta
from typing import Any

import pytest

from medsettle_gateway.domain.orders import ORDER_STATEMENT, OrderRecord, order_text
from medsettle_gateway.service.emergency import Orders
from tests.gateway.service.test_emergency import Root, order, signed
from tests.gateway.service.test_watching import a_world, codes, drug, stopped
from tests.gateway.service.world import CLINIC, NOON, PHARMACY, REGION, basket

DAY = timedelta(days=1)


def an_order(**changes: Any) -> OrderRecord:
    facts: dict[str, Any] = {
        "region": REGION, "waives": (), "holds_from": NOON.date(), "holds_to": NOON.date(),
        "skips": ("over_days",), **changes,
    }
    return order(**facts)


@pytest.mark.parametrize(("changes", "skipped"), [
    ({}, True),
    ({"institutions": (CLINIC,)}, True),
    ({"institutions": (PHARMACY,)}, False),
    ({"skips": ("two_places",)}, False),
    ({"skips": ()}, False),
    ({"holds_from": NOON.date() + DAY, "holds_to": NOON.date() + DAY}, False),
])
async def test_an_emergency_order_skips_the_rules_that_it_names(
    changes: dict[str, Any], skipped: bool
) -> None:
    world = await a_world(orders=Orders(Root()))
    one = an_order(**changes)
    world.store.tables.orders[one.id] = signed(one)
    quote = await world.quoted(basket=basket(drug(days=90)))
    assert ("OVER_DAYS" not in [each.code for each in quote.advisories]) is skipped


async def test_a_forged_order_skips_nothing() -> None:
    world = await a_world(orders=Orders(Root()))
    one = an_order()
    world.store.tables.orders[one.id] = signed(one)._replace(statement=order_text(an_order(author="x")))
    assert codes(await stopped(world, drug(days=90))) == ["OVER_DAYS"]


def test_an_order_that_was_signed_before_there_were_rules_still_verifies() -> None:
    old = order_text(an_order()).replace(',"skips":["over_days"]', "")
    assert "skips" not in old
    whole = signed(an_order())._replace(statement=old, signature=Root.sign(ORDER_STATEMENT + old.encode()))
    assert Orders(Root()).read(whole) == an_order(skips=())
