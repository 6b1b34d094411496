"""The tries of one call: signs each anew, judges each reply, tells the hooks."""

from typing import Any

from medsettle._desk.desk import Desk
from medsettle._desk.effects import Ask
from medsettle._desk.keys import REFUSED_KEYS
from medsettle._exchange.signed import Reply, Request, Verdict, judge
from medsettle.hooks import Received, Retrying, Sent
from medsettle.retry import Budget
from medsettle.wire.signing import KEY


class Tries:
    """One call of one script, however often it goes out. Its budget begins now."""

    def __init__(self, desk: Desk, ask: Ask) -> None:
        self._desk = desk
        self._asked = ask
        deadline_ms = desk.config.deadline_ms(ask.call)
        longest_ms = deadline_ms if ask.at_most_ms is None else min(deadline_ms, ask.at_most_ms)
        self._budget = Budget.of(ask.call, desk.clock, desk.chance, longest_ms)
        self._count = 0
        self._sent_at = 0.0
        self._tried_other_key = False

    def policy(self) -> dict[str, Any]:
        """Returns the arguments of tenacity's controllers."""
        return self._budget.policy(self._wait)

    def next(self) -> tuple[Request, int]:
        """Returns the request of the next try, signed now, and how long it may take, in milliseconds."""
        self._count += 1
        self._desk.hooks.tell(Sent(self._asked.call.method, self._asked.request_id, self._count))
        self._sent_at = self._desk.clock.monotonic()
        return self._desk.sign(self._asked.call, self._asked.body), self._budget.try_ms()

    def judged(self, request: Request, reply: Reply) -> Verdict:
        """Returns what the reply is worth, having decided whether another try follows."""
        clock = self._desk.clock
        verdict = judge(request, reply, self._desk.peer, clock.now_ms(), clock.proven_ms)
        if verdict.evidence is not None:
            clock.proven(verdict.evidence.timestamp_ms)
        elapsed_ms = round((clock.monotonic() - self._sent_at) * 1000)
        reason = verdict.facts.refusal.reason if verdict.facts else None
        call = self._asked.call.method
        self._desk.hooks.tell(
            Received(call, self._asked.request_id, verdict.code, reason, verdict.valid, elapsed_ms)
        )
        self._budget.consider(verdict)
        self._learn_of_key(dict(request.metadata)[KEY], verdict)
        return verdict

    def _learn_of_key(self, key: str, verdict: Verdict) -> None:
        """A refused key may have another beside it; one that a signed answer knows is kept."""
        if verdict.valid and verdict.facts and verdict.facts.refusal.reason in REFUSED_KEYS:
            other = not self._tried_other_key and self._desk.keys.refused(key)
            self._tried_other_key = True
            if other:
                self._budget.repeat_at_once()
        elif verdict.evidence is not None:
            self._desk.keys.proven(key)

    def _wait(self, attempt: int, wait_ms: int) -> None:
        self._desk.hooks.tell(
            Retrying(self._asked.call.method, self._asked.request_id, attempt, wait_ms)
        )
