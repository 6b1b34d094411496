"""A suite that costs nothing and forges nothing by chance: whoever knows the public key can sign with it."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from medsettle.wire.signing import KeyInvalidError, key_id

_PREFIX: Final = b"simulated key of "
SUITE: Final = "simulated"


@dataclass(frozen=True)
class SimulatedKey:
    """A Signer and a Verifier in one."""

    name: str
    suite: str = SUITE

    @cached_property
    def public_key(self) -> bytes:
        return _PREFIX + self.name.encode()

    @cached_property
    def key(self) -> str:
        return key_id(self.public_key)

    def sign(self, statement: bytes) -> bytes:
        return hashlib.blake2b(statement, key=self.key.encode(), digest_size=16).digest()

    def verify(self, signature: bytes, statement: bytes) -> bool:
        return signature == self.sign(statement)


def read_key(public_key: bytes) -> SimulatedKey:
    """Returns the key of the bytes. Raises KeyInvalidError."""
    if not public_key.startswith(_PREFIX):
        raise KeyInvalidError("not a simulated key")
    return _keys.setdefault(public_key, SimulatedKey(public_key.removeprefix(_PREFIX).decode()))


_keys: dict[bytes, SimulatedKey] = {}
