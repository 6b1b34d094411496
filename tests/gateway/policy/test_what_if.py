"""A what-if adds up what everybody pays, and keeps no more the more baskets there are."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medsettle_gateway.files.packs import read_pack
from medsettle_gateway.policy.reading import Invalid
from medsettle_gateway.policy.shelf import Shelf
from medsettle_gateway.policy.tally import SHOWN_MOST, Tally, counted_as, in_ranges
from medsettle_gateway.policy.what_if import WhatIf, read_basket

PACK = "test-everything"
SHELF = Shelf([read_pack(Path(__file__).with_name("everything.yaml"))])
RATIO = "benefits.general_outpatient.ratio.rows"


def asked(figures: dict[str, Any]) -> WhatIf:
    return WhatIf(PACK, SHELF.versions, SHELF.with_figures(PACK, figures).versions)


MORE = asked({RATIO: [{"ratio": "0.70"}]})


def basket(amount: str = "1100.00", **changes: Any) -> dict[str, Any]:
    return {
        "date": "2024-03-01",
        "patient": {"scheme": "resident", "standing": "adult", "enrolment": "pool_only"},
        "institution": {"kind": "clinic", "level": "secondary"},
        "lines": [{"name": "one", "amount": amount}],
        "accounts": [{"owner": "self", "balance": "50.00"}],
        **changes,
    }


def tally(question: WhatIf, baskets: Iterable[dict[str, Any]]) -> Tally:
    found = Tally()
    for number, data in enumerate(baskets, start=1):
        question.count(found, read_basket(data, f"b{number}", PACK))
    return found


def test_every_payer_is_summed_up_before_and_after() -> None:
    found = tally(MORE, [basket(), basket("300.00")])
    assert found.before == {
        ("total", ""): 140_000,
        ("provider_borne", ""): 0,
        ("fund", "pooled"): 60_000,
        ("personal", ""): 80_000,
        ("account", "self"): 10_000,
        ("cash", ""): 70_000,
        ("afterwards", "burden_ceiling"): 0,
    }
    assert found.after[("fund", "pooled")] == 84_000
    assert (found.less_count, found.less_fen, found.more_count) == (2, 24_000, 0)
    assert found.winners == ((20_000, "b1"), (4_000, "b2"))
    assert found.losers == ()


def test_what_pays_less_and_what_stays_are_told_apart() -> None:
    found = tally(asked({RATIO: [{"ratio": "0.40"}]}), [basket(), basket("100.00")])
    assert (found.more_count, found.less_count, found.settled_count) == (1, 0, 2)
    assert found.losers == ((10_000, "b1"),)


def test_refusals_are_counted_by_reason_and_left_out_of_the_sums() -> None:
    closed = asked({"eligibility.institution.designation": "chronic"})
    found = tally(closed, [basket(), basket(patient={"scheme": "resident", "covered_to": "2024-01-31"})])
    assert found.refused_before == {"NOT_COVERED": 1}
    assert found.refused_after == {"NOT_DESIGNATED": 1, "NOT_COVERED": 1}
    assert (found.newly_refused_count, found.newly_settled_count, found.settled_count) == (1, 0, 0)
    assert found.before == {}


def test_assumed_figures_are_used_and_counted() -> None:
    line = {"name": "dialysis", "kind": "treatment", "amount": "300.00"}
    place = {"kind": "clinic", "level": "secondary", "designations": ["basic", "haemodialysis"]}
    session = basket(institution=place, encounter={"benefit": "haemodialysis"}, lines=[line])
    found = tally(MORE, [session, basket()])
    assert (found.settled_count, found.assumed_count) == (2, 1)


def test_a_shared_basket_is_one_basket() -> None:
    lines = [
        {"name": "a", "amount": "50.00", "condition": "hypertension", "days_supply": 7},
        {"name": "b", "amount": "200.00"},
    ]
    patient = {"scheme": "resident", "conditions": ["hypertension"]}
    found = tally(MORE, [basket(patient=patient, encounter={"benefit": "assigned"}, lines=lines)])
    assert (found.baskets_count, found.before[("fund", "pooled")]) == (1, 3_500 + 5_000)
    assert found.less_fen == 2_000


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "a basket is an object"),
        (basket(expect={}), "a what-if expects nothing"),
        ({**basket(), "with": {}}, "the change is that of the whole run"),
        (basket(pack="moon"), "this run asks about test-everything, not about moon"),
        (basket(date="yesterday"), "date: expected a date"),
        (basket(colour="red"), "colour: unknown key"),
    ],
)
def test_a_basket_that_is_wrong_says_what_is(data: Any, message: str) -> None:
    with pytest.raises(Invalid, match=message.replace("(", "\\(")):
        read_basket(data, "line 3", PACK)


def test_a_name_of_its_own_is_kept() -> None:
    assert read_basket(basket(case="K-17"), "line 3", PACK).name == "K-17"
    assert read_basket(basket(), "line 3", PACK).name == "line 3"


def test_figures_that_no_version_has_a_place_for_are_wrong() -> None:
    with pytest.raises(Invalid, match="no key 'dental' under benefits"):
        SHELF.with_figures(PACK, {"benefits.dental.ratio.rows": []})


def test_figures_beyond_a_bound_are_used_and_told() -> None:
    breaches = SHELF.with_figures(PACK, {RATIO: [{"ratio": "0.40"}]}).breaches
    assert [breach.reason.value for breach in breaches] == ["POLICY_FLOOR"]


changes = st.lists(st.integers(-10_000_000, 10_000_000), max_size=60)


def counted(values: Iterable[int]) -> Tally:
    found = Tally()
    for number, change_fen in enumerate(values):
        found.settled_count += 1
        found._add_change(f"b{number % 7}-{change_fen}", change_fen)
    return found


@given(changes, changes)
def test_sums_of_parts_are_the_sums_of_the_whole(one: list[int], other: list[int]) -> None:
    parts, whole = counted(one), Tally()
    rest = counted(other)
    parts.merge(rest)
    for number, change_fen in (*enumerate(one), *enumerate(other)):
        whole.settled_count += 1
        whole._add_change(f"b{number % 7}-{change_fen}", change_fen)
    assert (parts.changes, parts.more_fen, parts.less_fen) == (whole.changes, whole.more_fen, whole.less_fen)
    assert (parts.losers, parts.winners) == (whole.losers, whole.winners)
    assert list(parts.quantiles(10)) == list(whole.quantiles(10))


@given(changes)
def test_the_largest_are_kept_and_no_more(values: list[int]) -> None:
    found = counted(values * 5)
    rising = sorted((change for change in values * 5 if change > 0), reverse=True)
    assert [size for size, _ in found.losers] == rising[:SHOWN_MOST]
    assert len(found.lost) <= 16 * SHOWN_MOST


@given(changes.filter(bool))
def test_quantiles_begin_with_the_least_and_end_with_the_largest_change(values: list[int]) -> None:
    found = list(counted(values).quantiles(10))
    assert found == sorted(found)
    assert (found[0], found[-1]) == (counted_as(min(values)), counted_as(max(values)))


@given(st.integers(-(10**12), 10**12))
def test_a_change_is_counted_exactly_below_1000_yuan_and_to_three_digits_above(change_fen: int) -> None:
    kept = counted_as(change_fen)
    assert abs(kept) <= abs(change_fen)
    assert (
        (kept == change_fen)
        if abs(change_fen) < 100_000
        else (abs(change_fen - kept) * 100 < abs(change_fen))
    )
    assert kept * change_fen >= 0


def test_ranges_include_their_upper_end() -> None:
    assert in_ranges({-1: 1, 0: 2, 10: 3, 11: 4}, (-1, 0, 10)) == (1, 2, 3, 4)
