"""What a check has said binds for a while: its token, by the credential that was checked. In memory only."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple

from medsettle.models import Credential, Eligibility

BINDINGS_MAX: Final = 1_000
"""More patients than stand between a check and a sale at one till. What is forgotten binds nobody."""


class _Binding(NamedTuple):
    token: str
    until: datetime


class Bindings:
    """Eligibility tokens by a digest of the credential, each until it ends. Safe for threads."""

    def __init__(self, digest: Callable[[Credential], bytes]) -> None:
        self._digest = digest
        self._kept: OrderedDict[bytes, _Binding] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, credential: Credential, said: Eligibility) -> None:
        """Remembers what a check of this credential has said, instead of what an earlier one has."""
        key = self._digest(credential)
        with self._lock:
            self._kept.pop(key, None)
            if said.eligibility_token and said.binding_until is not None:
                self._kept[key] = _Binding(said.eligibility_token, said.binding_until)
            while len(self._kept) > BINDINGS_MAX:
                self._kept.popitem(last=False)

    def of(self, credential: Credential, at: datetime) -> str | None:
        """Returns the token that still binds at this instant, or None."""
        key = self._digest(credential)
        with self._lock:
            found = self._kept.get(key)
            if found is not None and found.until <= at:
                del self._kept[key]
                found = None
        return found.token if found else None
