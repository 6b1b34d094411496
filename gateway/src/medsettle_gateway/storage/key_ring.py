"""The keys under which people's names and numbers are sealed: the newest seals, all of them open and find.

A sealed value names its key, so that values of several keys may stand side by side while one key takes the
place of another. A key that is not known is looked for anew before a value is given up, and nothing is sealed
or looked for while the keys are others than those that were read.

Looking for keys may take long, since a command may ask a service far away. On an event loop nobody waits for
that: who runs there asks for keys that are ready beforehand, and is told where one is missing.
"""

import asyncio
import hmac
import secrets
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Final, NamedTuple, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_ID_BYTES: Final = 4

_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32
_HEAD_BYTES: Final = KEY_ID_BYTES + _NONCE_BYTES
_WAIT_S: Final = 15.0
"""Longer than a command may take for one key; who waited so long goes on with the keys that are there."""


class NotOurKeyError(ValueError):
    """A value was not sealed under one of these keys, or not for this owner."""


class KeyAwaitedError(NotOurKeyError):
    """A value names a key that is not known yet. It may be once ``renewed`` has returned."""


class _Key:
    """One secret: sealing, finding and its own name get a key of their own each."""

    __slots__ = ("cipher", "id", "index_key")

    def __init__(self, secret: bytes) -> None:
        self.id = _derived(secret, b"key id")[:KEY_ID_BYTES]
        self.cipher = AESGCM(_derived(secret, b"identities"))
        self.index_key = _derived(secret, b"numbers")


class _Held(NamedTuple):
    """The keys of one moment: they change together, whoever looks meanwhile."""

    secrets: tuple[bytes, ...]
    keys: tuple[_Key, ...]
    by_id: Mapping[bytes, _Key]

    @classmethod
    def of(cls, secrets_of_people: Sequence[bytes]) -> Self:
        keys = tuple(map(_Key, secrets_of_people))
        return cls(tuple(secrets_of_people), keys, {key.id: key for key in keys})


class KeyRing:
    """One key or several, the oldest first. Several threads may use it."""

    def __init__(
        self, secrets_of_people: Sequence[bytes], reload: Callable[[], Sequence[bytes]] | None = None,
        changed: Callable[[], bool] = lambda: False,
    ) -> None:
        """``reload`` returns the secrets as they are now, none where they cannot be had.

        ``changed`` says whether they may be others than those that were read last: it is asked often.
        """
        self._reload, self._changed = reload, changed
        self._held = _Held.of(secrets_of_people)
        self._lock = Lock()
        self._looking = ThreadPoolExecutor(1, "medsettle-keys")  # its thread begins with the first look
        self._looked: Future[bool] | None = None
        self._in_vain = False

    @property
    def ids(self) -> tuple[bytes, ...]:
        """The names of the keys, the oldest first: the last one seals."""
        return tuple(key.id for key in self._held.keys)

    def seal(self, content: bytes, owner: bytes) -> bytes:
        """Returns the content sealed under the newest key, for this owner."""
        key, nonce = self._now().keys[-1], secrets.token_bytes(_NONCE_BYTES)
        return key.id + nonce + key.cipher.encrypt(nonce, content, owner)

    def open(self, sealed: bytes, owner: bytes) -> bytes:
        """Returns what was sealed for the owner. Raises NotOurKeyError, on an event loop KeyAwaitedError."""
        key = self._held.by_id.get(sealed[:KEY_ID_BYTES])
        if key is None:
            if self._reload is not None and _on_a_loop():
                raise KeyAwaitedError("sealed under a key that is not known yet")
            self.renew()  # or another thread did
            key = self._held.by_id.get(sealed[:KEY_ID_BYTES])
        if key is None or len(sealed) < _HEAD_BYTES:
            raise NotOurKeyError("sealed under another key, or cut off")
        nonce, rest = sealed[KEY_ID_BYTES:_HEAD_BYTES], sealed[_HEAD_BYTES:]
        try:
            return key.cipher.decrypt(nonce, rest, owner)
        except InvalidTag:
            raise NotOurKeyError("sealed for another owner, or damaged") from None

    def finds(self, text: bytes) -> tuple[bytes, ...]:
        """Returns the keyed hashes of a text, that of the newest key first."""
        return tuple(hmac.digest(key.index_key, text, "sha256") for key in reversed(self._now().keys))

    def renew(self) -> bool:
        """Looks for the keys anew; returns whether they are others than before."""
        if self._reload is None:
            return False
        with self._lock:
            found = tuple(self._reload())
            self._in_vain = not found
            if not found or found == self._held.secrets:
                return False
            self._held = _Held.of(found)
            return True

    async def ready(self) -> None:
        """Returns once the keys are those that there are now, as far as they can be had.

        Where they could not be had a moment ago nobody waits again: they are looked for beside what goes on.
        """
        if self._must_look():
            await self.renewed()

    async def renewed(self) -> None:
        """Returns once the keys were looked for anew, in a thread, or after the longest wait."""
        looked = asyncio.get_running_loop().run_in_executor(self._looking, self.renew)
        try:
            await asyncio.wait_for(looked, _WAIT_S)
        except TimeoutError:
            self._in_vain = True

    def _must_look(self) -> bool:
        """Are the keys others by now? After a look in vain the next one runs beside: nobody waits for it."""
        if not self._changed():
            self._in_vain = False
            return False
        if self._in_vain and (self._looked is None or self._looked.done()):
            self._looked = self._looking.submit(self.renew)
        return not self._in_vain

    def _now(self) -> _Held:
        """The keys as they are now: one that is about to be dropped must seal nothing more.

        On an event loop they were made ready a moment ago.
        """
        if self._must_look() and not _on_a_loop():
            self.renew()
        return self._held


def _on_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), _KEY_BYTES, salt=None, info=b"medsettle " + purpose).derive(secret)
