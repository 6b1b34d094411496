"""A credential service to try against: the decode call over HTTP, with the faults that real ones have.

Deterministic: the same people and the same orders get the same answers. It listens on this machine only.
Tests and vendors steer it by ``POST /control`` and look at what it was asked by ``GET /control``.
"""

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from medsettle_gateway.domain.credential import CodeHolder
from medsettle_gateway.resolvers.ec_query import BUSINESS_TYPES, TRANS_TYPE

PATH: Final = "/localQrCodeQuery"
CONTROL: Final = "/control"

_LARGEST_BYTES: Final = 65_536
_SLOW_MOST_S: Final = 60.0
_LONG_BYTES: Final = 200_000
_ELSEWHERE: Final = "999900"
_ASKED_MOST: Final = 1_000
_TOKEN_CHARS: Final = 32


class Fault(StrEnum):
    """What may be wrong with the next answers."""

    NONE = "none"
    SLOW = "slow"
    """It answers only once it is told to, or after a minute."""
    INVALID = "invalid"
    EXPIRED = "expired"
    AWAY = "away"
    """It hangs up without a word."""
    BROKEN = "broken"
    """It answers with status 503."""
    GARBAGE = "garbage"
    """It answers with a page for people."""
    TOO_LONG = "too_long"
    WRONG_REGION = "wrong_region"
    CODE_AS_STRING = "code_as_string"
    BUSY = "busy"
    """It refuses for a reason that says nothing of the code."""


class ControlError(ValueError):
    """An order that the simulator does not know; ``str()`` says what it knows."""


@dataclass
class Orders:
    """What the simulator is told to do. ``times``: for so many answers, None until further notice.

    ``expired`` are codes whose time is over.
    """

    fault: Fault = Fault.NONE
    times: int | None = None
    expired: tuple[str, ...] = ()

    @classmethod
    def read(cls, data: Any) -> "Orders":  # noqa: ANN401 - what JSON holds
        """Returns the orders of a control request. Raises ControlError."""
        if not isinstance(data, dict) or set(data) - {"fault", "times", "expired"}:
            raise ControlError("an object with fault, times and expired")
        try:
            fault = Fault(data.get("fault", Fault.NONE))
        except ValueError as error:
            raise ControlError(f"fault: one of {', '.join(Fault)}") from error
        times, expired = data.get("times"), data.get("expired", [])
        if times is not None and (not isinstance(times, int) or isinstance(times, bool) or times < 1):
            raise ControlError("times: a whole number above 0")
        if not isinstance(expired, list) or not all(isinstance(each, str) for each in expired):
            raise ControlError("expired: a list of codes")
        return cls(fault, times, tuple(expired))


