"""``init``, ``demo-city`` and ``migrate``: making a gateway and bringing it up to date."""

import json
import os
import tomllib
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

import click

from medsettle_gateway.cli.city import enter_city
from medsettle_gateway.cli.entering import listing_faults
from medsettle_gateway.cli.frame import (
    Gateway,
    config_option,
    json_option,
    open_gateway,
    print_json,
    refuse,
)
from medsettle_gateway.cli.usage import WrongValueError
from medsettle_gateway.config import (
    ENVIRONMENT_PREFIX,
    KINDS,
    Config,
    ConfigError,
    DatabaseUrl,
)
from medsettle_gateway.files.keys import create_issuer, create_keys, lasting_keys
from medsettle_gateway.storage.found import Found

_FILE_NAME: Final = "gateway.toml"
_ID: Final = "gateway"
_FOLDER: Final = click.Path(file_okay=False, path_type=Path)


def _url(_context: click.Context, option: click.Parameter, text: str | None) -> DatabaseUrl | None:
    """A password is not written into the configuration, and no command line should show one."""
    if text is None:
        return None
    url = DatabaseUrl(text)
    if not url.sound:
        zh, en = "应为 postgresql://用户@主机/数据库", "must be postgresql://USER@HOST/DATABASE"
        raise WrongValueError(zh, en, param=option)
    if url.has_password:
        variable = f"{ENVIRONMENT_PREFIX}STORAGE__DATABASE_URL"
        zh = f"不要在此写密码;请使用 PGPASSWORD、密码文件,或在环境变量 {variable} 中设置完整地址"
        en = f"write no password here: use PGPASSWORD, a password file, or set the whole of it in {variable}"
        raise WrongValueError(zh, en, param=option)
    return url


_database_option: Final = click.option(
    "--database-url", "url", callback=_url, metavar="URL",
    help="Keep the books in PostgreSQL, postgresql://USER@HOST/DATABASE, without its password.",
)

_HINT: Final = '# database_url = "postgresql://medsettle@localhost/medsettle"   # instead, for many processes'
_IN_ENVIRONMENT: Final = "# database_url is set in the environment"

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
{storage}

[keys]
directory = "keys"     # keep a copy of it in another place than the database

[credentials]
kinds = {kinds}
# [[credentials.services]]         # who says whose a scanned code is: the README shows them
# url = "https://ec.example.cn/fsi/localQrCodeQuery"

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
@_database_option
@json_option
def init(
    folder: Path, gateway_id: str | None, demo: bool, url: DatabaseUrl | None, as_json: bool  # noqa: FBT001
) -> None:
    """Make a gateway in DIR: configuration, keys and an empty database.

    What exists already is kept as it is. Exits 1 if another id, or a demo, was asked for than is there, and 2
    if the keys or the database of a gateway are missing: they are restored from a backup, not made anew.
    """
    path = folder / _FILE_NAME
    kept = False
    if path.exists():
        _refuse_another(path, gateway_id, url, demo=demo)
        kept = open_gateway(path).database.look() is Found.OWNED
    gateway = _found(folder, _ID if gateway_id is None else gateway_id, url, demo=demo)
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
@_database_option
@click.option("--no-next", is_flag=True, help="Do not say what comes next: whoever runs this does it.")
@json_option
def demo_city(folder: Path, url: DatabaseUrl | None, no_next: bool, as_json: bool) -> None:  # noqa: FBT001
    """Make a demo gateway in DIR and enter a small invented city: institutions, members, a catalogue."""
    if (folder / _FILE_NAME).exists():
        _refuse_another(folder / _FILE_NAME, None, url, demo=False)
    gateway = _found(folder, "demo", url, demo=True)
    gateway.require_demo()
    with listing_faults(as_json=as_json), as_file(files("medsettle_gateway") / "demo_city") as city:
        counts = enter_city(gateway, city)
    if as_json:
        print_json({"config": str(folder / _FILE_NAME), **counts})
        return
    listed = ", ".join(f"{count} {name}" for name, count in counts.items())
    click.echo(f"演示城市已建立 the city stands: {listed}")
    if not no_next:
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
    if gateway.database.look() is Found.NOTHING:
        raise gateway.database.nothing()
    before, after = gateway.database.migrate()
    if as_json:
        print_json({"from": before, "to": after})
    elif before == after:
        click.echo(f"数据库已是版本 {after},无需升级。The database is of version {after}: up to date.")
    else:
        click.echo(f"数据库版本 {before} -> {after}。The database was of version {before}, now of {after}.")


