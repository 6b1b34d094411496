"""The log: one line an event, for people or for programs."""

import json
import logging
from collections.abc import Iterator

import pytest

from medsettle_gateway.bootstrap.gateway import observe, report
from medsettle_gateway.cli.logs import set_up
from medsettle_gateway.config import LogSection
from medsettle_gateway.rpc.calls import Handled

HANDLED = Handled("Settle", "H1-T1", "H1-T1-20260302-1-1", "FAILED_PRECONDITION", "QUOTE_CHANGED", 3)


@pytest.fixture(autouse=True)
def logger_as_before() -> Iterator[None]:
    logger = logging.getLogger("medsettle")
    before = (logger.handlers[:], logger.level, logger.propagate)
    yield
    logger.handlers[:], logger.level, logger.propagate = before


def test_a_call_is_one_line_of_pairs(capsys: pytest.CaptureFixture[str]) -> None:
    set_up(LogSection())
    observe(HANDLED)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(
        "info call method=Settle terminal=H1-T1 request_id=H1-T1-20260302-1-1 code=FAILED_PRECONDITION "
        "reason=QUOTE_CHANGED duration_ms=3"
    )


def test_a_call_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    set_up(LogSection(format="json"))
    observe(HANDLED)
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["level"], line["reason"], line["duration_ms"]) == (
        "call", "info", "QUOTE_CHANGED", 3
    )


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_failure_names_what_failed_and_where(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    set_up(LogSection(format=form))
    try:
        raise ArithmeticError
    except ArithmeticError as error:
        report("Settle H1-T1-20260302-1-1", error)
    text = capsys.readouterr().err
    assert "Settle H1-T1-20260302-1-1" in text
    assert "ArithmeticError" in text
    assert "test_logs.py" in text


def test_a_quiet_gateway_logs_errors_only(capsys: pytest.CaptureFixture[str]) -> None:
    set_up(LogSection(level="error"))
    observe(HANDLED)
    assert capsys.readouterr().err == ""
