"""What the till looks at before it sends: limits and arithmetic, to the fen."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medsettle import checks
from medsettle.checks_patient import checked_credential
from medsettle.errors import RequestError
from medsettle.models import (
    Account,
    AccountShare,
    Basket,
    Breakdown,
    Encounter,
    Line,
    Payer,
    Prescription,
    PrescriptionKind,
    Split,
    Tendered,
)
from medsettle.ticket import RequestId, china_day
from medsettle.wire.request_ids import LAST_ATTEMPT

LINE = Line("XA01", "1", "1.00")


def decimals(places: int, largest: int) -> st.SearchStrategy[tuple[str, Fraction]]:
    return st.builds(written, st.integers(0, largest), st.integers(0, places))


def written(scaled: int, places: int) -> tuple[str, Fraction]:
    """Returns a number with so many decimals, as text and exactly."""
    digits = str(scaled).rjust(places + 1, "0")
    whole, rest = digits[: len(digits) - places], digits[len(digits) - places :]
    return f"{whole}.{rest}" if rest else whole, Fraction(scaled, 10**places)


@given(decimals(4, 99_999), decimals(6, 9_999_999))
def test_a_lines_amount_is_exact_and_rounded_half_up(
    quantity: tuple[str, Fraction], price: tuple[str, Fraction]
) -> None:
    exact = quantity[1] * price[1] * 100
    if quantity[1] == 0 or exact > checks.AMOUNT_FEN_MAX:
        return
    assert checks.line_amount_fen(quantity[0], price[0]) == int(exact + Fraction(1, 2))


@pytest.mark.parametrize(
    ("quantity", "price", "amount_fen"),
    [("1", "0.005", 1), ("1", "0.004999", 0), ("0.5", "0.01", 1), ("3", "33.333333", 10_000), ("2", "0", 0)],
)
def test_a_half_fen_is_rounded_up(quantity: str, price: str, amount_fen: int) -> None:
    assert checks.line_amount_fen(quantity, price) == amount_fen


@pytest.mark.parametrize("text", ["", "-1", "1e3", "NaN", "1.", ".5", " 1", "1,0", "٣", "1.00001"])
def test_a_quantity_that_is_no_decimal_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match="FIELD_INVALID"):
        checks.line_amount_fen(text, "1")


@pytest.mark.parametrize(("quantity", "price"), [("0", "1"), ("1000000", "1"), ("1", "100000000"),
                                                 ("999999", "99999999")])
def test_an_absurd_number_is_refused(quantity: str, price: str) -> None:
    with pytest.raises(RequestError, match="AMOUNT_OUT_OF_RANGE"):
        checks.line_amount_fen(quantity, price)


def prescription(name: str) -> Prescription:
    return Prescription(name, PrescriptionKind.OWN)


@pytest.mark.parametrize(
    ("basket", "reason"),
    [
        (Basket(()), "FIELD_REQUIRED"),
        (Basket((LINE,) * 201), "BASKET_TOO_LARGE"),
        (Basket((Line("", "1", "1"),)), "FIELD_REQUIRED"),
        (Basket((Line("X" * 33, "1", "1"),)), "FIELD_INVALID"),
        (Basket((Line("X", "1", "1", line_id="a"), Line("X", "1", "1", line_id="a"))), "FIELD_INVALID"),
        (Basket((Line("X", "1", "1", line_id="2"), LINE)), "FIELD_INVALID"),
        (Basket((Line("X", "1", "1", traceability_codes=("c",) * 101),)), "FIELD_INVALID"),
        (Basket((LINE,), prescriptions=(prescription("a"),) * 2), "FIELD_INVALID"),
        (Basket((LINE,), prescriptions=tuple(prescription(str(n)) for n in range(21))), "FIELD_INVALID"),
        (Basket((LINE,), payers=(Payer("a"),) * 9), "FIELD_INVALID"),
        (Basket((LINE,), late_reason="x" * 201), "FIELD_INVALID"),
        (Basket((Line("X", "1", "1.00", amount_fen=99),)), "LINE_AMOUNT_MISMATCH"),
    ],
)
def test_a_basket_that_the_gateway_would_not_take_is_refused_here(basket: Basket, reason: str) -> None:
    with pytest.raises(RequestError, match=reason):
        checks.checked_basket(basket)


def test_a_basket_in_order_gets_its_amounts() -> None:
    checked = checks.checked_basket(Basket((LINE, Line("X", "2", "1.005"))))
    assert [line.amount_fen for line in checked.lines] == [100, 201]


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (checked_credential, ""), (checked_credential, "x" * 513),
        (checks.checked_operator, ""), (checks.checked_operator, "x" * 41),
        (checks.checked_reason, ""), (checks.checked_reason, "x" * 201),
        (checks.checked_acknowledgements, ("x",) * 17),
        (checks.checked_split, Split(-1)), (checks.checked_split, Split(0, {"pooled": -1})),
    ],
)
def test_a_text_or_split_out_of_its_limits_is_refused(check: Any, value: object) -> None:
    with pytest.raises(RequestError):
        check(value)


@pytest.mark.parametrize(
    "tenders",
    [(), (Tendered("cash", 99),), (Tendered("", 100),), (Tendered("cash", 0), Tendered("card", 100)),
     (Tendered("cash", 200), Tendered("card", -100)),
     (Tendered("cash", 10),) * 10],
)
def test_tenders_must_add_up_and_be_in_order(tenders: tuple[Tendered, ...]) -> None:
    with pytest.raises(RequestError):
        checks.checked_tenders(tenders, 100)


CONTROLS = ["7\r", "\x00", "7\x7f", "\u202e7", "\u2028", "\ud800"]


TEXT_CHECKS: dict[str, Callable[[str], object]] = {
    "operator": checks.checked_operator,
    "reason": checks.checked_reason,
    "credential": checked_credential,
    "tender": lambda text: checks.checked_tenders((Tendered(text, 100),), 100),
    "late reason": lambda text: checks.checked_basket(Basket((LINE,), late_reason=text)),
    "benefit": lambda text: checks.checked_basket(Basket((LINE,), benefit=text)),
    "item": lambda text: checks.checked_basket(Basket((replace(LINE, item_code=text),))),
    "condition": lambda text: checks.checked_basket(Basket((replace(LINE, condition=text),))),
    "traceability": lambda text: checks.checked_basket(
        Basket((replace(LINE, traceability_codes=(text,)),))
    ),
    "payer": lambda text: checks.checked_basket(Basket((LINE,), payers=(Payer(text),))),
    "prescription": lambda text: checks.checked_basket(
        Basket((LINE,), prescriptions=(Prescription("1", PrescriptionKind.OWN, number=text),))
    ),
}


@pytest.mark.parametrize("text", CONTROLS, ids=ascii)
@pytest.mark.parametrize("check", TEXT_CHECKS.values(), ids=TEXT_CHECKS)
def test_no_text_with_control_characters_is_sent(check: Callable[[str], object], text: str) -> None:
    with pytest.raises(RequestError, match=r"FIELD_INVALID|TEXT_NOT_UTF8"):
        check(text)


@pytest.mark.parametrize(
    ("reference", "sent"), [("r\r\n1", "r1"), ("\u202e流水", "流水"), ("r" * 65, "r" * 64), ("", "")]
)
def test_a_reference_of_a_provider_is_cleaned_rather_than_refused(reference: str, sent: str) -> None:
    (paid,) = checks.checked_tenders((Tendered("wechat", 100, reference),), 100)
    assert paid == Tendered("wechat", 100, sent)


def test_a_request_id_is_rebuilt_from_the_paper_ticket() -> None:
    made = RequestId.first("P1-1", date(2026, 3, 2), "0012")
    assert str(made) == "P1-1-20260302-12-1"
    assert RequestId.parse(str(made)) == made
    assert str(made.next_attempt()) == "P1-1-20260302-12-2"


def test_attempts_end() -> None:
    last = RequestId("P1-1", date(2026, 3, 2), "1", LAST_ATTEMPT)
    with pytest.raises(RequestError, match="ATTEMPTS_USED_UP"):
        last.next_attempt()


@pytest.mark.parametrize("number", ["", "0", "000", "-1", "A1", "1234567890", "1 ", "١"])
def test_a_ticket_number_is_1_to_9_digits(number: str) -> None:
    with pytest.raises(RequestError, match="TICKET_INVALID"):
        RequestId.first("P1-1", date(2026, 3, 2), number)


@pytest.mark.parametrize(
    "text", ["", "P1-1-20260302-1", "P1-1-20260231-1-1", "P1-1-20260302-1-0", "P1-1-20260302-1-100",
             "p1-1-20260302-1-1", "P1-1-20260302-1-1\n", "P1--20260302-1-1"],
)
def test_what_is_no_request_id_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match="TICKET_INVALID"):
        RequestId.parse(text)


def test_a_day_is_chinas_wherever_the_till_stands() -> None:
    assert china_day(datetime(2026, 3, 1, 16, 0, tzinfo=UTC)) == date(2026, 3, 2)
    assert china_day(datetime(2026, 3, 1, 15, 59, tzinfo=UTC)) == date(2026, 3, 1)


def breakdown(**changed: int) -> Breakdown:
    amounts: dict[str, Any] = {
        "total_fen": 100, "provider_borne_fen": 10, "fully_self_paid_fen": 20, "over_limit_fen": 5,
        "self_pay_first_fen": 5, "in_scope_fen": 60, "deductible_fen": 0, "over_cap_fen": 0,
        "personal_fen": 60, "cash_fen": 20, **changed,
    }
    return Breakdown(funds={"pooled": 30}, accounts=(AccountShare("a", "self", 40),), **amounts)


def test_the_identities_of_a_breakdown_hold() -> None:
    assert breakdown().broken_identity() is None


@pytest.mark.parametrize("name", ["total_fen", "provider_borne_fen", "fully_self_paid_fen", "over_limit_fen",
                                  "self_pay_first_fen", "in_scope_fen", "personal_fen", "cash_fen"])
@pytest.mark.parametrize("by", [1, -1])
def test_a_fen_out_of_place_breaks_an_identity(name: str, by: int) -> None:
    assert breakdown(**{name: getattr(breakdown(), name) + by}).broken_identity() is not None


def test_a_negative_part_breaks_an_identity() -> None:
    assert breakdown(deductible_fen=-1).broken_identity() == "every amount >= 0"


def test_splits_are_equal_without_their_zeros() -> None:
    assert Split(1, {"pooled": 2, "x": 0}, {"a": 0}).same_as(Split(1, {"pooled": 2}))
    assert not Split(1, {"pooled": 2}).same_as(Split(1, {}, {"pooled": 2}))


def test_values_are_frozen() -> None:
    with pytest.raises(AttributeError):
        LINE.quantity = "2"  # type: ignore[misc]
    assert Account.__slots__


@pytest.mark.parametrize(
    "encounter",
    [
        Encounter(), Encounter(sessions=366), Encounter(emergency=True), Encounter(date(2026, 7, 1)),
        Encounter(date(2026, 7, 1), date(2026, 7, 1)),
    ],
)
def test_a_stay_may_be_open_or_end_on_any_day_from_admission_on(encounter: Encounter) -> None:
    assert checks.checked_basket(Basket((LINE,), encounter=encounter)).encounter == encounter


@pytest.mark.parametrize(
    ("basket", "field"),
    [
        (Basket((LINE,), encounter=Encounter(sessions=0)), "basket.encounter.sessions"),
        (Basket((LINE,), encounter=Encounter(sessions=367)), "basket.encounter.sessions"),
        (Basket((LINE,), encounter=Encounter(None, date(2026, 7, 1))), "basket.encounter.discharged_on"),
        (
            Basket((LINE,), encounter=Encounter(date(2026, 7, 2), date(2026, 7, 1))),
            "basket.encounter.discharged_on",
        ),
        (Basket((replace(LINE, days_supply=0),)), "lines[1].days_supply"),
        (Basket((replace(LINE, days_supply=367),)), "lines[1].days_supply"),
    ],
)
def test_days_that_cannot_be_are_refused_before_anything_is_sent(basket: Basket, field: str) -> None:
    with pytest.raises(RequestError) as refused:
        checks.checked_basket(basket)
    assert refused.value.details["field"] == field


def test_a_line_that_stays_without_its_id_is_named_by_its_number_from_1() -> None:
    with pytest.raises(RequestError) as refused:
        checks.checked_staying([replace(LINE, line_id="1"), replace(LINE, line_id="")])
    assert refused.value.details["field"] == "stay[2].line_id"
