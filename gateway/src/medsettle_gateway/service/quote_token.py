"""A quote is a signed token, not a row: any gateway process of the operator can check it.

``MSQ1.<payload>.<mac>``, both base64url without padding; the mac is HMAC-SHA-256 over the payload's bytes.
"""

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final, NamedTuple

from medsettle_gateway.domain.plain import canonical

_FORM: Final = "MSQ1"
_LONGEST_CHARS: Final = 2048
LEAST_SECRET_BYTES: Final = 32


class Quoted(NamedTuple):
    """What was quoted: for whom, where, which basket and split, as of which day, and until when."""

    member: str
    institution: str
    service_on: date
    basket_digest: str
    split_digest: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class QuoteTokens:
    """Makes and reads quote tokens under one secret of the operator's key directory."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) < LEAST_SECRET_BYTES:
            msg = f"the secret of quote tokens has at least {LEAST_SECRET_BYTES} bytes"
            raise ValueError(msg)

    def issue(self, quoted: Quoted) -> str:
        """Returns the token of a quote; its expiry is kept in whole milliseconds."""
        payload = canonical({
            "m": quoted.member,
            "i": quoted.institution,
            "d": quoted.service_on.isoformat(),
            "b": quoted.basket_digest,
            "s": quoted.split_digest,
            "e": round(quoted.expires_at.timestamp() * 1000),
        })
        return ".".join((_FORM, encode(payload), encode(self._mac(payload))))

    def read(self, token: str) -> Quoted | None:
        """Returns what was quoted, or None for anything that these tokens did not issue."""
        form, _, rest = token.partition(".")
        payload_text, _, mac_text = rest.partition(".")
        if form != _FORM or len(token) > _LONGEST_CHARS:
            return None
        try:
            payload, mac = decode(payload_text), decode(mac_text)
        except ValueError:
            return None
        if not hmac.compare_digest(mac, self._mac(payload)):
            return None
        return _quoted(payload)

    def _mac(self, payload: bytes) -> bytes:
        return hmac.digest(self.secret, _FORM.encode() + b"\n" + payload, hashlib.sha256)


def _quoted(payload: bytes) -> Quoted:
    data = json.loads(payload)
    return Quoted(
        member=data["m"],
        institution=data["i"],
        service_on=date.fromisoformat(data["d"]),
        basket_digest=data["b"],
        split_digest=data["s"],
        expires_at=datetime.fromtimestamp(data["e"] / 1000, UTC),
    )


def encode(data: bytes) -> str:
    """Returns base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Returns the bytes of base64url without padding. Raises ValueError for anything else."""
    try:
        raw = text.encode("ascii")
        return base64.b64decode(raw + b"=" * (-len(raw) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        msg = "not base64url"
        raise ValueError(msg) from error
