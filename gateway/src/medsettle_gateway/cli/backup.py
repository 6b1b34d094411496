"""``medsettle-gateway backup`` and ``restore``: copies of the embedded database."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click

from medsettle_gateway.cli.frame import (
    Gateway,
    config_option,
    json_option,
    now,
    open_gateway,
    print_json,
    shown_at,
)
from medsettle_gateway.cli.words import words
from medsettle_gateway.config import ConfigError
from medsettle_gateway.domain.plain import to_plain
from medsettle_gateway.storage.found import Found
from medsettle_gateway.storage.recoveries import put_recovery, since_now
from medsettle_gateway.storage.sqlite import backup as copies
from medsettle_gateway.storage.sqlite.backup import Manifest, Told
from medsettle_gateway.storage.sqlite.database import require_alone
from medsettle_gateway.storage.stores import EmbeddedDatabase, writing

_FOLDER: Final = click.Path(file_okay=False, path_type=Path)
_RESTORED: Final = ".restoring"


@contextmanager
def _on_disk() -> Iterator[None]:
    """Whatever a file or a disk fails of inside is a ConfigError that names it."""
    try:
        yield
    except OSError as error:
        place = error.filename or "-"
        raise ConfigError(
            f"无法读写 {place}({error.strerror});请检查路径、权限和磁盘空间。",
            f"Cannot read or write {place} ({error.strerror}): check its path, its permissions and the disk "
            "space.",
        ) from error


@click.group("backup", short_help="备份数据库 back the database up")
def backup() -> None:
    """Copies of the embedded database. One on a server is backed up with the server's own tools."""


