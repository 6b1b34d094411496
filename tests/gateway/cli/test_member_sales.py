"""``member sales``: a person's ledger of expenses, sale by sale with its lines."""

from datetime import timedelta

from medsettle_gateway.domain.asked import Collect
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.service.commands import Reverse
from tests.gateway.cli.city import City, on_both_stores
from tests.gateway.cli.test_operating import CLINIC
from tests.gateway.cli.test_sale import DRUG, Till
from tests.gateway.service.world import caller

pytestmark = on_both_stores

ZHANG = "2103000001"


def test_each_sale_is_listed_with_its_lines_and_what_stands_is_summed(city: City) -> None:
    till = Till(city)
    first = till.sells(120_000)
    second = till.sells(50_000)
    till.asks(Reverse(caller("1", CLINIC), second.request_id, "wrong box", "li", till.clock.at))
    held = till.sells(30_000, Collect.LATER)
    found = city.ask("member", "sales", ZHANG)
    assert [(row["request_id"], row["state"], row["total_fen"]) for row in found["sales"]] == [
        (first.request_id.text, "SETTLED", 120_000),
        (second.request_id.text, "REVERSED", 50_000),
        (held.request_id.text, "HELD", 30_000),
    ]
    (line,) = found["sales"][0]["lines"]
    assert (line["item_code"], line["amount_fen"]) == (DRUG, 120_000)
    assert (found["settled_count"], found["total_fen"], found["more"]) == (1, 120_000, False)
    parts = ("funds_fen", "accounts_fen", "cash_fen", "provider_borne_fen")
    assert found["funds_fen"] > 0
    assert sum(found[each] for each in parts) == found["total_fen"]


def test_what_was_refused_is_no_expense_and_nobody_elses_is_listed(city: City) -> None:
    till = Till(city)
    till.late_refused()
    found = city.ask("member", "sales", ZHANG)
    assert [row["state"] for row in found["sales"]] == ["SETTLED"]
    assert city.ask("member", "sales", "2103000002")["sales"] == []
    assert "个人编号" in city.run("member", "sales", "9", exit_code=1).stderr


def test_only_the_days_asked_for_are_listed_and_a_cut_list_says_so(city: City) -> None:
    till = Till(city)
    till.sells(10_000)
    till.sells(20_000)
    today = day_of(till.clock.at)
    eve = (today - timedelta(days=1)).isoformat()
    assert city.ask("member", "sales", ZHANG, "--to", eve)["sales"] == []
    cut = city.ask("member", "sales", ZHANG, "--from", today.isoformat(), "--most", "1")
    assert ([row["total_fen"] for row in cut["sales"]], cut["more"]) == ([10_000], True)
    page = city.run("member", "sales", ZHANG, "--most", "1").stdout
    assert "There is more" in page
    assert "已结算 settled: 1  总额 total 100.00" in page


def test_no_name_is_shown(city: City) -> None:
    Till(city).sells(10_000)
    page, plain = (city.run("member", "sales", ZHANG, *more).stdout for more in ((), ("--json",)))
    assert DRUG in page
    for text in (page, plain):
        assert "张" not in text
        assert "210399198504120019" not in text
