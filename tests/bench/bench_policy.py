"""How many settlements a second the calculation makes, on one core.

Run ``python -m tests.bench.bench_policy``. Every figure is the median of several rounds; the
basket has eight lines, a shared class B, a payment standard, one excluded line, and two accounts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from statistics import median
from time import perf_counter
from typing import Final

from medsettle_gateway.domain.basket import CatalogueClass, Encounter, Line, LineKind
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.member import Account, Owner, Patient, Scheme, Standing
from medsettle_gateway.domain.place import Designation, Institution, InstitutionKind, Level
from medsettle_gateway.files.packs import shipped_packs
from medsettle_gateway.policy.engine import CaseInput, calculate
from medsettle_gateway.policy.overrides import load_overridden
from medsettle_gateway.policy.pack import Pack

ROUNDS: Final = 9
CALLS: Final = 5_000

OVERRIDES: Final = {
    "lines.self_pay_first": [{"when": {"kind": "drug", "class": "B"}, "share": "0.10"}],
    "benefits.general_outpatient.ratio.rows": [
        {"ratio": "0.50"},
        {"when": {"level": "primary"}, "ratio": "0.60"},
        {"when": {"standing": "retired"}, "add": "0.05"},
    ],
}


@dataclass(frozen=True, slots=True)
class Measured:
    """Calculations a second: the median of the rounds, and the slowest and fastest round."""

    name: str
    median: float
    slowest: float
    fastest: float


def benchmark_pack() -> Pack:
    """The shipped pack with a few rows of a region's own."""
    return load_overridden(shipped_packs()[0], OVERRIDES)


def benchmark_case() -> CaseInput:
    """A visit to a clinic: eight lines, part of the deductible used."""
    a, b, c = CatalogueClass
    lines = (
        Line("drug one", LineKind.DRUG, a, 3680),
        Line("drug two", LineKind.DRUG, b, 21377, 71_255_000, 30_000, 71_255_000),
        Line("drug three", LineKind.DRUG, b, 4005),
        Line("drug four", LineKind.DRUG, a, 2560, 12_800_000, 20_000, 12_500_000),
        Line("test one", LineKind.TEST, a, 18_000),
        Line("test two", LineKind.TEST, a, 3_200),
        Line("treatment", LineKind.TREATMENT, a, 9_600),
        Line("spray", LineKind.DRUG, c, 8_000),
    )
    return CaseInput(
        service_on=date(2023, 10, 10),
        patient=Patient(Scheme.EMPLOYEE, Standing.ACTIVE),
        institution=Institution(
            InstitutionKind.CLINIC,
            Level.PRIMARY,
            designations=(Designation.BASIC, Designation.POOLED_OUTPATIENT),
        ),
        encounter=Encounter("general_outpatient"),
        lines=lines,
        counters={CounterKey("2023", "general_outpatient", "deductible"): 28_000},
        accounts=(Account("1", Owner.SPOUSE, 5_000), Account("2", Owner.SELF, 20_000)),
    )


def measure(name: str, call: Callable[[], object], rounds: int = ROUNDS, calls: int = CALLS) -> Measured:
    """Call ``calls`` times in each of ``rounds`` rounds."""
    rates = []
    for _ in range(rounds):
        start = perf_counter()
        for _ in range(calls):
            call()
        rates.append(calls / (perf_counter() - start))
    return Measured(name, median(rates), min(rates), max(rates))


def main() -> None:
    """Print one line for each way of asking."""
    pack, case = benchmark_pack(), benchmark_case()

    def with_sentences() -> list[str]:
        return [step.zh + step.en for step in calculate(pack, case).trace]

    calculate(pack, case).breakdown.check()
    for measured in (
        measure("without trace", lambda: calculate(pack, case, trace=False)),
        measure("with trace", lambda: calculate(pack, case)),
        measure("with trace, sentences made", with_sentences, calls=CALLS // 5),
    ):
        spread = f"{measured.slowest:,.0f} to {measured.fastest:,.0f}"
        print(f"{measured.name:<28} {measured.median:>9,.0f} calculations/s  ({spread})")


if __name__ == "__main__":
    main()
