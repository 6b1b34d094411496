"""Whose credential was shown: asked of a service beyond the house, bounded, and never a reason to forget.

No call waits for it for ever, and a resolver that fails does not hide the first answer of a known id.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.basket import Prescription
from medsettle_gateway.domain.credential import AskedFor, purpose_at, rests_on_external
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.facts import InstitutionFacts, ResolvedCredential
from medsettle_gateway.service.commands import (
    CheckEligibility,
    FetchPrescriptions,
    Quote,
    RegisterPrescription,
    Settle,
    Shown,
)
from medsettle_gateway.service.patience import Patience
from medsettle_gateway.service.ports import CredentialResolver, Report, StoreUnavailableError


class ResolverSlowError(Exception):
    """A credential service did not say in time whose a credential is."""


class ResolverFailedError(Exception):
    """A resolver raised something; ``str()`` is of which kind, for its words may name whom it looked for."""


@dataclass(frozen=True, slots=True)
class Bounded:
    """A resolver that is given up after ``longest``, and cancelled then."""

    resolver: CredentialResolver
    patience: Patience
    longest: timedelta

    async def resolve(self, shown: Shown, asked: AskedFor, now: datetime) -> ResolvedCredential | Refusal:
        """Returns what the resolver says. Raises ResolverSlowError, and what the resolver raises."""
        asking = self.resolver.resolve(shown, asked, now)
        said = await self.patience.within(asking, self.longest.total_seconds(), name="medsettle-resolver")
        if said is None:
            raise ResolverSlowError(f"nothing was said within {self.longest.total_seconds():g} s")
        return said


Showing = CheckEligibility | Quote | Settle | RegisterPrescription | FetchPrescriptions
"""The commands with which a patient shows a credential."""


def asked_for(command: Showing, institution: InstitutionFacts | None) -> AskedFor:
    """Returns what a credential service is told of a command at this institution; None: nobody knows it."""
    match command:
        case CheckEligibility():
            external = command.prescription is Prescription.EXTERNAL
        case Quote() | Settle():
            external = rests_on_external(command.basket)
        case _:
            external = isinstance(command, FetchPrescriptions)
    return AskedFor(
        region=institution.region if institution else "",
        institution=command.caller.institution,
        purpose=purpose_at(institution.kind if institution else None, external=external),
        operator=command.operator,
    )


async def resolved(
    resolver: CredentialResolver, shown: Shown, asked: AskedFor, now: datetime, report: Report
) -> ResolvedCredential | Refusal:
    """Returns what the credential says.

    CREDENTIAL_SERVICE_UNAVAILABLE where nothing was said in time, STORE_UNAVAILABLE where the register cannot
    be read, INTERNAL_ERROR for any other failure; none is recorded.
    """
    try:
        return await resolver.resolve(shown, asked, now)
    except ResolverSlowError as error:
        report("resolve", error)
        return Refusal(Reason.CREDENTIAL_SERVICE_UNAVAILABLE, {"cause": "slow"})
    except StoreUnavailableError as error:
        report("resolve", error)
        return Refusal(Reason.STORE_UNAVAILABLE)
    except Exception as error:  # noqa: BLE001 - a service beyond the house may fail in any way
        report("resolve", _without_words(error))
        return Refusal(Reason.INTERNAL_ERROR, {"source": "credential"})


def _without_words(error: Exception) -> ResolverFailedError:
    """Where it was raised and of which kind, but not what it says: that may be a code, a name, a number."""
    return ResolverFailedError(type(error).__name__).with_traceback(error.__traceback__)
