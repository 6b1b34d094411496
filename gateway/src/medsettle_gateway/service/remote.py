"""A remote authority decides outside of any transaction, and what it did may not be known for long.

What it is asked is committed before anything is sent (PENDING), by a number that is never used again. From
then on only its own word moves the sale.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from medsettle.wire.states import Event
from medsettle_gateway.domain.breakdown import Breakdown
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.facts import InstitutionFacts
from medsettle_gateway.domain.sale import AccountBooking, Effect, SaleRecord, SettlementRecord
from medsettle_gateway.domain.split import Split
from medsettle_gateway.domain.upstream import Reference
from medsettle_gateway.service.authority import Decided, Question
from medsettle_gateway.service.commands import Shown


@dataclass(frozen=True, slots=True)
class SettledThere:
    """It has charged the sale: ``settlements`` as it divides them, with its own codes of funds.

    ``region`` and ``scheme`` are the patient's and name the books. ``refs`` is what it calls the sale.
    """

    settlements: tuple[SettlementRecord, ...]
    region: str
    scheme: str
    refs: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class RefusedThere:
    """It has charged nothing under the number and never will. ``text`` is for the screen: no names."""

    code: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class UndoneThere:
    """What it charged, if anything, is taken back; under the number nothing more will be charged."""


@dataclass(frozen=True, slots=True)
class UnknownThere:
    """Nothing is proven: it is asked again later."""


Said = SettledThere | RefusedThere | UndoneThere | UnknownThere
"""What an authority says of one sale."""

EVENTS: Final[Mapping[type[Said], Event]] = {
    SettledThere: Event.AUTHORITY_SETTLED,
    RefusedThere: Event.AUTHORITY_REFUSED,
    UndoneThere: Event.AUTHORITY_UNDONE,
}
"""What the table of states calls it. That nothing is known is no event."""


class RemoteAuthority(Protocol):
    """Decides sales beyond the house. Of each sale ``upstream`` says the number and what it is called there.

    After a restore with loss nothing else may be known of a sale that is to be undone or resolved. A call
    ends by itself or is cancelled; one that is cancelled or raises counts as UnknownThere.
    """

    async def quote(self, question: Question, credential: Shown) -> Decided | Refusal | UnknownThere:
        """Returns what the sale would come to. Nothing is charged."""

    async def decide(self, sale: SaleRecord, credential: Shown) -> Said:
        """Charges the sale under its number, or refuses it. It is called at most once for a number."""

    async def undo(self, sale: SaleRecord) -> UndoneThere | UnknownThere:
        """Takes back what was charged under the number. It is repeated until it is done."""

    async def resolve(self, sale: SaleRecord) -> Said:
        """Returns what became of a ``decide`` whose answer is not known, having made that final.

        A request that is still on its way must come to nothing once this has answered anything but
        SettledThere and UnknownThere. A platform that cannot be asked is made to undo: UndoneThere.
        """


def _unnumbered(institution: str, at: datetime) -> str:
    msg = f"{institution} is served by a remote authority at {at}, and nothing gives it numbers"
    raise AssertionError(msg)


@dataclass(frozen=True, slots=True)
class Remotes:
    """Which remote authority decides where; by default none does anywhere.

    ``serving`` has names by institution and by region; the institution's stands. ``number`` gives each sale
    its number there, of an institution and an instant: no two are equal, over restarts and processes too.
    """

    authorities: Mapping[str, RemoteAuthority] = field(default_factory=dict)
    serving: Mapping[str, str] = field(default_factory=dict)
    number: Callable[[str, datetime], str] = _unnumbered

    def of(self, institution: InstitutionFacts) -> str:
        """Returns the name of the authority that decides there; empty: the embedded one."""
        return self.serving.get(institution.code) or self.serving.get(institution.region, "")


def decided_by(said: SettledThere, authority: str) -> Decided:
    """Returns what the sale books of what the authority charged.

    Raises AssertionError where its amounts do not add up: such an answer counts as none.
    """
    breakdowns = [each.breakdown for each in said.settlements]
    broken = [identity for each in breakdowns for identity in each.broken_identities()]
    if broken or not breakdowns:
        msg = f"what {authority} charged does not add up: {'; '.join(broken) or 'nothing'}"
        raise AssertionError(msg)
    whole = Breakdown.together(breakdowns)
    effect = Effect(
        region=said.region,
        scheme=said.scheme,
        funds=whole.funds,
        accounts=tuple(
            AccountBooking(share.account, said.region, said.scheme, share.amount_fen)
            for share in whole.accounts if share.amount_fen
        ),
        cash_fen=whole.cash_fen,
        provider_borne_fen=whole.provider_borne_fen,
        counters=(),
        upstream=authority,
    )
    return Decided(said.settlements, effect, Split.of(breakdowns))
