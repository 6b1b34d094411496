"""Facts, conditions and figures, read from the plain data of a pack. Money is a Fraction of a yuan.

Nothing here comes from the calculation that it is held against: it follows FORMAT.md line by line,
slowly, and has no other aim than to be easy to believe.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from medsettle_gateway.policy.inputs import CaseInput

Plain = Mapping[str, Any]
Facts = Mapping[str, frozenset[str]]

ZERO, ONE = Fraction(0), Fraction(1)
AMOUNT, LIMIT, RATIO, SHARE, UNIT_PRICE = "amount", "limit", "ratio", "share", "unit_price"


class Declined(Exception):  # noqa: N818 - a refusal is an answer
    """The settlement is refused; ``code`` is its reason."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Found:
    """A figure: its value (None is no limit), and whether the document does not give it."""

    value: Fraction | None
    assumed: bool


def rounded(amount: Fraction) -> Fraction:
    """Half-up to the fen; no amount here is negative."""
    return Fraction((amount * 100 + Fraction(1, 2)).__floor__(), 100)


def facts_of(data: Plain, case: CaseInput) -> dict[str, frozenset[str]]:
    """The facts of a settlement as texts."""
    patient, place, encounter = case.patient, case.institution, case.encounter
    facts = {
        "scheme": one(patient.scheme.value),
        "standing": one(patient.standing.value),
        "enrolment": one(patient.enrolment.value),
        "aid": one(patient.aid.value),
        "condition": frozenset(patient.conditions),
        "at": one(place.kind.value),
        "level": one(place.level.value),
        "specialty": one(place.specialty.value),
        "designation": frozenset(held.value for held in place.designations),
        "stay": one(_text(encounter.admitted is not None)),
        "prescription": one(encounter.prescription.value),
        "circulated": one(_text(encounter.circulated)),
        "emergency": one(_text(encounter.emergency)),
    }
    for name, declared in (data.get("facts") or {}).items():
        facts[name] = _declared(declared["from"], case)
    return facts


def one(value: str) -> frozenset[str]:
    return frozenset((value,))


def matches(when: Plain, facts: Facts, price: Fraction | None = None) -> bool:
    """Every fact named must match; a list means "one of"."""
    for key, wanted in when.items():
        if key == "clause":
            continue
        if key == "unit_price_at_least":
            if price is None or price < Fraction(wanted):
                return False
        elif key.endswith("_at_least") and key not in facts:
            held = facts[key.removesuffix("_at_least")]
            if not any(value.isdecimal() and int(value) >= int(wanted) for value in held):
                return False
        elif not facts[key] & wanted_of(wanted):
            return False
    return True


def wanted_of(value: Any) -> frozenset[str]:
    return frozenset(map(_text, value if isinstance(value, list | tuple) else [value]))


def figure(rows: Iterable[Plain], kind: str, facts: Facts, price: Fraction | None = None) -> Found | None:
    """The figure that a list of rows gives; None where no row applies."""
    key = AMOUNT if kind == LIMIT else kind
    highest = ONE if kind in {RATIO, SHARE} else None
    found = False
    is_none = assumed = False
    value: Fraction | None = None
    for row in rows:
        if not matches(row.get("when") or {}, facts, price):
            continue
        marked = row.get("force") == "assumed"
        if key in row:
            found, is_none, assumed, value = True, False, marked, Fraction(row[key])
        elif row.get("none"):
            found, is_none, assumed = True, True, marked
            value = None if kind in {LIMIT, UNIT_PRICE} else ZERO
        elif found and not is_none and value is not None:
            value = max(ZERO, value + Fraction(row["add"]))
            value = value if highest is None else min(value, highest)
            assumed = assumed or marked
    return Found(value, assumed) if found else None


def in_section(section: Plain, kind: str, facts: Facts) -> Found | None:
    """The figure of a section that writes it as ``rows``, or as one row of its own."""
    if "rows" in section:
        return figure(section["rows"] or (), kind, facts)
    key = AMOUNT if kind == LIMIT else kind
    if key in section or "none" in section:
        row = {name: section[name] for name in (key, "none", "force") if name in section}
        return figure([row], kind, facts)
    return None


def _declared(source: str, case: CaseInput) -> frozenset[str]:
    if source == "encounter.area":
        return one(case.encounter.area) if case.encounter.area else frozenset()
    if source == "patient.age_on_service":
        born, day = case.patient.born_on, case.service_on
        if born is None:
            return frozenset()
        had_birthday = (day.month, day.day) >= (born.month, born.day)
        return one(str(day.year - born.year if had_birthday else day.year - born.year - 1))
    name = source.removeprefix("patient.attributes.")
    return frozenset(value for key, value in case.patient.attributes if key == name)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
