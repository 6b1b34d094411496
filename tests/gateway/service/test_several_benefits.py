"""One basket, several benefits: one settlement each, together or not at all."""

from dataclasses import replace
from datetime import timedelta

from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle_gateway.domain.asked import Collect
from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY
from medsettle_gateway.domain.split import Split
from tests.gateway.service.books_hold import check_store
from tests.gateway.service.county import HONG, LAN, a_world, cold, pill, used
from tests.gateway.service.world import basket

BOTH = basket(cold(), pill())
SHARES = Split.make({"pooled": 5_000, "chronic": 6_000}, {}, 19_000)
"""200.00 less 100.00 deductible at 50 %, and 100.00 at 60 %."""


async def test_a_cold_remedy_and_a_chronic_drug_are_two_settlements_on_one_receipt() -> None:
    world = await a_world()
    sale = await world.settled(who=LAN, basket=BOTH)
    assert [(each.number, each.benefit) for each in sale.settlements] == [
        (1, "general_outpatient"), (2, "chronic_outpatient"),
    ]
    assert [[each.line_id for each in settlement.lines] for settlement in sale.settlements] == [["c"], ["p"]]
    assert sale.split == SHARES
    assert sale.receipt_token
    check_store(world.store)


async def test_a_benefit_that_is_named_takes_every_line() -> None:
    world = await a_world()
    sale = await world.settled(who=LAN, basket=replace(BOTH, benefit="general_outpatient"))
    assert [each.benefit for each in sale.settlements] == ["general_outpatient"]
    assert sale.split == Split.make({"pooled": 10_000}, {}, 20_000)


async def test_a_line_may_name_a_benefit_of_its_own() -> None:
    world = await a_world()
    lines = (cold(benefit=PERSONAL_ACCOUNT_ONLY), pill())
    sale = await world.settled(who=LAN, basket=basket(*lines, benefit="chronic_outpatient"))
    assert [each.benefit for each in sale.settlements] == ["chronic_outpatient", PERSONAL_ACCOUNT_ONLY]
    assert sale.split == Split.make({"chronic": 6_000}, {}, 24_000)


async def test_the_second_settlement_sees_what_the_first_left_of_the_account() -> None:
    world = await a_world(hong_fen=18_000)
    sale = await world.settled(who=HONG, basket=BOTH)
    paid = [each.breakdown.accounts[0].amount_fen for each in sale.settlements]
    assert paid == [15_000, 3_000]
    assert world.balance("a-hong") == (0, 0)
    assert sale.split == Split.make({"pooled": 5_000, "chronic": 6_000}, {"a-hong": 18_000}, 1_000)
    check_store(world.store)


async def test_two_benefits_on_one_counter_move_it_once_and_never_pass_its_limit() -> None:
    world = await a_world()
    sale = await world.settled(who=LAN, basket=basket(cold(180_000), pill(50_000)))
    assert [dict(each.breakdown.funds) for each in sale.settlements] == [
        {"pooled": 85_000}, {"chronic": 15_000}
    ]
    assert sale.effect is not None
    assert [each.amount for each in sale.effect.counters if each.key.counter == "outpatient"] == [100_000]
    assert used(world, "outpatient") == 100_000
    check_store(world.store)


async def test_a_changed_price_is_refused_with_the_sums_of_all_settlements() -> None:
    world = await a_world()
    command = world.settle(expected=Split.make({}, {}, 30_000), basket=BOTH, credential=world.credential(LAN))
    answer = await world.refused(command)
    assert (answer.refusal.reason, answer.refusal.now) == (Reason.QUOTE_CHANGED, SHARES)
    breakdown = answer.refusal.breakdown
    assert breakdown is not None
    assert (breakdown.total_fen, breakdown.deductible_fen, breakdown.cash_fen) == (30_000, 10_000, 19_000)
    assert dict(breakdown.funds) == {"pooled": 5_000, "chronic": 6_000}
    assert [each for each in breakdown.broken_identities() if "lines" not in each] == []


async def test_a_reversal_undoes_every_settlement() -> None:
    world = await a_world(hong_fen=50_000)
    sale = await world.settled(who=HONG, basket=BOTH)
    await world.sale(world.reverse(sale.request_id))
    assert world.balance("a-hong") == (50_000, 0)
    assert used(world, "outpatient", who=HONG) == 0
    check_store(world.store)


async def test_a_late_confirmation_calculates_all_settlements_one_after_another() -> None:
    world = await a_world(hong_fen=18_000)
    held = await world.held(who=HONG, basket=BOTH)
    world.clock.forward(minutes=11)
    assert (await world.swept(held.request_id)).state is SaleState.EXPIRED
    settled = await world.sale(world.confirm(held))
    assert settled.state is SaleState.SETTLED
    assert settled.split == held.split
    assert [each.breakdown for each in settled.settlements] == [each.breakdown for each in held.settlements]
    check_store(world.store)


async def test_a_late_confirmation_that_comes_to_another_split_in_one_settlement_settles_none() -> None:
    world = await a_world()
    held = await world.held(who=LAN, basket=BOTH)
    world.clock.forward(minutes=11)
    await world.settled(who=LAN, basket=basket(pill(165_000)))
    released = await world.sale(world.confirm(held))
    assert released.state is SaleState.RELEASED
    assert used(world, "outpatient") == 99_000
    check_store(world.store)


async def test_a_refusal_of_one_settlement_refuses_the_sale() -> None:
    world = await a_world()
    members = world.store.tables.members
    members[LAN] = replace(members[LAN], conditions=())
    bought = basket(cold(), pill(benefit="chronic_outpatient"))
    answer = await world.refused(
        world.settle(basket=bought, credential=world.credential(LAN), collect=Collect.NOW)
    )
    assert (answer.refusal.reason, answer.recorded) == (Reason.NOT_FILED, True)
    assert world.store.tables.counters == {}


async def test_what_layers_would_pay_afterwards_is_shown_and_charged_to_nobody() -> None:
    world = await a_world()
    quote = await world.quoted(LAN, basket=basket(cold()))
    (settlement,) = quote.settlements
    assert dict(settlement.breakdown.afterwards) == {"relief": 1_500}
    assert quote.split == Split.make({"pooled": 5_000}, {}, 15_000)


async def test_the_advice_of_a_quote_speaks_of_a_shared_limit_once() -> None:
    world = await a_world()
    quote = await world.quoted(LAN, basket=basket(cold(180_000), pill(50_000)))
    codes = [each.code for each in quote.advisories]
    assert codes.count("CAP_REACHED") == 1
    assert "CAP_NEARLY_REACHED" not in codes


async def test_of_a_hold_that_has_ended_nothing_counts_any_more() -> None:
    world = await a_world()
    await world.held(who=LAN, basket=basket(cold(180_000)))
    world.clock.at += timedelta(minutes=11)
    sale = await world.settled(who=LAN, basket=basket(cold(180_000)))
    assert dict(sale.settlements[0].breakdown.funds) == {"pooled": 85_000}
    check_store(world.store)
