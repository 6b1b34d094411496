"""The account that a region credits each year (门诊定额补助): what is credited, what lapses, how it ends.

Only the pack says who has it, how much it is, whether a rest carries over, and what closes it. Nothing
but a closing turns money of an account into a payment to a person.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY, Encounter
from medsettle_gateway.domain.errors import Refused, refuse
from medsettle_gateway.domain.member import Patient
from medsettle_gateway.domain.place import Institution, InstitutionKind
from medsettle_gateway.policy.accounts import Closing, Subsidy
from medsettle_gateway.policy.facts import settlement_facts
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.plan import assumed, no_rule
from medsettle_gateway.policy.rows import Row

_NOWHERE: Final = Institution(InstitutionKind.CLINIC)
"""A credit is given to a person, wherever: rows speak of people."""


class Credit(NamedTuple):
    """What a person is credited for a year, in fen, and by which rows of the pack."""

    amount_fen: int
    rule: str
    clause: str


class Holder(NamedTuple):
    """A person whom a region may credit, and what the account's history for the year says.

    ``balance_fen`` is what is available, without what holds reserve; ``unspent_fen`` is what the region
    ever credited without what lapsed of it and what sales begun since the first credit took; ``later`` is a
    credit for a year after the one at hand.
    """

    patient: Patient
    insured: bool
    closed: bool
    balance_fen: int
    unspent_fen: int
    credited: bool
    lapsed: bool
    later: bool


class Year(NamedTuple):
    """What a year brings to one account, in fen: what lapses first, then what is credited; None: nothing."""

    lapse_fen: int | None
    credit: Credit | None


def subsidy_of(pack: Pack) -> Subsidy | None:
    """The subsidy of a pack, if it has one."""
    return None if pack.accounts is None else pack.accounts.subsidy


def year_of(pack: Pack, subsidy: Subsidy, holder: Holder, on: date) -> Year:
    """What the year brings to a person; nothing twice, and nothing to a closed account.

    What is left of the years before lapses once, before the first credit of the year, where the pack has no
    clause by which it carries over (``carries_over``): no more of it than is available, and nothing but what
    the region credited. Sales are taken to have spent the credits first, so that other money of the account
    stays. What a hold reserves that day is left alone; what comes back of it, or of a sale that is reversed,
    lapses at the next year's credit. For whom the credit is not meant nothing lapses either: how such an
    account ends the pack says under ``closes``.

    Raises Refused: NO_RULE where the pack has no amount for the person, PARAMETER_ASSUMED.
    """
    if holder.closed or not _is_for(pack, holder):
        return Year(None, None)
    lapses = not (subsidy.carries_over or holder.lapsed or holder.credited or holder.later)
    lapse_fen = max(0, min(holder.balance_fen, holder.unspent_fen)) if lapses else None
    # A credit for a past year would have lapsed by now where nothing carries over.
    if holder.credited or (holder.later and not subsidy.carries_over):
        return Year(lapse_fen, None)
    return Year(lapse_fen, credit_of(pack, subsidy, holder.patient, on))


def credit_of(pack: Pack, subsidy: Subsidy, patient: Patient, on: date) -> Credit:
    """What a person is credited. Raises Refused: NO_RULE, PARAMETER_ASSUMED."""
    encounter = Encounter(PERSONAL_ACCOUNT_ONLY)
    own = {fact.name: fact.held(patient, encounter, on) for fact in pack.rules.declared}
    facts = settlement_facts(patient, _NOWHERE, encounter, own)
    found = subsidy.credit.resolve(facts)
    if found is None:
        raise Refused(no_rule(pack.id, subsidy.credit, facts))
    row: Row | None = found.assumed
    if row is not None:
        raise Refused(assumed(pack.id, row))
    return Credit(found.value or 0, found.rule, found.clause)


def closing_of(
    pack: Pack, cause: str, paid_to: str, documents: Sequence[str], *, agent: bool = False
) -> Closing:
    """The way of closing an account that the pack allows for a cause.

    A document is given by its name in the pack, or by that and ``:`` with what identifies it. ``agent``:
    somebody comes for the receiver, and shows the papers for that as well.

    Raises Refused: NO_RULE for a cause or a receiver that the pack does not name, and for papers that
    are missing: ``missing`` names them.
    """
    subsidy = subsidy_of(pack)
    path = "accounts.subsidy.closes"
    closings = () if subsidy is None else subsidy.closes
    closing = next((each for each in closings if each.cause == cause), None)
    if closing is None:
        listed = "|".join(each.cause for each in closings) or "-"
        raise refuse(Reason.NO_RULE, pack=pack.id, path=path, cause=cause, wanted=listed)
    if paid_to not in closing.pays:
        raise refuse(
            Reason.NO_RULE, pack=pack.id, path=closing.path, paid_to=paid_to, wanted="|".join(closing.pays)
        )
    wanted = (*closing.documents, *(closing.by_agent if agent else ()))
    missing = [name for name in wanted if not any(_is(given, name) for given in documents)]
    if missing:
        raise refuse(Reason.NO_RULE, pack=pack.id, path=closing.path, missing="、".join(missing))
    return closing


def _is_for(pack: Pack, holder: Holder) -> bool:
    accounts = pack.accounts
    if accounts is None or not holder.insured:
        return False
    patient = holder.patient
    of_scheme = any(patient.scheme.value in pack.schemes(benefit) for benefit in pack.benefits)
    return of_scheme and patient.enrolment.value in accounts.enrolments


def _is(given: str, name: str) -> bool:
    return given == name or given.startswith((f"{name}:", f"{name}:"))
