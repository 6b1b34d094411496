"""Every field of every call set to what no till would send, signed rightly: each request gets a reason of the
contract, none is the gateway's own fault, and nothing of it stays in memory."""

import io
import zlib
from collections import Counter
from collections.abc import Iterator

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medsettle.wire.reasons import Reason
from tests.contract.conftest import FRONTS
from tests.contract.foreign_client import ForeignTill, RefusedError
from tests.contract.fuzzing import (
    Case,
    good,
    many_messages,
    methods,
    outcome,
    path_of,
    places,
    put,
    request_of,
    values,
    wrong_shapes,
    wrong_types,
    wrong_values,
)
from tests.contract.running import Running, running

pytestmark = pytest.mark.e2e

ALLOWED = {"OK", *Reason} - {Reason.INTERNAL_ERROR, Reason.OVERLOADED, Reason.STORE_UNAVAILABLE}
GROWTH_BYTES = 24 * 2**20
"""What a process may grow by while it makes itself at home; a leak of a request each is many times that."""


@pytest.fixture(scope="module", params=FRONTS)
def fuzzed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Running, ForeignTill, str]]:
    with running(tmp_path_factory.mktemp("city"), request.param) as gateway:
        till = ForeignTill(gateway.target)
        till.enrol(gateway.enrol_code("01"))
        yield gateway, till, gateway.credential("2103000001")
        till.close()


Fuzzed = tuple[Running, ForeignTill, str]


def faults(till: ForeignTill, cases: Iterator[Case]) -> tuple[list[str], Counter[str]]:
    """What was not answered as the contract says, and how often each answer was given."""
    found, answers = [], Counter[str]()
    for case in cases:
        answer = outcome(till, case)
        answers[answer] += 1
        if answer not in ALLOWED:
            found.append(f"{case.method}: {case.what}: {answer}")
    return found, answers


def test_every_call_is_fuzzed(fuzzed: Fuzzed) -> None:
    _, till, token = fuzzed
    assert [method for method in methods(till) if not good(till, method, token)] == []


def test_no_value_of_any_field_is_a_fault_of_the_gateway(fuzzed: Fuzzed) -> None:
    _, till, token = fuzzed
    found, answers = faults(till, wrong_values(till, token))
    assert found == []
    assert {"FIELD_INVALID", "FIELD_REQUIRED", "AMOUNT_OUT_OF_RANGE", "REQUEST_MALFORMED"} <= set(answers)
    assert "OK" in answers


def test_no_number_of_messages_is_a_fault_of_the_gateway(fuzzed: Fuzzed) -> None:
    _, till, token = fuzzed
    found, answers = faults(till, many_messages(till, token))
    assert found == []
    assert "BASKET_TOO_LARGE" in answers


def test_no_field_of_another_type_is_a_fault_of_the_gateway(fuzzed: Fuzzed) -> None:
    _, till, token = fuzzed
    found, answers = faults(till, wrong_types(till, token))
    assert found == []
    assert "REQUEST_MALFORMED" in answers


def test_no_shape_of_a_message_is_a_fault_of_the_gateway(fuzzed: Fuzzed) -> None:
    _, till, token = fuzzed
    assert faults(till, wrong_shapes(till, token))[0] == []


@st.composite
def spoilt(draw: st.DrawFn, till: ForeignTill, token: str) -> Case:
    """A request of which several fields at once are set to anything."""
    method = draw(st.sampled_from(methods(till)))
    made = request_of(till, method)
    request = made(**good(till, method, token))
    leaves = [place for place in places(made.DESCRIPTOR) if values(place[-1])]
    for place in draw(st.lists(st.sampled_from(leaves), min_size=1, max_size=6)):
        put(request, place, draw(st.sampled_from(values(place[-1]))), draw(st.integers(1, 3)))
    return Case(method, request.SerializeToString(), "several fields")


