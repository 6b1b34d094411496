"""Quicker checks of signatures, where libsodium is installed (the extra ``fast``)."""

from collections.abc import Callable
from importlib.util import find_spec

from cryptography.hazmat.primitives import serialization

from medsettle.wire.signing import KeyVerifier, verifier_of
from medsettle_gateway.service.ports import PublicKey, ReadPublicKey

_Check = Callable[[bytes, bytes], object]
"""Takes a statement and its signature, and raises unless they belong together."""


class SodiumVerifier:
    """An ed25519 key. See :class:`medsettle.wire.signing.KeyVerifier`, which says the same, only slower."""

    __slots__ = ("_check", "_wrong", "key", "suite")

    def __init__(self, key: str, check: _Check, wrong: type[Exception]) -> None:
        self.key = key
        self.suite = "ed25519"
        self._check = check
        self._wrong = wrong

    def verify(self, signature: bytes, statement: bytes) -> bool:
        """Returns whether the signature is this key's over the statement."""
        try:
            self._check(statement, signature)
        except (self._wrong, ValueError):  # ValueError: a signature of another length
            return False
        return True


def quick_verifier_of(public_key: bytes) -> PublicKey:
    """Returns the verifier of a DER SubjectPublicKeyInfo. Raises KeyInvalidError."""
    known = verifier_of(public_key)
    return _by_sodium(known, public_key) if known.suite == "ed25519" else known


def _by_sodium(known: KeyVerifier, public_key: bytes) -> PublicKey:
    from nacl.exceptions import BadSignatureError  # noqa: PLC0415 - where it is installed
    from nacl.signing import VerifyKey  # noqa: PLC0415

    raw = serialization.load_der_public_key(public_key).public_bytes(
        serialization.Encoding.Raw, serialization.PublicFormat.Raw
    )
    return SodiumVerifier(known.key, VerifyKey(raw).verify, BadSignatureError)


def best_verifier_of() -> ReadPublicKey:
    """Returns what reads a public key best on this machine."""
    return verifier_of if find_spec("nacl") is None else quick_verifier_of
