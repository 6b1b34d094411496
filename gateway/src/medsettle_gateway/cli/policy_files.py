"""The policy files that a command works on: named files, folders, shipped packs."""

from collections.abc import Callable, Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from medsettle_gateway.cli.policy_quote import stop
from medsettle_gateway.cli.usage import WrongUsageError
from medsettle_gateway.files.packs import read_pack, shipped_packs
from medsettle_gateway.files.yaml import YamlError
from medsettle_gateway.policy.loader import PackSource
from medsettle_gateway.policy.reading import Invalid
from medsettle_gateway.policy.shelf import Shelf

EXISTING: Final = click.Path(exists=True, path_type=Path)
"""A file or folder that is there."""

F = TypeVar("F", bound=Callable[..., Any])

FILES_MOST: Final = 10_000
"""Files that one command reads."""


def yaml_files(paths: Iterable[Path]) -> Iterator[Path]:
    """The named files, and the ``*.yaml`` files below named folders, each once."""
    seen: dict[Path, None] = {}
    for path in paths:
        for each in sorted(path.rglob("*.yaml")) if path.is_dir() else [path]:
            if each.is_file() and each.resolve() not in seen:
                seen[each.resolve()] = None
                if len(seen) > FILES_MOST:
                    raise WrongUsageError(
                        f"文件超过 {FILES_MOST} 个,请指明更小的目录",
                        f"more than {FILES_MOST} files; name smaller folders",
                    )
                yield each


def no_files(paths: Iterable[Path]) -> WrongUsageError:
    """The error of paths without a policy file, with a hint where names end almost as theirs do."""
    found = next((each for path in paths if path.is_dir() for each in sorted(path.rglob("*.yml"))), None)
    zh, en = "那里没有 *.yaml 文件", "no *.yaml file there"
    if found is None:
        return WrongUsageError(zh, en)
    return WrongUsageError(
        f"{zh},但有 {found.name}:请把 *.yml 改名为 *.yaml", f"{en}, but {found.name}: rename *.yml to *.yaml"
    )


def shipped_or_stop(code: int = 1) -> tuple[PackSource, ...]:
    """The shipped packs; a mistake in one ends the command with this exit code."""
    try:
        return shipped_packs()
    except YamlError as error:
        stop(error, code)


def policies_option(command: F) -> F:
    """Adds ``--policies PATH``."""
    return click.option(
        "--policies", type=EXISTING, multiple=True,
        help="Packs and overlays beside the shipped packs: a file or a folder. May be repeated.",
    )(command)  # fmt: skip


def sources_or_stop(policies: Iterable[Path], code: int = 1) -> tuple[PackSource, ...]:
    """The shipped packs and what stands beside them; a mistake in one ends the command."""
    brought = tuple(read_or_stop(path, code) for path in yaml_files(policies))
    return (*without_files(shipped_or_stop(code), brought), *brought)


def shelf_or_stop(sources: Iterable[PackSource], code: int = 1) -> Shelf:
    """Packs and overlays, compiled; a mistake in one ends the command with this exit code."""
    try:
        return Shelf(sources)
    except Invalid as error:
        stop(error, code)


def read_or_stop(path: Path, code: int = 1) -> PackSource:
    """A pack or overlay from a file; what is no YAML ends the command with this exit code."""
    if path.suffix == ".yml":
        raise WrongUsageError(
            f"政策文件名应以 .yaml 结尾:请给 {path.name} 改名",
            f"a policy file's name ends in .yaml: rename {path.name}",
        )
    try:
        return read_pack(path)
    except YamlError as error:
        stop(error, code)
    except OSError as error:
        raise click.FileError(str(path), str(error)) from error


def place_of(source: PackSource) -> Path:
    """Where the file of a source lies; shipped packs are named from the folder of the package."""
    path = Path(source.name)
    return path if path.is_file() else Path(str(files("medsettle_gateway"))) / path


def without_files(sources: Iterable[PackSource], given: Iterable[PackSource]) -> tuple[PackSource, ...]:
    """The sources that are not among the given files."""
    places = {place_of(source).resolve() for source in given}
    return tuple(source for source in sources if place_of(source).resolve() not in places)
