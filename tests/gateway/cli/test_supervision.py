"""What supervision found, from the command line, and orders that leave rules out."""

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from medsettle_gateway.cli.frame import now
from medsettle_gateway.domain.asked import AskedLine, Basket, Collect
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.domain.finding import AcceptedWarning
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.service.commands import Quote, QuoteAnswer, SaleAnswer, Settle, Shown
from medsettle_gateway.service.front import Service
from tests.gateway.cli.city import City, on_both_stores
from tests.gateway.cli.test_operating import CLINIC
from tests.gateway.cli.test_sale import DRUG, Till
from tests.gateway.service.world import caller

WATCHED = Path(__file__).parents[1] / "service" / "policies" / "watched.yaml"
WHY = "医师调整了剂量"
DAY = timedelta(days=1)


def under_watch(city: City) -> Till:
    """A till in a city whose operator brings rules of supervision."""
    folder = city.folder / "policies"
    folder.mkdir()
    shutil.copy(WATCHED, folder)
    text = city.config.read_text("utf-8")
    city.config.write_text(text + f'\n[policy]\noverlays = "{folder.as_posix()}"\n', "utf-8")
    return Till(city)


def buys(till: Till, days: int, *accepted: AcceptedWarning, unit_price: int = 20) -> str:
    """Asks for a drug for so many days, whatever comes of it; returns the request id."""
    till.number += 1
    number, at = till.number, till.clock.at
    amount_fen = unit_price * 100
    line = AskedLine("1", DRUG, 10_000, unit_price * 1_000_000, amount_fen, days_supply=days)
    asks, request_id = caller("1", CLINIC), RequestId.parse(f"{CLINIC}-1-{at:%Y%m%d}-{number}-1")

    async def work(service: Service) -> str:
        credential, bought = Shown("ELECTRONIC", f"{till.member}#{number}"), Basket((line,))
        quote = await service(Quote(asks, credential, bought))
        assert isinstance(quote, QuoteAnswer), quote
        await service(Settle(
            asks, request_id, credential, bought, quote.split, Collect.NOW, "li", at,
            ("POSSIBLE_DUPLICATE",), accepted_warnings=accepted,
        ))
        return request_id.text

    text: str = till.does(work)
    return text


def listed(city: City, *more: str) -> dict[str, Any]:
    found: dict[str, Any] = city.ask("supervision", "list", *more)
    return found


@on_both_stores
def test_findings_are_listed_with_who_went_on_and_why(city: City) -> None:
    till = under_watch(city)
    buys(till, 14)
    refused = buys(till, 14)
    accepted = buys(till, 14, AcceptedWarning("REPEATED_DRUG", WHY))
    found = listed(city)
    assert [
        (row["request_id"], row["code"], row["verdict"], row["became"], row["reason"], row["state"])
        for row in found["findings"]
    ] == [
        (refused, "REPEATED_DRUG", "warn", "refused", "", "REFUSED"),
        (accepted, "REPEATED_DRUG", "warn", "accepted", WHY, "SETTLED"),
    ]
    (first, _) = found["findings"]
    assert (first["operator"], first["terminal"], first["line_ids"]) == ("li", f"{CLINIC}-1", ["1"])
    assert first["member"] == till.member
    assert found["rules"] == {"REPEATED_DRUG": {"accepted": 1, "refused": 1}}
    assert (found["sales_count"], found["more"]) == (2, False)


def test_what_stays_of_a_sale_after_a_return_counts_once(city: City) -> None:
    till = under_watch(city)
    sold = RequestId.parse(buys(till, 20, AcceptedWarning("OVER_DAYS", WHY)))
    line = AskedLine("1", DRUG, 5_000, 20_000_000, 1_000, days_supply=20)
    asks, stays, again = caller("1", CLINIC), Basket((line,)), RequestId.parse(f"{sold.text[:-1]}2")

    async def work(service: Service) -> str:
        left = await service(Quote(asks, Shown("", ""), stays, replaces=sold))
        assert isinstance(left, QuoteAnswer), left
        back = await service(Settle(
            asks, again, Shown("", ""), stays, left.split, Collect.NOW, "li", till.clock.at, replaces=sold
        ))
        assert isinstance(back, SaleAnswer), back
        assert [each.reason for each in back.sale.accepted] == [WHY]
        return ""

    till.does(work)
    found = listed(city)
    assert found["rules"] == {"OVER_DAYS": {"accepted": 1}}
    assert [row["state"] for row in found["findings"]] == ["REVERSED"]


def test_the_list_is_narrowed_by_days_place_rule_and_verdict(city: City) -> None:
    till = under_watch(city)
    buys(till, 20)
    today = day_of(now()).isoformat()
    for more, count in (
        ((), 1), (("--from", today, "--to", today), 1), (("--institution", CLINIC), 1),
        (("--institution", "P21030200101"), 0), (("--rule", "over_days"), 1), (("--rule", "OVER_PRICE"), 0),
        (("--verdict", "warn"), 1), (("--verdict", "block"), 0),
        (("--from", "2020-01-01", "--to", "2020-01-31"), 0),
    ):
        assert len(listed(city, *more)["findings"]) == count, more


