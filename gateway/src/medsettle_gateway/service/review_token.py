"""That a patient has shown a credential at an institution: the token by which a review there names it."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from medsettle_gateway.domain.plain import canonical
from medsettle_gateway.service.signed_token import check_secret, payload_of, signed_token

_FORM: Final = "MSR1"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_US: Final = timedelta(microseconds=1)


class Shown(NamedTuple):
    """Whose credential was shown, at which institution, and until when that counts."""

    member: str
    institution: str
    until: datetime


@dataclass(frozen=True, slots=True)
class ReviewTokens:
    """Makes and reads tokens of fetches under one secret of the operator's key directory."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        check_secret(self.secret)

    def issue(self, shown: Shown) -> str:
        """Returns the token."""
        until_us = (shown.until - _EPOCH) // _US
        return signed_token(
            _FORM, self.secret, canonical({"m": shown.member, "i": shown.institution, "u": until_us})
        )

    def read(self, token: str) -> Shown | None:
        """Returns what was shown, or None for anything that these tokens did not issue."""
        payload = payload_of(_FORM, self.secret, token)
        if payload is None:
            return None
        data = json.loads(payload)
        return Shown(data["m"], data["i"], _EPOCH + data["u"] * _US)
