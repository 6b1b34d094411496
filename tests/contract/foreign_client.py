"""A till by another hand: it knows the protos and what protos/README.md says, and no line of our code.

Only grpcio, protobuf and cryptography. Messages come from the gateway's own reflection.
"""

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import grpc
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from tests.contract.foreign_reflection import Learned, learn

PACKAGE = "medsettle.wire.v1"
FILES = (
    "medsettle/wire/v1/errors.proto", "google/rpc/status.proto", "google/rpc/error_details.proto",
)
DETAILS = "grpc-status-details-bin"
SIGNED_ANSWERS = {
    "Settle", "Confirm", "Release", "Reverse", "Seal", "GetSale", "Enrol", "RotateKey",
}
SERVICE_OF = {
    "CheckEligibility": "EligibilityService", "Enrol": "TerminalService", "RotateKey": "TerminalService",
}


class NotBelievedError(Exception):
    """An answer whose signature does not hold."""


class RefusedError(Exception):
    """A refused call, as the status details tell it."""

    def __init__(self, code: str, info: Any, attached: dict[str, Any]) -> None:
        super().__init__(f"{code} {info.reason}: {info.metadata['en']}")
        self.code = code
        self.reason: str = info.reason
        self.said: dict[str, str] = dict(info.metadata)
        self.attached = attached


def der(public: Any) -> bytes:
    encoded: bytes = public.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return encoded


def lines(*fields: str) -> bytes:
    return "\n".join(fields).encode()


