"""Request ids: what a till can rebuild from the paper ticket."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medsettle_gateway.domain.ids import RequestId, Ticket

GOOD = "H21030200001-T7-20260702-17-2"


def test_a_request_id_is_read_into_its_parts() -> None:
    request_id = RequestId.parse(GOOD)
    assert request_id.ticket == Ticket("H21030200001", "T7", date(2026, 7, 2), 17)
    assert (request_id.attempt, request_id.terminal) == (2, "H21030200001-T7")
    assert str(request_id) == GOOD


@pytest.mark.parametrize(
    "text",
    [
        "", "I-1-20260702-17", "I-1-20260702-17-1-1", "I-1-20260230-17-1", "I-1-2026072-17-1",
        "I-1-20260702-0-1", "I-1-20260702-17-0", "I-1-20260702--1", "-1-20260702-17-1",
        "I-1-20260702-17-1\n", "机构-1-20260702-17-1", "I-1-20260702-١-1", "I-1-20260702-17-100",
        "I-1-20260702-017-1", "I-1-20260702-17-01", "i-1-20260702-17-1", "I-123456789-20260702-17-1",
        "I" * 21 + "-1-20260702-17-1",
    ],
)
def test_anything_else_is_no_request_id(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        RequestId.parse(text)


@given(st.text(max_size=60))
def test_no_text_is_read_as_an_id_of_another_text(text: str) -> None:
    try:
        request_id = RequestId.parse(text)
    except ValueError:
        return
    assert request_id.text == text
    assert text.startswith(f"{request_id.terminal}-")
