"""More cover never costs the patient more: for which packs that holds, and where it does not.

It holds for a chain (``strategies_shapes.chained``): no two limits share a counter, all layers count the
same parts as in scope, and what looks at everything that is left comes last. Then a layer that gets less
pays less, but never by more than it gets less.
"""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from medsettle_gateway.domain.basket import CatalogueClass, Encounter
from medsettle_gateway.domain.money import format_fen, format_ratio
from medsettle_gateway.policy.engine import calculate
from medsettle_gateway.policy.inputs import CaseInput
from tests.gateway.policy.examples import drug, visit
from tests.gateway.policy.strategies import Plain, fens, few_fens, many_fens, ratios_ppm
from tests.gateway.policy.strategies_cases import World, loaded, settled_worlds
from tests.gateway.policy.strategies_draws import Draw, choice
from tests.gateway.policy.strategies_packs import CARE
from tests.gateway.policy.strategies_shapes import at, at_ratio, chained, with_layers

PAIRS = {
    "ratio": st.tuples(ratios_ppm, ratios_ppm).map(lambda pair: [*map(format_ratio, sorted(pair))]),
    "amount": st.tuples(few_fens, few_fens).map(lambda pair: [*map(format_fen, sorted(pair))]),
    "cap": st.tuples(many_fens, many_fens).map(lambda pair: [*map(format_fen, sorted(pair))]),
}


def personal_fen(data: Plain, case: CaseInput) -> int:
    return calculate(loaded(data), case, trace=False).breakdown.personal_fen


def figures(data: Plain, id_: str) -> list[tuple[tuple[Any, ...], str]]:
    """Where the pack has a figure for a benefit, and its key: its own and those of its layers."""
    benefit = data["benefits"][id_]
    found: list[tuple[tuple[Any, ...], str]] = [(("benefits", id_, "cap"), "amount")]
    if benefit["deductible"]["period"] != "none":
        found.append((("benefits", id_, "deductible"), "amount"))
    if "bands" in benefit["ratio"]:
        rows = range(len(benefit["ratio"]["bands"]["rows"]))
        found += [(("benefits", id_, "ratio", "bands", "rows", row), "ratio") for row in rows]
    else:
        found.append((("benefits", id_, "ratio"), "ratio"))
    for number, layer in enumerate(data["layers"]):
        if layer["id"] in benefit["layers"]:
            found += [(("layers", number, *path), key) for path, key in figures_of(layer)]
    return found


def figures_of(layer: Plain) -> list[tuple[tuple[Any, ...], str]]:
    found: list[tuple[tuple[Any, ...], str]] = [(("ratio",), "ratio")] if "ratio" in layer else []
    found += [(("parts", part), "ratio") for part in range(len(layer.get("parts", ())))]
    found += [((key,), "amount") for key in ("threshold", "leaves", "cap") if key in layer]
    found += [(("guarantee",), "share")] if "guarantee" in layer else []
    return found


def with_figure(data: Plain, path: tuple[Any, ...], key: str, value: str) -> Plain:
    """The section at the path with one row for everybody; its other keys stay as they are."""
    section: Any = data
    for step in path:
        section = section[step]
    kept = {name: each for name, each in section.items() if name not in {"rows", "none", "add", key, "force"}}
    is_listed = path[-1] in {"cap", "deductible", "threshold", "ratio"}
    row = {key: value, "clause": "1"}
    kept = {**kept, "rows": [row]} if is_listed else {**kept, **row}
    if is_listed:
        kept.pop("clause", None)
    if path[-1] in {"deductible", "threshold"} and kept.get("period") == "none":
        kept["period"] = "year"
    return at(data, path, kept)


@st.composite
def raised_figures(draw: Draw) -> tuple[Plain, Plain, CaseInput]:
    """A chain with one figure that pays less, the same with one that pays more, and a case."""
    world: World = draw(settled_worlds)
    data = chained(world.data)
    id_ = world.case.encounter.benefit
    path, key = choice(draw, figures(data, id_ if id_ in data["benefits"] else CARE))
    less, more = draw(PAIRS["cap" if path[-1] == "cap" else "amount" if key == "amount" else "ratio"])
    if path[-1] in {"deductible", "threshold", "leaves"}:
        less, more = more, less
    return with_figure(data, path, key, less), with_figure(data, path, key, more), world.case


@given(raised_figures())
def test_a_figure_that_pays_more_never_raises_the_personal_part(
    drawn: tuple[Plain, Plain, CaseInput],
) -> None:
    less, more, case = drawn
    assert personal_fen(more, case) <= personal_fen(less, case)


