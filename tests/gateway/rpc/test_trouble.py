"""Limits, drain and faults: whatever happens, the client gets one answer that says what to do."""

import dataclasses
from datetime import datetime, timedelta

import pytest

from medsettle.wire.calls import PACKAGE, SEAL, SETTLE
from medsettle.wire.reasons import Reason
from medsettle_gateway.config import LimitsSection
from medsettle_gateway.domain.sale import RefusalRecord
from medsettle_gateway.service import commands
from medsettle_gateway.service.ports import StoreUnavailableError
from tests.gateway.rpc.stage import (
    LIMITS,
    NOW,
    REQUEST_ID,
    TERMINAL,
    Refused,
    Stage,
    bytes_of,
    seal,
    sealed_sale,
    settle,
    signed,
)


async def test_a_request_over_the_limit_is_refused_before_it_is_read() -> None:
    stage = Stage(limits=LimitsSection(request_bytes=1_024))
    body = bytes(1_025)
    answer = Refused.of(await stage.ask(SETTLE, body, signed(SETTLE, body)))
    assert answer.reason == "REQUEST_TOO_LARGE"
    assert (answer.said["limit"], answer.said["bytes"]) == ("1024", "1025")


@pytest.mark.parametrize("allowed_ms", [0, -1, -10_000])
async def test_a_call_whose_deadline_has_passed_does_nothing(allowed_ms: int) -> None:
    stage = Stage()
    metadata = signed(SEAL, seal()).items()
    answer = Refused.of(await stage.calls.handle(SEAL.path, metadata, seal(), allowed_ms))
    assert answer.reason == "DEADLINE_PASSED"
    assert stage.service.asked == []


@pytest.mark.parametrize(("allowed_ms", "granted_ms"), [
    (1_500, 1_500), (None, LIMITS.deadline_ms), (10**12, LIMITS.deadline_ms),
])
async def test_the_service_learns_the_deadline_which_is_never_beyond_the_limit(
    allowed_ms: int | None, granted_ms: int
) -> None:
    stage = Stage()
    await stage.calls.handle(SEAL.path, signed(SEAL, seal()).items(), seal(), allowed_ms)
    ((_, deadline_at),) = stage.service.asked
    assert deadline_at == NOW + timedelta(milliseconds=granted_ms)


async def test_one_call_more_than_allowed_is_told_when_to_come_back() -> None:
    stage = Stage(limits=LimitsSection(in_flight=1, retry_ms=70))
    inner: list[Refused] = []

    async def while_one_is_open(command: commands.Command, deadline_at: datetime) -> commands.Answer:
        inner.append(Refused.of(await stage.ask(SEAL, seal())))
        return sealed_sale()

    stage.calls._ports = dataclasses.replace(stage.calls._ports, service=while_one_is_open)
    assert (await stage.ask(SEAL, seal())).status is None
    assert [(each.reason, each.retry_ms) for each in inner] == [("OVERLOADED", 70)]


async def test_after_a_call_has_ended_the_next_one_is_taken() -> None:
    stage = Stage(limits=LimitsSection(in_flight=1))
    stage.service.line = ValueError("a fault")
    for _ in range(3):
        assert Refused.of(await stage.ask(SEAL, seal())).reason == "INTERNAL_ERROR"


async def test_while_draining_every_new_call_is_asked_to_come_back() -> None:
    stage = Stage()
    stage.calls.drain()
    answer = Refused.of(await stage.ask(SEAL, seal()))
    assert (answer.reason, answer.retry_ms) == ("SHUTTING_DOWN", LIMITS.retry_ms)
    assert stage.service.asked == []


async def test_a_fault_in_the_service_is_reported_and_told_to_nobody() -> None:
    stage = Stage()
    stage.service.line = ValueError("张伟 210300197001011234")
    answer = await stage.ask(SEAL, seal())
    assert Refused.of(answer).reason == "INTERNAL_ERROR"
    assert answer.status is not None
    assert "张伟".encode() not in answer.status.details
    assert stage.reported == [(f"Seal {REQUEST_ID}", stage.service.line)]


async def test_a_store_that_is_away_asks_for_a_repeat_under_the_same_id() -> None:
    stage = Stage()
    stage.register.fault = StoreUnavailableError("disk")
    answer = Refused.of(await stage.ask(SEAL, seal()))
    assert (answer.reason, answer.said["retry"], answer.retry_ms) == ("STORE_UNAVAILABLE", "yes", 200)
    assert answer.said["recorded"] == "false"


async def test_a_delay_that_the_service_chose_is_kept() -> None:
    stage = Stage()
    stage.service.line = commands.RefusedAnswer(
        RefusalRecord(Reason.OVERLOADED), recorded=False, retry_after_ms=1_234
    )
    assert Refused.of(await stage.ask(SEAL, seal())).retry_ms == 1_234


async def test_a_recorded_refusal_says_so() -> None:
    stage = Stage()
    stage.service.line = commands.RefusedAnswer(
        RefusalRecord(Reason.CREDENTIAL_USED), recorded=True, request_id=REQUEST_ID
    )
    answer = Refused.of(await stage.ask(SETTLE, bytes_of(settle())))
    assert (answer.said["recorded"], answer.said["request_id"]) == ("true", REQUEST_ID)


@pytest.mark.parametrize("path", [
    f"/{PACKAGE}.SettlementService/Refund", f"/{PACKAGE}.Nothing/Settle", "/", "", "/x.v1.Health/Check",
])
async def test_a_method_that_the_contract_does_not_have_is_not_supported(path: str) -> None:
    stage = Stage()
    answer = Refused.of(await stage.calls.handle(path, [], b"", None))
    assert (answer.reason, answer.said["method"]) == ("NOT_SUPPORTED", path)
    (handled,) = stage.handled
    assert (handled.method, handled.code, handled.reason) == (path, "UNIMPLEMENTED", "NOT_SUPPORTED")


async def test_an_odd_method_neither_fills_nor_forges_the_log() -> None:
    stage = Stage()
    await stage.calls.handle(f"/a b\n{'x' * 5_000}/Y", [], b"", None)
    (handled,) = stage.handled
    assert handled.method == "/a?b?" + "x" * 123


async def test_the_log_hears_what_became_of_a_call_and_nothing_secret() -> None:
    stage = Stage()
    stage.service.line = commands.RefusedAnswer(RefusalRecord(Reason.CREDENTIAL_USED), recorded=True)
    await stage.ask(SETTLE, bytes_of(settle()))
    (handled,) = stage.handled
    assert handled.method == "Settle"
    assert handled.terminal == TERMINAL
    assert handled.request_id == REQUEST_ID
    assert (handled.code, handled.reason) == ("FAILED_PRECONDITION", "CREDENTIAL_USED")
    assert "MSD1" not in repr(handled)
