"""The key that signs, and the one whose registration was never answered.

A lost answer to RotateKey leaves two keys of which the gateway may know one or both. The till goes on with
the kept one; once the gateway refuses that, it tries the other, and keeps it as soon as a signed answer
shows that it is known.
"""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from medsettle.credentials import read_key, write_key
from medsettle.wire.reasons import Reason
from medsettle.wire.signing import KeySigner, Signer

REFUSED_KEYS: Final = frozenset({Reason.KEY_UNKNOWN, Reason.KEY_NOT_ACTIVE})
"""Reasons after which another key may do."""


def pending_file(key_file: Path) -> Path:
    """Returns where a key waits for the gateway's answer, beside the kept one."""
    return key_file.with_name(key_file.name + ".pending")


class Keys:
    """A till's keys. Safe for threads."""

    def __init__(self, kept: Signer, key_file: Path) -> None:
        """Takes up a key that was left pending. Raises ConfigError: KEY_UNREADABLE."""
        self._file = key_file
        self._kept = kept
        waiting = pending_file(key_file)
        self._pending = read_key(waiting) if waiting.exists() else None
        self._tries_pending = False
        self._lock = threading.Lock()

    @property
    def signer(self) -> Signer:
        """The key to sign with now."""
        with self._lock:
            return self._signer()

    def next(self, generate: Callable[[str], KeySigner]) -> KeySigner:
        """Returns the key to register next, on disk before it is sent: the pending one first.

        Raises OSError.
        """
        with self._lock:
            if self._pending is None:
                made = generate(self._kept.suite)
                write_key(pending_file(self._file), made)
                self._pending = made
            return self._pending

    def refused(self, key: str) -> bool:
        """Goes over to the other key, if this one is in use; returns whether there is another to try."""
        with self._lock:
            if self._pending is None:
                return False
            if self._signer().key == key:
                self._tries_pending = not self._tries_pending
            return True

    def proven(self, key: str) -> None:
        """Keeps a pending key that the gateway's signature shows to be known."""
        with self._lock:
            if self._pending is None or self._pending.key != key:
                return
            self._tries_pending = True
            try:
                write_key(self._file, self._pending)
                pending_file(self._file).unlink(missing_ok=True)
            except OSError:
                # It signs from now on, and stays pending on the disk: the next run finds it there.
                return
            self._kept, self._pending, self._tries_pending = self._pending, None, False

    def _signer(self) -> Signer:
        return self._pending if self._tries_pending and self._pending else self._kept
