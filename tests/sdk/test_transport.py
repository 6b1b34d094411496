"""The wire over a real socket: the bytes that were signed are sent, and every call ends."""

import socket
import subprocess
import sys
import threading
from contextlib import closing, suppress
from pathlib import Path

import pytest

from medsettle import transport
from medsettle.errors import ConfigError, GatewayAwayError, RefusedError
from medsettle.models import Basket, Outcome
from medsettle.tender import CashTender
from medsettle.till import Till
from medsettle.transport import GrpcTransport, is_loopback
from medsettle.wire import calls
from medsettle.wire.reasons import Reason
from tests.contract.raw_http2 import ACK, CANCEL, HEADERS, PREFACE, RST_STREAM, SETTINGS, Wire, frame
from tests.sdk.counterpart import TERMINAL_KEY, Counterpart
from tests.sdk.faults import lost_after, refused
from tests.sdk.wires import config_in, served

ASKED_MS = ("grpc.keepalive_time_ms", "grpc.keepalive_timeout_ms", "grpc.http2.ping_timeout_ms")
"""When a connection is asked whether it is still there, and how long it may take to say so."""
SOON_MS = 500
"""A gateway that is there says so in less, on a machine that is busy too."""


def test_a_sale_over_a_real_socket(tmp_path: Path, counterpart: Counterpart, basket: Basket) -> None:
    cash = CashTender(lambda _: True, lambda _: True)
    with served(counterpart) as address:
        config = config_in(tmp_path, address=address)
        with Till.open(config, clock=counterpart.clock, signer=TERMINAL_KEY) as till:
            counterpart.fault("Confirm", lost_after)
            card = till.checkout("1", "scanned", basket, show=lambda _: True, tender=cash)
            assert card.outcome is Outcome.PAID
            counterpart.fault("Quote", refused(Reason.MEMBER_UNKNOWN))
            with pytest.raises(RefusedError, match="MEMBER_UNKNOWN"):
                till.quote("scanned", basket)


def test_a_gateway_that_nobody_serves_is_away(tmp_path: Path, basket: Basket) -> None:
    with socket.socket() as taken:  # and does not listen
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        config = config_in(tmp_path, address=f"127.0.0.1:{port}", deadlines_ms={"Quote": 300})
        with Till.open(config, signer=TERMINAL_KEY) as till, pytest.raises(GatewayAwayError) as caught:
            till.quote("scanned", basket)
    assert caught.value.reason == "GATEWAY_AWAY"
    assert "连不上" in caught.value.zh