@settings(max_examples=300)
@given(st.data())
def test_no_fields_together_are_a_fault_of_the_gateway(fuzzed: Fuzzed, data: st.DataObject) -> None:
    _, till, token = fuzzed
    assert outcome(till, data.draw(spoilt(till, token))) in ALLOWED


@given(st.data(), st.binary(max_size=300))
def test_no_bytes_are_a_fault_of_the_gateway(fuzzed: Fuzzed, data: st.DataObject, body: bytes) -> None:
    _, till, _ = fuzzed
    assert outcome(till, Case(data.draw(st.sampled_from(methods(till))), body, "bytes")) in ALLOWED


UNPROVEN = {
    "SIGNATURE_MISSING", "SIGNATURE_INVALID", "TERMINAL_UNKNOWN", "KEY_UNKNOWN", "CLOCK_SKEW", "KEY_INVALID",
    "FIELD_REQUIRED", "FIELD_INVALID", "REQUEST_MALFORMED",
}
"""The last three are of Enrol, whose key is in the message."""
visible = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=300)
proofs = st.one_of(
    st.tuples(st.sampled_from(["terminal", "key", "timestamp", "signature"]), visible),
    st.tuples(st.just("nonce"), st.from_regex(r"[A-Za-z0-9_-]{22}", fullmatch=True)),
)


@settings(max_examples=150)
@given(st.data(), proofs)
def test_no_proof_but_its_own_is_believed_of_any_call(
    fuzzed: Fuzzed, data: st.DataObject, proof: tuple[str, str]
) -> None:
    _, till, token = fuzzed
    method = data.draw(st.sampled_from(methods(till)))
    body = request_of(till, method)(**good(till, method, token)).SerializeToString()
    path, _, metadata = till.signed(path_of(till, method), body)
    with pytest.raises(RefusedError) as caught:
        till.deliver(method, path, body, {**metadata, proof[0]: proof[1]})
    assert caught.value.reason in UNPROVEN


@pytest.mark.parametrize(("size", "reason"), [
    (262_144, "REQUEST_MALFORMED"), (262_145, "REQUEST_TOO_LARGE"), (500_000, "REQUEST_TOO_LARGE"),
])
def test_a_request_is_read_up_to_the_limit_and_no_further(fuzzed: Fuzzed, size: int, reason: str) -> None:
    _, till, _ = fuzzed
    assert outcome(till, Case("GetSale", b"\x12" + bytes([0xFF] * (size - 1)), "large")) == reason


def test_a_few_bytes_that_unpack_into_very_many_are_not_unpacked(fuzzed: Fuzzed) -> None:
    gateway, till, token = fuzzed
    bomb = io.BytesIO()
    packer = zlib.compressobj(9)
    for _ in range(200):
        bomb.write(packer.compress(bytes(2**20)))
    bomb.write(packer.flush())
    packed = bomb.getvalue()
    before = psutil.Process(gateway.process.pid).memory_info().rss
    for method in methods(till):
        made = request_of(till, method)
        for place in places(made.DESCRIPTOR):
            if place[-1].type == place[-1].TYPE_BYTES:
                request = made(**good(till, method, token))
                put(request, place, packed)
                assert outcome(till, Case(method, request.SerializeToString(), "packed")) in ALLOWED
    assert psutil.Process(gateway.process.pid).memory_info().rss - before < GROWTH_BYTES


def test_memory_does_not_grow_with_wrong_requests(fuzzed: Fuzzed) -> None:
    gateway, till, token = fuzzed
    process = psutil.Process(gateway.process.pid)
    before = process.memory_info().rss
    for _ in range(2):
        faults(till, wrong_shapes(till, token))
        faults(till, many_messages(till, token))
    assert process.memory_info().rss - before < GROWTH_BYTES


def test_no_fault_was_logged_and_nothing_secret(fuzzed: Fuzzed) -> None:
    gateway, _, token = fuzzed
    log = (gateway.folder / "gateway.log").read_text("utf-8")
    assert "Traceback" not in log
    assert token not in log
    assert gateway.operator("ledger", "summary")["balanced"]
