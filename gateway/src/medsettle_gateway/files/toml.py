"""The configuration file."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from medsettle_gateway.config import Config, ConfigError

_LARGEST_BYTES: Final = 1_048_576


def read_config(path: Path, environment: Mapping[str, str]) -> Config:
    """Returns the configuration of a TOML file with the environment above it. Raises ConfigError."""
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST_BYTES + 1)
    except OSError as error:
        raise ConfigError(
            f"无法读取配置文件 {path}({error.strerror})。",
            f"Cannot read the configuration {path} ({error.strerror}).",
        ) from error
    if len(text) > _LARGEST_BYTES:
        raise ConfigError(
            f"配置文件 {path} 超过 {_LARGEST_BYTES} 字节。",
            f"The configuration {path} is larger than {_LARGEST_BYTES} bytes.",
        )
    try:
        data = tomllib.loads(text.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(
            f"配置文件 {path} 不是 UTF-8 编码的正确 TOML:{error}。",
            f"The configuration {path} is not TOML in UTF-8: {error}.",
        ) from error
    return Config.of(data, environment, path.parent)
