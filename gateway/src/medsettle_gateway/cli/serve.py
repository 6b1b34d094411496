"""``medsettle-gateway serve``."""

import logging
import sys
from pathlib import Path
from typing import Final

import click

from medsettle_gateway.bootstrap.one_port import shared_port
from medsettle_gateway.bootstrap.workers import NotReadyError, Patience, Workers, run_workers
from medsettle_gateway.cli.frame import config_option, open_gateway
from medsettle_gateway.cli.logs import set_up
from medsettle_gateway.config import Config, ConfigError

LOGGER: Final = logging.getLogger("medsettle.gateway")
_WORKERS_MOST: Final = 64
_LAST_WORDS_S: Final = 10.0
"""For what a worker does after its calls have ended."""
_KNOWS_NOBODY: Final = (
    "没有设置凭证服务:出示的凭证都会被拒绝(CREDENTIAL_INVALID),无法结算;"
    "请在配置中设置 [[credentials.services]],或由自己的程序启动网关并传入 resolver,见 README。"
    "No credential service is set: every credential is refused (CREDENTIAL_INVALID), and nothing can be "
    "settled; name one in [[credentials.services]], or start the gateway from a program of yours that hands "
    "a resolver in, as the README shows."
)


@click.command("serve", short_help="启动网关 answer calls until told to end")
@config_option
@click.option("--demo", is_flag=True, help="Needed for a demo: accept the credentials of its own issuer.")
@click.option("--listen", metavar="HOST:PORT", help="Listen there instead; port 0: a free one.")
@click.option("--workers", "count", type=click.IntRange(1, _WORKERS_MOST), default=1, show_default=True,
              help="Processes that serve on one port, over PostgreSQL.")
@click.option("--worker", "number", type=click.IntRange(1, _WORKERS_MOST), hidden=True)
def serve(config_path: Path, demo: bool, listen: str | None, count: int, number: int | None) -> None:  # noqa: FBT001
    """Answer calls until told to end; then finish what was begun.

    Prints one line once it is ready. Exits 2 if the configuration, the keys or the database cannot be used,
    and if a demo is served without --demo or anything else with it; 1 if it failed within, and is to be
    started again.
    """
    overrides = {} if listen is None else {"listen__address": listen}
    gateway = open_gateway(config_path, **overrides)
    gateway.require_made()
    config = gateway.config
    _refuse_unmeant(config_path, config, demo=demo)
    set_up(config.log, number)
    worker = number is not None
    if count > 1:
        _serve_many(config_path, config, count)
        return
    from medsettle_gateway.bootstrap.gateway import (  # noqa: PLC0415 - heavy, and not for who starts others
        BrokenError,
        run,
    )

    try:
        run(config, lambda port: _say_ready(config, port, worker=worker), worker=worker)
    except BrokenError:
        click.echo("网关内部出错,已停止;请重新启动,原因见日志。", err=True)
        click.echo("The gateway failed within and has stopped: start it again; the log says why.", err=True)
        sys.exit(1)


def _serve_many(path: Path, config: Config, count: int) -> None:
    """Starts the workers anew where they die; ends the command with the code of one that never served."""
    if config.storage.database_url is None:
        raise ConfigError(
            "--workers 需要 PostgreSQL(storage.database_url):SQLite 的数据库只由一个进程写入。",
            "--workers needs PostgreSQL (storage.database_url): a database of SQLite has one process that "
            "writes.",
        )
    with shared_port(config.listen) as port:
        command = [sys.executable, "-m", "medsettle_gateway", "serve", "--config", str(path)]
        command += ["--listen", f"{config.listen.host}:{port}", *(["--demo"] if config.gateway.demo else [])]
        patience = Patience(drain_s=config.limits.drain_ms / 1000 + _LAST_WORDS_S)
        try:
            run_workers(
                Workers((*command, "--worker"), count, patience),
                lambda: _say_ready(config, port, f" workers={count}"),
            )
        except NotReadyError as error:
            sys.exit(error.code if error.code > 0 else 1)


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


def _say_ready(config: Config, port: int, more: str = "", *, worker: bool = False) -> None:
    """The warning comes here and not before: of a start that fails only the reason is to be read."""
    if not worker and not config.gateway.demo and config.credentials.knows_nobody:
        LOGGER.warning(_KNOWS_NOBODY)
    kind = " demo" if config.gateway.demo else ""
    tls = "TLS" if config.listen.tls_certificate is not None else "plaintext"
    where = f"{config.listen.host}:{port}"
    print(f"medsettle-gateway listening on {where} id={config.gateway.id} {tls}{kind}{more}", flush=True)  # noqa: T201
