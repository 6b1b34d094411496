"""Whatever bytes, metadata and deadlines arrive, a call ends with an answer that blames nobody but them."""

from hypothesis import given, settings
from hypothesis import strategies as st

from medsettle.wire import calls
from medsettle.wire.calls import CALLS, ENROL, Call
from medsettle.wire.reasons import Reason
from medsettle.wire.v1 import prescription_pb2, sale_pb2, settlement_pb2, terminal_pb2
from medsettle_gateway.domain.sale import RefusalRecord
from medsettle_gateway.service.commands import RefusedAnswer
from tests.gateway.rpc.stage import (
    TILL,
    Refused,
    Stage,
    basket,
    bytes_of,
    credential,
    line,
    seal,
    settle,
    signed,
)

FOUND_FAULT = {
    Reason.REQUEST_MALFORMED, Reason.REQUEST_TOO_LARGE, Reason.BASKET_TOO_LARGE, Reason.FIELD_REQUIRED,
    Reason.FIELD_INVALID, Reason.AMOUNT_OUT_OF_RANGE, Reason.REQUEST_ID_INVALID, Reason.NOT_YOURS,
    Reason.PAGE_TOKEN_INVALID, Reason.NOT_SUPPORTED, Reason.KEY_INVALID,
}
PASSED_ON = Reason.SALE_NOT_FOUND

GOOD: dict[Call, bytes] = {
    calls.SETTLE: bytes_of(settle()),
    calls.QUOTE: bytes_of(settlement_pb2.QuoteRequest(credential=credential(), basket=basket())),
    calls.SEAL: seal(),
    calls.LIST_SALES: bytes_of(
        settlement_pb2.ListSalesRequest(page_size=5, states=[sale_pb2.SALE_STATE_HELD])
    ),
    calls.REGISTER_PRESCRIPTION: bytes_of(prescription_pb2.RegisterPrescriptionRequest(
        credential=credential(), operator="op", prescription=prescription_pb2.RegisteredPrescription(
            number="RX-1", prescriber="D1", issued_on="2026-07-01", valid_to="2026-07-31", dispensings=2,
            drugs=[prescription_pb2.PrescribedDrug(item_code="drug-a", quantity="3", days_supply=30)],
        ),
    )),
    calls.FETCH_PRESCRIPTIONS: bytes_of(
        prescription_pb2.FetchPrescriptionsRequest(credential=credential(), operator="op", number="RX-1")
    ),
    calls.REVIEW_PRESCRIPTION: bytes_of(prescription_pb2.ReviewPrescriptionRequest(
        number="RX-1", institution="H1", pharmacist="PH1", approved=True, operator="op"
    )),
    calls.WITHDRAW_PRESCRIPTION: bytes_of(
        prescription_pb2.WithdrawPrescriptionRequest(number="RX-1", reason="wrong drug", operator="op")
    ),
    calls.ROTATE_KEY: bytes_of(terminal_pb2.RotateKeyRequest(
        suite="ed25519", public_key=TILL.public_key, proof=bytes(64)
    )),
    ENROL: bytes_of(terminal_pb2.EnrolRequest(code="C", suite="ed25519", public_key=TILL.public_key)),
}


async def reason_of(call: Call, body: bytes) -> Reason:
    stage = Stage()
    stage.service.line = RefusedAnswer(RefusalRecord(PASSED_ON), recorded=False)
    answer = await stage.ask(call, body, signed(call, body))
    assert stage.reported == []
    return Reason(Refused.of(answer).reason)


def test_the_good_requests_are_good() -> None:
    assert {call.method for call in GOOD} <= {call.method for call in CALLS}


async def test_every_good_request_is_passed_on() -> None:
    assert {await reason_of(call, body) for call, body in GOOD.items()} == {PASSED_ON}


@given(st.sampled_from(CALLS), st.binary(max_size=400))
async def test_random_bytes_are_refused_or_understood(call: Call, body: bytes) -> None:
    reason = await reason_of(call, body)
    assert reason in FOUND_FAULT | {PASSED_ON} or (call is ENROL and reason is Reason.SIGNATURE_INVALID)


@st.composite
def truncated(draw: st.DrawFn) -> tuple[Call, bytes]:
    call = draw(st.sampled_from(list(GOOD)))
    return call, GOOD[call][: draw(st.integers(0, len(GOOD[call]) - 1))]


@st.composite
def flipped(draw: st.DrawFn) -> tuple[Call, bytes]:
    call = draw(st.sampled_from(list(GOOD)))
    body = bytearray(GOOD[call])
    places = st.integers(0, len(body) - 1)
    for place, byte in draw(st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=4)):
        body[place] = byte
    return call, bytes(body)


@settings(max_examples=300)
@given(st.one_of(truncated(), flipped()))
async def test_a_damaged_request_is_refused_or_understood(damaged: tuple[Call, bytes]) -> None:
    call, body = damaged
    reason = await reason_of(call, body)
    assert reason in FOUND_FAULT | {PASSED_ON} or (call is ENROL and reason is Reason.SIGNATURE_INVALID)


@given(
    st.text(max_size=70), st.text(max_size=70), st.integers(-(2**63), 2**63 - 1),
    st.integers(-(2**31), 2**31 - 1), st.text(max_size=30),
)
async def test_odd_values_in_a_line_are_refused_or_understood(
    quantity: str, price: str, amount: int, sessions: int, day: str
) -> None:
    message = settle(basket=basket(
        lines=[line(quantity=quantity, unit_price=price, amount_fen=amount, service_on=day)],
        encounter={"sessions": sessions}, service_on=day,
    ))
    assert await reason_of(calls.SETTLE, bytes_of(message)) in FOUND_FAULT


@given(st.lists(st.tuples(
    st.sampled_from(["terminal", "key", "timestamp", "nonce", "signature", "x-bin", "other"]),
    st.one_of(st.text(max_size=300), st.binary(max_size=300)),
), max_size=12))
async def test_odd_metadata_never_reach_the_service(metadata: list[tuple[str, str | bytes]]) -> None:
    stage = Stage()
    answer = Refused.of(await stage.calls.handle(calls.SEAL.path, metadata, seal(), None))
    assert answer.reason in {"SIGNATURE_MISSING", "TERMINAL_UNKNOWN"}
    assert stage.service.asked == []
    assert stage.reported == []


async def test_text_that_is_no_utf_8_is_malformed() -> None:
    assert await reason_of(calls.GET_SALE, b"\x0a\x02\xff\xfe") is Reason.REQUEST_MALFORMED


async def test_a_length_that_points_beyond_the_end_is_malformed() -> None:
    assert await reason_of(calls.SETTLE, b"\x1a\xff\xff\xff\xff\x0f") is Reason.REQUEST_MALFORMED


async def test_messages_nested_without_end_are_malformed_or_passed_over() -> None:
    deep = b""
    for _ in range(500):
        deep = b"\x0b" + deep + b"\x0c"  # groups within groups
    assert await reason_of(calls.SEAL, deep) in {Reason.REQUEST_MALFORMED, Reason.FIELD_REQUIRED}
