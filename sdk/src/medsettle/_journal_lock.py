"""One lock of the operating system, so that two processes never share a journal."""

import errno
import os
import sys
from pathlib import Path
from typing import Final, Self

from medsettle.errors import till_error
from medsettle.till_reasons import TillReason

_ONE_BYTE: Final = 1
_ANOTHERS: Final = frozenset({errno.EACCES, errno.EAGAIN, errno.EDEADLK})
"""What the systems say of a lock that somebody else holds; anything else is a disk without locks."""


class FileLock:
    """Holds ``path`` while it lives; the system lets go of it when the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def take(self) -> Self:
        """Takes the lock without waiting. Raises JournalLockedError, or OSError where there is none."""
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(handle)
        except OSError as error:
            os.close(handle)
            if error.errno not in _ANOTHERS:
                raise
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
