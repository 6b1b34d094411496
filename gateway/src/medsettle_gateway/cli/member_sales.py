"""``member sales``: what was settled for one person, line by line, and what it came to."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import click

from medsettle.wire.states import SaleState
from medsettle_gateway.cli.days import day_typed, days_of
from medsettle_gateway.cli.frame import config_option, json_option, open_gateway, print_json, refuse, shown_at
from medsettle_gateway.domain.calendar import day_begins_at, day_ends_at
from medsettle_gateway.domain.money import format_fen
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.storage.connection import snapshot
from medsettle_gateway.storage.member_sales import Span, sales_of

_SUMS: Final = (
    ("total_fen", "总额", "total"),
    ("funds_fen", "基金", "funds"),
    ("accounts_fen", "账户", "accounts"),
    ("cash_fen", "现金", "cash"),
    ("provider_borne_fen", "机构承担", "borne by institutions"),
)
"""The total, and the parts that it is the sum of."""


@click.command("sales", short_help="个人费用台账 a person's ledger of expenses")
@click.argument("member_no")
@click.option("--from", "first_on", callback=day_typed, metavar="DATE", help="The first day  [a week ago].")
@click.option("--to", "last_on", callback=day_typed, metavar="DATE", help="The last day  [today].")
@click.option("--most", default=1000, show_default=True, type=click.IntRange(1, 100_000),
              help="How many sales are listed, oldest first.")
@json_option
@config_option
def list_sales(
    member_no: str, first_on: date | None, last_on: date | None, most: int, as_json: bool,  # noqa: FBT001
    config_path: Path,
) -> None:
    """List what was settled for MEMBER_NO on these days, each sale with its lines, and what it came to.

    The days are those on which tills asked. Sales that are open or were reversed are listed too; only what
    stands settled is in the sums. No name is shown.
    """
    first, last = days_of(first_on, last_on)
    gateway = open_gateway(config_path)
    with gateway.reading() as connection, snapshot(connection):
        member = gateway.people(connection, "member sales").member_of(member_no)
        if member is None:
            refuse("没有这个个人编号。", "No member has this number.")
        span = Span(day_begins_at(first), day_ends_at(last))
        sales = [_row(sale) for sale in sales_of(connection, gateway.sealer, member, span, most)]
    settled = [row for row in sales if row["state"] == SaleState.SETTLED]
    sums = {name: sum(row[name] for row in settled) for name, _, _ in _SUMS}
    if as_json:
        print_json({"sales": sales, "settled_count": len(settled), **sums, "more": len(sales) == most})
        return
    for text in _page(sales, sums, len(settled)):
        click.echo(text)
    if len(sales) == most:
        click.echo("还有更多,请缩短日期范围或加大 --most。")
        click.echo("There is more: take fewer days, or a larger --most.")


def _row(sale: SaleRecord) -> dict[str, Any]:
    parts = [each.breakdown for each in sale.settlements]
    return {
        "at": shown_at(sale.created_at),
        "request_id": sale.request_id.text,
        "institution": sale.institution,
        "service_on": sale.service_on,
        "state": sale.state.value,
        "benefits": [each.benefit for each in sale.settlements],
        "total_fen": sum(each.total_fen for each in parts),
        "funds_fen": sum(share.amount_fen for each in parts for share in each.funds),
        "accounts_fen": sum(share.amount_fen for each in parts for share in each.accounts),
        "cash_fen": sum(each.cash_fen for each in parts),
        "provider_borne_fen": sum(each.provider_borne_fen for each in parts),
        "lines": list(_lines(sale)),
    }


def _lines(sale: SaleRecord) -> Iterator[dict[str, Any]]:
    for settlement in sale.settlements:
        for line, share in zip(settlement.lines, settlement.breakdown.lines, strict=True):
            yield {
                "item_code": line.item_code,
                "name": line.name,
                "benefit": settlement.benefit,
                "amount_fen": share.amount_fen,
                "in_scope_fen": share.in_scope_fen,
            }


def _page(sales: Sequence[dict[str, Any]], sums: dict[str, int], settled_count: int) -> Iterator[str]:
    for row in sales:
        yield f"{row['at']}  {row['request_id']}  {row['state']}  {_amounts(row)}"
        for line in row["lines"]:
            amount, in_scope = format_fen(line["amount_fen"]), format_fen(line["in_scope_fen"])
            goods = f"{line['item_code']}  {line['name']}  {line['benefit']}"
            yield f"    {goods}  {amount}  符合政策范围 in scope {in_scope}"
    yield f"已结算 settled: {settled_count}  {_amounts(sums)}"


def _amounts(row: dict[str, Any]) -> str:
    return "  ".join(f"{zh} {en} {format_fen(row[name])}" for name, zh, en in _SUMS)
