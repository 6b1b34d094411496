"""``supervision list --afterwards``: what no counter could see, from the command line."""

from datetime import date, timedelta
from typing import Any

from medsettle_gateway.domain.asked import AskedLine, Basket, Collect
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.domain.finding import AcceptedWarning
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.service.commands import Quote, QuoteAnswer, SaleAnswer, Settle, Shown
from medsettle_gateway.service.front import Service
from tests.gateway.cli.city import City, on_both_stores
from tests.gateway.cli.test_operating import CLINIC
from tests.gateway.cli.test_sale import DRUG, Till
from tests.gateway.cli.test_supervision import WHY, buys, under_watch
from tests.gateway.service.world import caller


def claims(till: Till, on: date) -> str:
    """A late claim of the drug for a day gone by; returns its request id."""
    till.number += 1
    number, at = till.number, till.clock.at
    line = AskedLine("1", DRUG, 10_000, 20_000_000, 2_000, days_supply=14)
    bought = Basket((line,), service_on=on, late_reason="line was down")
    asks, request_id = caller("1", CLINIC), RequestId.parse(f"{CLINIC}-1-{at:%Y%m%d}-{number}-1")

    async def work(service: Service) -> str:
        credential = Shown("ELECTRONIC", f"{till.member}#{number}")
        quote = await service(Quote(asks, credential, bought))
        assert isinstance(quote, QuoteAnswer), quote
        answer = await service(Settle(
            asks, request_id, credential, bought, quote.split, Collect.NOW, "li", at, ("POSSIBLE_DUPLICATE",),
        ))
        assert isinstance(answer, SaleAnswer), answer
        return request_id.text

    text: str = till.does(work)
    return text


def listed(city: City, *more: str) -> dict[str, Any]:
    found: dict[str, Any] = city.ask("supervision", "list", *more)
    return found


@on_both_stores
def test_what_a_late_claim_makes_of_the_next_days_sale_is_listed_afterwards(city: City) -> None:
    till = under_watch(city)
    bought = buys(till, 14)
    accepted = buys(till, 14, AcceptedWarning("REPEATED_DRUG", WHY))
    claims(till, day_of(till.clock.at) - timedelta(days=1))
    assert [row["request_id"] for row in listed(city)["findings"]] == [accepted]
    found = listed(city, "--afterwards")
    (row,) = found["findings"]
    assert (row["request_id"], row["code"], row["became"], row["reason"]) == (
        bought, "REPEATED_DRUG", "afterwards", ""
    )
    assert (found["sales_count"], found["more"]) == (3, False)
    assert found["rules"] == {"REPEATED_DRUG": {"afterwards": 1}}
    assert "事后查出 found afterwards" in city.run("supervision", "list", "--afterwards").stdout
    assert listed(city, "--afterwards", "--rule", "two_places")["findings"] == []
    assert listed(city, "--afterwards", "--rule", "repeated_drug")["findings"] == [row]
    assert listed(city, "--afterwards", "--verdict", "block")["findings"] == []


def test_where_nothing_shows_afterwards_it_is_said_so(city: City) -> None:
    till = under_watch(city)
    buys(till, 14)
    with city.untouched():
        assert "Nothing was found" in city.run("supervision", "list", "--afterwards").stdout


def test_how_many_could_not_be_looked_at_again_is_said(city: City) -> None:
    till = under_watch(city)
    buys(till, 14)
    assert listed(city, "--afterwards")["unknown_count"] == 0
    city.change("UPDATE catalogue_items SET valid_from = '2099-01-01', valid_to = NULL")
    found = listed(city, "--afterwards")
    assert (found["sales_count"], found["unknown_count"], found["findings"]) == (1, 1, [])
    assert "Too little is known of 1 to look at." in city.run("supervision", "list", "--afterwards").stdout
