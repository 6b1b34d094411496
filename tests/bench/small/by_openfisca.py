"""The small rule set as a tax and benefit system of OpenFisca.

Lines are its persons and baskets its groups; every part is a variable, every figure a dated parameter. A
single case can be given as the dict of a test case, which is how its users write one, or as arrays, which is
how they run a population and is faster for one case too.
"""
# ruff: noqa: ANN001, ANN201, N801, N805 - variables and formulas look as OpenFisca wants them

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import chain
from typing import Any, Final

import numpy as np
from openfisca_core.entities import Entity, GroupEntity
from openfisca_core.model_api import Enum, Variable, max_, min_, where
from openfisca_core.parameters import ParameterNode
from openfisca_core.periods import DateUnit, period
from openfisca_core.simulations import Simulation, SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem

from tests.bench.small.cases import LINES, Parts, SmallCase

MONTH: Final = period("2023-10")
ALWAYS: Final = DateUnit.ETERNITY
FROM: Final = "2023-01-01"
WIDE: Final = np.int64
"""Its whole numbers are 32 bits wide; products need more."""

Line: Final = Entity("line", "lines", "A line of a ticket", "")
Basket: Final = GroupEntity("basket", "baskets", "A ticket", "", roles=[{"key": "item", "plural": "items"}])

FIGURES: Final = {
    "share_ppm": {FROM: 100_000},
    "bed_micro": {FROM: 12_000_000},
    "deductible_fen": {FROM: 30_000},
    "cap_fen": {FROM: 300_000},
    "retired_adds_ppm": {FROM: 50_000},
    "ratio_ppm": {"primary": {FROM: 600_000}, "secondary": {FROM: 550_000}, "tertiary": {FROM: 500_000}},
}


class Kind(Enum):
    drug = "drug"
    test = "test"
    treatment = "treatment"
    bed = "bed"
    wellness = "wellness"
    daily_goods = "daily goods"


class CatalogueClass(Enum):
    A = "A"
    B = "B"
    C = "C"


class Level(Enum):
    primary = "primary"
    secondary = "secondary"
    tertiary = "tertiary"


class Standing(Enum):
    active = "active"
    retired = "retired"


def variable(of: Entity, name: str, **more: object) -> type[Variable]:
    """Returns a variable that is given, or whose ``formula`` is."""
    return type(name, (Variable,), {"value_type": int, "entity": of, "definition_period": ALWAYS, **more})


def choice(of: Entity, name: str, values: type[Enum], default: Enum) -> type[Variable]:
    """Returns a given variable with one of these values."""
    return variable(of, name, value_type=Enum, possible_values=values, default_value=default)


def summed(part: str, of: str) -> type[Variable]:
    """Returns the variable of a basket that sums one of its lines."""
    return variable(Basket, part, formula=lambda basket, when: basket.sum(basket.members(of, when)))


GIVEN: Final = (
    choice(Line, "kind", Kind, Kind.drug),
    choice(Line, "catalogue_class", CatalogueClass, CatalogueClass.A),
    variable(Line, "amount"),
    variable(Line, "quantity"),
    variable(Line, "ceiling"),
    choice(Basket, "level", Level, Level.primary),
    choice(Basket, "standing", Standing, Standing.active),
    variable(Basket, "met"),
    variable(Basket, "paid"),
    variable(Basket, "balance"),
)
SUMS: Final = (
    summed("total", "amount"),
    summed("fully_self_paid", "fully"),
    summed("over_limit", "over"),
    summed("self_pay_first", "first"),
    summed("in_scope", "scope"),
)


class excluded(Variable):
    value_type, entity, definition_period = bool, Line, ALWAYS

    def formula(line, when):
        kind = line("kind", when)
        no_care = (kind == Kind.wellness) + (kind == Kind.daily_goods)
        return no_care + (line("catalogue_class", when) == CatalogueClass.C)


class kept(Variable):
    value_type, entity, definition_period = int, Line, ALWAYS

    def formula(line, when, parameters):
        amount, own = line("amount", when), line("ceiling", when)
        of_kind = where(line("kind", when) == Kind.bed, parameters(when).bed_micro, 0)
        ceiling = where(own > 0, own, of_kind).astype(WIDE)
        standard = (ceiling * line("quantity", when) + 50_000_000) // 100_000_000
        within = where(ceiling > 0, min_(amount, standard), amount)
        return where(line("excluded", when), 0, within)


class fully(Variable):
    value_type, entity, definition_period = int, Line, ALWAYS

    def formula(line, when):
        return where(line("excluded", when), line("amount", when), 0)


class over(Variable):
    value_type, entity, definition_period = int, Line, ALWAYS

    def formula(line, when):
        return where(line("excluded", when), 0, line("amount", when) - line("kept", when))


class first(Variable):
    value_type, entity, definition_period = int, Line, ALWAYS

    def formula(line, when, parameters):
        shared = (line("catalogue_class", when) == CatalogueClass.B) * (line("kind", when) == Kind.drug)
        share = where(shared, parameters(when).share_ppm, 0)
        return (line("kept", when).astype(WIDE) * share + 500_000) // 1_000_000


class scope(Variable):
    value_type, entity, definition_period = int, Line, ALWAYS

    def formula(line, when):
        return line("kept", when) - line("first", when)