def test_it_is_read_in_both_languages_and_says_where_there_is_more(city: City) -> None:
    till = under_watch(city)
    buys(till, 20, AcceptedWarning("OVER_DAYS", WHY))
    text = city.run("supervision", "list", "--most", "1").stdout
    assert f"OVER_DAYS 已说明理由 accepted:{WHY} li" in text
    assert "OVER_DAYS: 已说明理由 accepted 1" in text
    assert "There is more" in text


def test_where_nothing_was_found_it_says_so(city: City) -> None:
    assert "没有监控结果。Nothing was found." in city.run("supervision", "list").stdout


def test_days_that_cannot_be_are_refused_in_both_languages(city: City) -> None:
    said = city.run("supervision", "list", "--from", "2026-02-02", "--to", "2026-02-01", exit_code=2)
    assert "早于 --from" in said.stderr
    assert "is before --from" in said.stderr


def issued(city: City, *more: str, exit_code: int = 0) -> Any:
    today = day_of(now())
    arguments = (
        "order", "issue", "--region", "210300", "--from", today.isoformat(),
        "--to", (today + DAY).isoformat(), "--by", "王某",
        "--authority", "鞍山市医疗保障局", "--document", "鞍医保发〔2026〕9号", *more,
    )
    return city.run(*arguments, exit_code=exit_code).stderr if exit_code else city.ask(*arguments)


def test_an_order_that_names_a_rule_lets_the_sale_settle_at_once(city: City) -> None:
    till = under_watch(city)
    buys(till, 90)
    assert issued(city, "--skip", "over_days")["skips"] == ["over_days"]
    buys(till, 90)
    found = listed(city)
    assert [row["code"] for row in found["findings"]] == ["OVER_DAYS"]
    (order,) = city.ask("order", "list")["orders"]
    assert (order["state"], order["skips"], order["waives"]) == ("in_force", ["over_days"], [])
    assert "over_days" in city.run("order", "list").stdout


@pytest.mark.parametrize(("more", "said"), [
    (("--skip", "over_dais"), "没有监控规则 over_dais"),
    ((), "至少给出一个 --waive 或 --skip"),
])
def test_an_order_that_would_lift_nothing_is_not_issued(city: City, more: tuple[str, ...], said: str) -> None:
    under_watch(city)
    assert said in issued(city, *more, exit_code=2)
    assert city.ask("order", "list")["orders"] == []


def test_a_sale_is_shown_with_what_was_found_and_accepted(city: City) -> None:
    till = under_watch(city)
    text = buys(till, 20, AcceptedWarning("OVER_DAYS", WHY))
    shown = city.ask("sale", "show", text)
    assert [each["code"] for each in shown["findings"]] == ["OVER_DAYS"]
    assert shown["accepted"] == {"OVER_DAYS": WHY}
    assert f"OVER_DAYS({WHY})" in city.run("sale", "show", text).stdout
    refused = buys(till, 20)
    assert "REPEATED_DRUG" in city.run("sale", "show", refused).stdout


def tried(city: City, *more: str) -> dict[str, Any]:
    found: dict[str, Any] = city.ask("supervision", "try", *more)
    return found


@on_both_stores
def test_rules_are_tried_on_what_was_sold_before_anybody_is_warned(city: City) -> None:
    till = Till(city)
    first, second, third = buys(till, 14), buys(till, 14), buys(till, 20)
    assert listed(city)["findings"] == []
    assert tried(city)["findings"] == []
    found = tried(city, "--policies", str(WATCHED))
    assert [(row["request_id"], row["code"]) for row in found["findings"]] == [
        (second, "REPEATED_DRUG"), (third, "REPEATED_DRUG"), (third, "OVER_DAYS"),
    ]
    assert first not in [row["request_id"] for row in found["findings"]]
    assert found["rules"] == {"REPEATED_DRUG": 2, "OVER_DAYS": 1}
    assert (found["tried_count"], found["unknown_count"], found["more"]) == (3, 0, False)


def test_a_trial_counts_what_each_rule_would_find_and_writes_nothing(city: City) -> None:
    till = Till(city)
    buys(till, 14)
    buys(till, 14)
    with city.untouched():
        text = city.run("supervision", "try", "--policies", str(WATCHED)).stdout
    assert "REPEATED_DRUG: 2 笔中 1 笔,50.0%;1 of 2 sales" in text
    assert "Nothing was found in 2 sales" in city.run("supervision", "try").stdout


def test_rules_of_another_day_and_of_a_file_that_is_wrong(city: City) -> None:
    buys(Till(city), 20)
    assert tried(city, "--policies", str(WATCHED), "--on", "2022-12-31")["findings"] == []
    wrong = city.write("wrong.yaml", *WATCHED.read_text("utf-8").replace("warn", "stop").splitlines())
    assert "expected one of remind, warn, block" in city.run(
        "supervision", "try", "--policies", wrong, exit_code=1
    ).stderr
