"""A gateway in miniature for tests of the till: it signs, keeps states by the contract's own table,
and fails where it is told to. It speaks bytes, with or without a socket.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from medsettle._exchange.signed import OK, Reply, Request
from medsettle.wire import calls, signing
from medsettle.wire.reasons import DOMAIN, REASONS, Reason
from medsettle.wire.states import GATEWAY, Event, SaleState
from medsettle.wire.v1 import eligibility_pb2, errors_pb2, sale_pb2, settlement_pb2, terminal_pb2

AUDIENCE = "test-1"
TERMINAL = "P21030000001-01"
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
ROOT = signing.KeySigner.generate()
ANSWERING = signing.KeySigner.generate("p256")
TERMINAL_KEY = signing.KeySigner.generate()
CODE = "ABCD-EFGH"

Fault = Callable[["Counterpart", Request, Callable[[], Reply]], Reply]


class FakeClock:
    """A clock that tests move; sleeping moves it."""

    def __init__(self) -> None:
        self.at = NOON
        self.seconds = 1000.0
        self.slept: list[float] = []
        self.on_sleep: Callable[[], object] = lambda: None

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.on_sleep()
        self.move(seconds)

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self.sleep(seconds)

    def move(self, seconds: float) -> None:
        self.seconds += seconds
        self.at += timedelta(seconds=seconds)


@dataclass
class Kept:
    """A sale as the counterpart has it."""

    state: SaleState
    split: sale_pb2.Split
    first: SaleState
    refusal: Reason | None = None
    tenders: list[sale_pb2.Tender] = field(default_factory=list)


class Refused(Exception):  # noqa: N818 - a signal inside the counterpart
    def __init__(self, reason: Reason, *details: Message, recorded: bool | None = None, **said: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.details = details
        self.recorded = REASONS[reason].recorded if recorded is None else recorded
        self.said = said


class Counterpart:
    """Answers signed requests; ``faults[method]`` are used up one a call, oldest first."""

    def __init__(self, clock: FakeClock, *, cash_fen: int = 4000) -> None:
        self.clock = clock
        self.cash_fen = cash_fen
        self.sales: dict[str, Kept] = {}
        self.contents: dict[str, bytes] = {}
        self.faults: dict[str, deque[Fault]] = defaultdict(deque)
        self.seen: list[str] = []
        self.bodies: list[bytes] = []
        self.nonces: list[str] = []
        self.skew = timedelta()
        self.away = False
        self.binds_s = 0.0
        self.terminal_keys = {TERMINAL_KEY.key: signing.verifier_of(TERMINAL_KEY.public_key)}

    def fault(self, method: str, *faults: Fault) -> None:
        self.faults[method].extend(faults)

    def count(self, method: str) -> int:
        return self.seen.count(method)

    def settled_fen(self) -> int:
        """All that is charged now, in fen: nobody may be charged twice."""
        return sum(
            sum(share.amount_fen for share in kept.split.funds)
            for kept in self.sales.values() if kept.state is SaleState.SETTLED
        )

    def answer(self, request: Request) -> Reply:
        method = request.call.method
        self.seen.append(method)
        self.bodies.append(request.body)
        if self.away:
            return Reply("UNAVAILABLE")
        waiting = self.faults[method]
        if waiting:
            return waiting.popleft()(self, request, lambda: self.handle(request))
        return self.handle(request)

    def handle(self, request: Request) -> Reply:
        try:
            self._check(request)
            message: Message = getattr(self, f"_{request.call.method.lower()}")(request.body)
        except Refused as refused:
            return self.refuse(request, refused)
        return self.sign(request, OK, message.SerializeToString())

    def refuse(self, request: Request, refused: Refused) -> Reply:
        text = REASONS[refused.reason]
        said = {
            "recorded": str(refused.recorded).lower(), "zh": text.zh, "en": text.en,
            "next_zh": text.next_zh, "next_en": text.next_en, **refused.said,
        }
        info = error_details_pb2.ErrorInfo(reason=refused.reason, domain=DOMAIN, metadata=said)
        details = [AnyMessage() for _ in (info, *refused.details)]
        for packed, message in zip(details, (info, *refused.details), strict=True):
            packed.Pack(message)
        status = status_pb2.Status(code=9, message=text.en, details=details)
        return self.sign(request, text.code, status.SerializeToString())

    def sign(
        self, request: Request, code: str, body: bytes, wrong: Mapping[str, Any] = MappingProxyType({})
    ) -> Reply:
        """Returns the signed reply; ``wrong`` replaces what the statement is made of."""
        at_ms = self.now_ms()
        facts = {
            "audience": signing.ENROL_AUDIENCE if request.call is calls.ENROL else AUDIENCE,
            "method": request.call.path, "request_digest": signing.digest(request.body),
            "nonce": request.nonce, "key": ANSWERING.key, "timestamp_ms": at_ms, "code": code, "body": body,
            **wrong,
        }
        certificate = signing.Certificate.issue(
            ROOT, AUDIENCE, ANSWERING, at_ms - 86_400_000, at_ms + 86_400_000
        )
        trailing: dict[str, str | bytes] = {
            signing.ANSWER_KEY: ANSWERING.key, signing.ANSWER_TIMESTAMP: str(at_ms),
            signing.ANSWER_SIGNATURE: signing.encode(ANSWERING.sign(signing.answer_statement(**facts))),
            signing.ANSWER_CERTIFICATE: certificate.encode(),
        }
        if code == OK:
            return Reply(OK, body, trailing)
        return Reply(code, b"", {**trailing, "grpc-status-details-bin": body})

    def now_ms(self) -> int:
        return int((self.clock.now() + self.skew).timestamp() * 1000)

    def _check(self, request: Request) -> None:
        said = dict(request.metadata)
        if abs(int(said[signing.TIMESTAMP]) - self.now_ms()) > signing.WINDOW_MS:
            skew = errors_pb2.ClockSkew()
            skew.gateway_at.FromMilliseconds(self.now_ms())
            raise Refused(Reason.CLOCK_SKEW, skew)
        self.nonces.append(said[signing.NONCE])
        audience, key = AUDIENCE, self.terminal_keys.get(said[signing.KEY])
        if request.call is calls.ENROL:
            audience = signing.ENROL_AUDIENCE
            message = terminal_pb2.EnrolRequest.FromString(request.body)
            key = signing.verifier_of(message.public_key)
        if key is None:
            raise Refused(Reason.KEY_UNKNOWN)
        statement = signing.request_statement(
            audience, request.call.path, said[signing.TERMINAL], said[signing.KEY],
            int(said[signing.TIMESTAMP]), said[signing.NONCE], request.body,
        )
        if not key.verify(signing.decode(said[signing.SIGNATURE]), statement):
            raise Refused(Reason.SIGNATURE_INVALID)

    def split_of(self, basket: settlement_pb2.Basket) -> sale_pb2.Split:
        total = sum(line.amount_fen for line in basket.lines)
        cash = min(self.cash_fen, total)
        split = sale_pb2.Split(cash_fen=cash)
        split.funds.add(id="pooled", amount_fen=total - cash)
        return split

    def _quote(self, body: bytes) -> Message:
        basket = settlement_pb2.QuoteRequest.FromString(body).basket
        split = self.split_of(basket)
        return settlement_pb2.QuoteResponse(
            settlements=[settlement_of(split)], split=split, quote_token="token-of-quote", masked_name="张*",
            service_on="2026-03-02",
        )

    def _checkeligibility(self, body: bytes) -> Message:
        asked = eligibility_pb2.CheckEligibilityRequest.FromString(body)
        yes = eligibility_pb2.ANSWER_YES
        account = eligibility_pb2.Account(
            account="acct-1", owner="self", masked_name="张*", balance_fen=10_000, may_pay=yes,
            state=eligibility_pb2.ACCOUNT_STATE_ACTIVE,
        )
        benefit = eligibility_pb2.BenefitAnswer(benefit="general_outpatient", answer=yes)
        benefit.remainders.add(counter="general_outpatient", measure="paid", period="2026", used_fen=0)
        answer = eligibility_pb2.CheckEligibilityResponse(
            covered=yes, member="m-1", masked_name="张*", accounts=[account], benefits=[benefit],
            as_of=asked.as_of or "2026-03-02",
        )
        if self.binds_s:
            answer.eligibility_token = f"said-{self.count('CheckEligibility')}"
            answer.binding_until.FromDatetime(self.clock.now() + timedelta(seconds=self.binds_s))
        return answer

    def _settle(self, body: bytes) -> Message:
        asked = settlement_pb2.SettleRequest.FromString(body)
        content = asked.basket.SerializeToString(deterministic=True)
        kept = self.sales.get(asked.request_id)
        if kept is None:
            now = self.split_of(asked.basket)
            if now != asked.expected:
                self.sales[asked.request_id] = Kept(
                    SaleState.REFUSED, sale_pb2.Split(), SaleState.REFUSED, Reason.QUOTE_CHANGED
                )
                changed = errors_pb2.QuoteChanged(expected=asked.expected, now=now)
                raise Refused(Reason.QUOTE_CHANGED, changed)
            state = SaleState.HELD if asked.collect == settlement_pb2.COLLECT_LATER else SaleState.SETTLED
            kept = self.sales[asked.request_id] = Kept(state, now, state)
            self.contents[asked.request_id] = content
        elif kept.state is SaleState.SEALED and asked.request_id not in self.contents:
            raise Refused(Reason.SEALED)
        elif self.contents.get(asked.request_id) != content:
            raise Refused(Reason.REQUEST_ID_REUSED)
        return settlement_pb2.SettleResponse(sale=self.sale(asked.request_id))

    def _move(self, request_id: str, event: Event, tenders: Any = ()) -> None:
        kept = self.sales.get(request_id)
        cell = GATEWAY[kept.state if kept else SaleState.ABSENT][event]
        if cell.refuse is not None:
            raise Refused(cell.refuse)
        if kept is None:
            self.sales[request_id] = Kept(SaleState.SEALED, sale_pb2.Split(), SaleState.SEALED)
        elif cell.to:
            kept.state = cell.to[0]
            kept.tenders = list(tenders)

    def _confirm(self, body: bytes) -> Message:
        asked = settlement_pb2.ConfirmRequest.FromString(body)
        self._move(asked.request_id, Event.CONFIRM, asked.tenders)
        return settlement_pb2.ConfirmResponse(sale=self.sale(asked.request_id))

    def _release(self, body: bytes) -> Message:
        asked = settlement_pb2.ReleaseRequest.FromString(body)
        self._move(asked.request_id, Event.RELEASE)
        return settlement_pb2.ReleaseResponse(sale=self.sale(asked.request_id))

    def _reverse(self, body: bytes) -> Message:
        asked = settlement_pb2.ReverseRequest.FromString(body)
        self._move(asked.request_id, Event.REVERSE)
        return settlement_pb2.ReverseResponse(sale=self.sale(asked.request_id))

    def _seal(self, body: bytes) -> Message:
        asked = settlement_pb2.SealRequest.FromString(body)
        self._move(asked.request_id, Event.SEAL)
        return settlement_pb2.SealResponse(sale=self.sale(asked.request_id))

    def _getsale(self, body: bytes) -> Message:
        request_id = settlement_pb2.GetSaleRequest.FromString(body).request_id
        if request_id not in self.sales:
            raise Refused(Reason.SALE_NOT_FOUND)
        return settlement_pb2.GetSaleResponse(sale=self.sale(request_id))

    def _listsales(self, body: bytes) -> Message:
        asked = settlement_pb2.ListSalesRequest.FromString(body)
        ids = sorted(self.sales, reverse=True)
        start = int(asked.page_token or 0)
        page = ids[start : start + asked.page_size]
        more = str(start + asked.page_size) if start + asked.page_size < len(ids) else ""
        return settlement_pb2.ListSalesResponse(
            sales=[self.sale(each) for each in page], next_page_token=more
        )

    def _reassert(self, body: bytes) -> Message:
        settlement_pb2.ReassertRequest.FromString(body)
        return settlement_pb2.ReassertResponse(epoch=0, compared=True)

    def _enrol(self, body: bytes) -> Message:
        asked = terminal_pb2.EnrolRequest.FromString(body)
        if asked.code != CODE:
            raise Refused(Reason.ENROL_CODE_INVALID)
        key = signing.verifier_of(asked.public_key)
        self.terminal_keys[key.key] = key
        return terminal_pb2.EnrolResponse(
            terminal=TERMINAL, institution="P21030000001", institution_name='康宁 "大" 药房', key=key.key,
            audience=AUDIENCE, root_public_key=ROOT.public_key, root_suite=ROOT.suite,
        )

    def _rotatekey(self, body: bytes) -> Message:
        asked = terminal_pb2.RotateKeyRequest.FromString(body)
        key = signing.verifier_of(asked.public_key)
        proof = signing.key_proof_statement(AUDIENCE, TERMINAL, key.key)
        if not key.verify(asked.proof, proof):
            raise Refused(Reason.KEY_INVALID)
        self.terminal_keys[key.key] = key
        return terminal_pb2.RotateKeyResponse(key=key.key)

    def sale(self, request_id: str) -> sale_pb2.Sale:
        kept = self.sales[request_id]
        sale = sale_pb2.Sale(
            request_id=request_id, state=sale_pb2.SaleState.Value(f"SALE_STATE_{kept.state}"),
            first_state=sale_pb2.SaleState.Value(f"SALE_STATE_{kept.first}"), tenders=kept.tenders,
            service_on="2026-03-02",
        )
        for share in kept.split.funds:
            sale.legs.add(
                kind=sale_pb2.LEG_KIND_FUND, id=share.id, amount_fen=share.amount_fen,
                state=sale_pb2.LEG_STATE_BOOKED,
            )
        if kept.split.HasField("cash_fen"):
            sale.legs.add(
                kind=sale_pb2.LEG_KIND_CASH, id="cash", amount_fen=kept.split.cash_fen,
                state=sale_pb2.LEG_STATE_BOOKED,
            )
            sale.settlements.append(settlement_of(kept.split))
        return sale


def settlement_of(split: sale_pb2.Split) -> sale_pb2.Settlement:
    funds = sum(share.amount_fen for share in split.funds)
    total = funds + split.cash_fen
    breakdown = sale_pb2.Breakdown(
        total_fen=total, provider_borne_fen=0, fully_self_paid_fen=0, over_limit_fen=0,
        self_pay_first_fen=0, in_scope_fen=total, deductible_fen=0, over_cap_fen=0, funds=split.funds,
        personal_fen=split.cash_fen, cash_fen=split.cash_fen,
    )
    return sale_pb2.Settlement(number=1, benefit="general_outpatient", breakdown=breakdown)
