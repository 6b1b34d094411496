"""Social cards and identity cards: whoever has the number in the register. A card may be shown again."""

import hmac
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from medsettle.wire.id_numbers import has_citizen_form, is_citizen_number
from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.domain.credential import AskedFor
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.facts import ResolvedCredential
from medsettle_gateway.resolvers.people import NumberKind, Register, plain_number, whose
from medsettle_gateway.service.commands import Shown

IDENTITY_CARD: Final = "identity_card"
SOCIAL_CARD: Final = "social_card"

_NUMBERS: Final = {
    IDENTITY_CARD: (NumberKind.ID_NUMBER, re.compile(r"[0-9A-Z]{5,30}")),
    SOCIAL_CARD: (NumberKind.SOCIAL_CARD, re.compile(r"[0-9A-Z]{6,32}")),
}
_LIFE: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Cards:
    """Says whose a card is. See :class:`service.ports.CredentialResolver`."""

    register: Register
    id_key: bytes = field(repr=False)

    async def resolve(self, shown: Shown, asked: AskedFor, now: datetime) -> ResolvedCredential | Refusal:
        """Returns whose the card is, or CREDENTIAL_INVALID, MEMBER_UNKNOWN, CREDENTIAL_AMBIGUOUS.

        Of several who have the number those of the institution's region come first. Raises
        StoreUnavailableError.
        """
        kind, form = _NUMBERS[shown.kind]
        number = plain_number(shown.token)
        if not form.fullmatch(number) or (kind is NumberKind.ID_NUMBER and _is_mistyped(number)):
            return Refusal(Reason.CREDENTIAL_INVALID)
        found = await self.register.known_by(kind, number)
        here = [each for each in found if each.region == asked.region]
        member = whose(here or found, day_of(now))
        if isinstance(member, Refusal):
            return member
        hidden = hmac.digest(self.id_key, f"{shown.kind}\n{number}".encode(), "sha256").hex()
        return ResolvedCredential(f"card-{hidden}", member, now + _LIFE, single_use=False)


def _is_mistyped(number: str) -> bool:
    """A citizen's number that no citizen has: its patient is not to hear that nobody insured them."""
    return has_citizen_form(number) and not is_citizen_number(number)
