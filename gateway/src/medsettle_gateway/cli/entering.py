"""Entering a file: every bad row is listed with its line and reason, and then nothing is entered."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from medsettle_gateway.cli.frame import print_json
from medsettle_gateway.config import Config, LimitsSection
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
    _check(table)
    return _entered(table)


class Gathered:
    """The faults of files that are entered together, file by file and line by line."""

    def __init__(self) -> None:
        self._of: dict[str, set[Fault]] = {}

    def __bool__(self) -> bool:
        """Are there any?"""
        return any(self._of.values())

    @contextmanager
    def of(self, path: Path) -> Iterator[None]:
        """Keeps the faults that reading or entering the file raises."""
        try:
            yield
        except (TableError, NotEnteredError) as error:
            self._of[path.name].update(fault._replace(file=path.name) for fault in error.faults)

    def rows(self, path: Path, columns: Columns[Record], limits: LimitsSection) -> Rows[Record]:
        """Returns the rows of a file; of one with faults those that can be read, to be tried as well."""
        self._of[path.name] = set()
        table = Table(path, columns, limits.import_bytes, limits.import_rows)
        with self.of(path):
            _check(table)
        return table.good_rows() if self._of[path.name] else _entered(table)

    def stop(self) -> None:
        """Raises NotEnteredError with all of them if there are any."""
        if self:
            raise NotEnteredError(tuple(fault for faults in self._of.values() for fault in sorted(faults)))


def warn_without_pack(config: Config, regions: Iterable[str]) -> None:
    """Warns of regions for which nothing can be settled yet."""
    from medsettle_gateway.bootstrap.gateway import load_packs  # noqa: PLC0415 - heavy

    missing = sorted(set(regions) - {pack.region for pack in load_packs(config)})
    if missing:
        listed = ", ".join(missing)
        click.echo(f"注意:统筹区 {listed} 还没有政策包,在那里不能结算。", err=True)
        click.echo(f"Note: region {listed} has no policy pack yet: nothing can be settled there.", err=True)


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


def _check(table: Table[Record]) -> None:
    with _bar(table.path, "检查 checking") as progress:
        table.check(progress)


def _entered(table: Table[Record]) -> Iterator[tuple[int, Record]]:
    with _bar(table.path, "录入 entering") as progress:
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
    several = len({fault.file for fault in faults}) > 1
    for line, zh, en, file in faults[:_SHOWN]:
        zh_in, en_in = (f"{file} ", f"{file}, line") if several else ("", "Line")
        click.echo(f"{zh_in}第{line}行: {zh}。 {en_in} {line}: {en}.", err=True)
    if len(faults) > _SHOWN:
        rest = len(faults) - _SHOWN
        click.echo(f"另有 {rest} 处,--json 列出全部。 {rest} more; --json lists them all.", err=True)
    click.echo(f"共 {len(faults)} 处错误,未录入任何数据。", err=True)
    counted = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    click.echo(f"{counted}; nothing was entered.", err=True)
