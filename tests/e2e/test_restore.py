"""The disk of the gateway is gone; it comes back from a backup, and the tills bring back what was lost."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from medsettle.hooks import Compared, HookEvent
from medsettle.models import Collect, Outcome
from medsettle.testing import Gateway, GatewayFailedError
from medsettle.till import Till
from tests.e2e.counter import (
    CLINIC,
    GAUZE,
    LI,
    OUYANG_MING,
    PHARMACY,
    ZHANG,
    enrolled,
    goods,
    sell,
    split,
    visit,
)

pytestmark = pytest.mark.e2e
PATIENCE_S = 120
BY = ("--by", "王某", "--reason", "磁盘损坏")


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with Gateway() as running:
        yield running


def command(gateway: Gateway, *words: str) -> Any:
    return json.loads(gateway.run(*words, "--json", "--config", str(gateway.config_path)))


def backed_up(gateway: Gateway) -> str:
    return str(command(gateway, "backup", "create", str(gateway.directory / "copies"))["backup"])


def lose_the_disk(gateway: Gateway) -> None:
    gateway.kill()
    for file in gateway.directory.glob("gateway.db*"):
        file.unlink()


def figures(gateway: Gateway) -> tuple[Any, ...]:
    books = gateway.books()
    assert books["balanced"], books["faults"]
    return books["sales"], books["funds"], books["accounts"], books["cash_fen"]


def states(gateway: Gateway, *tills: Till) -> dict[str, str | None]:
    """Where each sale of the tills' journals stands at the gateway."""
    sales = [sale.request_id for till in tills for sale in till.list_sales(terminal=till.config.terminal)]
    return {each: tills[0].status(each).state for each in sales if each.startswith(CLINIC)}


def test_tills_bring_back_by_themselves_what_the_gateway_lost(gateway: Gateway) -> None:
    clinic_config, pharmacy_config = enrolled(gateway, CLINIC), enrolled(gateway, PHARMACY)
    told: list[HookEvent] = []
    with Till.open(clinic_config) as clinic, Till.open(pharmacy_config) as pharmacy:
        first = sell(gateway, clinic, ZHANG, visit("100.00"))
        copy = backed_up(gateway)
        sold = sell(gateway, clinic, ZHANG, visit("450.00"))
        cash = sell(gateway, pharmacy, LI, goods(GAUZE))
        undone = sell(gateway, clinic, LI, visit("80.00"))
        clinic.reverse(undone.request_id or "", reason="wrong test")
        held = held_at(gateway, clinic, OUYANG_MING, "60.00")
        before, stood = figures(gateway), states(gateway, clinic)
    lose_the_disk(gateway)
    with pytest.raises(GatewayFailedError, match="restore"):
        gateway.start()
    assert command(gateway, "restore", copy, *BY)["epoch"] == 1
    gateway.restart()
    with Till.open(clinic_config, hooks=[told.append]) as clinic, Till.open(pharmacy_config) as pharmacy:
        cards = {card.request_id: card for card in clinic.recover()}
        assert cards[held].outcome is Outcome.NOT_PAID, "a hold that another run of the till left is released"
        assert pharmacy.recover() == ()
        for card in (first, sold, cash):
            till = pharmacy if card is cash else clinic
            again = till.status(card.request_id or "")
            assert (again.outcome, split(again)) == (Outcome.PAID, split(card))
        assert states(gateway, clinic) == {**stood, held: "RELEASED"}
        _, funds, accounts, cash_fen = figures(gateway)
        assert (funds, cash_fen) == (before[1], before[3])
        assert accounts["balance_fen"] == before[2]["balance_fen"] + before[2]["held_fen"]
        assert sell(gateway, clinic, ZHANG, visit("20.00"), acknowledgements=()).outcome is Outcome.PAID
    assert [(each.shown, each.entered) for each in told if isinstance(each, Compared)] == [(4, 3)]
    status = command(gateway, "recovery", "status")
    (recovery,) = status["recoveries"]
    assert (recovery["left"], status["to_look_at"]) == ([], [])
    gateway.stop()
    assert command(gateway, "ledger", "verify")["sound"] is True
    figures(gateway)


def held_at(gateway: Gateway, till: Till, member: str, amount_yuan: str) -> str:
    quote = till.quote(gateway.issue_credential(member), visit(amount_yuan))
    card = till.settle(
        till.next_number(), gateway.issue_credential(member), visit(amount_yuan), expected=quote.split,
        collect=Collect.LATER,
    )
    assert card.request_id is not None
    return card.request_id


def test_a_till_that_was_enrolled_before_the_backup_and_first_used_after_it_compares_by_itself(
    gateway: Gateway
) -> None:
    config = enrolled(gateway, CLINIC)
    copy = backed_up(gateway)
    with Till.open(config) as till:
        sold = sell(gateway, till, ZHANG, visit("100.00"))
    lose_the_disk(gateway)
    command(gateway, "restore", copy, *BY)
    gateway.restart()
    told: list[HookEvent] = []
    with Till.open(config, hooks=[told.append]) as till:
        till.recover()
        assert till.status(sold.request_id or "").outcome is Outcome.PAID
        assert till.reverse(sold.request_id or "", reason="wrong test").outcome is Outcome.NOT_PAID
    assert [(each.compared, each.entered) for each in told if isinstance(each, Compared)] == [(True, 1)]


def test_nothing_is_restored_while_the_gateway_serves(gateway: Gateway) -> None:
    copy = backed_up(gateway)
    with pytest.raises(GatewayFailedError, match="is in use"):
        command(gateway, "restore", copy, *BY, "--replace")
    with Till.open(enrolled(gateway, CLINIC)) as till:
        assert sell(gateway, till, ZHANG, visit("10.00")).outcome is Outcome.PAID


def test_a_backup_that_is_made_while_tills_sell_is_whole(gateway: Gateway) -> None:
    stop, sells = threading.Event(), threading.Event()
    sold: list[Outcome] = []

    def work() -> None:
        with Till.open(enrolled(gateway, CLINIC)) as till:
            while not stop.is_set():
                card = sell(gateway, till, ZHANG, visit("1.00"), acknowledgements=("POSSIBLE_DUPLICATE",))
                sold.append(card.outcome)
                sells.set()

    selling = threading.Thread(target=work)
    selling.start()
    try:
        assert sells.wait(PATIENCE_S)
        copies = [Path(backed_up(gateway)) for _ in range(2)]
    finally:
        stop.set()
        selling.join()
    assert set(sold) == {Outcome.PAID}
    gateway.stop()
    for copy in copies:
        command_ended = gateway.run("backup", "verify", str(copy), "--json")
        assert json.loads(command_ended)["backup"] == str(copy)
