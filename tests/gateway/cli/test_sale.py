"""Sales that are stuck, from the command line: what is listed, reversed and made up for."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from medsettle.wire.states import SaleState
from medsettle_gateway.bootstrap.gateway import desk_of
from medsettle_gateway.cli.acting import system_user
from medsettle_gateway.cli.frame import now
from medsettle_gateway.domain.asked import AskedLine, Basket, Collect
from medsettle_gateway.domain.calendar import CST
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.sale import SaleRecord, TenderRecord
from medsettle_gateway.service.commands import (
    Confirm,
    Expire,
    Quote,
    QuoteAnswer,
    Reverse,
    SaleAnswer,
    Settle,
    Shown,
)
from medsettle_gateway.service.errands import Heard
from medsettle_gateway.service.front import Service
from medsettle_gateway.service.remote import Remotes, UndoneThere
from medsettle_gateway.service.writer import Writer
from tests.gateway.cli.city import City, on_both_stores
from tests.gateway.cli.test_operating import CLINIC, enrolled
from tests.gateway.service.scripted import NAME, Scripted, settled_there
from tests.gateway.service.world import Counter, HandClock, caller, spawn

pytestmark = on_both_stores

DRUG = "XR06AXL193A001010100011"
REGION = "210300"
S = SaleState
Work = Callable[[Service], Awaitable[Any]]


@dataclass
class Till:
    """A till of the clinic, and the gateway behind it, for as long as a piece of work takes."""

    city: City
    clock: HandClock = field(default_factory=lambda: HandClock(now()))
    remote: bool = False
    hold: timedelta = timedelta(minutes=10)
    number: int = 0
    member: str = ""

    def __post_init__(self) -> None:
        enrolled(self.city, "1", "key")
        with self.city.gateway.reading() as connection:
            self.member = self.city.gateway.people(connection, "test").member_of("2103000001") or ""

    def does(self, work: Work) -> Any:
        return asyncio.run(self._does(work))

    async def _does(self, work: Work) -> Any:
        gateway = self.city.gateway
        desk = desk_of(gateway.config, gateway.keys)
        if self.remote:
            desk = replace(desk, remotes=Remotes(
                {NAME: Scripted(self.clock, spawn)}, {REGION: NAME}, lambda place, _: f"{place}1"
            ))
        desk = replace(desk, rules=replace(desk.rules, hold=self.hold))
        store = await gateway.database.open(gateway.sealer, root=gateway.keys.root.key)
        writer = Writer(store, self.clock, desk, _fails)
        writer.start(spawn)
        try:
            return await work(Service(store, self.clock, desk, Counter(), writer, _fails))
        finally:
            await writer.drain()
            await store.close()

    def sells(self, amount_fen: int, collect: Collect = Collect.NOW) -> SaleRecord:
        self.number += 1
        number, at = self.number, self.clock.at
        bought = Basket((AskedLine("1", DRUG, 10_000, amount_fen * 10_000, amount_fen),))
        asks, request_id = caller("1", CLINIC), RequestId.parse(f"{CLINIC}-1-{at:%Y%m%d}-{number}-1")

        async def work(service: Service) -> SaleRecord:
            credential = Shown("ELECTRONIC", f"{self.member}#{number}")
            quote = await service(Quote(asks, credential, bought))
            assert isinstance(quote, QuoteAnswer), quote
            answer = await service(Settle(
                asks, request_id, credential, bought, quote.split, collect, "li", at, ("POSSIBLE_DUPLICATE",)
            ))
            assert isinstance(answer, SaleAnswer), answer
            return answer.sale

        sale: SaleRecord = self.does(work)
        return sale

    def asks(self, command: Any) -> SaleRecord:
        async def work(service: Service) -> SaleRecord:
            answer = await service(command)
            assert isinstance(answer, SaleAnswer), answer
            return answer.sale

        sale: SaleRecord = self.does(work)
        return sale

    def expired(self, amount_fen: int) -> SaleRecord:
        """A hold that ends at once: on a server the hour is the server's."""
        self.hold = timedelta(microseconds=1)
        held = self.sells(amount_fen, Collect.LATER)
        self.clock.forward(seconds=1)
        self.does(lambda service: service.writer.submit(Expire(held.request_id.text)))
        return held

    def late_refused(self) -> SaleRecord:
        held = self.expired(120_000)
        assert held.split
        self.sells(110_000)
        paid = (TenderRecord("cash", held.split.cash_fen),) if held.split.cash_fen else ()
        return self.asks(Confirm(caller("1", CLINIC), held.request_id, paid, "li", self.clock.at))


