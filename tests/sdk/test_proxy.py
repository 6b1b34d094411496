"""The proxy that plays faults: against a plain socket server that speaks just enough HTTP/2 framing."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from medsettle._faults import Frames, Way
from medsettle._proxy import Proxy

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = bytes.fromhex("000000 04 00 00000000")
WAIT_S = 30.0


def headers(stream: int, payload: bytes = b"hdr") -> bytes:
    return len(payload).to_bytes(3) + b"\x01\x04" + stream.to_bytes(4) + payload


def data(stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3) + b"\x00\x00" + stream.to_bytes(4) + payload


class Server:
    """Accepts connections and hands their sockets out, so that a test writes the answers itself."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(WAIT_S)
        self.port: int = self._listener.getsockname()[1]

    def connection(self) -> socket.socket:
        connected, _ = self._listener.accept()
        connected.settimeout(WAIT_S)
        return connected

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def server() -> Iterator[Server]:
    with contextlib.closing(Server()) as running:
        yield running


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    with Proxy(server.port) as running:
        yield running


def connect(proxy: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=WAIT_S)


def receive(connected: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size and (chunk := connected.recv(size - len(received))):
        received += chunk
    return received


def ended(connected: socket.socket) -> bool:
    try:
        return connected.recv(1) == b""
    except ConnectionError:
        return True


def turned_away(proxy: Proxy) -> bool:
    """The reset may come while the till still connects."""
    try:
        with connect(proxy) as till:
            return ended(till)
    except ConnectionError:
        return True


def test_frames_are_cut_wherever_the_chunks_end() -> None:
    stream = PREFACE + SETTINGS + headers(1) + data(1, b"x" * 300) + headers(3)
    frames = Frames(Way.REQUEST)
    pieces = [piece for at in range(0, len(stream), 7) for piece in frames.feed(stream[at : at + 7])]
    whole = [PREFACE, SETTINGS, headers(1), data(1, b"x" * 300), headers(3)]
    assert [piece.data for piece in pieces] == whole
    assert [piece.opens for piece in pieces] == [False, False, True, False, True]


def test_trailers_do_not_open_an_answer_again() -> None:
    pieces = Frames(Way.ANSWER).feed(SETTINGS + headers(1) + data(1, b"sale") + headers(1, b"trailers"))
    assert [piece.opens for piece in pieces] == [False, True, False, False]


def test_tls_passes_as_it_comes() -> None:
    hello = b"\x16\x03\x01" + headers(1)
    assert [piece.data for piece in Frames(Way.REQUEST).feed(hello)] == [hello]


def test_without_a_fault_bytes_pass_both_ways(server: Server, proxy: Proxy) -> None:
    with connect(proxy) as till, server.connection() as gateway:
        till.sendall(PREFACE + headers(1))
        assert receive(gateway, 36) == PREFACE + headers(1)
        gateway.sendall(SETTINGS + headers(1) + data(1, b"sale"))
        assert receive(till, 34) == SETTINGS + headers(1) + data(1, b"sale")


def test_a_withheld_answer_is_reported_and_nothing_of_it_passes(server: Server, proxy: Proxy) -> None:
    withheld = proxy.swallow_answer()
    with connect(proxy) as till, server.connection() as gateway:
        till.sendall(PREFACE + headers(1))
        assert receive(gateway, 36) == PREFACE + headers(1)
        gateway.sendall(SETTINGS + headers(1) + data(1, b"sale"))
        withheld.wait(WAIT_S)
        gateway.close()
        assert receive(till, 9) == SETTINGS
        assert ended(till)


def test_answers_before_the_withheld_one_pass(server: Server, proxy: Proxy) -> None:
    withheld = proxy.swallow_answer(after_count=1)
    with connect(proxy) as till, server.connection() as gateway:
        gateway.sendall(SETTINGS + headers(1, b"first") + headers(3, b"second"))
        withheld.wait(WAIT_S)
        gateway.close()
        assert receive(till, 100) == SETTINGS + headers(1, b"first")


def test_a_withheld_request_never_reaches_the_gateway(server: Server, proxy: Proxy) -> None:
    withheld = proxy.swallow_request()
    with connect(proxy) as till, server.connection() as gateway:
        till.sendall(PREFACE + SETTINGS + headers(1))
        withheld.wait(WAIT_S)
        till.close()
        assert receive(gateway, 100) == PREFACE + SETTINGS


def test_waiting_for_an_answer_that_never_comes_ends(proxy: Proxy) -> None:
    with pytest.raises(TimeoutError, match="no answer came"):
        proxy.swallow_answer().wait(0.01)


def test_a_refused_connection_is_reset_and_the_next_one_passes_again(server: Server, proxy: Proxy) -> None:
    proxy.refuse()
    assert turned_away(proxy)
    proxy.pass_through()
    with connect(proxy) as till, server.connection() as gateway:
        gateway.sendall(SETTINGS)
        assert receive(till, 9) == SETTINGS


def test_a_connection_that_lost_bytes_is_reset_when_the_fault_ends(server: Server, proxy: Proxy) -> None:
    withheld = proxy.swallow_request()
    with connect(proxy) as till, server.connection():
        till.sendall(PREFACE + headers(1))
        withheld.wait(WAIT_S)
        proxy.pass_through()
        assert ended(till)


def test_a_connection_that_lost_nothing_outlives_the_fault(server: Server, proxy: Proxy) -> None:
    with connect(proxy) as till, server.connection() as gateway:
        till.sendall(PREFACE)
        assert receive(gateway, 24) == PREFACE
        proxy.black_hole()
        proxy.pass_through()
        gateway.sendall(SETTINGS)
        assert receive(till, 9) == SETTINGS


def test_a_cut_ends_the_connection_after_so_many_bytes_of_answers(server: Server, proxy: Proxy) -> None:
    proxy.cut_after(len(SETTINGS))
    with connect(proxy) as till, server.connection() as gateway:
        gateway.sendall(SETTINGS)
        assert receive(till, 9) == SETTINGS
        gateway.sendall(headers(1))
        assert ended(till)


def test_a_delayed_request_waits_and_the_closing_proxy_does_not(server: Server, proxy: Proxy) -> None:
    proxy.delay(delay_s=60)
    with connect(proxy) as till, server.connection() as gateway:
        till.sendall(PREFACE + SETTINGS + headers(1))
        assert receive(gateway, 33) == PREFACE + SETTINGS
        proxy.close()
        assert ended(till)


def test_a_held_request_goes_on_once_it_is_released(server: Server, proxy: Proxy) -> None:
    held = proxy.hold_requests()
    with connect(proxy) as till, server.connection() as gateway:
        till.sendall(PREFACE + SETTINGS + headers(1))
        held.wait(WAIT_S)
        assert receive(gateway, 33) == PREFACE + SETTINGS
        held.release()
        assert receive(gateway, 12) == headers(1)


def test_waiting_for_a_request_that_never_comes_ends(proxy: Proxy) -> None:
    with pytest.raises(TimeoutError, match="no request came"):
        proxy.hold_requests().wait(0.01)


def test_what_is_to_happen_at_the_withheld_answer_has_happened_when_it_is_reported(
    server: Server, proxy: Proxy
) -> None:
    happened: list[str] = []
    withheld = proxy.swallow_answer(then=lambda: happened.append("killed"))
    with connect(proxy), server.connection() as gateway:
        gateway.sendall(SETTINGS)
        assert happened == []
        gateway.sendall(headers(1))
        withheld.wait(WAIT_S)
        assert happened == ["killed"]


def test_a_gateway_that_is_away_resets_the_till(proxy: Proxy, server: Server) -> None:
    server.close()
    assert turned_away(proxy)


def test_closing_ends_every_thread_of_the_proxy(server: Server) -> None:
    proxy = Proxy(server.port)
    with connect(proxy) as till, server.connection():
        pumps = [thread for thread in threading.enumerate() if thread.name.startswith("proxy-")]
        proxy.close()
        assert ended(till)
        for pump in pumps:
            pump.join(WAIT_S)
    assert not any(pump.is_alive() for pump in pumps)
