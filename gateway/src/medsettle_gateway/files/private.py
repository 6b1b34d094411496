"""Files that only their owner may read, whole or not there."""

import os
import secrets
import sys
from pathlib import Path
from typing import Final

from medsettle_gateway.config import ConfigError

_OTHERS: Final = 0o077
_LARGEST_BYTES: Final = 16_384


def read_private(path: Path) -> bytes:
    """Returns the content of a file that only its owner may read. Raises ConfigError."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_LARGEST_BYTES)
    except OSError as error:
        raise ConfigError(
            f"无法读取密钥文件 {path}({error.strerror});请从备份恢复密钥目录,不要新建密钥,"
            "否则所有收银机都会失效。",
            f"Cannot read the key file {path} ({error.strerror}): restore the key directory from the backup "
            "and make no new key, which would shut out every till.",
        ) from error
    if sys.platform != "win32" and mode & _OTHERS:
        raise ConfigError(
            f"密钥文件 {path} 可被他人读取;请执行 chmod 600。",
            f"The key file {path} can be read by others; run chmod 600 on it.",
        )
    return content


def create_private(path: Path, content: bytes) -> Path:
    """Makes a file and returns its path. It is written beside its place, and whole or not there.

    Raises FileExistsError where another process was first.
    """
    draft = _drafted(path, content)
    try:
        _put(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(path.parent)
    return path


def replace_private(path: Path, content: bytes) -> None:
    """Puts a content in the place of a file's, in one step. Raises ConfigError."""
    try:
        draft = _drafted(path, content)
        try:
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except OSError as error:
        raise ConfigError(
            f"无法写入密钥文件 {path}({error.strerror});它保持原样。",
            f"Cannot write the key file {path} ({error.strerror}); it is as it was.",
        ) from error


def _drafted(path: Path, content: bytes) -> Path:
    """A file beside the place, whole and on the disk."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return draft


def _put(draft: Path, path: Path) -> None:
    """Gives a file its name, unless that is taken: a gateway may work with those keys already."""
    if sys.platform == "win32":
        draft.rename(path)  # there it takes no name that is taken
    else:
        try:
            os.link(draft, path)
        except FileExistsError:
            raise
        except OSError:  # a file system that has no links
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            draft.replace(path)


def _sync_folder(folder: Path) -> None:
    """A name, too, is on the disk only once its folder is; Windows has no such call and needs none."""
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
