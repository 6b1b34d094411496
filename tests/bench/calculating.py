"""The calculation alone: a basket of eight lines under Anshan's rules, with a few rows of a region's own."""

from collections.abc import Iterator
from datetime import date
from typing import Final

from medsettle_gateway.domain.basket import CatalogueClass, Encounter, Line, LineKind
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.member import Account, Owner, Patient, Scheme, Standing
from medsettle_gateway.domain.place import Designation, Institution, InstitutionKind, Level
from medsettle_gateway.files.packs import shipped_packs
from medsettle_gateway.policy.engine import CaseInput, calculate
from medsettle_gateway.policy.overrides import load_overridden
from medsettle_gateway.supervision.watch import found
from tests.bench.rows import Row, in_turns, repeated
from tests.gateway.supervision.counter import EVERY, before, line, own_account, sale

CALCULATIONS: Final = 4_000
PACK: Final = "anshan-employee-outpatient"
OWN_ROWS: Final = {
    "lines.self_pay_first": [{"when": {"kind": "drug", "class": "B"}, "share": "0.10"}],
    "benefits.general_outpatient.ratio.rows": [
        {"ratio": "0.50"},
        {"when": {"level": "primary"}, "ratio": "0.60"},
        {"when": {"standing": "retired"}, "add": "0.05"},
    ],
}
A, B, C = CatalogueClass
EIGHT_LINES: Final = CaseInput(
    service_on=date(2023, 10, 10),
    patient=Patient(Scheme.EMPLOYEE, Standing.ACTIVE),
    institution=Institution(
        InstitutionKind.CLINIC,
        Level.PRIMARY,
        designations=(Designation.BASIC, Designation.POOLED_OUTPATIENT),
    ),
    encounter=Encounter("general_outpatient"),
    lines=(
        Line("drug one", LineKind.DRUG, A, 3_680),
        Line("drug two", LineKind.DRUG, B, 21_377, 71_255_000, 30_000, 71_255_000),
        Line("drug three", LineKind.DRUG, B, 4_005),
        Line("drug four", LineKind.DRUG, A, 2_560, 12_800_000, 20_000, 12_500_000),
        Line("test one", LineKind.TEST, A, 18_000),
        Line("test two", LineKind.TEST, A, 3_200),
        Line("treatment", LineKind.TREATMENT, A, 9_600),
        Line("spray", LineKind.DRUG, C, 8_000),
    ),
    counters={CounterKey("2023", "general_outpatient", "deductible"): 28_000},
    accounts=(Account("1", Owner.SPOUSE, 5_000), Account("2", Owner.SELF, 20_000)),
)
WATCHED: Final = sale(
    *(line(number, f"drug {number}", days_supply=14, prescription="rx") for number in range(8)),
    history=tuple(before(3 * days, f"drug {days % 9}") for days in range(20)), **own_account(10_000, 90_000),
)


def measure() -> Iterator[Row]:
    """Yields calculations a second: amounts only, with the trace, and with its sentences made; and looks."""
    [source] = [source for source in shipped_packs() if source.data["pack"] == PACK]
    pack = load_overridden(source, OWN_ROWS)

    def amounts() -> object:
        return calculate(pack, EIGHT_LINES, trace=False)

    def traced() -> object:
        return calculate(pack, EIGHT_LINES)

    def told() -> object:
        return [step.sentences for step in calculate(pack, EIGHT_LINES).trace]

    def watched() -> object:
        return found(WATCHED, EVERY)

    rates = in_turns({
        "eight lines, amounts only": repeated(amounts, CALCULATIONS),
        "eight lines with the trace": repeated(traced, CALCULATIONS),
        "eight lines with the trace in both languages": repeated(told, CALCULATIONS),
        "eight lines under all rules of supervision": repeated(watched, CALCULATIONS),
    })  # fmt: skip
    (name, plain), *others = rates.items()
    yield Row(name, plain)
    for name, rate in others:
        yield Row(name, rate, plain)
