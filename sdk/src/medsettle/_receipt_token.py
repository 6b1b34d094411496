"""The signed token of a printed receipt, which anyone can check offline.

``MS1.<payload>.<signature>.<certificate>``: the payload is JSON in URL-safe base64, signed by an
answering key of the gateway, for which the operator's root vouches in the certificate. It names no
person and no drug. It proves that the sale was settled, not that it still stands.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from medsettle.wire.signing import Certificate, KeyInvalidError, Verifier, verifier_of

FORM: Final = "MS1"
_STATEMENT: Final = b"v1-receipt\n"
_CHARACTERS_MAX: Final = 8_192
_CHECK_CODE_DIGITS: Final = 16


class ReceiptInvalidError(ValueError):
    """The token is not a gateway's. ``str`` has one sentence in Chinese and one in English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} {en}")
        self.zh = zh
        self.en = en


@dataclass(frozen=True, slots=True)
class ReceiptFacts:
    """What a checked token says, amounts in fen.

    It was signed by gateway ``audience`` between ``signed_after_at`` and ``signed_before_at``, the
    life of the answering key. ``answer_digest`` is the beginning of the SHA-256 of the stored
    answer, in hex: it ties the paper to the gateway's record.
    """

    institution: str
    request_id: str
    service_on: date
    funds: Mapping[str, int]
    accounts_fen: int
    cash_fen: int
    answer_digest: str
    audience: str
    signed_after_at: datetime
    signed_before_at: datetime


def check_code(token: str) -> str:
    """Returns a short code that people can compare: 16 hex digits of the token's SHA-256, in fours."""
    digits = hashlib.sha256(token.encode()).hexdigest()[:_CHECK_CODE_DIGITS]
    return " ".join(digits[at : at + 4] for at in range(0, _CHECK_CODE_DIGITS, 4))


def verify_token(token: str, root: Verifier | bytes, audience: str | None = None) -> ReceiptFacts:
    """Returns what the token says, if the operator's root vouches for the key that signed it.

    ``root`` is the operator's public key: a verifier, or its DER. ``audience`` is the gateway's id,
    where only one is accepted. Raises ReceiptInvalidError. Needs no network.
    """
    payload, signature, certificate = _parts(token)
    trusted = verifier_of(root) if isinstance(root, bytes) else root
    if not trusted.verify(certificate.signature, certificate.statement()):
        raise ReceiptInvalidError(
            "这张凭证不是该运营方的网关签发的。", "No gateway of this operator issued this receipt."
        )
    if audience is not None and certificate.audience != audience:
        raise ReceiptInvalidError(
            f"这张凭证由另一网关 {certificate.audience} 签发。",
            f"Another gateway, {certificate.audience}, issued this receipt.",
        )
    answering = verifier_of(certificate.public_key)
    if answering.key != certificate.key or not answering.verify(signature, _STATEMENT + payload):
        raise ReceiptInvalidError(
            "凭证内容与签名不符,可能被改动。", "The receipt does not match its signature: it may be altered."
        )
    return _facts(payload, certificate)


def _parts(token: str) -> tuple[bytes, bytes, Certificate]:
    try:
        if len(token) > _CHARACTERS_MAX:
            raise ValueError
        form, payload, signature, certificate = token.strip().split(".")
        if form != FORM:
            raise ValueError
        decoded = Certificate.decode(certificate.replace("~", "."))
        return _unpadded(payload), _unpadded(signature), decoded
    except (ValueError, KeyInvalidError) as error:
        raise ReceiptInvalidError(
            "这不是医保结算凭证,或没有扫完整。", "This is no receipt token, or it was not read in full."
        ) from error


def _unpadded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(text) from error


def _facts(payload: bytes, certificate: Certificate) -> ReceiptFacts:
    """The gateway signed it: what is missing here comes with a later form."""
    try:
        data: Mapping[str, Any] = json.loads(payload)
        return ReceiptFacts(
            institution=str(data["i"]),
            request_id=str(data["t"]),
            service_on=date.fromisoformat(data["d"]),
            funds={str(fund): int(amount) for fund, amount in data["p"].items()},
            accounts_fen=int(data["a"]),
            cash_fen=int(data["c"]),
            answer_digest=str(data["g"]),
            audience=certificate.audience,
            signed_after_at=_instant(certificate.not_before_ms),
            signed_before_at=_instant(certificate.not_after_ms),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReceiptInvalidError(
            "凭证的格式比本软件新,请升级后再验。",
            "The receipt's form is newer than this release: update, then check.",
        ) from error


def _instant(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)
