"""Plain data and environment variables as frozen values: every name known, every value in its range."""

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Final, TypeVar, get_args, get_origin, get_type_hints

from medsettle_gateway.config.database_url import DatabaseUrl

ENVIRONMENT_PREFIX: Final = "MEDSETTLE_GATEWAY__"

T = TypeVar("T")

_TRUTHS: Final = {"true": True, "1": True, "false": False, "0": False}


class ConfigError(ValueError):
    """The configuration cannot be used. ``str()`` is one sentence in Chinese and one in English."""

    def __init__(self, zh: str, en: str) -> None:
        """Both sentences say where the fault is and what would be right."""
        super().__init__(f"{zh}\n{en}")
        self.zh = zh
        self.en = en


def read(kind: type[T], data: Mapping[str, Any], environment: Mapping[str, str], folder: Path) -> T:
    """Returns a class whose fields are sections, read from a parsed file and the environment above it.

    Paths that are not absolute start at ``folder``. Raises ConfigError for the first fault.
    """
    kinds = get_type_hints(kind)
    for name in data:
        _known(name, kinds, f"[{name}]")
    overrides = _overrides(environment, kinds)
    return kind(**{
        name: _section(name, each, data.get(name, {}), overrides.get(name, {}), folder)
        for name, each in kinds.items()
    })


def _overrides(environment: Mapping[str, str], kinds: Mapping[str, type]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for variable, text in sorted(environment.items()):
        if variable.startswith(ENVIRONMENT_PREFIX):
            section, _, name = variable.removeprefix(ENVIRONMENT_PREFIX).lower().partition("__")
            _known(section, kinds, variable)
            _known(name, get_type_hints(kinds[section]), variable)
            found.setdefault(section, {})[name] = text
    return found


def _known(name: str, names: Mapping[str, Any], place: str) -> None:
    if name not in names:
        choices = ", ".join(names)
        raise ConfigError(
            f"配置项 {place} 不存在;可用的有:{choices}。",
            f"Unknown setting {place}; there are: {choices}.",
        )


def _section(
    section: str, kind: Any, data: Any, overrides: Mapping[str, str], folder: Path,  # noqa: ANN401
) -> Any:  # noqa: ANN401 - one of the section classes, chosen by its name
    if not isinstance(data, Mapping):
        raise ConfigError(
            f"配置项 {section} 应是一个表 [{section}]。", f"{section} must be a table [{section}]."
        )
    kinds = get_type_hints(kind)
    for name in data:
        _known(name, kinds, f"{section}.{name}")
    values: dict[str, Any] = {}
    for each in fields(kind):
        place = f"{section}.{each.name}"
        if each.name in overrides:
            values[each.name] = _from_text(place, overrides[each.name], kinds[each.name], folder)
        elif each.name in data:
            values[each.name] = _value(place, data[each.name], kinds[each.name], folder)
        else:
            values[each.name] = _value(place, each.default, kinds[each.name], folder)
        _allowed(place, values[each.name], each.metadata)
    return kind(**values)


def _from_text(place: str, text: str, kind: Any, folder: Path) -> Any:  # noqa: ANN401
    """An environment variable's text as the value that the file would hold."""
    value: Any = text
    if kind is bool:
        value = _TRUTHS.get(text.lower(), text)
    elif kind is int:
        value = int(text) if re.fullmatch(r"[0-9]{1,15}", text) else text
    elif kind == tuple[str, ...]:
        value = [part.strip() for part in text.split(",") if part.strip()]
    return _value(place, value, kind, folder)


def _value(place: str, value: Any, kind: Any, folder: Path) -> Any:  # noqa: ANN401
    if kind is bool and isinstance(value, bool):
        return value
    if kind is int and isinstance(value, int) and not isinstance(value, bool):
        return value
    if kind is str and isinstance(value, str):
        return value
    if kind == tuple[str, ...] and isinstance(value, list | tuple):
        return tuple(_value(place, each, str, folder) for each in value)
    if kind is Path and isinstance(value, str | Path) and str(value):
        return folder / value
    if _is_tables(kind):
        return _tables(place, value, get_args(kind)[0], folder)
    if kind == Path | None:
        return None if value is None or value == "" else _value(place, value, Path, folder)
    if kind == DatabaseUrl | None:
        return None if value is None or value == "" else _database_url(place, value)
    zh, en = _KINDS[kind if kind in _KINDS else Path]
    raise ConfigError(f"{place} 应是{zh},而不是 {value!r}。", f"{place} must be {en}, not {value!r}.")


def _is_tables(kind: Any) -> bool:  # noqa: ANN401
    """A field that holds any number of tables of one class."""
    return get_origin(kind) is tuple and is_dataclass(get_args(kind)[0])


def _tables(place: str, value: Any, kind: Any, folder: Path) -> Any:  # noqa: ANN401
    if isinstance(value, tuple) and not value:
        return value
    if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
        raise ConfigError(
            f"{place} 只能在配置文件中以 [[{place}]] 的形式填写。",
            f"{place} can only be written as tables [[{place}]] of the configuration file.",
        )
    return tuple(
        _section(f"{place}[{number}]", kind, each, {}, folder) for number, each in enumerate(value, 1)
    )


def _database_url(place: str, value: Any) -> DatabaseUrl:  # noqa: ANN401
    """What was written is never repeated: a password may stand in it."""
    url = DatabaseUrl(value) if isinstance(value, str) else None
    if url is None or not url.sound:
        raise ConfigError(
            f"{place} 应是数据库地址 postgresql://用户@主机/数据库;密码中的特殊字符须写成 %XX。",
            f"{place} must be the address of a database, postgresql://USER@HOST/DATABASE; in a password, "
            "write special characters as %XX.",
        )
    return url


_KINDS: Final[dict[Any, tuple[str, str]]] = {
    bool: ("true 或 false", "true or false"),
    int: ("整数", "a whole number"),
    str: ("字符串", "a string"),
    tuple[str, ...]: ("字符串列表", "a list of strings"),
    Path: ("文件路径", "a path"),
}


def _allowed(place: str, value: Any, metadata: Mapping[str, Any]) -> None:  # noqa: ANN401
    if "choices" in metadata and value not in metadata["choices"]:
        listed = ", ".join(metadata["choices"])
        raise ConfigError(
            f"{place} 应是以下之一:{listed},而不是 {value!r}。",
            f"{place} must be one of {listed}, not {value!r}.",
        )
    if "least" in metadata and not metadata["least"] <= value <= metadata["most"]:
        least, most = metadata["least"], metadata["most"]
        raise ConfigError(
            f"{place} 应在 {least} 到 {most} 之间,而不是 {value}。",
            f"{place} must be from {least} to {most}, not {value}.",
        )