def test_a_gateway_that_accepts_and_says_nothing_is_away_at_the_deadline(
    tmp_path: Path, basket: Basket
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        config = config_in(tmp_path, address=address, deadlines_ms={"Quote": 300})
        with Till.open(config, signer=TERMINAL_KEY) as till, pytest.raises(GatewayAwayError):
            till.quote("scanned", basket)


def cancelling(listener: socket.socket, heard: list[int], late_s: float = 0) -> None:
    """Cancels every call of one connection, as a gateway does that has too many."""
    connection, _ = listener.accept()
    with connection:
        connection.recv(len(PREFACE), socket.MSG_WAITALL)
        threading.Event().wait(late_s)
        wire = Wire(connection)
        wire.say(frame(SETTINGS, 0, 0))
        for kind, flags, stream, _ in wire.frames():
            if kind == SETTINGS and not flags:
                wire.say(frame(SETTINGS, ACK, 0))
            if kind == HEADERS:
                heard.append(stream)
                wire.say(frame(RST_STREAM, 0, stream, CANCEL))


def test_a_call_that_the_gateway_cancels_is_made_again_as_after_a_lost_line(
    tmp_path: Path, basket: Basket
) -> None:
    heard: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = threading.Thread(target=cancelling, args=(listener, heard))
        serving.start()
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        config = config_in(tmp_path, address=address, deadlines_ms={"Quote": 4_000})
        with Till.open(config, signer=TERMINAL_KEY) as till, pytest.raises(GatewayAwayError) as caught:
            till.quote("scanned", basket)
        serving.join(20)
    assert caught.value.reason == "GATEWAY_AWAY"
    assert len(heard) > 1


def test_a_line_on_which_greeting_takes_long_is_no_lost_one(tmp_path: Path, basket: Basket) -> None:
    heard: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = threading.Thread(target=cancelling, args=(listener, heard, 0.6))
        serving.start()
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        config = config_in(tmp_path, address=address, deadlines_ms={"Quote": 4_000})
        with Till.open(config, signer=TERMINAL_KEY) as till, pytest.raises(GatewayAwayError):
            till.quote("scanned", basket)
        serving.join(20)
    assert heard


@pytest.mark.parametrize("address", ["localhost:1", "127.0.0.1:1", "127.9.9.9:1", "[::1]:1"])
def test_plaintext_may_go_to_this_machine(address: str, tmp_path: Path) -> None:
    assert is_loopback(address)
    GrpcTransport(config_in(tmp_path, address=address)).close()


@pytest.mark.parametrize("address", ["gateway.example:7443", "10.0.0.1:1", "localhost.example:1"])
def test_plaintext_leaves_this_machine_only_if_told(address: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="plaintext"):
        GrpcTransport(config_in(tmp_path, address=address))
    told = config_in(tmp_path, address=address, allow_plaintext_beyond_loopback=True)
    GrpcTransport(told).close()


def test_a_ca_file_that_is_missing_is_one_clear_sentence(tmp_path: Path) -> None:
    config = config_in(tmp_path, insecure=False, ca_file=tmp_path / "no.pem")
    with pytest.raises(ConfigError, match=r"tls\.ca_file"):
        GrpcTransport(config)


def test_a_till_that_cannot_open_lets_go_of_the_journal(tmp_path: Path) -> None:
    wrong = config_in(tmp_path, address="gateway.example:7443")
    with pytest.raises(ConfigError):
        Till.open(wrong, signer=TERMINAL_KEY)
    Till.open(config_in(tmp_path), signer=TERMINAL_KEY).close()


@pytest.mark.skipif(sys.platform == "win32", reason="no fork")
def test_a_till_that_came_over_a_fork_refuses_and_its_parent_goes_on(tmp_path: Path) -> None:
    code = """if True:
        import os, pathlib, sys
        sys.path.insert(0, sys.argv[2])
        from medsettle.errors import GatewayAwayError, TillUnusableError
        from medsettle.models import Basket, Line
        from medsettle.till import Till
        from tests.sdk.counterpart import TERMINAL_KEY
        from tests.sdk.wires import config_in

        def ask():
            try:
                till.quote("scanned", Basket((Line("X", "1", "1"),)))
            except (GatewayAwayError, TillUnusableError) as error:
                os.write(1, f"{error.reason}\\n".encode())  # at once: both write to one pipe

        config = config_in(pathlib.Path(sys.argv[1]), deadlines_ms={"Quote": 100})
        till = Till.open(config, signer=TERMINAL_KEY)
        child = os.fork()
        ask()
        if child == 0:
            till.close()
            os._exit(0)
        os.waitpid(child, 0)
        till.close()
    """
    root = Path(__file__).parents[2]
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), str(root)], capture_output=True, text=True, check=True,
        timeout=300,
    )
    assert sorted(run.stdout.split()) == ["GATEWAY_AWAY", "USED_AFTER_FORK"]


class Router:
    """Passes connections on, and may forget those that are open: neither end is told."""

    def __init__(self, address: str) -> None:
        self.port = int(address.rpartition(":")[2])
        self.connections: list[socket.socket] = []
        self.forgotten: set[socket.socket] = set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def forget(self) -> None:
        self.forgotten.update(self.connections)

    def close(self) -> None:
        for each in (self.listener, *self.connections):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                till, _ = self.listener.accept()
                gateway = socket.create_connection(("127.0.0.1", self.port))
                self.connections += [till, gateway]
                for ends in ((till, gateway), (gateway, till)):
                    threading.Thread(target=self._pass, args=ends, daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if source not in self.forgotten:
                    sink.sendall(data)


def test_a_connection_that_died_without_a_word_is_left_within_the_call(
    tmp_path: Path, counterpart: Counterpart, basket: Basket, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon = tuple((name, SOON_MS if name in ASKED_MS else value) for name, value in transport._OPTIONS)
    monkeypatch.setattr(transport, "_OPTIONS", soon)
    with served(counterpart) as address, closing(Router(address)) as router:
        config = config_in(tmp_path, address=router.address, deadlines_ms={"Quote": 10_000})
        with Till.open(config, signer=TERMINAL_KEY, clock=counterpart.clock) as till:
            till.quote("scanned", basket)
            router.forget()
            till.quote("scanned", basket)
    assert counterpart.count("Quote") == 2


def test_a_connection_is_asked_for_in_less_time_than_a_call_has() -> None:
    asked_ms = {name: value for name, value in transport._OPTIONS if name in ASKED_MS}
    assert asked_ms == dict.fromkeys(ASKED_MS, 4_000)
    assert min(call.deadline_ms for call in calls.CALLS) > 2 * 4_000