def _fails(what: str, error: BaseException) -> None:
    raise AssertionError(what) from error


@contextmanager
def balanced(city: City) -> Iterator[None]:
    """Asserts that the books are in order afterwards."""
    yield
    assert city.ask("ledger", "summary")["balanced"] is True


def listed(city: City) -> list[dict[str, Any]]:
    sales: list[dict[str, Any]] = city.ask("sale", "list")["sales"]
    return sales


def test_of_settled_sales_nothing_is_listed(city: City) -> None:
    Till(city).sells(5_000)
    assert listed(city) == []
    assert "No sale is open" in city.run("sale", "list").stdout


def test_a_hold_is_listed_with_its_end(city: City) -> None:
    held = Till(city).sells(5_000, Collect.LATER)
    (row,) = listed(city)
    assert held.hold_expires_at
    until = held.hold_expires_at.astimezone(CST).isoformat(timespec="seconds")
    assert (row["request_id"], row["state"]) == (held.request_id.text, "HELD")
    assert row["why_en"] == f"held until {until}"
    line = city.run("sale", "list").stdout
    since = held.committed_at.astimezone(CST).isoformat(timespec="seconds")
    assert f"HELD {since} 预占至 {until}" in line


def test_a_hold_that_ended_is_listed_while_a_late_confirmation_may_come(city: City) -> None:
    held = Till(city).expired(5_000)
    (row,) = listed(city)
    assert (row["request_id"], row["state"]) == (held.request_id.text, "EXPIRED")
    assert "a late confirmation may come" in row["why_en"]


def test_what_an_authority_was_asked_is_listed_with_its_number_and_when_it_is_asked_again(city: City) -> None:
    till = Till(city, remote=True)
    sale = till.sells(5_000)
    (row,) = listed(city)
    assert (row["state"], row["authority"], row["number"]) == ("PENDING", NAME, f"{CLINIC}1")
    assert sale.upstream
    assert row["asked_again_at"] == sale.upstream.sent_until.isoformat(timespec="seconds")
    assert (row["asked_count"], row["unwanted"]) == (0, False)
    till.asks(Reverse(caller("1", CLINIC), sale.request_id, "left", "li", till.clock.at))
    assert listed(city)[0]["unwanted"] is True
    till.does(lambda service: service.writer.submit(Heard(sale.request_id.text, settled_there(sale))))
    (row,) = listed(city)
    assert (row["state"], row["why_en"]) == ("UNDOING", f"waits for {NAME} {CLINIC}1 to take it back")
    with balanced(city):
        assert "waits for" in city.run("sale", "list").stdout
    till.does(lambda service: service.writer.submit(Heard(sale.request_id.text, UndoneThere())))
    assert listed(city) == []
    assert city.rows("SELECT state FROM sales") == [("SEALED",)]
    with balanced(city):
        assert city.ask("ledger", "verify")["sound"] is True


def test_what_an_authority_never_proves_is_ended_by_two_people_with_its_word(city: City) -> None:
    till = Till(city, remote=True)
    sale = till.sells(5_000)
    till.does(lambda service: service.writer.submit(Heard(sale.request_id.text, settled_there(sale))))
    ends = ("sale", "not-charged", sale.request_id.text, "--reason", "letter 7", "--by", "wang")
    assert "waits for no authority" in city.run(*ends, "--second", "zhao", exit_code=1).stderr
    till.asks(Reverse(caller("1", CLINIC), sale.request_id, "left", "li", till.clock.at))
    with city.untouched():
        assert "--second" in city.run(*ends, exit_code=2).stderr
        assert "takes two people" in city.run(*ends, "--second", "Wang", exit_code=1).stderr
    with balanced(city):
        assert city.ask(*ends, "--second", "zhao")["state"] == "REVERSED"
    rows = city.rows("SELECT operator, reason FROM entries WHERE kind = 'REVERSED'")
    assert rows == [(f"wang, zhao [{system_user()}]", "letter 7")]
    assert listed(city) == []


