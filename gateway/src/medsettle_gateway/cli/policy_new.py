"""``policy new``: the skeleton of a pack, or of an overlay over one."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import click

from medsettle_gateway.cli.policy_files import policies_option
from medsettle_gateway.cli.policy_named import Named, versions_of
from medsettle_gateway.cli.policy_rows import value_words, when_words
from medsettle_gateway.cli.policy_skeleton import overlay_head, pack_skeleton
from medsettle_gateway.cli.usage import WrongUsageError
from medsettle_gateway.policy.check_head import UNFILLED
from medsettle_gateway.policy.check_rows import check_rows
from medsettle_gateway.policy.check_scope import scoped_figures
from medsettle_gateway.policy.finding import Level
from medsettle_gateway.policy.rows import Figure, Force, Row

_REGION: Final = re.compile(r"[0-9]{6}")
_STEP: Final = re.compile(r"[^.\[\]]+|\[[0-9]+\]")
_SCHEMES: Final = ("employee", "resident")
_LOCAL: Final = (Force.FLOOR, Force.CEILING, Force.ASSUMED)
_PLAIN: Final = re.compile(r"[a-z][a-z0-9_]*")
_WORDS: Final = ("true", "false", "null")
_WHOLE: Final = ("parts", "bands")
"""Lists whose elements have no ids: an overlay brings them as a whole."""


@click.command("new", short_help="新政策包或本地参数的骨架 the skeleton of a pack")
@click.argument("region", required=False)
@click.option("--scheme", type=click.Choice(_SCHEMES), default="employee", show_default=True)
@click.option("--overlay", "pack", metavar="PACK", help="Local figures over PACK, an id or a file.")
@policies_option
@click.option("--out", type=click.Path(path_type=Path), help="Write to this file, which must not exist yet.")
def new(
    region: str | None, scheme: str, pack: str | None, policies: tuple[Path, ...], out: Path | None
) -> None:
    """Print a commented skeleton of a pack for REGION (six digits), or of an overlay over a pack.

    What is still to be filled in says so; `policy check` names every such place until it is done.
    """
    if (region is None) == (pack is None):
        raise WrongUsageError(
            "请给出六位统筹区代码或 --overlay PACK,二者之一",
            "give either a REGION of six digits, or --overlay PACK",
        )
    if region is not None and not _REGION.fullmatch(region):
        raise WrongUsageError(
            f"{region!r} 不是六位统筹区代码", f"{region!r} is no pooling region code of six digits"
        )
    if region is not None:
        text = pack_skeleton(region, scheme)
    else:
        text = _overlay(versions_of(pack or "", policies=policies)[-1])
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        with out.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError as error:
        raise WrongUsageError(
            f"{out} 已经存在,请换一个文件名", f"{out} is there already; name another file"
        ) from error
    except OSError as error:
        raise click.FileError(str(out), str(error)) from error
    click.echo(f"已写入 / written: {out}", err=True)


def _overlay(named: Named) -> str:
    """The head, and every figure that a region has to bring, or may change within bounds."""
    tree = _Tree()
    whole = []
    rules = named.pack.rules
    unanswered = {path for path, level, _ in check_rows(rules) if level is Level.INFO}
    for figure in (scoped.figure for scoped in scoped_figures(rules)):
        if figure.path not in unanswered and not any(row.force in _LOCAL for row in figure.rows):
            continue
        way, rows = _way(named, figure)
        if any(step in _WHOLE for step in way):
            whole.append(figure.path)
        else:
            tree.place(way, list(_rows(figure, rows)))
    lines = [overlay_head(named.pack.id).rstrip("\n"), "", *tree.lines("")]
    lines += [f"# {path}: 整体写入,见 FORMAT.md / bring the whole list, see FORMAT.md" for path in whole]
    if not tree.below and not whole:
        lines.append("# 该政策包没有留给本地的数字 / the pack leaves no figure to a region")
    return "\n".join(lines) + "\n"


def _way(named: Named, figure: Figure) -> tuple[tuple[str, ...], list[object]]:
    """The keys that lead to a figure in an overlay, by the ids of elements; and its rows as written."""
    place: object = named.source.data
    way = []
    for step in _STEP.findall(figure.path):
        if step.startswith("["):
            place = place[int(step[1:-1])] if isinstance(place, list) else None
            way.append(str(place.get("id", step)) if isinstance(place, dict) else step)
        else:
            place = place.get(step) if isinstance(place, dict) else None
            way.append(step)
    if isinstance(place, list):
        return tuple(way), place
    rows = place.get("rows") if isinstance(place, dict) else None
    return (*way, "rows"), rows if isinstance(rows, list) else []


@dataclass(slots=True)
class _Tree:
    """Keys below keys, with lines at each end."""

    below: dict[str, "_Tree"] = field(default_factory=dict)
    ends: list[str] = field(default_factory=list)

    def place(self, way: tuple[str, ...], ends: list[str]) -> None:
        """Put lines at the end of the way."""
        if way:
            self.below.setdefault(way[0], _Tree()).place(way[1:], ends)
        else:
            self.ends = ends

    def lines(self, indent: str) -> Iterator[str]:
        """The YAML."""
        yield from (indent + line for line in self.ends)
        for key, tree in self.below.items():
            yield f"{indent}{key}:"
            yield from tree.lines(indent + "  ")


def _rows(figure: Figure, written: list[object]) -> Iterator[str]:
    """A row to be filled in; those that the pack gives firmly stay, what it leaves open is said."""
    local = [row for row in figure.rows if row.force in _LOCAL]
    for row in local:
        yield f"# {_said(figure, row)}"
    if not figure.rows:
        yield "# 文件未规定,须由本地确定 / not in the document: a region brings it"
    elif not local:
        yield "# 有的情形没有规定 / some are left out: a row for them comes before those that stand"
    yield f'- {{{figure.kind.row_key}: "{UNFILLED}"}}'
    if not local:
        yield from (f"- {_flow(row)}" for row in written)


def _flow(value: object) -> str:
    """Plain data on one line of YAML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value not in _WORDS:
        return value
    return json.dumps(value, ensure_ascii=False)


def _said(figure: Figure, row: Row) -> str:
    """What the pack says now, as a comment."""
    value, when = value_words(figure.kind, row), when_words(row.when)
    force = {
        Force.FLOOR: ("不得低于", "no less than"),
        Force.CEILING: ("不得高于", "no more than"),
        Force.ASSUMED: ("暂定", "assumed"),
    }.get(row.force, ("现为", "now"))
    clause = f"〔{row.clause}〕" if row.clause else ""
    return f"{when[0]}:{force[0]} {value[0]} / {when[1]}: {force[1]} {value[1]}{clause}"
