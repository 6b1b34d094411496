"""``medsettle-gateway credential``: the demo issuer of credentials, and a service to try against."""

import secrets
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Final

import click

from medsettle_gateway.cli.entering import checked_rows, listing_faults
from medsettle_gateway.cli.frame import config_option, json_option, now, open_gateway, print_json, refuse
from medsettle_gateway.config import ConfigError, LimitsSection
from medsettle_gateway.files.registers import CODES
from medsettle_gateway.resolvers.demo import DemoIssuer

_ID_BYTES: Final = 12


@click.group("credential", short_help="签发演示凭证、模拟凭证服务 issue and simulate credentials")
def credential() -> None:
    """Issue demo credentials, and simulate a credential service."""


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


@credential.command("simulate", short_help="模拟医保电子凭证服务 simulate a credential service")
@click.option("--people", "people_path", required=True, type=click.Path(dir_okay=False, path_type=Path),
              help="A CSV file of who has which code: code, id_number, name, region.")
@click.option("--port", default=0, show_default=True, type=click.IntRange(0, 65_535),
              help="Where on this machine it listens; 0: on a free port.")
def simulate(people_path: Path, port: int) -> None:
    """Answer the decode call ec.query for invented people, until it is told to end.

    POST /control with {"fault": ..., "times": ..., "expired": [...]} makes it fail as real services do. It is
    for trying things out: it listens on this machine only, and asks nobody who they are.
    """
    from medsettle_gateway.resolvers.simulator import PATH, Simulation, Simulator  # noqa: PLC0415

    with listing_faults(as_json=False):
        people = [holder for _, holder in checked_rows(people_path, CODES, LimitsSection())]
    try:
        server = Simulator(Simulation.of(people), port)
    except OSError:
        refuse(f"无法在端口 {port} 上监听,可能已被占用。", f"Cannot listen on port {port}; it may be taken.")
    url = f"http://127.0.0.1:{server.server_port}{PATH}"
    click.echo(f"已启动模拟凭证服务 credential service simulated at {url}")
    with server, suppress(KeyboardInterrupt):
        server.serve_forever()
