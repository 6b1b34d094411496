"""An account that a region credits ends only as the pack allows."""

from typing import Any

import pytest

from medsettle_gateway.cli.acting import system_user
from tests.gateway.cli.city import City, on_both_stores
from tests.gateway.cli.county import MEMBERS, balances, credited, person, subsidised

pytestmark = on_both_stores


def closed(city: City, *more: str, member: str = "S1", exit_code: int = 0) -> Any:
    arguments = ("account", "close", member, "--by", "王某", "--second", "李某", *more)
    if exit_code:
        return city.run(*arguments, exit_code=exit_code).stderr
    return city.ask(*arguments)


MOVED = (
    "--cause", "moved_away", "--paid-to", "self", "--document", "身份证件",
    "--document", "户籍迁出证明:第9号",
)


def test_an_account_is_closed_for_a_cause_of_the_pack_and_its_rest_paid_out_by_an_entry(city: City) -> None:
    subsidised(city)
    credited(city)
    assert closed(city, *MOVED) == {"closed": True, "paid_to": "self", "paid_fen": 4_500}
    assert balances(city) == [6_000]
    ((cause, paid_to, documents, amount_fen, author, approver),) = city.rows(
        "SELECT cause, paid_to, documents, amount_fen, author, approver FROM account_closings"
    )
    assert (cause, paid_to, amount_fen, author) == ("moved_away", "self", 4_500, f"王某 [{system_user()}]")
    assert approver == "李某"
    assert documents == '["身份证件", "户籍迁出证明:第9号"]'
    posted = city.rows("SELECT account, amount_fen FROM postings WHERE account = 'paid_out'")
    assert posted == [("paid_out", -4_500)]
    assert city.ask("ledger", "summary")["balanced"] is True


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--cause", "wants_cash", "--paid-to", "self"), "moved_away"),
        (("--cause", "moved_away", "--paid-to", "heir"), "self"),
        (("--cause", "moved_away", "--paid-to", "self", "--document", "身份证件"), "户籍迁出证明"),
        (("--cause", "deceased", "--paid-to", "heir"), "死亡证明"),
    ],
    ids=["another cause", "somebody else", "a paper short", "no paper"],
)
def test_nothing_else_turns_an_account_into_cash(city: City, more: tuple[str, ...], said: str) -> None:
    subsidised(city)
    with city.untouched():
        assert said in closed(city, *more, exit_code=1)


def test_a_check_says_what_would_be_paid_and_closes_nothing(city: City) -> None:
    subsidised(city)
    with city.untouched():
        assert closed(city, *MOVED, "--check") == {"closed": False, "paid_to": "self", "paid_fen": 500}


def test_an_account_that_was_closed_is_none_any_more(city: City) -> None:
    subsidised(city)
    closed(city, *MOVED)
    assert "was closed before" in closed(city, *MOVED, exit_code=1)
    assert credited(city)["credited_count"] == 1
    with city.untouched():
        path = city.write("again.csv", MEMBERS, person("S1", account="5.00,active"))
        answer = city.ask("member", "import", path, exit_code=1)
    assert "is not opened again" in answer["faults"][0]["en"]


def test_what_a_reversal_brings_back_to_a_closed_account_is_paid_out_by_a_second_closing(city: City) -> None:
    subsidised(city)
    closed(city, *MOVED)
    city.change("UPDATE accounts SET balance_fen = 300 WHERE state = 'closed'")
    assert closed(city, *MOVED)["paid_fen"] == 300
    numbers = city.rows("SELECT number, amount_fen FROM account_closings ORDER BY number")
    assert numbers == [(1, 500), (2, 300)]


@pytest.mark.parametrize("paid_to", ["heir", "relative"])
def test_what_somebody_leaves_goes_to_an_heir_or_relative_who_shows_the_papers(
    city: City, paid_to: str
) -> None:
    subsidised(city)
    died = ("--cause", "deceased", "--paid-to", paid_to, "--document", "死亡证明:2026-7")
    assert closed(city, *died)["paid_fen"] == 500
    assert city.rows("SELECT cause, paid_to FROM account_closings") == [("deceased", paid_to)]


def test_who_comes_for_an_heir_shows_the_paper_that_says_so(city: City) -> None:
    subsidised(city)
    died = ("--cause", "deceased", "--paid-to", "heir", "--document", "死亡证明", "--agent")
    with city.untouched():
        assert "授权书" in closed(city, *died, exit_code=1)
    assert closed(city, *died, "--document", "授权书:9")["paid_fen"] == 500


@pytest.mark.parametrize("second", ["wang", " WANG ", "Ｗａｎｇ", "w ang", "Wang."])
def test_nobody_closes_an_account_alone(city: City, second: str) -> None:
    subsidised(city)
    with city.untouched():
        result = city.run(
            "account", "close", "S1", "--by", "Wang", "--second", second, *MOVED, exit_code=2
        )
    assert "must be another person" in result.stderr


def test_a_frozen_account_is_not_closed_before_somebody_ends_that(city: City) -> None:
    subsidised(city)
    path = city.write("frozen.csv", MEMBERS, person("S1", account="5.00,frozen"))
    city.run("member", "import", path)
    with city.untouched():
        assert "The account is frozen" in closed(city, *MOVED, exit_code=1)
    path = city.write("active.csv", MEMBERS, person("S1", account="5.00,active"))
    city.run("member", "import", path)
    assert closed(city, *MOVED)["paid_fen"] == 500


def test_an_account_that_a_hold_reserves_is_not_closed(city: City) -> None:
    subsidised(city)
    city.change("UPDATE accounts SET held_fen = 100 WHERE balance_fen = 500")
    assert "reserves 1.00 yuan" in closed(city, *MOVED, exit_code=1)


@pytest.mark.parametrize(
    ("member", "said"), [("S3", "has no account"), ("S404", "No member has this number")]
)
def test_who_has_no_account_closes_none(city: City, member: str, said: str) -> None:
    subsidised(city)
    assert said in closed(city, *MOVED, member=member, exit_code=1)


def test_an_account_of_a_region_that_closes_none_stays(city: City) -> None:
    said = closed(city, *MOVED, member="2103000001", exit_code=1)
    assert "NO_RULE" in said

