"""How a call is repeated: tenacity with a stop and a wait of our own, on the till's clock.

``wire.calls`` says which calls may be repeated and after which codes; the gateway's RetryInfo
overrules our wait. Every try, and all tries together, have a deadline.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tenacity import RetryCallState

from medsettle._exchange.signed import Verdict
from medsettle.clock import CorrectedClock
from medsettle.wire.calls import CORRECTED_ONCE, RETRYABLE, Call, Repeat
from medsettle.wire.reasons import Code, Reason

FIRST_WAIT_MS: Final = 100
LONGEST_WAIT_MS: Final = 3_000
SHORTEST_TRY_MS: Final = 50

Chance = Callable[[], float]
"""Returns a number from 0 up to 1."""


@dataclass(slots=True)
class Budget:
    """The tries of one call: how long they may take, and whether another follows.

    ``chance`` spreads the waits (full jitter), so that tills that lost a gateway together do not come
    back together.
    """

    call: Call
    clock: CorrectedClock
    chance: Chance
    deadline_ms: int
    ends_at: float
    corrected: bool = False
    again: bool = False
    at_once: bool = False

    @classmethod
    def of(cls, call: Call, clock: CorrectedClock, chance: Chance, deadline_ms: int) -> "Budget":
        """Returns a budget that begins now; ``deadline_ms`` is for all tries together."""
        return cls(call, clock, chance, deadline_ms, clock.monotonic() + deadline_ms / 1000)

    def left_ms(self) -> int:
        """Returns what is left of the deadline, in milliseconds."""
        return max(0, round((self.ends_at - self.clock.monotonic()) * 1000))

    def try_ms(self) -> int:
        """Returns how long the next try may take: half of the whole, so that a lost answer leaves time."""
        half = self.deadline_ms if self.call.repeat is Repeat.NEVER else self.deadline_ms // 2
        return max(SHORTEST_TRY_MS, min(self.left_ms(), half))

    def consider(self, verdict: Verdict) -> Verdict:
        """Returns the verdict, having decided whether it is worth another try."""
        facts = verdict.facts
        skewed = verdict.valid and facts is not None and facts.refusal.reason == CORRECTED_ONCE
        if facts and skewed and facts.gateway_at and not self.corrected:
            self.corrected = self.again = self.at_once = self.clock.correct(facts.gateway_at)
            return verdict
        self.at_once = False
        told_when = facts is not None and facts.retry_after_ms is not None
        self.again = (
            facts is not None and self.call.repeat is not Repeat.NEVER and verdict.code in RETRYABLE
            and (verdict.code != Code.RESOURCE_EXHAUSTED or told_when)
            and not (verdict.valid and facts.refusal.reason == Reason.RECOVERING)  # first the till compares
        )
        return verdict

    def repeat_at_once(self) -> None:
        """Another try follows without a wait: what was refused was how the last one was signed."""
        self.again = self.at_once = True

    def policy(self, tell: Callable[[int, int], None]) -> dict[str, Any]:
        """Returns the arguments of tenacity's controllers; ``tell(attempt, wait_ms)`` before each wait."""
        return {
            "retry": lambda _state: self.again,
            "stop": self._stop,
            "wait": self._wait,
            "before_sleep": lambda state: tell(state.attempt_number, round(state.upcoming_sleep * 1000)),
            "retry_error_callback": _last,
        }

    def _stop(self, state: RetryCallState) -> bool:
        return state.upcoming_sleep * 1000 + SHORTEST_TRY_MS >= self.left_ms()

    def _wait(self, state: RetryCallState) -> float:
        verdict = _last(state)
        asked_ms = verdict.facts.retry_after_ms if verdict.facts else None
        if self.at_once:
            return 0
        longest_ms = min(LONGEST_WAIT_MS, FIRST_WAIT_MS << min(state.attempt_number, 10))
        if asked_ms is None:
            return self.chance() * longest_ms / 1000
        return (asked_ms + self.chance() * FIRST_WAIT_MS) / 1000


def _last(state: RetryCallState) -> Verdict:
    outcome = state.outcome
    if outcome is None:
        raise RuntimeError("asked for the verdict of a try that was not made")
    verdict: Verdict = outcome.result()
    return verdict
