"""HTTP/2 by hand, so that it can be spoken wrongly: frames, headers as they are, and what comes back."""

import contextlib
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Self

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, END_HEADERS, ACK = 1, 4, 1
INITIAL_WINDOW_SIZE = 4
CANCEL = struct.pack(">I", 8)

Fields = list[tuple[bytes, bytes]]


def frame(kind: int, flags: int, stream: int, payload: bytes = b"", length: int | None = None) -> bytes:
    """A frame; ``length`` states another one than the payload has."""
    stated = len(payload) if length is None else length
    return stated.to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def encoded(fields: Fields) -> bytes:
    """Header fields as literals without indexing."""
    return b"".join(b"\x00" + _string(name) + _string(value) for name, value in fields)


def _string(text: bytes) -> bytes:
    if len(text) < 127:
        return bytes([len(text)]) + text
    rest, more = len(text) - 127, b"\x7f"
    while rest >= 128:
        more += bytes([rest % 128 + 128])
        rest //= 128
    return more + bytes([rest]) + text


def asked(path: str, extra: Fields | None = None) -> Fields:
    """The headers of a gRPC call."""
    return [
        (b":method", b"POST"), (b":scheme", b"http"), (b":path", path.encode()),
        (b":authority", b"localhost"), (b"te", b"trailers"), (b"content-type", b"application/grpc"),
        *(extra or []),
    ]


def message(body: bytes, length: int | None = None, compressed: int = 0) -> bytes:
    """A gRPC message; ``length`` states another one than the body has."""
    return bytes([compressed]) + (len(body) if length is None else length).to_bytes(4, "big") + body


@dataclass
class Wire:
    """A connection on which anything may be said. ``seen`` has the frames that came."""

    socket: socket.socket
    seen: list[tuple[int, int, int, bytes]] = field(default_factory=list)

    @classmethod
    @contextlib.contextmanager
    def to(cls, target: str, *, greets: bool = True) -> Iterator[Self]:
        host, _, port = target.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            wire = cls(connection)
            if greets:
                wire.say(PREFACE, frame(SETTINGS, 0, 0))
            yield wire

    def say(self, *parts: bytes) -> bool:
        """Returns whether all of it could be sent; the other side may have gone."""
        try:
            self.socket.sendall(b"".join(parts))
        except OSError:
            return False
        return True

    def call(self, stream: int, path: str, body: bytes, extra: Fields | None = None) -> bool:
        headers = frame(HEADERS, END_HEADERS, stream, encoded(asked(path, extra)))
        return self.say(headers, frame(DATA, END_STREAM, stream, message(body)))

    def frames(self) -> Iterator[tuple[int, int, int, bytes]]:
        """Yields kind, flags, stream and payload until the end; raises TimeoutError for silence."""
        while head := self._exactly(9):
            payload = self._exactly(int.from_bytes(head[:3], "big"))
            found = head[3], head[4], int.from_bytes(head[5:9], "big"), payload
            self.seen.append(found)
            yield found

    def ended(self, *, answers_pings: bool = True) -> bool:
        """Returns whether the other side ends the connection; raises TimeoutError if it stays."""
        for kind, flags, _, payload in self.frames():
            if answers_pings and kind == PING and not flags:
                self.say(frame(PING, ACK, 0, payload))
        return True

    def until_end_of(self, stream: int) -> int:
        """Returns the kind of frame that ended a stream: HEADERS, DATA or RST_STREAM; GOAWAY if all ended."""
        for kind, flags, of, _ in self.frames():
            if of == stream and (kind == RST_STREAM or flags & END_STREAM):
                return kind
        return GOAWAY

    def _exactly(self, count: int) -> bytes:
        got = b""
        while len(got) < count:
            try:
                more = self.socket.recv(count - len(got))
            except TimeoutError:
                raise
            except OSError:
                return b""
            if not more:
                return b""
            got += more
        return got
