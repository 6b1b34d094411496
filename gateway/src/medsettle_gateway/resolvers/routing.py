"""Which resolver says whose a credential is: by its kind, and of codes by their type or by how they begin."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.credential import AskedFor
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.facts import ResolvedCredential
from medsettle_gateway.resolvers.demo import KIND
from medsettle_gateway.service.commands import Shown
from medsettle_gateway.service.ports import CredentialResolver


@dataclass(frozen=True, slots=True)
class Routed:
    """The one resolver of a gateway. See :class:`service.ports.CredentialResolver`.

    ``kinds`` are accepted. ``codes`` by their type, empty for the national code; ``prefixes`` are looked at
    where the till names no type. ``cards`` is for all other kinds.
    """

    kinds: tuple[str, ...]
    codes: Mapping[str, CredentialResolver]
    prefixes: tuple[tuple[str, CredentialResolver], ...] = ()
    cards: CredentialResolver | None = field(default=None)

    async def resolve(self, shown: Shown, asked: AskedFor, now: datetime) -> ResolvedCredential | Refusal:
        """Returns what the resolver of this kind says; CREDENTIAL_NOT_ACCEPTED, CREDENTIAL_CODE_UNKNOWN."""
        reads_codes = bool(self.codes or self.prefixes)
        if shown.kind not in self.kinds or (shown.kind == KIND and not reads_codes):
            return Refusal(Reason.CREDENTIAL_NOT_ACCEPTED, {"kind": shown.kind})
        resolver = self._of_code(shown) if shown.kind == KIND else self.cards
        if resolver is None:
            return Refusal(Reason.CREDENTIAL_CODE_UNKNOWN, {"code_type": shown.code_type})
        return await resolver.resolve(shown, asked, now)

    def _of_code(self, shown: Shown) -> CredentialResolver | None:
        if not shown.code_type:
            for prefix, resolver in self.prefixes:
                if shown.token.startswith(prefix):
                    return resolver
        return self.codes.get(shown.code_type)
