"""A small rule set in other engines: eight lines, one case at a time, after all agreed on random cases."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Any, Final

from tests.bench.rows import Row, in_turns
from tests.bench.small import by_hand, by_pack
from tests.bench.small.cases import Parts, SmallCase, random_cases

CASES: Final = 10_000
"""Random cases on which all must agree before anything is timed."""

HAND: Final = "written out in Python for this one rule set, no trace"
AMOUNTS: Final = "this gateway, amounts only"
TRACED: Final = "this gateway, with the trace"


@dataclass(frozen=True)
class Engine:
    """One way to calculate a case: from the case as it takes it, to the parts."""

    name: str
    prepare: Callable[[SmallCase], Any]
    calculate: Callable[[Any], Any]
    parts: Callable[[Any], Parts]
    lap_count: int
    """Cases of one lap: fewer for the slower, so that each lap takes about as long."""
    traced: bool = False

    def lap(self, cases: Sequence[SmallCase]) -> Callable[[], int]:
        """Returns what is timed: every case once, already in the engine's own form."""
        prepared = [self.prepare(case) for case in cases[: self.lap_count]]
        calculate = self.calculate

        def run() -> int:
            for case in prepared:
                calculate(case)
            return len(prepared)

        return run


def own_engines() -> list[Engine]:
    """Returns what needs no other package."""
    return [
        Engine(HAND, lambda case: case, by_hand.calculate, lambda parts: parts, 10_000),
        Engine(AMOUNTS, by_pack.prepared, by_pack.amounts_only, by_pack.parts, 5_000),
        Engine(TRACED, by_pack.prepared, by_pack.with_trace, by_pack.parts, 5_000, traced=True),
    ]


def zen_engines() -> list[Engine]:
    """Returns zen-engine's decisions."""
    from tests.bench.small import by_zen

    engines = []
    ways = (
        ("a table a list", by_zen.tables()),
        ("one merged table", by_zen.merged()),
        ("formulas", by_zen.formulas()),
    )
    for name, decision in ways:
        plain, prepare, parts = decision.evaluate, by_zen.prepared, by_zen.parts
        traced = partial(_with, plain, by_zen.TRACED)
        engines += [
            Engine(f"zen-engine, {name}, no trace", prepare, plain, parts, 500),
            Engine(f"zen-engine, {name}, its trace", prepare, traced, parts, 500, traced=True),
        ]
    return engines


def _with(evaluate: Callable[[Any, Any], Any], options: object, case: object) -> object:
    return evaluate(case, options)


def openfisca_engines() -> list[Engine]:
    """Returns OpenFisca's two ways to be given one case."""
    from tests.bench.small import by_openfisca as fisca

    def only(arrays: Sequence[Any]) -> Parts:
        [parts] = fisca.parts(arrays)
        return parts

    ways = (
        ("a test case", fisca.as_test_case, fisca.of_test_case),
        ("arrays", fisca.as_arrays, fisca.of_arrays),
    )
    return [
        Engine(f"openfisca-core, {name}, {told}", prepare, partial(run, trace=trace), only, 150, trace)
        for name, prepare, run in ways
        for told, trace in (("no trace", False), ("its trace", True))
    ]


def measure() -> Iterator[Row]:
    """Yields each engine's rate, and how many times as fast this gateway is."""
    absent = [name for name in ("zen", "openfisca_core") if find_spec(name) is None]
    if absent:
        yield Row(f"left out: {', '.join(absent)} not installed; the `bench` extra has them")
        return
    cases = random_cases(CASES)
    others = [*zen_engines(), *openfisca_engines()]
    engines = [*own_engines(), *others]
    for engine in engines:
        check(engine, cases)
    yield Row(f"{len(engines)} ways to calculate agree to the fen on each of {len(cases):,} random cases")
    rates = in_turns({engine.name: engine.lap(cases) for engine in engines} | at_once(cases))
    yield Row(HAND, rates[HAND])
    yield Row(AMOUNTS, rates[AMOUNTS])
    yield Row(TRACED, rates[TRACED])
    for engine in others:
        yield Row(engine.name, rates[engine.name], note=times(engine, rates))
    for name in at_once(cases):
        yield Row(name, rates[name])


def times(engine: Engine, rates: dict[str, float]) -> str:
    """Returns how many times as fast this gateway is, with as much told."""
    rate = rates[engine.name]
    traced = f"{rates[TRACED] / rate:.1f} times"
    if engine.traced:
        return f"this gateway: {traced}"
    return f"this gateway: {rates[AMOUNTS] / rate:.1f} times, with its trace {traced}"


def check(engine: Engine, cases: Sequence[SmallCase]) -> None:
    """Raises AssertionError for the first case in which the engine and the rules by hand differ."""
    for case in cases:
        found, expected = engine.parts(engine.calculate(engine.prepare(case))), by_hand.calculate(case)
        assert found == expected, f"{engine.name}: {found} is not {expected} for {case}"


def at_once(cases: Sequence[SmallCase]) -> dict[str, Callable[[], int]]:
    """Returns OpenFisca's lap over all cases as one population, checked: what it is made for."""
    from tests.bench.small import by_openfisca as fisca

    population = fisca.as_arrays(*cases)
    found = fisca.parts(fisca.of_arrays(population))
    assert found == [by_hand.calculate(case) for case in cases]

    def run() -> int:
        fisca.of_arrays(population)
        return len(cases)

    return {f"openfisca-core, {len(cases):,} cases at once as arrays, no trace": run}
