"""What every script works with: configuration, journal, clock, key, and who is busy with what."""

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from medsettle._desk.bindings import Bindings
from medsettle._desk.clicks import Clicks
from medsettle._desk.effects import Pause
from medsettle._desk.keys import Keys
from medsettle._exchange.signed import Peer, Request, Verdict, sign
from medsettle.clock import CorrectedClock
from medsettle.config import TillConfig
from medsettle.errors import MedsettleError, OtherSaleError, QuoteChangedError, error_class, till_error
from medsettle.hooks import Hooks
from medsettle.journal import Journal
from medsettle.models import SaleCard
from medsettle.retry import Chance
from medsettle.till_reasons import TillReason
from medsettle.wire.calls import SETTLE, Call

_BUSY_POLL_MS: Final = 50


class Busy:
    """Which tickets are being worked on, so that a second click waits for the first."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._lock = threading.Lock()

    def take(self, name: str) -> bool:
        """Returns whether the name was free; it is taken now."""
        with self._lock:
            free = name not in self._names
            self._names.add(name)
            return free

    def give(self, name: str) -> None:
        """Frees the name."""
        with self._lock:
            self._names.discard(name)

    @contextmanager
    def giving(self, name: str) -> Generator[None]:
        """Frees the name at the end, however it ends."""
        try:
            yield
        finally:
            self.give(name)


@dataclass(slots=True)
class Desk:
    """One till's parts. ``run`` names this run of it; ``fresh_nonce`` and ``chance`` are its dice.

    ``shown_in_vain``: the epoch for which all was shown in this run, and the journal was not taken for the
    whole; 0: none.
    """

    config: TillConfig
    journal: Journal
    clock: CorrectedClock
    keys: Keys
    peer: Peer
    hooks: Hooks
    chance: Chance
    fresh_nonce: Callable[[], str]
    run: str
    clicks: Clicks
    bindings: Bindings
    busy: Busy = field(default_factory=Busy)
    shown_in_vain: int = 0

    def sign(self, call: Call, body: bytes) -> Request:
        """Returns the request, signed now, with a nonce of its own."""
        return sign(
            call, body, signer=self.keys.signer, audience=self.config.audience, terminal=self.config.terminal,
            now_ms=self.clock.now_ms(), nonce=self.fresh_nonce(),
        )

    def taken(self, name: str) -> Generator[Pause, Any, None]:
        """Waits for the name to be free and takes it. Raises RequestError: TICKET_BUSY."""
        ends_at = self.clock.monotonic() + self.config.deadline_ms(SETTLE) / 1000
        while not self.busy.take(name):
            if self.clock.monotonic() >= ends_at:
                raise till_error(TillReason.TICKET_BUSY, ticket=name)
            yield Pause(_BUSY_POLL_MS / 1000)


def error_of(
    verdict: Verdict, request_id: str | None = None, card: SaleCard | None = None
) -> MedsettleError:
    """Returns the error of a verdict that is no answer, with what its reason brings along."""
    facts = verdict.facts
    if facts is None:
        return till_error(TillReason.ANSWER_UNREADABLE)
    error = error_class(facts.refusal.reason, verdict.code)(facts.refusal, request_id, card)
    if isinstance(error, QuoteChangedError):
        error.expected, error.now, error.breakdown = facts.expected, facts.now, facts.breakdown
    if isinstance(error, OtherSaleError):
        error.other_request_id, error.other_state = facts.other_request_id, facts.other_state
        error.other_created_at = facts.other_created_at
    return error