def _found(folder: Path, gateway_id: str, url: DatabaseUrl | None, *, demo: bool) -> Gateway:
    """Makes a gateway, or what a crash left out of one, and returns it. Raises ConfigError.

    Keys are made for a new database only. The database comes first, so that keys without one show that it
    was lost, and belongs to the keys from the moment that it is first opened with them.
    """
    path = folder / _FILE_NAME
    if not path.exists():
        _write_config(path, gateway_id, url, demo=demo)
    made = open_gateway(path)
    config, database = made.config, made.database
    found = database.look()
    if found is Found.OWNED:
        with made.reading():
            pass
        if config.gateway.demo:
            create_issuer(config.keys.directory)
        return open_gateway(path)
    if found is Found.NOTHING and lasting_keys(config.keys.directory):
        raise database.nothing()
    database.migrate()
    create_keys(config.keys.directory, demo=config.gateway.demo)
    gateway = open_gateway(path)
    with gateway.reading():
        return gateway


def _write_config(path: Path, gateway_id: str, url: DatabaseUrl | None, *, demo: bool) -> None:
    """Writes the configuration if it is one that works, alone and with the environment above it."""
    storage = f'path = "gateway.db"\n{_HINT}'
    if url is not None:
        storage = f"database_url = {json.dumps(url.text)}"
    elif f"{ENVIRONMENT_PREFIX}STORAGE__DATABASE_URL" in os.environ:
        storage = _IN_ENVIRONMENT
    kinds = json.dumps(list(KINDS if demo else KINDS[:1]))
    text = _TEMPLATE.format(
        id=json.dumps(gateway_id), demo=str(demo).lower(), storage=storage, kinds=kinds
    )
    Config.of(tomllib.loads(text), {}, path.parent)
    Config.of(tomllib.loads(text), os.environ, path.parent)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    except OSError as error:
        raise ConfigError(
            f"无法写入 {path}({error.strerror})。", f"Cannot write {path} ({error.strerror})."
        ) from error


def _refuse_another(path: Path, gateway_id: str | None, url: DatabaseUrl | None, *, demo: bool) -> None:
    """Ends the command if the gateway that is there is another than the one asked for."""
    config = open_gateway(path).config
    there, its_url = config.gateway, config.storage.database_url
    if gateway_id not in {None, there.id}:
        zh, en = f"id 是 {there.id!r},不是 {gateway_id!r}", f"its id is {there.id!r}, not {gateway_id!r}"
    elif url not in {None, its_url}:
        its = config.storage.path if its_url is None else its_url
        zh, en = f"数据库是 {its},不是 {url}", f"its database is {its}, not {url}"
        if not config.keys.directory.exists():
            refuse(
                f"{path} 中的{zh},也还没有密钥。如果上次没有建成,请改正该文件中的地址,再执行一次。",
                f"There is {path}, but no keys, and {en}. If making it was cut short, correct the address in "
                "that file and run this again.",
            )
    elif demo and not there.demo:
        zh, en = "不是演示网关", "it is no demo"
    else:
        return
    refuse(
        f"{path} 已有一个网关,{zh};配置、密钥和数据库都保持原样。新的网关请换一个目录。",
        f"There is a gateway in {path} already and {en}: its configuration, keys and database are kept as "
        "they are. Choose another folder for a new one.",
    )
