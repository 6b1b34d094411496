"""What is signed, by whom, and how: the same statements on both sides.

What is signed is what is sent: the digest is of the bytes on the wire, so no canonical form is
needed in any language. A statement is UTF-8 text, its fields joined by line feeds.

=================  ====================================================================
request            ``v1 audience method terminal key timestamp nonce digest``
answer             ``v1-answer audience method request-digest nonce key timestamp code answer-digest``
certificate        ``v1-certificate audience key suite public-key not-before not-after``
proof of a key     ``v1-key audience terminal key``
=================  ====================================================================

``timestamp``, ``not-before`` and ``not-after`` are milliseconds since 1970 in decimal; digests are
SHA-256 in lower-case hex; ``key`` is the first 16 hex digits of the SHA-256 of the public key in DER
(SubjectPublicKeyInfo); ``public-key`` is that DER in base64. A signature is base64 in metadata:
64 raw bytes for ed25519, DER of (r, s) for p256.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, Self

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

WINDOW_MS: Final = 300_000
"""How far a request's timestamp may be from the gateway's clock."""

NONCE_CHARS: Final = 22
"""Length of a nonce: 128 random bits in URL-safe base64 without padding."""

ENROL_AUDIENCE: Final = "enrol"
"""The audience of Enrol, whose sender does not know the gateway's id yet."""

TERMINAL, KEY, TIMESTAMP, NONCE, SIGNATURE = "terminal", "key", "timestamp", "nonce", "signature"
"""Metadata of a request."""

ANSWER_KEY, ANSWER_TIMESTAMP = "answer-key", "answer-timestamp"
ANSWER_SIGNATURE, ANSWER_CERTIFICATE = "answer-signature", "answer-certificate"
"""Trailing metadata of an answer."""


class Signer(Protocol):
    """Signs statements with one key: a file's, a smart card's, a security module's."""

    @property
    def key(self) -> str:
        """The key's id."""

    @property
    def suite(self) -> str:
        """The key's suite: ed25519 or p256."""

    @property
    def public_key(self) -> bytes:
        """DER SubjectPublicKeyInfo."""

    def sign(self, statement: bytes) -> bytes:
        """Returns the signature of the statement."""


class Verifier(Protocol):
    """Checks statements against one public key. The suite comes from the key, never from the request."""

    @property
    def key(self) -> str:
        """The key's id."""

    def verify(self, signature: bytes, statement: bytes) -> bool:
        """Returns whether the signature is this key's over the statement."""


class KeyInvalidError(ValueError):
    """A key, or a text that should hold one, cannot be used."""


def digest(data: bytes) -> str:
    """Returns the SHA-256 of the bytes in lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def key_id(public_key: bytes) -> str:
    """Returns a key's id: the first 16 hex digits of the SHA-256 of its DER."""
    return digest(public_key)[:16]


def encode(signature: bytes) -> str:
    """Returns bytes as base64 text for metadata."""
    return base64.b64encode(signature).decode("ascii")


