"""``medsettle-gateway ledger verify`` and ``head``: nothing was changed, and where the chain ends."""

import os
import re
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click

from medsettle_gateway.cli.frame import (
    Gateway,
    config_option,
    json_option,
    now,
    open_gateway,
    print_json,
    refuse,
    shown_at,
)
from medsettle_gateway.cli.usage import WrongValueError
from medsettle_gateway.ledger.chain import Block
from medsettle_gateway.service.instants import Instants
from medsettle_gateway.storage.audit.findings import Finding
from medsettle_gateway.storage.audit.head import Standing, stand
from medsettle_gateway.storage.audit.processes import sharing
from medsettle_gateway.storage.audit.verifying import Told, Verdict, verify
from medsettle_gateway.storage.connection import DatabaseFailedError, last_committed_at
from medsettle_gateway.storage.instants import from_us

_HASH: Final = re.compile(r"[0-9a-f]{64}")
_READERS_MOST: Final = 16


def _hash(_context: click.Context, option: click.Parameter, text: str | None) -> bytes | None:
    if text is None:
        return None
    if not _HASH.fullmatch(text.lower()):
        raise WrongValueError(
            "应为 64 位十六进制,如 ledger head 所示", "must be 64 hexadecimal digits, as ledger head shows",
            param=option,
        )
    return bytes.fromhex(text)


@click.command("verify", short_help="由分录重算并核对一切 recompute everything from the entries")
@click.option("--head", "noted", metavar="HASH", callback=_hash, help="A hash that was noted before.")
@click.option(
    "--readers", type=click.IntRange(1, _READERS_MOST), default=min(2, os.cpu_count() or 1),
    show_default=True, help="How many share the work: connections to a server, processes over a file.",
)
@json_option
@config_option
def verify_command(noted: bytes | None, readers: int, as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """Recompute everything from the entries: books, balances, counters, sales, the chain.

    A gateway may go on working meanwhile: everything is read as of one moment. The first broken row of each
    kind is named. Whoever may write to the database can make a new chain over changed books, so note its
    head elsewhere (ledger head) and ask for it with --head. Exits 1 if anything is off.
    """
    gateway = open_gateway(config_path)
    with _bar(shown=not as_json) as told:
        verdict = _verified(gateway, readers, noted, told)
    with gateway.reading() as connection:
        last_at = last_committed_at(connection)
    if as_json:
        print_json({**_plain(verdict), "last_committed_at": last_at and last_at.isoformat()})
    else:
        _print(verdict)
        _print_future(last_at)
    sys.exit(1 if verdict.findings else 0)


def _verified(gateway: Gateway, readers: int, noted: bytes | None, told: Told) -> Verdict:
    try:
        with sharing(gateway.reading, readers) as connections:
            return verify(connections, noted, told)
    except (sqlite3.Error, DatabaseFailedError) as error:
        refuse(
            f"核对未完成:数据库无法读取({error})。请再试一次;若已损坏,请从备份恢复。",
            f"Not verified: the database cannot be read ({error}). Try again; if it is damaged, restore a "
            "backup.",
        )


@click.command("head", short_help="最新区块,供财务留存 the newest block, to be noted")
@json_option
@config_option
def head_command(as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """Show the newest block of the chain: its hash stands for all entries up to its last position."""
    with open_gateway(config_path).reading() as connection:
        standing = stand(connection)
    if as_json:
        print_json({**_block(standing.head), "waiting_count": standing.waiting_count})
        return
    for line in _head_lines(standing):
        click.echo(line)


@contextmanager
def _bar(*, shown: bool) -> Iterator[Told]:
    if not shown or not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("核对 verifying", total=None)
        yield lambda done_count, of_count: bar.update(task, completed=done_count, total=of_count)


def _plain(verdict: Verdict) -> dict[str, Any]:
    return {
        "sound": not verdict.findings,
        "counted": "all entries",
        "entry_count": verdict.entry_count,
        "posting_count": verdict.posting_count,
        "block_count": verdict.block_count,
        "waiting_count": verdict.waiting_count,
        "head": _block(verdict.head),
        "findings": [finding._asdict() for finding in verdict.findings],
    }


def _print_future(last_at: datetime | None) -> None:
    """Books may lie in the future without any fault: a clock was ahead when they were written."""
    at = now()
    if last_at is None or last_at - at <= Instants.behind_most:
        return
    click.echo(
        f"提醒:最后一条分录的时间是 {shown_at(last_at)},现在是 {shown_at(at)}。请校准本机和数据库的时钟;"
        "在时钟赶上之前,业务记在这条分录之后、归入它的日期。账簿无需修复。", err=True,
    )
    click.echo(
        f"Note: the last entry is of {shown_at(last_at)}, and now it is {shown_at(at)}. Set the clocks of "
        "this machine and of the database right: until they have come so far, sales are entered right after "
        "that entry and on its day. The books need no repair.", err=True,
    )


def _block(block: Block | None) -> dict[str, Any]:
    if block is None:
        return {"block": 0, "last_position": 0, "sealed_at": None, "hash": None}
    return {
        "block": block.block,
        "last_position": block.last_position,
        "sealed_at": from_us(block.sealed_at_us).isoformat(),
        "hash": block.hash.hex(),
    }


def _head_lines(standing: Standing) -> Iterator[str]:
    head, waiting_count = standing
    if head is None:
        yield "尚无区块。There is no block yet."
    else:
        yield f"区块 block {head.block}"
        yield f"止于序号 up to position {head.last_position}"
        yield f"封存时间 sealed at {shown_at(from_us(head.sealed_at_us))}"
        yield f"哈希 hash {head.hash.hex()}"
    if waiting_count:
        yield (
            f"其后 {waiting_count} 条分录尚未入块,网关运行时将自动封存。"
            f"{waiting_count} newer entries are in no block yet: a gateway that runs covers them by itself."
        )


def print_findings(findings: Sequence[Finding]) -> None:
    """Prints what is wrong with the books, each in a line of both languages."""
    for finding in findings:
        click.echo(f"错误:{finding.zh}(共 {finding.row_count} 处)。")
        click.echo(f"Fault: {finding.en} ({finding.row_count} such).")


def _print(verdict: Verdict) -> None:
    click.echo(
        f"分录 entries {verdict.entry_count},记账 postings {verdict.posting_count},"
        f"区块 blocks {verdict.block_count}"
    )
    click.echo("分录全部计入,包括没有记账的;ledger export 只写有记账的。")
    click.echo("All entries are counted, also those without postings, which ledger export leaves out.")
    for line in _head_lines(Standing(verdict.head, verdict.waiting_count)):
        click.echo(line)
    print_findings(verdict.findings)
    if verdict.findings:
        click.echo("账簿有误:请停止使用,保留现场,并与备份及留存的哈希比对。", err=True)
        click.echo(
            "The books are not sound: stop using them, keep them as they are, and compare them with a backup "
            "and with the hashes that were noted.", err=True,
        )
    else:
        click.echo("全部相符:借贷平衡、余额、年度累计、业务与链。")
        click.echo("Everything holds: books, balances, counters, sales and the chain.")
