"""The keys of people's names and numbers: lines of one file, the oldest first, in the clear or wrapped.

A line is 64 hex digits, or ``wrapped:`` and what a key service made of a key; the operator's command gets
that on its standard input and prints the hex digits. So the key itself need never lie on a disk.
"""

import os
import secrets
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from medsettle_gateway.config import ConfigError
from medsettle_gateway.files.private import read_private, replace_private

IDENTITIES: Final = "identities"
SECRET_BYTES: Final = 32
KEYS_MOST: Final = 8

_WRAPPED: Final = "wrapped:"
_COMMAND_S: Final = 10
_LINE_CHARS: Final = 4_096


def load_identity_keys(directory: Path, unwrap: Sequence[str] = ()) -> tuple[bytes, ...]:
    """Returns the keys, the oldest first: the last one seals. ``unwrap`` is the operator's command.

    Raises ConfigError, naming the file or the command that is at fault; no message has anything of a key.
    """
    path = directory / IDENTITIES
    try:
        lines = read_private(path).decode("ascii").split()
    except UnicodeDecodeError:
        lines = []
    if not 0 < len(lines) <= KEYS_MOST:
        raise _no_key(path)
    return tuple(_key(path, line, unwrap) for line in lines)


def add_identity_key(directory: Path, wrap: Sequence[str] = ()) -> None:
    """Adds a new key to the file, wrapped where ``wrap`` names a command: from now on it seals.

    Raises ConfigError.
    """
    path = directory / IDENTITIES
    lines = read_private(path).decode("ascii").split()
    if len(lines) >= KEYS_MOST:
        raise ConfigError(
            f"{path} 中已有 {KEYS_MOST} 个密钥;请先换用最新的密钥,再去掉旧的。",
            f"{path} has {KEYS_MOST} keys already: rotate to the newest, then drop the older ones.",
        )
    secret = secrets.token_hex(SECRET_BYTES)
    line = secret if not wrap else f"{_WRAPPED}{_said(wrap, secret)}"
    if len(line) > _LINE_CHARS or len(line.split()) != 1:
        raise _command_failed(wrap, "what it printed is no single word")
    _write(path, [*lines, line])


def drop_identity_keys(directory: Path, keep: int) -> None:
    """Leaves only the newest ``keep`` keys in the file. Raises ConfigError."""
    path = directory / IDENTITIES
    _write(path, read_private(path).decode("ascii").split()[-keep:])


def reading_again(directory: Path, unwrap: Sequence[str]) -> Callable[[], tuple[bytes, ...]]:
    """Returns what reads the keys anew: a fault of the file or the command counts as no keys."""

    def read() -> tuple[bytes, ...]:
        try:
            return load_identity_keys(directory, unwrap)
        except ConfigError:
            return ()

    return read


def _key(path: Path, line: str, unwrap: Sequence[str]) -> bytes:
    if line.startswith(_WRAPPED):
        if not unwrap:
            raise ConfigError(
                f"{path} 中的密钥是封装的;请设置 keys.identity_key_command,由它解开。",
                f"A key in {path} is wrapped: set keys.identity_key_command, which unwraps it.",
            )
        line = _said(unwrap, line.removeprefix(_WRAPPED))
    try:
        secret = bytes.fromhex(line)
    except ValueError:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise _no_key(path)
    return secret


def _said(command: Sequence[str], text: str) -> str:
    """What the operator's command prints for a text on its standard input."""
    try:
        done = subprocess.run(  # noqa: S603 - the operator's own command, without a shell
            list(command), input=text, capture_output=True, text=True, timeout=_COMMAND_S, check=False,
            env=dict(os.environ),
        )
    except subprocess.TimeoutExpired:
        raise _command_failed(command, f"it did not end within {_COMMAND_S} s") from None
    except (OSError, ValueError) as error:
        raise _command_failed(command, type(error).__name__) from None
    if done.returncode != 0:
        raise _command_failed(command, f"it ended with {done.returncode}")
    return done.stdout.strip()


def _write(path: Path, lines: Sequence[str]) -> None:
    replace_private(path, "".join(f"{line}\n" for line in lines).encode("ascii"))


def _no_key(path: Path) -> ConfigError:
    return ConfigError(
        f"{path} 应是 {2 * SECRET_BYTES} 位十六进制密钥,每行一个。",
        f"{path} must hold {2 * SECRET_BYTES} hex digits, one key a line.",
    )


def _command_failed(command: Sequence[str], why: str) -> ConfigError:
    name = command[0] if command else ""
    return ConfigError(
        f"密钥命令 {name} 没有给出可用的结果({why});请先单独执行它看看。",
        f"The key command {name} gave nothing that can be used ({why}): run it by itself first.",
    )
