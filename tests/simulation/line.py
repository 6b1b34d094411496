"""The network between tills and gateway, and the weather over it."""

import asyncio
from collections.abc import Callable, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from random import Random
from typing import Final, Protocol

from medsettle._exchange.signed import OK, Reply, Request
from medsettle_gateway.rpc.calls import Answer
from tests.simulation.events import Note

DETAILS: Final = "grpc-status-details-bin"
GONE: Final = Reply("UNAVAILABLE")
_OUTSIDE: Final = Context()
_RESET_S: Final = 0.002
_COPIES: Final = ("a request was lost", "", "a request came twice")

Respond = Callable[[Answer | None], None]
"""Hears the gateway's answer; None where the connection broke."""


class Reached(Protocol):
    """What stands at the other end."""

    @property
    def is_up(self) -> bool:
        """Whether it runs."""

    def handle(self, request: Request, allowed_ms: int, respond: Respond) -> None:
        """Answers a request, or breaks the connection, or does not answer at all."""


@dataclass
class Weather:
    """How often what goes wrong. All zero: a quiet day."""

    lost_rate: float = 0.0
    doubled_rate: float = 0.0
    cut_rate: float = 0.0
    slow_rate: float = 0.0
    delay_s: float = 0.01
    away_rate: float = 0.0
    """Calls after which the line of that till goes away for a while."""
    away_s: float = 60.0
    till_dies_rate: float = 0.0
    """Of what a cashier does."""
    gateway_dies_s: float = 0.0
    """Mean time between two ends of the gateway; 0: it stays."""
    commit_dies_rate: float = 0.0
    store_fails_rate: float = 0.0
    clock_jumps_rate: float = 0.0
    contended_rate: float = 0.0
    """Transactions that another gateway is in the way of."""
    restores: bool = False
    """The database is lost once, and restored from a backup that is some commits behind."""
    rush_s: float = 0.0
    """Patients come at multiples of this time, to all tills at once; 0: when they like."""

    @classmethod
    def of(cls, chance: Random) -> "Weather":
        """Returns a day's weather: some of it bad, some quiet, so that each trouble is also met alone."""

        def upto(most: float) -> float:
            return chance.random() * most if chance.random() < 0.6 else 0.0

        return cls(
            lost_rate=upto(0.3), doubled_rate=upto(0.2), cut_rate=upto(0.1), slow_rate=upto(0.2),
            delay_s=chance.choice((0.005, 0.05, 0.5)), away_rate=upto(0.05),
            away_s=chance.choice((5.0, 60.0, 900.0)), till_dies_rate=upto(0.25),
            gateway_dies_s=chance.choice((0.0, 0.0, 600.0, 1_800.0)), commit_dies_rate=upto(0.05),
            store_fails_rate=upto(0.03), clock_jumps_rate=upto(0.1), contended_rate=upto(0.1),
            restores=chance.random() < 0.15,
            rush_s=chance.choice((0.0, 600.0, 1_800.0)),
        )


@dataclass
class Line:
    """Carries calls of all tills to one address, behind which there may be several gateways."""

    gateways: Sequence[Reached]
    chance: Random
    note: Note
    weather: Weather
    _away_until: dict[str, float] = field(default_factory=dict)

    def happens(self, rate: float) -> bool:
        """Returns whether it happens this time."""
        return rate > 0 and self.chance.random() < rate

    def clear(self) -> None:
        """Every line is up again."""
        self._away_until.clear()

    def send(self, till: str, request: Request, timeout_ms: int, done: "asyncio.Future[Reply]") -> None:
        """Sends a request: it may arrive, late, twice or never."""
        loop = asyncio.get_running_loop()
        label = f"{till} {request.call.method} {request.nonce}"
        if self.happens(self.weather.away_rate):
            self._away_until[till] = loop.time() + self.chance.random() * self.weather.away_s
        if loop.time() < self._away_until.get(till, 0.0):
            self.note(f"{label} away", "the line was away")
            if self.happens(0.5):
                loop.call_later(_RESET_S, _reply, done, GONE, context=_OUTSIDE)
            return
        copies = 0 if self.happens(self.weather.lost_rate) else 1 + self.happens(self.weather.doubled_rate)
        self.note(f"{label} x{copies}", _COPIES[copies])
        for _ in range(copies):
            loop.call_later(
                self._delay_s(), self._arrives, label, request, timeout_ms, done, context=_OUTSIDE
            )

    def _arrives(
        self, label: str, request: Request, timeout_ms: int, done: "asyncio.Future[Reply]"
    ) -> None:
        up = [each for each in self.gateways if each.is_up] or self.gateways
        self.chance.choice(up).handle(request, timeout_ms, lambda answer: self._back(label, answer, done))

    def _back(self, label: str, answer: Answer | None, done: "asyncio.Future[Reply]") -> None:
        reply = GONE if answer is None else _reply_of(answer)
        if self.happens(self.weather.lost_rate):
            self.note(f"{label} {reply.code} lost", "an answer was lost")
            return
        if answer is not None and self.happens(self.weather.cut_rate):
            reply = Reply(reply.code, reply.body[:-1], {})
            self.note(f"{label} {reply.code} cut", "an answer was cut")
        loop = asyncio.get_running_loop()
        loop.call_later(self._delay_s(), self._arrived, label, reply, done, context=_OUTSIDE)

    def _arrived(self, label: str, reply: Reply, done: "asyncio.Future[Reply]") -> None:
        self.note(f"{label} {reply.code}")
        _reply(done, reply)

    def _delay_s(self) -> float:
        if self.happens(self.weather.slow_rate):
            return self.chance.random() * 30
        return self.chance.random() * self.weather.delay_s


def _reply(done: "asyncio.Future[Reply]", reply: Reply) -> None:
    if not done.done():
        done.set_result(reply)


def _reply_of(answer: Answer) -> Reply:
    trailing: dict[str, str | bytes] = dict(answer.trailer)
    if answer.status is None:
        return Reply(OK, answer.body, trailing)
    trailing[DETAILS] = answer.status.details
    return Reply(answer.status.code.value, b"", trailing)


@dataclass
class Wire:
    """A till's end of the line."""

    till: str
    line: Line

    async def call(self, request: Request, timeout_ms: int) -> Reply:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Reply] = loop.create_future()
        late = Reply("DEADLINE_EXCEEDED")
        timer = loop.call_later(timeout_ms / 1000, _reply, done, late, context=_OUTSIDE)
        self.line.send(self.till, request, timeout_ms, done)
        try:
            return await done
        finally:
            timer.cancel()

    async def close(self) -> None:
        """Nothing to close."""
