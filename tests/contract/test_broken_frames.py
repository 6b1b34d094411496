"""A connection on which anything may be said: whatever it is, it hurts nobody but who says it."""

import contextlib
import re
import socket
import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contract.conftest import FRONTS
from tests.contract.foreign_client import ForeignTill
from tests.contract.raw_http2 import (
    ACK,
    CANCEL,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    INITIAL_WINDOW_SIZE,
    PING,
    PREFACE,
    PUSH,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    Fields,
    Wire,
    asked,
    encoded,
    frame,
    message,
)
from tests.contract.running import Running, running

pytestmark = pytest.mark.e2e

PATH = "/medsettle.wire.v1.SettlementService/GetSale"
OPENED = encoded(asked(PATH))
GROWTH_BYTES = 24 * 2**20
ROUNDS = 3
"""What is kept takes room in each of them; what the allocator gave back, and takes again, in one."""
QUIET_S = 0.2


class Broken(NamedTuple):
    """A gateway behind a front, and a till that wants to be served meanwhile."""

    gateway: Running
    till: ForeignTill
    hurries: bool
    """Does the front itself end connections on which nothing sensible is said, or a proxy before it?"""


@pytest.fixture(scope="module", params=FRONTS)
def broken(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broken]:
    with running(tmp_path_factory.mktemp("city"), request.param) as gateway:
        till = ForeignTill(gateway.target)
        till.enrol(gateway.enrol_code("01"))
        yield Broken(gateway, till, request.param == "aio")
        till.close()


@pytest.fixture(autouse=True)
def _served_afterwards(broken: Broken) -> Iterator[None]:
    """Whatever a test did to its connections, a till is answered on its own, and nothing failed."""
    yield
    gateway, till, _ = broken
    assert till.call("ListSales") is not None
    assert faults_in((gateway.folder / "gateway.log").read_text("utf-8")) == []


def faults_in(log: str) -> list[str]:
    """What was raised and logged, but for gRPC's own word that a client went before its answer."""
    raised = re.findall(r"^Traceback[^\n]*\n(?:[ \t].*\n)*(.*)$", log, re.MULTILINE)
    return [each for each in raised if not each.startswith("grpc._cython.cygrpc.ExecuteBatchError")]


def opened(extra: Fields | None = None, path: str = PATH, stream: int = 1, flags: int = END_HEADERS) -> bytes:
    return frame(HEADERS, flags, stream, encoded(asked(path, extra)))


def sent(body: bytes = b"x", stream: int = 1, **lies: int) -> bytes:
    return frame(DATA, END_STREAM, stream, message(body, **lies))


def without(name: bytes, *more: tuple[bytes, bytes]) -> bytes:
    return encoded([*(pair for pair in asked(PATH) if pair[0] != name), *more])


ENDED = {
    "a message of 4 GB that is not there": [opened(), sent(length=2**32 - 1)],
    "a message that says it is compressed": [opened(), sent(compressed=1)],
    "a message with a flag of seven": [opened(), sent(compressed=7)],
    "a compression that nobody knows": [opened([(b"grpc-encoding", b"nonsense")]), sent(compressed=1)],
    "two messages": [opened(), frame(DATA, END_STREAM, 1, message(b"x") + message(b"y"))],
    "a deadline of no unit": [opened([(b"grpc-timeout", b"99999999999999X")]), sent()],
    "a deadline below nought": [opened([(b"grpc-timeout", b"-1S")]), sent()],
    "a deadline that is over": [opened([(b"grpc-timeout", b"1n")]), sent()],
    "a header of 12 KB": [opened([(b"terminal", b"x" * 12_000)]), sent()],
    "300 headers": [opened([(b"h%d" % number, b"v") for number in range(300)]), sent()],
    "the same header twice": [opened([(b"terminal", b"a"), (b"terminal", b"b")]), sent()],
    "bytes in a header that are no text": [opened([(b"terminal", b"\xff\xfe\x00\r\n")]), sent()],
    "a header in capitals": [opened([(b"TERMINAL", b"x")]), sent()],
    "a header of no name": [opened([(b"", b"x")]), sent()],
    "bytes that are no base64": [opened([(b"nonce-bin", b"!!!")]), sent()],
    "no method": [frame(HEADERS, END_HEADERS, 1, without(b":method")), sent()],
    "another method": [frame(HEADERS, END_HEADERS, 1, without(b":method", (b":method", b"GET"))), sent()],
    "no path": [frame(HEADERS, END_HEADERS, 1, without(b":path")), sent()],
    "a path of nothing": [opened(path=""), sent()],
    "a path that is none": [opened(path="medsettle"), sent()],
    "a path of 3 KB": [opened(path="/" + "x" * 3_000), sent()],
    "a call that is not offered": [opened(path="/medsettle.wire.v1.SettlementService/Refund"), sent()],
    "a page of a browser": [frame(HEADERS, END_HEADERS, 1, without(b"content-type")), sent()],
    "headers that cannot be unpacked": [frame(HEADERS, END_HEADERS, 1, b"\xff" * 50)],
    "a continuation of nothing": [frame(CONTINUATION, 0, 1, b"x")],
    "settings of five bytes": [frame(SETTINGS, 0, 0, b"xxxxx")],
    "settings for a stream": [frame(SETTINGS, 0, 1, b"")],
    "a window of no size more": [frame(WINDOW_UPDATE, 0, 0, bytes(4))],
    "a ping of two bytes": [frame(PING, 0, 0, b"xx")],
    "an end of a stream in two bytes": [frame(RST_STREAM, 0, 1, b"xx")],
    "a frame of 16 MB": [frame(HEADERS, END_HEADERS, 1, b"", length=2**24 - 1), bytes(30_000)],
}
"""What ends the call or the connection at once."""


