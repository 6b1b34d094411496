"""``policy check``: is a policy file sound, by itself and beside the others?"""

import json
from collections.abc import Sequence
from pathlib import Path

import click

from medsettle_gateway.cli.policy_files import EXISTING, no_files, shipped_or_stop, without_files, yaml_files
from medsettle_gateway.cli.policy_quote import faults_of, heading, quoted
from medsettle_gateway.files.packs import read_pack
from medsettle_gateway.files.yaml import YamlError
from medsettle_gateway.policy.checking import check_files
from medsettle_gateway.policy.finding import Finding, Level
from medsettle_gateway.policy.loader import PackSource
from medsettle_gateway.policy.reading import Fault, Invalid


@click.command("check", short_help="检查政策文件 check policy files")
@click.argument("paths", nargs=-1, type=EXISTING)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@click.option("--strict", is_flag=True, help="Exit 1 on warnings, too.")
def check(paths: tuple[Path, ...], as_json: bool, strict: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Check packs and overlays: each PATH is a file, or a folder with *.yaml files below it.

    Without a PATH, the shipped packs are checked; with one, they are what the files stand beside. Said
    are the faults that keep a file from being loaded, figures beyond a bound of the document, days that
    two versions claim or that none has, benefits that two packs of a region have, rows that can never
    apply, figures that a region has still to bring, and what has no clause.

    Every finding is a line FILE:LINE: LEVEL: MESSAGE, with the line of the file below it; the level is
    error, warning or info. Exits 1 if there is an error, else 0.
    """
    shipped = shipped_or_stop()
    sources, unread = (shipped, ()) if not paths else _read(paths)
    try:
        found = (*unread, *check_files(sources, without_files(shipped, sources) if paths else ()))
    except Invalid as error:
        # Only a shipped pack that is not checked itself is loaded without being reported on.
        raise click.ClickException(str(error)) from error
    counts = {level: sum(finding.level is level for finding in found) for level in Level}
    if as_json:
        _print_json(sources, found, counts)
    else:
        _print(sources, found, counts)
    bad = counts[Level.ERROR] or (strict and counts[Level.WARNING])
    raise SystemExit(1 if bad else 0)


def _read(paths: tuple[Path, ...]) -> tuple[tuple[PackSource, ...], tuple[Finding, ...]]:
    """The files as plain data, and what is wrong with those that are none."""
    found = list(yaml_files(paths))
    if not found:
        raise no_files(paths)
    sources, unread = [], []
    for path in found:
        try:
            sources.append(read_pack(path))
        except YamlError as error:
            unread += [
                Finding(str(path), fault.line, "", Level.ERROR, fault.message) for fault in faults_of(error)
            ]
        except OSError as error:
            unread.append(Finding(str(path), 0, "", Level.ERROR, str(error)))
    return tuple(sources), tuple(unread)


def _print(sources: Sequence[PackSource], found: Sequence[Finding], counts: dict[Level, int]) -> None:
    for finding in found:
        fault = Fault(finding.line, finding.path, finding.message)
        click.echo(heading(finding.source, finding.line, finding.level.value, fault))
        for line in quoted(finding.source, finding.line):
            click.echo(line)
    said = ", ".join(f"{count} {level.value}{'' if count == 1 else 's'}" for level, count in counts.items())
    files = len(sources) + len({finding.source for finding in found} - {source.name for source in sources})
    zh = (
        f"检查了{files}个文件:{counts[Level.ERROR]}处错误,{counts[Level.WARNING]}处警告,"
        f"{counts[Level.INFO]}处提示"
    )
    colour = "red" if counts[Level.ERROR] else "yellow" if counts[Level.WARNING] else "green"
    named = "1 file" if files == 1 else f"{files} files"
    click.secho(f"{zh} / {named}: {said}", fg=colour, bold=True)


def _print_json(sources: Sequence[PackSource], found: Sequence[Finding], counts: dict[Level, int]) -> None:
    plain = {
        "files": [source.name for source in sources],
        "findings": [
            {
                "file": finding.source,
                "line": finding.line or None,
                "level": finding.level.value,
                "path": finding.path,
                "message": finding.message,
            }
            for finding in found
        ],
        "counts": {level.value: count for level, count in counts.items()},
    }
    click.echo(json.dumps(plain, ensure_ascii=False, indent=2))
