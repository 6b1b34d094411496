"""``medsettle-gateway supervision``: what the rules at the counter found, and who went on in spite of it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final, NamedTuple

import click

from medsettle_gateway.bootstrap.gateway import desk_of
from medsettle_gateway.cli.days import day_typed, days_of
from medsettle_gateway.cli.frame import (
    Gateway,
    config_option,
    json_option,
    open_gateway,
    print_json,
    shown_at,
)
from medsettle_gateway.cli.supervision_try import Looking, looked_at, try_rules
from medsettle_gateway.domain.calendar import day_begins_at, day_ends_at
from medsettle_gateway.domain.finding import Finding, Verdict
from medsettle_gateway.domain.sale import SaleRecord, findings_of
from medsettle_gateway.service import trying
from medsettle_gateway.storage.supervised import Days, supervised

_VERDICTS: Final = [each.value for each in Verdict]
_BECAME: Final = {
    "reminded": ("已提醒", "reminded"),
    "accepted": ("已说明理由", "accepted"),
    "refused": ("未结算", "refused"),
    "afterwards": ("事后查出", "found afterwards"),
}


@click.group("supervision", short_help="智能监控 what supervision found")
def supervision() -> None:
    """See what the rules of supervision found at the counters."""


supervision.add_command(try_rules)


@supervision.command("list", short_help="列出监控结果 list what was found")
@click.option("--from", "first_on", callback=day_typed, metavar="DATE", help="The first day  [a week ago].")
@click.option("--to", "last_on", callback=day_typed, metavar="DATE", help="The last day  [today].")
@click.option("--institution", default="", metavar="CODE", help="Only of this institution.")
@click.option("--rule", default="", metavar="CODE", help="Only this rule, such as REPEATED_DRUG.")
@click.option("--verdict", type=click.Choice(_VERDICTS), help="Only of this verdict.")
@click.option("--most", default=1000, show_default=True, type=click.IntRange(1, 100_000),
              help="How many sales are looked at, oldest first.")
@click.option("--afterwards", is_flag=True,
              help="What no counter could see: sales are looked at again in the order of their days.")
@json_option
@config_option
def list_command(  # noqa: PLR0913 - one argument an option
    first_on: date | None, last_on: date | None, institution: str, rule: str, verdict: str | None, most: int,
    afterwards: bool, as_json: bool, config_path: Path,  # noqa: FBT001
) -> None:
    """List each finding: in which sale, by which rule, and what became of it.

    A warning was accepted by the operator of the till, with the reason that stands here; a sale that is
    refused charged nothing. Patients stand by the gateway's own reference.

    With --afterwards the sales that stand settled are looked at again by the rules of their days, and what is
    listed was not found at the counter: beside a hold that was confirmed late, or a claim for a day gone by.
    """
    first, last = days_of(first_on, last_on)
    gateway = open_gateway(config_path)
    days = Days(day_begins_at(first), day_ends_at(last), institution)
    found = (_afterwards if afterwards else _at_counter)(gateway, days, most)
    rows = [
        row for row in found.rows
        if rule.upper() in {"", row["code"]} and verdict in {None, row["verdict"]}
    ]
    if as_json:
        print_json({
            "findings": rows, "rules": _by_rule(rows), "sales_count": found.sales_count,
            "unknown_count": found.unknown_count, "more": found.sales_count == most,
        })
        return
    _print(rows, found.unknown_count, found.sales_count == most)


class _Found(NamedTuple):
    """How many sales were looked at, of how many too little is known by now, and a row for each finding."""

    sales_count: int
    unknown_count: int
    rows: list[dict[str, Any]]


def _at_counter(gateway: Gateway, days: Days, most: int) -> _Found:
    with gateway.reading() as connection:
        sales = list(supervised(connection, gateway.sealer, days, most))
    return _Found(len(sales), 0, [row for sale in sales for row in _rows(sale)])


def _afterwards(gateway: Gateway, days: Days, most: int) -> _Found:
    looking = Looking(desk_of(gateway.config, gateway.keys), trying.needs_afterwards, trying.afterwards)
    with gateway.reading() as connection:
        found = list(looked_at(connection, gateway, looking, days, most))
    unknown_count = sum(seen is None for _, seen in found)
    rows = [_row(sale, each, "", "afterwards") for sale, seen in found for each in seen or ()]
    return _Found(len(found), unknown_count, rows)


def _print(rows: list[dict[str, Any]], unknown_count: int, more: bool) -> None:  # noqa: FBT001
    for row in rows:
        zh, en = _BECAME[row["became"]]
        reason = f":{row['reason']}" if row["reason"] else ""
        click.echo(
            f"{row['at']} {row['request_id']} {row['code']} {zh} {en}{reason} "
            f"{row['operator']} {row['zh']}"
        )
    for code, counts in _by_rule(rows).items():
        told = ", ".join(f"{_BECAME[name][0]} {name} {count}" for name, count in counts.items())
        click.echo(f"{code}: {told}")
    if not rows:
        click.echo("没有监控结果。Nothing was found.")
    if unknown_count:
        click.echo(f"有{unknown_count}笔资料不全,不能查看。")
        click.echo(f"Too little is known of {unknown_count} to look at.")
    if more:
        click.echo("还有更多,请缩短日期范围或加大 --most。")
        click.echo("There is more: take fewer days, or a larger --most.")


def _rows(sale: SaleRecord) -> Iterator[dict[str, Any]]:
    if sale.replaces and sale.refusal is None:
        return  # what stays of a sale brings along what was found of it: that counts once, where it was found
    reasons = {each.code: each.reason for each in sale.accepted}
    refused = sale.refusal is not None
    for finding in findings_of(sale):
        became = "refused" if refused else "reminded" if finding.verdict is Verdict.REMIND else "accepted"
        yield _row(sale, finding, reasons.get(finding.code, ""), became)


def _row(sale: SaleRecord, finding: Finding, reason: str, became: str) -> dict[str, Any]:
    return {
        "at": shown_at(sale.created_at),
        "request_id": sale.request_id.text,
        "institution": sale.institution,
        "terminal": sale.terminal,
        "operator": sale.operator,
        "member": sale.member or "",
        "state": sale.state.value,
        "code": finding.code,
        "verdict": finding.verdict.value,
        "became": became,
        "reason": reason,
        "line_ids": list(finding.line_ids),
        "clause": finding.clause,
        "zh": finding.zh,
        "en": finding.en,
    }


def _by_rule(rows: Iterable[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """How often each rule found something, and what became of it, the most frequent rule first."""
    counts = Counter((row["code"], row["became"]) for row in rows)
    totals = Counter(row["code"] for row in rows)
    return {
        code: {became: counts[code, became] for became in _BECAME if counts[code, became]}
        for code, _ in sorted(totals.items(), key=lambda pair: (-pair[1], pair[0]))
    }