@pytest.mark.parametrize("what", ENDED)
def test_it_is_ended(broken: Broken, what: str) -> None:
    with Wire.to(broken.gateway.target) as wire:
        wire.say(*ENDED[what])
        assert wire.until_end_of(1) in {HEADERS, DATA, RST_STREAM, GOAWAY}


HEARD_OUT = {
    "half a frame": [opened()[:-5]],
    "headers without an end": [frame(HEADERS, 0, 1, OPENED)],
    "half a message and the end": [opened(), frame(DATA, END_STREAM, 1, message(b"xx", length=100))],
    "half a message": [opened(), frame(DATA, 0, 1, message(b"xx", length=100))],
    "no message": [opened(flags=END_HEADERS | END_STREAM)],
    "the end of a stream that never was": [frame(RST_STREAM, 0, 77, CANCEL)],
    "data for nobody": [frame(DATA, 0, 0, b"x")],
    "a stream of the other side": [opened(stream=2)],
    "frames of a kind that nobody knows": [frame(77, 0xFF, 1, bytes(100)) * 20],
    "a promise": [frame(PUSH, END_HEADERS, 1, b"\0\0\0\2" + OPENED)],
    "a window beyond all measure": [frame(WINDOW_UPDATE, 0, 0, b"\x7f\xff\xff\xff") * 2],
    "an early goodbye": [frame(GOAWAY, 0, 0, bytes(8))],
    "acknowledged settings that were not asked": [frame(SETTINGS, ACK, 0) * 50],
}
"""What the gateway may wait to hear the rest of."""


@pytest.mark.parametrize("what", HEARD_OUT)
def test_it_is_heard_out_without_harm(broken: Broken, what: str) -> None:
    with Wire.to(broken.gateway.target) as wire:
        wire.say(*HEARD_OUT[what])
        wire.socket.settimeout(QUIET_S)
        try:
            wire.until_end_of(1)
        except TimeoutError:
            assert broken.till.call("ListSales") is not None


@pytest.mark.parametrize("greeting", [
    b"GET / HTTP/1.1\r\nHost: gateway\r\n\r\n", b"\x16\x03\x01\x02\x00" + bytes(512), PREFACE[:-1] + b"x",
    PREFACE + frame(HEADERS, END_HEADERS, 1, OPENED), b"\x00" * 100, b"SSH-2.0-x\r\n",
])
def test_who_does_not_speak_http_2_is_disconnected(broken: Broken, greeting: bytes) -> None:
    with Wire.to(broken.gateway.target, greets=False) as wire:
        wire.say(greeting)
        assert ended(wire, broken)


def ended(wire: Wire, broken: Broken) -> bool:
    """Returns whether a front ends the connection that hurries; another may leave it."""
    if not broken.hurries:
        wire.socket.settimeout(QUIET_S)
    try:
        return wire.ended()
    except TimeoutError:
        return not broken.hurries


@pytest.mark.parametrize("cut", [1, 23, 24, 30, 40, 100])
def test_a_connection_that_is_cut_anywhere_leaves_nothing(broken: Broken, cut: int) -> None:
    whole = PREFACE + frame(SETTINGS, 0, 0) + opened() + sent()
    with Wire.to(broken.gateway.target, greets=False) as wire:
        wire.say(whole[:cut])
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_a_header_without_end_is_not_kept(broken: Broken) -> None:
    gateway = broken.gateway
    before = memory(gateway)
    endless_header(gateway, 768)
    assert memory(gateway) - before < 384 * 2**20