@dataclass
class Simulation:
    """The people who have codes, the orders, and what was asked: businessType by count, and by whom."""

    people: dict[str, CodeHolder]
    orders: Orders = field(default_factory=Orders)
    asked: list[dict[str, str]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    go_on: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(cls, people: Iterable[CodeHolder]) -> "Simulation":
        """Returns a simulation in which nothing is wrong."""
        return cls({each.code: each for each in people})

    def order(self, orders: Orders) -> None:
        """Takes new orders; whoever waits for an answer gets it."""
        with self._lock:
            self.orders = orders
            waiting, self.go_on = self.go_on, threading.Event()
        waiting.set()

    def next_fault(self) -> tuple[Fault, threading.Event]:
        """Returns what is wrong with this answer, and what a slow one waits for."""
        with self._lock:
            fault, times = self.orders.fault, self.orders.times
            if times is not None:
                self.orders.times = times - 1
                if times <= 1:
                    self.orders.fault, self.orders.times = Fault.NONE, None
            return fault, self.go_on

    def note(self, data: dict[str, Any]) -> None:
        """Remembers who asked for what; never of which code."""
        names = ("orgId", "businessType", "operatorId", "officeId", "deviceType")
        with self._lock:
            self.counts["queries"] += 1
            if len(self.asked) < _ASKED_MOST:
                self.asked.append({name: str(data.get(name, "")) for name in names})

    def answer(self, data: dict[str, Any], fault: Fault) -> dict[str, Any]:
        """Returns what the service says of a code."""
        code = str(data.get("ecQrCode", ""))
        holder = self.people.get(code)
        if fault is Fault.BUSY:
            return {"code": 500, "message": "系统繁忙,请稍后再试"}
        if fault is Fault.EXPIRED or code in self.orders.expired:
            return {"code": -2, "message": "无效token"}
        for_nothing = data.get("businessType") not in BUSINESS_TYPES.values()
        if holder is None or for_nothing or fault is Fault.INVALID:
            return {"code": -1, "message": "二维码无效"}
        region = _ELSEWHERE if fault is Fault.WRONG_REGION else holder.region
        return {
            "code": "0" if fault is Fault.CODE_AS_STRING else 0,
            "message": "成功",
            "data": {
                "idNo": holder.id_number, "idType": "01", "userName": holder.name,
                "ecToken": _token_of(code), "insuOrg": region, "ecIndexNo": _token_of(f"index {code}"),
                "gender": "", "birthday": "", "nationality": "", "email": "", "chnlId": "", "authNo": "",
                "extData": "",
            },
        }


def _token_of(code: str) -> str:
    return hashlib.sha256(f"simulated {code}".encode()).hexdigest()[:_TOKEN_CHARS]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Simulator"

    def do_GET(self) -> None:
        """Says what was asked so far."""
        simulation = self.server.simulation
        if self.path != CONTROL:
            self._reply(404, b"")
            return
        self._reply_json(200, {"queries": simulation.counts["queries"], "asked": simulation.asked})

    def do_POST(self) -> None:
        """Answers a query, or takes an order."""
        try:
            size = int(self.headers.get("Content-Length", "0"))
            data = json.loads(self.rfile.read(size)) if 0 < size <= _LARGEST_BYTES else None
        except ValueError:
            data = None
        if self.path == CONTROL:
            self._control(data)
        elif self.path.endswith(PATH) and isinstance(data, dict) and isinstance(data.get("data"), dict):
            self._query(data)
        else:
            self._reply_json(200, {"code": -9, "message": "请求格式不正确"})

    def _control(self, data: Any) -> None:  # noqa: ANN401 - what JSON holds
        try:
            self.server.simulation.order(Orders.read(data))
        except ControlError as error:
            self._reply_json(400, {"error": str(error)})
        else:
            self._reply_json(200, {})

    def _query(self, request: dict[str, Any]) -> None:
        simulation = self.server.simulation
        fault, go_on = simulation.next_fault()
        simulation.note(request["data"])
        match fault:
            case Fault.AWAY:
                self.close_connection = True
                return
            case Fault.SLOW:
                go_on.wait(_SLOW_MOST_S)
            case Fault.BROKEN:
                self._reply(503, b"")
                return
            case Fault.GARBAGE:
                self._reply(200, "<html><body>系统维护中</body></html>".encode(), "text/html; charset=utf-8")
                return
            case Fault.TOO_LONG:
                self._reply(200, b'{"code":0,"message":"' + b"x" * _LONG_BYTES + b'"}')
                return
        known = request.get("transType") == TRANS_TYPE
        said = simulation.answer(request["data"], fault) if known else {"code": -9, "message": "未知交易"}
        self._reply_json(200, said)

    def _reply_json(self, status: int, data: dict[str, Any]) -> None:
        self._reply(status, json.dumps(data, ensure_ascii=False).encode())

    def _reply(self, status: int, body: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:  # whoever asked has gone
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nothing: a line would tell who was looked for."""


class Simulator(ThreadingHTTPServer):
    """Listens on this machine; port 0 asks for a free one."""

    daemon_threads = True
    allow_reuse_address = False

    def __init__(self, simulation: Simulation, port: int) -> None:
        """Raises OSError if the port cannot be had."""
        super().__init__(("127.0.0.1", port), _Handler)
        self.simulation = simulation

    def handle_error(self, *_: object) -> None:
        """Nothing: somebody hung up."""