def fingerprint(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def verify(public_der: bytes, signature: bytes, statement: bytes) -> None:
    public: Any = serialization.load_der_public_key(public_der)
    try:
        if isinstance(public, ed25519.Ed25519PublicKey):
            public.verify(signature, statement)
        else:
            public.verify(signature, statement, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise NotBelievedError("the signature is wrong") from error


class Key:
    """A private key of one of the two suites."""

    def __init__(self, suite: str) -> None:
        self.suite = suite
        self._private: Any = (
            ed25519.Ed25519PrivateKey.generate() if suite == "ed25519"
            else ec.generate_private_key(ec.SECP256R1())
        )
        self.public = der(self._private.public_key())
        self.id = fingerprint(self.public)

    def sign(self, statement: bytes) -> bytes:
        signature: bytes = (
            self._private.sign(statement) if self.suite == "ed25519"
            else self._private.sign(statement, ec.ECDSA(hashes.SHA256()))
        )
        return signature


@dataclass
class ForeignTill:
    """Enrols, signs what it sends, and believes no answer about money that the root does not vouch for."""

    target: str
    key: Key = field(default_factory=lambda: Key("ed25519"))
    terminal: str = ""
    audience: str = "enrol"
    root: bytes = b""
    offset_ms: int = 0
    timeout_s: float | None = 20
    tampering: dict[str, str] = field(default_factory=dict)
    """Metadata to send in place of what was signed."""
    sent: tuple[str, bytes, dict[str, str]] = ("", b"", {})

    def __post_init__(self) -> None:
        self.channel = grpc.insecure_channel(self.target)
        self.wire: Learned = learn(self.channel, FILES)

    def close(self) -> None:
        self.channel.close()

    def enum(self, name: str, value: str) -> int:
        number: int = self.wire.pool.FindEnumTypeByName(f"{PACKAGE}.{name}").values_by_name[value].number
        return number

    def state_of(self, sale: Any) -> str:
        states = self.wire.pool.FindEnumTypeByName(f"{PACKAGE}.SaleState")
        name: str = states.values_by_number[sale.state].name
        return name.removeprefix("SALE_STATE_")

    def enrol(self, code_with_fingerprint: str) -> Any:
        code, _, pinned = code_with_fingerprint.partition(".")
        request = {"code": code, "suite": self.key.suite, "public_key": self.key.public}
        self.sent = path, body, metadata = self._signed("Enrol", request)
        response, call = self._sent(path, body, metadata)
        if not fingerprint(response.root_public_key).startswith(pinned):
            raise NotBelievedError("another root than the code named")
        self.root = response.root_public_key
        self._believe(path, body, metadata["nonce"], "OK", call[0], call[1], response.audience)
        self.terminal, self.audience = response.terminal, response.audience
        return response

    def rotate(self, new: Key) -> Any:
        proof = new.sign(lines("v1-key", self.audience, self.terminal, new.id))
        response = self.call("RotateKey", suite=new.suite, public_key=new.public, proof=proof)
        self.key = new
        return response

    def call(self, method: str, **fields: Any) -> Any:
        """Sends a request, checks the signature of its answer, and returns the message."""
        return self.deliver(method, *self._signed(method, fields))

    def repeat(self) -> Any:
        """Sends the very same bytes and metadata again."""
        path, body, metadata = self.sent
        return self.deliver(path.rpartition("/")[2], path, body, metadata)

    def deliver(self, method: str, path: str, body: bytes, metadata: dict[str, str]) -> Any:
        self.sent = path, body, metadata
        response, (raw, trailing) = self._sent(path, body, {**metadata, **self.tampering})
        if method in SIGNED_ANSWERS:
            self._believe(path, body, metadata["nonce"], "OK", raw, trailing, self.audience)
        return response

    def _signed(self, method: str, fields: dict[str, Any]) -> tuple[str, bytes, dict[str, str]]:
        service = f"{PACKAGE}.{SERVICE_OF.get(method, 'SettlementService')}"
        request = self.wire.message(self.wire.method(service, method).input_type.full_name)
        return self.signed(f"/{service}/{method}", request(**fields).SerializeToString())

    def signed(self, path: str, body: bytes) -> tuple[str, bytes, dict[str, str]]:
        """Any bytes as a request: the path, the bytes, and the metadata that sign them."""
        nonce = base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
        timestamp = str(time.time_ns() // 1_000_000 + self.offset_ms)
        digest = hashlib.sha256(body).hexdigest()
        statement = lines(
            "v1", self.audience, path, self.terminal, self.key.id, timestamp, nonce, digest
        )
        signature = base64.b64encode(self.key.sign(statement)).decode()
        return path, body, {
            "terminal": self.terminal, "key": self.key.id, "timestamp": timestamp, "nonce": nonce,
            "signature": signature,
        }

    def _sent(
        self, path: str, body: bytes, metadata: dict[str, str]
    ) -> tuple[Any, tuple[bytes, dict[str, Any]]]:
        service, _, method = path[1:].partition("/")
        response = self.wire.message(self.wire.method(service, method).output_type.full_name)
        stub: Any = self.channel.unary_unary(path)
        try:
            raw, call = stub.with_call(body, metadata=tuple(metadata.items()), timeout=self.timeout_s)
        except grpc.RpcError as error:
            raise self._refused(error, path, body, metadata) from error
        return response.FromString(raw), (raw, dict(call.trailing_metadata()))

    def _refused(self, error: Any, path: str, body: bytes, metadata: dict[str, str]) -> Exception:
        trailing = dict(error.trailing_metadata() or ())
        if DETAILS not in trailing:
            return NotBelievedError(f"no details: {error.code()} {error.details()}")
        if path.rpartition("/")[2] in SIGNED_ANSWERS and self.root:
            nonce = metadata["nonce"]
            self._believe(path, body, nonce, error.code().name, trailing[DETAILS], trailing, self.audience)
        status = self.wire.message("google.rpc.Status").FromString(trailing[DETAILS])
        attached = {
            each.TypeName(): self.wire.message(each.TypeName()).FromString(each.value)
            for each in status.details
        }
        return RefusedError(error.code().name, attached.pop("google.rpc.ErrorInfo"), attached)

    def _believe(  # the parts of the statement
        self, path: str, body: bytes, nonce: str, code: str, answer: bytes, trailing: dict[str, Any],
        gateway: str,
    ) -> None:
        key = self._answering_key(trailing["answer-certificate"], gateway)
        asked = "enrol" if path.endswith("/Enrol") else gateway
        statement = lines(
            "v1-answer", asked, path, hashlib.sha256(body).hexdigest(), nonce, trailing["answer-key"],
            trailing["answer-timestamp"], code, hashlib.sha256(answer).hexdigest(),
        )
        if fingerprint(key) != trailing["answer-key"]:
            raise NotBelievedError("the certificate is of another key")
        verify(key, base64.b64decode(trailing["answer-signature"]), statement)

    def _answering_key(self, certificate: str, gateway: str) -> bytes:
        """The key that the root vouches for now."""
        statement, signature = (base64.b64decode(part) for part in certificate.split("."))
        verify(self.root, signature, statement)
        kind, audience, key, _, public, begins, ends = statement.decode().split("\n")
        now_ms = time.time_ns() // 1_000_000
        if (kind, audience) != ("v1-certificate", gateway) or not int(begins) <= now_ms <= int(ends):
            raise NotBelievedError("not a certificate of this gateway for now")
        decoded = base64.b64decode(public)
        if fingerprint(decoded) != key:
            raise NotBelievedError("the certificate names another key than it carries")
        return decoded
