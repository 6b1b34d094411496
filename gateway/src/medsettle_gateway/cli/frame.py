"""What the commands share: the configuration, the keys, the database, and how answers are printed."""

import json
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

import click

from medsettle_gateway.config import Config, ConfigError
from medsettle_gateway.files.keys import Keys, lasting_keys, load_keys
from medsettle_gateway.files.toml import read_config
from medsettle_gateway.storage.entering import writing
from medsettle_gateway.storage.register import People
from medsettle_gateway.storage.sealing import Sealer
from medsettle_gateway.storage.sqlite.database import Found, look, open_database
from medsettle_gateway.storage.sqlite.latest import last_committed_at

F = TypeVar("F", bound=Callable[..., Any])

_REFERENCE_BYTES: Final = 10
_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True)
class Gateway:
    """The gateway that a command works on: its configuration, and what belongs to it."""

    config: Config

    @cached_property
    def keys(self) -> Keys:
        """Its keys. Raises ConfigError."""
        self.require_made()
        return load_keys(self.config.keys.directory)

    def require_made(self) -> None:
        """Raises ConfigError if there are neither keys nor a database: nothing could have been lost."""
        keys, path = self.config.keys.directory, self.config.storage.path
        if lasting_keys(keys) or look(path, busy_ms=self.config.limits.store_busy_ms) is not Found.NOTHING:
            return
        raise ConfigError(
            f"{keys} 中没有密钥,{path} 也不存在:这里还没有网关。请先执行 medsettle-gateway init 目录;"
            "如果曾经有过,请从备份恢复两者。",
            f"There are no keys in {keys} and there is no {path}: no gateway has been made here. Run "
            "medsettle-gateway init DIR; if there was one, restore both from the backup.",
        )

    @cached_property
    def sealer(self) -> Sealer:
        """What seals names and numbers. Raises ConfigError."""
        return Sealer.of(self.keys.identities)

    @contextmanager
    def writing(self, *, keep: bool = True) -> Iterator[sqlite3.Connection]:
        """Yields a connection inside one transaction that commits at the end if ``keep``."""
        path, root = self.config.storage.path, self.keys.root.key
        busy_ms = self.config.limits.store_busy_ms
        with writing(path, self.sealer, root=root, busy_ms=busy_ms, keep=keep) as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Yields a connection outside of any transaction: it keeps no gateway from writing."""
        connection = open_database(
            self.config.storage.path, self.sealer, root=self.keys.root.key,
            busy_ms=self.config.limits.store_busy_ms,
        )
        try:
            yield connection
        finally:
            connection.close()

    def people(self, connection: sqlite3.Connection, source: str) -> People:
        """Returns the register of members; ``source`` names where its openings come from."""
        # Entries stand in the order of their times, even while the clock is behind the books.
        at = max(now(), last_committed_at(connection) or now())
        return People(connection, self.sealer, at, new_reference, source)

    def require_demo(self) -> None:
        """Raises ConfigError unless this is a demo."""
        if not self.config.gateway.demo:
            raise ConfigError(
                "演示凭证只能在演示网关上签发(gateway.demo = true)。",
                "Demo credentials are only issued by a demo gateway (gateway.demo = true).",
            )


def open_gateway(path: Path, **overrides: str) -> Gateway:
    """Returns the gateway of a configuration file; overrides are named ``section__name``.

    Raises ConfigError.
    """
    above = {f"MEDSETTLE_GATEWAY__{name.upper()}": value for name, value in overrides.items()}
    return Gateway(read_config(path, {**os.environ, **above}))


def now() -> datetime:
    """Returns the instant, in UTC."""
    return datetime.now(UTC)


def new_reference() -> str:
    """Returns a random reference of a member or an account: it tells nothing about anybody."""
    return secrets.token_hex(_REFERENCE_BYTES)


def config_option(command: F) -> F:
    """Adds ``--config FILE``."""
    return click.option(
        "--config", "config_path", type=_FILE, default="gateway.toml", show_default=True,
        envvar="MEDSETTLE_GATEWAY_CONFIG", help="The gateway's configuration file.",
    )(command)


def json_option(command: F) -> F:
    """Adds ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")(
        command
    )


def print_json(data: Mapping[str, Any]) -> None:
    """Prints one JSON object."""
    click.echo(json.dumps(data, ensure_ascii=False, indent=2, default=str))


def refuse(zh: str, en: str) -> NoReturn:
    """Ends the command with exit code 1 and both sentences."""
    click.echo(zh, err=True)
    click.echo(en, err=True)
    raise click.exceptions.Exit(1)
