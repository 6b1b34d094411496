"""Random figures, people, places and lines. Amounts stay small enough for limits to matter."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from hypothesis import strategies as st

from medsettle_gateway.domain.basket import CatalogueClass, Line, LineKind, Ward
from medsettle_gateway.domain.member import Account, Aid, Enrolment, Owner, Patient, Scheme, Standing
from medsettle_gateway.domain.money import (
    MICRO_PER_FEN,
    format_fen,
    format_ratio,
    format_unit_price,
    line_amount_fen,
)
from medsettle_gateway.domain.place import Designation, Institution, InstitutionKind, Level, Specialty
from tests.gateway.policy.strategies_draws import Draw, between, choice, flips, once_in, perhaps, some

Plain = dict[str, Any]
Known = dict[str, Sequence[Any]]
"""The facts that may be asked somewhere, with their values."""

CONDITIONS = ("hypertension", "diabetes", "gout")
NAMES = ("amlodipine", "metformin", "aspirin", "insulin", "digoxin", "zinc")
LISTS = ("township", "children")
TIERS = ("low", "high")
AREAS = ("local", "filed", "unfiled")
DAY = date(2023, 6, 1)

fens = st.integers(10_000, 2_000_000) | st.integers(10_000, 200_000) | st.integers(0, 500)
"""What a line costs and an account holds: up to 20,000 yuan."""
few_fens = st.integers(1_000, 50_000) | st.integers(0, 500)
"""What a deductible asks for and what was borne toward it: up to 500 yuan."""
many_fens = st.integers(20_000, 3_000_000) | st.integers(0, 100_000)
"""What a cap allows: up to 30,000 yuan."""
ratios_ppm = st.sampled_from([500_000, 333_333, 650_000, 900_000, 1_000_000, 0]) | st.integers(0, 1_000_000)
ratios = ratios_ppm.map(format_ratio)
prices_micro = st.integers(1_000, 300_000).map(lambda fen: fen * MICRO_PER_FEN) | st.integers(0, 9_999_999)
"""Of a unit: up to 3,000 yuan."""

VALUES = {
    "amount": few_fens.map(format_fen),
    "limit": many_fens.map(format_fen),
    "ratio": ratios,
    "share": ratios,
    "unit_price": prices_micro.map(format_unit_price),
}
CHANGES = {
    "amount": ["10.00", "-10.00"],
    "limit": ["500.00", "-500.00"],
    "ratio": ["0.05", "-0.10"],
    "share": ["0.05", "-0.10"],
    "unit_price": ["5", "-2.5"],
}


FACTS_OF_PATIENT: dict[str, Sequence[str]] = {
    "scheme": ("employee", "resident"),
    "standing": ("active", "retired", "adult"),
    "enrolment": ("pooled_and_account", "pool_only"),
    "aid": ("none", "subsistence", "destitute"),
    "condition": CONDITIONS,
}
FACTS_OF_PLACE: Known = {
    "at": ("clinic", "hospital", "pharmacy"),
    "level": ("primary", "secondary", "none"),
    "specialty": ("general", "psychiatric"),
    "designation": ("basic", "chronic"),
    "circulated": (True, False),
    "stay": (True, False),
    "prescription": ("own", "external"),
    "emergency": (True, False),
}
FACTS_OF_LINE: Known = {
    "kind": ("drug", "test", "bed"),
    "class": ("A", "B", "C"),
    "ward": ("ordinary", "intensive"),
    "dual_channel": (True, False),
}
DECLARED: Plain = {
    "tier": {"from": "patient.attributes.tier", "values": list(TIERS)},
    "age": {"from": "patient.age_on_service", "kind": "int"},
    "area": {"from": "encounter.area", "values": list(AREAS)},
    "points": {"from": "patient.attributes.points", "kind": "int"},
}


def condition(draw: Draw, known: Known, declared: Sequence[str]) -> Plain:
    """A condition of one or two facts, out of those that may be asked here."""
    asked: Plain = {}
    for name in some(draw, [*known, *declared], most=2):
        if name == "unit_price_at_least":
            asked[name] = choice(draw, ["1.00", "50", "99.999"])
        elif name in {"age", "points"}:
            asked[f"{name}_at_least"] = between(draw, 0, 70)
        else:
            values = known.get(name) or {"tier": TIERS, "area": AREAS}[name]
            several = some(draw, values)
            asked[name] = several[0] if len(several) == 1 else several
    return asked


class Rows:
    """Draws the rows of figures for a pack that declares these facts.

    ``is_open``: nobody is refused, so every figure has a row for everybody that the document gives.
    """

    def __init__(self, draw: Draw, declared: Sequence[str], *, is_open: bool) -> None:
        self.draw = draw
        self.declared = declared
        self.is_open = is_open
        self.known = {**FACTS_OF_PATIENT, **FACTS_OF_PLACE}

    def row(self, kind: str, change: str, known: Known | None = None) -> Plain:
        """One row; ``change`` is replace, none or add, ``known`` None one that always applies."""
        row: Plain = {"clause": "1"}
        if change == "none":
            row["none"] = True
        elif change == "add":
            row["add"] = choice(self.draw, CHANGES[kind])
        else:
            row["amount" if kind == "limit" else kind] = self.draw(VALUES[kind])
        if known is not None:
            row["when"] = condition(self.draw, known, self.declared)
        if not self.is_open and once_in(self.draw, 60):
            row["force"] = "assumed"
        return row

    def of(self, kind: str, known: Known | None = None, *, first: bool = True) -> list[Plain]:
        """Rows; ``first``: mostly one that always applies, else there is no rule for many."""
        known = self.known if known is None else known
        changes = ["replace", "add"] if kind == "ratio" else ["replace", "add", "none"]
        rows = []
        if first and (self.is_open or not once_in(self.draw, 40)):
            rows.append(self.row(kind, "none" if "none" in changes and once_in(self.draw, 8) else "replace"))
        for _ in range(between(self.draw, 0, 2)):
            rows.append(self.row(kind, choice(self.draw, changes) if rows else "replace", known))
        return rows

    def section(self, kind: str) -> Plain:
        """``rows``, or one row of its own."""
        if once_in(self.draw, 3):
            return {"rows": self.of(kind)}
        return self.row(kind, "none" if kind != "ratio" and once_in(self.draw, 5) else "replace")

    def gates(self, known: Known) -> list[Plain]:
        """Entries of ``who`` or ``where``."""
        return [condition(self.draw, known, self.declared) for _ in range(between(self.draw, 1, 2))]

    def closes(self, times: int) -> bool:
        """Is something put here, once in so many packs, that may refuse a settlement?"""
        return not self.is_open and once_in(self.draw, times)


birthdays = st.dates(date(1940, 1, 1), date(2020, 12, 31))
about_the_day = st.dates(date(2023, 5, 20), date(2023, 6, 3))


def patient(draw: Draw, *, is_covered: bool = False) -> Patient:
    """A person; unless ``is_covered`` the cover may end about the day."""
    attributes = []
    if flips(draw):
        attributes.append(("tier", choice(draw, TIERS)))
    if flips(draw):
        attributes.append(("points", str(between(draw, 0, 99))))
    return Patient(
        scheme=choice(draw, Scheme),
        standing=choice(draw, Standing),
        enrolment=choice(draw, [Enrolment.POOLED_AND_ACCOUNT, Enrolment.POOL_ONLY]),
        aid=choice(draw, [Aid.NONE, Aid.SUBSISTENCE, Aid.DESTITUTE]),
        conditions=tuple(some(draw, CONDITIONS, 0)),
        covered_to=None if is_covered or not once_in(draw, 8) else draw(about_the_day),
        born_on=perhaps(draw, birthdays),
        attributes=tuple(attributes),
    )


def place(draw: Draw) -> Institution:
    """An institution that is mostly designated."""
    basic, chronic = Designation.BASIC, Designation.CHRONIC
    return Institution(
        kind=choice(draw, InstitutionKind),
        level=choice(draw, [Level.PRIMARY, Level.SECONDARY, Level.NONE]),
        specialty=choice(draw, [Specialty.GENERAL, Specialty.PSYCHIATRIC]),
        designations=choice(draw, [(basic, chronic), (basic,), (chronic,)]),
    )


KINDS_OF_LINES = (LineKind.DRUG, LineKind.DRUG, LineKind.TEST, LineKind.BED, LineKind.WELLNESS)


def line(draw: Draw, *, is_sound: bool = False) -> Line:
    """A line; unless ``is_sound`` its amount is not always price times quantity."""
    quantity_e4 = choice(draw, [10_000, 20_000, 5_000, between(draw, 1, 200_000)])
    amount_fen, unit_price_micro = draw(fens), None
    if once_in(draw, 3):
        unit_price_micro = draw(prices_micro)
        amount_fen = line_amount_fen(unit_price_micro, quantity_e4)
        amount_fen += not is_sound and once_in(draw, 60)
    kind = choice(draw, KINDS_OF_LINES)
    return Line(
        name=choice(draw, NAMES),
        kind=kind,
        catalogue_class=choice(draw, CatalogueClass),
        amount_fen=amount_fen,
        unit_price_micro=unit_price_micro,
        quantity_e4=quantity_e4,
        ceiling_micro=draw(prices_micro) if once_in(draw, 4) else None,
        self_pay_share_ppm=draw(ratios_ppm) if once_in(draw, 3) else None,
        condition=choice(draw, [*CONDITIONS, *CONDITIONS, None]),
        approved=not once_in(draw, 6),
        ward=choice(draw, [Ward.ORDINARY, Ward.INTENSIVE]) if kind is LineKind.BED else None,
        class_by_list=tuple((name, choice(draw, CatalogueClass)) for name in LISTS if flips(draw)),
        days_supply=between(draw, 1, 20) if flips(draw) else None,
        dual_channel=kind is LineKind.DRUG and once_in(draw, 4),
    )


def payers(draw: Draw) -> tuple[Account, ...]:
    """Accounts of anybody, some of them empty."""
    return tuple(
        Account(f"account {number}", choice(draw, Owner), 0 if once_in(draw, 4) else draw(fens))
        for number in range(between(draw, 0, 4))
    )
