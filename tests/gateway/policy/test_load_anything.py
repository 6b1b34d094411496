"""Whatever stands in a file, it loads or is refused with its mistakes; nothing else ever happens."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from medsettle_gateway.policy.floors import breaches
from medsettle_gateway.policy.loader import PackSource, load_pack
from medsettle_gateway.policy.overrides import load_overridden
from medsettle_gateway.policy.reading import Fault, Invalid
from medsettle_gateway.policy.registry import Packs
from tests.gateway.policy.whole_pack import whole_source

WHOLE = whole_source()
SHIPPED = load_pack(WHOLE)

Way = tuple[str | int, ...]


def ways(data: object, way: Way = ()) -> Iterator[Way]:
    """Every place of plain data, the whole left out."""
    steps: Any = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for step, below in steps:
        yield (*way, step)
        yield from ways(below, (*way, step))


places = st.sampled_from([*ways(WHOLE.data)])
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 100),
    st.sampled_from(
        ["", " ", "x", "0.50", "1.00", "-1.00", "none", "year", "stay", "personal", "2024-02-30", "06-01"]
    ),
    st.floats(allow_nan=False),
)
keys = st.sampled_from(
    [
        "none", "rows", "bands", "amount", "ratio", "share", "when", "add", "clause", "id", "of", "base",
        "parts", "guarantee", "leaves", "age", "age_at_least", "tier", "1", "from", "values", "kind",
    ]
)  # fmt: skip
junk = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=6,
)
parts_of_it = places.map(lambda way: copy.deepcopy(at(WHOLE.data, way)))
values = st.one_of(junk, parts_of_it)


def at(data: Any, way: Way) -> Any:
    for step in way:
        data = data[step]
    return data


def mistakes(attempt: Callable[[], object]) -> tuple[Fault, ...]:
    """What is said of it; nothing else may be raised."""
    try:
        attempt()
    except Invalid as invalid:
        return invalid.faults or (Fault(0, "", ""),)
    return ()


@given(st.lists(st.tuples(places, values), min_size=1, max_size=3))
def test_a_pack_with_anything_anywhere_loads_or_names_its_mistakes(changes: list[tuple[Way, Any]]) -> None:
    data: Any = copy.deepcopy(WHOLE.data)
    for way, value in changes:
        try:
            at(data, way[:-1])[way[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away
    source = PackSource(WHOLE.name, data, WHOLE.lines)
    assert all(fault.message for fault in mistakes(lambda: load_pack(source)))


@given(st.lists(st.tuples(places, values), min_size=1, max_size=3))
def test_overrides_with_anything_are_compared_or_named(changes: list[tuple[Way, Any]]) -> None:
    overrides = {".".join(map(str, way)): value for way, value in changes}

    def compare() -> None:
        for breach in breaches(SHIPPED, load_overridden(WHOLE, overrides)):
            assert breach.bound != breach.got

    assert all(fault.message for fault in mistakes(compare))


@given(places, values)
def test_an_overlay_with_anything_lies_over_its_pack_or_is_named(way: Way, value: Any) -> None:
    sections: Any = value
    for step in reversed(way):
        sections = {str(step): sections}
    head = {
        "overlay": "local", "pack": "whole", "author": "a", "date": "2024-01-01", "authority": "b",
        "effective": {"from": "2024-01-01", "to": None},
    }  # fmt: skip
    source = whole_source({"supersedes": None})

    def lay() -> None:
        packs = Packs.load([source], [PackSource("local.yaml", {**head, **sections})])
        assert any(pack.overlay is not None for pack in packs)

    assert all(fault.message for fault in mistakes(lay))
