"""``medsettle-gateway ledger export``: entries with their postings, as a table or as lines of JSON."""

import csv
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, TextIO

import click

from medsettle_gateway.cli.days import day_typed
from medsettle_gateway.cli.frame import config_option, open_gateway, refuse
from medsettle_gateway.cli.usage import WrongUsageError, WrongValueError
from medsettle_gateway.domain.calendar import CST
from medsettle_gateway.storage.audit.exporting import Exported, Totals, Wanted, export
from medsettle_gateway.storage.audit.naming import books_near
from medsettle_gateway.storage.connection import Connection

COLUMNS: Final = (
    "position", "kind", "request_id", "committed_at", "business_on", "terminal", "book", "account",
    "amount_fen",
)
_TOTAL: Final = "TOTAL"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""

Write = Callable[[Exported], None]
End = Callable[[Totals], None]


@click.command("export", short_help="导出分录 write the entries out")
@click.option("--from", "since", callback=day_typed, metavar="DATE", help="The first business day  [all].")
@click.option("--to", "until", callback=day_typed, metavar="DATE", help="The last business day  [all].")
@click.option("--book", default="", metavar="BOOK", help="One book only, as ledger summary names it.")
@click.option("--format", "form", type=click.Choice(["csv", "jsonl"]), default="csv", show_default=True)
@click.option(
    "--output", type=click.Path(path_type=Path), help="A new file  [standard output].", metavar="FILE"
)
@config_option
def export_command(
    since: date | None, until: date | None, book: str, form: str, output: Path | None, config_path: Path
) -> None:
    """Write entries with their postings, in the order of their positions, and totals at the end.

    Amounts are whole fen, instants in China's time with its offset. The totals are the last thing written: a
    file without them is not complete. Names, operators and free texts are left out; entries that move no
    money are too, which ledger verify counts.
    """
    wanted = Wanted(since or date.min, until or date.max, book)
    if wanted.since > wanted.until:
        raise WrongUsageError("--from 晚于 --to,请对调", "--from is later than --to: change them over")
    with open_gateway(config_path).reading() as connection:
        _require_book(connection, book)
        totals = Totals()
        with _opened(output) as file:
            write, end = _FORMS[form](file)
            for entry in export(connection, wanted):
                totals.add(entry)
                write(entry)
            end(totals)
    if output is not None:
        click.echo(f"{output}: 分录 entries {totals.entry_count},记账 postings {totals.posting_count}")
        click.echo("只计有记账的分录;ledger verify 计全部分录。")
        click.echo("Entries with postings are counted; ledger verify counts all.")


def _require_book(connection: Connection, book: str) -> None:
    near = books_near(connection, book) if book else None
    if near is None:
        return
    if not near:
        raise WrongValueError("还没有任何账簿", "there are no books yet", param_hint="--book")
    names = ", ".join(near)
    zh, en = f"没有这个账簿;最接近的是 {names}", f"there is no such book; the nearest are {names}"
    raise WrongValueError(zh, en, param_hint="--book")


@contextmanager
def _opened(output: Path | None) -> Iterator[TextIO]:
    """A new file is there once it is complete; what exists is never written over."""
    if output is None:
        yield sys.stdout
        return
    if output.exists():
        refuse(f"{output} 已存在,不覆盖。", f"{output} exists and is not overwritten.")
    part = output.with_name(output.name + ".part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            yield file
        part.rename(output)
    except OSError as error:
        refuse(f"无法写入 {output}({error.strerror})。", f"Cannot write {output} ({error.strerror}).")
    finally:
        part.unlink(missing_ok=True)


def _as_csv(file: TextIO) -> tuple[Write, End]:
    table = csv.writer(file, lineterminator="\n")
    table.writerow(COLUMNS)

    def write(entry: Exported) -> None:
        *columns, postings = entry
        head = [_cell(value) for value in columns]
        table.writerows(
            [*head, _cell(book), _cell(account), amount_fen] for book, account, amount_fen in postings
        )

    def end(totals: Totals) -> None:
        for book, (plus_fen, minus_fen) in sorted(totals.books.items()):
            for sign, amount_fen in (("plus", plus_fen), ("minus", minus_fen)):
                table.writerow(["", _TOTAL, "", "", "", "", _cell(book), sign, amount_fen])
        whole_fen = sum(sum(total) for total in totals.books.values())
        table.writerow(["", _TOTAL, "", "", "", "", "", "", whole_fen])

    return write, end


def _cell(value: object) -> str:
    text = _plain(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _plain(value: object) -> str:
    """An instant with all that the books have of it, on the same clock as the business days beside it."""
    if isinstance(value, datetime):
        return value.astimezone(CST).isoformat(timespec="microseconds")
    return str(value)


def _as_lines(file: TextIO) -> tuple[Write, End]:
    def put(data: dict[str, Any]) -> None:
        file.write(json.dumps(data, ensure_ascii=False, default=_plain, separators=(",", ":")) + "\n")

    def write(entry: Exported) -> None:
        put({**entry._asdict(), "postings": [posting._asdict() for posting in entry.postings]})

    def end(totals: Totals) -> None:
        put({"totals": {
            "counted": "entries with postings",
            "entry_count": totals.entry_count,
            "posting_count": totals.posting_count,
            "books": [{"book": book, **total._asdict()} for book, total in sorted(totals.books.items())],
        }})

    return write, end


_FORMS: Final[dict[str, Callable[[TextIO], tuple[Write, End]]]] = {"csv": _as_csv, "jsonl": _as_lines}