def test_a_refused_late_confirmation_is_listed_until_it_is_repaired(city: City) -> None:
    late = Till(city).late_refused()
    assert late.state is S.RELEASED
    (row,) = listed(city)
    assert (row["request_id"], row["state"]) == (late.request_id.text, "REFUSED_LATE")
    assert "was not given back" in row["why_en"]
    with balanced(city):
        done = city.ask("sale", "repair", late.request_id.text, "--again", "by telephone", "--by", "wang")
    assert (done["request_id"], done["state"]) == (f"{late.request_id.text[:-2]}-99", "SETTLED")
    assert done["receipt_token"]
    assert listed(city) == []


def test_a_repaired_sale_leaves_the_ledger_sound(city: City) -> None:
    late = Till(city).late_refused()
    city.ask("sale", "repair", late.request_id.text, "--as-shown", "left", "--by", "wang", "--second", "zhao")
    assert city.ask("ledger", "verify")["sound"] is True
    repaired = f"{late.request_id.text[:-2]}-99"
    city.ask("sale", "reverse", repaired, "--reason", "x", "--by", "wang", "--second", "zhao")
    assert city.ask("ledger", "verify")["sound"] is True
    assert city.rows("SELECT coalesce(sum(amount_fen), 0) FROM postings WHERE account = 'variance'") == [(0,)]


def test_what_was_shown_is_paid_by_two_people_and_the_difference_stands_in_the_books(city: City) -> None:
    late = Till(city).late_refused()
    repair = ("sale", "repair", late.request_id.text, "--as-shown", "left", "--by", "wang")
    with city.untouched():
        assert "takes two people" in city.run(*repair, exit_code=1).stderr
    with balanced(city):
        done = city.ask(*repair, "--second", "zhao")
    assert late.split
    assert done["accounts"] == dict(late.split.accounts)
    ((varied_fen,),) = city.rows("SELECT sum(amount_fen) FROM postings WHERE account = 'variance'")
    assert varied_fen > 0


def test_two_people_reverse_a_sale_of_long_ago(city: City) -> None:
    till = Till(city)
    sale = till.sells(5_000)
    reverse = ("sale", "reverse", sale.request_id.text, "--reason", "counted twice", "--by", "wang")
    with city.untouched():
        assert "--second" in city.run(*reverse, exit_code=2).stderr
        assert "takes two people" in city.run(*reverse, "--second", "Wang", exit_code=1).stderr
    with balanced(city):
        assert city.ask(*reverse, "--second", "zhao")["state"] == "REVERSED"
    assert "only one that is SETTLED" in city.run(*reverse, "--second", "zhao", exit_code=1).stderr
    rows = city.rows("SELECT operator, reason FROM entries WHERE kind = 'REVERSED'")
    assert rows == [(f"wang, zhao [{system_user()}]", "counted twice")]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("reverse", "nonsense", "--by", "a", "--second", "b", "--reason", "x"), "request id is"),
        (("repair", f"{CLINIC}-1-20260702-1-1", "--by", "a"), "name one of --again and --as-shown"),
        (("repair", f"{CLINIC}-1-20260702-1-1", "--by", "a", "--again", "x", "--as-shown", "y"),
         "name one of --again and --as-shown"),
        (("reverse", f"{CLINIC}-1-20260702-1-1", "--by", "a\n", "--second", "b", "--reason", "x"),
         "printable"),
        (("reverse", f"{CLINIC}-1-20260702-1-1", "--by", "a", "--second", "b", "--reason", " "), "printable"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_to_do(
    city: City, arguments: tuple[str, ...], said: str
) -> None:
    with city.untouched():
        assert said in city.run("sale", *arguments, exit_code=2).stderr


def test_an_unknown_sale_is_said_to_be(city: City) -> None:
    answer = city.run(
        "sale", "reverse", f"{CLINIC}-1-20260702-1-1", "--by", "a", "--second", "b", "--reason", "x",
        exit_code=1,
    )
    assert "Nothing is recorded" in answer.stderr
