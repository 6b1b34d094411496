"""``medsettle-gateway terminal``: tills and their keys."""

import secrets
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click

from medsettle.wire.request_ids import is_terminal
from medsettle_gateway.cli.frame import (
    config_option,
    json_option,
    now,
    open_gateway,
    print_json,
    refuse,
    shown_at,
)
from medsettle_gateway.cli.usage import WrongValueError
from medsettle_gateway.domain.facts import EnrolCode
from medsettle_gateway.domain.ids import terminal_id
from medsettle_gateway.service.enrol import code_hash
from medsettle_gateway.storage import terminals
from medsettle_gateway.storage.connection import instant
from medsettle_gateway.storage.recoveries import may_have_been_lost

_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE_CHARS: Final = 16
"""Five random bits each: 80 bits."""
_STATES: Final = {"active": "正常 active", "suspended": "暂停 suspended"}
_UNPROVEN: Final = (
    (
        "账簿曾从备份恢复,备份中没有这台收银机。如果它在丢失的时段里注册过,请沿用原来的收银日志;"
        "如果从未注册过,请由两人执行 medsettle-gateway recovery end --terminal {terminal}。"
    ),
    (
        "The books were restored and have no such till. If it was enrolled in what they lost, it must go on "
        "with its old journal; if it never was, two people say so: "
        "medsettle-gateway recovery end --terminal {terminal}."
    ),
)


@click.group("terminal", short_help="收银机与密钥 tills and their keys")
def terminal() -> None:
    """Hand out enrolment codes, list tills, suspend them, end their keys."""


@terminal.command("enrol", short_help="签发一次性注册码 print a code that lets a till in")
@click.argument("institution")
@click.argument("till")
@json_option
@config_option
def enrol(institution: str, till: str, as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """Print a one-time code that registers the key of a TILL of an INSTITUTION.

    The part behind the dot is the fingerprint of this gateway's root key: the till checks it. An earlier code
    of the till that was not used ends. After a restore with loss it is said what to do for a till that the
    books do not have: it may have sold in what they lost ("unproven").
    """
    name = terminal_id(institution, till)
    if not is_terminal(name):
        zh = "机构代码应为1至20位、收银机编号应为1至8位大写字母或数字"
        en = "an institution is named with 1 to 20, a till with 1 to 8 of A-Z and 0-9"
        raise WrongValueError(f"{zh}:{name}", f"{en}: {name}", param_hint="INSTITUTION TILL")
    gateway = open_gateway(config_path)
    code = "".join(secrets.choice(_CROCKFORD) for _ in range(_CODE_CHARS))
    expires_at = now() + timedelta(seconds=gateway.config.limits.enrol_code_s)
    with gateway.writing() as connection:
        institution_name = terminals.hand_out_code(
            connection, EnrolCode(code_hash(code), institution, till, expires_at)
        )
        if institution_name is None:
            refuse(
                f"没有登记机构 {institution};请先导入。",
                f"No institution {institution} is known; import it first.",
            )
        unproven = may_have_been_lost(connection, institution, name)
    whole = f"{code}.{gateway.keys.root.key}"
    if as_json:
        print_json({
            "code": whole, "terminal": name, "institution_name": institution_name,
            "expires_at": _text(expires_at), "unproven": unproven,
        })
    else:
        click.echo(whole)
        click.echo(f"{institution_name},有效至 valid until {shown_at(expires_at)}", err=True)
        for line in _UNPROVEN if unproven else ():
            click.echo(line.format(terminal=name), err=True)


@terminal.command("list", short_help="列出收银机 list every till")
@json_option
@config_option
def list_terminals(as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """List every till with its keys."""
    with open_gateway(config_path).reading() as connection:
        found = terminals.list_terminals(connection)
    if as_json:
        print_json({"terminals": [_plain(each) for each in found]})
        return
    if not found:
        click.echo("还没有收银机注册。No till has enrolled yet.")
    for each in found:
        click.echo(f"{each.terminal}  {each.institution_name}  {_STATES.get(each.state, each.state)}")
        for key in each.keys:
            revoked = f"  已吊销 revoked {shown_at(key.revoked_at)}" if key.revoked_at else ""
            life = f"{shown_at(key.not_before)} -- {shown_at(key.not_after)}"
            click.echo(f"  {key.key}  {key.suite}  {life}{revoked}")


@terminal.command("suspend", short_help="暂停收银机 keep a till from settling")
@click.argument("terminal_id", metavar="TERMINAL")
@json_option
@config_option
def suspend(terminal_id: str, as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """Keep a till from settling until it is resumed."""
    _set_state(terminal_id, "suspended", config_path, as_json=as_json)


@terminal.command("resume", short_help="恢复收银机 let a suspended till work again")
@click.argument("terminal_id", metavar="TERMINAL")
@json_option
@config_option
def resume(terminal_id: str, as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """Let a suspended till work again."""
    _set_state(terminal_id, "active", config_path, as_json=as_json)


@terminal.command("revoke-key", short_help="吊销密钥 end a till's key at once")
@click.argument("key")
@click.option("--compromised", is_flag=True, help="Somebody else may have the key.")
@json_option
@config_option
def revoke_key(key: str, compromised: bool, as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """End a till's key at once. What it signed before stays valid."""
    with open_gateway(config_path).writing() as connection:
        known = terminals.revoke_key(
            connection, key, instant(connection, now()), compromised=compromised
        )
    if not known:
        refuse(f"没有登记密钥 {key}。", f"No key {key} is known.")
    if as_json:
        print_json({"key": key, "revoked": True})
    else:
        click.echo(f"密钥 {key} 已吊销。The key is revoked.")


def _set_state(terminal_id: str, state: str, config_path: Path, *, as_json: bool) -> None:
    with open_gateway(config_path).writing() as connection:
        known = terminals.set_state(connection, terminal_id, state)
    if not known:
        refuse(f"没有收银机 {terminal_id}。", f"No till {terminal_id} is known.")
    if as_json:
        print_json({"terminal": terminal_id, "state": state})
    else:
        click.echo(f"{terminal_id}: {state}")


def _plain(found: terminals.ListedTerminal) -> dict[str, Any]:
    keys = [
        {
            name: _text(value) if isinstance(value, datetime) else value
            for name, value in key._asdict().items()
        }
        for key in found.keys
    ]
    return {**found._asdict(), "keys": keys}


def _text(instant: datetime | None) -> str:
    return "" if instant is None else instant.isoformat(timespec="seconds")
