"""One lock of the operating system, so that two processes never share a journal."""

import os
import sys
from pathlib import Path
from typing import Final, Self

from medsettle.errors import till_error
from medsettle.till_reasons import TillReason

_ONE_BYTE: Final = 1


class FileLock:
    """Holds ``path`` while it lives; the system lets go of it when the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def take(self) -> Self:
        """Takes the lock without waiting. Raises JournalLockedError, or OSError for a bad path."""
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(handle)
        except OSError as error:
            os.close(handle)
            raise till_error(TillReason.JOURNAL_LOCKED, file=str(self._path)) from error
        self._handle = handle
        return self

    def release(self) -> None:
        """Lets go of the lock; again is harmless."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def _lock(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - one system each

        msvcrt.locking(handle, msvcrt.LK_NBLCK, _ONE_BYTE)
    else:
        import fcntl  # noqa: PLC0415

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