class deductible(Variable):
    value_type, entity, definition_period = int, Basket, ALWAYS

    def formula(basket, when, parameters):
        unmet = max_(parameters(when).deductible_fen - basket("met", when), 0)
        return min_(basket("in_scope", when), unmet)


class computed(Variable):
    value_type, entity, definition_period = int, Basket, ALWAYS

    def formula(basket, when, parameters):
        figures = parameters(when)
        retired = basket("standing", when) == Standing.retired
        ratio = figures.ratio_ppm[basket("level", when)] + where(retired, figures.retired_adds_ppm, 0)
        above = (basket("in_scope", when) - basket("deductible", when)).astype(WIDE)
        return (above * ratio + 500_000) // 1_000_000


class pooled(Variable):
    value_type, entity, definition_period = int, Basket, ALWAYS

    def formula(basket, when, parameters):
        left = max_(parameters(when).cap_fen - basket("paid", when), 0)
        return min_(basket("computed", when), left)


class over_cap(Variable):
    value_type, entity, definition_period = int, Basket, ALWAYS

    def formula(basket, when):
        return basket("computed", when) - basket("pooled", when)


class personal(Variable):
    value_type, entity, definition_period = int, Basket, ALWAYS

    def formula(basket, when):
        return basket("total", when) - basket("pooled", when)


class account(Variable):
    value_type, entity, definition_period = int, Basket, ALWAYS

    def formula(basket, when):
        return min_(basket("balance", when), basket("personal", when))


class cash(Variable):
    value_type, entity, definition_period = int, Basket, ALWAYS

    def formula(basket, when):
        return basket("personal", when) - basket("account", when)


@cache
def system() -> TaxBenefitSystem:
    """Returns the system with all variables and parameters."""
    made = TaxBenefitSystem([Line, Basket])
    made.parameters = ParameterNode("", data=FIGURES)
    of_lines = (excluded, kept, fully, over, first, scope)
    of_baskets = (deductible, computed, pooled, over_cap, personal, account, cash)
    made.add_variables(*GIVEN, *SUMS, *of_lines, *of_baskets)
    return made


def as_test_case(case: SmallCase) -> dict[str, Any]:
    """Returns the case as the dict of a test case."""
    lines = {
        f"line {index}": {
            "kind": line.kind,
            "catalogue_class": line.catalogue_class,
            "amount": line.amount_fen,
            "quantity": line.quantity_e4,
            "ceiling": line.ceiling_micro or 0,
        }
        for index, line in enumerate(case.lines, 1)
    }
    basket = {
        "level": case.level,
        "standing": case.standing,
        "met": case.met_fen,
        "paid": case.paid_fen,
        "balance": case.balance_fen,
    }
    return {
        "lines": {name: always(facts) for name, facts in lines.items()},
        "baskets": {"basket": {"items": list(lines), **always(basket)}},
    }


def always(facts: Mapping[str, object]) -> dict[str, object]:
    """Returns facts that hold at any time, as a test case says it."""
    return {name: {"ETERNITY": value} for name, value in facts.items()}


def as_arrays(*cases: SmallCase) -> dict[str, Any]:
    """Returns the cases as one population."""
    lines = list(chain.from_iterable(case.lines for case in cases))
    return {
        "kind": Kind.encode(np.array([line.kind for line in lines])),
        "catalogue_class": CatalogueClass.encode(np.array([line.catalogue_class for line in lines])),
        "amount": whole(line.amount_fen for line in lines),
        "quantity": whole(line.quantity_e4 for line in lines),
        "ceiling": whole(line.ceiling_micro or 0 for line in lines),
        "level": Level.encode(np.array([case.level for case in cases])),
        "standing": Standing.encode(np.array([case.standing for case in cases])),
        "met": whole(case.met_fen for case in cases),
        "paid": whole(case.paid_fen for case in cases),
        "balance": whole(case.balance_fen for case in cases),
    }


def whole(numbers: Iterable[int]) -> Any:
    """Returns whole numbers as the variables hold them."""
    return np.fromiter(numbers, dtype=np.int32)


def of_test_case(situation: Mapping[str, object], *, trace: bool = False) -> Sequence[Any]:
    """Returns the parts of a test case, each as an array."""
    simulation = SimulationBuilder().build_from_entities(system(), situation)
    simulation.trace = trace
    return results(simulation)


def of_arrays(population: Mapping[str, Any], *, trace: bool = False) -> Sequence[Any]:
    """Returns the parts of a population, each as an array."""
    baskets_count = len(population["met"])
    builder = SimulationBuilder()
    builder.create_entities(system())
    builder.declare_person_entity("line", np.arange(baskets_count * LINES))
    baskets = builder.declare_entity("basket", np.arange(baskets_count))
    lines_count = baskets_count * LINES
    roles = np.zeros(lines_count, dtype=int)
    builder.join_with_persons(baskets, np.repeat(np.arange(baskets_count), LINES), roles)
    simulation = builder.build(system())
    simulation.trace = trace
    for name, values in population.items():
        simulation.set_input(name, MONTH, values)
    return results(simulation)


def results(simulation: Simulation) -> Sequence[Any]:
    """Returns all parts, each as an array over the baskets."""
    return [simulation.calculate(part, MONTH) for part in Parts._fields]


def parts(arrays: Sequence[Any]) -> list[Parts]:
    """Returns who bears what, a basket at a time."""
    return [Parts(*(int(value) for value in row)) for row in zip(*arrays, strict=True)]
