"""Whose click made which sale in this run: kept in memory only, and without the credential."""

import hmac
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from medsettle.models import Credential

CLICKS_MAX: Final = 10_000
"""A till's tickets of some days. What is forgotten counts as another run's."""


class Clicks:
    """Digests of credentials by request id, under a key of this process. Safe for threads."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._seen: OrderedDict[str, bytes] = OrderedDict()
        self._left: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, request_id: str, credential: Credential) -> None:
        """Remembers which credential a sale is begun with."""
        with self._lock:
            self._seen[request_id] = self.digest(credential)
            while len(self._seen) > CLICKS_MAX:
                self._seen.popitem(last=False)

    def knows(self, request_id: str) -> bool:
        """Returns whether the sale was begun in this run."""
        with self._lock:
            return request_id in self._seen

    def is_of(self, request_id: str, credential: Credential) -> bool:
        """Returns whether the sale was begun in this run, with this credential."""
        with self._lock:
            seen = self._seen.get(request_id, b"")
        return hmac.compare_digest(seen, self.digest(credential))

    @contextmanager
    def staying(self, request_id: str) -> Iterator[None]:
        """Notes that a click went away before its end: cancelled, or stopped from the keyboard."""
        try:
            yield
        except GeneratorExit:
            with self._lock:
                self._left[request_id] = None
                while len(self._left) > CLICKS_MAX:
                    self._left.popitem(last=False)
            raise

    def left(self, request_id: str) -> bool:
        """Returns whether nobody waits for the sale any more: it is ended as after a restart."""
        with self._lock:
            return request_id in self._left

    def digest(self, credential: Credential) -> bytes:
        """Returns what stands for a credential in this process, and nowhere else."""
        return hmac.digest(self._key, f"{credential.kind}\n{credential.token}".encode(), "sha256")
