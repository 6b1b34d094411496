"""``medsettle-gateway serve``."""

from pathlib import Path

import click

from medsettle_gateway.bootstrap.gateway import run
from medsettle_gateway.cli.frame import config_option, open_gateway
from medsettle_gateway.cli.logs import set_up
from medsettle_gateway.config import Config, ConfigError


@click.command("serve", short_help="启动网关 answer calls until told to end")
@config_option
@click.option("--demo", is_flag=True, help="Needed for a demo: accept the credentials of its own issuer.")
@click.option("--listen", metavar="HOST:PORT", help="Listen there instead; port 0: a free one.")
def serve(config_path: Path, demo: bool, listen: str | None) -> None:  # noqa: FBT001
    """Answer calls until told to end; then finish what was begun.

    Prints one line once it is ready. Exits 2 if the configuration, the keys or the database cannot be used,
    and if a demo is served without --demo or anything else with it.
    """
    overrides = {} if listen is None else {"listen__address": listen}
    gateway = open_gateway(config_path, **overrides)
    gateway.require_made()
    config = gateway.config
    _refuse_unmeant(config_path, config, demo=demo)
    set_up(config.log)
    run(config, lambda port: _say_ready(config, port))


def _refuse_unmeant(path: Path, config: Config, *, demo: bool) -> None:
    """A gateway that believes invented credentials must be meant to: by its configuration and its start."""
    if config.gateway.demo and not demo:
        raise ConfigError(
            f"{path} 是演示网关(gateway.demo = true),会接受自行签发的演示凭证;确要启动,请加上 --demo。",
            f"{path} is of a demo (gateway.demo = true), which accepts credentials of its own making: "
            "add --demo if you mean to serve it.",
        )
    if demo and not config.gateway.demo:
        raise ConfigError(
            f"{path} 不是演示网关,不能加 --demo;演示网关请用 medsettle-gateway demo-city 新目录 建立。",
            f"{path} is of no demo and cannot be served with --demo; medsettle-gateway demo-city NEW-DIR "
            "makes one.",
        )


def _say_ready(config: Config, port: int) -> None:
    kind = " demo" if config.gateway.demo else ""
    tls = "TLS" if config.listen.tls_certificate is not None else "plaintext"
    where = f"{config.listen.host}:{port}"
    print(f"medsettle-gateway listening on {where} id={config.gateway.id} {tls}{kind}", flush=True)  # noqa: T201
