"""``medsettle-gateway settings``: every setting, what it is now, and what it may be."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

import click

from medsettle_gateway.cli.frame import config_option, json_option, open_gateway, print_json
from medsettle_gateway.config import ENVIRONMENT_PREFIX, Config


class _Setting(NamedTuple):
    """One setting; ``least`` and ``most`` are None where it is no limit, ``choices`` where it is free."""

    name: str
    value: Any
    least: int | None
    most: int | None
    variable: str
    choices: tuple[str, ...] | None = None


@click.command("settings", short_help="列出全部设置 list every setting")
@json_option
@config_option
def settings(as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """List every setting with its value, and its range or what else it may be.

    With --json each names its environment variable too.
    """
    found = tuple(_settings(open_gateway(config_path).config))
    if as_json:
        print_json({"settings": [each._asdict() for each in found]})
        return
    for each in found:
        click.echo(f"{each.name} = {_text(each.value)}{_allowed(each)}")


def _settings(config: Config) -> Iterator[_Setting]:
    for section in fields(config):
        values = getattr(config, section.name)
        for each in fields(values):
            bounds = each.metadata
            variable = f"{ENVIRONMENT_PREFIX}{section.name}__{each.name}".upper()
            yield _Setting(
                f"{section.name}.{each.name}", getattr(values, each.name), bounds.get("least"),
                bounds.get("most"), variable, _choices(each.type, bounds),
            )


def _choices(kind: object, bounds: Mapping[str, Any]) -> tuple[str, ...] | None:
    return ("true", "false") if kind in {bool, "bool"} else bounds.get("choices")


def _allowed(setting: _Setting) -> str:
    if setting.choices is not None:
        return f"  ({' | '.join(setting.choices)})"
    return "" if setting.least is None else f"  ({setting.least} .. {setting.most})"


def _text(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return str(value).lower()
        case tuple():
            return ", ".join(map(str, value)) or "-"
        case _:
            return str(value)
