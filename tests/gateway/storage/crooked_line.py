"""A line to a server that may cut in on a word, or fall silent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class CrookedLine:
    """Passes bytes between whoever connects to ``folder`` and the server's socket."""

    server: Path
    folder: Path
    cut_after: bytes = b""
    """Once these bytes went to the server, nothing comes back, and the line is cut when it has answered."""
    silent: bool = False
    """Nothing comes back, and nothing is cut."""
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/postgres?host={self.folder}"

    @asynccontextmanager
    async def open(self) -> AsyncIterator["CrookedLine"]:
        listener = await asyncio.start_unix_server(self._connected, self.folder / ".s.PGSQL.5432")
        try:
            yield self
        finally:
            listener.close()
            for writer in self._writers:
                writer.close()
            await asyncio.gather(*(each.wait_closed() for each in self._writers), return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, questions = await asyncio.open_unix_connection(self.server / ".s.PGSQL.5432")
        self._writers += (writer, questions)
        doomed = asyncio.Event()
        await asyncio.gather(
            self._pass_on(reader, questions, doomed), self._pass_back(answers, writer, doomed),
            return_exceptions=True,
        )

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, doomed: asyncio.Event
    ) -> None:
        while data := await reader.read(65_536):
            if self.cut_after and self.cut_after in data:
                doomed.set()
            writer.write(data)
            await writer.drain()
        writer.close()

    async def _pass_back(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, doomed: asyncio.Event
    ) -> None:
        while data := await reader.read(65_536):
            if doomed.is_set():
                break
            if not self.silent:
                writer.write(data)
                await writer.drain()
        writer.close()
