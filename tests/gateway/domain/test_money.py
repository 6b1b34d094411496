"""Numbers are exact: what does not fit its unit is refused, what is divided is rounded half-up once."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medsettle_gateway.domain.money import (
    costs_at_least,
    format_fen,
    format_percent,
    format_quantity,
    format_ratio,
    format_unit_price,
    line_amount_fen,
    parse_fen,
    parse_quantity,
    parse_ratio,
    parse_unit_price,
    share_fen,
)


@pytest.mark.parametrize(("text", "fen"), [("0.00", 0), ("12.34", 1234), ("9999999999.99", 10**12 - 1)])
def test_an_amount_is_read_in_fen(text: str, fen: int) -> None:
    assert parse_fen(text) == fen
    assert format_fen(fen) == text


@pytest.mark.parametrize(
    "text",
    ["", "1", "1.2", "1.234", "-1.00", "+1.00", " 1.00", "1.00\n", "01.00", "1,000.00", "1e2", "١.٠٠", ".50"],
)
def test_an_amount_has_exactly_two_places_and_no_sign(text: str) -> None:
    with pytest.raises(ValueError, match="two places"):
        parse_fen(text)


def test_an_amount_to_add_may_be_negative() -> None:
    assert parse_fen("-20.01", signed=True) == -2001
    assert format_fen(-2001) == "-20.01"


@pytest.mark.parametrize(("text", "micro"), [("71.255", 71_255_000), ("0.000001", 1), ("12", 12_000_000)])
def test_a_unit_price_has_up_to_six_places(text: str, micro: int) -> None:
    assert parse_unit_price(text) == micro


def test_a_seventh_place_is_refused_and_not_rounded() -> None:
    with pytest.raises(ValueError, match="six places"):
        parse_unit_price("0.0000001")
    with pytest.raises(ValueError, match="six places"):
        parse_ratio("0.3333333")


@pytest.mark.parametrize("text", ["0", "0.0000", "-1", "1.00001"])
def test_a_quantity_is_more_than_0_with_up_to_four_places(text: str) -> None:
    with pytest.raises(ValueError, match="quantity"):
        parse_quantity(text)


@pytest.mark.parametrize("text", ["1.000001", "50", "2"])
def test_a_ratio_lies_between_0_and_1(text: str) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        parse_ratio(text)


@given(st.integers(-(10**12) + 1, 10**12 - 1))
def test_every_amount_is_written_as_it_is_read(fen: int) -> None:
    assert parse_fen(format_fen(fen), signed=True) == fen


@given(st.integers(0, 10**15))
def test_every_price_and_quantity_is_written_as_it_is_read(scaled: int) -> None:
    assert parse_unit_price(format_unit_price(scaled)) == scaled
    assert parse_quantity(format_quantity(scaled % 10**13 + 1)) == scaled % 10**13 + 1


@given(st.integers(0, 10**6))
def test_every_ratio_is_written_as_it_is_read(ppm: int) -> None:
    assert parse_ratio(format_ratio(ppm)) == ppm


def test_a_percentage_is_written_as_people_say_it() -> None:
    assert [format_percent(ppm) for ppm in (500_000, 625_000, 1_000_000, 1)] == [
        "50%",
        "62.5%",
        "100%",
        "0.0001%",
    ]


def half_up(exact: Fraction) -> int:
    return (exact + Fraction(1, 2)).__floor__()


def test_half_a_fen_goes_up() -> None:
    assert (share_fen(1, 500_000), share_fen(3, 500_000)) == (1, 2)
    assert (line_amount_fen(5_000, 10_000), line_amount_fen(4_999, 10_000)) == (1, 0)


@given(st.integers(0, 10**12), st.integers(0, 10**6))
def test_a_share_is_rounded_half_up_to_the_fen(amount_fen: int, ppm: int) -> None:
    assert share_fen(amount_fen, ppm) == half_up(Fraction(amount_fen * ppm, 10**6))


@given(st.integers(0, 10**10), st.integers(1, 10**8))
def test_a_line_is_price_times_quantity_rounded_half_up(price_micro: int, quantity_e4: int) -> None:
    assert line_amount_fen(price_micro, quantity_e4) == half_up(Fraction(price_micro * quantity_e4, 10**8))


@given(st.integers(0, 10**9), st.integers(1, 10**7), st.integers(0, 10**10))
def test_a_unit_price_is_compared_unrounded(amount_fen: int, quantity_e4: int, price_micro: int) -> None:
    yuan = Fraction(amount_fen, 100) / Fraction(quantity_e4, 10_000)
    assert costs_at_least(amount_fen, quantity_e4, price_micro) == (yuan >= Fraction(price_micro, 10**6))
