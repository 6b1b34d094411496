"""What a sale that the books lost had dispensed of prescriptions: drawn again as far as it is there.

The goods are with the patient, whatever the books say: nothing of that stops the sale. Of a prescription
that the books lost too nothing is drawn; where others have dispensed some of it since, what is left is drawn,
so that nobody dispenses it once more. Of both the operator is told.
"""

from collections.abc import Iterable
from typing import NamedTuple

from medsettle_gateway.domain.keys import AnyKey, Facts
from medsettle_gateway.domain.moves import Move
from medsettle_gateway.domain.prescriptions import Draw
from medsettle_gateway.domain.recovery import Finding
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.ledger.transition import draws_anew
from medsettle_gateway.service.dispensing import keys_of_draws, rest_of


class DrawnAgain(NamedTuple):
    """What the sale draws now, and what the operator should look at."""

    drawn: tuple[Draw, ...]
    findings: tuple[Finding, ...]


def drawn_keys(*sales: SaleRecord | None) -> tuple[AnyKey, ...]:
    """Returns what to load of the prescriptions that any of these had dispensed."""
    return keys_of_draws(draw for sale in sales if sale is not None for draw in sale.drawn)


def drawn_again(
    before: SaleRecord | None, after: SaleRecord, freed: Iterable[Move], facts: Facts
) -> DrawnAgain:
    """Returns what a sale that comes back draws; ``freed`` are moves that go before it."""
    if not draws_anew(None if before is None else before.state, after.state):
        return DrawnAgain(after.drawn, ())
    drawn, unknown, exceeded = rest_of(after.drawn, facts, freed)
    found = {Finding.PRESCRIPTION_UNKNOWN: unknown, Finding.PRESCRIPTION_EXCEEDED: exceeded}
    return DrawnAgain(drawn, tuple(finding for finding, is_so in found.items() if is_so))
