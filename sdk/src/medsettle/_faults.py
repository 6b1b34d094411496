"""What a proxy may do to the traffic between a till and a gateway.

A plaintext HTTP/2 connection is cut into frames, so that a fault can act between a request and its
answer; anything else (TLS) passes as it comes.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_FRAME_HEADER_BYTES: Final = 9
_HEADERS_FRAME: Final = 0x01
_CLIENT_PREFACE_BYTES: Final = len(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
_TLS_HANDSHAKE: Final = 0x16
_POLL_S: Final = 0.05


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


class CutError(Exception):
    """The fault ends the connection."""


class Fault:
    """What a proxy does to the traffic. This one does nothing."""

    admits = True

    def play(self, way: Way, piece: Piece, closing: threading.Event) -> bool:
        """Returns whether the piece may pass. Raises CutError to end the connection."""
        del way, piece, closing
        return True


class Refuse(Fault):
    """Lets nobody in."""

    admits = False

    def play(self, way: Way, piece: Piece, closing: threading.Event) -> bool:
        """Raises CutError."""
        del way, piece, closing
        raise CutError


class BlackHole(Fault):
    """Swallows everything."""

    def play(self, way: Way, piece: Piece, closing: threading.Event) -> bool:
        """Returns false."""
        del way, piece, closing
        return False


class Delay(Fault):
    """Holds each request up for a while."""

    def __init__(self, delay_s: float) -> None:
        self._delay_s = delay_s

    def play(self, way: Way, piece: Piece, closing: threading.Event) -> bool:
        """Returns true, late."""
        if piece.opens and way is Way.REQUEST:
            closing.wait(self._delay_s)
        return True


class Cut(Fault):
    """Ends connections once so many bytes of answers have passed."""

    def __init__(self, answer_bytes: int) -> None:
        self._left_bytes = answer_bytes
        self._lock = threading.Lock()

    def play(self, way: Way, piece: Piece, closing: threading.Event) -> bool:
        """Returns true, or raises CutError."""
        del closing
        if way is Way.ANSWER:
            with self._lock:
                self._left_bytes -= len(piece.data)
                if self._left_bytes < 0:
                    raise CutError
        return True


class Withheld(Fault):
    """Withholds one direction from the moment that a request, or an answer, begins in it."""

    def __init__(self, way: Way, after_count: int, then: Callable[[], object] | None) -> None:
        """Lets ``after_count`` of them through first, and calls ``then`` once it withholds."""
        self._way = way
        self._left_count = after_count
        self._then = then
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
                    self._reach()
            return not self._reached.is_set()

    def _reach(self) -> None:
        try:
            if self._then is not None:
                self._then()
        finally:
            self._reached.set()

    def wait(self, timeout_s: float = 10.0) -> None:
        """Returns once it is being withheld. Raises TimeoutError if that does not happen in time."""
        if not self._reached.wait(timeout_s):
            msg = f"no {self._way} came to be withheld within {timeout_s:g} s"
            raise TimeoutError(msg)


class Held(Fault):
    """Holds requests up, from the first that begins, until they are released."""

    def __init__(self) -> None:
        self._reached = threading.Event()
        self._released = threading.Event()

    def play(self, way: Way, piece: Piece, closing: threading.Event) -> bool:
        """Returns true, once the request may go on."""
        if way is Way.REQUEST and piece.opens:
            self._reached.set()
            while not (closing.is_set() or self._released.wait(_POLL_S)):
                pass
        return True

    def wait(self, timeout_s: float = 10.0) -> None:
        """Returns once a request is held. Raises TimeoutError if that does not happen in time."""
        if not self._reached.wait(timeout_s):
            msg = f"no request came to be held within {timeout_s:g} s"
            raise TimeoutError(msg)

    def release(self) -> None:
        """Lets the held requests go on, as a slow line would."""
        self._released.set()
