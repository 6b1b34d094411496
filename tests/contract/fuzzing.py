"""Requests that are wrong on purpose: every field of every call set to what no till would send."""

import itertools
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from tests.contract.foreign_client import ForeignTill, NotBelievedError, RefusedError
from tests.contract.selling import LORATADINE, at_once, new_id

PACKAGE = "medsettle.wire.v1"
DEPTH = 4
LISTED_COUNT = 12
"""Times that a value stands in a list: with the longest one it is still a request that is read."""
MARK = "\u5323\u5323"
"""Six bytes of UTF-8 in place of which bytes are put that are none."""
NO_TEXT = [b"\xff\xfe\xff\xfe\xff\xfe", b"\xc0\x80\xed\xa0\x80\x41", b"\xf5\x80\x80\x80\xe5\x8c"]

TEXTS = [
    "", "\x00", "a\x00b", " ", "\n", "\u202e", "\ud7ff\ufeff", "💊" * 40, "x" * 20_000, "-1", "0", "1e9",
    "NaN", "∞", "٣", "9" * 400, "0." + "0" * 300 + "1", "2026-02-30", "0000-00-00", "9999-12-31", "2026-1-1",
    "'; DROP TABLE sales", "%s%n", "../../etc/passwd", "self", "H21030200001-01-20260101-1-1",
]
WHOLES = [0, 1, -1, 2**31 - 1, -(2**31), 367]
LONGS = [*WHOLES, 2**63 - 1, -(2**63), 10**9 + 1, 10**18]
BYTES = [b"", b"\x00", b"\xff" * 300, b"\x30" * 20_000]

Place = tuple[FieldDescriptor, ...]


@dataclass(frozen=True)
class Case:
    """A request to send: which call, its bytes, and what was done to it."""

    method: str
    body: bytes
    what: str


def good(till: ForeignTill, method: str, token: str) -> dict[str, Any]:
    """The fields of a request of which nothing is wrong by itself; a call that is not known here has none."""
    line: dict[str, Any] = {
        "item_code": LORATADINE, "quantity": "1", "unit_price": "5.00", "amount_fen": 500, "line_id": "1",
        "service_on": "2026-01-02", "days_supply": 3, "prescription_id": "p1",
        "traceability_codes": ["81234567890"],
    }
    basket: dict[str, Any] = {
        "lines": [line], "encounter": {"sessions": 1},
        "prescriptions": [{"prescription_id": "p1", "kind": 1, "number": "n", "issued_on": "2026-01-01"}],
        "payers": [{"account": "self", "consent": 1}],
    }
    credential = {"kind": 1, "token": token}
    act: dict[str, Any] = {"request_id": new_id(till), "operator": "op", "requested_at": at_once()}
    known: dict[str, dict[str, Any]] = {
        "CheckEligibility": {"credential": credential},
        "Quote": {"credential": credential, "basket": basket, "operator": "op"},
        "Settle": {
            **act, "credential": credential, "basket": basket, "collect": 1,
            "expected": {"funds": [{"id": "pooled", "amount_fen": 1}], "cash_fen": 500},
        },
        "Confirm": {**act, "tenders": [{"kind": "cash", "amount_fen": 500, "reference": "r"}]},
        "Release": act, "Reverse": {**act, "reason": "x"}, "Seal": act,
        "GetSale": {"request_id": act["request_id"]},
        "ListSales": {"page_size": 1},
        "Reassert": {
            "answers": [signed_answer(till)], "complete": False, "epoch": 0, "requested_at": at_once(),
        },
        "RegisterPrescription": {
            "credential": credential, "operator": "op", "prescription": {
                "number": "RX-1", "prescriber": "D1", "issued_on": "2026-01-01", "valid_to": "2026-12-31",
                "dispensings": 2, "diagnoses": ["I10"], "drugs": [{
                    "item_code": LORATADINE, "quantity": "1", "days_supply": 3, "dosage": "x",
                    "condition": "c",
                }],
            },
        },
        "FetchPrescriptions": {"credential": credential, "operator": "op", "number": "RX-1"},
        "ReviewPrescription": {
            "number": "RX-1", "institution": "H1", "pharmacist": "PH1", "approved": True, "note": "n",
            "operator": "op", "review_token": "t",
        },
        "WithdrawPrescription": {"number": "RX-1", "reason": "r", "operator": "op"},
        "Enrol": {"code": "C", "suite": "ed25519", "public_key": till.key.public},
        "RotateKey": {"suite": "ed25519", "public_key": till.key.public, "proof": b"x"},
    }
    return known.get(method, {})


