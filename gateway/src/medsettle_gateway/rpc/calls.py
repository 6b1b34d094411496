"""One call from beginning to end, without a transport: method, metadata, bytes and deadline in; bytes
or a status out.

The order is that of the contract: size, signature, form, whose sale it is, then the service. What is
refused before the service says ``recorded = false``: the sale keeps the state that it had.
"""

import functools
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from msgspec import Struct

from medsettle.wire.calls import BY_PATH, CORRECTED_ONCE, ENROL, ROTATE_KEY, Call
from medsettle.wire.reasons import Reason
from medsettle.wire.signing import ENROL_AUDIENCE, TERMINAL, WINDOW_MS, KeyInvalidError
from medsettle_gateway.config import LimitsSection
from medsettle_gateway.domain.errors import Refused, refuse
from medsettle_gateway.domain.facts import State
from medsettle_gateway.domain.keys import AnyKey, Facts, KeyRecordKey, TerminalKey
from medsettle_gateway.domain.sale import RefusalRecord
from medsettle_gateway.rpc.admission import Admission, Peer, TooOftenError, nowhere
from medsettle_gateway.rpc.answering import Answerer, Question
from medsettle_gateway.rpc.authentication import (
    Proof,
    check_clock,
    check_signature,
    milliseconds,
    read_nonce,
    read_proof,
)
from medsettle_gateway.rpc.codec import answers, prescriptions, requests, terminals
from medsettle_gateway.rpc.codec.parts import Asked, Limits
from medsettle_gateway.rpc.status import Status, status_of
from medsettle_gateway.service import commands
from medsettle_gateway.service.commands import Caller, Command, RefusedAnswer
from medsettle_gateway.service.ports import Clock, ReadPublicKey, Report, StoreUnavailableError

Metadata = Iterable[tuple[str, str | bytes]]

_KNOWN_KEYS_COUNT: Final = 4_096
_CLOCKS_APART: Final = timedelta(milliseconds=WINDOW_MS)
"""A till that was just enrolled through one gateway is known to another whose clock is behind."""
_SHOWN_PATH_CHARS: Final = 128
_UNSHOWN: Final = re.compile(r"[^!-~]")
"""What a path that anybody may send must not bring into a line of the log."""
_WAIT_AND_RETURN: Final = frozenset({
    Reason.OVERLOADED, Reason.SHUTTING_DOWN, Reason.STORE_UNAVAILABLE, Reason.CREDENTIAL_SERVICE_UNAVAILABLE,
})


class Service(Protocol):
    """The use cases."""

    async def __call__(self, command: Command, deadline_at: datetime) -> commands.Answer:
        """Returns the answer to a command."""


class Answer(Struct, frozen=True):
    """What became of a call: a message, or a status. ``trailer`` is metadata that sign it."""

    body: bytes = b""
    status: Status | None = None
    trailer: tuple[tuple[str, str], ...] = ()


class Handled(Struct, frozen=True):
    """What a log may tell of a call: no name, credential or token."""

    method: str
    terminal: str
    request_id: str
    code: str
    reason: str
    duration_ms: int


@dataclass(frozen=True, slots=True)
class Ports:
    """What calls need of the outside.

    ``audience`` is the gateway's id; ``load`` reads the store; ``read_key`` reads a public key.
    """

    audience: str
    service: Service
    load: Callable[[Sequence[AnyKey]], Awaitable[Facts]]
    clock: Clock
    read_key: ReadPublicKey
    answerer: Answerer
    report: Report
    observe: Callable[[Handled], None]


@dataclass(slots=True)
class _Course:
    """What is known of a call while it runs, for the log; ``key`` is only claimed."""

    peer: Peer = nowhere
    key: str = ""
    terminal: str = ""
    request_id: str = ""
    reason: str = ""


