"""Which version of the pack, and which year, decides what of a settlement.

Without a stay, or without a rule for stays, the day of the settlement decides everything. A stay may
take its deductible by the day of admission and its cap by that of discharge; its lines follow the
version in force on their own day.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.policy.benefit import By
from medsettle_gateway.policy.counting import periods_at, periods_in
from medsettle_gateway.policy.fund import Periods
from medsettle_gateway.policy.inputs import CaseInput
from medsettle_gateway.policy.line_rules import LineTable
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.plan import Plan

_new: Final = tuple.__new__


class Dated(NamedTuple):
    """The plan that decides, the one that gives the deductible, and the line rules of each line's own day.

    ``tables`` has one for every line, or one for all. ``line_packs`` are the packs behind them where
    there are several. ``refusal`` is a day of the stay on which no version is in force, or a version at
    admission that does not have the benefit.
    """

    plan: Plan
    charged: Plan
    periods: Periods
    tables: tuple[LineTable, ...]
    line_packs: tuple[Pack, ...]
    refusal: Refusal | None

    @classmethod
    def of(cls, pack: Pack, case: CaseInput, versions: Sequence[Pack] = ()) -> "Dated":
        """Choose for a case; ``pack`` is the version in force on the day of the settlement.

        Its rule for stays, and no other version's, says which day decides what.
        """
        encounter, on = case.encounter, case.service_on
        plan = _plan(pack, case)
        if encounter.admitted is None:
            return _new(cls, (plan, plan, periods_in(on.year), (plan.lines,), (), None))
        benefit = plan.benefit
        stay = None if benefit is None else benefit.stay
        periods = periods_at(benefit, encounter, on)
        whole = cls(plan, plan, periods, (plan.lines,), (), None)
        if stay is None or plan.refusal is not None:
            return whole
        known = versions or (pack,)
        begins = encounter.admitted
        days = [begins] if By.ADMITTED in (stay.deductible_by, stay.cap_by) else []
        days += [line.service_on or on for line in case.lines]
        packs = [(day, _in_force(known, day)) for day in days]
        absent = next((day for day, found in packs if found is None), None)
        if absent is not None:
            return whole._replace(refusal=_not_in_force(pack, absent))
        of_lines = [found for _, found in packs[-len(case.lines) :] if found is not None]
        first = _in_force(known, begins) or pack
        deciding = _plan(first, case) if stay.cap_by is By.ADMITTED else plan
        charged = _plan(first, case) if stay.deductible_by is By.ADMITTED else plan
        if deciding.benefit is None or charged.benefit is None:
            return whole._replace(refusal=_unknown(first, case))
        if all(each is pack for each in of_lines):
            return cls(deciding, charged, periods, (plan.lines,), (), None)
        tables = tuple(_plan(each, case).lines for each in of_lines)
        return cls(deciding, charged, periods, tables, tuple(of_lines), None)


def _plan(pack: Pack, case: CaseInput) -> Plan:
    waives = () if case.order is None else case.order.waives
    return pack.plan(
        case.encounter.benefit, case.patient, case.institution, case.encounter, case.service_on, waives
    )


def _in_force(versions: Sequence[Pack], day: date) -> Pack | None:
    """The version that decides on a day: of several that overlap, the one known last."""
    found = [pack for pack in versions if pack.in_force(day)]
    return max(found, key=lambda pack: pack.known_from) if found else None


def _not_in_force(pack: Pack, day: date) -> Refusal:
    return Refusal(Reason.PACK_NOT_IN_FORCE, {"pack": pack.id, "date": day.isoformat()})


def _unknown(pack: Pack, case: CaseInput) -> Refusal:
    return Refusal(Reason.BENEFIT_UNKNOWN, {"pack": pack.id, "benefit": case.encounter.benefit})
