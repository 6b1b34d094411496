"""``ledger owed``: the figures of an institution's monthly claim, on either store."""

from datetime import timedelta

import pytest

from medsettle_gateway.domain.asked import Collect
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.service.commands import Reverse
from tests.gateway.cli.city import City, on_both_stores
from tests.gateway.cli.test_operating import CLINIC
from tests.gateway.cli.test_sale import Till
from tests.gateway.service.world import caller

pytestmark = on_both_stores


def test_each_institution_is_owed_what_funds_and_accounts_pay_by_month(city: City) -> None:
    till = Till(city)
    sales = [till.sells(120_000), till.sells(50_000)]
    till.sells(30_000, Collect.LATER)  # a hold owes nothing
    month = f"{day_of(till.clock.at):%Y-%m}"
    answer = city.ask("ledger", "owed", "--month", month)
    splits = [sale.split for sale in sales if sale.split]
    funds_fen = sum(share.amount_fen for split in splits for share in split.funds)
    accounts_fen = sum(part.amount_fen for split in splits for part in split.accounts)
    assert min(funds_fen, accounts_fen) > 0
    assert [(row["institution"], row["book"], row["amount_fen"]) for row in answer["owed"]] == [
        (CLINIC, "210300/employee/accounts", accounts_fen), (CLINIC, "210300/employee/pooled", funds_fen),
    ]
    assert answer["owed"][1]["sales_count"] == len(sales)
    assert answer["owed_fen"] == funds_fen + accounts_fen
    assert (answer["from"][:8], answer["to"][:8]) == (f"{month}-", f"{month}-")
    page = city.run("ledger", "owed", "--month", month).stdout
    assert f"{CLINIC}  合计 in all {(funds_fen + accounts_fen) / 100:.2f}" in page
    assert "单位:元 in yuan" in page
    ends = {len(line) for line in page.splitlines() if "笔 sales" in line}
    assert len(ends) == 1  # the amounts stand below each other
    assert city.ask("ledger", "owed", "--month", month, "--institution", CLINIC) == answer


def test_what_is_reversed_is_owed_no_more(city: City) -> None:
    till = Till(city)
    sale = till.sells(50_000)
    till.asks(Reverse(caller("1", CLINIC), sale.request_id, "wrong box", "li", till.clock.at))
    answer = city.ask("ledger", "owed", "--month", f"{day_of(till.clock.at):%Y-%m}")
    assert answer["owed_fen"] == 0
    assert answer["owed"] == []


def test_a_sale_that_was_reversed_is_not_counted_among_those_that_stand(city: City) -> None:
    till = Till(city)
    reversed_sale, sale = till.sells(50_000), till.sells(120_000)
    till.asks(Reverse(caller("1", CLINIC), reversed_sale.request_id, "wrong box", "li", till.clock.at))
    rows = city.ask("ledger", "owed", "--month", f"{day_of(till.clock.at):%Y-%m}")["owed"]
    assert sale.split is not None
    assert {row["sales_count"] for row in rows} == {1}
    owed_fen = sum(share.amount_fen for share in sale.split.funds)
    owed_fen += sum(part.amount_fen for part in sale.split.accounts)
    assert sum(row["amount_fen"] for row in rows) == owed_fen


def test_of_another_month_or_institution_nothing_is_owed(city: City) -> None:
    till = Till(city)
    till.sells(50_000)
    today = day_of(till.clock.at)
    before = today.replace(day=1) - timedelta(days=1)
    assert "Nothing is owed" in city.run("ledger", "owed", "--month", f"{before:%Y-%m}").stdout
    other = city.ask("ledger", "owed", "--month", f"{today:%Y-%m}", "--institution", "P21030200101")
    assert other["owed"] == []


def test_an_institution_that_nobody_registered_is_no_nothing_is_owed(city: City) -> None:
    typed = ("ledger", "owed", "--month", "2026-06", "--institution")
    told = city.run(*typed, "P21030200199", exit_code=2).stderr
    assert "没有登记这家机构" in told
    assert "no institution has this code" in told
    assert "没有应收" in city.run(*typed, CLINIC).stdout


@pytest.mark.parametrize("month", ["2026", "2026-13", "2026-06-01"])
def test_what_is_no_month_is_told(city: City, month: str) -> None:
    told = city.run("ledger", "owed", "--month", month, exit_code=2).stderr
    assert "2026-06" in told
    assert "--month" in told
