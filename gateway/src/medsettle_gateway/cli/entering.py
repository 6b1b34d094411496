"""Entering a file: every bad row is listed with its line and reason, and then nothing is entered."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from medsettle_gateway.cli.frame import print_json
from medsettle_gateway.config import LimitsSection
from medsettle_gateway.domain.register import Fault, Rows
from medsettle_gateway.files.csv import Columns, Table, TableError
from medsettle_gateway.storage.entering import Entered, NotEnteredError

Record = TypeVar("Record")
F = TypeVar("F", bound=Callable[..., Any])
Progress = Callable[[int], None]

_LONG_BYTES: Final = 2_097_152
"""From here on a file is read with a bar that shows how far it is."""
_SHOWN: Final = 50


def check_option(command: F) -> F:
    """Adds ``--check``."""
    return click.option("--check", is_flag=True, help="Say what would be entered; enter nothing.")(command)


@contextmanager
def listing_faults(*, as_json: bool) -> Iterator[None]:
    """Lists the faults of a file and ends the command with exit code 1."""
    try:
        yield
    except (TableError, NotEnteredError) as error:
        _list(error.faults, as_json=as_json)
        raise click.exceptions.Exit(1) from error


def checked_rows(path: Path, columns: Columns[Record], limits: LimitsSection) -> Rows[Record]:
    """Returns the rows of a file whose form is right in every row. Raises TableError."""
    table = Table(path, columns, limits.import_bytes, limits.import_rows)
    with _bar(path, "检查 checking") as progress:
        table.check(progress)
    return _entered(table, path)


def say(entered: Mapping[str, Entered], *, check: bool, as_json: bool) -> None:
    """Says what was entered of each kind, or what would have been."""
    if as_json:
        counts = {name: each._asdict() for name, each in entered.items()}
        print_json({"entered": not check, **counts})
        return
    for name, each in entered.items():
        removed = f",删除 {each.removed_count} removed" if each.removed_count else ""
        click.echo(
            f"{name}: 新增 {each.new_count} new,更改 {each.changed_count} changed,"
            f"未变 {each.same_count} unchanged{removed}"
        )
    if check:
        click.echo("仅检查,未录入。Checked only, nothing was entered.")


def _entered(table: Table[Record], path: Path) -> Iterator[tuple[int, Record]]:
    with _bar(path, "录入 entering") as progress:
        yield from table.rows(progress)


@contextmanager
def _bar(path: Path, title: str) -> Iterator[Progress]:
    size_bytes = path.stat().st_size
    if size_bytes < _LONG_BYTES or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415 - only long files need it
    from rich.progress import Progress as Bar  # noqa: PLC0415

    with Bar(console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=size_bytes)
        yield lambda done_bytes: bar.update(task, completed=done_bytes)


def _list(faults: tuple[Fault, ...], *, as_json: bool) -> None:
    if as_json:
        print_json({"entered": False, "faults": [fault._asdict() for fault in faults]})
        return
    for line, zh, en in faults[:_SHOWN]:
        click.echo(f"第{line}行: {zh}。 Line {line}: {en}.", err=True)
    if len(faults) > _SHOWN:
        rest = len(faults) - _SHOWN
        click.echo(f"另有 {rest} 处,--json 列出全部。 {rest} more; --json lists them all.", err=True)
    click.echo(f"共 {len(faults)} 处错误,未录入任何数据。", err=True)
    click.echo(f"{len(faults)} faults; nothing was entered.", err=True)
