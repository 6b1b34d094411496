"""Which lines a benefit takes where a basket is shared out, and why no benefit takes one."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.basket import Line
from medsettle_gateway.domain.money import unit_price_micro
from medsettle_gateway.policy.benefit import Benefit
from medsettle_gateway.policy.facts import FALSE, TRUE, line_facts, settlement_facts
from medsettle_gateway.policy.inputs import CaseInput
from medsettle_gateway.policy.pack import Pack


def takes(pack: Pack, benefit: Benefit, case: CaseInput, line: Line) -> bool:
    """Does a benefit take the line where a basket is shared out?"""
    if benefit.takes is None:
        return not benefit.is_selective or line.condition in case.patient.conditions
    own = {f.name: f.held(case.patient, case.encounter, case.service_on) for f in pack.rules.declared}
    facts = {
        **settlement_facts(case.patient, case.institution, case.encounter, own),
        **line_facts(line.kind, line.catalogue_class, line.ward, line.dual_channel),
        "condition": () if line.condition is None else (line.condition,),
    }
    return any(when.matches(facts, _price_micro(line)) for when in benefit.takes)


def is_of_other_channel(benefit: Benefit, line: Line) -> bool:
    """Does all that the benefit takes go by another channel than the line?

    Drugs of dual channel have funds of their own: no sale has them paid by another one by asking for it.
    """
    channel = TRUE if line.dual_channel else FALSE
    return bool(benefit.takes) and all(
        any(fact == "dual_channel" and channel not in wanted for fact, wanted in when.tests)
        for when in benefit.takes or ()
    )


def leaves_a_channel(benefit: Benefit) -> bool:
    """Does it turn on the channel of a drug whether the benefit gets a line that asks for it?"""
    return bool(benefit.takes) and all(
        any(fact == "dual_channel" for fact, _ in when.tests) for when in benefit.takes or ()
    )


def _price_micro(line: Line) -> int:
    """The unit price, else amount / quantity; what is beyond a micro-yuan no condition can ask for."""
    if line.unit_price_micro is not None:
        return line.unit_price_micro
    return unit_price_micro(line.amount_fen, line.quantity_e4)


class Alone(StrEnum):
    """Why a line is paid by accounts and cash only."""

    ASKED = "asked"
    """A benefit would take it: it was asked for."""
    CONDITION_NOT_FILED = "condition_not_filed"
    NOTHING_FILED = "nothing_filed"
    """Only benefits for filed conditions are here, and the patient has filed none."""
    NOT_FOR_CONDITION = "not_for_condition"
    """A benefit here is for filed conditions, and nobody said that the line is for one."""
    NO_BENEFIT = "no_benefit"


class NotTaken(NamedTuple):
    """Lines that are alone for the same reason: their conditions, and the benefit that they are not for."""

    why: Alone
    conditions: tuple[str, ...]
    benefit: Benefit | None


def not_taken(pack: Pack, case: CaseInput) -> dict[NotTaken, list[Line]]:
    """The lines of a settlement without a benefit by why they have none, as far as the pack says."""
    found: dict[NotTaken, list[Line]] = {}
    people = (case.patient, case.institution, case.encounter, case.service_on)
    plans = [(each, pack.plan(each.id, *people).refusal) for each in pack.benefits]
    entered = [benefit for benefit, refusal in plans if refusal is None]
    shut = [refusal.reason for _, refusal in plans if refusal is not None]
    for line in case.lines:
        found.setdefault(_why(pack, case, line, entered, shut), []).append(line)
    return found


def _why(
    pack: Pack, case: CaseInput, line: Line, entered: Sequence[Benefit], shut: Sequence[Reason]
) -> NotTaken:
    filed = case.patient.conditions
    if any(takes(pack, benefit, case, line) for benefit in entered):
        return NotTaken(Alone.ASKED, (), None)
    if line.condition is not None and line.condition not in filed:
        return NotTaken(Alone.CONDITION_NOT_FILED, (line.condition,), None)
    by_filing = [each for each in entered if each.takes is None and each.is_selective]
    if by_filing and line.condition is None:
        return NotTaken(Alone.NOT_FOR_CONDITION, filed, by_filing[0])
    if not entered and shut and all(reason is Reason.NOT_FILED for reason in shut):
        return NotTaken(Alone.NOTHING_FILED, (), None)
    return NotTaken(Alone.NO_BENEFIT, (), None)
