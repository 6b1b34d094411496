"""The terminal's key file: read, written for its owner only, replaced in one step."""

import os
import stat
import sys
from pathlib import Path

from medsettle.errors import till_error
from medsettle.till_reasons import TillReason
from medsettle.wire.signing import KeyInvalidError, KeySigner


def read_key(path: Path) -> KeySigner:
    """Returns the terminal's key. Raises ConfigError: KEY_UNREADABLE."""
    try:
        return KeySigner.from_pem(path.read_bytes())
    except FileNotFoundError as error:
        raise till_error(TillReason.KEY_UNREADABLE, file=str(path), cause="it does not exist") from error
    except OSError as error:
        cause = error.strerror or "it cannot be read"
        raise till_error(TillReason.KEY_UNREADABLE, file=str(path), cause=cause) from error
    except KeyInvalidError as error:
        raise till_error(TillReason.KEY_UNREADABLE, file=str(path), cause=str(error)) from error


def write_key(path: Path, signer: KeySigner) -> None:
    """Writes the key so that only its owner can read it, whole or not at all. Raises OSError."""
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(signer.to_pem())
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    _keep_name(path.parent)


def _keep_name(folder: Path) -> None:
    """A new name outlives a power cut once its directory is on disk; Windows sees to that by itself."""
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def is_private(path: Path) -> bool:
    """Returns whether only the file's owner can read it; always true where the system has no such modes."""
    return sys.platform == "win32" or not stat.S_IMODE(path.stat().st_mode) & 0o077
