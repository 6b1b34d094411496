"""Emergency orders from the command line: signed, dated, listed, ended; what is wrong is refused."""

import sqlite3
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from medsettle.wire.signing import verifier_of
from medsettle_gateway.cli.frame import now
from medsettle_gateway.domain.basket import Waiver
from medsettle_gateway.domain.calendar import CST, day_of
from medsettle_gateway.domain.facts import InstitutionFacts
from medsettle_gateway.domain.keys import InstitutionKey, OrdersKey
from medsettle_gateway.service.emergency import Orders
from medsettle_gateway.storage.connection import DatabaseFailedError
from medsettle_gateway.storage.facts import load
from tests.gateway.cli.city import City, on_both_stores

CLINIC, OTHER = "H21030200001", "H21030300002"
DAY = timedelta(days=1)


@pytest.fixture
def today() -> date:
    return day_of(now())


def issued(city: City, today: date, *more: str, to: date | None = None, exit_code: int = 0) -> Any:
    arguments = [
        "order", "issue", "--region", "210300", "--waive", "limits", "--from", today.isoformat(),
        "--to", (to or today + 9 * DAY).isoformat(), "--authority", "鞍山市医疗保障局",
        "--document", "鞍医保发〔2026〕9号", "--by", "王某", *more,
    ]
    if exit_code:
        return city.run(*arguments, exit_code=exit_code).stderr
    return city.ask(*arguments)


def holding(city: City, on: date, code: str = CLINIC) -> Any:
    """The order that a gateway with these keys believes on the day."""
    with city.gateway.reading() as connection:
        place_key, orders_key = InstitutionKey(code), OrdersKey("210300", code, on, on, 10)
        facts = load(connection, city.gateway.sealer, (place_key, orders_key))
    place, signed = facts.of(place_key), facts.of(orders_key)
    assert isinstance(place, InstitutionFacts)
    held = Orders(verifier_of(city.gateway.keys.root.public_key)).in_force(signed, place, on, on)
    return next(iter(held), None)


