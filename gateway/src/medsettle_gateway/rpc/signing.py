"""Quicker signing, where libsodium is installed (the extra ``fast``): the same bytes, sooner."""

from collections.abc import Callable
from importlib.util import find_spec

from cryptography.hazmat.primitives import serialization

from medsettle.wire.signing import KeySigner, Signer

_Sign = Callable[[bytes], bytes]


class SodiumSigner:
    """An ed25519 key. See :class:`medsettle.wire.signing.KeySigner`, which signs the same, only slower."""

    __slots__ = ("_sign", "key", "public_key", "suite")

    def __init__(self, known: KeySigner, sign: _Sign) -> None:
        self.key = known.key
        self.suite = known.suite
        self.public_key = known.public_key
        self._sign = sign

    def sign(self, statement: bytes) -> bytes:
        """Returns the signature of the statement."""
        return self._sign(statement)


def quick_signer_of(known: KeySigner) -> Signer:
    """Returns what signs with the key soonest; a key of another suite than ed25519 as it is."""
    if known.suite != "ed25519":
        return known
    from nacl.signing import SigningKey  # noqa: PLC0415 - where it is installed

    private = serialization.load_pem_private_key(known.to_pem(), password=None)
    raw, nothing = serialization.Encoding.Raw, serialization.NoEncryption()
    quick = SigningKey(private.private_bytes(raw, serialization.PrivateFormat.Raw, nothing))
    return SodiumSigner(known, lambda statement: quick.sign(statement).signature)


def best_signer_of(known: KeySigner) -> Signer:
    """Returns what signs with the key best on this machine."""
    return known if find_spec("nacl") is None else quick_signer_of(known)
