"""A quote is a signed token, not a row: see :mod:`medsettle_gateway.service.signed_token`."""

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final, NamedTuple

from medsettle_gateway.domain.plain import canonical
from medsettle_gateway.service.signed_token import check_secret, payload_of, signed_token

_FORM: Final = "MSQ1"


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
        check_secret(self.secret)

    def issue(self, quoted: Quoted) -> str:
        """Returns the token of a quote; its expiry is kept in whole milliseconds."""
        return signed_token(_FORM, self.secret, canonical({
            "m": quoted.member,
            "i": quoted.institution,
            "d": quoted.service_on.isoformat(),
            "b": quoted.basket_digest,
            "s": quoted.split_digest,
            "e": round(quoted.expires_at.timestamp() * 1000),
        }))

    def read(self, token: str) -> Quoted | None:
        """Returns what was quoted, or None for anything that these tokens did not issue."""
        payload = payload_of(_FORM, self.secret, token)
        return None if payload is None else _quoted(payload)


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
