"""A stage for calls: real keys and signatures, a register in memory, and a service that says its line."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status as WireStatus

from medsettle.wire.calls import ENROL, Call
from medsettle.wire.signing import (
    Certificate,
    KeySigner,
    encode,
    request_statement,
    verifier_of,
)
from medsettle.wire.states import SaleState
from medsettle.wire.v1 import credential_pb2, sale_pb2, settlement_pb2
from medsettle_gateway.config import LimitsSection
from medsettle_gateway.domain.facts import KeyRecord, State, TerminalFacts
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.keys import AnyKey, Facts, KeyRecordKey, TerminalKey
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.rpc.answering import Answerer, AnsweringKey
from medsettle_gateway.rpc.authentication import milliseconds
from medsettle_gateway.rpc.calls import Answer, Calls, Handled, Ports
from medsettle_gateway.service import commands

NOW = datetime(2024, 5, 31, 10, 0, tzinfo=UTC)
AUDIENCE = "gateway.test"
INSTITUTION = "H21030200001"
TERMINAL = f"{INSTITUTION}-01"
REQUEST_ID = f"{TERMINAL}-20240531-17-1"
NONCE = "AAAAAAAAAAAAAAAAAAAAAA"
LIMITS = LimitsSection()

TILL = KeySigner.generate()
OTHER_TILL = KeySigner.generate("p256")
ROOT = KeySigner.generate()
ANSWERING = KeySigner.generate()


def certify(answering: KeySigner) -> Certificate:
    begins, ends = NOW - timedelta(days=1), NOW + timedelta(days=1)
    return Certificate.issue(ROOT, AUDIENCE, answering, milliseconds(begins), milliseconds(ends))


@dataclass
class FixedClock:
    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class Register:
    """What the store would say of terminals and keys; ``fault`` is raised instead."""

    terminals: dict[str, TerminalFacts] = field(default_factory=dict)
    keys: dict[str, KeyRecord] = field(default_factory=dict)
    fault: Exception | None = None

    def add(self, terminal: str, signer: KeySigner, **changes: Any) -> None:
        institution, _, till = terminal.rpartition("-")
        self.terminals[terminal] = TerminalFacts(terminal, institution, till, State.ACTIVE)
        self.keys[signer.key] = replace(
            KeyRecord(
                signer.key, terminal, signer.suite, signer.public_key,
                NOW - timedelta(days=1), NOW + timedelta(days=1),
            ),
            **changes,
        )

    async def load(self, keys: Sequence[AnyKey]) -> Facts:
        if self.fault is not None:
            raise self.fault
        return Facts({key: self._of(key) for key in keys})

    def _of(self, key: AnyKey) -> TerminalFacts | KeyRecord | None:
        match key:
            case TerminalKey():
                return self.terminals.get(key.terminal)
            case KeyRecordKey():
                return self.keys.get(key.key)
        raise AssertionError(key)


def sealed_sale(request_id: str = REQUEST_ID) -> commands.SaleAnswer:
    sale = SaleRecord(
        request_id=RequestId.parse(request_id), state=SaleState.SEALED, first_state=SaleState.SEALED,
        version=1, operator="op", service_on=NOW.date(), requested_at=NOW, created_at=NOW, committed_at=NOW,
    )
    return commands.SaleAnswer(sale, "")


@dataclass
class Service:
    """Notes what it is asked, and answers its line or raises it."""

    line: commands.Answer | Exception = field(default_factory=sealed_sale)
    asked: list[tuple[commands.Command, datetime]] = field(default_factory=list)

    async def __call__(self, command: commands.Command, deadline_at: datetime) -> commands.Answer:
        self.asked.append((command, deadline_at))
        if isinstance(self.line, Exception):
            raise self.line
        return self.line


@dataclass
class Stage:
    """Calls with everything around them."""

    limits: LimitsSection = LIMITS
    clock: FixedClock = field(default_factory=FixedClock)
    register: Register = field(default_factory=Register)
    service: Any = field(default_factory=Service)
    reported: list[tuple[str, BaseException]] = field(default_factory=list)
    handled: list[Handled] = field(default_factory=list)
    answering: AnsweringKey = field(default_factory=lambda: AnsweringKey.of(ANSWERING, certify(ANSWERING)))
    calls: Calls = field(init=False)

    def __post_init__(self) -> None:
        self.register.add(TERMINAL, TILL)
        self.calls = Calls(
            Ports(
                audience=AUDIENCE,
                service=self.service,
                load=self.register.load,
                clock=self.clock,
                read_key=verifier_of,
                answerer=Answerer(lambda: self.answering),
                report=lambda what, error: self.reported.append((what, error)),
                observe=self.handled.append,
            ),
            self.limits,
        )

    async def ask(self, call: Call, body: bytes, metadata: dict[str, str] | None = None) -> Answer:
        """Sends a request, signed by the till unless other metadata are given."""
        pairs = signed(call, body) if metadata is None else metadata
        return await self.calls.handle(call.path, pairs.items(), body, 10_000)


def signed(call: Call, body: bytes, signer: KeySigner = TILL, **changes: Any) -> dict[str, str]:
    """Returns the metadata of a request; ``changes`` alter what is stated and sent."""
    fields: dict[str, Any] = {
        "audience": "enrol" if call is ENROL else AUDIENCE,
        "terminal": TERMINAL, "key": signer.key, "timestamp": milliseconds(NOW), "nonce": NONCE,
    } | changes
    statement = request_statement(
        fields["audience"], call.path, fields["terminal"], fields["key"], fields["timestamp"],
        fields["nonce"], body,
    )
    return {
        "terminal": fields["terminal"], "key": fields["key"], "timestamp": str(fields["timestamp"]),
        "nonce": fields["nonce"], "signature": encode(signer.sign(statement)),
    }


def wire_now() -> Timestamp:
    at = Timestamp()
    at.FromDatetime(NOW)
    return at


def credential() -> credential_pb2.Credential:
    return credential_pb2.Credential(kind=credential_pb2.CREDENTIAL_KIND_ELECTRONIC, token="MSD1.a.b")


def line(**changes: Any) -> settlement_pb2.Line:
    return settlement_pb2.Line(**{
        "item_code": "XA01", "quantity": "2", "unit_price": "12.5", "amount_fen": 2500, **changes,
    })


def basket(**changes: Any) -> settlement_pb2.Basket:
    return settlement_pb2.Basket(**{"lines": [line()], **changes})


def settle(**changes: Any) -> settlement_pb2.SettleRequest:
    return settlement_pb2.SettleRequest(**{
        "request_id": REQUEST_ID, "credential": credential(), "basket": basket(),
        "expected": sale_pb2.Split(cash_fen=2500), "collect": settlement_pb2.COLLECT_NOW,
        "operator": "收银员01", "requested_at": wire_now(), **changes,
    })


def seal(request_id: str = REQUEST_ID) -> bytes:
    return settlement_pb2.SealRequest(
        request_id=request_id, operator="op", requested_at=wire_now()
    ).SerializeToString()


@dataclass(frozen=True)
class Refused:
    """A status as a client reads it."""

    code: int
    reason: str
    said: dict[str, str]
    retry_ms: int | None
    details: dict[str, bytes]
    """Everything attached, by the name of its message."""

    @classmethod
    def of(cls, answer: Answer) -> "Refused":
        assert answer.status is not None, "the call was not refused"
        assert answer.body == b""
        return cls.read(answer.status.details)

    @classmethod
    def read(cls, details: bytes) -> "Refused":
        status = WireStatus.FromString(details)
        attached = {each.TypeName(): each.value for each in status.details}
        info = ErrorInfo.FromString(attached.pop("google.rpc.ErrorInfo"))
        retry = attached.pop("google.rpc.RetryInfo", None)
        delay_ms = None if retry is None else RetryInfo.FromString(retry).retry_delay.ToMilliseconds()
        assert info.domain == "medsettle"
        return cls(status.code, info.reason, dict(info.metadata), delay_ms, attached)


def bytes_of(message: Message) -> bytes:
    return message.SerializeToString()


