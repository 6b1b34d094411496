"""People, places, baskets and packs for the tests of the policy floor."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from hypothesis import strategies as st
from msgspec import structs

from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY, CatalogueClass, Encounter, Line, LineKind
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.member import Account, Enrolment, Owner, Patient, Scheme, Standing
from medsettle_gateway.domain.place import Designation, Institution, InstitutionKind, Level, Specialty
from medsettle_gateway.files.packs import shipped_packs
from medsettle_gateway.policy.inputs import CaseInput
from medsettle_gateway.policy.loader import PackSource, load_pack
from medsettle_gateway.policy.overrides import load_overridden
from medsettle_gateway.policy.pack import Pack

GENERAL = "general_outpatient"
DEDUCTIBLE = CounterKey("2023", GENERAL, "deductible")
PAID = CounterKey("2023", GENERAL, "paid")
DAY = date(2023, 6, 1)

EMPLOYEE = Patient(Scheme.EMPLOYEE, Standing.ACTIVE)
BOTH = (Designation.BASIC, Designation.POOLED_OUTPATIENT)
CLINIC = Institution(InstitutionKind.CLINIC, Level.PRIMARY, designations=BOTH)
PHARMACY = Institution(InstitutionKind.PHARMACY, designations=(Designation.BASIC,))
VISIT = Encounter(GENERAL)


def anshan_source() -> PackSource:
    """The shipped pack of Anshan as plain data."""
    return next(source for source in shipped_packs() if source.data["pack"] == "anshan-employee-outpatient")


def anshan(overrides: Mapping[str, Any] | None = None) -> Pack:
    """The shipped pack of Anshan, with a region's own figures if any are given."""
    source = anshan_source()
    return load_overridden(source, overrides) if overrides else load_pack(source)


def drug(amount_fen: int, catalogue_class: CatalogueClass = CatalogueClass.A, name: str = "drug") -> Line:
    return Line(name, LineKind.DRUG, catalogue_class, amount_fen)


def visit(*lines: Line, **changes: Any) -> CaseInput:
    """A visit of an employee to a clinic, changed where the test says so."""
    return structs.replace(CaseInput(DAY, EMPLOYEE, CLINIC, VISIT, lines or (drug(50_000),)), **changes)


def account(owner: Owner, balance_fen: int, name: str = "a") -> Account:
    return Account(name, owner, balance_fen)


# Random worlds. Amounts stay below 20,000 yuan so that caps and deductibles matter.

fens = st.one_of(st.integers(0, 500), st.integers(0, 2_000_000))
ratios = st.integers(0, 1_000_000).map(lambda ppm: f"{ppm / 1_000_000:.6f}")
amounts = fens.map(lambda fen: f"{fen // 100}.{fen % 100:02d}")
kinds = st.sampled_from(LineKind)
whens = st.fixed_dictionaries(
    {},
    optional={
        "level": st.sampled_from([level.value for level in Level]),
        "standing": st.sampled_from(["active", "retired", "flexible"]),
        "at": st.sampled_from(["clinic", "hospital"]),
    },
)


def _row(value: Mapping[str, Any], when: Mapping[str, Any]) -> dict[str, Any]:
    return {**value, **({"when": dict(when)} if when else {})}


def _rows(key: str, values: st.SearchStrategy[str], *, none: bool) -> st.SearchStrategy[list[dict[str, Any]]]:
    replacing: list[st.SearchStrategy[Any]] = [st.fixed_dictionaries({key: values})]
    if none:
        replacing.append(st.just({"none": True}))
    change = st.one_of(*replacing, st.fixed_dictionaries({"add": st.sampled_from(["0.05", "-0.10"])}))
    later = st.lists(st.builds(_row, change, whens), max_size=3)
    first = st.builds(_row, st.fixed_dictionaries({key: values}), st.just({}))
    return st.builds(lambda row, rows: [row, *rows], first, later)


def _share_rows() -> st.SearchStrategy[list[dict[str, Any]]]:
    when = st.fixed_dictionaries(
        {"class": st.sampled_from(["A", "B"])}, optional={"unit_price_at_least": st.just("50.00")}
    )
    return st.lists(st.builds(_row, st.fixed_dictionaries({"share": ratios}), when), max_size=3)


def _ceiling_rows() -> st.SearchStrategy[list[dict[str, Any]]]:
    when = st.fixed_dictionaries({"kind": kinds.map(lambda kind: kind.value)})
    return st.lists(st.builds(_row, st.fixed_dictionaries({"unit_price": amounts}), when), max_size=2)


overrides = st.fixed_dictionaries(
    {},
    optional={
        f"benefits.{GENERAL}.deductible.rows": _rows("amount", amounts, none=True),
        f"benefits.{GENERAL}.ratio.rows": _rows("ratio", ratios, none=False),
        f"benefits.{GENERAL}.cap.rows": _rows("amount", amounts, none=True),
        f"benefits.{GENERAL}.waives": st.sampled_from([[], ["self_pay_first"]]),
        "lines.self_pay_first": _share_rows(),
        "lines.ceilings": _ceiling_rows(),
        "lines.over_ceiling": st.sampled_from(["difference", "whole_line"]),
        "lines.excluded": st.sampled_from([[], [{"when": {"class": "C"}}], [{"when": {"kind": "test"}}]]),
        "accounts.pays": st.sampled_from(["personal", "in_scope"]),
        "accounts.owners": st.permutations(["self", "spouse", "parent", "child"]),
        "accounts.never": st.lists(kinds.map(lambda kind: kind.value), unique=True, max_size=4),
    },
)
packs = overrides.map(anshan)

patients = st.builds(
    Patient,
    scheme=st.just(Scheme.EMPLOYEE),
    standing=st.sampled_from([Standing.ACTIVE, Standing.RETIRED, Standing.FLEXIBLE]),
    enrolment=st.sampled_from([Enrolment.POOLED_AND_ACCOUNT, Enrolment.POOL_ONLY]),
)
places = st.builds(
    Institution,
    kind=st.sampled_from([InstitutionKind.CLINIC, InstitutionKind.HOSPITAL]),
    level=st.sampled_from(Level),
    specialty=st.sampled_from(Specialty),
    designations=st.just(BOTH),
)
lines = st.builds(
    Line,
    name=st.sampled_from(["one", "two", "three"]),
    kind=kinds,
    catalogue_class=st.sampled_from(CatalogueClass),
    amount_fen=fens,
    quantity_e4=st.integers(1, 200_000),
    ceiling_micro=st.none() | st.integers(0, 200_000_000),
    self_pay_share_ppm=st.none() | st.integers(0, 1_000_000),
)
baskets = st.lists(lines, min_size=1, max_size=8).map(tuple)
payers = st.lists(st.builds(Account, st.uuids().map(str), st.sampled_from(Owner), fens), max_size=5).map(
    tuple
)
cases = st.builds(
    CaseInput,
    service_on=st.just(DAY),
    patient=patients,
    institution=places,
    encounter=st.sampled_from([VISIT, VISIT, Encounter(PERSONAL_ACCOUNT_ONLY)]),
    lines=baskets,
    counters=st.fixed_dictionaries({}, optional={DEDUCTIBLE: fens, PAID: fens}),
    accounts=payers,
)