def endless_header(gateway: Running, megabytes: int) -> None:
    """Sends one header that goes on and on; the gateway may have enough of it."""
    more = frame(CONTINUATION, 0, 1, encoded([(b"x", b"y" * 8_000)])) * 125
    with Wire.to(gateway.target) as wire:
        wire.say(frame(HEADERS, 0, 1, OPENED))
        for _ in range(megabytes):
            if not wire.say(more):
                return


def memory(gateway: Running) -> int:
    rss: int = psutil.Process(gateway.process.pid).memory_info().rss
    return rss


def test_calls_that_are_opened_and_cancelled_at_once_cost_nothing_lasting(broken: Broken) -> None:
    gateway = broken.gateway
    flood(gateway, 3_000)

    def floods() -> None:
        for _ in range(4):
            flood(gateway, 3_000)

    assert lasting(gateway, floods) < GROWTH_BYTES


def lasting(gateway: Running, act: Callable[[], object]) -> int:
    """Returns the bytes that every round of it costs at least."""
    costs: list[int] = []
    while len(costs) < ROUNDS and min(costs, default=GROWTH_BYTES) >= GROWTH_BYTES:
        before = memory(gateway)
        act()
        costs.append(memory(gateway) - before)
    return min(costs)


def flood(gateway: Running, count: int) -> None:
    """Opens calls and cancels each; the gateway may have enough of it."""
    with Wire.to(gateway.target) as wire:
        for stream in range(1, 2 * count, 2):
            if not wire.say(opened(stream=stream), frame(RST_STREAM, 0, stream, CANCEL)):
                return


def test_pings_without_end_end_the_connection(broken: Broken) -> None:
    with Wire.to(broken.gateway.target) as wire:
        for _ in range(20_000):
            if not wire.say(frame(PING, 0, 0, bytes(8))):
                break
        assert ended(wire, broken)


def test_who_takes_no_answer_gets_none_and_keeps_nobody_waiting(broken: Broken) -> None:
    gateway, till, _ = broken
    no_window = frame(SETTINGS, 0, 0, struct.pack(">HI", INITIAL_WINDOW_SIZE, 0))
    with Wire.to(gateway.target, greets=False) as wire:
        wire.say(PREFACE, no_window)
        for stream in range(1, 400, 2):
            wire.say(opened(stream=stream), sent(stream=stream))
        for _ in range(5):
            assert till.call("ListSales") is not None


frames = st.one_of(
    st.builds(
        frame, st.integers(0, 255), st.integers(0, 255), st.integers(0, 9), st.binary(max_size=60),
        st.one_of(st.none(), st.integers(0, 200)),
    ),
    st.sampled_from([opened(), sent(), opened(stream=3), sent(stream=3), frame(RST_STREAM, 0, 1, CANCEL)]),
    st.binary(max_size=60),
)


@settings(max_examples=200)
@given(st.lists(frames, max_size=12), st.booleans())
def test_any_frames_in_any_order_hurt_nobody(broken: Broken, said: list[bytes], greets: bool) -> None:
    with Wire.to(broken.gateway.target, greets=greets) as wire:
        wire.say(*said)
        with contextlib.suppress(OSError):  # it may be closed already
            wire.socket.shutdown(socket.SHUT_WR)
        assert ended(wire, broken)


names = st.one_of(
    st.sampled_from([
        b"terminal", b"key", b"timestamp", b"nonce", b"signature", b"grpc-timeout", b"grpc-encoding", b"te",
        b"content-type", b"content-length", b"user-agent", b"grpc-status", b":path", b"x-bin", b"host",
    ]),
    st.binary(max_size=20),
)
headers = st.lists(st.tuples(names, st.binary(max_size=200)), max_size=20)


@settings(max_examples=150)
@given(headers)
def test_any_metadata_hurt_nobody(broken: Broken, fields: Fields) -> None:
    with Wire.to(broken.gateway.target) as wire:
        wire.say(opened(fields), sent())
        wire.socket.settimeout(QUIET_S)
        with contextlib.suppress(TimeoutError):
            assert wire.until_end_of(1) in {HEADERS, DATA, RST_STREAM, GOAWAY}


def test_memory_is_as_before_after_thousands_of_broken_connections(broken: Broken) -> None:
    gateway = broken.gateway

    def thousands() -> None:
        for parts in [*ENDED.values(), *HEARD_OUT.values()] * 20:
            with Wire.to(gateway.target) as wire:
                wire.say(*parts)

    assert lasting(gateway, thousands) < GROWTH_BYTES