@pytest.fixture
def file(city: City) -> Iterator[sqlite3.Connection]:
    """The database itself, without what guards it: as somebody would have it who may write the file."""
    connection = sqlite3.connect(city.gateway.config.storage.path)
    for (trigger,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {trigger}")
    yield connection
    connection.close()


@on_both_stores
def test_an_order_that_was_issued_holds_at_once_and_says_who_ordered_and_entered_it(
    city: City, today: date
) -> None:
    record = issued(city, today)
    held = holding(city, today)
    assert (held.id, held.authority, held.waives) == (
        record["id"], "鞍山市医疗保障局 鞍医保发〔2026〕9号", (Waiver.LIMITS,)
    )
    assert holding(city, today + 10 * DAY) is None
    (listed,) = city.ask("order", "list")["orders"]
    assert (listed["state"], listed["author"], listed["ended"]) == ("in_force", "王某", None)
    assert record["id"] in city.run("order", "list").stdout


@on_both_stores
def test_an_order_for_one_institution_holds_there_only(city: City, today: date) -> None:
    issued(city, today, "--institution", CLINIC)
    assert holding(city, today) is not None
    assert holding(city, today, OTHER) is None


@on_both_stores
def test_an_order_is_ended_before_its_time_and_both_are_recorded(city: City, today: date) -> None:
    name = issued(city, today)["id"]
    city.run("order", "end", name, "--by", "李某")
    assert holding(city, today) is not None
    assert holding(city, today + DAY) is None
    (listed,) = city.ask("order", "list")["orders"]
    assert (listed["to"], listed["author"], listed["ended"]["author"]) == (today.isoformat(), "王某", "李某")
    again = city.run("order", "end", name, "--by", "李某", exit_code=1)
    assert "was ended before" in again.stderr
    (line,) = city.run("order", "list").stdout.splitlines()
    ended_at = datetime.fromisoformat(listed["ended"]["ended_at"]).astimezone(CST)
    assert f"李某 {ended_at.isoformat(timespec='seconds')} 结束 ended it" in line


@on_both_stores
def test_an_order_that_has_not_begun_never_holds_once_it_is_ended(city: City, today: date) -> None:
    name = issued(city, today + 5 * DAY)["id"]
    assert city.ask("order", "list")["orders"][0]["state"] == "planned"
    city.run("order", "end", name, "--by", "李某")
    assert holding(city, today + 5 * DAY) is None


@pytest.mark.parametrize("days", [-2, 9, 12])
def test_an_order_ends_neither_in_the_past_nor_later_than_it_would(
    city: City, today: date, days: int
) -> None:
    name = issued(city, today - 5 * DAY, to=today + 9 * DAY)["id"]
    last = (today + days * DAY).isoformat()
    with city.untouched():
        result = city.run("order", "end", name, "--by", "李某", "--last-day", last, exit_code=1)
    assert "The last day is yesterday at the earliest" in result.stderr


def test_a_year_is_the_longest_that_an_order_holds(city: City, today: date) -> None:
    assert issued(city, today, to=today + 365 * DAY)["to"] == (today + 365 * DAY).isoformat()
    with city.untouched():
        said = issued(city, today, to=today + 366 * DAY, exit_code=2)
    assert "最长 366 天" in said


@pytest.mark.parametrize(
    ("more", "exit_code", "said"),
    [
        (("--institution", "H404"), 1, "No institution H404 is known in region 210300"),
        (("--region", "999999"), 1, "No institution is known in region 999999"),
        (("--to", "2020-01-01"), 2, "is before --from"),
        (("--from", "soon"), 2, "must be a date"),
        (("--by", " "), 2, "must be 1 to 200 printable characters"),
        (("--region", "2103"), 2, "six digits"),
        (("--waive", "cash"), 2, "'cash' is not one of"),
    ],
)
def test_an_order_that_cannot_be_is_refused_and_nothing_recorded(
    city: City, today: date, more: tuple[str, ...], exit_code: int, said: str
) -> None:
    with city.untouched():
        assert said in issued(city, today, *more, exit_code=exit_code)


@pytest.mark.parametrize("left_out", ["--to", "--authority", "--document", "--by"])
def test_an_order_without_an_end_or_without_a_name_is_refused(city: City, today: date, left_out: str) -> None:
    every = {
        "--region": "210300", "--waive": "limits", "--from": today.isoformat(), "--to": today.isoformat(),
        "--authority": "a", "--document": "d", "--by": "w",
    }
    del every[left_out]
    arguments = [word for pair in every.items() for word in pair]
    assert left_out in city.run("order", "issue", *arguments, exit_code=2).stderr


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE emergency_orders SET statement = replace(statement, 'limits', 'catalogue')",
        "UPDATE emergency_orders SET signature = x'00'",
        "UPDATE emergency_orders SET id = 'another'",
    ],
)
def test_an_order_that_was_changed_in_the_database_does_not_hold_and_is_shown(
    city: City, today: date, file: sqlite3.Connection, tampering: str
) -> None:
    issued(city, today)
    file.execute(tampering)
    file.commit()
    assert holding(city, today) is None
    listed = city.ask("order", "list", exit_code=1)["orders"]
    assert [each["state"] for each in listed] == ["tampered"]
    assert "not as it was signed" in city.run("order", "list", exit_code=1).stdout


def test_an_end_that_was_forged_takes_the_order_with_it(
    city: City, today: date, file: sqlite3.Connection
) -> None:
    name = issued(city, today)["id"]
    city.run("order", "end", name, "--by", "李某")
    file.execute("UPDATE emergency_order_ends SET statement = replace(statement, '李某', '王某')")
    file.commit()
    assert holding(city, today) is None


def test_an_order_that_nobody_issued_cannot_be_ended(city: City) -> None:
    result = city.run("order", "end", "nothing", "--by", "李某", exit_code=1)
    assert "There is no order nothing" in result.stderr


@on_both_stores
def test_what_was_recorded_cannot_be_taken_back(city: City, today: date) -> None:
    issued(city, today)
    for statement in ("DELETE FROM emergency_orders", "UPDATE emergency_orders SET region = '1'"):
        with pytest.raises((sqlite3.IntegrityError, DatabaseFailedError), match="orders are never"):
            city.change(statement)
