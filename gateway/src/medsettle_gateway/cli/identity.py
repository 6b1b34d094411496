"""``medsettle-gateway identity``: who saw clear text of people."""

from datetime import timedelta
from pathlib import Path
from typing import Final

import click

from medsettle_gateway.cli.frame import (
    config_option,
    json_option,
    now,
    open_gateway,
    print_json,
    shown_at,
)
from medsettle_gateway.storage.identities import accesses_since

_MOST: Final = 10_000


@click.group("identity", short_help="个人信息的访问与密钥 access to clear text, and its keys")
def identity() -> None:
    """Look after names and numbers of people: who saw them whole, and under which key they are sealed."""


@identity.command("accesses", short_help="列出明文查看记录 who saw clear text, and why")
@click.option("--days", default=90, show_default=True, type=click.IntRange(1, 36_500),
              help="How far back.")
@click.option("--most", default=1000, show_default=True, type=click.IntRange(1, _MOST),
              help="How many are listed, the latest first.")
@click.option("--subject", default="", metavar="SUBJECT",
              help="Only of member/REFERENCE or proxy/REQUEST_ID.")
@json_option
@config_option
def accesses(days: int, most: int, subject: str, as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """List who saw names and numbers of people whole, whose, and why. Nothing of them is shown here."""
    gateway = open_gateway(config_path)
    with gateway.reading() as connection:
        found = accesses_since(connection, now() - timedelta(days=days), most, subject)
    if as_json:
        print_json({"accesses": [
            {**each._asdict(), "shown": list(each.shown), "at": each.at.isoformat(timespec="seconds")}
            for each in found
        ]})
        return
    for each in found:
        what = ", ".join(each.shown)
        click.echo(f"{shown_at(each.at)} {each.author} {each.subject} ({what}) {each.reason}")
    if not found:
        click.echo("没有人查看过明文。Nobody has looked at clear text.")
