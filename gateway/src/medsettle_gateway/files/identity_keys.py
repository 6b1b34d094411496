"""The keys of people's names and numbers: lines of one file, the oldest first, in the clear or wrapped.

A line is 64 hex digits, or ``wrapped:`` and what a key service made of a key; the operator's command gets
that on its standard input and prints the hex digits. So the key itself need never lie on a disk.
"""

import os
import secrets
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from medsettle_gateway.config import ConfigError
from medsettle_gateway.files.private import read_private, replace_private

IDENTITIES: Final = "identities"
SECRET_BYTES: Final = 32
KEYS_MOST: Final = 8

_WRAPPED: Final = "wrapped:"
_COMMAND_S: Final = 10
_LINE_CHARS: Final = 2_000
"""So many lines fit into what is read of a file."""


def load_identity_keys(directory: Path, unwrap: Sequence[str] = ()) -> tuple[bytes, ...]:
    """Returns the keys, the oldest first: the last one seals. ``unwrap`` is the operator's command.

    Raises ConfigError, naming the file or the command that is at fault; no message has anything of a key.
    """
    path = directory / IDENTITIES
    return tuple(_key(path, line, unwrap) for line in _lines(path))


def add_identity_key(directory: Path, wrap: Sequence[str] = (), unwrap: Sequence[str] = ()) -> None:
    """Adds a new key to the file, wrapped where ``wrap`` names a command: from now on it seals.

    Raises ConfigError, with the file as it was: so it does where ``unwrap`` does not give the key back, for
    no gateway would start any more.
    """
    path = directory / IDENTITIES
    lines = _lines(path)
    if len(lines) >= KEYS_MOST:
        raise ConfigError(
            f"{path} 中已有 {KEYS_MOST} 个密钥;请先换用最新的密钥,再去掉旧的。",
            f"{path} has {KEYS_MOST} keys already: rotate to the newest, then drop the older ones.",
        )
    secret = secrets.token_hex(SECRET_BYTES)
    line = secret if not wrap else f"{_WRAPPED}{_said(wrap, secret)}"
    if len(line) > _LINE_CHARS or len(line.split()) != 1:
        raise _command_failed(wrap, f"what it printed is no single word of up to {_LINE_CHARS} characters")
    if wrap and _said(unwrap, line.removeprefix(_WRAPPED)) != secret:
        raise _command_failed(unwrap, "it does not give back the key that was wrapped")
    _write(path, [*lines, line])


def drop_identity_keys(directory: Path, older: int) -> None:
    """Takes the ``older`` oldest keys out of the file; one that was added meanwhile stays.

    Raises ConfigError, with the file as it was: so it does where no key would be left.
    """
    path = directory / IDENTITIES
    lines = _lines(path)
    if len(lines) <= older:
        raise ConfigError(
            f"{path} 已被更改;没有去掉任何密钥,请再执行一次。",
            f"{path} has been changed meanwhile; no key was dropped. Run this again.",
        )
    _write(path, lines[older:])


class KeyFile:
    """The file as whoever uses its keys for long sees it: others may add keys to it and drop them."""

    def __init__(self, directory: Path, unwrap: Sequence[str], known: Sequence[bytes]) -> None:
        """``known`` are the keys that were read of it."""
        self._path, self._unwrap = directory / IDENTITIES, unwrap
        self._opened: dict[str, bytes] = {}
        self._read_as = self._stamp()
        try:
            lines = _lines(self._path)
        except ConfigError:
            lines = []
        if len(lines) == len(known):
            self._opened = dict(zip(lines, known, strict=True))
        else:
            self._read_as = None

    def changed(self) -> bool:
        """Returns whether it may hold other keys than those that were read; False where it is not there."""
        stamp = self._stamp()
        return stamp is not None and stamp != self._read_as

    def read(self) -> tuple[bytes, ...]:
        """Returns the keys as they are now; none where the file or the command is at fault.

        The command is run only for keys that are new.
        """
        stamp = self._stamp()
        try:
            found = {
                line: self._opened.get(line) or _key(self._path, line, self._unwrap)
                for line in _lines(self._path)
            }
        except ConfigError:
            return ()
        self._opened, self._read_as = found, stamp
        return tuple(found.values())

    def _stamp(self) -> tuple[int, ...] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size


def _lines(path: Path) -> list[str]:
    try:
        lines = read_private(path).decode("ascii").split()
    except UnicodeDecodeError:
        lines = []
    if not 0 < len(lines) <= KEYS_MOST:
        raise _no_key(path)
    return lines


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
