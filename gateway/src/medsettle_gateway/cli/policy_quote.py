"""A mistake in a policy file, with the line of the file that it is in."""

from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import Final, NoReturn

import click

from medsettle_gateway.files.packs import read_text
from medsettle_gateway.files.yaml import YamlError
from medsettle_gateway.policy.reading import Fault, Invalid

WIDTH_MOST: Final = 160
"""Characters of a quoted line; what is longer is cut."""

_SHIPPED: Final = "policies"
_MARGIN: Final = "      "


def stop(error: YamlError | Invalid, code: int = 1) -> NoReturn:
    """End the command with every mistake of a file, each with its line quoted."""
    for line in told(error):
        click.echo(line, err=True)
    raise SystemExit(code)


def told(error: YamlError | Invalid) -> Iterator[str]:
    """``file:line: error: what``, and below it the line of the file, for every mistake."""
    for each in faults_of(error):
        name, fault = _of_file(error.name, each)
        yield heading(name, fault.line, "error", fault)
        yield from quoted(name, fault.line)


def _of_file(name: str, fault: Fault) -> tuple[str, Fault]:
    """A fault found among several files names its own before its path."""
    file, colon, path = fault.path.partition(": ")
    return (file, replace(fault, path=path)) if colon else (name, fault)


def faults_of(error: YamlError | Invalid) -> tuple[Fault, ...]:
    """The mistakes; a file that is no YAML has one."""
    return error.faults if isinstance(error, Invalid) else (Fault(error.line, "", error.message),)


def heading(name: str, line: int, level: str, fault: Fault) -> str:
    """``file:line: level: path: message``; without the line and path where they are not known."""
    where = f"{name}:{line}" if line else name
    what = f"{fault.path}: {fault.message}" if fault.path else fault.message
    colour = {"error": "red", "warning": "yellow"}.get(level)
    return f"{where}: {click.style(level, fg=colour, bold=colour is not None)}: {what}"


def quoted(name: str, line: int) -> Iterator[str]:
    """The line of the file with its number, if the file can still be read and has it."""
    lines = _lines_of(name)
    if 1 <= line <= len(lines):
        text = lines[line - 1].rstrip()
        cut = text if len(text) <= WIDTH_MOST else text[: WIDTH_MOST - 1] + "…"
        yield click.style(f"{_MARGIN}{line:>4} | {cut}", dim=True)


def _lines_of(name: str) -> tuple[str, ...]:
    try:
        return tuple(_text(name).splitlines())
    except (OSError, YamlError):
        return ()


def _text(name: str) -> str:
    """The text of a file of the operator, or of a shipped pack by its name in the package."""
    path, shipped = Path(name), PurePosixPath(name)
    if path.is_file() or shipped.parts[:1] != (_SHIPPED,):
        return read_text(path)
    place = files("medsettle_gateway")
    for part in shipped.parts:
        place /= part
    return place.read_text("utf-8")
