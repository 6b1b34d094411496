"""A subsidy is credited once a year, and stays or lapses as the pack says; no other money is touched."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from medsettle_gateway.cli import crediting
from medsettle_gateway.cli.frame import now
from medsettle_gateway.domain.calendar import CST
from medsettle_gateway.storage.connection import DatabaseFailedError
from medsettle_gateway.storage.subsidies import Subsidies
from tests.gateway.cli.city import City, on_both_stores
from tests.gateway.cli.county import (
    MEMBERS,
    REGION,
    YEAR,
    balances,
    booked,
    credited,
    person,
    stopped,
    subsidised,
)

pytestmark = on_both_stores


@pytest.fixture(autouse=True)
def year(monkeypatch: pytest.MonkeyPatch) -> None:
    """It stays that year while the tests run, though another one begins."""
    monkeypatch.setattr(crediting, "now", lambda: min(now(), datetime(YEAR, 12, 31, 23, tzinfo=CST)))


@pytest.fixture
def turn(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Turns the year: from then on it is the first day of the next one, which is returned."""

    def turned() -> int:
        monkeypatch.setattr(crediting, "now", lambda: datetime(YEAR + 1, 1, 1, tzinfo=CST))
        return YEAR + 1

    return turned


def test_each_eligible_member_is_credited_and_an_account_opened_where_there_is_none(city: City) -> None:
    subsidised(city)
    assert credited(city) == {
        "year": YEAR, "entered": True, "credited_count": 2, "credited_fen": 10_000, "lapsed_count": 0,
        "lapsed_fen": 0, "same_count": 0, "without_count": 2,
    }
    assert balances(city) == [4_500, 6_000]
    assert city.ask("ledger", "summary")["balanced"] is True


def test_a_year_is_credited_once(city: City) -> None:
    subsidised(city)
    credited(city)
    with city.untouched():
        again = credited(city)
    assert (again["credited_count"], again["same_count"]) == (0, 2)


