"""What a till takes as a text, the gateway takes too: otherwise a sale that was journalled stays open."""

from hypothesis import example, given
from hypothesis import strategies as st

from medsettle.checks import checked_operator, checked_tenders
from medsettle.errors import RequestError
from medsettle.models import Tendered
from medsettle_gateway.domain.errors import Refused
from medsettle_gateway.rpc.codec import form

TEXTS = st.text(st.characters(exclude_categories=()), max_size=45)


def the_till_takes(text: str) -> bool:
    try:
        return checked_operator(text) == text
    except RequestError:
        return False


def the_gateway_takes(text: str) -> bool:
    try:
        return form.text(text, 40, "operator") == text
    except Refused:
        return False


@given(TEXTS)
@example("7\r")
@example("\x7f")
@example("\x85")
@example("\xad")
@example("\u200b")
@example("\ud800")
@example("\U000e0001")
def test_both_sides_take_the_same_texts(text: str) -> None:
    assert the_till_takes(text) == the_gateway_takes(text)


def test_both_sides_take_the_same_characters() -> None:
    others = [code for code in range(0x3100) if the_till_takes(chr(code)) != the_gateway_takes(chr(code))]
    assert others == []


@given(st.text(st.characters(exclude_categories=()), max_size=90))
def test_what_is_left_of_a_reference_is_taken_by_the_gateway(reference: str) -> None:
    (paid,) = checked_tenders((Tendered("wechat", 100, reference),), 100)
    assert form.optional_text(paid.reference, 64, "reference") == paid.reference
