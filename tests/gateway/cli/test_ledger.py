"""The ledger for finance: verified, its head noted, written out; on either store."""

import asyncio
import csv
import io
import json
import re
import sqlite3
import sys
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medsettle_gateway.cli.ledger_export import COLUMNS, _cell
from medsettle_gateway.storage.connection import DatabaseFailedError
from tests.gateway.cli.city import City, on_both_stores

AN_INSTANT = r"[0-9-]{10}T[0-9:]{8}\.[0-9]{6}\+08:00"
"""On the clock of the business days beside it."""


def chained(city: City) -> City:
    """Chains what was entered, as a gateway does that runs."""

    async def chain() -> None:
        gateway = city.gateway
        store = await gateway.database.open(gateway.sealer, root=gateway.keys.root.key)
        await store.chain(1_000, datetime.now(UTC))
        await store.close()

    asyncio.run(chain())
    return city


def exported(city: City, *options: str) -> list[dict[str, Any]]:
    text = city.run("ledger", "export", "--format", "jsonl", *options).stdout
    return [json.loads(line) for line in text.splitlines()]


@on_both_stores
def test_sound_books_are_verified_for_programs(city: City) -> None:
    answer = chained(city).ask("ledger", "verify")
    assert (answer["sound"], answer["findings"], answer["waiting_count"]) == (True, [], 0)
    assert answer["head"]["last_position"] == answer["entry_count"] > 0
    assert len(answer["head"]["hash"]) == 64


@on_both_stores
def test_sound_books_are_verified_for_people(city: City) -> None:
    text = chained(city).run("ledger", "verify", "--readers", "3").stdout
    assert "全部相符" in text
    assert "Everything holds" in text


@on_both_stores
def test_books_that_lie_in_the_future_are_told_with_what_to_do(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = datetime.now(UTC) - timedelta(hours=3)
    assert "Note" not in city.run("ledger", "verify").stderr
    monkeypatch.setattr("medsettle_gateway.cli.ledger_verify.now", lambda: ahead)
    result = city.run("ledger", "verify")
    assert "Everything holds" in result.stdout
    assert "最后一条分录的时间是" in result.stderr
    assert re.search(r"the last entry is of 20.*\+08:00, and now it is 20.* Set the clocks", result.stderr)
    last_at = datetime.fromisoformat(city.ask("ledger", "verify")["last_committed_at"])
    assert last_at > ahead


@on_both_stores
def test_books_that_are_off_are_named_in_both_languages(city: City) -> None:
    city.change("UPDATE accounts SET balance_fen = balance_fen + 1 WHERE balance_fen = 100000")
    (finding,) = city.ask("ledger", "verify", exit_code=1)["findings"]
    assert (finding["kind"], finding["row_count"]) == ("balances", 1)
    assert (finding["row"]["balance_fen"], finding["row"]["posted_balance_fen"]) == (100_001, 100_000)
    result = city.run("ledger", "verify", exit_code=1)
    assert f"错误:{finding['zh']}(共 1 处)" in result.stdout
    assert f"Fault: {finding['en']} (1 such)" in result.stdout
    assert "stop using them" in result.stderr


@on_both_stores
def test_a_head_is_noted_and_asked_for_later(city: City) -> None:
    waiting_count = city.ask("ledger", "head")["waiting_count"]
    assert waiting_count > 0
    noted = chained(city).ask("ledger", "head")
    assert (noted["block"], noted["last_position"], noted["waiting_count"]) == (1, waiting_count, 0)
    assert city.ask("ledger", "verify", "--head", noted["hash"].upper())["sound"] is True
    (finding,) = city.ask("ledger", "verify", "--head", "0" * 64, exit_code=1)["findings"]
    assert finding["kind"] == "head"


def test_the_head_is_shown_to_people(city: City) -> None:
    text = city.run("ledger", "head").stdout
    assert "There is no block yet" in text
    assert "in no block yet" in text
    text = chained(city).run("ledger", "head").stdout
    assert "up to position" in text
    assert "in no block yet" not in text


@pytest.mark.parametrize("noted", ["12", "x" * 64])
def test_a_head_that_is_none_is_refused(city: City, noted: str) -> None:
    assert "64 hexadecimal digits" in city.run("ledger", "verify", "--head", noted, exit_code=2).stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of another kind")
def test_a_bar_is_shown_on_a_terminal_only(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    assert city.run("ledger", "verify").stderr == ""
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True)
    assert "verifying" in city.run("ledger", "verify").stderr


@pytest.mark.parametrize("error", [sqlite3.DatabaseError("disk I/O error"), DatabaseFailedError("gone")])
def test_a_database_that_cannot_be_read_is_not_said_to_be_sound(
    city: City, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def failing(*_: object) -> NoReturn:
        raise error

    monkeypatch.setattr("medsettle_gateway.cli.ledger_verify.verify", failing)
    result = city.run("ledger", "verify", exit_code=1)
    assert f"Not verified: the database cannot be read ({error})" in result.stderr
    assert "核对未完成" in result.stderr
    assert result.stdout == ""


@on_both_stores
def test_entries_are_written_out_as_a_table_that_ends_with_totals(city: City) -> None:
    rows = list(csv.reader(io.StringIO(chained(city).run("ledger", "export").stdout)))
    head, *body = rows
    assert tuple(head) == COLUMNS
    postings = [row for row in body if row[1] == "OPENING"]
    assert postings[0][:2] == ["1", "OPENING"]
    assert all(re.fullmatch(AN_INSTANT, row[3]) for row in postings)
    assert sum(int(row[8]) for row in postings) == 0
    totals = body[len(postings):]
    opened_fen = sum(int(row[8]) for row in postings if int(row[8]) > 0)
    by_sign = {sign: sum(int(row[8]) for row in totals if row[7] == sign) for sign in ("plus", "minus")}
    assert by_sign == {"plus": opened_fen, "minus": -opened_fen}
    assert totals[-1] == ["", "TOTAL", "", "", "", "", "", "", "0"]


@on_both_stores
def test_entries_are_written_out_as_lines_of_json(city: City) -> None:
    *entries, last = exported(chained(city))
    assert [entry["position"] for entry in entries] == sorted(entry["position"] for entry in entries)
    assert sum(posting["amount_fen"] for entry in entries for posting in entry["postings"]) == 0
    assert all(re.fullmatch(AN_INSTANT, entry["committed_at"]) for entry in entries)
    assert last["totals"]["entry_count"] == len(entries)
    assert last["totals"]["posting_count"] == sum(len(entry["postings"]) for entry in entries)
    assert all(book["plus_fen"] == -book["minus_fen"] > 0 for book in last["totals"]["books"])


@on_both_stores
def test_days_and_a_book_are_chosen(city: City) -> None:
    (day,) = {entry["business_on"] for entry in exported(chained(city))[:-1]}
    book = exported(city)[0]["postings"][0]["book"]
    count = len(exported(city)) - 1
    assert len(exported(city, "--from", day, "--to", day)) == count + 1
    assert len(exported(city, "--to", "2000-01-01")) == 1
    assert len(exported(city, "--from", "2999-01-01")) == 1
    own = exported(city, "--book", book)
    assert {posting["book"] for entry in own[:-1] for posting in entry["postings"]} == {book}


def test_no_name_and_no_number_of_anybody_is_written_out(city: City) -> None:
    text = chained(city).run("ledger", "export", "--format", "jsonl").stdout
    assert text.isascii()
    assert "2103000001" not in text
    assert "operator" not in text


def test_a_file_is_written_whole_and_never_over_another(city: City) -> None:
    path = city.folder / "entries.csv"
    chained(city).run("ledger", "export", "--output", str(path))
    assert path.read_text("utf-8") == city.run("ledger", "export").stdout
    assert list(city.folder.glob("*.part")) == []
    refused = city.run("ledger", "export", "--output", str(path), exit_code=1).stderr
    assert "is not overwritten" in refused


def test_a_file_that_cannot_be_written_is_refused(city: City) -> None:
    result = city.run("ledger", "export", "--output", str(city.folder / "no" / "x.csv"), exit_code=1)
    assert "Cannot write" in result.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--from", "2026-02-30"), "2026-01-31"),
        (("--to", "yesterday"), "2026-01-31"),
        (("--format", "xls"), "xls"),
    ],
)
def test_an_odd_choice_is_refused(city: City, options: tuple[str, ...], said: str) -> None:
    assert said in city.run("ledger", "export", *options, exit_code=2).stderr


