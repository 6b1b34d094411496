"""Every field that comes in is checked: what is wrong is named, and what passes is typed."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from medsettle.wire import calls
from medsettle.wire.calls import Call
from medsettle.wire.states import SaleState
from medsettle.wire.v1 import credential_pb2, eligibility_pb2, sale_pb2, settlement_pb2
from medsettle_gateway.config import LimitsSection
from medsettle_gateway.domain.asked import Collect, Consent, Payer
from medsettle_gateway.domain.basket import Prescription
from medsettle_gateway.domain.sale import TenderRecord
from medsettle_gateway.domain.split import Split
from medsettle_gateway.rpc.codec.form import LARGEST_AMOUNT_FEN
from medsettle_gateway.service import commands
from tests.gateway.rpc.stage import (
    INSTITUTION,
    NOW,
    REQUEST_ID,
    TERMINAL,
    Refused,
    Stage,
    basket,
    bytes_of,
    credential,
    line,
    seal,
    settle,
    wire_now,
)

Share = sale_pb2.Share


async def asked(call: Call, message: Any) -> Any:
    stage = Stage()
    answer = await stage.ask(call, bytes_of(message))
    assert stage.service.asked, answer.status and Refused.of(answer).said
    return stage.service.asked[0][0]


async def fault(call: Call, message: Any) -> tuple[str, str]:
    stage = Stage()
    answer = Refused.of(await stage.ask(call, bytes_of(message)))
    assert stage.service.asked == []
    assert answer.said["recorded"] == "false"
    return answer.reason, answer.said.get("field", "")


async def test_a_settle_arrives_with_every_field() -> None:
    message = settle(
        basket=basket(
            benefit="general_outpatient", lines=[line(
                line_id="a", benefit="chronic", condition="hypertension", prescription_id="rx",
                traceability_codes=["81000000000000000001"], service_on="2024-05-30",
            )],
            prescriptions=[settlement_pb2.Prescription(
                prescription_id="rx", kind=settlement_pb2.PRESCRIPTION_KIND_EXTERNAL, number="n",
                prescriber="D1", institution="H2", issued_on="2024-05-29",
            )],
            payers=[settlement_pb2.Payer(account="acc", consent=settlement_pb2.CONSENT_IN_PERSON)],
            service_on="2024-05-31", late_reason="断网",
            encounter=settlement_pb2.Encounter(
                admitted_on="2024-05-01", discharged_on="2024-05-31", sessions=3, emergency=True
            ),
        ),
        expected=sale_pb2.Split(
            funds=[Share(id="pooled", amount_fen=100), Share(id="none", amount_fen=0)],
            accounts=[Share(id="acc", amount_fen=2400)], cash_fen=0,
        ),
        collect=settlement_pb2.COLLECT_LATER, acknowledgements=["POSSIBLE_DUPLICATE"], quote_token="MSQ1.x.y",
    )
    command = await asked(calls.SETTLE, message)
    assert isinstance(command, commands.Settle)
    assert command.request_id.text == REQUEST_ID
    assert command.expected == Split.make({"pooled": 100}, {"acc": 2400}, 0)
    assert (command.collect, command.requested_at) == (Collect.LATER, NOW)
    assert (command.operator, command.quote_token) == ("收银员01", "MSQ1.x.y")
    assert command.acknowledgements == ("POSSIBLE_DUPLICATE",)
    bought = command.basket
    assert (bought.benefit, bought.sessions, bought.late_reason) == ("general_outpatient", 3, "断网")
    assert (bought.admitted_on, bought.discharged_on) == (date(2024, 5, 1), date(2024, 5, 31))
    assert bought.emergency
    assert bought.payers == (Payer("acc", Consent.IN_PERSON),)
    (first,) = bought.lines
    assert (first.quantity_e4, first.unit_price_micro, first.amount_fen) == (20_000, 12_500_000, 2_500)
    assert (first.line_id, first.condition, first.service_on) == ("a", "hypertension", date(2024, 5, 30))
    (prescription,) = bought.prescriptions
    assert (prescription.kind, prescription.issued_on) == (Prescription.EXTERNAL, date(2024, 5, 29))


async def test_a_return_names_the_sale_and_shows_no_credential() -> None:
    of = f"{INSTITUTION}-02-20240530-7-1"
    command = await asked(calls.SETTLE, settle(replaces=of, credential=None))
    assert command.replaces.text == of
    assert (command.credential.kind, command.credential.token) == ("", "")


async def test_lines_without_an_id_are_called_by_their_number() -> None:
    command = await asked(calls.SETTLE, settle(basket=basket(lines=[line(), line(line_id="b"), line()])))
    assert [each.line_id for each in command.basket.lines] == ["1", "b", "3"]


async def test_the_credential_shows_in_no_text_of_the_command() -> None:
    command = await asked(calls.SETTLE, settle())
    assert command.credential.token == "MSD1.a.b"
    assert "MSD1" not in repr(command)


AT = "basket.lines[1]."


def card(**fields: Any) -> credential_pb2.Credential:
    return credential_pb2.Credential(**fields)


@pytest.mark.parametrize(("changes", "reason", "field"), [
    ({"request_id": ""}, "FIELD_REQUIRED", "request_id"),
    ({"request_id": "17"}, "REQUEST_ID_INVALID", "request_id"),
    ({"request_id": f"{TERMINAL}-20240230-1-1"}, "REQUEST_ID_INVALID", "request_id"),
    ({"request_id": f"{TERMINAL}-20240531-0-1"}, "REQUEST_ID_INVALID", "request_id"),
    ({"request_id": f"{TERMINAL}-20240531-1-1\n"}, "REQUEST_ID_INVALID", "request_id"),
    ({"request_id": f"{TERMINAL}-20240531-1-1" * 50}, "REQUEST_ID_INVALID", "request_id"),
    ({"request_id": f"{INSTITUTION}-02-20240531-1-1"}, "NOT_YOURS", ""),
    ({"request_id": "H9-01-20240531-1-1"}, "NOT_YOURS", ""),
    ({"credential": None}, "FIELD_REQUIRED", "credential"),
    ({"credential": card(token="x")}, "FIELD_REQUIRED", "credential.kind"),
    ({"credential": card(kind=9, token="x")}, "FIELD_INVALID", "credential.kind"),
    ({"credential": card(kind=2, token="x", code_type="city")}, "FIELD_INVALID", "credential.code_type"),
    ({"credential": card(kind=1, token="x", code_type="c" * 33)}, "FIELD_INVALID", "credential.code_type"),
    ({"credential": card(kind=4, token="x")}, "FIELD_INVALID", "credential.kind"),
    ({"credential": card(kind=1)}, "FIELD_REQUIRED", "credential.token"),
    ({"credential": card(kind=1, token="x" * 513)}, "FIELD_INVALID", "credential.token"),
    ({"credential": card(kind=1, token="a\x00b")}, "FIELD_INVALID", "credential.token"),
    ({"basket": None}, "FIELD_REQUIRED", "basket.lines"),
    ({"basket": basket(lines=[])}, "FIELD_REQUIRED", "basket.lines"),
    ({"basket": basket(lines=[line()] * 201)}, "BASKET_TOO_LARGE", "basket.lines"),
    ({"basket": basket(lines=[line(line_id="2"), line()])}, "FIELD_INVALID", "basket.lines.line_id"),
    ({"expected": None}, "FIELD_REQUIRED", "expected"),
    ({"expected": sale_pb2.Split()}, "FIELD_REQUIRED", "expected.cash_fen"),
    ({"expected": sale_pb2.Split(cash_fen=-1)}, "AMOUNT_OUT_OF_RANGE", "expected.cash_fen"),
    ({"expected": sale_pb2.Split(cash_fen=2**63 - 1)}, "AMOUNT_OUT_OF_RANGE", "expected.cash_fen"),
    ({"expected": sale_pb2.Split(cash_fen=0, funds=[Share(id="p")])},
     "FIELD_REQUIRED", "expected.funds[1].amount_fen"),
    ({"expected": sale_pb2.Split(cash_fen=0, funds=[Share(id="p", amount_fen=1)] * 2)},
     "FIELD_INVALID", "expected.funds.id"),
    ({"expected": sale_pb2.Split(cash_fen=0, accounts=[Share(amount_fen=1)])},
     "FIELD_REQUIRED", "expected.accounts[1].id"),
    ({"collect": 0}, "FIELD_REQUIRED", "collect"),
    ({"collect": 77}, "FIELD_INVALID", "collect"),
    ({"operator": ""}, "FIELD_REQUIRED", "operator"),
    ({"operator": "x" * 41}, "FIELD_INVALID", "operator"),
    ({"operator": "\u202e"}, "FIELD_INVALID", "operator"),
    ({"requested_at": None}, "FIELD_REQUIRED", "requested_at"),
    ({"requested_at": {"seconds": 2**62}}, "FIELD_INVALID", "requested_at"),
    ({"requested_at": {"seconds": -(2**62)}}, "FIELD_INVALID", "requested_at"),
    ({"requested_at": {"seconds": 1, "nanos": -1}}, "FIELD_INVALID", "requested_at"),
    ({"requested_at": {"seconds": 1, "nanos": 2**31 - 1}}, "FIELD_INVALID", "requested_at"),
    ({"acknowledgements": ["x"] * 17}, "FIELD_INVALID", "acknowledgements"),
    ({"acknowledgements": [""]}, "FIELD_REQUIRED", "acknowledgements[1]"),
    ({"quote_token": "x" * 2_049}, "FIELD_INVALID", "quote_token"),
    ({"replaces": REQUEST_ID}, "FIELD_INVALID", "credential"),
    ({"replaces": "", "credential": None}, "FIELD_REQUIRED", "replaces"),
    ({"replaces": "17", "credential": None}, "REQUEST_ID_INVALID", "replaces"),
    ({"replaces": REQUEST_ID, "credential": None, "collect": settlement_pb2.COLLECT_LATER},
     "FIELD_INVALID", "collect"),
    ({"view": 9}, "FIELD_INVALID", "view"),
])
async def test_what_is_wrong_with_a_settle_is_named(changes: Any, reason: str, field: str) -> None:
    assert await fault(calls.SETTLE, settle(**changes)) == (reason, field)


@pytest.mark.parametrize(("changes", "reason", "field"), [
    ({"item_code": ""}, "FIELD_REQUIRED", "item_code"),
    ({"item_code": "x" * 33}, "FIELD_INVALID", "item_code"),
    ({"quantity": ""}, "FIELD_REQUIRED", "quantity"),
    ({"quantity": "0"}, "AMOUNT_OUT_OF_RANGE", "quantity"),
    ({"quantity": "0.0000"}, "AMOUNT_OUT_OF_RANGE", "quantity"),
    ({"quantity": "-1"}, "AMOUNT_OUT_OF_RANGE", "quantity"),
    ({"quantity": "1000000"}, "AMOUNT_OUT_OF_RANGE", "quantity"),
    ({"quantity": "99999999999999999999"}, "AMOUNT_OUT_OF_RANGE", "quantity"),
    ({"quantity": "1.00001"}, "FIELD_INVALID", "quantity"),
    ({"quantity": "1e3"}, "FIELD_INVALID", "quantity"),
    ({"quantity": "NaN"}, "FIELD_INVALID", "quantity"),
    ({"quantity": "１"}, "FIELD_INVALID", "quantity"),
    ({"quantity": " 1"}, "FIELD_INVALID", "quantity"),
    ({"quantity": "1\n"}, "FIELD_INVALID", "quantity"),
    ({"quantity": "1_0"}, "FIELD_INVALID", "quantity"),
    ({"quantity": "9" * 5_000}, "FIELD_INVALID", "quantity"),
    ({"unit_price": "1.0000001"}, "FIELD_INVALID", "unit_price"),
    ({"unit_price": "-0.01"}, "AMOUNT_OUT_OF_RANGE", "unit_price"),
    ({"unit_price": "100000000"}, "AMOUNT_OUT_OF_RANGE", "unit_price"),
    ({"amount_fen": None}, "FIELD_REQUIRED", "amount_fen"),
    ({"amount_fen": -1}, "AMOUNT_OUT_OF_RANGE", "amount_fen"),
    ({"amount_fen": 1_000_000_001}, "AMOUNT_OUT_OF_RANGE", "amount_fen"),
    ({"benefit": "x" * 65}, "FIELD_INVALID", "benefit"),
    ({"line_id": "x" * 17}, "FIELD_INVALID", "line_id"),
    ({"prescription_id": "rx"}, "FIELD_INVALID", "prescription_id"),
    ({"traceability_codes": ["x"] * 2}, "FIELD_INVALID", "traceability_codes"),
    ({"traceability_codes": [""]}, "FIELD_REQUIRED", "traceability_codes[1]"),
    ({"traceability_codes": [str(each) for each in range(101)]}, "FIELD_INVALID", "traceability_codes"),
    ({"service_on": "20240531"}, "FIELD_INVALID", "service_on"),
])
async def test_what_is_wrong_with_a_line_is_named(changes: Any, reason: str, field: str) -> None:
    message = settle(basket=basket(lines=[line(**changes)]))
    assert await fault(calls.SETTLE, message) == (reason, AT + field)


@pytest.mark.parametrize(("changes", "field"), [
    ({"service_on": ""}, "service_on"),
    ({"service_on": "2024-02-30"}, "service_on"),
    ({"service_on": "0001-01-01"}, "service_on"),
    ({"service_on": "9999-12-31"}, "service_on"),
    ({"service_on": "2024-W22-5"}, "service_on"),
    ({"late_reason": "x" * 201}, "late_reason"),
    ({"encounter": {"sessions": 0}}, "encounter.sessions"),
    ({"encounter": {"sessions": 367}}, "encounter.sessions"),
    ({"lines": [line(days_supply=0)]}, "lines[1].days_supply"),
    ({"lines": [line(days_supply=367)]}, "lines[1].days_supply"),
    ({"encounter": {"discharged_on": "2024-05-31"}}, "encounter.discharged_on"),
    ({"encounter": {"admitted_on": "2024-05-31", "discharged_on": "2024-05-30"}}, "encounter.discharged_on"),
    ({"payers": [{"account": "a"}] * 9}, "payers"),
    ({"payers": [{"account": "a"}] * 2}, "payers.account"),
    ({"payers": [{"account": "a" * 41}]}, "payers[1].account"),
    ({"payers": [{"account": "a", "consent": 5}]}, "payers[1].consent"),
    ({"payers": [{"account": "a"}], "without_accounts": True}, "without_accounts"),
    ({"prescriptions": [{"prescription_id": "r", "kind": 1}] * 2}, "prescriptions.prescription_id"),
    ({"prescriptions": [{"prescription_id": "r", "kind": 7}]}, "prescriptions[1].kind"),
])
async def test_what_is_wrong_with_a_basket_is_named(changes: Any, field: str) -> None:
    reason, named = await fault(calls.QUOTE, settlement_pb2.QuoteRequest(
        credential=credential(), basket=basket(**changes)
    ))
    assert (reason in {"FIELD_INVALID", "FIELD_REQUIRED"}, named) == (True, f"basket.{field}")


async def test_a_tender_may_state_the_cash_part_of_the_largest_basket() -> None:
    whole = LimitsSection().basket_lines * LARGEST_AMOUNT_FEN
    command = await asked(calls.CONFIRM, settlement_pb2.ConfirmRequest(
        request_id=REQUEST_ID, operator="op", requested_at=wire_now(),
        tenders=[sale_pb2.Tender(kind="cash", amount_fen=whole)],
    ))
    assert command.tenders == (TenderRecord("cash", whole),)


@pytest.mark.parametrize(("tender", "reason", "field"), [
    ({"amount_fen": 1}, "FIELD_REQUIRED", "tenders[1].kind"),
    ({"kind": "cash"}, "FIELD_REQUIRED", "tenders[1].amount_fen"),
    ({"kind": "cash", "amount_fen": 0}, "AMOUNT_OUT_OF_RANGE", "tenders[1].amount_fen"),
    ({"kind": "cash", "amount_fen": 10**12}, "AMOUNT_OUT_OF_RANGE", "tenders[1].amount_fen"),
    ({"kind": "x" * 17, "amount_fen": 1}, "FIELD_INVALID", "tenders[1].kind"),
    ({"kind": "card", "amount_fen": 1, "reference": "x" * 65}, "FIELD_INVALID", "tenders[1].reference"),
])
async def test_what_is_wrong_with_a_tender_is_named(tender: Any, reason: str, field: str) -> None:
    message = settlement_pb2.ConfirmRequest(
        request_id=REQUEST_ID, operator="op", requested_at=wire_now(), tenders=[tender]
    )
    assert await fault(calls.CONFIRM, message) == (reason, field)


ACTS = [
    (calls.CONFIRM, settlement_pb2.ConfirmRequest),
    (calls.RELEASE, settlement_pb2.ReleaseRequest),
    (calls.REVERSE, settlement_pb2.ReverseRequest),
    (calls.SEAL, settlement_pb2.SealRequest),
]


def act(kind: Any, **changes: Any) -> Any:
    fields = {"request_id": REQUEST_ID, "operator": "op", "requested_at": wire_now()} | changes
    if kind is settlement_pb2.ReverseRequest:
        fields["reason"] = "退货"
    return kind(**fields)


@pytest.mark.parametrize(("call", "kind"), ACTS)
async def test_any_terminal_of_the_institution_may_act_on_its_sales(call: Call, kind: Any) -> None:
    command = await asked(call, act(kind, request_id=f"{INSTITUTION}-77-20240531-1-1"))
    assert (command.request_id.terminal, command.operator) == (f"{INSTITUTION}-77", "op")


@pytest.mark.parametrize(("call", "kind"), ACTS)
async def test_nobody_acts_on_the_sales_of_another_institution(call: Call, kind: Any) -> None:
    assert await fault(call, act(kind, request_id="H9-01-20240531-1-1")) == ("NOT_YOURS", "")


@pytest.mark.parametrize(("call", "kind"), ACTS)
@pytest.mark.parametrize(("changes", "field"), [
    ({"request_id": ""}, "request_id"),
    ({"operator": ""}, "operator"),
    ({"requested_at": None}, "requested_at"),
])
async def test_an_act_says_which_sale_who_and_when(call: Call, kind: Any, changes: Any, field: str) -> None:
    assert await fault(call, act(kind, **changes)) == ("FIELD_REQUIRED", field)


async def test_a_confirmation_lists_how_the_cash_part_was_collected() -> None:
    message = act(settlement_pb2.ConfirmRequest, tenders=[
        {"kind": "cash", "amount_fen": 100}, {"kind": "wechat", "amount_fen": 2, "reference": "4200"},
    ])
    command = await asked(calls.CONFIRM, message)
    assert command.tenders == (TenderRecord("cash", 100), TenderRecord("wechat", 2, "4200"))


async def test_a_reversal_needs_a_reason() -> None:
    message = settlement_pb2.ReverseRequest(request_id=REQUEST_ID, operator="op", requested_at=wire_now())
    assert await fault(calls.REVERSE, message) == ("FIELD_REQUIRED", "reason")


async def test_a_check_may_name_benefit_day_and_prescription() -> None:
    command = await asked(calls.CHECK_ELIGIBILITY, eligibility_pb2.CheckEligibilityRequest(
        credential=credential(), benefit="b", as_of="2024-05-31", prescription="external"
    ))
    assert (command.benefit, command.as_of) == ("b", date(2024, 5, 31))
    assert command.prescription is Prescription.EXTERNAL


async def test_a_check_without_them_leaves_them_open() -> None:
    command = await asked(
        calls.CHECK_ELIGIBILITY, eligibility_pb2.CheckEligibilityRequest(credential=credential())
    )
    assert (command.benefit, command.as_of, command.prescription) == (None, None, None)


async def test_a_check_takes_no_other_kind_of_prescription() -> None:
    message = eligibility_pb2.CheckEligibilityRequest(credential=credential(), prescription="own ")
    assert await fault(calls.CHECK_ELIGIBILITY, message) == ("FIELD_INVALID", "prescription")


async def test_a_list_may_be_narrowed() -> None:
    command = await asked(calls.LIST_SALES, settlement_pb2.ListSalesRequest(
        page_size=100, page_token="t", states=[sale_pb2.SALE_STATE_HELD], terminal=TERMINAL,
        service_from="2024-05-01", service_to="2024-05-31",
    ))
    assert command == commands.ListSales(
        command.caller, 100, "t", (SaleState.HELD,), TERMINAL, date(2024, 5, 1), date(2024, 5, 31)
    )


@pytest.mark.parametrize(("view", "asked_count", "given_count"), [
    (sale_pb2.VIEW_UNSPECIFIED, None, 20), (sale_pb2.VIEW_FULL, None, 10), (sale_pb2.VIEW_FULL, 100, 10),
    (sale_pb2.VIEW_FULL, 3, 3),
])
async def test_a_page_of_full_sales_stays_small_enough_for_a_client(
    view: Any, asked_count: int | None, given_count: int
) -> None:
    message = settlement_pb2.ListSalesRequest(page_size=asked_count, view=view)
    assert (await asked(calls.LIST_SALES, message)).page_size == given_count


@pytest.mark.parametrize(("changes", "reason", "field"), [
    ({"page_size": 0}, "FIELD_INVALID", "page_size"),
    ({"page_size": 101}, "FIELD_INVALID", "page_size"),
    ({"page_size": -(2**31)}, "FIELD_INVALID", "page_size"),
    ({"page_token": "x" * 513}, "PAGE_TOKEN_INVALID", ""),
    ({"states": [0]}, "FIELD_REQUIRED", "states[1]"),
    ({"states": [99]}, "FIELD_INVALID", "states[1]"),
    ({"states": [1] * 10}, "FIELD_INVALID", "states"),
    ({"service_to": "x"}, "FIELD_INVALID", "service_to"),
])
async def test_what_is_wrong_with_a_list_is_named(changes: Any, reason: str, field: str) -> None:
    assert await fault(calls.LIST_SALES, settlement_pb2.ListSalesRequest(**changes)) == (reason, field)


async def test_fields_that_a_later_release_adds_are_passed_over() -> None:
    stage = Stage()
    body = seal() + b"\xfa\x3f\x03new"  # field 1023, a string
    assert (await stage.ask(calls.SEAL, body)).status is None


async def test_an_instant_keeps_its_microseconds() -> None:
    message = act(settlement_pb2.SealRequest, requested_at={"seconds": 1_717_149_600, "nanos": 123_456_789})
    command = await asked(calls.SEAL, message)
    assert command.requested_at == datetime(2024, 5, 31, 10, 0, 0, 123_456, tzinfo=UTC)
