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
from medsettle_gateway.policy.benefit import By, StayRule
from medsettle_gateway.policy.counting import periods_at, periods_in
from medsettle_gateway.policy.fund import Periods
from medsettle_gateway.policy.inputs import CaseInput
from medsettle_gateway.policy.line_rules import LineTable
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.plan import Plan

_new: Final = tuple.__new__


class Dated(NamedTuple):
    """The plan that decides, the one that gives the deductible, and the line rules of each line's own day.

    ``tables`` has one for every line, or one for all. ``line_packs`` are the packs behind them where a line
    follows another version than ``pack``. ``refusal`` is a day of the stay on which no version is in force,
    or a version at admission that does not have the benefit.
    """

    plan: Plan
    charged: Plan
    periods: Periods
    tables: tuple[LineTable, ...]
    refusal: Refusal | None
    pack: Pack
    line_packs: tuple[Pack, ...]

    @classmethod
    def of(cls, pack: Pack, case: CaseInput, versions: Sequence[Pack] = ()) -> "Dated":
        """Choose for a case; ``pack`` is the version in force on the day of the settlement.

        Its rule for stays, and no other version's, says which day decides what.
        """
        encounter, on = case.encounter, case.service_on
        plan = _plan(pack, case, on)
        if encounter.admitted is None and not case.orders:
            return _new(cls, (plan, plan, periods_in(on.year), (plan.lines,), None, pack, ()))
        benefit = plan.benefit
        whole = cls(plan, plan, periods_at(benefit, encounter, on), (plan.lines,), None, pack, ())
        if plan.refusal is not None:
            return whole
        stay = None if benefit is None or encounter.admitted is None else benefit.stay
        if stay is None:
            return _with_lines(whole, case, [pack] * len(case.lines))
        return whole._over(case, stay, versions or (pack,))

    def _over(self, case: CaseInput, stay: StayRule, known: Sequence[Pack]) -> "Dated":
        """A stay under a rule for stays: each end and each line by its own day."""
        begins = case.encounter.admitted or case.service_on
        by_admission = [each is By.ADMITTED for each in (stay.deductible_by, stay.cap_by)]
        first = _in_force(known, begins) if any(by_admission) else self.pack
        of_lines = [_in_force(known, case.day_of(line)) for line in case.lines]
        days = [begins, *map(case.day_of, case.lines)]
        for day, found in zip(days, [first, *of_lines], strict=True):
            if found is None:
                return self._replace(refusal=_not_in_force(self.pack, day))
        earlier = self.plan if first is None else _plan(first, case, case.service_on)
        charged, deciding = (earlier if asked else self.plan for asked in by_admission)
        if earlier.benefit is None:
            return self._replace(refusal=_unknown(first or self.pack, case))
        chosen = self._replace(plan=deciding, charged=charged)
        return _with_lines(chosen, case, [each or self.pack for each in of_lines])


def _with_lines(dated: Dated, case: CaseInput, packs: Sequence[Pack]) -> Dated:
    """The line rules of each line's version and day; one table where all are those of the settlement."""
    if not case.orders and all(pack is dated.pack for pack in packs):
        return dated
    plans = [_plan(pack, case, case.day_of(line)) for pack, line in zip(packs, case.lines, strict=True)]
    own = _plan(dated.pack, case, case.service_on)
    if all(plan is own for plan in plans):
        return dated._replace(tables=(own.lines,))
    others = () if all(pack is dated.pack for pack in packs) else tuple(packs)
    return dated._replace(tables=tuple(plan.lines for plan in plans), line_packs=others)


def _plan(pack: Pack, case: CaseInput, day: date) -> Plan:
    """The rules of a version, with what the orders lift on a day."""
    waives = case.waives_on(day) if case.orders else ()
    return pack.plan(
        case.encounter.benefit, case.patient, case.institution, case.encounter, case.service_on, waives
    )


def _in_force(versions: Sequence[Pack], day: date) -> Pack | None:
    """The version that decides on a day: of several that overlap, the one known last."""
    if len(versions) == 1:
        return versions[0] if versions[0].in_force(day) else None
    found = [pack for pack in versions if pack.in_force(day)]
    return max(found, key=lambda pack: pack.known_from) if found else None


def _not_in_force(pack: Pack, day: date) -> Refusal:
    return Refusal(Reason.PACK_NOT_IN_FORCE, {"pack": pack.id, "date": day.isoformat()})


def _unknown(pack: Pack, case: CaseInput) -> Refusal:
    return Refusal(Reason.BENEFIT_UNKNOWN, {"pack": pack.id, "benefit": case.encounter.benefit})
