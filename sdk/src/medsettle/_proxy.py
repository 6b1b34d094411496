"""A TCP proxy that plays scripted faults between a till and a gateway.

Each connection has two pumps, one a direction. A plaintext HTTP/2 connection is cut into frames, so
that a fault can act between a request and its answer; anything else (TLS) passes as it comes.
"""

import contextlib
import socket
import struct
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

_CHUNK_BYTES: Final = 65_536
_CONNECT_TIMEOUT_S: Final = 5.0
_CONNECTION_COUNT_MAX: Final = 256
_FRAME_HEADER_BYTES: Final = 9
_HEADERS_FRAME: Final = 0x01
_CLIENT_PREFACE_BYTES: Final = len(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
_TLS_HANDSHAKE: Final = 0x16
_RESET_ON_CLOSE: Final = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


class Way(StrEnum):
    """A direction."""

    REQUEST = "request"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that pass or fail together. ``opens``: a request, or an answer, begins here."""

    data: bytes
    opens: bool


class Frames:
    """Cuts one direction into HTTP/2 frames."""

    def __init__(self, way: Way) -> None:
        """Starts at the first byte of a connection."""
        self._preface_bytes = _CLIENT_PREFACE_BYTES if way is Way.REQUEST else 0
        self._rest = bytearray()
        self._opened: set[int] = set()
        self._opaque: bool | None = None

    def feed(self, chunk: bytes) -> Iterator[Piece]:
        """Yields the frames that are complete now; of another protocol, the chunk."""
        if self._opaque is None:
            self._opaque = chunk[0] == _TLS_HANDSHAKE
        if self._opaque:
            yield Piece(chunk, opens=False)
            return
        self._rest += chunk
        if len(self._rest) < self._preface_bytes:
            return
        if self._preface_bytes:
            yield Piece(self._take(self._preface_bytes), opens=False)
            self._preface_bytes = 0
        while len(self._rest) >= _FRAME_HEADER_BYTES:
            size = _FRAME_HEADER_BYTES + int.from_bytes(self._rest[:3])
            if len(self._rest) < size:
                return
            frame = self._take(size)
            yield Piece(frame, opens=self._opens(frame))

    def _take(self, size: int) -> bytes:
        taken = bytes(self._rest[:size])
        del self._rest[:size]
        return taken

    def _opens(self, frame: bytes) -> bool:
        stream = int.from_bytes(frame[5:9])
        if frame[3] != _HEADERS_FRAME or stream in self._opened:
            return False
        self._opened.add(stream)
        return True


class _CutError(Exception):
    """The fault ends the connection."""


class Fault:
    """What a proxy does to the traffic. This one does nothing."""

    admits = True

    def play(self, way: Way, piece: Piece, closing: threading.Event) -> bool:
        """Returns whether the piece may pass. Raises _CutError to end the connection."""
        del way, piece, closing
        return True


class _Refuse(Fault):
    admits = False

    def play(self, way: Way, piece: Piece, closing: threading.Event) -> bool:
        del way, piece, closing
        raise _CutError


class _BlackHole(Fault):
    def play(self, way: Way, piece: Piece, closing: threading.Event) -> bool:
        del way, piece, closing
        return False


class _Delay(Fault):
    def __init__(self, delay_s: float) -> None:
        self._delay_s = delay_s

    def play(self, way: Way, piece: Piece, closing: threading.Event) -> bool:
        if piece.opens and way is Way.REQUEST:
            closing.wait(self._delay_s)
        return True


class _Cut(Fault):
    def __init__(self, answer_bytes: int) -> None:
        self._left_bytes = answer_bytes
        self._lock = threading.Lock()

    def play(self, way: Way, piece: Piece, closing: threading.Event) -> bool:
        del closing
        if way is Way.ANSWER:
            with self._lock:
                self._left_bytes -= len(piece.data)
                if self._left_bytes < 0:
                    raise _CutError
        return True


class Withheld(Fault):
    """Withholds one direction from the moment that a request, or an answer, begins in it."""

    def __init__(self, way: Way, after_count: int) -> None:
        """Lets ``after_count`` of them through first."""
        self._way = way
        self._left_count = after_count
        self._lock = threading.Lock()
        self._reached = threading.Event()

    def play(self, way: Way, piece: Piece, closing: threading.Event) -> bool:
        """Returns whether the piece may pass."""
        del closing
        if way is not self._way:
            return True
        with self._lock:
            if piece.opens and not self._reached.is_set():
                self._left_count -= 1
                if self._left_count < 0:
                    self._reached.set()
            return not self._reached.is_set()

    def wait(self, timeout_s: float = 10.0) -> None:
        """Returns once it is being withheld. Raises TimeoutError if that does not happen in time."""
        if not self._reached.wait(timeout_s):
            msg = f"no {self._way} came to be withheld within {timeout_s:g} s"
            raise TimeoutError(msg)


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
        self._play(_Refuse())
        self.drop()

    def black_hole(self) -> None:
        """Accepts everything, passes and answers nothing."""
        self._play(_BlackHole())

    def delay(self, delay_s: float) -> None:
        """Passes each request late."""
        self._play(_Delay(delay_s))

    def cut_after(self, answer_bytes: int) -> None:
        """Resets a connection once so many bytes of answers have passed."""
        self._play(_Cut(answer_bytes))

    def swallow_answer(self, after_count: int = 0) -> Withheld:
        """Lets requests through and withholds the gateway's answers, after so many that still pass.

        Returns the fault: its ``wait`` returns when an answer has begun, so what it says is done.
        """
        return self._withhold(Way.ANSWER, after_count)

    def swallow_request(self, after_count: int = 0) -> Withheld:
        """Withholds requests, after so many that still pass: the gateway never sees them."""
        return self._withhold(Way.REQUEST, after_count)

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

    def _withhold(self, way: Way, after_count: int) -> Withheld:
        fault = Withheld(way, after_count)
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
        with contextlib.suppress(OSError, _CutError):
            while chunk := source.recv(_CHUNK_BYTES):
                for piece in frames.feed(chunk):
                    if self._fault.play(way, piece, self._closing):
                        sink.sendall(piece.data)
                    else:
                        connection.lossy = True
            reset = False
        self._close(connection, reset=reset)
