"""The token on a printed receipt: anyone can check offline that the sale was settled.

``MS1.<payload>.<signature>.<certificate>``: payload and signature in base64url without padding, the
certificate of the answering key as ``Certificate.encode`` gives it with ``~`` for its dot. The signature
is over ``v1-receipt``, a line feed and the payload's bytes. It names no person and no goods, and does not
prove that the sale still stands.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from medsettle_gateway.domain.plain import canonical, to_raw
from medsettle_gateway.domain.sale import SaleRecord, SettlementRecord
from medsettle_gateway.service.ports import ReceiptSigner
from medsettle_gateway.service.signed_token import encode

_FORM: Final = "MS1"
STATEMENT: Final = b"v1-receipt\n"
"""What stands before the payload in what is signed."""

DIGEST_CHARS: Final = 16


@dataclass(frozen=True, slots=True)
class Receipts:
    """Makes receipt tokens."""

    signer: ReceiptSigner

    def issue(self, sale: SaleRecord) -> str:
        """Returns the token of a sale that has just been settled."""
        payload = canonical(payload_of(sale))
        signature, certificate = self.signer.sign(STATEMENT + payload)
        return ".".join((_FORM, encode(payload), encode(signature), certificate.replace(".", "~")))


def payload_of(sale: SaleRecord) -> dict[str, object]:
    """Returns what a receipt states: institution, ticket, day, amounts in fen, and the result's digest."""
    effect = sale.effect
    if effect is None:
        msg = f"{sale.request_id} has no amounts to print"
        raise AssertionError(msg)
    return {
        "i": sale.institution,
        "t": sale.request_id.text,
        "d": sale.service_on.isoformat(),
        "p": dict(effect.funds),
        "a": sum(booking.amount_fen for booking in effect.accounts),
        "c": effect.cash_fen,
        "g": result_digest(sale.settlements)[:DIGEST_CHARS],
    }


def result_digest(settlements: tuple[SettlementRecord, ...]) -> str:
    """Returns the SHA-256 (hex) of the settlements as they are stored, in a JSON list."""
    return hashlib.sha256(to_raw(settlements)).hexdigest()