def test_days_the_wrong_way_round_are_refused(city: City) -> None:
    options = ("--from", "2026-03-02", "--to", "2026-03-01")
    told = city.run("ledger", "export", *options, exit_code=2).stderr
    assert "--from is later than --to" in told
    assert "--from 晚于 --to" in told


@on_both_stores
def test_a_book_that_is_none_is_refused_with_the_nearest_names_before_a_file_is_made(city: City) -> None:
    book = exported(chained(city))[0]["postings"][0]["book"]
    path = city.folder / "entries.csv"
    told = city.run("ledger", "export", "--book", f"{book}x", "--output", str(path), exit_code=2).stderr
    assert f"没有这个账簿;最接近的是 {book}" in told
    assert f"there is no such book; the nearest are {book}" in told
    assert not path.exists()


def test_a_book_is_named_even_where_none_is_near(city: City) -> None:
    book = exported(chained(city))[0]["postings"][0]["book"]
    assert f"the nearest are {book}" in city.run("ledger", "export", "--book", "?", exit_code=2).stderr


def test_both_say_which_entries_they_count(city: City) -> None:
    assert exported(chained(city))[-1]["totals"]["counted"] == "entries with postings"
    assert city.ask("ledger", "verify")["counted"] == "all entries"
    text = city.run("ledger", "verify").stdout
    assert "All entries are counted" in text
    assert "分录全部计入" in text
    text = city.run("ledger", "export", "--output", str(city.folder / "x.csv")).stdout
    assert "Entries with postings are counted" in text
    assert "只计有记账的分录" in text


@given(st.text(st.characters(codec="utf-8")))
def test_no_cell_begins_a_formula(text: str) -> None:
    assert not _cell(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert _cell(text).endswith(text)
