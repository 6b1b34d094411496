"""What a sale that the books lost had dispensed of prescriptions: drawn again as far as it is there.

The goods are with the patient, whatever the books say: nothing of that stops the sale. Of one that
the books lost too nothing is drawn, and where others have dispensed the rest since, the operator is told.
"""

from collections.abc import Iterable
from typing import NamedTuple

from medsettle_gateway.domain.keys import AnyKey, Facts, PrescriptionKey
from medsettle_gateway.domain.moves import Move
from medsettle_gateway.domain.prescriptions import Draw
from medsettle_gateway.domain.recovery import Finding
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.ledger.transition import draws_anew
from medsettle_gateway.service.dispensing import given_back_e4, keys_of_draws


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
    given_back = given_back_e4(freed)
    kept: list[Draw] = []
    findings: dict[Finding, None] = {}
    for draw in after.drawn:
        known = facts.of(PrescriptionKey(draw.institution, draw.number))
        drug = known.prescription.drug(draw.item_code) if known is not None else None
        if known is None or drug is None:
            findings[Finding.PRESCRIPTION_UNKNOWN] = None
            continue
        drawn_e4 = known.drawn_e4.get(draw.item_code, 0) - given_back.get(draw[:3], 0)
        if drawn_e4 + draw.quantity_e4 > known.prescription.allowed_e4(drug):
            findings[Finding.PRESCRIPTION_EXCEEDED] = None
            continue
        kept.append(draw)
    return DrawnAgain(tuple(kept), tuple(findings))
