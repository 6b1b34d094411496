"""``medsettle-gateway supervision try``: what rules would have found in the sales that were made."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final, NamedTuple

import click

from medsettle_gateway.bootstrap.gateway import desk_of, load_packs
from medsettle_gateway.cli.days import day_typed, days_of
from medsettle_gateway.cli.frame import (
    Gateway,
    config_option,
    json_option,
    now,
    open_gateway,
    print_json,
    shown_at,
)
from medsettle_gateway.cli.policy_files import policies_option, sources_or_stop
from medsettle_gateway.cli.policy_quote import stop
from medsettle_gateway.domain.calendar import day_begins_at, day_ends_at, day_of
from medsettle_gateway.domain.finding import Finding
from medsettle_gateway.domain.keys import AnyKey, Facts
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.policy.reading import Invalid
from medsettle_gateway.policy.registry import Packs
from medsettle_gateway.service.desk import Desk, Now
from medsettle_gateway.service.rulebook import Rulebook
from medsettle_gateway.service.trying import RulesOfADay, needs, tried
from medsettle_gateway.storage.connection import Connection
from medsettle_gateway.storage.facts import load
from medsettle_gateway.storage.supervised import Days, settled

_ROUNDS_COUNT: Final = 8


@click.command("try", short_help="用已结算业务试算规则 try rules on sales that were made")
@click.option("--from", "first_on", callback=day_typed, metavar="DATE", help="The first day  [a week ago].")
@click.option("--to", "last_on", callback=day_typed, metavar="DATE", help="The last day  [today].")
@click.option("--institution", default="", metavar="CODE", help="Only of this institution.")
@click.option("--on", "rules_on", callback=day_typed, metavar="DATE",
              help="By the rules of this day  [today].")
@click.option("--most", default=1000, show_default=True, type=click.IntRange(1, 100_000),
              help="How many sales are tried, oldest first.")
@policies_option
@json_option
@config_option
def try_rules(  # noqa: PLR0913 - one argument an option
    first_on: date | None, last_on: date | None, institution: str, rules_on: date | None, most: int,
    policies: tuple[Path, ...], as_json: bool, config_path: Path,  # noqa: FBT001
) -> None:
    """Try rules of supervision on the sales that were settled, and count what they would have found.

    With --policies by the shipped packs and these files, else by the gateway's own. Nothing is written and
    nobody is warned. Of each member the sales before count that stand settled or held today; who came for a
    patient is not taken into account.
    """
    first, last = days_of(first_on, last_on)
    gateway = open_gateway(config_path)
    desk = _desk(gateway, policies, rules_on or day_of(now()))
    days = Days(day_begins_at(first), day_ends_at(last), institution)
    with gateway.reading() as connection:
        found = list(looked_at(connection, gateway, Looking(desk, needs, tried), days, most))
    known = [(sale, findings) for sale, findings in found if findings is not None]
    rows = [_row(sale, each) for sale, findings in known for each in findings]
    counts = Counter(row["code"] for row in rows)
    rules = dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
    more = len(found) == most
    if as_json:
        print_json({
            "tried_count": len(known), "unknown_count": len(found) - len(known), "rules": rules,
            "findings": rows, "more": more,
        })
        return
    for row in rows:
        click.echo(f"{row['at']} {row['request_id']} {row['code']} {row['zh']}")
    for code, count in rules.items():
        share = f"{count * 100 / len(known):.1f}%"
        click.echo(f"{code}: {len(known)} 笔中 {count} 笔,{share};{count} of {len(known)} sales")
    if not rows:
        click.echo(f"{len(known)} 笔中没有查到。Nothing was found in {len(known)} sales.")
    if more:
        click.echo("还有更多,请缩短日期范围或加大 --most。")
        click.echo("There is more: take fewer days, or a larger --most.")


def _desk(gateway: Gateway, policies: tuple[Path, ...], on: date) -> Desk:
    packs = _brought(policies) if policies else load_packs(gateway.config)
    return replace(desk_of(gateway.config, gateway.keys), authority=RulesOfADay(Rulebook(packs), day=on))


def _brought(policies: tuple[Path, ...]) -> Packs:
    try:
        return Packs.load(sources_or_stop(policies))
    except Invalid as error:
        stop(error, 1)


class Looking(NamedTuple):
    """By which rules sales that were made are looked at, what that needs to know, and what is found."""

    desk: Desk
    needs: Callable[[SaleRecord, Facts, Now], tuple[AnyKey, ...]]
    found: Callable[[SaleRecord, Facts, Now], tuple[Finding, ...] | None]


def looked_at(
    connection: Connection, gateway: Gateway, looking: Looking, days: Days, most: int
) -> Iterator[tuple[SaleRecord, tuple[Finding, ...] | None]]:
    """Yields the sales that stand settled with what is found in each, None where too little is known."""
    for sale in settled(connection, gateway.sealer, days, most):
        at, facts = Now(looking.desk, sale.created_at), Facts()
        for _ in range(_ROUNDS_COUNT):
            missing = tuple(dict.fromkeys(key for key in looking.needs(sale, facts, at) if key not in facts))
            if not missing:
                break
            facts = facts.joined(load(connection, gateway.sealer, missing))
        yield sale, looking.found(sale, facts, at)


def _row(sale: SaleRecord, finding: Finding) -> dict[str, Any]:
    return {
        "at": shown_at(sale.created_at),
        "request_id": sale.request_id.text,
        "institution": sale.institution,
        "code": finding.code,
        "verdict": finding.verdict.value,
        "line_ids": list(finding.line_ids),
        "zh": finding.zh,
        "en": finding.en,
    }
