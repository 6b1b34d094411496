"""The days that explain a refusal are read aloud with it."""

import io
from dataclasses import replace

import pytest

from medsettle.cli.days import days_of
from medsettle.cli.screen import Screen
from medsettle.errors import RefusedError, refusal_of
from medsettle.models import Answer, LineRefusal
from medsettle.wire.reasons import Reason
from tests.sdk.test_cli_eligible import FOUND, read_out


@pytest.mark.parametrize(
    ("reason", "facts", "zh", "en"),
    [
        (
            Reason.COVER_IN_ARREARS, {"since": "2026-06-01", "pay_by": "2026-08-31", "clause": "五(一)"},
            "自2026-06-01,最迟补缴日2026-08-31。", "Since 2026-06-01, to be paid by 2026-08-31.",
        ),
        (
            Reason.YEAR_NOT_BEGUN, {"paid_on": "2026-03-01", "begins_on": "2027-01-01"},
            "缴费日2026-03-01,待遇开始日2027-01-01。", "Paid on 2026-03-01, benefits begin on 2027-01-01.",
        ),
        (
            Reason.BENEFITS_SUSPENDED, {"since": "2026-01-01", "until": "-"},
            "自2026-01-01。", "Since 2026-01-01.",
        ),
        (
            Reason.FILING_REVIEW_OVERDUE, {"review_to": "2026-08-31", "review_from": "2026-06-01"},
            "应年审日自2026-06-01,至2026-08-31。", "Review due from 2026-06-01, to 2026-08-31.",
        ),
    ],
)  # fmt: skip
def test_days_are_said_in_the_order_in_which_they_happen(
    reason: Reason, facts: dict[str, str], zh: str, en: str
) -> None:
    assert days_of(replace(refusal_of(reason), details=facts)) == (zh, en)


def test_where_no_fact_is_a_day_nothing_is_said() -> None:
    assert days_of(replace(refusal_of(Reason.NOT_FOR_AID), details={"since": "long ago"})) == ("", "")


def test_a_check_tells_the_days_with_the_reason() -> None:
    why = replace(refusal_of(Reason.IN_WAITING_PERIOD), details={"begins_on": "2027-01-01"})
    text = read_out(replace(FOUND, covered=Answer.NO, refusal=why, benefits=()))
    assert "待遇开始日2027-01-01。 Benefits begin on 2027-01-01." in text


def test_a_sale_that_is_refused_tells_the_days_as_a_check_does() -> None:
    stream = io.StringIO()
    days = {"since": "2026-01-01", "until": "2026-12-31"}
    Screen.on(stream).error(RefusedError(replace(refusal_of(Reason.BENEFITS_SUSPENDED), details=days)))
    assert "自2026-01-01,至2026-12-31。 Since 2026-01-01, until 2026-12-31." in stream.getvalue()


def test_a_line_that_is_refused_tells_its_days() -> None:
    stream = io.StringIO()
    days = {"valid_from": "2020-01-01", "valid_to": "2025-12-31"}
    line = LineRefusal("1", "XJ01", "ITEM_NOT_VALID", "该编码无效。", "Not valid then.", details=days)
    Screen.on(stream).error(RefusedError(replace(refusal_of(Reason.ITEM_NOT_VALID), lines=(line,))))
    assert "有效期自2020-01-01,有效期至2025-12-31。" in stream.getvalue()
