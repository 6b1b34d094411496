"""The days that explain a refusal are read aloud with it."""

from dataclasses import replace

import pytest

from medsettle.cli.days import days_of
from medsettle.errors import refusal_of
from medsettle.models import Answer
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
    assert days_of(replace(refusal_of(Reason.NOT_FOR_AID), details={"since": "long ago"})) is None


def test_a_check_tells_the_days_with_the_reason() -> None:
    why = replace(refusal_of(Reason.IN_WAITING_PERIOD), details={"begins_on": "2027-01-01"})
    text = read_out(replace(FOUND, covered=Answer.NO, refusal=why, benefits=()))
    assert "待遇开始日2027-01-01。 Benefits begin on 2027-01-01." in text
