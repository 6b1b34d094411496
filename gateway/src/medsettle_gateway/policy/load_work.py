"""Reads what ``eligibility`` says of places, of those who work there, and of filings."""

from collections.abc import Mapping
from typing import Final

from medsettle_gateway.domain.filings import Area, AwayRule, LateRule, ReviewRule
from medsettle_gateway.domain.place import CardRule, InstitutionKind
from medsettle_gateway.domain.staff import CREDIT, CreditRule, CreditStep, StaffRule
from medsettle_gateway.domain.work_rules import WorkRules
from medsettle_gateway.policy.benefit import Benefit
from medsettle_gateway.policy.load_rows import read_clause
from medsettle_gateway.policy.reading import Reader, child

WORK_KEYS: Final = ("card", "prescriber", "pharmacist", "review", "out_of_area", "late")
"""The keys of ``eligibility`` that are read here."""

_ELSEWHERE: Final = (Area.FILED, Area.UNFILED, Area.EMERGENCY)
MONTHS_MOST: Final = 120


def read_work(
    reader: Reader, value: object, benefits: tuple[Benefit, ...], filing: tuple[str, ...]
) -> WorkRules:
    """Read these keys of ``eligibility``; ``benefits`` are the pack's, ``filing`` those that need one."""
    data = value if isinstance(value, Mapping) else {}
    return WorkRules(
        card=_card(reader, data.get("card")),
        prescriber=_prescriber(reader, data.get("prescriber"), benefits),
        pharmacist=_pharmacist(reader, data.get("pharmacist")),
        review=_review(reader, data.get("review"), benefits),
        out_of_area=_away(reader, data.get("out_of_area")),
        late=_late(reader, data.get("late")),
        filed=filing,
    )


def _card(reader: Reader, value: object) -> CardRule | None:
    """``{at: [pharmacy], clause: ...}``."""
    if value is None:
        return None
    path = "eligibility.card"
    data = reader.section(value, path, ("at", "clause"), ("at",))
    kinds = reader.choices(data.get("at", []), child(path, "at"), InstitutionKind)
    return CardRule(kinds, read_clause(reader, data, path, required=True))


def _prescriber(reader: Reader, value: object, benefits: tuple[Benefit, ...]) -> StaffRule:
    """``{known: true, filed_for: [...], points: {...}, clause: ...}``."""
    path = "eligibility.prescriber"
    data = reader.section({} if value is None else value, path, ("known", "filed_for", "points", "clause"))
    at, known = child(path, "filed_for"), [benefit.id for benefit in benefits]
    filed = reader.ids(data.get("filed_for", []), at)
    for each in filed:
        if each not in known:
            reader.fault(at, f"no benefit {each!r}; known: {', '.join(known)}")
    return _staff(reader, data, path, filed)


def _pharmacist(reader: Reader, value: object) -> StaffRule:
    path = "eligibility.pharmacist"
    data = reader.section({} if value is None else value, path, ("known", "points", "clause"))
    return _staff(reader, data, path, ())


def _staff(reader: Reader, data: Mapping[str, object], path: str, filed: tuple[str, ...]) -> StaffRule:
    known = reader.flag(data["known"], child(path, "known")) if "known" in data else False
    credit = _credit(reader, data.get("points"), child(path, "points"))
    return StaffRule(known, filed, credit, read_clause(reader, data, path, required=known or bool(filed)))


def _credit(reader: Reader, value: object, path: str) -> CreditRule:
    """``{of_year: 10, suspends: [{points: 4, months: 1}, ...], clause: ...}``; absent: the document's."""
    if value is None:
        return CREDIT
    data = reader.section(value, path, ("of_year", "suspends", "clause"), ("of_year", "suspends"))
    points = reader.count(data.get("of_year", 1), child(path, "of_year"))
    steps: list[CreditStep] = []
    for at, entry in reader.items(data.get("suspends", []), child(path, "suspends")):
        step = reader.section(entry, at, ("points", "months"), ("points", "months"))
        each = CreditStep(
            reader.count(step.get("points", 1), child(at, "points")),
            _months(reader, step.get("months", 1), child(at, "months")),
        )
        if each.points > points or (steps and each.points <= steps[-1].points):
            reader.fault(at, f"points rise from step to step, and none is above {points}")
        steps.append(each)
    return CreditRule(points, tuple(steps), read_clause(reader, data, path, required=True))


def _review(reader: Reader, value: object, benefits: tuple[Benefit, ...]) -> ReviewRule | None:
    """``{filed_months: 12, missed: refuse | report, clause: ...}``; its days are those of ``five_fixed``."""
    if value is None:
        return None
    path = "eligibility.review"
    data = reader.section(value, path, ("filed_months", "missed", "clause"), ("missed",))
    windows = [each.five_fixed.review for each in benefits if each.five_fixed and each.five_fixed.review]
    if not windows:
        reader.fault(path, "no benefit says when: it needs `five_fixed.review` of one")
        return None
    if len(set(windows)) > 1:
        reader.fault(path, "the benefits' `five_fixed.review` differ; there is one review")
    at = child(path, "missed")
    missed = reader.text(data.get("missed", "refuse"), at)
    if missed not in {"refuse", "report"}:
        reader.fault(at, f"expected refuse or report, got {missed!r}")
    months = _months(reader, data.get("filed_months", 12), child(path, "filed_months"))
    first, last = windows[0]
    return ReviewRule(first, last, months, missed == "refuse", read_clause(reader, data, path, required=True))


def _away(reader: Reader, value: object) -> AwayRule | None:
    """``{settles: [filed, emergency], clause: ...}``."""
    if value is None:
        return None
    path = "eligibility.out_of_area"
    data = reader.section(value, path, ("settles", "clause"), ("settles",))
    at = child(path, "settles")
    areas = reader.choices(data.get("settles", []), at, Area)
    if Area.LOCAL in areas:
        listed = ", ".join(area.value for area in _ELSEWHERE)
        reader.fault(at, f"local is never refused; name areas elsewhere: {listed}")
    return AwayRule(areas, read_clause(reader, data, path, required=True))


def _late(reader: Reader, value: object) -> LateRule | None:
    """``{months: 3, special_months: 12, clause: ...}``."""
    if value is None:
        return None
    path = "eligibility.late"
    data = reader.section(value, path, ("months", "special_months", "clause"), ("months",))
    months = _months(reader, data.get("months", 1), child(path, "months"))
    at = child(path, "special_months")
    special = _months(reader, data["special_months"], at) if "special_months" in data else months
    if special < months:
        reader.fault(at, f"special cases have no less than the {months} months of all others")
    return LateRule(months, special, read_clause(reader, data, path, required=True))


def _months(reader: Reader, value: object, path: str) -> int:
    months = reader.count(value, path)
    if months > MONTHS_MOST:
        reader.fault(path, f"expected at most {MONTHS_MOST} months, got {months}")
    return months
