"""The demo issuer of electronic credentials, and the resolver that recognises them.

``MSD1.<payload>.<signature>``, both base64url without padding: a random id, a member reference, the region,
and two instants in seconds, signed by the issuer's key. Only a gateway that was set up as a demo has one.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from medsettle.wire.reasons import Reason
from medsettle.wire.signing import Signer, Verifier
from medsettle_gateway.domain.credential import AskedFor
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.facts import ResolvedCredential
from medsettle_gateway.service.commands import Shown

KIND: Final = "electronic"

_FORM: Final = "MSD1"
_LONGEST_CHARS: Final = 512
_AHEAD: Final = timedelta(minutes=5)
"""How far the issuer's clock may be ahead of the gateway's."""

_INVALID: Final = Refusal(Reason.CREDENTIAL_INVALID)


@dataclass(frozen=True, slots=True)
class DemoIssuer:
    """Issues credentials under one key."""

    signer: Signer

    def issue(
        self, credential_id: str, member: str, region: str, issued_at: datetime, life: timedelta
    ) -> str:
        """Returns the text that a till scans. ``credential_id`` is random: it is used up once."""
        payload = json.dumps(
            {
                "jti": credential_id,
                "sub": member,
                "region": region,
                "iat": int(issued_at.timestamp()),
                "exp": int((issued_at + life).timestamp()),
            },
            separators=(",", ":"),
        ).encode()
        return ".".join((_FORM, _encode(payload), _encode(self.signer.sign(_statement(payload)))))


@dataclass(frozen=True, slots=True)
class DemoResolver:
    """Recognises what the demo issuer issued. See :class:`service.ports.CredentialResolver`.

    ``regions`` are those that the gateway settles for: a credential of any other is of no use here.
    """

    issuer: Verifier
    regions: frozenset[str]

    async def resolve(
        self, shown: Shown, asked: AskedFor, now: datetime  # noqa: ARG002 - the port's form
    ) -> ResolvedCredential | Refusal:
        """Returns whose the credential is.

        Or CREDENTIAL_NOT_ACCEPTED, CREDENTIAL_INVALID, CREDENTIAL_EXPIRED, CREDENTIAL_OTHER_REGION.
        """
        if shown.kind != KIND:
            return Refusal(Reason.CREDENTIAL_NOT_ACCEPTED, {"kind": shown.kind})
        payload = self._payload(shown.token)
        if payload is None:
            return _INVALID
        issued_at = datetime.fromtimestamp(payload["iat"], UTC)
        expires_at = datetime.fromtimestamp(payload["exp"], UTC)
        if payload["region"] not in self.regions:
            return Refusal(Reason.CREDENTIAL_OTHER_REGION, {"region": str(payload["region"])})
        if now < issued_at - _AHEAD:
            return _INVALID
        if now >= expires_at:
            return Refusal(Reason.CREDENTIAL_EXPIRED)
        return ResolvedCredential(payload["jti"], payload["sub"], expires_at)

    def _payload(self, token: str) -> dict[str, Any] | None:
        """What the issuer signed, or None."""
        parts = token.split(".")
        if len(token) > _LONGEST_CHARS or len(parts) != len((_FORM, "payload", "signature")):
            return None
        form, payload, signature = parts[0], _decode(parts[1]), _decode(parts[2])
        if form != _FORM or not self.issuer.verify(signature, _statement(payload)):
            return None
        content: dict[str, Any] = json.loads(payload)
        return content


@dataclass(frozen=True, slots=True)
class NoResolver:
    """Stands where no credential service is set up: it recognises nobody."""

    async def resolve(
        self, shown: Shown, asked: AskedFor, now: datetime  # noqa: ARG002 - the port's form
    ) -> ResolvedCredential | Refusal:
        """Returns CREDENTIAL_INVALID."""
        return _INVALID


def _statement(payload: bytes) -> bytes:
    return _FORM.encode() + b"\n" + payload


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    """The bytes of base64url; empty bytes, which no key signed, for anything else."""
    try:
        raw = text.encode("ascii")
        return base64.b64decode(raw + b"=" * (-len(raw) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return b""
