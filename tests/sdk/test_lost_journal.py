"""A till whose journal was lost: what the gateway knows is neither sold again nor called not paid."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from medsettle._exchange.signed import Reply
from medsettle.aio import AsyncTill
from medsettle.errors import GatewayAwayError, RefusedError
from medsettle.models import Basket, CashState, Collect, Line, Outcome, SaleCard
from medsettle.tender import CashTender
from medsettle.ticket import Ticket
from medsettle.till import Till
from medsettle.wire.reasons import Reason
from tests.sdk.counterpart import NOON, TERMINAL, TERMINAL_KEY, Counterpart
from tests.sdk.wires import AsyncDirectTransport, config_in

CASH = CashTender(take=lambda _: True, give_back=lambda _: True)
OTHER = Basket((Line("XB02", quantity="1", unit_price="80.00"),))
FIRST = f"{TERMINAL}-20260302-1-1"
Opened = Callable[[], Till]


def sell(till: Till, number: Ticket | int, basket: Basket) -> SaleCard:
    return till.checkout(number, "scanned", basket, show=lambda _: True, tender=CASH, operator="7")


@pytest.fixture
def lose(tmp_path: Path, open_till: Opened) -> Callable[[Till], Till]:
    """Closes the till, removes its journal and opens it again."""

    def lost(till: Till) -> Till:
        till.close()
        for path in tmp_path.rglob("*.journal*"):
            path.unlink()
        return open_till()

    return lost


def test_a_new_journal_counts_on_behind_what_the_gateway_has_of_this_till_and_day(
    till: Till, counterpart: Counterpart, basket: Basket, lose: Callable[[Till], Till]
) -> None:
    for number in (1, 7, 3):
        assert sell(till, number, basket).outcome is Outcome.PAID
    sell(till, Ticket("99", NOON.date() - timedelta(days=1)), basket)
    counterpart.sales["P21030000001-02-20260302-50-1"] = counterpart.sales[FIRST]
    found = lose(till)
    counterpart.seen.clear()
    assert [found.next_number() for _ in range(3)] == ["8", "9", "10"]
    assert counterpart.seen == ["ListSales"]


def test_a_new_journal_reads_on_as_long_as_a_page_has_numbers_of_today(
    till: Till, counterpart: Counterpart, basket: Basket, lose: Callable[[Till], Till]
) -> None:
    sell(till, 1, basket)
    for number in range(2, 232):
        counterpart.sales[f"{TERMINAL}-20260302-{number}-1"] = counterpart.sales[FIRST]
    assert lose(till).next_number() == "232"


def test_a_journal_that_has_counted_asks_nobody(
    till: Till, counterpart: Counterpart, open_till: Opened
) -> None:
    assert till.next_number() == "1"
    again = open_till()
    counterpart.away = True
    assert again.next_number() == "2"


def test_a_new_journal_gives_no_number_while_nobody_knows_which_are_used(
    till: Till, counterpart: Counterpart
) -> None:
    counterpart.away = True
    with pytest.raises(GatewayAwayError, match="NUMBERS_UNKNOWN"):
        till.next_number()
    counterpart.away = False
    assert till.next_number() == "1"


def test_the_async_till_counts_in_the_same_way(
    till: Till, counterpart: Counterpart, basket: Basket, tmp_path: Path
) -> None:
    sell(till, 41, basket)
    till.close()
    (tmp_path / "new").mkdir()

    async def number() -> str:
        async with await AsyncTill.open(
            config_in(tmp_path / "new"), clock=counterpart.clock, signer=TERMINAL_KEY,
            transport=AsyncDirectTransport(counterpart),
        ) as other:
            return await other.next_number()

    assert asyncio.run(number()) == "42"


def test_a_card_never_says_not_paid_of_a_sale_that_stands_under_the_id(
    till: Till, basket: Basket, lose: Callable[[Till], Till]
) -> None:
    assert sell(till, 1, basket).outcome is Outcome.PAID
    card = sell(lose(till), 1, OTHER)
    assert (card.outcome, card.state) == (Outcome.NOT_PAID, None)
    assert card.refusal is not None
    assert card.refusal.reason == Reason.REQUEST_ID_REUSED
    assert card.refusal.details == {"other_request_id": FIRST, "other_state": "SETTLED"}
    assert f"流水号 {FIRST} 是此前的另一笔业务(SETTLED,患者 -,120.00 元)" in card.tell_zh
    assert f"{FIRST} is another, earlier sale (SETTLED, -, 120.00 yuan)" in card.tell_en
    assert "next_number" in card.next_zh


def test_without_an_answer_the_card_still_says_that_the_id_is_another_sales(
    till: Till, counterpart: Counterpart, basket: Basket, lose: Callable[[Till], Till]
) -> None:
    sell(till, 1, basket)
    counterpart.fault("GetSale", *[lambda *_: Reply("UNAVAILABLE")] * 500)
    card = sell(lose(till), 1, OTHER)
    assert f"{FIRST} is another, earlier sale;" in card.tell_en


def test_the_same_click_again_sends_nothing_and_another_one_is_told_to_take_another_number(
    till: Till, counterpart: Counterpart, basket: Basket, lose: Callable[[Till], Till]
) -> None:
    sell(till, 1, basket)
    found = lose(till)
    first = sell(found, 1, OTHER)
    counterpart.seen.clear()
    assert sell(found, 1, OTHER).tell_zh == first.tell_zh
    assert counterpart.seen == ["GetSale"]
    third = sell(found, 1, Basket((Line("XC03", unit_price="1.00"),)))
    assert third.refusal is not None
    assert third.refusal.reason == "TICKET_REUSED"


def test_a_look_up_shows_the_sale_that_stands_and_the_failed_click_does_not_become_it(
    till: Till, basket: Basket, lose: Callable[[Till], Till]
) -> None:
    sell(till, 1, basket)
    found = lose(till)
    sell(found, 1, OTHER)
    card = found.status(FIRST)
    assert (card.outcome, card.state) == (Outcome.PAID, "SETTLED")
    assert sell(found, 1, OTHER).outcome is Outcome.NOT_PAID


def test_the_sale_that_stands_can_be_reversed_under_its_id(
    till: Till, counterpart: Counterpart, basket: Basket, lose: Callable[[Till], Till]
) -> None:
    sell(till, 1, basket)
    found = lose(till)
    sell(found, 1, OTHER)
    card = found.reverse(FIRST, reason="returned", operator="7")
    assert (card.outcome, card.state) == (Outcome.NOT_PAID, "REVERSED")
    assert counterpart.settled_fen() == 0


def test_cash_that_was_taken_for_the_failed_click_is_given_back_before_anything_else(
    till: Till, basket: Basket, lose: Callable[[Till], Till]
) -> None:
    sell(till, 1, basket)
    found = lose(till)
    split = found.quote("scanned", OTHER, operator="7").split
    with pytest.raises(RefusedError, match=f"other_request_id={FIRST}") as refused:
        found.settle(1, "scanned", OTHER, expected=split, collect=Collect.NOW, operator="7")
    assert refused.value.card is not None
    assert refused.value.card.refund_due_fen == split.cash_fen
    assert found.status(FIRST).refund_due_fen == split.cash_fen
    assert found.cash_returned(FIRST).cash is CashState.REFUNDED
    assert found.status(FIRST).outcome is Outcome.PAID
