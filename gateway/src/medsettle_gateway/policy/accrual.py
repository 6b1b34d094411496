"""What a month brings to a personal account (个人账户计入): a share of the own base, or one fixed amount.

Only the pack says who has an account, how large the share is and what it is taken of. What an employer pays
never comes to an account: nothing here has a place for it.
"""

from datetime import date
from typing import Final, NamedTuple

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY, Encounter
from medsettle_gateway.domain.errors import Refused, refuse
from medsettle_gateway.domain.member import Patient
from medsettle_gateway.domain.money import share_fen
from medsettle_gateway.domain.place import Institution, InstitutionKind
from medsettle_gateway.policy.accounts import Accrual
from medsettle_gateway.policy.facts import Facts, settlement_facts
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.plan import assumed, no_rule
from medsettle_gateway.policy.rows import Figure, Resolved

_NOWHERE: Final = Institution(InstitutionKind.CLINIC)
"""It comes to a person, wherever: rows speak of people."""


class Way(NamedTuple):
    """How a month is reckoned for a person: ``ratio_ppm`` of the own base, or of ``pension_fen``.

    ``rule`` and ``clause`` are those of the rows that say so.
    """

    ratio_ppm: int
    pension_fen: int | None
    rule: str
    clause: str

    @property
    def needs_base(self) -> bool:
        """Is it a share of the own contribution base?"""
        return self.pension_fen is None and self.ratio_ppm > 0

    def amount_fen(self, base_fen: int) -> int:
        """Returns what the month brings, rounded half-up to the fen; the base is the own one of the month."""
        return share_fen(base_fen if self.pension_fen is None else self.pension_fen, self.ratio_ppm)


def accrual_of(pack: Pack) -> Accrual:
    """Returns the accrual of a pack. Raises Refused: NO_RULE where it has none."""
    accrual = None if pack.accounts is None else pack.accounts.accrual
    if accrual is None:
        raise refuse(Reason.NO_RULE, pack=pack.id, path="accounts.accrual")
    return accrual


def way_of(pack: Pack, patient: Patient, on: date) -> Way:
    """Returns how a month is reckoned for a person; the share of the own base goes before that of a pension.

    Raises Refused: NO_OWN_ACCOUNT for whose enrolment the pack has no account, NO_RULE where it has no share
    for the person or no average pension, PARAMETER_ASSUMED.
    """
    accrual, accounts = accrual_of(pack), pack.accounts
    if accounts is None or patient.enrolment.value not in accounts.enrolments:
        raise refuse(Reason.NO_OWN_ACCOUNT, enrolment=patient.enrolment.value)
    facts = _facts(pack, patient, on)
    of_base = _resolved(pack, accrual.of_base, facts)
    if of_base is not None:
        return Way(of_base.value or 0, None, of_base.rule, of_base.clause)
    of_pension = _resolved(pack, accrual.of_pension, facts)
    if of_pension is None:
        missing = accrual.of_pension if accrual.of_pension.rows else accrual.of_base
        raise Refused(no_rule(pack.id, missing, facts))
    pension = _resolved(pack, accrual.pension, facts)
    if pension is None:
        raise Refused(no_rule(pack.id, accrual.pension, facts))
    return Way(of_pension.value or 0, pension.value or 0, of_pension.rule, of_pension.clause)


def _facts(pack: Pack, patient: Patient, on: date) -> Facts:
    encounter = Encounter(PERSONAL_ACCOUNT_ONLY)
    own = {fact.name: fact.held(patient, encounter, on) for fact in pack.rules.declared}
    return settlement_facts(patient, _NOWHERE, encounter, own)


def _resolved(pack: Pack, figure: Figure, facts: Facts) -> Resolved | None:
    found = figure.resolve(facts)
    row = None if found is None else found.assumed
    if row is not None:
        raise Refused(assumed(pack.id, row))
    return found
