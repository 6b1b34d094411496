"""Text in columns, where a Chinese character takes two."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medsettle._columns import centre, row, width, wrap

TEXTS = st.text(alphabet="药品费用,。()a1 .-¶é́", max_size=60)


@pytest.mark.parametrize(("text", "columns"), [("", 0), ("abc", 3), ("药", 2), ("a药,", 4), ("e\u0301", 1)])
def test_a_chinese_character_takes_two_columns(text: str, columns: int) -> None:
    assert width(text) == columns


@given(TEXTS, st.integers(min_value=8, max_value=60))
def test_a_wrapped_line_never_runs_over(text: str, columns: int) -> None:
    assert all(width(line) <= columns for line in wrap(text, columns, indent=2, hanging=1))


@given(TEXTS, st.integers(min_value=8, max_value=60))
def test_wrapping_loses_nothing_but_spaces(text: str, columns: int) -> None:
    assert "".join(wrap(text, columns)).replace(" ", "") == text.replace(" ", "")


@given(TEXTS, st.sampled_from(["0.00", "1000.00", "10000000.00"]))
def test_the_value_of_a_row_stands_at_the_right_edge(label: str, value: str) -> None:
    lines = row(label, value, 32)
    assert lines[-1].endswith(value)
    assert width(lines[-1]) == 32


def test_a_label_is_not_cut_for_its_value() -> None:
    request_id = "P21030200101-01-20261122-3-1"
    assert row(request_id, "结果未定", 32) == [request_id, " " * 24 + "结果未定"]


def test_a_closing_mark_stays_with_its_word() -> None:
    assert wrap("费用合计。", 8) == ["费用合", "计。"]


def test_an_opening_mark_goes_with_the_next_word() -> None:
    assert wrap("费用((甲)", 8) == ["费用", "((甲)"]


def test_english_breaks_at_spaces_and_long_words_are_cut() -> None:
    assert wrap("pay the deductible first", 10) == ["pay the", "deductible", "first"]
    assert wrap("ABCDEFGHIJKLMNOP", 10) == ["ABCDEFGHIJ", "KLMNOP"]


def test_later_lines_hang() -> None:
    assert wrap("1. one two", 6, hanging=3) == ["1. one", "   two"]


def test_centred_text_has_as_much_on_the_left_as_on_the_right() -> None:
    assert centre("药店", 8) == "  药店"
