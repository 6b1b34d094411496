"""What a till writes as a request id, the gateway reads: one form on both sides."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medsettle.errors import RequestError
from medsettle.ticket import RequestId as Written
from medsettle_gateway.domain.ids import RequestId as Read

EXTREMES = (
    f"{'A' * 20}-{'B' * 8}-20260702-999999999-99",
    "1-1-20260702-1-1",
)
SPOILT = (
    "",
    "P1-T1-20260702-1",
    "P1-T1-20260702-1-0",
    "P1-T1-20260230-1-1",
    "P1-T1-20260702-1-1 ",
    "P1_T1-20260702-1-1",
    "P1-T1-20260702-1-1\n",
    "药-T1-20260702-1-1",
    "P1-T1-20260702--1",
    "P1-T1-٢٠٢٦٠٧٠٢-1-1",
    "P1-T1-20260702-0-1",
    "P1-T1-20260702-00-1",
    "P1-T1-20260702-A17-1",
    "P1-T1-20260702-1234567890-1",
    "P1-T1-20260702-0012-1",
    "P1-T1-20260702-12-01",
    "P1-T1-20260702-12-100",
    "p1-t1-20260702-12-1",
    f"{'A' * 21}-T1-20260702-1-1",
    f"P1-{'B' * 9}-20260702-1-1",
)


def the_till_writes(text: str) -> bool:
    try:
        return str(Written.parse(text)) == text
    except RequestError:
        return False


def the_gateway_reads(text: str) -> bool:
    try:
        return str(Read.parse(text)) == text
    except ValueError:
        return False


@pytest.mark.parametrize("text", EXTREMES)
def test_the_gateway_reads_whatever_a_till_may_write(text: str) -> None:
    assert the_till_writes(text)
    assert the_gateway_reads(text)


@pytest.mark.parametrize("text", SPOILT)
def test_a_till_never_writes_what_the_gateway_would_refuse(text: str) -> None:
    assert not the_gateway_reads(text)
    assert not the_till_writes(text)


@given(st.from_regex(
    r"[A-Za-z0-9]{1,25}-[A-Za-z0-9]{1,13}-2026070[0-9]-[0-9]{1,10}-[0-9]{1,3}", fullmatch=True
))
def test_both_sides_take_the_same_ids(text: str) -> None:
    assert the_till_writes(text) == the_gateway_reads(text)


def test_a_number_that_is_typed_with_leading_zeros_is_the_number_without_them() -> None:
    assert the_gateway_reads(str(Written.first("P1-T1", date(2026, 7, 2), "0012")))
