"""A TCP proxy that plays scripted faults between a till and a gateway.

Each connection has two pumps, one a direction.
"""

import contextlib
import socket
import struct
import sys
import threading
from collections.abc import Callable
from typing import Final, Self

from medsettle._faults import BlackHole, Cut, CutError, Delay, Fault, Frames, Held, Refuse, Way, Withheld

_CHUNK_BYTES: Final = 65_536
_CONNECT_TIMEOUT_S: Final = 5.0
_CONNECTION_COUNT_MAX: Final = 256
_RESET_ON_CLOSE: Final = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


class _Connection:
    """A till's connection and the gateway's, and whether bytes between them were lost."""

    def __init__(self, till: socket.socket, gateway: socket.socket) -> None:
        self.till, self.gateway = till, gateway
        self.lossy = False

    def close(self, *, reset: bool) -> None:
        for end in (self.till, self.gateway):
            with contextlib.suppress(OSError):
                if reset:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                end.shutdown(socket.SHUT_RDWR)
            end.close()


class Proxy:
    """Listens on a port of its own and passes connections on to a gateway's, with faults.

    Faults hold for every connection until the next one is set. A connection that lost bytes is
    reset when that happens, since what follows on it could not be understood.
    """

    def __init__(self, gateway_port: int = 0) -> None:
        """Passes to ``127.0.0.1:gateway_port``, which may be set later, once it is known."""
        self.gateway_port = gateway_port
        self._fault = Fault()
        self._connections: list[_Connection] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept, name="proxy-accept", daemon=True)
        self._accepting.start()

    @property
    def address(self) -> str:
        """Where tills connect: ``host:port``."""
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        """Returns the proxy, which listens already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes it."""
        self.close()

    def pass_through(self) -> None:
        """Plays no fault."""
        self._play(Fault())

    def refuse(self) -> None:
        """Resets every connection, and each new one."""
        self._play(Refuse())
        self.drop()

    def black_hole(self) -> None:
        """Accepts everything, passes and answers nothing."""
        self._play(BlackHole())

    def delay(self, delay_s: float) -> None:
        """Passes each request late."""
        self._play(Delay(delay_s))

    def cut_after(self, answer_bytes: int) -> None:
        """Resets a connection once so many bytes of answers have passed."""
        self._play(Cut(answer_bytes))

    def hold_requests(self) -> Held:
        """Holds requests up. Returns the fault: its ``release`` lets them go on."""
        fault = Held()
        self._play(fault)
        return fault

    def swallow_answer(self, after_count: int = 0, then: Callable[[], object] | None = None) -> Withheld:
        """Lets requests through and withholds the gateway's answers, after so many that still pass.

        When an answer has begun, so that what it says is done, ``then`` is called: ``gateway.kill``, for
        one. Returns the fault: its ``wait`` returns after that.
        """
        return self._withhold(Way.ANSWER, after_count, then)

    def swallow_request(self, after_count: int = 0, then: Callable[[], object] | None = None) -> Withheld:
        """Withholds requests, after so many that still pass: the gateway never sees them."""
        return self._withhold(Way.REQUEST, after_count, then)

    def drop(self) -> None:
        """Resets the connections that are open now."""
        self._close(*self._connections.copy())

    def close(self) -> None:
        """Stops listening and resets every connection."""
        self._closing.set()
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), timeout=_CONNECT_TIMEOUT_S).close()
        self._listener.close()
        self._accepting.join(_CONNECT_TIMEOUT_S)
        self.drop()

    def _withhold(self, way: Way, after_count: int, then: Callable[[], object] | None) -> Withheld:
        fault = Withheld(way, after_count, then)
        self._play(fault)
        return fault

    def _play(self, fault: Fault) -> None:
        with self._lock:
            self._fault = fault
            lossy = [connection for connection in self._connections if connection.lossy]
        self._close(*lossy)

    def _close(self, *connections: _Connection, reset: bool = True) -> None:
        for connection in connections:
            connection.close(reset=reset)
            with self._lock, contextlib.suppress(ValueError):
                self._connections.remove(connection)

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                till, _ = self._listener.accept()
            except OSError:
                return
            self._open(till)

    def _open(self, till: socket.socket) -> None:
        gateway = None
        if self._fault.admits and len(self._connections) < _CONNECTION_COUNT_MAX:
            with contextlib.suppress(OSError):
                gateway = socket.create_connection(("127.0.0.1", self.gateway_port), _CONNECT_TIMEOUT_S)
        if gateway is None:
            _Connection(till, till).close(reset=True)
            return
        gateway.settimeout(None)
        connection = _Connection(till, gateway)
        with self._lock:
            self._connections.append(connection)
        for way, source, sink in ((Way.REQUEST, till, gateway), (Way.ANSWER, gateway, till)):
            pump = (connection, way, source, sink)
            threading.Thread(target=self._pump, args=pump, name=f"proxy-{way}", daemon=True).start()

    def _pump(self, connection: _Connection, way: Way, source: socket.socket, sink: socket.socket) -> None:
        frames = Frames(way)
        reset = True  # unless the source ended by itself: a reset would take away what the sink has not read
        with contextlib.suppress(OSError, CutError):
            while chunk := source.recv(_CHUNK_BYTES):
                for piece in frames.feed(chunk):
                    if self._fault.play(way, piece, self._closing):
                        sink.sendall(piece.data)
                    else:
                        connection.lossy = True
            reset = False
        self._close(connection, reset=reset)
