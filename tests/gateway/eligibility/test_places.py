"""What a place is on a day: contracts, suspensions, exits, means and district, by what was known."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.facts import InstitutionFacts, State
from medsettle_gateway.domain.place import (
    CardRule,
    Designated,
    Designation,
    InDistrict,
    InstitutionKind,
    Level,
    PlaceFact,
    RegisteredPlace,
    Specialty,
    Stopped,
    TakesCards,
)
from medsettle_gateway.domain.records import SINCE_EVER, DatedRecord, known
from medsettle_gateway.eligibility.places import not_open, place_of, with_contract, without_cards
from tests.gateway.eligibility.entered import DAY, MARCH, recorded

JANUARY, JUNE = date(2026, 1, 1), date(2026, 6, 30)
POOLED, BASIC = Designation.POOLED_OUTPATIENT, Designation.BASIC
PHARMACY = InstitutionFacts(
    "P1", "康宁大药房", "210300", InstitutionKind.PHARMACY, Level.NONE, Specialty.GENERAL, (BASIC, POOLED),
    State.ACTIVE,
)


def contract(
    designation: Designation, begins: date = JANUARY, ends: date | None = JUNE, **changes: Any
) -> DatedRecord:
    body = Designated(designation, "2026-17")
    return recorded(PlaceFact.DESIGNATION, f"{designation}/{begins}", begins, ends, body, **changes)


def stopped(kind: PlaceFact = PlaceFact.SUSPENSION) -> DatedRecord:
    return recorded(kind, "a", JANUARY, JUNE, Stopped("串换药品"))


def row(level: Level, begins: date = SINCE_EVER, **changes: Any) -> DatedRecord:
    body = RegisteredPlace(
        "康宁大药房", "210300", InstitutionKind.PHARMACY, level, Specialty.GENERAL, (BASIC, POOLED)
    )
    return recorded(PlaceFact.REGISTERED, begins.isoformat(), begins, None, body, **changes)


def held(*records: DatedRecord, on: date = MARCH) -> tuple[Designation, ...]:
    return place_of(PHARMACY, known(records), on).designations


def test_a_place_without_dated_facts_is_as_the_register_has_it() -> None:
    assert place_of(PHARMACY, (), MARCH) is PHARMACY


@pytest.mark.parametrize(
    ("day", "holds"),
    [(JANUARY - DAY, False), (JANUARY, True), (JUNE, True), (JUNE + DAY, False)],
)
def test_a_contract_holds_from_its_first_day_to_its_last_whatever_the_register_says(
    day: date, *, holds: bool
) -> None:
    assert (POOLED in held(contract(POOLED), on=day)) is holds


def test_of_the_rows_of_the_register_the_one_that_began_last_decides() -> None:
    records = (row(Level.TERTIARY, JUNE), row(Level.SECONDARY, MARCH), row(Level.PRIMARY))
    for found in (records, records[::-1]):
        days = (JANUARY, MARCH - DAY, MARCH, JUNE - DAY, JUNE)
        levels = [place_of(PHARMACY, known(found), day).level for day in days]
        assert levels == ["primary", "primary", "secondary", "secondary", "tertiary"]


def test_a_row_that_is_corrected_or_withdrawn_counts_as_it_was_until_that_was_known() -> None:
    later = {"after": timedelta(days=1)}
    for change, level in ((row(Level.TERTIARY, MARCH, **later), Level.TERTIARY),
                          (row(Level.TERTIARY, MARCH, withdrawn=True, **later), Level.PRIMARY)):
        records = (row(Level.PRIMARY), row(Level.SECONDARY, MARCH), change)
        assert place_of(PHARMACY, known(records), MARCH).level is level
        assert place_of(PHARMACY, known(records, change.entered_at - DAY), MARCH).level is Level.SECONDARY


def test_before_its_first_row_a_place_holds_what_its_contracts_say_and_nothing_else() -> None:
    first = row(Level.PRIMARY, MARCH)
    before = place_of(PHARMACY, known([first]), MARCH - DAY)
    assert (before.designations, [each.first_on for each in before.lapsed]) == ((), [MARCH, MARCH])
    by_contract = place_of(PHARMACY, known([first, contract(POOLED)]), MARCH - DAY)
    assert (by_contract.designations, [each.designation for each in by_contract.lapsed]) == (
        (POOLED,), [BASIC]
    )
    assert place_of(PHARMACY, known([first]), MARCH) == replace(PHARMACY, level=Level.PRIMARY)


def test_a_contract_for_one_designation_leaves_the_others_as_the_register_has_them() -> None:
    assert held(contract(POOLED), on=JUNE + DAY) == (BASIC,)
    assert held(contract(Designation.CHRONIC)) == (BASIC, POOLED, Designation.CHRONIC)


def test_a_pharmacy_is_admitted_to_pooling_from_the_day_of_its_own_contract() -> None:
    pharmacy = replace(PHARMACY, designations=(BASIC,))
    records = known([contract(POOLED, MARCH, None)])
    assert POOLED not in place_of(pharmacy, records, MARCH - DAY).designations
    assert POOLED in place_of(pharmacy, records, MARCH).designations


def test_a_renewed_contract_holds_after_the_first_one_and_not_between() -> None:
    records = (contract(BASIC), contract(BASIC, JUNE + 31 * DAY, None))
    assert BASIC not in held(*records, on=JUNE + DAY)
    assert BASIC in held(*records, on=JUNE + 31 * DAY)


def test_what_is_entered_later_counts_for_nothing_at_an_earlier_instant() -> None:
    late = contract(POOLED, MARCH + DAY, None, after=timedelta(days=7))
    assert POOLED in place_of(PHARMACY, known([late], late.entered_at - DAY), MARCH).designations
    assert POOLED not in place_of(PHARMACY, known([late]), MARCH).designations


def test_a_contract_that_was_withdrawn_leaves_the_register_to_decide() -> None:
    later = MARCH + DAY
    assert held(contract(POOLED, later)) == (BASIC,)
    assert held(contract(POOLED, later), contract(POOLED, later, withdrawn=True)) == (BASIC, POOLED)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (PlaceFact.SUSPENSION, Reason.INSTITUTION_SUSPENDED),
        (PlaceFact.EXIT, Reason.INSTITUTION_EXITED),
    ],
)
def test_a_place_that_is_stopped_says_from_when_to_when_and_why(kind: PlaceFact, reason: Reason) -> None:
    detail = {"institution": "P1", "from": "2026-01-01", "to": "2026-06-30", "cause": "串换药品"}
    assert not_open("P1", known([stopped(kind)]), MARCH) == Refusal(reason, detail)
    assert not_open("P1", known([stopped(kind)]), JUNE + DAY) is None


def test_an_exit_outweighs_a_suspension_of_the_same_days() -> None:
    refusal = not_open("P1", known([stopped(), stopped(PlaceFact.EXIT)]), MARCH)
    assert refusal is not None
    assert refusal.reason is Reason.INSTITUTION_EXITED


def test_of_two_suspensions_the_one_that_ends_last_is_told() -> None:
    longer = recorded(PlaceFact.SUSPENSION, "l", MARCH - DAY, JUNE + DAY, Stopped("a"))
    brief = recorded(PlaceFact.SUSPENSION, "b", MARCH, MARCH, Stopped("b"))
    for found in ([longer, stopped(), brief], [brief, stopped(), longer]):
        refusal = not_open("P1", known(found), MARCH)
        assert refusal is not None
        assert (refusal.detail["to"], refusal.detail["cause"]) == ("2026-07-01", "a")


def test_a_pharmacy_settles_only_while_it_can_take_cards_where_the_region_asks_for_that() -> None:
    rule = CardRule((InstitutionKind.PHARMACY,), "第六条")
    equipped = place_of(PHARMACY, known([recorded(PlaceFact.CARD, "a", JANUARY, JUNE, TakesCards())]), MARCH)
    assert without_cards(equipped, rule) is None
    refusal = without_cards(PHARMACY, rule)
    assert refusal is not None
    assert refusal.reason is Reason.CARD_NOT_EQUIPPED
    assert refusal.detail == {"institution": "P1", "at": "pharmacy", "clause": "第六条"}
    assert without_cards(replace(PHARMACY, kind=InstitutionKind.CLINIC), rule) is None
    assert without_cards(PHARMACY, None) is None


def test_a_place_lies_in_the_district_of_the_day() -> None:
    moved = [
        recorded(PlaceFact.DISTRICT, "a", JANUARY, None, InDistrict("210302")),
        recorded(PlaceFact.DISTRICT, "b", MARCH, None, InDistrict("210303")),
    ]
    assert place_of(PHARMACY, known(moved), MARCH - DAY).district == "210302"
    assert place_of(PHARMACY, known(moved), MARCH).district == "210303"


@pytest.mark.parametrize(
    ("day", "first_on", "last_on"),
    [(JUNE + DAY, "2026-01-01", "2026-06-30"), (JANUARY - DAY, "2026-01-01", "2026-06-30")],
)
def test_who_asks_for_a_designation_whose_contract_is_not_in_force_is_told_its_days(
    day: date, first_on: str, last_on: str
) -> None:
    place = place_of(PHARMACY, known([contract(POOLED)]), day)
    shut = Refusal(Reason.NOT_DESIGNATED, {"fact": "designation", "wanted": "pooled_outpatient|chronic"})
    detail = {**shut.detail, "designation": "pooled_outpatient", "from": first_on, "to": last_on}
    assert with_contract(shut, place) == Refusal(Reason.NOT_DESIGNATED, detail)
    assert with_contract(shut, PHARMACY) is shut
    other = Refusal(Reason.NOT_FOR_SCHEME)
    assert with_contract(other, place) is other
