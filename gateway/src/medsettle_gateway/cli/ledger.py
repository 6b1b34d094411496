"""``medsettle-gateway ledger``: the books, recomputed from their entries."""

import sys
from pathlib import Path

import click

from medsettle_gateway.cli.frame import config_option, json_option, open_gateway, print_json
from medsettle_gateway.cli.ledger_export import export_command
from medsettle_gateway.cli.ledger_owed import owed_command
from medsettle_gateway.cli.ledger_verify import head_command, print_findings, verify_command
from medsettle_gateway.domain.money import format_fen
from medsettle_gateway.storage.audit import Summary, summarise


@click.group("ledger", short_help="查看账簿 look into the books")
def ledger() -> None:
    """Look into the books."""


ledger.add_command(verify_command)
ledger.add_command(head_command)
ledger.add_command(export_command)
ledger.add_command(owed_command)


@ledger.command("summary", short_help="汇总并核对全部分录 add up and check every entry")
@json_option
@config_option
def summary(as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """Add up every entry: books, balances, funds, open sales. Exits 1 if anything is off."""
    with open_gateway(config_path).reading() as connection:
        found = summarise(connection)
    if as_json:
        print_json(_plain(found))
    else:
        _print(found)
    sys.exit(1 if found.faults else 0)


def _plain(found: Summary) -> dict[str, object]:
    return {
        "balanced": not found.faults,
        "entry_count": found.entry_count,
        "posting_count": found.posting_count,
        "sales": dict(found.sales),
        "funds": [{"book": book, "amount_fen": amount_fen} for book, amount_fen in found.funds],
        "accounts": found.accounts._asdict(),
        "cash_fen": found.cash_fen,
        "open_sales": [each._asdict() for each in found.open_sales],
        "faults": [fault._asdict() for fault in found.faults],
    }


def _print(found: Summary) -> None:
    from rich.console import Console  # noqa: PLC0415 - the JSON form needs none of it
    from rich.table import Table  # noqa: PLC0415

    table = Table(title="账簿汇总 The books", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_row("分录 entries", str(found.entry_count))
    table.add_row("记账 postings", str(found.posting_count))
    for state, count in found.sales:
        table.add_row(f"业务 sales {state}", str(count))
    table.add_section()
    for book, amount_fen in found.funds:
        table.add_row(f"基金 fund {book}", format_fen(amount_fen))
    table.add_row("个人账户余额 account balances", format_fen(found.accounts.balance_fen))
    table.add_row("预占 held", format_fen(found.accounts.held_fen))
    table.add_row("现金 cash", format_fen(found.cash_fen))
    Console().print(table)
    for request_id, state in found.open_sales:
        click.echo(f"未了结 open: {request_id} {state}")
    if not found.open_sales:
        click.echo("没有未了结的业务。No sale is open.")
    print_findings(found.faults)
    if not found.faults:
        click.echo("每个账簿借贷平衡,余额与记账一致。Every book balances, balances equal their postings.")
