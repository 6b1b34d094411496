"""Contract and shared floor say the same: reasons, states and calls, with no gap on either side."""

import re

import pytest

from medsettle.wire.calls import CALLS, PACKAGE, Call, Repeat
from medsettle.wire.reasons import REASONS, Code, Reason, Retry
from medsettle.wire.states import ALIVE, GATEWAY, OUTCOME, Event, Outcome, SaleState, outcome_of
from medsettle.wire.v1 import (
    eligibility_pb2,
    prescription_pb2,
    reasons_pb2,
    sale_pb2,
    settlement_pb2,
    terminal_pb2,
)
from tests.contract.proto import calls, values_of

COMMENT = re.compile(
    r"(?P<code>[A-Z_]+), retry (?P<retry>\w+), (?P<actor>\w+), (?P<recorded>(not )?recorded)\.$"
)
CHINESE = re.compile(r"[\u4e00-\u9fff]")
REASON_COMMENTS = {value.name.removeprefix("REASON_"): value.comment for value in values_of("Reason")}


def test_the_contract_and_the_catalogue_have_the_same_reasons() -> None:
    sent = [value.name.removeprefix("REASON_") for value in reasons_pb2.Reason.DESCRIPTOR.values]
    assert sent == ["UNSPECIFIED", *(reason.name for reason in Reason)]
    assert list(REASONS) == list(Reason)


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_is_sent_by_its_own_name(reason: Reason) -> None:
    assert reason.value == reason.name


@pytest.mark.parametrize("reason", Reason)
def test_the_comment_of_a_reason_says_what_the_catalogue_does(reason: Reason) -> None:
    said = COMMENT.search(REASON_COMMENTS[reason.name])
    text = REASONS[reason]
    assert said is not None
    assert said["code"] == text.code
    assert said["retry"] == text.retry
    assert said["actor"] == text.actor
    assert (said["recorded"] == "recorded") is text.recorded


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_has_sentences_for_the_screen(reason: Reason) -> None:
    text = REASONS[reason]
    for chinese in (text.zh, text.next_zh):
        assert CHINESE.search(chinese)
        assert chinese.endswith(("。", "?", "?"))
    for english in (text.en, text.next_en):
        assert not CHINESE.search(english)
        assert english[0].isupper()
        assert english.endswith((".", "?"))


@pytest.mark.parametrize("reason", [reason for reason in Reason if REASONS[reason].recorded])
def test_a_recorded_refusal_is_final(reason: Reason) -> None:
    assert REASONS[reason].code is Code.FAILED_PRECONDITION
    assert REASONS[reason].retry is Retry.NO


def test_the_contract_and_the_table_have_the_same_states() -> None:
    sent = {value.name.removeprefix("SALE_STATE_") for value in sale_pb2.SaleState.DESCRIPTOR.values}
    assert sent - {"UNSPECIFIED"} == {state.name for state in SaleState} - {"ABSENT"}


@pytest.mark.parametrize("state", SaleState)
def test_a_state_has_a_cell_for_every_event(state: SaleState) -> None:
    assert set(GATEWAY[state]) == set(Event)
    assert state in OUTCOME


@pytest.mark.parametrize("state", SaleState)
def test_no_event_leads_back_to_nothing(state: SaleState) -> None:
    assert all(SaleState.ABSENT not in cell.to for cell in GATEWAY[state].values())


@pytest.mark.parametrize("state", SaleState)
def test_a_refused_event_changes_nothing(state: SaleState) -> None:
    assert all(cell.to == () for cell in GATEWAY[state].values() if cell.refuse is not None)


@pytest.mark.parametrize("state", [state for state in SaleState if OUTCOME[state] is Outcome.NOT_PAID])
def test_what_is_not_paid_stays_so(state: SaleState) -> None:
    assert all(cell.to == () for cell in GATEWAY[state].values())


def test_only_settled_means_paid() -> None:
    assert [state for state in SaleState if OUTCOME[state] is Outcome.PAID] == [SaleState.SETTLED]


def test_an_unknown_state_is_open() -> None:
    assert outcome_of("A_STATE_OF_TOMORROW") is Outcome.OPEN


def test_every_open_sale_can_end() -> None:
    ends = {state for state in SaleState if OUTCOME[state] is not Outcome.OPEN}
    reached = True
    while reached:
        reached = False
        for state in SaleState:
            if state not in ends and any(ends.intersection(cell.to) for cell in GATEWAY[state].values()):
                ends.add(state)
                reached = True
    assert ends == set(SaleState)


def test_what_may_still_charge_is_alive() -> None:
    charging = {state for state in SaleState if OUTCOME[state] is not Outcome.NOT_PAID}
    assert charging - {SaleState.ABSENT} == ALIVE


def test_the_contract_and_the_table_have_the_same_calls() -> None:
    assert sorted((call.service, call.method) for call in CALLS) == sorted(calls())


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.method)
def test_a_call_is_found_under_its_path(call: Call) -> None:
    files = (eligibility_pb2, prescription_pb2, settlement_pb2, terminal_pb2)
    found = [
        f"/{PACKAGE}.{call.service}/{method.name}"
        for file in files
        for service in file.DESCRIPTOR.services_by_name.values()
        if service.name == call.service
        for method in service.methods
    ]
    assert call.path in found


@pytest.mark.parametrize("call", [c for c in CALLS if c.repeat is Repeat.SAME_ID], ids=lambda c: c.method)
def test_a_money_call_carries_the_id_that_makes_repeats_harmless(call: Call) -> None:
    request = settlement_pb2.DESCRIPTOR.message_types_by_name[f"{call.method}Request"]
    assert "request_id" in request.fields_by_name
    assert call.signed_answer


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.method)
def test_every_call_ends(call: Call) -> None:
    assert 0 < call.deadline_ms <= 60_000
