"""``medsettle-gateway ledger owed``: what institutions are owed for a month, for their claims."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from itertools import groupby
from pathlib import Path

import click

from medsettle_gateway.cli.frame import config_option, json_option, open_gateway, print_json
from medsettle_gateway.cli.usage import WrongValueError
from medsettle_gateway.domain.keys import InstitutionKey
from medsettle_gateway.domain.money import format_fen
from medsettle_gateway.files import cells
from medsettle_gateway.storage.audit.owed import Owed, owed
from medsettle_gateway.storage.facts import load


def _month(_context: click.Context, option: click.Parameter, text: str) -> tuple[date, date]:
    """The first and the last day of a month."""
    try:
        first_on = date.fromisoformat(f"{cells.month(text)}-01")
    except cells.CellError as error:
        raise WrongValueError(error.zh, error.en, param=option) from error
    return first_on, first_on.replace(day=monthrange(first_on.year, first_on.month)[1])


@click.command("owed", short_help="各机构当月应收 what institutions are owed for a month")
@click.option("--month", "days", required=True, metavar="MONTH", callback=_month, help="Such as 2026-06.")
@click.option("--institution", default="", metavar="CODE", help="One institution only.")
@json_option
@config_option
def owed_command(days: tuple[date, date], institution: str, as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """Print what funds and personal accounts owe each institution for the business days of MONTH.

    The figures of its monthly claim: the sum for the application form, and each fund and scheme with the
    number of its sales for the summary form. What was reversed or returned counts in the month of that.
    ledger export has the sales one by one.
    """
    gateway = open_gateway(config_path)
    with gateway.reading() as connection:
        found = owed(connection, *days, institution)
        key = InstitutionKey(institution)
        if institution and not found and load(connection, gateway.sealer, [key]).of(key) is None:
            zh, en = "没有登记这家机构", "no institution has this code"  # which is not: nothing is owed
            raise WrongValueError(zh, en, param_hint="--institution")
    if as_json:
        first_on, last_on = days
        rows = [each._asdict() for each in found]
        print_json({"from": first_on, "to": last_on, "owed_fen": _sum_fen(found), "owed": rows})
        return
    for line in _page(days, found):
        click.echo(line)


def _page(days: tuple[date, date], found: tuple[Owed, ...]) -> Iterator[str]:
    first_on, last_on = days
    yield f"应收 owed {first_on} – {last_on},单位:元 in yuan"
    if not found:
        yield "没有应收。Nothing is owed."
        return
    books_wide = max(len(each.book) for each in found)
    counts_wide = max(len(str(each.sales_count)) for each in found)
    amounts_wide = max(len(format_fen(each.amount_fen)) for each in found)
    for code, books in groupby(found, lambda each: each.institution):
        rows = tuple(books)
        yield f"{code}  合计 in all {format_fen(_sum_fen(rows))}"
        for _, book, count, amount_fen in rows:
            amount = format_fen(amount_fen)
            yield f"  {book:<{books_wide}}  {count:>{counts_wide}} 笔 sales  {amount:>{amounts_wide}}"
    if len({each.institution for each in found}) > 1:
        yield f"全部机构 all institutions  合计 in all {format_fen(_sum_fen(found))}"


def _sum_fen(rows: tuple[Owed, ...]) -> int:
    return sum(each.amount_fen for each in rows)
