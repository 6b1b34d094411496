"""Electronic credentials by a service's decode call, and what is remembered of them for their short life.

Neither the code nor the service's token of the person is kept: the token's keyed hash is the credential's id,
and what was said of a code is found by a keyed hash of it, in memory only.
"""

import hmac
import logging
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.domain.credential import AskedFor
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.facts import ResolvedCredential
from medsettle_gateway.resolvers.ec_query import Decoded, Place, UnclearAnswerError, query, read
from medsettle_gateway.resolvers.people import NumberKind, Register, whose
from medsettle_gateway.resolvers.transport import Transport, TransportError
from medsettle_gateway.service.commands import Shown

LOGGER: Final = logging.getLogger("medsettle.gateway")

_LEAST_LIFE: Final = timedelta(minutes=10)
"""How long the used-up id of a credential must at least be told apart."""
_KNOWN_LIVES: Final = 4
"""For so many lives it is known of a code that it was good once."""


class _Said(NamedTuple):
    """What was said of a code: taken as said until ``stands_until``, known to have been good until later."""

    credential: ResolvedCredential
    stands_until: datetime
    known_until: datetime


class Memory:
    """What was said of codes, by keyed hashes of them: bounded, and the oldest goes first."""

    def __init__(self, key: bytes, most: int) -> None:
        """``key`` is random and this process's alone."""
        self._key, self._most = key, most
        self._said: OrderedDict[bytes, _Said] = OrderedDict()

    def of(self, shown: Shown, asked: AskedFor) -> bytes:
        """Returns under what a code that was shown there, for that, is remembered."""
        text = f"{shown.code_type}\n{asked.institution}\n{asked.purpose.value}\n{shown.token}"
        return hmac.digest(self._key, text.encode(), "sha256")

    def stands(self, name: bytes, now: datetime) -> ResolvedCredential | None:
        """Returns what was said of a code a moment ago; None: it must be asked."""
        said = self._said.get(name)
        return said.credential if said is not None and now < said.stands_until else None

    def was_good(self, name: bytes, now: datetime) -> bool:
        """Returns whether the code was good a while ago."""
        said = self._said.get(name)
        return said is not None and now < said.known_until

    def keep(self, name: bytes, credential: ResolvedCredential, now: datetime, life: timedelta) -> None:
        """Remembers what was said of a code now."""
        known = max(life, _LEAST_LIFE) * _KNOWN_LIVES
        self._said[name] = _Said(credential, now + life, now + known)
        self._said.move_to_end(name)
        while len(self._said) > self._most:
            self._said.popitem(last=False)

    def __len__(self) -> int:
        return len(self._said)


@dataclass(frozen=True, slots=True)
class CodeService:
    """Says whose a code is by asking a service. See :class:`service.ports.CredentialResolver`.

    ``regions`` are those that the gateway settles for. ``id_key`` hides the service's tokens where their ids
    are kept: the same in every process of the operator. ``life``: how long what was said is taken as said.
    """

    name: str
    transport: Transport
    register: Register
    place: Place
    regions: frozenset[str]
    memory: Memory
    id_key: bytes = field(repr=False)
    life: timedelta

    async def resolve(self, shown: Shown, asked: AskedFor, now: datetime) -> ResolvedCredential | Refusal:
        """Returns whose the code is.

        Or CREDENTIAL_INVALID, CREDENTIAL_EXPIRED, CREDENTIAL_OTHER_REGION, MEMBER_UNKNOWN,
        CREDENTIAL_AMBIGUOUS; CREDENTIAL_SERVICE_UNAVAILABLE where the service does not say. Raises
        StoreUnavailableError.
        """
        name = self.memory.of(shown, asked)
        remembered = self.memory.stands(name, now)
        if remembered is not None:
            return remembered
        said = await self._asked(shown.token, asked)
        if isinstance(said, Refusal):
            gone = said.reason is Reason.CREDENTIAL_INVALID and self.memory.was_good(name, now)
            return Refusal(Reason.CREDENTIAL_EXPIRED) if gone else said
        found = await self._of(said, now)
        if isinstance(found, ResolvedCredential):
            self.memory.keep(name, found, now, self.life)
        return found

    async def _asked(self, code: str, asked: AskedFor) -> Decoded | Refusal:
        try:
            return read(await self.transport.send(query(code, asked, self.place)))
        except (TransportError, UnclearAnswerError) as error:
            # By name and cause only: neither the code nor the answer may reach the log.
            LOGGER.warning("credential service", extra={"fields": {
                "service": self.name, "error": type(error).__name__, "why": str(error),
            }})
            cause = "answer" if isinstance(error, UnclearAnswerError) else "away"
            return Refusal(Reason.CREDENTIAL_SERVICE_UNAVAILABLE, {"cause": cause})

    async def _of(self, decoded: Decoded, now: datetime) -> ResolvedCredential | Refusal:
        region = settled_region(decoded.region, self.regions)
        if region is None:
            return Refusal(Reason.CREDENTIAL_OTHER_REGION, {"region": decoded.region})
        found = await self.register.known_by(NumberKind.ID_NUMBER, decoded.id_number)
        here = [each for each in found if each.region == region]
        if found and not here:
            return Refusal(Reason.CREDENTIAL_OTHER_REGION, {"region": decoded.region})
        member = whose(here, day_of(now))
        if isinstance(member, Refusal):
            return member
        hidden = hmac.digest(self.id_key, decoded.token.encode(), "sha256").hex()
        return ResolvedCredential(f"ec-{hidden}", member, now + max(self.life, _LEAST_LIFE))


def settled_region(insured: str, regions: frozenset[str]) -> str | None:
    """Returns the pooling region of where somebody is insured, or of its prefecture; None: no such."""
    if insured in regions:
        return insured
    prefecture = f"{insured[:4]}00"
    return prefecture if prefecture in regions else None
