"""Which version of the pack, and which year, decides what of a settlement.

Without a stay, or without a rule for stays, the day of the settlement decides everything. A stay may
take its deductible by the day of admission and its cap by that of discharge; its lines follow the
version in force on their own day.
"""

from collections.abc import Sequence
from dataclasses import replace
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
from medsettle_gateway.policy.plan import Plan, assumed, no_rule
from medsettle_gateway.policy.rows import Resolved

_new: Final = tuple.__new__


class Dated(NamedTuple):
    """The plan that decides, the deductible, and the line rules of each line's own day.

    ``tables`` has one for every line, or one for all. ``line_packs`` are the packs behind them where
    there are several. ``refusal`` is a day of the stay on which no version is in force; ``missing`` a
    deductible without a rule in its version, ``assumed`` one that the document does not give.
    """

    plan: Plan
    periods: Periods
    deductible: Resolved | None
    tables: tuple[LineTable, ...]
    line_packs: tuple[Pack, ...]
    refusal: Refusal | None
    missing: Refusal | None
    assumed: Refusal | None

    @classmethod
    def of(cls, pack: Pack, case: CaseInput, versions: Sequence[Pack] = ()) -> "Dated":
        """Choose for a case; ``pack`` is the version in force on the day of the settlement."""
        encounter, on = case.encounter, case.service_on
        plan = _plan(pack, case)
        if encounter.admitted is None:
            periods = periods_in(on.year)
            return _new(cls, (plan, periods, plan.deductible, (plan.lines,), (), None, None, None))
        benefit = plan.benefit
        stay = None if benefit is None else benefit.stay
        periods = periods_at(benefit, encounter, on)
        if stay is None:
            return cls(plan, periods, plan.deductible, (plan.lines,), (), None, None, None)
        known = versions or (pack,)
        capped = _in_force(known, encounter.admitted) if stay.cap_by is By.ADMITTED else pack
        charged = _in_force(known, encounter.admitted) if stay.deductible_by is By.ADMITTED else pack
        days = [line.service_on or on for line in case.lines]
        packs = [_in_force(known, day) for day in days]
        for day, found in zip([encounter.admitted, *days], [charged and capped, *packs], strict=True):
            if found is None:
                refusal = _not_in_force(pack, day)
                return cls(plan, periods, plan.deductible, (plan.lines,), (), refusal, None, None)
        return cls._over(pack, case, plan, (charged, capped), packs)

    @classmethod
    def _over(
        cls,
        pack: Pack,
        case: CaseInput,
        plan: Plan,
        ends: tuple[Pack | None, Pack | None],
        packs: Sequence[Pack | None],
    ) -> "Dated":
        charged, capped = ends
        deciding = plan if capped is None or capped is pack else _plan(capped, case)
        figures = plan if charged is None or charged is pack else _plan(charged, case)
        if deciding.refusal is None and plan.refusal is not None:
            deciding = replace(deciding, refusal=plan.refusal)
        missing = late = None
        if figures.benefit is not None and figures.benefit.has_deductible and figures.deductible is None:
            missing = no_rule(pack.id, figures.benefit.deductible.figure, figures.facts)
        elif figures.benefit is None:
            detail = {"pack": pack.id, "benefit": case.encounter.benefit}
            missing = Refusal(Reason.BENEFIT_UNKNOWN, detail)
        if figures.deductible is not None and figures.deductible.assumed is not None:
            late = assumed(pack.id, figures.deductible.assumed)
        of_lines = [each for each in packs if each is not None]
        if all(each is pack for each in of_lines):
            tables: tuple[LineTable, ...] = (plan.lines,)
            of_lines = []
        else:
            tables = tuple(_plan(each, case).lines for each in of_lines)
        periods = periods_at(deciding.benefit, case.encounter, case.service_on)
        return cls(deciding, periods, figures.deductible, tables, tuple(of_lines), None, missing, late)


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