@backup.command("create", short_help="在线备份 make a copy while the gateway runs")
@click.argument("folder", metavar="DIR", type=_FOLDER)
@json_option
@config_option
@_on_disk()
def create(folder: Path, as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """Copy the database into a new folder in DIR, named by the time, and check the copy.

    Gateways go on working. The copy is of one moment, and never written over another. It does not hold the
    keys: keep a copy of them in another place.
    """
    gateway = open_gateway(config_path)
    source, at = _embedded(gateway), now()
    if source.look() is not Found.OWNED:
        raise source.nothing()
    target = folder / f"{gateway.config.gateway.id}-{at:%Y%m%dT%H%M%S.%fZ}"
    owner = (gateway.config.gateway.id, gateway.keys.root.key)
    with _bar("备份 copying", shown=not as_json) as told:
        manifest = copies.back_up(source.path, target, owner, at, told)
    _say_copy("已备份 backed up", target, manifest, as_json=as_json)


@backup.command("verify", short_help="核对备份 check a copy")
@click.argument("folder", metavar="BACKUP", type=_FOLDER)
@json_option
@_on_disk()
def verify(folder: Path, as_json: bool) -> None:  # noqa: FBT001
    """Check that a copy is whole and that its books add up, entry by entry. Exits 2 if it cannot be used."""
    with _bar("核对 verifying", shown=not as_json) as told:
        manifest, _ = copies.check(folder, told)
    _say_copy("备份完好 the backup is sound", folder, manifest, as_json=as_json)


@click.command("restore", short_help="从备份恢复 put a copy back")
@click.argument("folder", metavar="BACKUP", type=_FOLDER)
@click.option("--by", "author", required=True, callback=words, help="Who does it, for the record.")
@click.option("--reason", required=True, callback=words, help="Why, for the record.")
@click.option("--replace", is_flag=True, help="Set the database that is there aside; it is kept.")
@json_option
@config_option
@_on_disk()
def restore(  # the options
    folder: Path, author: str, reason: str, replace: bool, as_json: bool, config_path: Path  # noqa: FBT001
) -> None:
    """Put a copy back in place of a database that was lost. The gateway must be stopped.

    What was settled after the copy was made is not in it. So the epoch is raised, and for request ids of days
    up to tomorrow absence is no proof until their tills have compared: they do so by themselves, and what
    they show by the gateway's own signed answers is entered again.
    """
    gateway = open_gateway(config_path)
    place, at = _embedded(gateway), now()
    with _bar("核对 verifying", shown=not as_json) as told:
        manifest, _ = copies.check(folder, told)
    _refuse_anothers(gateway, manifest)
    if place.path.exists() and not replace:
        raise ConfigError(
            f"{place.path} 已存在;确要换成备份,请加 --replace(原文件会改名保留)。",
            f"{place.path} exists: add --replace to put the backup in its place (it is kept, renamed).",
        )
    if place.path.exists():
        require_alone(place.path)
    prepared = EmbeddedDatabase(place.path.with_name(place.path.name + _RESTORED), place.busy_ms)
    copies.clear(prepared.path)
    place.path.parent.mkdir(parents=True, exist_ok=True)
    copies.put_back(folder, prepared.path)
    prepared.migrate()
    before = copies.latest_epoch_beside(place.path)
    with writing(prepared, gateway.sealer, root=gateway.keys.root.key) as connection:
        begun = since_now(connection, at, author, reason, manifest.made_at)
        epoch = put_recovery(connection, begun, above=before)
    copies.end_log(prepared.path)
    aside = copies.set_aside(place.path, at)
    copies.take_place(prepared.path, place.path)
    if as_json:
        print_json({
            "epoch": epoch, "lost_from": begun.lost_from.isoformat(),
            "absent_until": begun.absent_until.isoformat(), "aside": None if aside is None else str(aside),
        })
        return
    click.echo(f"已恢复 restored: {place.path}, 第 {epoch} 期 epoch {epoch}")
    if aside is not None:
        click.echo(f"原数据库保留为 the former database is kept as {aside}")
    click.echo(f"可能缺少自 may be missing since {shown_at(begun.lost_from)}")
    flag = " --demo" if gateway.config.gateway.demo else ""
    click.echo(f"下一步 next: medsettle-gateway serve --config {config_path}{flag}")
    click.echo(f"  medsettle-gateway recovery status --config {config_path}")


def _embedded(gateway: Gateway) -> EmbeddedDatabase:
    database = gateway.database
    if not isinstance(database, EmbeddedDatabase):
        raise ConfigError(
            "数据库在服务器上:请用 pg_basebackup 与 WAL 归档(或 pg_dump)备份和恢复;恢复后、启动网关前,"
            "执行 medsettle-gateway recovery begin。",
            "The database is on a server: back it up and restore it with pg_basebackup and an archive of the "
            "WAL (or pg_dump); after a restore, before gateways start, run medsettle-gateway recovery begin.",
        )
    return database


def _refuse_anothers(gateway: Gateway, manifest: Manifest) -> None:
    mine = (gateway.config.gateway.id, gateway.keys.root.key)
    if (manifest.gateway, manifest.root) != mine:
        raise ConfigError(
            f"这份备份属于网关 {manifest.gateway!r}(根公钥 {manifest.root}),不是 {mine[0]!r}({mine[1]})。",
            f"The backup is of gateway {manifest.gateway!r} (root key {manifest.root}), not of this one, "
            f"{mine[0]!r} ({mine[1]}).",
        )


def _say_copy(what: str, folder: Path, manifest: Manifest, *, as_json: bool) -> None:
    if as_json:
        print_json({"backup": str(folder), **to_plain(manifest)})
        return
    click.echo(f"{what}: {folder}")
    last = manifest.last_committed_at
    until = "-" if last is None else shown_at(last)
    click.echo(f"账簿止于 the books end at {until}, 区块 block {manifest.block}")
    if manifest.head:
        click.echo(f"区块哈希 hash {manifest.head}")


@contextmanager
def _bar(what: str, *, shown: bool) -> Iterator[Told]:
    if not shown or not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done_count, of_count: bar.update(task, completed=done_count, total=of_count)
