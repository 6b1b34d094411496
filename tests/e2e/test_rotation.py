"""The key of names and numbers changes under a gateway that serves: nobody at the counter notices."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from medsettle.models import Credential, CredentialKind, Outcome, Proxy, Relation
from medsettle.testing import Gateway
from medsettle.till import Till
from tests.e2e.counter import CLINIC, ZHANG, Drawer, agree, enrolled, visit

pytestmark = pytest.mark.e2e

CARD = Credential("A21030001", CredentialKind.SOCIAL_CARD)
PROXY = Proxy(Relation.CHILD, "张晓标", "21030219850412001X", "13912345678")


@pytest.fixture
def till(gateway: Gateway) -> Iterator[Till]:
    with Till.open(enrolled(gateway, CLINIC)) as opened:
        yield opened


def ask(gateway: Gateway, *arguments: str) -> Any:
    return json.loads(gateway.run(*arguments, "--json", "--config", str(gateway.config_path)))


def settle(till: Till, amount: str) -> str:
    card = till.checkout(
        till.next_number(), CARD, visit(amount), show=agree, tender=Drawer().tender, proxy=PROXY
    )
    assert card.outcome is Outcome.PAID, (card.tell_en, card.refusal)
    return str(card.request_id)


def test_the_key_changes_while_a_till_goes_on(gateway: Gateway, till: Till) -> None:
    before = settle(till, "41.00")
    ended, named = threading.Event(), []

    def go_on() -> None:
        while not ended.is_set():
            named.append(till.check_eligibility(gateway.issue_credential(ZHANG)).masked_name)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        ask(gateway, "identity", "add-key")
        assert ask(gateway, "identity", "rotate")["sealed_anew"] > 0
    finally:
        ended.set()
        thread.join()
    assert set(named) == {"张*"}
    after = settle(till, "42.00")
    told = ask(gateway, "identity", "keys")
    assert (told["pending"], sum(told["sealed"].values())) == (False, told["sealed"][told["newest"]])
    assert len(ask(gateway, "identity", "drop-keys")["dropped"]) == 1
    for request_id in (before, after):
        assert ask(gateway, "sale", "show", request_id)["proxy"]["name"] == "张**"
    gateway.restart()
    assert till.check_eligibility(CARD).masked_name == "张*"
