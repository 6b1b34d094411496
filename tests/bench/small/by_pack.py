"""The small rule set as a policy pack, which is what this gateway is given."""

from datetime import date
from functools import cache
from pathlib import Path

from medsettle_gateway.domain.basket import CatalogueClass, Encounter, Line, LineKind
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.member import Account, Owner, Patient, Scheme, Standing
from medsettle_gateway.domain.place import Institution, InstitutionKind, Level
from medsettle_gateway.files.packs import read_pack
from medsettle_gateway.policy.engine import Calculation, CaseInput, calculate
from medsettle_gateway.policy.loader import load_pack
from medsettle_gateway.policy.pack import Pack
from tests.bench.small.cases import Parts, SmallCase, SmallLine
from tests.gateway.policy.funds import fund_fen

RULES = Path(__file__).with_name("rules.yaml")
BENEFIT = "general_outpatient"
DAY = date(2023, 10, 10)
DEDUCTIBLE = CounterKey("2023", BENEFIT, "deductible")
PAID = CounterKey("2023", BENEFIT, "paid")


@cache
def pack() -> Pack:
    """Returns the compiled pack."""
    return load_pack(read_pack(RULES))


def prepared(case: SmallCase) -> CaseInput:
    """Returns the case as the engine takes it."""
    return CaseInput(
        service_on=DAY,
        patient=Patient(Scheme.EMPLOYEE, Standing(case.standing)),
        institution=Institution(InstitutionKind.CLINIC, Level(case.level)),
        encounter=Encounter(BENEFIT),
        lines=tuple(_line(index, line) for index, line in enumerate(case.lines, 1)),
        counters={DEDUCTIBLE: case.met_fen, PAID: case.paid_fen},
        accounts=(Account("1", Owner.SELF, case.balance_fen),),
    )


def _line(index: int, line: SmallLine) -> Line:
    return Line(
        f"line {index}",
        LineKind(line.kind),
        CatalogueClass(line.catalogue_class),
        line.amount_fen,
        quantity_e4=line.quantity_e4,
        ceiling_micro=line.ceiling_micro,
    )


def amounts_only(case: CaseInput) -> Calculation:
    """Returns the result without a trace."""
    return calculate(pack(), case, trace=False)


def with_trace(case: CaseInput) -> Calculation:
    """Returns the result with every step."""
    return calculate(pack(), case)


def parts(result: Calculation) -> Parts:
    """Returns who bears what."""
    breakdown = result.breakdown
    return Parts(
        breakdown.total_fen,
        breakdown.fully_self_paid_fen,
        breakdown.over_limit_fen,
        breakdown.self_pay_first_fen,
        breakdown.in_scope_fen,
        breakdown.deductible_fen,
        breakdown.over_cap_fen,
        fund_fen(breakdown, "pooled"),
        breakdown.personal_fen,
        breakdown.accounts[0].amount_fen,
        breakdown.cash_fen,
    )
