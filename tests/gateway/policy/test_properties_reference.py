"""The calculation agrees, to the fen, with a second one that was written from the documents alone.

More worlds than for other properties; ``HYPOTHESIS_PROFILE=explore`` tries thousands.
"""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY
from medsettle_gateway.domain.errors import Refused
from medsettle_gateway.files.packs import read_text, shipped_packs
from medsettle_gateway.files.yaml import read_yaml
from medsettle_gateway.policy.assigning import Portion, calculate_portions, share_out
from medsettle_gateway.policy.case_expect import SUMS
from medsettle_gateway.policy.case_form import Case, read_case
from medsettle_gateway.policy.engine import calculate
from medsettle_gateway.policy.inputs import Calculation
from medsettle_gateway.policy.overrides import apply_overrides
from tests.gateway.policy.reference.settling import Answer, settled
from tests.gateway.policy.reference.sharing import settled_in_turn, shared_out
from tests.gateway.policy.strategies_cases import Region, World, regions, worlds, worlds_of_versions

PACKS = {str(source.data["pack"]): source for source in shipped_packs()}
TRIED = settings().max_examples
BOUNDS = (Reason.POLICY_FLOOR, Reason.POLICY_CEILING)


def calculated(world: World) -> Answer:
    """What the calculation says."""
    try:
        result = calculate(world.pack, world.case, versions=world.packs)
    except Refused as refused:
        return Answer(refused.reason.value)
    return in_its_form(result)


def in_its_form(result: Calculation) -> Answer:
    """A result in the form of the reference."""
    breakdown = result.breakdown
    return Answer(
        sums=breakdown[:8],
        lines=tuple(tuple(line) for line in breakdown.lines),
        funds={share.fund: share.amount_fen for share in breakdown.funds},
        afterwards={share.fund: share.amount_fen for share in breakdown.afterwards},
        personal=breakdown.personal_fen,
        accounts=tuple((share.account, share.amount_fen) for share in breakdown.accounts),
        cash=breakdown.cash_fen,
        deltas=dict(result.deltas),
        raised=tuple(each.id for each in result.raised),
    )


@settings(max_examples=8 * TRIED)
@given(worlds())
def test_two_calculations_agree_on_any_pack_and_case(world: World) -> None:
    assert calculated(world) == settled(world.data, world.case)


@settings(max_examples=3 * TRIED)
@given(worlds_of_versions())
def test_two_calculations_agree_on_a_stay_that_crosses_from_one_version_into_the_next(world: World) -> None:
    assert calculated(world) == settled(world.data, world.case, world.versions)


@settings(max_examples=3 * TRIED)
@given(regions())
def test_two_calculations_share_a_basket_out_alike(region: Region) -> None:
    portions = share_out(region.packs, region.case)
    rest = next((each.pack.id for each in portions if each.benefit == PERSONAL_ACCOUNT_ONLY), "")
    for_account = next((data for data in region.data if data["pack"] == rest), region.data[0])
    shares = shared_out(region.data, region.case, for_account)
    assert [(each.pack.id, each.benefit, each.lines) for each in portions] == [
        (pack["pack"], benefit, lines) for pack, benefit, lines in shares
    ]
    assert calculated_in_turn(region, portions) == settled_in_turn(shares, region.case)


def calculated_in_turn(region: Region, portions: Sequence[Portion]) -> list[Answer]:
    by_id = {pack.id: (pack,) for pack in region.packs}
    try:
        parts = calculate_portions(portions, region.case, lambda id_: by_id[id_])
    except Refused as refused:
        return [Answer(refused.reason.value)]
    return [in_its_form(part.calculation) for part in parts]


def worked_examples() -> list[Case]:
    """The cases that one settlement under one version decides, and no bound of a document."""
    found = []
    for path in sorted((Path(__file__).parents[2] / "cases").rglob("*.yaml")):
        document = read_yaml(read_text(path), path.name)
        case = read_case(document.data, path.name, document.lines)
        if not case.assigned and case.expect.refused not in BOUNDS:
            found.append(case)
    return found


@pytest.mark.parametrize("case", worked_examples(), ids=lambda case: case.name)
def test_the_second_calculation_finds_what_a_worked_example_expects(case: Case) -> None:
    data = apply_overrides(PACKS[case.pack], case.overrides).source.data
    found, expect = settled(data, case.given), case.expect
    assert found.refused == (None if expect.refused is None else expect.refused.value)
    if expect.refused is not None:
        return
    sums = dict(zip(SUMS, (*found.sums, found.personal, found.cash), strict=True))
    assert {key: sums[key] for key in expect.whole.sums} == expect.whole.sums
    if expect.whole.funds is not None:
        assert found.funds == {fund: fen for fund, fen in expect.whole.funds.items() if fen}
    if expect.whole.afterwards is not None:
        assert {layer: fen for layer, fen in found.afterwards.items() if fen} == {
            layer: fen for layer, fen in expect.whole.afterwards.items() if fen
        }
    if expect.whole.accounts is not None:
        assert [fen for _, fen in found.accounts] == [fen for _, fen in expect.whole.accounts]
    if expect.raised is not None:
        assert found.raised == expect.raised
    for (measure, name), fen in expect.after.items():
        keys = {key for key in (*case.given.counters, *found.deltas) if key[1:] == (name, measure)}
        used = {key: case.given.counters.get(key, 0) + found.deltas.get(key, 0) for key in keys}
        assert [used.get(key, 0) for key in keys if key.period == str(case.given.service_on.year)] in (
            [fen],
            [] if fen == 0 else [fen],
        )
