"""A stay in hospital under Chengdu's rules, with the trace: the whole case, by lines, and by packs loaded."""

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import cycle, islice
from typing import Any, Final

from msgspec import structs

from medsettle_gateway.domain.basket import CatalogueClass, Line, LineKind
from medsettle_gateway.files.packs import shipped_packs
from medsettle_gateway.files.yaml import read_yaml
from medsettle_gateway.policy.case_form import Case, read_case
from medsettle_gateway.policy.engine import CaseInput, calculate
from medsettle_gateway.policy.loader import PackSource
from medsettle_gateway.policy.overrides import load_overridden
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.registry import Packs
from tests.bench.rows import ROUNDS, Row, in_turns, percentile, repeated
from tests.e2e.blocks import ROOT

PACK: Final = "chengdu-resident"
GOLDEN: Final = ("V16", "V17")
"""Golden cases whose lines make the basket, and whose figures the pack is given: it ships without them."""
MORE: Final = (
    Line("静脉输液", LineKind.TREATMENT, CatalogueClass.A, 12_000, 120_000_000),
    Line("进口敷料", LineKind.CONSUMABLE, CatalogueClass.A, 9_000, ceiling_micro=60_000_000),
    Line("丙类药品", LineKind.DRUG, CatalogueClass.C, 8_000),
)
"""Kinds of line and figures of the item's own that the golden cases leave out."""
CALLS: Final = 1_000
LINE_COUNTS: Final = (8, 16, 32, 64, 128, 200)
REGIONS: Final = 300
REGION_FROM: Final = 700_000


def measure() -> Iterator[Row]:
    """Yields the whole case, then the cost by lines, then by packs loaded."""
    pack, case = loaded(), whole_case()
    yield from whole(pack, case)
    yield from by_lines(pack, case)
    yield from by_packs(case)


def golden(name: str) -> Case:
    """Returns a golden case of the pack."""
    [path] = (ROOT / "tests" / "cases" / PACK).glob(f"{name}-*.yaml")
    document = read_yaml(path.read_text("utf-8"), path.name)
    return read_case(document.data, path.name, document.lines)


def source(**changes: Any) -> PackSource:
    """Returns the shipped pack as plain data, with other keys in its head where given."""
    [shipped] = [each for each in shipped_packs() if each.data["pack"] == PACK]
    return PackSource(shipped.name, {**shipped.data, **changes})


def loaded(**changes: Any) -> Pack:
    """Returns the pack with the figures of the golden cases."""
    overrides: Mapping[str, object] = golden(GOLDEN[0]).overrides
    assert golden(GOLDEN[1]).overrides == overrides
    return load_overridden(source(**changes), overrides)


def whole_case() -> CaseInput:
    """Returns a stay with all lines of the golden cases and a few more."""
    one, *others = (golden(name).given for name in GOLDEN)
    lines = (*one.lines, *(line for other in others for line in other.lines), *MORE)
    return structs.replace(one, lines=lines)


def whole(pack: Pack, case: CaseInput) -> Iterator[Row]:
    """Yields how long one calculation takes."""
    seconds: list[float] = []
    for _ in range(ROUNDS * CALLS):
        started = time.perf_counter()
        calculate(pack, case)
        seconds.append(time.perf_counter() - started)
    seconds.sort()
    p50, p99 = percentile(seconds, 0.5), percentile(seconds, 0.99)
    kinds = len({line.kind for line in case.lines})
    yield Row(
        f"{len(case.lines)} lines of {kinds} kinds", 1 / p50, p50_ms=p50 * 1000, p99_ms=p99 * 1000,
        note=f"{len(calculate(pack, case).steps)} steps",
    )  # fmt: skip


def by_lines(pack: Pack, case: CaseInput) -> Iterator[Row]:
    """Yields the cost of baskets of growing size, made of the same lines over and over."""
    cases = {
        count: structs.replace(case, lines=tuple(islice(cycle(case.lines), count))) for count in LINE_COUNTS
    }
    laps = {
        str(count): repeated(partial(calculate, pack, each), CALLS * 8 // count)
        for count, each in cases.items()
    }
    rates = in_turns(laps)
    for count in LINE_COUNTS:
        rate = rates[str(count)]
        yield Row(f"{count} lines", rate, p50_ms=1000 / rate, note=f"{1e9 / rate / count:,.0f} ns a line")


def by_packs(case: CaseInput) -> Iterator[Row]:
    """Yields finding the pack and calculating, with one region's pack loaded and with many."""
    regions = [str(REGION_FROM + index) for index in range(REGIONS)]
    packs = [loaded(pack=f"{PACK}-{region}", region=region) for region in regions]
    one, many = Packs(packs[:1]), Packs(packs)
    names = {
        "find and calculate, 1 pack loaded": finding(one, case, regions[:1]),
        f"the same, {REGIONS} packs loaded": finding(many, case, regions[:1]),
        f"{REGIONS} packs loaded, another region each time": finding(many, case, regions),
    }
    rates = in_turns(names)
    first, *_ = rates.values()
    for name, rate in rates.items():
        yield Row(name, rate, None if rate == first else first, 1000 / rate)


def finding(packs: Packs, case: CaseInput, regions: list[str]) -> Callable[[], int]:
    """Returns a lap that finds the pack of each region in turn and calculates."""
    scheme, benefit, on = case.patient.scheme.value, case.encounter.benefit, case.service_on

    def run() -> int:
        for region in islice(cycle(regions), CALLS):
            calculate(packs.find(region, scheme, benefit, on), case)
        return CALLS

    run()
    return run
