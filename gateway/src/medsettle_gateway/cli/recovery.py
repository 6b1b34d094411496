"""``medsettle-gateway recovery``: what a restore with loss leaves open, and its end."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from medsettle_gateway.cli.acting import on_record
from medsettle_gateway.cli.days import instant_typed
from medsettle_gateway.cli.frame import (
    config_option,
    json_option,
    now,
    open_gateway,
    print_json,
    refuse,
    shown_at,
)
from medsettle_gateway.cli.words import words
from medsettle_gateway.domain.names import is_same_name
from medsettle_gateway.storage.connection import instant
from medsettle_gateway.storage.recoveries import (
    Begun,
    Ended,
    Listed,
    Progress,
    listed,
    progress,
    put_end,
    put_recovery,
    scope_exists,
    since_now,
)
from medsettle_gateway.storage.stores import writing_alone

_SHOWN_COUNT: Final = 20


@click.group("recovery", short_help="恢复后的核对 the comparison after a restore")
def recovery() -> None:
    """After a restore with loss: absence is no proof until tills have compared. They do so by themselves."""


@recovery.command("begin", short_help="登记一次有丢失的恢复 record a restore with loss")
@click.option("--by", "author", required=True, callback=words, help="Who does it, for the record.")
@click.option("--reason", required=True, callback=words, help="Why, for the record.")
@click.option(
    "--whole-until", metavar="INSTANT", callback=instant_typed,
    help="Up to then nothing is missing, such as 2026-11-22T03:00:00+08:00; default: the last entry.",
)
@json_option
@config_option
def begin(
    author: str, reason: str, whole_until: datetime | None, as_json: bool, config_path: Path  # noqa: FBT001
) -> None:
    """Raise the epoch of a database that was restored with a server's own tools, before gateways start.

    It refuses while one serves, since what that has answered may be wrong. The command restore does the same
    for the embedded one.
    """
    gateway = open_gateway(config_path)
    with writing_alone(gateway.database, gateway.sealer, root=gateway.keys.root.key) as connection:
        begun = since_now(connection, instant(connection, now()), author, reason, whole_until)
        epoch = put_recovery(connection, begun)
    if as_json:
        print_json({"epoch": epoch, **_begun(begun)})
    else:
        click.echo(f"第 {epoch} 期 epoch {epoch}")
        click.echo(f"可能缺少自 may be missing since {shown_at(begun.lost_from)}")


@recovery.command("status", short_help="核对进度 how far it is")
@json_option
@config_option
def status(as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """Show each restore with loss, the tills that have not compared yet, and what is to be looked at."""
    with open_gateway(config_path).reading() as connection:
        found = progress(connection)
        to_look_at = tuple(listed(connection, findings_only=True))
    if as_json:
        print_json({
            "recoveries": [_plain(each) for each in found],
            "to_look_at": [_listed(each) for each in to_look_at],
        })
        return
    if not found:
        click.echo("从未有丢失地恢复过。The books were never restored with loss.")
    for each in found:
        for line in _lines(each):
            click.echo(line)
    click.echo(f"待处理 to be looked at: {len(to_look_at)}")


@recovery.command("list", short_help="已出示的业务 the sales that were shown")
@click.option("--findings", "findings_only", is_flag=True, help="Only those that an operator should look at.")
@json_option
@config_option
def list_command(findings_only: bool, as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """List the sales that tills have shown by signed answers, and what became of each."""
    with open_gateway(config_path).reading() as connection:
        found = tuple(listed(connection, findings_only=findings_only))
    if as_json:
        print_json({"shown": [_listed(each) for each in found]})
        return
    for each in found:
        findings = ", ".join(each.findings)
        click.echo(f"{each.request_id} {each.state} {each.became} {findings}".rstrip())
    if not found and findings_only:
        click.echo("没有需要处理的业务。There is nothing to be looked at.")
    elif not found:
        click.echo("收银机没有出示过业务。No sale was shown by a till.")


@recovery.command("end", short_help="由两人结束核对 end it by two people")
@click.option("--terminal", help="For this till.")
@click.option("--institution", help="For all tills of this institution.")
@click.option("--all", "everybody", is_flag=True, help="For everybody.")
@click.option("--by", "author", required=True, callback=words, help="Who decides it.")
@click.option("--second", required=True, callback=words, help="Who checked it: another person.")
@click.option("--reason", required=True, callback=words, help="Why nothing more is to be expected.")
@json_option
@config_option
def end(  # noqa: PLR0913 - the options
    terminal: str | None, institution: str | None, everybody: bool, author: str, second: str, reason: str,  # noqa: FBT001
    as_json: bool, config_path: Path,  # noqa: FBT001
) -> None:
    """End the comparison by hand: for tills that are gone, whose journal was lost, or that are new.

    From then on absence is a proof again for their ids, and nobody waits for them before a sale is undone: be
    sure that no sale or reversal of theirs is missing.
    """
    chosen = [scope for scope in (terminal, institution, "" if everybody else None) if scope is not None]
    if len(chosen) != 1:
        refuse(
            "请给出 --terminal、--institution、--all 之一。",
            "Name one of --terminal, --institution and --all.",
        )
    if is_same_name(author, second):
        refuse("--by 与 --second 必须是两个人。", "--by and --second must be two people.")
    with open_gateway(config_path).writing() as connection:
        if not scope_exists(connection, chosen[0]):
            refuse(f"没有 {chosen[0]}。", f"There is no {chosen[0]}.")
        news = put_end(connection, Ended(chosen[0], now(), on_record(author), second, reason))
    if as_json:
        print_json({"ended": news, "scope": chosen[0]})
    elif news:
        click.echo("核对已结束。The comparison is over.")
    else:
        click.echo("没有未结束的核对。There was none to end.")


def _begun(begun: Begun) -> dict[str, str]:
    return {
        "begun_at": begun.begun_at.isoformat(), "lost_from": begun.lost_from.isoformat(),
        "absent_until": begun.absent_until.isoformat(), "by": begun.author, "reason": begun.reason,
    }


def _plain(each: Progress) -> dict[str, object]:
    return {
        "epoch": each.epoch, **_begun(each.begun), "compared_count": each.compared_count,
        "left": list(each.left),
    }


def _listed(each: Listed) -> dict[str, object]:
    return {**each._asdict(), "shown_at": each.shown_at.isoformat()}


def _lines(each: Progress) -> Iterator[str]:
    begun, left = each.begun, each.left
    begun_at = shown_at(begun.begun_at)
    yield f"第 {each.epoch} 期 epoch {each.epoch}: {begun_at} {begun.author}"
    yield f"  可能缺少自 may be missing since {shown_at(begun.lost_from)}"
    yield f"  日期不晚于此的流水号 request ids of days up to {begun.absent_until.isoformat()}"
    yield (
        f"  已核对或已由人结束的收银机 tills that have compared, or for which people ended it: "
        f"{each.compared_count}, 未核对 left: {len(left)}"
    )
    if left:
        more = " ..." if len(left) > _SHOWN_COUNT else ""
        yield f"  {', '.join(left[:_SHOWN_COUNT])}{more}"
        yield "  这些收银机核对前,本机构恢复前的业务不能撤销或退货;不能核对的由两人结束(recovery end)。"
        yield (
            "  Until these compare, what their institution sold before is neither reversed nor returned; for "
            "one that cannot, two people end it (recovery end)."
        )