def decode(text: str) -> bytes:
    """Returns the bytes of a base64 text; empty bytes, which no key signed, if it is none."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _statement(*fields: str) -> bytes:
    return "\n".join(fields).encode()


def request_statement(
    audience: str, method: str, terminal: str, key: str, timestamp_ms: int, nonce: str, body: bytes
) -> bytes:
    """Returns what a till signs for a request whose bytes on the wire are ``body``."""
    return digested_statement(audience, method, terminal, key, timestamp_ms, nonce, digest(body))


def digested_statement(
    audience: str, method: str, terminal: str, key: str, timestamp_ms: int, nonce: str, request_digest: str
) -> bytes:
    """Returns the same of a request of which only the SHA-256 (lower-case hex) was kept."""
    return _statement("v1", audience, method, terminal, key, str(timestamp_ms), nonce, request_digest)


def answer_statement(  # noqa: PLR0913 - the fields of the statement, in its order
    audience: str, method: str, request_digest: str, nonce: str, key: str, timestamp_ms: int,
    code: str, body: bytes,
) -> bytes:
    """Returns what the gateway signs for an answer.

    ``code`` is the gRPC status by name (``OK``, ``NOT_FOUND``). ``body`` is the answer's message on
    OK, else the bytes of ``grpc-status-details-bin``.
    """
    return _statement(
        "v1-answer", audience, method, request_digest, nonce, key, str(timestamp_ms), code, digest(body)
    )


def key_proof_statement(audience: str, terminal: str, key: str) -> bytes:
    """Returns what a new key signs to prove its possession when a key is rotated."""
    return _statement("v1-key", audience, terminal, key)


@dataclass(frozen=True, slots=True)
class KeySigner:
    """A private key in memory."""

    suite: str
    public_key: bytes
    key: str
    _private: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey

    @classmethod
    def generate(cls, suite: str = "ed25519") -> Self:
        """Returns a new key of the suite. Raises KeyInvalidError for an unknown suite."""
        match suite:
            case "ed25519":
                return cls._of(ed25519.Ed25519PrivateKey.generate())
            case "p256":
                return cls._of(ec.generate_private_key(ec.SECP256R1()))
            case _:
                msg = f"unknown key suite {suite!r}: use ed25519 or p256"
                raise KeyInvalidError(msg)

    @classmethod
    def from_pem(cls, pem: bytes) -> Self:
        """Returns the key of an unencrypted PKCS #8 PEM. Raises KeyInvalidError."""
        try:
            private = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            msg = "not an unencrypted PKCS #8 private key in PEM"
            raise KeyInvalidError(msg) from error
        if not isinstance(private, ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey):
            msg = "the private key is neither ed25519 nor p256"
            raise KeyInvalidError(msg)
        return cls._of(private)

    @classmethod
    def _of(cls, private: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> Self:
        public = private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return cls(verifier_of(public).suite, public, key_id(public), private)

    def to_pem(self) -> bytes:
        """Returns the private key as unencrypted PKCS #8 PEM, for a file only its owner may read."""
        return self._private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    def sign(self, statement: bytes) -> bytes:
        """Returns the signature of the statement."""
        if isinstance(self._private, ed25519.Ed25519PrivateKey):
            return self._private.sign(statement)
        return self._private.sign(statement, ec.ECDSA(hashes.SHA256()))


@dataclass(frozen=True, slots=True)
class KeyVerifier:
    """A public key in memory."""

    suite: str
    key: str
    _public: ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey

    def verify(self, signature: bytes, statement: bytes) -> bool:
        """Returns whether the signature is this key's over the statement."""
        try:
            if isinstance(self._public, ed25519.Ed25519PublicKey):
                self._public.verify(signature, statement)
            else:
                self._public.verify(signature, statement, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True


def verifier_of(public_key: bytes) -> KeyVerifier:
    """Returns the verifier of a DER SubjectPublicKeyInfo. Raises KeyInvalidError."""
    try:
        public = serialization.load_der_public_key(public_key)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        msg = "not a public key in DER (SubjectPublicKeyInfo)"
        raise KeyInvalidError(msg) from error
    match public:
        case ed25519.Ed25519PublicKey():
            return KeyVerifier("ed25519", key_id(public_key), public)
        case ec.EllipticCurvePublicKey(curve=ec.SECP256R1()):
            return KeyVerifier("p256", key_id(public_key), public)
        case _:
            msg = "the public key is neither ed25519 nor p256"
            raise KeyInvalidError(msg)


@dataclass(frozen=True, slots=True)
class Certificate:
    """The operator's root states that an answering key is a gateway's, for a time."""

    audience: str
    key: str
    suite: str
    public_key: bytes
    not_before_ms: int
    not_after_ms: int
    signature: bytes

    @classmethod
    def issue(
        cls, root: Signer, audience: str, answering: Signer, not_before_ms: int, not_after_ms: int
    ) -> Self:
        """Returns a certificate of the answering key, signed by the root."""
        fields = (audience, answering.key, answering.suite, answering.public_key)
        unsigned = cls(*fields, not_before_ms, not_after_ms, b"")
        return cls(*fields, not_before_ms, not_after_ms, root.sign(unsigned.statement()))

    def statement(self) -> bytes:
        """Returns what the root signs."""
        return _statement(
            "v1-certificate", self.audience, self.key, self.suite, encode(self.public_key),
            str(self.not_before_ms), str(self.not_after_ms),
        )

    def encode(self) -> str:
        """Returns the certificate as one line for metadata: its statement and signature, in base64."""
        return f"{encode(self.statement())}.{encode(self.signature)}"

    @classmethod
    def decode(cls, text: str) -> Self:
        """Returns the certificate of one line; it is not checked yet. Raises KeyInvalidError."""
        statement, _, signature = text.partition(".")
        try:
            kind, audience, key, suite, public, before, after = decode(statement).decode().split("\n")
            certificate = cls(
                audience, key, suite, decode(public), int(before), int(after), decode(signature)
            )
        except ValueError as error:
            msg = "not a certificate of an answering key"
            raise KeyInvalidError(msg) from error
        if kind != "v1-certificate":
            msg = "not a certificate of an answering key"
            raise KeyInvalidError(msg)
        return certificate

    def answering_key(
        self, root: Verifier, audience: str, now_ms: int, read_key: Callable[[bytes], Verifier] = verifier_of
    ) -> Verifier:
        """Returns the answering key if the root vouches for it now. Raises KeyInvalidError.

        ``read_key`` reads public keys, as :func:`verifier_of` does.
        """
        if not root.verify(self.signature, self.statement()):
            msg = "the operator's root did not sign this certificate"
            raise KeyInvalidError(msg)
        if self.audience != audience:
            msg = f"the certificate is of gateway {self.audience!r}, not of {audience!r}"
            raise KeyInvalidError(msg)
        if not self.not_before_ms - WINDOW_MS <= now_ms <= self.not_after_ms + WINDOW_MS:
            msg = "the certificate of the answering key is not valid now"
            raise KeyInvalidError(msg)
        verifier = read_key(self.public_key)
        if verifier.key != self.key:
            msg = "the certificate names another key than it carries"
            raise KeyInvalidError(msg)
        return verifier
