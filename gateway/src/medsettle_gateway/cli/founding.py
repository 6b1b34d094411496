"""``init``, ``demo-city`` and ``migrate``: making a gateway and bringing it up to date."""

import json
import os
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

import click

from medsettle_gateway.cli.entering import checked_rows, listing_faults
from medsettle_gateway.cli.frame import (
    Gateway,
    config_option,
    json_option,
    now,
    open_gateway,
    print_json,
    refuse,
)
from medsettle_gateway.config import Config, ConfigError
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.files.keys import create_issuer, create_keys, lasting_keys
from medsettle_gateway.files.registers import CATALOGUE, FAMILIES, INSTITUTIONS, MEMBERS, YEARS
from medsettle_gateway.storage.places import enter_catalogue, enter_institutions
from medsettle_gateway.storage.sqlite import database

_CITY: Final = "210300"
_FILE_NAME: Final = "gateway.toml"
_ID: Final = "gateway"
_FOLDER: Final = click.Path(file_okay=False, path_type=Path)

_TEMPLATE: Final = """\
# medsettle-gateway. Every name may also be set as MEDSETTLE_GATEWAY__SECTION__NAME in the environment.

[gateway]
id = {id}            # the audience of every signature: tills learn it when they enrol
demo = {demo}          # true: accepts the credentials of the demo issuer, served with --demo only

[listen]
address = "127.0.0.1:50051"
# tls_certificate = "server.pem"   # needed beyond this machine
# tls_key = "server.key"
# tls_client_ca = "clients.pem"    # clients must then show a certificate

[storage]
path = "gateway.db"

[keys]
directory = "keys"     # keep a copy of it in another place than the database

[log]
level = "info"         # debug, info, warning, error
format = "text"        # text or json

[limits]
# hold_s = 600         # how long a hold reserves; medsettle-gateway settings lists every other
"""


@click.command("init", short_help="新建网关 make a gateway")
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.option("--id", "gateway_id", show_default=_ID, help="The gateway's id.")
@click.option("--demo", is_flag=True, help="Make a demo, with an issuer of credentials.")
@json_option
def init(folder: Path, gateway_id: str | None, demo: bool, as_json: bool) -> None:  # noqa: FBT001
    """Make a gateway in DIR: configuration, keys and an empty database.

    What exists already is kept as it is. Exits 1 if another id, or a demo, was asked for than is there, and 2
    if the keys or the database of a gateway are missing: they are restored from a backup, not made anew.
    """
    path = folder / _FILE_NAME
    kept = False
    if path.exists():
        _refuse_another(path, gateway_id, demo=demo)
        kept = _look(open_gateway(path).config) is database.Found.OWNED
    gateway = _found(folder, _ID if gateway_id is None else gateway_id, demo=demo)
    fingerprint = gateway.keys.root.key
    if as_json:
        print_json({"config": str(path), "root": fingerprint, "kept": kept})
        return
    if kept:
        click.echo("网关已存在,未作任何更改。The gateway is there already and was kept as it is.")
    click.echo(f"配置 configuration: {path}")
    click.echo(f"根公钥指纹 fingerprint of the root key: {fingerprint}")
    flag = " --demo" if gateway.config.gateway.demo else ""
    click.echo(f"下一步 next: medsettle-gateway serve --config {path}{flag}")


@click.command("demo-city", short_help="新建带演示城市的网关 make a demo gateway with a small city")
@click.argument("folder", metavar="DIR", type=_FOLDER)
@json_option
def demo_city(folder: Path, as_json: bool) -> None:  # noqa: FBT001
    """Make a demo gateway in DIR and enter a small invented city: institutions, members, a catalogue."""
    gateway = _found(folder, "demo", demo=True)
    gateway.require_demo()
    with listing_faults(as_json=as_json), as_file(files("medsettle_gateway") / "demo_city") as city:
        counts = _enter_city(gateway, city)
    if as_json:
        print_json({"config": str(folder / _FILE_NAME), **counts})
        return
    listed = ", ".join(f"{count} {name}" for name, count in counts.items())
    click.echo(f"演示城市已建立 the city stands: {listed}")
    click.echo(f"下一步 next: medsettle-gateway serve --config {folder / _FILE_NAME} --demo")


