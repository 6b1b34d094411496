"""``medsettle-gateway credential``: the demo issuer of scannable credentials."""

import secrets
from datetime import timedelta
from pathlib import Path
from typing import Final

import click

from medsettle_gateway.cli.frame import config_option, json_option, now, open_gateway, print_json, refuse
from medsettle_gateway.config import ConfigError
from medsettle_gateway.resolvers.demo import DemoIssuer

_ID_BYTES: Final = 12


@click.group("credential", short_help="签发演示凭证 issue demo credentials")
def credential() -> None:
    """Issue demo credentials."""


@credential.command("issue", short_help="签发一个演示凭证 print what a member would show")
@click.argument("member_no")
@json_option
@config_option
def issue(member_no: str, as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """Print what MEMBER_NO would show at the counter: short-lived, used up by one sale.

    Refused unless the gateway is a demo.
    """
    gateway = open_gateway(config_path)
    gateway.require_demo()
    signer = gateway.keys.issuer
    if signer is None:
        raise ConfigError(
            "没有演示签发密钥;请另建一个演示网关:medsettle-gateway demo-city 新目录。",
            "There is no demo issuer's key; make another gateway that is a demo: medsettle-gateway demo-city "
            "NEW-DIR.",
        )
    with gateway.reading() as connection:
        member = gateway.people(connection, "").member_of(member_no)
        if member is None:
            refuse("没有这个个人编号的参保人。", "No member has this number.")
        region = connection.execute("SELECT region FROM members WHERE member = ?", (member,)).fetchone()[0]
    issued_at, life = now(), timedelta(seconds=gateway.config.limits.credential_s)
    credential_id = secrets.token_urlsafe(_ID_BYTES)
    token = DemoIssuer(signer).issue(credential_id, member, region, issued_at, life)
    if as_json:
        print_json({"token": token, "expires_at": (issued_at + life).isoformat(timespec="seconds")})
    else:
        click.echo(token)