def signed_answer(till: ForeignTill) -> dict[str, Any]:
    """What looks like an answer of the gateway from before, and is none."""
    return {
        "method": "Settle", "request_digest": "0" * 64, "nonce": "A" * 22, "key": till.key.id,
        "timestamp_ms": 1_700_000_000_000, "code": "OK", "answer_zlib": zlib.compress(b"x"),
        "signature": "A" * 88, "certificate": "AAAA.AAAA",
    }


def methods(till: ForeignTill) -> list[str]:
    """Every call that the gateway announces, by its own reflection."""
    return [
        method.name for name in till.wire.services if name.startswith(PACKAGE)
        for method in till.wire.pool.FindServiceByName(name).methods
    ]


def path_of(till: ForeignTill, method: str) -> str:
    for name in till.wire.services:
        if name.startswith(PACKAGE) and method in till.wire.pool.FindServiceByName(name).methods_by_name:
            return f"/{name}/{method}"
    raise AssertionError(method)


def request_of(till: ForeignTill, method: str) -> Any:
    """The class of a call's request."""
    service, _, name = path_of(till, method)[1:].partition("/")
    return till.wire.message(till.wire.method(service, name).input_type.full_name)


def places(message: Descriptor, depth: int = DEPTH) -> Iterator[Place]:
    """Yields every field of a message, and those of the messages in it."""
    for field in message.fields:
        yield (field,)
        if field.message_type is not None and depth:
            for below in places(field.message_type, depth - 1):
                yield (field, *below)


def values(field: FieldDescriptor) -> list[Any]:
    """What no till would send there; a message has no value of its own."""
    match field.cpp_type:
        case FieldDescriptor.CPPTYPE_STRING:
            return BYTES if field.type == FieldDescriptor.TYPE_BYTES else [*TEXTS, MARK]
        case FieldDescriptor.CPPTYPE_INT64:
            return LONGS
        case FieldDescriptor.CPPTYPE_INT32:
            return WHOLES
        case FieldDescriptor.CPPTYPE_ENUM:
            return [0, 1, 2, 3, 99, -1, 2**31 - 1]
        case FieldDescriptor.CPPTYPE_BOOL:
            return [False, True]
        case FieldDescriptor.CPPTYPE_MESSAGE:
            return []
    raise AssertionError(f"a field of a new type: {field.full_name}")


def put(request: Any, place: Place, value: Any, count: int = 1) -> None:
    """Sets a field of a request, making the messages on the way; in a list so many times."""
    *way, last = place
    for step in way:
        inner = getattr(request, step.name)
        request = (inner[0] if len(inner) else inner.add()) if step.is_repeated else inner
        if not step.is_repeated:
            request.SetInParent()
    if last.is_repeated:
        del getattr(request, last.name)[:]
        getattr(request, last.name).extend([value] * count)
    else:
        setattr(request, last.name, value)


def wrong_values(till: ForeignTill, token: str) -> Iterator[Case]:
    """Yields each call with each field set to each of its values, the rest being good."""
    for method in methods(till):
        made = request_of(till, method)
        for place in places(made.DESCRIPTOR):
            named = ".".join(field.name for field in place)
            for value in values(place[-1]):
                for count in (1, LISTED_COUNT) if place[-1].is_repeated else (1,):
                    request = made(**good(till, method, token))
                    put(request, place, value, count)
                    what = f"{named} = {value!r:.40} x {count}"
                    yield from _as_bytes(method, request.SerializeToString(), what)


def _as_bytes(method: str, body: bytes, what: str) -> Iterator[Case]:
    mark = MARK.encode()
    if mark not in body:
        yield Case(method, body, what)
        return
    for wrong in NO_TEXT:
        yield Case(method, body.replace(mark, wrong), f"{what} as {wrong!r}")


