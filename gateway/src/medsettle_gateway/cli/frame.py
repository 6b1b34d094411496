"""What the commands share: the configuration, the keys, the database, and how answers are printed."""

import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

import click

from medsettle.wire.columns import pad
from medsettle_gateway.cli.usage import WrongValueError
from medsettle_gateway.config import Config, ConfigError
from medsettle_gateway.domain.calendar import CST
from medsettle_gateway.files.identity_keys import KeyFile
from medsettle_gateway.files.keys import Keys, lasting_keys, load_keys
from medsettle_gateway.files.toml import read_config
from medsettle_gateway.storage import stores
from medsettle_gateway.storage.connection import Connection, instant
from medsettle_gateway.storage.found import Found
from medsettle_gateway.storage.register import People
from medsettle_gateway.storage.sealing import Sealer

F = TypeVar("F", bound=Callable[..., Any])

_REFERENCE_BYTES: Final = 10
_VALUE_AT: Final = 25
"""The column before a value, behind the widest of the short labels."""


class _ConfigFile(click.Path):
    """A file that exists; where there is none, what to do next."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401 - click's own
        path = Path(value)
        if not path.exists():
            raise WrongValueError(
                f"文件 {path} 不存在;请到网关所在的目录执行,或用 --config 指明。还没有网关时,先执行 "
                "medsettle-gateway init",
                f"{path} does not exist; go to the gateway's folder, or name the file with --config. "
                "medsettle-gateway init makes a gateway",
                param=param,
            )
        return super().convert(value, param, ctx)


_CONFIG_FILE: Final = _ConfigFile(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True)
class Gateway:
    """The gateway that a command works on: its configuration, and what belongs to it."""

    config: Config

    @cached_property
    def keys(self) -> Keys:
        """Its keys. Raises ConfigError."""
        self.require_made()
        return load_keys(self.config.keys.directory, self.config.keys.identity_key_command)

    @cached_property
    def database(self) -> stores.Database:
        """Where its books are kept. Raises ConfigError if the driver is not installed."""
        return stores.database_of(self.config)

    def require_made(self) -> None:
        """Raises ConfigError if there are neither keys nor a database: nothing could have been lost."""
        keys = self.config.keys.directory
        if lasting_keys(keys) or self.database.look() is not Found.NOTHING:
            return
        place = self.database.shown
        raise ConfigError(
            f"{keys} 中没有密钥,{place} 中也没有数据库:这里还没有网关。请先执行 medsettle-gateway init 目录;"
            "如果曾经有过,请从备份恢复两者。",
            f"There are no keys in {keys} and no database in {place}: no gateway has been made here. Run "
            "medsettle-gateway init DIR; if there was one, restore both from the backup.",
        )

    @cached_property
    def sealer(self) -> Sealer:
        """What seals names and numbers. Raises ConfigError."""
        section, known = self.config.keys, self.keys.identities
        file = KeyFile(section.directory, section.identity_key_command, known)
        return Sealer.of(*known, reload=file.read, changed=file.changed)

    @contextmanager
    def writing(self, *, keep: bool = True) -> Iterator[Connection]:
        """Yields a connection inside one transaction that commits at the end if ``keep``."""
        root = self.keys.root.key
        with stores.writing(self.database, self.sealer, root=root, keep=keep) as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yields a connection outside of any transaction: it keeps no gateway from writing."""
        root = self.keys.root.key
        with stores.connected(self.database, self.sealer, root=root) as connection:
            yield connection

    def people(self, connection: Connection, source: str) -> People:
        """Returns the register of members; ``source`` names where its openings come from."""
        return People(connection, self.sealer, instant(connection, now()), new_reference, source)

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


def shown_at(at: datetime) -> str:
    """Returns an aware instant as people here read it: to the second, in China Standard Time with its offset.

    It can be typed again where a command asks for an instant.
    """
    return at.astimezone(CST).isoformat(timespec="seconds")


def new_reference() -> str:
    """Returns a random reference of a member or an account: it tells nothing about anybody."""
    return secrets.token_hex(_REFERENCE_BYTES)


def config_option(command: F) -> F:
    """Adds ``--config FILE``."""
    return click.option(
        "--config", "config_path", type=_CONFIG_FILE, default="gateway.toml", show_default=True,
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


def field(zh: str, en: str, value: object, *, indent: int = 2) -> str:
    """Returns one line of a page: what it is in both languages, and its value where all values begin."""
    return f"{pad(' ' * indent + f'{zh} / {en}', _VALUE_AT)} {value}"


def refuse(zh: str, en: str) -> NoReturn:
    """Ends the command with exit code 1 and both sentences."""
    click.echo(zh, err=True)
    click.echo(en, err=True)
    raise click.exceptions.Exit(1)
