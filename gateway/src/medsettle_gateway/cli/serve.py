"""``medsettle-gateway serve``."""

from pathlib import Path

import click

from medsettle_gateway.bootstrap.gateway import run
from medsettle_gateway.cli.frame import config_option, open_gateway
from medsettle_gateway.cli.logs import set_up
from medsettle_gateway.config import Config


@click.command("serve", short_help="启动网关 answer calls until told to end")
@config_option
@click.option("--demo", is_flag=True, help="Accept the credentials of the demo issuer.")
@click.option("--listen", metavar="HOST:PORT", help="Listen there instead; port 0: a free one.")
def serve(config_path: Path, demo: bool, listen: str | None) -> None:  # noqa: FBT001
    """Answer calls until told to end; then finish what was begun.

    Prints one line once it is ready. Exits 2 if the configuration, the keys or the database cannot be used.
    """
    overrides = {"gateway__demo": "true"} if demo else {}
    if listen is not None:
        overrides["listen__address"] = listen
    gateway = open_gateway(config_path, **overrides)
    gateway.require_made()
    config = gateway.config
    set_up(config.log)
    run(config, lambda port: _say_ready(config, port))


def _say_ready(config: Config, port: int) -> None:
    kind = " demo" if config.gateway.demo else ""
    tls = "TLS" if config.listen.tls_certificate is not None else "plaintext"
    where = f"{config.listen.host}:{port}"
    print(f"medsettle-gateway listening on {where} id={config.gateway.id} {tls}{kind}", flush=True)  # noqa: T201