@click.command("migrate", short_help="检查并升级数据库 check the database and bring it up to date")
@json_option
@config_option
def migrate(as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """Check the whole database and bring it to this release's version, all steps or none.

    Back it up first.
    """
    gateway = open_gateway(config_path)
    gateway.require_made()
    config = gateway.config
    if _look(config) is database.Found.NOTHING:
        raise database.nothing_at(config.storage.path)
    before, after = database.migrate(config.storage.path, busy_ms=config.limits.store_busy_ms)
    if as_json:
        print_json({"from": before, "to": after})
    else:
        click.echo(f"数据库版本 {before} -> {after}。The database was of version {before}, now of {after}.")


def _found(folder: Path, gateway_id: str, *, demo: bool) -> Gateway:
    """Makes a gateway, or what a crash left out of one, and returns it. Raises ConfigError.

    Keys are made for a new database only. The database comes first, so that keys without one show that it
    was lost, and belongs to the keys from the moment that it is first opened with them.
    """
    path = folder / _FILE_NAME
    if not path.exists():
        _write_config(path, gateway_id, demo=demo)
    config = open_gateway(path).config
    if _look(config) is database.Found.OWNED:
        with open_gateway(path).reading():
            pass
        if config.gateway.demo:
            create_issuer(config.keys.directory)
        return open_gateway(path)
    if _look(config) is database.Found.NOTHING and lasting_keys(config.keys.directory):
        raise database.nothing_at(config.storage.path)
    database.migrate(config.storage.path, busy_ms=config.limits.store_busy_ms)
    create_keys(config.keys.directory, demo=config.gateway.demo)
    gateway = open_gateway(path)
    with gateway.reading():
        return gateway


def _look(config: Config) -> database.Found:
    return database.look(config.storage.path, busy_ms=config.limits.store_busy_ms)


def _write_config(path: Path, gateway_id: str, *, demo: bool) -> None:
    """Writes the configuration if it is one that works, alone and with the environment above it."""
    text = _TEMPLATE.format(id=json.dumps(gateway_id), demo=str(demo).lower())
    Config.of(tomllib.loads(text), {}, path.parent)
    Config.of(tomllib.loads(text), os.environ, path.parent)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    except OSError as error:
        raise ConfigError(
            f"无法写入 {path}({error.strerror})。", f"Cannot write {path} ({error.strerror})."
        ) from error


def _refuse_another(path: Path, gateway_id: str | None, *, demo: bool) -> None:
    """Ends the command if the gateway that is there is another than the one asked for."""
    there = open_gateway(path).config.gateway
    if gateway_id not in {None, there.id}:
        zh, en = f"id 是 {there.id!r},不是 {gateway_id!r}", f"its id is {there.id!r}, not {gateway_id!r}"
    elif demo and not there.demo:
        zh, en = "不是演示网关", "it is no demo"
    else:
        return
    refuse(
        f"{path} 已有一个网关,{zh};配置、密钥和数据库都保持原样。新的网关请换一个目录。",
        f"There is a gateway in {path} already and {en}: its configuration, keys and database are kept as "
        "they are. Choose another folder for a new one.",
    )


def _enter_city(gateway: Gateway, city: Path) -> dict[str, int]:
    """Enters every file of the city in one transaction; its years are those of today."""
    limits = gateway.config.limits
    with gateway.writing() as connection, _years_of_today(city) as years:
        people = gateway.people(connection, "demo-city")
        entered = {
            "institutions": enter_institutions(
                connection, checked_rows(city / "institutions.csv", INSTITUTIONS, limits)
            ),
            "items": enter_catalogue(
                connection, _CITY, checked_rows(city / "catalogue.csv", CATALOGUE, limits), now()
            ),
            "members": people.enter_members(checked_rows(city / "members.csv", MEMBERS, limits)),
            "families": people.enter_families(checked_rows(city / "families.csv", FAMILIES, limits)),
            "years": people.enter_years(checked_rows(years, YEARS, limits)),
        }
    return {name: each.new_count + each.changed_count + each.same_count for name, each in entered.items()}


@contextmanager
def _years_of_today(city: Path) -> Iterator[Path]:
    text = (city / "years.csv").read_text("utf-8")
    with tempfile.TemporaryDirectory() as folder:
        years = Path(folder) / "years.csv"
        years.write_text(text.replace("{year}", str(day_of(now()).year)), "utf-8")
        yield years
