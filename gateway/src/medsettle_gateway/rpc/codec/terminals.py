"""Enrolment and rotation of terminal keys, both ways."""

from typing import Final

from medsettle.wire.reasons import Reason
from medsettle.wire.v1 import terminal_pb2
from medsettle_gateway.domain.errors import refuse
from medsettle_gateway.rpc.codec import form
from medsettle_gateway.service.commands import Caller, Enrol, EnrolAnswer, RotateKey, RotateKeyAnswer

_CODE_CHARS: Final = 64
_KEY_BYTES: Final = 256
_SUITES: Final = ("ed25519", "p256")


def read_enrol(body: bytes, terminal: str, nonce: str) -> Enrol:
    """Returns what an enrolment asks for: the one request without a caller. Raises Refused."""
    wire = form.parsed(terminal_pb2.EnrolRequest, body)
    return Enrol(
        code=form.text(wire.code, _CODE_CHARS, "code"),
        suite=_suite(wire.suite),
        public_key=_public_key(wire.public_key),
        nonce=nonce,
        terminal=terminal,
    )


def read_rotation(body: bytes, caller: Caller, nonce: str) -> RotateKey:
    """Returns what a rotation asks for. Raises Refused."""
    wire = form.parsed(terminal_pb2.RotateKeyRequest, body)
    if not wire.proof:
        raise form.required("proof")
    if len(wire.proof) > _KEY_BYTES:
        raise form.invalid("proof", f"up to {_KEY_BYTES} bytes")
    return RotateKey(
        caller=caller,
        suite=_suite(wire.suite),
        public_key=_public_key(wire.public_key),
        proof=wire.proof,
        nonce=nonce,
    )


def _suite(value: str) -> str:
    if not value:
        raise form.required("suite")
    if value not in _SUITES:
        raise form.invalid("suite", "ed25519 or p256")
    return value


def _public_key(value: bytes) -> bytes:
    if not value:
        raise form.required("public_key")
    if len(value) > _KEY_BYTES:
        raise refuse(Reason.KEY_INVALID, field="public_key")
    return value


def enrol_bytes(answer: EnrolAnswer) -> bytes:
    """Returns the answer to an enrolment."""
    wire = terminal_pb2.EnrolResponse(
        terminal=answer.terminal,
        institution=answer.institution,
        institution_name=answer.institution_name,
        key=answer.key,
        audience=answer.audience,
        root_public_key=answer.root_public_key,
        root_suite=answer.root_suite,
        not_after=form.timestamp(answer.not_after),
    )
    return wire.SerializeToString()


def rotation_bytes(answer: RotateKeyAnswer) -> bytes:
    """Returns the answer to a rotation."""
    wire = terminal_pb2.RotateKeyResponse(
        key=answer.key,
        not_after=form.timestamp(answer.not_after),
        old_not_after=form.timestamp(answer.old_not_after),
    )
    return wire.SerializeToString()
