"""What a check has said binds until an instant: the token by which a quote and a sale refer to it."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from medsettle_gateway.domain.plain import canonical
from medsettle_gateway.service.signed_token import check_secret, payload_of, signed_token

_FORM: Final = "MSE1"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_US: Final = timedelta(microseconds=1)


class Binding(NamedTuple):
    """Of whom and where it was said, by what was known when, and until when it binds."""

    member: str
    institution: str
    known_at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class EligibilityTokens:
    """Makes and reads tokens of checks under one secret of the operator's key directory."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        check_secret(self.secret)

    def issue(self, binding: Binding) -> str:
        """Returns the token; its instants are kept to the microsecond, as facts are entered."""
        return signed_token(_FORM, self.secret, canonical({
            "m": binding.member,
            "i": binding.institution,
            "k": (binding.known_at - _EPOCH) // _US,
            "u": (binding.until - _EPOCH) // _US,
        }))

    def read(self, token: str) -> Binding | None:
        """Returns what was said, or None for anything that these tokens did not issue."""
        payload = payload_of(_FORM, self.secret, token)
        if payload is None:
            return None
        data = json.loads(payload)
        return Binding(data["m"], data["i"], _EPOCH + data["k"] * _US, _EPOCH + data["u"] * _US)
