"""``medsettle-gateway identity``: who saw clear text of people, and under which keys they are sealed."""

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
    refuse,
    shown_at,
)
from medsettle_gateway.config import ConfigError
from medsettle_gateway.files.identity_keys import add_identity_key, drop_identity_keys
from medsettle_gateway.storage.connection import snapshot
from medsettle_gateway.storage.identities import accesses_since
from medsettle_gateway.storage.rotation import is_pending, rotate, sealed_by_key

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
              help="Only of member/REFERENCE, which member show prints, or proxy/REQUEST_ID.")
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


@identity.command("keys", short_help="列出密钥及其封存的数量 the keys, and what is sealed under each")
@json_option
@config_option
def keys(as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """List the keys of names and numbers by their short names, and how many values are sealed under each.

    The newest seals; nothing of a key itself is shown.
    """
    gateway = open_gateway(config_path)
    with gateway.reading() as connection, snapshot(connection):
        counts = sealed_by_key(connection, gateway.sealer)
        pending = is_pending(connection, gateway.sealer)
    newest = gateway.sealer.key_ids[-1]
    if as_json:
        print_json({"newest": newest, "pending": pending, "sealed": counts})
        return
    for name, count in counts.items():
        note = " 最新 newest" if name == newest else ""
        note = note if name in gateway.sealer.key_ids else " 缺失 missing"
        click.echo(f"{name} {count}{note}")
    if pending:
        click.echo("新密钥尚未全部启用,请执行 identity rotate。")
        click.echo("The newest is not in full use yet: run identity rotate.")


@identity.command("add-key", short_help="增加一个新密钥 add a new key")
@json_option
@config_option
def add_key(as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """Add a new key of names and numbers to the file of keys; keys.identity_wrap_command, if set, wraps it.

    Copy keys/ to every machine of this gateway and back it up, then run identity rotate. Gateways that serve
    find the new key by themselves.
    """
    section = open_gateway(config_path).config.keys
    if section.identity_wrap_command and not section.identity_key_command:
        raise ConfigError(
            "设置了 keys.identity_wrap_command,还须设置解封的 keys.identity_key_command。",
            "With keys.identity_wrap_command, keys.identity_key_command must be set: it unwraps.",
        )
    _ = open_gateway(config_path).sealer
    add_identity_key(section.directory, section.identity_wrap_command, section.identity_key_command)
    added = open_gateway(config_path).sealer.key_ids[-1]
    if as_json:
        print_json({"added": added})
        return
    click.echo(f"新密钥 {added} 已加入 {section.directory};请先备份并复制到每台机器,再执行 identity rotate。")
    click.echo(
        f"The new key {added} is in {section.directory}: back it up and copy it to every machine, then run "
        "identity rotate."
    )


@identity.command("rotate", short_help="改用最新的密钥 seal everything under the newest key")
@click.option("--check", is_flag=True, help="Say how much would be sealed anew; change nothing.")
@json_option
@config_option
def rotate_command(check: bool, as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """Seal names and numbers under the newest key, and make them be found by it, in small steps.

    Gateways go on meanwhile; members can be imported again once it is done. It may be stopped and run again.
    """
    gateway = open_gateway(config_path)
    newest = gateway.sealer.key_ids[-1]
    with gateway.reading() as connection, snapshot(connection):
        counts = sealed_by_key(connection, gateway.sealer)
    left = sum(count for name, count in counts.items() if name != newest)
    missing = [name for name, count in counts.items() if count and name not in gateway.sealer.key_ids]
    if missing:
        refuse(
            f"有些内容用密钥 {', '.join(missing)} 封存,而它不在密钥文件中;请从备份恢复。",
            f"Something is sealed under the key {', '.join(missing)}, which is not in the file of keys: "
            "restore it from the backup.",
        )
    done = left if check else rotate(gateway.reading, gateway.writing, gateway.sealer)
    if as_json:
        print_json({"newest": newest, "sealed_anew": done, "check": check})
        return
    if check:
        click.echo(f"将有 {done} 项改用密钥 {newest}。{done} values would be sealed under {newest}.")
    else:
        click.echo(f"{done} 项已改用密钥 {newest}。{done} values are sealed under {newest} now.")


@identity.command("drop-keys", short_help="去掉不再使用的旧密钥 drop older keys")
@json_option
@config_option
def drop_keys(as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """Leave only the newest key in the file of keys, once nothing is sealed under the older ones.

    Backups of before need theirs: keep the old file with them.
    """
    gateway = open_gateway(config_path)
    newest = gateway.sealer.key_ids[-1]
    with gateway.reading() as connection, snapshot(connection):
        counts = sealed_by_key(connection, gateway.sealer)
        pending = is_pending(connection, gateway.sealer)
    if pending or any(count for name, count in counts.items() if name != newest):
        refuse(
            "旧密钥还在使用;请先执行 identity rotate。",
            "An older key is still in use: run identity rotate first.",
        )
    dropped = gateway.sealer.key_ids[:-1]
    if dropped:
        drop_identity_keys(gateway.config.keys.directory, older=len(dropped))
    if as_json:
        print_json({"newest": newest, "dropped": list(dropped)})
        return
    click.echo(f"已去掉 {len(dropped)} 个旧密钥。{len(dropped)} older keys were dropped.")
