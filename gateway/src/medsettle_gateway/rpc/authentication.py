"""Who is asking: the five metadata of a signed request, and what must hold of them.

Nothing here is recorded under a request id: whoever fails has not been heard. What the gateway
knows of a key is told only to who can sign with it.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from msgspec import Struct

from medsettle.wire.reasons import Reason
from medsettle.wire.signing import (
    KEY,
    NONCE,
    NONCE_CHARS,
    SIGNATURE,
    TERMINAL,
    TIMESTAMP,
    WINDOW_MS,
    Verifier,
    decode,
    request_statement,
)
from medsettle_gateway.domain.errors import refuse

_FORMS: Final = {
    TERMINAL: re.compile(r"[A-Za-z0-9_-]{0,64}"),
    KEY: re.compile(r"[0-9a-f]{16}"),
    TIMESTAMP: re.compile(r"[0-9]{1,15}"),
    NONCE: re.compile(rf"[A-Za-z0-9_-]{{{NONCE_CHARS}}}"),
    SIGNATURE: re.compile(r"[A-Za-z0-9+/=]{1,256}"),
}
"""``terminal`` may be empty: Enrol's sender does not know its id yet."""


class Proof(Struct, frozen=True):
    """The metadata of a signed request, as they were sent; nothing of it is believed yet."""

    terminal: str
    key: str
    timestamp_ms: int
    nonce: str
    signature: bytes


def sent(metadata: Iterable[tuple[str, str | bytes]], name: str) -> str:
    """Returns the one text of that name in the metadata; empty if there is none, several or bytes."""
    values = [value for key, value in metadata if key == name]
    return values[0] if len(values) == 1 and isinstance(values[0], str) else ""


def read_proof(metadata: Iterable[tuple[str, str | bytes]]) -> Proof:
    """Returns the signature's metadata.

    Raises Refused: SIGNATURE_MISSING, naming the first field that is absent, doubled or ill-formed.
    """
    pairs = tuple(metadata)
    texts = {name: sent(pairs, name) for name in _FORMS}
    for name, form in _FORMS.items():
        if not form.fullmatch(texts[name]):
            raise refuse(Reason.SIGNATURE_MISSING, field=name)
    return Proof(
        terminal=texts[TERMINAL],
        key=texts[KEY],
        timestamp_ms=int(texts[TIMESTAMP]),
        nonce=texts[NONCE],
        signature=decode(texts[SIGNATURE]),
    )


def read_nonce(metadata: Iterable[tuple[str, str | bytes]]) -> str:
    """Returns the nonce that an answer is bound to; empty if the request has no well-formed one."""
    nonce = sent(metadata, NONCE)
    return nonce if _FORMS[NONCE].fullmatch(nonce) else ""


def milliseconds(at: datetime) -> int:
    """Returns an aware instant as milliseconds since 1970, exact."""
    return round(at.timestamp() * 1000)


def check_clock(proof: Proof, now: datetime) -> None:
    """Raises Refused: CLOCK_SKEW with the gateway's time, if the till's clock is outside the window."""
    now_ms = milliseconds(now)
    if abs(now_ms - proof.timestamp_ms) > WINDOW_MS:
        raise refuse(Reason.CLOCK_SKEW, gateway_at_ms=str(now_ms), window_ms=str(WINDOW_MS))


def check_signature(proof: Proof, verifier: Verifier, audience: str, method: str, body: bytes) -> None:
    """Raises Refused: SIGNATURE_INVALID, unless the key signed these bytes, for this call and gateway."""
    statement = request_statement(
        audience, method, proof.terminal, proof.key, proof.timestamp_ms, proof.nonce, body
    )
    if verifier.key != proof.key or not verifier.verify(proof.signature, statement):
        raise refuse(Reason.SIGNATURE_INVALID)