def many_messages(till: ForeignTill, token: str) -> Iterator[Case]:
    """Yields each call with each list of messages in it far too long, and with each message empty."""
    for method in methods(till):
        made = request_of(till, method)
        for place in places(made.DESCRIPTOR):
            if place[-1].message_type is None:
                continue
            request = made(**good(till, method, token))
            empty = till.wire.message(place[-1].message_type.full_name)()
            named = ".".join(field.name for field in place)
            if place[-1].is_repeated:
                put(request, place, empty, 3_000)
            else:
                _clear(request, place)
            yield Case(method, request.SerializeToString(), f"{named}, empty")


def _clear(request: Any, place: Place) -> None:
    *way, last = place
    for step in way:
        inner = getattr(request, step.name)
        request = (inner[0] if len(inner) else inner.add()) if step.is_repeated else inner
    request.ClearField(last.name)
    getattr(request, last.name).SetInParent()


def wrong_types(till: ForeignTill, token: str) -> Iterator[Case]:
    """Yields each call with each field's number under each wire type, before and after what is good."""
    payloads = {
        0: b"\x96\x01", 1: b"\x01" * 8, 2: b"\x03abc", 3: b"", 4: b"", 5: b"\x01" * 4, 6: b"x", 7: b"x",
    }
    for method in methods(till):
        made = request_of(till, method)
        body = made(**good(till, method, token)).SerializeToString()
        numbers = [field.number for field in made.DESCRIPTOR.fields]
        for number, wire in itertools.product([*numbers, 0, 500, 2**29 - 1], payloads):
            odd = varint(number << 3 | wire) + payloads[wire]
            for at, whole in (("before", odd + body), ("behind", body + odd)):
                yield Case(method, whole, f"field {number} of wire type {wire} {at}")


def wrong_shapes(till: ForeignTill, token: str) -> Iterator[Case]:
    """Yields each call cut short at every place, nested without end, and with lengths that lie."""
    for method in methods(till):
        body = request_of(till, method)(**good(till, method, token)).SerializeToString()
        for end in range(0, len(body), max(1, len(body) // 40)):
            yield Case(method, body[:end], f"the first {end} bytes")
        deep = b""
        for _ in range(120):
            deep = varint(2 << 3 | 2) + varint(len(deep)) + deep
        yield Case(method, deep, "nested without end")
        yield Case(method, b"\x0b" * 5_000, "groups without end")
        yield Case(method, b"\x12\xff\xff\xff\xff\x0f", "a length beyond the end")
        yield Case(method, b"\x12" + b"\xff" * 11, "a length of eleven bytes")
        yield Case(method, body + varint(900 << 3 | 2) + varint(5_000) + bytes(5_000), "an unknown field")


def varint(number: int) -> bytes:
    found = b""
    while number > 127:
        found += bytes([number & 127 | 128])
        number >>= 7
    return found + bytes([number])


def outcome(till: ForeignTill, case: Case) -> str:
    """What became of a request that is signed rightly: OK, or the reason of its refusal.

    A refusal that does not speak both languages, or says nothing of what to do next, is none.
    """
    path, body, metadata = till.signed(path_of(till, case.method), case.body)
    if case.method == "Enrol":
        path, body, metadata = _as_newcomer(till, case.body)
    try:
        till.deliver(case.method, path, body, metadata)
    except RefusedError as error:
        said = [error.said.get(name) for name in ("zh", "en", "next_zh", "next_en", "recorded")]
        return error.reason if all(said) else f"{error.reason} SAYS TOO LITTLE"
    except NotBelievedError as error:
        return f"NOT BELIEVED: {error}"
    return "OK"


def _as_newcomer(till: ForeignTill, body: bytes) -> tuple[str, bytes, dict[str, str]]:
    """Enrol is signed for an audience that every gateway has."""
    audience, till.audience = till.audience, "enrol"
    try:
        return till.signed(path_of(till, "Enrol"), body)
    finally:
        till.audience = audience
