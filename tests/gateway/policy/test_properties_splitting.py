"""What becomes of a basket that is settled in two, or in another order."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from medsettle_gateway.domain.basket import Dispensed, Encounter, LineKind
from medsettle_gateway.policy.engine import Calculation, calculate
from medsettle_gateway.policy.inputs import CaseInput
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.trace import Step
from tests.gateway.policy.examples import drug, visit
from tests.gateway.policy.funds import fund_fen
from tests.gateway.policy.strategies import CONDITIONS, Plain
from tests.gateway.policy.strategies_cases import World, loaded, settled_worlds
from tests.gateway.policy.strategies_draws import between
from tests.gateway.policy.strategies_packs import BENEFITS, CARE
from tests.gateway.policy.strategies_shapes import at, at_ratio, in_any_order, over_the_year, with_layers

ROUNDED = (Step.FUND, Step.LAYER)
NEVER_KINDS = (Step.EXCLUDED, Step.COVER_ENDED)


def one_after_another(pack: Pack, case: CaseInput, cut: int) -> list[Calculation]:
    """The first lines and the others, each with the counters and the drugs that the ones before left."""
    results = []
    for lines in (case.lines[:cut], case.lines[cut:]):
        if lines:
            part = structs.replace(case, lines=lines)
            result = calculate(pack, part)
            results.append(result)
            used = dict(case.counters)
            for key, delta_fen in result.deltas:
                used[key] = used.get(key, 0) + delta_fen
            drugs = (*case.dispensed, *handed_out(part, result))
            case = structs.replace(case, counters=used, dispensed=drugs)
    return results


def handed_out(case: CaseInput, result: Calculation) -> list[Dispensed]:
    """The drugs of a settlement that count in a window: those that are covered and not excluded."""
    never = {entry.line for entry in result.trace if entry.step in NEVER_KINDS}
    return [
        Dispensed(line.name, case.service_on, line.days_supply, line.condition)
        for index, line in enumerate(case.lines)
        if line.kind is LineKind.DRUG and index not in never
    ]


def bounds(whole: Calculation) -> dict[str, int]:
    """How far each fund's total may move when a basket is settled in two, in fen.

    A payment that is rounded once instead of twice moves by 1 at most, and by 1 more for what each
    rounding before it moved: the first in a chain by 1, the second by 2, and so on. A fund that
    pays several times moves by the sum of them.
    """
    found: dict[str, int] = {}
    before = 0
    for entry in whole.trace:
        if entry.step in ROUNDED:
            fund = str(dict(entry.inputs)["fund"])
            before += 1
            found[fund] = found.get(fund, 0) + before
    return found


@given(settled_worlds, st.data())
def test_a_basket_in_two_settlements_moves_a_fund_by_a_fen_for_each_rounding_up_to_it(
    world: World, data: Any
) -> None:
    """In packs where nothing is counted over one settlement (``strategies_shapes.over_the_year``)."""
    pack = loaded(over_the_year(world.data))
    whole = calculate(pack, world.case)
    parts = one_after_another(pack, world.case, between(data.draw, 1, len(world.case.lines)))
    for fund, bound_fen in bounds(whole).items():
        paid_fen = sum(fund_fen(part.breakdown, fund) for part in parts)
        assert abs(paid_fen - fund_fen(whole.breakdown, fund)) <= bound_fen
    assert sum(part.breakdown.deductible_fen for part in parts) == whole.breakdown.deductible_fen
    assert tuple(line for part in parts for line in part.breakdown.lines) == whole.breakdown.lines


def test_the_third_fund_of_a_chain_may_move_by_three_fen() -> None:
    """More than one a settlement: what the two before it are rounded away, it pays most of."""
    first = {"id": "first", "base": "in_scope_left", "ratio": at_ratio("0.01")}
    second = {"id": "second", "base": "in_scope_left", "ratio": at_ratio("0.85")}
    pack = loaded(with_layers(first, second, ratio="0.01"))
    case = visit(drug(10), drug(43), encounter=Encounter(CARE))
    whole = calculate(pack, case)
    parts = one_after_another(pack, case, 1)
    funds = [[fund_fen(part.breakdown, fund) for part in parts] for fund in ("pooled", "first", "second")]
    assert funds == [[0, 0], [0, 0], [9, 37]]
    assert [fund_fen(whole.breakdown, fund) for fund in ("pooled", "first", "second")] == [1, 1, 43]
    assert bounds(whole) == {"pooled": 1, "first": 2, "second": 3}


def watched(data: Plain) -> Plain:
    """The five fixed count over a window, and nothing else over one settlement."""
    found = over_the_year(data)
    for id_, benefit in found["benefits"].items():
        five_fixed = data["benefits"][id_].get("five_fixed")
        if five_fixed is not None:
            benefit["five_fixed"] = {**five_fixed, "window_days": five_fixed.get("window_days", 1)}
    return found


@given(settled_worlds, st.data())
def test_a_visit_in_two_settlements_evades_no_limit_of_kinds_or_days_in_the_window(
    world: World, data: Any
) -> None:
    pack = loaded(watched(world.data))
    for_conditions = tuple(
        structs.replace(line, condition=line.condition or CONDITIONS[0]) for line in world.case.lines
    )
    case = structs.replace(world.case, lines=for_conditions)
    whole = calculate(pack, case)
    parts = one_after_another(pack, case, between(data.draw, 1, len(case.lines)))
    assert tuple(line for part in parts for line in part.breakdown.lines) == whole.breakdown.lines


@given(settled_worlds, st.randoms(use_true_random=False))
def test_the_order_of_lines_changes_nothing_but_their_order(world: World, chance: Any) -> None:
    """Where neither sessions nor the five fixed count in line order, and no deductible goes to conditions."""
    pack, case = loaded(in_any_order(world.data)), world.case
    order = list(range(len(case.lines)))
    chance.shuffle(order)
    whole = calculate(pack, case, trace=False)
    lines = tuple(case.lines[index] for index in order)
    other = calculate(pack, structs.replace(case, lines=lines), trace=False)
    assert other.breakdown.lines == tuple(whole.breakdown.lines[index] for index in order)
    assert other.breakdown._replace(lines=()) == whole.breakdown._replace(lines=())
    assert dict(other.deltas) == dict(whole.deltas)


@given(settled_worlds, st.data())
def test_lines_that_differ_by_name_alone_may_change_places(world: World, data: Any) -> None:
    """What counts in line order does not tell equal lines apart; only kinds of drugs look at names."""
    case = world.case
    index = between(data.draw, 0, len(case.lines) - 1)
    twin = structs.replace(case.lines[index], name="a twin of it")
    lines = (*case.lines[: index + 1], twin, *case.lines[index + 1 :])
    turned = (*case.lines[:index], twin, *case.lines[index:])
    pack = loaded(without_kinds(world.data))
    first = calculate(pack, structs.replace(case, lines=lines), trace=False)
    second = calculate(pack, structs.replace(case, lines=turned), trace=False)
    assert first == second


def without_kinds(data: Plain) -> Plain:
    for id_ in BENEFITS:
        if "five_fixed" in data["benefits"][id_]:
            data = at(data, ("benefits", id_, "five_fixed"), None)
    return data
