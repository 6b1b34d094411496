"""What ``eligibility.traceability`` asks of codes: it is read as it is written, or a fault."""

from datetime import date
from typing import Any

import click
import pytest

from medsettle_gateway.cli.policy_page import pack_page
from medsettle_gateway.domain.basket import LineKind
from medsettle_gateway.domain.tracing import NO_TRACE_RULE, TraceRule, is_code
from medsettle_gateway.policy.comparing import compare
from tests.gateway.policy.examples import anshan_source
from tests.gateway.policy.whole_pack import fault_of, whole

PATH = "eligibility.traceability"
ASKED = {
    "required": ["drug", "device"], "from": "2026-01-01", "every_pack": True, "digits": 20, "clause": "三"
}


def test_a_pack_without_the_section_asks_for_no_code() -> None:
    assert whole({}).rules.tracing == NO_TRACE_RULE
    assert not NO_TRACE_RULE.asks(LineKind.DRUG, date(2026, 1, 1))


def test_the_section_is_read_as_it_is_written() -> None:
    rule = whole({PATH: ASKED}).rules.tracing
    assert rule == TraceRule((LineKind.DRUG, LineKind.DEVICE), date(2026, 1, 1), True, 20, "三")
    assert whole({PATH: {"required": [], "clause": "三"}}).rules.tracing == TraceRule(clause="三")


@pytest.mark.parametrize(
    ("kind", "on", "asks"),
    [
        (LineKind.DRUG, date(2026, 1, 1), True),
        (LineKind.DRUG, date(2025, 12, 31), False),
        (LineKind.TEST, date(2026, 1, 1), False),
    ],
)
def test_codes_are_asked_for_from_a_day_on_and_of_some_kinds(kind: LineKind, on: date, *, asks: bool) -> None:
    assert whole({PATH: ASKED}).rules.tracing.asks(kind, on) is asks


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"required": ["wine"]}, "expected one of drug"),
        ({"required": ["wellness"]}, "no medical goods"),
        ({"required": ["drug", "drug"]}, "named twice"),
        ({"every_pack": "yes"}, "every_pack"),
        ({"digits": 6}, "whole number from 7"),
        ({"digits": 65}, "up to 64 digits"),
        ({"from": "January"}, "from"),
        ({"clause": ""}, "clause"),
        ({"colour": 1}, "colour"),
    ],
)
def test_what_cannot_be_meant_is_a_fault(changes: dict[str, Any], message: str) -> None:
    assert message in str(fault_of(PATH, {**ASKED, **changes}))


def test_the_page_says_what_is_asked() -> None:
    page = click.unstyle(pack_page(whole({PATH: ASKED})))
    for said in ("追溯码", "drug, device", "2026-01-01", "每盒一码", "20位数字"):
        assert said in page
    assert "追溯码" not in click.unstyle(pack_page(whole({})))


def test_packs_that_ask_otherwise_differ() -> None:
    before = anshan_source().data
    eligibility: dict[str, Any] = dict(before["eligibility"])  # type: ignore[call-overload]
    after = {**before, "eligibility": {**eligibility, "traceability": ASKED}}
    assert {change.path.partition("traceability")[1] for change in compare(before, after)} == {"traceability"}


@pytest.mark.parametrize(
    ("text", "digits", "fits"),
    [
        ("81234567890123456789", 20, True), ("8123456789012345678", 20, False),
        ("8123456789012345678X", 20, False), ("\uff18123456789012345678", 20, False),
        ("ABC-1234", None, True), ("123456", None, False), ("x" * 64, None, True), ("x" * 65, None, False),
        ("1234 5678", None, False),
    ],
)
def test_what_has_the_form_of_a_code(text: str, digits: int | None, *, fits: bool) -> None:
    assert is_code(text, TraceRule(digits=digits)) is fits