@given(settled_worlds, st.data())
def test_one_more_layer_never_raises_the_personal_part(world: World, data: Any) -> None:
    more = chained(world.data)
    id_ = world.case.encounter.benefit
    if id_ not in more["benefits"] or not more["benefits"][id_]["layers"]:
        return
    left_out = choice(data.draw, more["benefits"][id_]["layers"])
    kept = [layer for layer in more["benefits"][id_]["layers"] if layer != left_out]
    less = at(more, ("benefits", id_, "layers"), kept)
    assert personal_fen(more, world.case) <= personal_fen(less, world.case)


@given(settled_worlds)
def test_waiving_what_is_paid_first_never_raises_the_personal_part(world: World) -> None:
    id_ = world.case.encounter.benefit
    if id_ not in world.data["benefits"]:
        return
    data = chained(world.data)
    less = at(data, ("benefits", id_, "waives"), [])
    more = at(data, ("benefits", id_, "waives"), ["self_pay_first"])
    assert personal_fen(more, world.case) <= personal_fen(less, world.case)


@given(settled_worlds, ratios_ppm)
def test_a_smaller_share_of_an_item_never_raises_the_personal_part(world: World, share_ppm: int) -> None:
    data, case = chained(world.data), world.case
    less = tuple(
        structs.replace(line, self_pay_share_ppm=line.self_pay_share_ppm or share_ppm) for line in case.lines
    )
    more = tuple(
        structs.replace(line, self_pay_share_ppm=(line.self_pay_share_ppm or 0) // 2) for line in less
    )
    before, after = structs.replace(case, lines=less), structs.replace(case, lines=more)
    assert personal_fen(data, after) <= personal_fen(data, before)


def without_rules_in_line_order(data: Plain) -> Plain:
    """No layer, no limit per session, no five fixed: nothing that one line takes is another's loss."""
    found = chained(data)
    for benefit in found["benefits"].values():
        benefit["layers"] = []
        benefit.pop("limit_per_session", None)
        benefit.pop("five_fixed", None)
    return found


@given(settled_worlds)
def test_a_line_that_is_no_longer_excluded_never_raises_the_personal_part(world: World) -> None:
    """Not so with layers: one may pay what is out of scope and nothing of what is in scope."""
    less = without_rules_in_line_order(world.data)
    more = at(less, ("lines", "excluded"), [])
    assert personal_fen(more, world.case) <= personal_fen(less, world.case)


@given(settled_worlds, fens)
def test_a_higher_payment_standard_never_raises_the_personal_part(world: World, more_fen: int) -> None:
    data, case = without_rules_in_line_order(world.data), world.case
    higher = tuple(
        line if line.ceiling_micro is None
        else structs.replace(line, ceiling_micro=line.ceiling_micro + more_fen)
        for line in case.lines
    )
    assert personal_fen(data, structs.replace(case, lines=higher)) <= personal_fen(data, case)


def test_it_does_not_hold_where_a_layer_looks_at_all_before_one_that_looks_at_a_part() -> None:
    """What is paid out of scope first makes the next layer pay less in scope, where nobody pays after it."""
    case = visit(drug(10_000), drug(10_000, CatalogueClass.C), encounter=Encounter(CARE))
    middle = {"id": "middle", "base": "all_left", "ratio": at_ratio("0.50")}
    last = {"id": "last", "base": "out_of_scope_left", "ratio": at_ratio("1.00")}
    less, more = (
        with_layers({"id": "first", "base": "out_of_scope_left", "ratio": at_ratio(ratio)}, middle, last)
        for ratio in ("0.00", "0.50")
    )
    assert personal_fen(less, case) == 0
    assert personal_fen(more, case) == 2_500


def test_it_does_not_hold_where_a_later_layer_shares_the_counter_of_a_cap() -> None:
    """What the basic fund pays more, the first layer pays less, and the last has less room for it."""
    case = visit(drug(20_000), encounter=Encounter(CARE))
    cap = {"rows": [{"amount": "30.00", "clause": "1"}], "counters": ["annual"]}
    first = {"id": "first", "base": "in_scope_left", "ratio": at_ratio("0.90")}
    last = {"id": "last", "base": "in_scope_left", "ratio": at_ratio("1.00"), "cap": cap}
    less, more = (with_layers(first, last, ratio=ratio, cap=cap) for ratio in ("0.10", "0.20"))
    assert personal_fen(less, case) == 800
    assert personal_fen(more, case) == 1_700
