"""The line between tills and gateways: each connection has a fate of its own, drawn from the seed."""

import asyncio
import contextlib
import socket
import struct
import threading
from asyncio import StreamReader, StreamWriter
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Self

_CHUNK_BYTES = 65_536
_RESET = struct.pack("ii", 1, 0)
_CONNECT_S = 5.0


class Fate(StrEnum):
    """What becomes of a connection."""

    GOOD = "passes, until it is reset"
    SLOW = "passes each piece late"
    TORN = "passes in small pieces"
    CUT_REQUEST = "is cut in mid-frame on the way there"
    CUT_ANSWER = "is cut in mid-frame on the way back"
    NO_REQUEST = "swallows requests"
    NO_ANSWER = "swallows answers"
    COPIED = "sends everything twice"
    REFUSED = "is refused"


_WEIGHTS = {
    Fate.GOOD: 40, Fate.SLOW: 8, Fate.TORN: 6, Fate.CUT_REQUEST: 8, Fate.CUT_ANSWER: 14, Fate.NO_REQUEST: 4,
    Fate.NO_ANSWER: 7, Fate.COPIED: 8, Fate.REFUSED: 5,
}
_CUTS = frozenset({Fate.CUT_REQUEST, Fate.CUT_ANSWER})
_HOLES = frozenset({Fate.NO_REQUEST, Fate.NO_ANSWER})
_ON_REQUESTS = frozenset({Fate.CUT_REQUEST, Fate.NO_REQUEST})


class CutError(Exception):
    """The connection has met its fate."""


@dataclass
class Connection:
    """A till's connection, the gateway's, and what is to become of it."""

    fate: Fate
    chance: Random
    after_bytes: int
    ends: list[StreamWriter] = field(default_factory=list)

    @classmethod
    def of(cls, chance: Random, *, calm: bool) -> Self:
        fate = Fate.GOOD if calm else chance.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
        return cls(fate, chance, int(10 ** chance.uniform(1, 4.8)))

    def life_s(self, *, calm: bool) -> float | None:
        """How long it lives at most; None: as long as both ends wish."""
        if calm:
            return None
        return self.chance.uniform(0.5, 3) if self.fate in _HOLES else self.chance.expovariate(1 / 8)

    def reset(self) -> None:
        for end in self.ends:
            with contextlib.suppress(OSError):
                end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            end.transport.abort()


class Line:
    """Listens for tills and passes them on to the gateway's port, in a thread of its own.

    ``calm``: every connection is good. ``dead``: none is let in.
    """

    def __init__(self, seed: str) -> None:
        self.calm = True
        self.dead = False
        self.gateway_port = 0
        self.met: Counter[str] = Counter()
        self._seed = seed
        self._open: dict[int, Connection] = {}
        self._count = 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run, name="line", daemon=True)
        self._loop: asyncio.AbstractEventLoop
        self._closing: asyncio.Event
        self._ready = threading.Event()
        self._thread.start()
        self._ready.wait()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def weather(self, *, calm: bool, dead: bool = False) -> None:
        """Changes the weather; connections of the weather before are reset."""
        self.calm, self.dead = calm, dead
        self._loop.call_soon_threadsafe(self._reset_all)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner() as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._closing = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._came, sock=self._listener)
        self._ready.set()
        await self._closing.wait()
        server.close()
        self._reset_all()
        await asyncio.sleep(0.01)  # for those who were waiting to see it

    def _reset_all(self) -> None:
        for each in self._open.values():
            each.reset()

    async def _came(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._count += 1
        number, calm = self._count, self.calm
        connection = Connection.of(Random(f"{self._seed} connection {number}"), calm=calm)
        connection.ends.append(writer)
        self._open[number] = connection
        if not calm:
            self.met[connection.fate] += 1
        try:
            if not self.dead and connection.fate is not Fate.REFUSED:
                async with asyncio.timeout(connection.life_s(calm=calm)):
                    await self._pass(connection, reader, writer)
        except (OSError, CutError, TimeoutError, asyncio.CancelledError):
            pass
        finally:
            connection.reset()
            del self._open[number]

    async def _pass(self, connection: Connection, reader: StreamReader, writer: StreamWriter) -> None:
        there, back = await self._connected(connection)
        copy = (await self._connected(connection))[1] if connection.fate is Fate.COPIED else None
        requests = asyncio.create_task(self._pump(connection, reader, back, copy, requests=True))
        answers = asyncio.create_task(self._pump(connection, there, writer, None, requests=False))
        try:
            await asyncio.wait({requests, answers}, return_when=asyncio.FIRST_COMPLETED)
            if not answers.done() and requests.exception() is None:
                await answers  # of what was asked before the till had said all
        finally:
            requests.cancel()
            answers.cancel()
            await asyncio.gather(requests, answers, return_exceptions=True)
            if copy is not None:
                await asyncio.sleep(connection.chance.random())  # what was copied may arrive after all else

    async def _connected(self, connection: Connection) -> tuple[StreamReader, StreamWriter]:
        async with asyncio.timeout(_CONNECT_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.gateway_port)
        connection.ends.append(writer)
        return reader, writer

    async def _pump(
        self, connection: Connection, source: StreamReader, sink: StreamWriter, copy: StreamWriter | None, *,
        requests: bool,
    ) -> None:
        fate, left = connection.fate, connection.after_bytes
        mine = (fate in _ON_REQUESTS) is requests
        while chunk := await source.read(_CHUNK_BYTES):
            if fate in _CUTS and mine and len(chunk) > left:
                sink.write(chunk[:left])
                await sink.drain()
                raise CutError
            if fate in _HOLES and mine and len(chunk) > left:
                left = 0
                continue
            left -= len(chunk)
            if fate is Fate.SLOW:
                await asyncio.sleep(connection.chance.random() * 0.3)
            for piece in _torn(chunk, connection.chance) if fate is Fate.TORN else (chunk,):
                sink.write(piece)
                await sink.drain()
            if copy is not None and not copy.is_closing():
                copy.write(chunk)
        if requests and fate is Fate.GOOD:
            sink.write_eof()


def _torn(chunk: bytes, chance: Random) -> list[bytes]:
    places = sorted(chance.randrange(len(chunk) + 1) for _ in range(3))
    return [chunk[begin:end] for begin, end in zip((0, *places), (*places, len(chunk)), strict=True)]