class Calls:
    """Answers every call of the contract; it never raises."""

    def __init__(self, ports: Ports, limits: LimitsSection) -> None:
        self._ports = ports
        self._limits = limits
        self._request_limits = Limits(limits.basket_lines, limits.page_size)
        self._admission = Admission(limits)
        self._known_key = functools.lru_cache(_KNOWN_KEYS_COUNT)(ports.read_key)
        self._in_flight_count = 0
        self._draining = False

    def drain(self) -> None:
        """From now on every new call is refused with SHUTTING_DOWN."""
        self._draining = True

    async def handle(
        self, path: str, metadata: Metadata, body: bytes, allowed_ms: int | None, peer: Peer = nowhere
    ) -> Answer:
        """Returns the answer to a call. ``allowed_ms`` is what is left of the client's deadline.

        ``peer`` is only asked where strangers have failed before.
        """
        call = BY_PATH.get(path)
        began_at = self._ports.clock.now()
        if call is None:
            return self._unknown(_UNSHOWN.sub("?", path[:_SHOWN_PATH_CHARS]), began_at)
        pairs, course = tuple(metadata), _Course(peer)
        self._in_flight_count += 1
        try:
            outcome = await self._outcome(call, pairs, body, allowed_ms, course)
        finally:
            self._in_flight_count -= 1
        question = Question(self._audience(call), call.path, body, read_nonce(pairs))
        signs = call.signed_answer or course.reason == CORRECTED_ONCE
        answer = self._signed(question, outcome, signs=signs)
        self._observe(call.method, answer, course, began_at)
        return answer

    def _unknown(self, path: str, began_at: datetime) -> Answer:
        """A method that the contract does not have: who calls it wants another release, and the log tells."""
        reason = Reason.NOT_SUPPORTED
        answer = Answer(status=status_of(_refused(reason, method=path)))
        self._observe(path, answer, _Course(reason=reason.value), began_at)
        return answer

    async def _outcome(  # the steps of a call, one line each
        self, call: Call, metadata: Metadata, body: bytes, allowed_ms: int | None, course: _Course
    ) -> bytes | Status:
        """The message, or why there is none: every fault becomes a status here."""
        try:
            now = self._ports.clock.now()
            self._check_room(body, allowed_ms)
            asked = await self._asked(call, self._proof(call, metadata, now, course), body, now, course)
            course.request_id = str(getattr(asked.command, "request_id", ""))
            answer = await self._ports.service(asked.command, self._deadline_at(now, allowed_ms))
            if not isinstance(answer, RefusedAnswer):
                return answers.to_bytes(call, answer, full=asked.full)
        except Refused as refused:
            answer = RefusedAnswer(RefusalRecord.of(refused.refusal), recorded=False)
        except TooOftenError as error:
            after_ms = max(error.after_ms, self._limits.retry_ms)
            answer = RefusedAnswer(RefusalRecord(Reason.RATE_LIMITED), False, retry_after_ms=after_ms)
        except StoreUnavailableError as error:
            self._ports.report(f"{call.method} {course.request_id}", error)
            answer = _refused(Reason.STORE_UNAVAILABLE)
        except Exception as error:  # noqa: BLE001 - the client hears that there was a fault, the log which
            self._ports.report(f"{call.method} {course.request_id}", error)
            answer = _refused(Reason.INTERNAL_ERROR)
        course.reason = answer.refusal.reason.value
        self._admission.failed(answer.refusal.reason, course.key, course.peer, self._ports.clock.now())
        return status_of(self._with_delay(answer))

    def _check_room(self, body: bytes, allowed_ms: int | None) -> None:
        """Raises Refused if the call is not taken on at all."""
        if self._draining:
            raise refuse(Reason.SHUTTING_DOWN)
        if self._in_flight_count > self._limits.in_flight:
            raise refuse(Reason.OVERLOADED, limit=str(self._limits.in_flight))
        if len(body) > self._limits.request_bytes:
            raise refuse(
                Reason.REQUEST_TOO_LARGE, limit=str(self._limits.request_bytes), bytes=str(len(body))
            )
        if allowed_ms is not None and allowed_ms <= 0:
            raise refuse(Reason.DEADLINE_PASSED)

    def _proof(self, call: Call, metadata: Metadata, now: datetime, course: _Course) -> Proof:
        """Returns who claims to ask. Raises Refused, and TooOftenError before anything is verified."""
        try:
            proof = read_proof(metadata)
        except Refused:
            self._admission.check(call, "", "", course.peer, now)
            raise
        course.key = proof.key
        self._admission.check(call, proof.terminal, proof.key, course.peer, now)
        return proof

    async def _asked(
        self, call: Call, proof: Proof, body: bytes, now: datetime, course: _Course
    ) -> Asked:
        """Returns what is asked, once it is known who asks. Raises Refused."""
        if call is ENROL:
            return self._asked_to_enrol(proof, body, now)
        caller = await self._caller(call, proof, body, now)
        course.terminal = caller.terminal
        if call is ROTATE_KEY:
            return Asked(terminals.read_rotation(body, caller, proof.nonce))
        of_prescription = prescriptions.read(call, body, caller, proof, self._audience(call))
        return of_prescription or requests.read(call, body, caller, self._request_limits)

    async def _caller(self, call: Call, proof: Proof, body: bytes, now: datetime) -> Caller:
        """Returns who signed. Raises Refused."""
        if not proof.terminal:
            raise refuse(Reason.SIGNATURE_MISSING, field=TERMINAL)
        of_terminal, of_key = TerminalKey(proof.terminal), KeyRecordKey(proof.key)
        facts = await self._ports.load((of_terminal, of_key))
        terminal, record = facts.of(of_terminal), facts.of(of_key)
        if terminal is None:
            raise refuse(Reason.TERMINAL_UNKNOWN)
        if record is None or record.terminal != terminal.terminal:
            raise refuse(Reason.KEY_UNKNOWN)
        check_clock(proof, now)
        verifier = self._known_key(record.public_key)
        check_signature(proof, verifier, self._audience(call), call.path, body)
        if not record.active_at(now, early=_CLOCKS_APART):
            raise refuse(Reason.KEY_NOT_ACTIVE)
        if terminal.state is not State.ACTIVE:
            raise refuse(Reason.TERMINAL_SUSPENDED)
        self._admission.spend(call, terminal.terminal, record.key, self._ports.clock.now())
        return Caller(terminal.terminal, terminal.institution, record.key)

    def _asked_to_enrol(self, proof: Proof, body: bytes, now: datetime) -> Asked:
        """Returns an enrolment, which is signed by the key that it brings. Raises Refused."""
        command = terminals.read_enrol(body, proof.terminal, proof.nonce)
        try:
            verifier = self._ports.read_key(command.public_key)
        except KeyInvalidError as error:
            raise refuse(Reason.KEY_INVALID, field="public_key") from error
        if verifier.suite != command.suite:
            raise refuse(Reason.KEY_INVALID, field="suite")
        check_clock(proof, now)
        check_signature(proof, verifier, self._audience(ENROL), ENROL.path, body)
        return Asked(command)

    def _audience(self, call: Call) -> str:
        """Whom the request is for: who enrols does not know the gateway's id yet."""
        return ENROL_AUDIENCE if call is ENROL else self._ports.audience

    def _deadline_at(self, now: datetime, allowed_ms: int | None) -> datetime:
        most_ms = self._limits.deadline_ms
        return now + timedelta(milliseconds=most_ms if allowed_ms is None else min(allowed_ms, most_ms))

    def _with_delay(self, answer: RefusedAnswer) -> RefusedAnswer:
        if answer.retry_after_ms is not None or answer.refusal.reason not in _WAIT_AND_RETURN:
            return answer
        return RefusedAnswer(answer.refusal, answer.recorded, answer.request_id, self._limits.retry_ms)

    def _signed(self, question: Question, outcome: bytes | Status, *, signs: bool) -> Answer:
        """The outcome with its signature, where the contract promises one; refusals have theirs too."""
        code, body = ("OK", outcome) if isinstance(outcome, bytes) else (outcome.code.value, outcome.details)
        now_ms = milliseconds(self._ports.clock.now())
        trailer = self._ports.answerer.sign(question, code, body, now_ms) if signs else ()
        return Answer(outcome, None, trailer) if isinstance(outcome, bytes) else Answer(b"", outcome, trailer)

    def _observe(self, method: str, answer: Answer, course: _Course, began_at: datetime) -> None:
        took = self._ports.clock.now() - began_at
        code = "OK" if answer.status is None else answer.status.code.value
        self._ports.observe(Handled(
            method, course.terminal, course.request_id, code, course.reason,
            took // timedelta(milliseconds=1),
        ))


def _refused(reason: Reason, **detail: str) -> RefusedAnswer:
    return RefusedAnswer(RefusalRecord(reason, detail), recorded=False)
