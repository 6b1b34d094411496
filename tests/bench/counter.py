"""A counter with many patients: requests to settle, signed as a till would, before the clock starts."""

import base64
import csv
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import grpc

from medsettle.testing import Gateway
from medsettle.wire.calls import CHECK_ELIGIBILITY, ENROL, QUOTE, SETTLE, Call
from medsettle.wire.signing import (
    ENROL_AUDIENCE,
    KEY,
    NONCE,
    SIGNATURE,
    TERMINAL,
    TIMESTAMP,
    KeySigner,
    encode,
    request_statement,
)
from medsettle.wire.v1.credential_pb2 import CREDENTIAL_KIND_ELECTRONIC, Credential
from medsettle.wire.v1.eligibility_pb2 import CheckEligibilityRequest
from medsettle.wire.v1.settlement_pb2 import (
    COLLECT_NOW,
    Basket,
    Line,
    QuoteRequest,
    QuoteResponse,
    SettleRequest,
)
from medsettle.wire.v1.terminal_pb2 import EnrolRequest, EnrolResponse
from medsettle_gateway.cli.frame import open_gateway
from medsettle_gateway.resolvers.demo import DemoIssuer

Signed = tuple[tuple[tuple[str, str], ...], bytes]
"""The metadata and the bytes of a request."""

INSTITUTION = "H21030200001"
REGION = "210300"
LIFE = timedelta(minutes=5)
EIGHT_LINES = (
    ("002103000010000-210300001", "1", "180.00"),
    ("002501010150000-250101015", "1", "20.00"),
    ("001204000060000-120400006", "2", "15.00"),
    ("XR06AXL193A001010100011", "2", "34.00"),
    ("XJ01CAA040E001010100128", "1", "36.80"),
    ("XC08CAA129A001010100041", "2", "52.60"),
    ("XA10BFA014A001010100196", "1", "48.50"),
    ("ZA01BAG0045010100141", "1", "11.50"),
)


class Counter:
    """One enrolled till of a clinic, and members who come once each."""

    def __init__(self, gateway: Gateway, members_count: int) -> None:
        """Enters the members and enrols the till."""
        self._gateway = gateway
        self._signer = KeySigner.generate()
        self._numbers = count(1)
        self._last: Signed | None = None
        self._tokens = credentials(gateway, members_count)
        self._audience, self._terminal = ENROL_AUDIENCE, ""
        enrolled = self._enrol()
        self._audience, self._terminal = enrolled.audience, enrolled.terminal
        self._expected = self._quote().split

    def requests(self, requests_count: int) -> list[Signed]:
        """Returns requests to settle, each for another member, signed now."""
        signed = [self._sign(SETTLE, self._settle()) for _ in range(requests_count)]
        self._last = signed[-1]
        return signed

    def checks(self, tokens: Iterator[str], requests_count: int) -> list[Signed]:
        """Returns requests to check what these patients may have, signed now."""
        shown = (
            Credential(kind=CREDENTIAL_KIND_ELECTRONIC, token=next(tokens)) for _ in range(requests_count)
        )
        bodies = (CheckEligibilityRequest(credential=each).SerializeToString() for each in shown)
        return [self._sign(CHECK_ELIGIBILITY, body) for body in bodies]

    def like(self, requests_count: int) -> list[Signed]:
        """Returns as many requests of that size, all the same: for an echo, which reads none of them."""
        first = self._last or self.requests(1)[0]
        return [first] * requests_count

    def _settle(self) -> bytes:
        today = datetime.now(UTC) + timedelta(hours=8)
        request = SettleRequest(
            request_id=f"{self._terminal}-{today:%Y%m%d}-{next(self._numbers)}-1",
            credential=self._credential(), basket=basket(), expected=self._expected, collect=COLLECT_NOW,
            operator="03",
        )
        request.requested_at.GetCurrentTime()
        return request.SerializeToString()

    def _credential(self) -> Credential:
        return Credential(kind=CREDENTIAL_KIND_ELECTRONIC, token=next(self._tokens))

    def _quote(self) -> QuoteResponse:
        request = QuoteRequest(credential=self._credential(), basket=basket(), operator="03")
        return QuoteResponse.FromString(self._call(QUOTE, request.SerializeToString()))

    def _enrol(self) -> EnrolResponse:
        code, _, _ = self._gateway.enrolment_code(INSTITUTION, "01").partition(".")
        request = EnrolRequest(code=code, suite="ed25519", public_key=self._signer.public_key)
        return EnrolResponse.FromString(self._call(ENROL, request.SerializeToString()))

    def _call(self, call: Call, body: bytes) -> bytes:
        metadata, sent = self._sign(call, body)
        with grpc.insecure_channel(self._gateway.direct_address) as channel:
            ask: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(call.path)
            return ask(sent, metadata=metadata, timeout=10)

    def _sign(self, call: Call, body: bytes) -> Signed:
        now_ms = time.time_ns() // 1_000_000
        nonce = base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=")
        statement = request_statement(
            self._audience, call.path, self._terminal, self._signer.key, now_ms, nonce, body
        )
        metadata = {
            TERMINAL: self._terminal, KEY: self._signer.key, TIMESTAMP: str(now_ms), NONCE: nonce,
            SIGNATURE: encode(self._signer.sign(statement)),
        }
        return tuple(metadata.items()), body


def credentials(gateway: Gateway, members_count: int) -> Iterator[str]:
    """Enters so many members, all alike, and yields a credential of each, issued when it is asked for."""
    numbers = [str(2_199_000_000 + each) for each in range(members_count)]
    table = gateway.directory / "many.csv"
    write_members(table, numbers)
    config = str(gateway.config_path)
    gateway.run("member", "import", str(table), "--config", config)
    opened = open_gateway(Path(config))
    assert opened.keys.issuer is not None
    issuer = DemoIssuer(opened.keys.issuer)
    with opened.reading() as connection:
        people = opened.people(connection, "")
        members = [str(people.member_of(number)) for number in numbers]
    return (issuer.issue(os.urandom(12).hex(), each, REGION, datetime.now(UTC), LIFE) for each in members)


def basket() -> Basket:
    """Returns the basket of every sale."""
    lines = []
    for code, quantity, price in EIGHT_LINES:
        amount_fen = int(quantity) * int(price.replace(".", ""))
        lines.append(Line(item_code=code, quantity=quantity, unit_price=price, amount_fen=amount_fen))
    return Basket(lines=lines, without_accounts=True)


def write_members(table: Path, numbers: list[str]) -> None:
    """Writes a register of employees who are all alike."""
    head = (
        "member_no", "name", "id_number", "region", "scheme", "standing", "enrolment", "aid", "conditions",
        "covered_from", "covered_to", "account_yuan", "account_state",
    )
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        for number in numbers:
            writer.writerow((
                number, "张伟", f"E{number}", REGION, "employee", "active", "pooled_and_account", "none",
                "", "2010-01-01", "", "1000.00", "active",
            ))