def test_what_was_credited_before_the_database_failed_stays_and_is_not_credited_twice(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    credit = Subsidies.credit

    def fail_behind_the_first(self: Subsidies, *arguments: Any) -> None:
        (done_count,) = self.connection.execute("SELECT count(*) FROM subsidies").fetchone()
        if done_count:
            raise DatabaseFailedError("no room")
        credit(self, *arguments)

    subsidised(city)
    monkeypatch.setattr(crediting, "_BATCH", 1)
    monkeypatch.setattr(Subsidies, "credit", fail_behind_the_first)
    result = city.run(
        "account", "credit-subsidy", "--region", REGION, "--year", str(YEAR), "--yes", exit_code=1
    )
    assert "What was credited stays" in result.stderr
    assert "nothing was changed" not in result.stderr
    monkeypatch.undo()
    assert (credited(city)["credited_count"], balances(city)) == (1, [4_500, 6_000])


def test_a_check_says_what_would_be_credited_and_enters_nothing(city: City) -> None:
    subsidised(city)
    with city.untouched():
        answer = credited(city, YEAR, "--check")
    assert (answer["entered"], answer["credited_fen"]) == (False, 10_000)


def test_what_is_left_stays_where_the_pack_carries_it_over(city: City, turn: Callable[[], int]) -> None:
    subsidised(city)
    credited(city)
    assert credited(city, turn())["lapsed_count"] == 0
    assert balances(city) == [8_500, 12_000]


def test_a_credit_lapses_by_an_entry_of_its_own_where_it_does_not_carry_over(
    city: City, turn: Callable[[], int]
) -> None:
    subsidised(city, carries="")
    credited(city)
    answer = credited(city, turn())
    assert (answer["lapsed_count"], answer["lapsed_fen"]) == (2, 4_000 + 6_000)
    kinds = city.rows("SELECT kind, count(*) FROM entries WHERE kind IN ('CREDIT', 'LAPSE') GROUP BY kind")
    assert kinds == [("CREDIT", 4), ("LAPSE", 2)]
    assert city.ask("ledger", "summary")["balanced"] is True


def test_other_money_of_an_account_never_lapses(city: City, turn: Callable[[], int]) -> None:
    subsidised(city, carries="")
    credited(city)
    credited(city, turn())
    assert balances(city) == [500 + 4_000, 6_000]


def test_an_account_that_was_never_credited_loses_nothing(city: City) -> None:
    subsidised(city, carries="")
    rows = (
        person("S6", enrolment="pool_only", account="70.00,active"),
        person("S7", covered_to=f"{YEAR - 1}-12-31", account="80.00,active"),
    )
    city.run("member", "import", city.write("s2.csv", MEMBERS, *rows))
    assert credited(city)["lapsed_fen"] == 0
    assert balances(city) == [4_500, 6_000, 7_000, 8_000]


def test_for_whom_the_credit_is_not_meant_any_more_nothing_lapses(
    city: City, turn: Callable[[], int]
) -> None:
    subsidised(city, carries="")
    credited(city)
    path = city.write("s2.csv", MEMBERS, person("S2", standing="minor", covered_to=f"{YEAR}-12-31"))
    city.run("member", "import", path)
    answer = credited(city, turn())
    assert (answer["lapsed_count"], answer["lapsed_fen"]) == (1, 4_000)
    assert balances(city) == [4_500, 6_000]


@pytest.mark.parametrize(
    ("took_fen", "lapsed_fen", "stays_fen"),
    [(1_000, 3_000, 500), (4_000, 0, 500), (4_300, 0, 200)],
    ids=["part of the credit", "the credit", "more than the credit"],
)
def test_a_sale_takes_of_the_credit_before_it_takes_other_money(
    city: City, turn: Callable[[], int], took_fen: int, lapsed_fen: int, stays_fen: int
) -> None:
    subsidised(city, carries="")
    credited(city)
    booked(city, "S1", took_fen)
    assert credited(city, turn())["lapsed_fen"] == lapsed_fen + 6_000
    assert balances(city) == [stays_fen + 4_000, 6_000]


def test_a_sale_before_the_first_credit_took_nothing_of_it_and_gives_nothing_of_it_back(
    city: City, turn: Callable[[], int]
) -> None:
    subsidised(city, carries="")
    booked(city, "S1", 500)
    credited(city)
    booked(city, "S1", -500)
    booked(city, "S1", 1_000, sale="H-1-20260101-2-1")
    assert credited(city, turn())["lapsed_fen"] == 3_000 + 6_000
    assert balances(city) == [500 + 4_000, 6_000]


def test_what_a_reversal_brings_back_after_the_turn_lapses_a_year_later(
    city: City, turn: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    subsidised(city, carries="")
    credited(city)
    booked(city, "S1", 1_000)
    credited(city, turn())
    booked(city, "S1", -1_000)
    assert credited(city, YEAR + 1)["lapsed_count"] == 0
    monkeypatch.setattr(crediting, "now", lambda: datetime(YEAR + 2, 1, 1, tzinfo=CST))
    assert credited(city, YEAR + 2)["lapsed_fen"] == 4_000 + 1_000 + 6_000
    assert balances(city) == [500 + 4_000, 6_000]


def test_a_credit_that_is_spent_brings_no_lapse(city: City, turn: Callable[[], int]) -> None:
    subsidised(city, carries="")
    credited(city)
    booked(city, "S1", 4_000)
    assert credited(city, turn())["lapsed_count"] == 1


def test_a_year_that_is_over_is_not_credited_any_more_where_nothing_carries_over(city: City) -> None:
    subsidised(city, carries="")
    assert "would lapse at once" in stopped(city, YEAR - 1, "--yes")


def test_a_year_that_is_over_is_credited_where_it_carries_over(city: City) -> None:
    subsidised(city)
    credited(city)
    assert credited(city, YEAR - 1)["credited_count"] == 3


def test_who_is_of_another_scheme_since_the_turn_is_credited_for_the_year_before(
    city: City, turn: Callable[[], int]
) -> None:
    """The facts of the last day of the year that is credited decide, and not those of today."""
    subsidised(city)
    path = city.write(
        "cover.csv", "member_no,region,scheme,standing,enrolment,from,to",
        f"S1,{REGION},resident,adult,pooled_and_account,2010-01-01,{YEAR}-12-31",
        f"S1,{REGION},employee,active,pooled_and_account,{YEAR + 1}-01-01,",
        f"S5,{REGION},employee,active,pooled_and_account,2010-01-01,{YEAR}-12-31",
        f"S5,{REGION},resident,adult,pooled_and_account,{YEAR + 1}-01-01,",
    )
    city.run("member", "records", "cover", path)
    year = turn()
    assert credited(city, YEAR)["credited_count"] == 2  # S1 and S2
    assert balances(city) == [4_500, 6_000]
    assert credited(city, year)["credited_count"] == 2  # S2 and S5
    assert balances(city) == [4_000, 4_500, 12_000]
    assert city.ask("ledger", "summary")["balanced"] is True


def test_a_year_that_has_not_begun_is_not_credited_and_takes_nothing_of_this_one(
    city: City, turn: Callable[[], int]
) -> None:
    subsidised(city, carries="")
    credited(city)
    assert "has not begun" in stopped(city, YEAR + 1, "--yes")
    assert credited(city, turn())["credited_count"] == 2


@pytest.mark.parametrize("years", [-2, 2, 174, -1_000])
def test_a_year_far_off_is_a_slip(city: City, years: int) -> None:
    subsidised(city)
    assert f"must be one of {YEAR - 1}, {YEAR}" in stopped(city, YEAR + years, "--yes", exit_code=2)


def test_nothing_is_credited_by_a_script_that_does_not_say_that_somebody_looked(city: City) -> None:
    subsidised(city)
    said = stopped(city)
    assert "--check" in said
    assert "--yes" in said


@pytest.mark.parametrize(("answer", "exit_code", "after"), [("y", 0, [4_500, 6_000]), ("n", 1, [500])])
def test_at_a_terminal_the_sums_are_shown_and_entered_once_somebody_agrees(
    city: City, monkeypatch: pytest.MonkeyPatch, answer: str, exit_code: int, after: list[int]
) -> None:
    subsidised(city)
    monkeypatch.setattr(crediting, "_asks_somebody", lambda: True)
    arguments = ("account", "credit-subsidy", "--region", REGION, "--year", str(YEAR))
    said = city.run(*arguments, exit_code=exit_code, typed=f"{answer}\n").stderr
    assert "划入 2 人 credited 100.00 元 yuan,失效 0 人 lapsed 0.00 元" in said
    assert f"Enter this for region {REGION}?" in said
    assert balances(city) == after


def test_where_there_is_nothing_to_enter_nobody_is_asked(city: City) -> None:
    subsidised(city)
    credited(city)
    with city.untouched():
        city.run("account", "credit-subsidy", "--region", REGION, "--year", str(YEAR))


def test_without_an_amount_in_the_pack_nothing_is_credited_and_the_path_named(city: City) -> None:
    subsidised(city, credit="")
    said = stopped(city, YEAR, "--yes")
    assert "NO_RULE" in said
    assert "accounts.subsidy.credit" in said


def test_an_amount_for_some_only_stops_before_anybody_is_credited(city: City) -> None:
    subsidised(city, credit='{when: {standing: adult}, amount: "40.00", clause: 二}')
    assert "standing=minor" in stopped(city, YEAR, "--yes")


def test_an_amount_that_is_only_assumed_is_credited_to_nobody(city: City) -> None:
    subsidised(city, credit='{amount: "40.00", clause: 二, force: assumed}')
    assert "PARAMETER_ASSUMED" in stopped(city, YEAR, "--yes")


def test_a_region_without_a_subsidy_is_told_so(city: City) -> None:
    said = stopped(city, YEAR, "--yes", region="210300")
    assert "没有定额补助" in said
    assert "Region 210300 credits no subsidy" in said
