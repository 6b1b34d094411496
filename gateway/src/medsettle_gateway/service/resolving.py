"""A credential service beyond the house, bounded: no call waits for it for ever."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.facts import ResolvedCredential
from medsettle_gateway.service.patience import Patience
from medsettle_gateway.service.ports import CredentialResolver


class ResolverSlowError(Exception):
    """A credential service did not say in time whose a credential is."""


@dataclass(frozen=True, slots=True)
class Bounded:
    """A resolver that is given up after ``longest``, and cancelled then."""

    resolver: CredentialResolver
    patience: Patience
    longest: timedelta

    async def resolve(
        self, kind: str, token: str, *, region: str, now: datetime
    ) -> ResolvedCredential | Refusal:
        """Returns what the resolver says. Raises ResolverSlowError, and what the resolver raises."""
        asking = self.resolver.resolve(kind, token, region=region, now=now)
        said = await self.patience.within(asking, self.longest.total_seconds(), name="medsettle-resolver")
        if said is None:
            raise ResolverSlowError(f"nothing was said within {self.longest.total_seconds():g} s")
        return said
