"""What the gateway hands out and knows again: signed tokens, not rows, so that all its processes read them.

``<form>.<payload>.<mac>``, both base64url without padding; the mac is HMAC-SHA-256 over the form and the
payload's bytes, so that a token of one form is never read as another.
"""

import base64
import binascii
import hashlib
import hmac
from typing import Final

_LONGEST_CHARS: Final = 2048
LEAST_SECRET_BYTES: Final = 32


def check_secret(secret: bytes) -> None:
    """Raises ValueError unless the secret is long enough."""
    if len(secret) < LEAST_SECRET_BYTES:
        msg = f"the secret of tokens has at least {LEAST_SECRET_BYTES} bytes"
        raise ValueError(msg)


def signed_token(form: str, secret: bytes, payload: bytes) -> str:
    """Returns the token of a payload."""
    return ".".join((form, encode(payload), encode(_mac(form, secret, payload))))


def payload_of(form: str, secret: bytes, token: str) -> bytes | None:
    """Returns the payload, or None for anything that was not signed with this form and secret."""
    named, _, rest = token.partition(".")
    payload_text, _, mac_text = rest.partition(".")
    if named != form or len(token) > _LONGEST_CHARS:
        return None
    try:
        payload, mac = decode(payload_text), decode(mac_text)
    except ValueError:
        return None
    return payload if hmac.compare_digest(mac, _mac(form, secret, payload)) else None


def _mac(form: str, secret: bytes, payload: bytes) -> bytes:
    return hmac.digest(secret, form.encode() + b"\n" + payload, hashlib.sha256)


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
