"""protos/README.md is enough to write a client: each value in it is computed here from its own words."""

import base64
import json
import re
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from medsettle._receipt_token import verify_token
from medsettle.wire import signing
from medsettle.wire.calls import CALLS
from medsettle.wire.states import GATEWAY, OUTCOME, Event, SaleState
from medsettle.wire.v1.sale_pb2 import SALE_STATE_SEALED
from medsettle.wire.v1.settlement_pb2 import SealRequest, SealResponse
from tests.contract.proto import PROTOS

TEXT, CHINESE = ((PROTOS / name).read_text("utf-8") for name in ("README.md", "README.zh-CN.md"))
FENCED = re.compile(r"^```([a-z-]+)\n(.*?)\n```$", re.MULTILINE | re.DOTALL)
BLOCKS = dict(FENCED.findall(TEXT))
SAME_IN_CHINESE = {"是": "yes", "否": "no", "(无)": "(nothing)"}
VALUES = dict(re.findall(r"^\| ([a-z][\w' ,-]+) \| `([^`]+)` \|$", TEXT, re.MULTILINE | re.IGNORECASE))
SENT = dict(line.split(": ") for line in BLOCKS["metadata"].splitlines())
ANSWERED = dict(line.split(": ") for line in BLOCKS["answer-metadata"].splitlines())
REQUEST, ANSWER = bytes.fromhex(BLOCKS["request"]), bytes.fromhex(BLOCKS["answer"])


def private(whose: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(VALUES[f"{whose} private key"]))


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def table(heading: str, text: str = TEXT) -> list[list[str]]:
    """Returns the rows of the first table under a heading, without its head."""
    section = text.split(f"\n## {heading}\n")[1].split("\n## ", maxsplit=1)[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


@pytest.mark.parametrize("whose", ["till's", "answering", "root"])
def test_the_keys_and_their_ids_belong_together(whose: str) -> None:
    der = private(whose).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert VALUES[f"{whose} public key, DER in base64"] == base64_of(der)
    assert VALUES[f"{whose} key id"] == sha256(der).hexdigest()[:16]


def test_the_request_is_the_message_that_the_text_describes() -> None:
    request = SealRequest.FromString(REQUEST)
    assert (request.request_id, request.operator) == ("P21030200101-T01-20260702-1-1", "03")
    assert request.requested_at.ToJsonString() == "2026-07-02T00:00:00Z"
    assert request.requested_at.ToMilliseconds() == int(SENT["timestamp"])


def test_the_statement_is_built_from_the_table() -> None:
    fields = [
        "v1", VALUES["audience"], VALUES["method"], SENT["terminal"], SENT["key"], SENT["timestamp"],
        SENT["nonce"], sha256(REQUEST).hexdigest(),
    ]
    assert BLOCKS["statement"] == "\n".join(fields)
    assert SENT["terminal"] == VALUES["terminal"]
    assert SENT["key"] == VALUES["till's key id"]


def test_the_till_signs_the_statement() -> None:
    assert SENT["signature"] == base64_of(private("till's").sign(BLOCKS["statement"].encode()))


def test_the_sdk_and_the_gateway_build_the_same_statement() -> None:
    statement = signing.request_statement(
        VALUES["audience"], VALUES["method"], SENT["terminal"], SENT["key"], int(SENT["timestamp"]),
        SENT["nonce"], REQUEST,
    )
    assert statement.decode() == BLOCKS["statement"]


def test_the_answer_is_the_message_that_the_text_describes() -> None:
    sale = SealResponse.FromString(ANSWER).sale
    assert (sale.request_id, sale.state) == ("P21030200101-T01-20260702-1-1", SALE_STATE_SEALED)


def test_the_answer_statement_is_built_from_the_table() -> None:
    fields = [
        "v1-answer", VALUES["audience"], VALUES["method"], sha256(REQUEST).hexdigest(), SENT["nonce"],
        ANSWERED["answer-key"], ANSWERED["answer-timestamp"], "OK", sha256(ANSWER).hexdigest(),
    ]
    assert BLOCKS["answer-statement"] == "\n".join(fields)
    signature = private("answering").sign(BLOCKS["answer-statement"].encode())
    assert ANSWERED["answer-signature"] == base64_of(signature)


def test_the_certificate_is_the_roots_word_for_the_answering_key() -> None:
    statement = BLOCKS["certificate"].encode()
    signature = private("root").sign(statement)
    assert ANSWERED["answer-certificate"] == f"{base64_of(statement)}.{base64_of(signature)}"
    root = signing.verifier_of(base64.b64decode(VALUES["root public key, DER in base64"]))
    answering = signing.Certificate.decode(ANSWERED["answer-certificate"]).answering_key(
        root, VALUES["audience"], int(ANSWERED["answer-timestamp"])
    )
    assert answering.key == ANSWERED["answer-key"]
    assert answering.verify(
        base64.b64decode(ANSWERED["answer-signature"]), BLOCKS["answer-statement"].encode()
    )


def test_a_changed_request_has_another_signature() -> None:
    statement = BLOCKS["statement"].replace("SettlementService/Seal", "SettlementService/Reverse")
    till = signing.verifier_of(base64.b64decode(VALUES["till's public key, DER in base64"]))
    assert till.verify(base64.b64decode(SENT["signature"]), BLOCKS["statement"].encode())
    assert not till.verify(base64.b64decode(SENT["signature"]), statement.encode())


def test_a_token_made_from_the_pages_words_is_a_receipt() -> None:
    payload = json.dumps({
        "i": "P21030200101", "t": "P21030200101-T01-20260702-1-1", "d": "2026-07-02", "p": {"pooled": 10_000},
        "a": 40_000, "c": 0, "g": "0" * 16,
    }).encode()
    signature = private("answering").sign(b"v1-receipt\n" + payload)
    parts = [base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (payload, signature)]
    token = ".".join(["MS1", *parts, ANSWERED["answer-certificate"].replace(".", "~")])
    facts = verify_token(token, base64.b64decode(VALUES["root public key, DER in base64"]), "gateway")
    assert (facts.funds, facts.accounts_fen, facts.cash_fen) == ({"pooled": 10_000}, 40_000, 0)


def test_the_table_of_calls_is_the_one_that_runs() -> None:
    said = [tuple(row) for row in table("Calls and how to repeat them")]
    assert said == [
        (call.service, call.method, call.repeat.value, {True: "yes", False: "no"}[call.signed_answer],
         str(call.deadline_ms))
        for call in CALLS
    ]


def test_the_table_of_states_is_the_one_that_runs() -> None:
    events = (Event.SETTLE, Event.CONFIRM, Event.RELEASE, Event.REVERSE, Event.SEAL)
    runs = []
    for state in SaleState:
        cells = [GATEWAY[state][event] for event in events]
        shown = [f"`{cell.refuse}`" if cell.refuse else ", ".join(cell.to) for cell in cells]
        runs.append(["(nothing)" if state is SaleState.ABSENT else state.value, OUTCOME[state].value, *shown])
    assert table("States") == runs


def test_the_chinese_page_shows_the_same_bytes() -> None:
    assert FENCED.findall(CHINESE) == FENCED.findall(TEXT)
    shown = [row[-1] for row in table("完整示例", CHINESE)]
    assert shown == [row[-1] for row in table("A worked example")]


@pytest.mark.parametrize(
    ("chinese", "heading"), [("调用与重发", "Calls and how to repeat them"), ("状态", "States")]
)
def test_the_chinese_page_has_the_same_tables(chinese: str, heading: str) -> None:
    rows = [[SAME_IN_CHINESE.get(cell, cell) for cell in row] for row in table(chinese, CHINESE)]
    assert rows == table(heading)


def test_the_chinese_page_names_all_that_the_english_one_names() -> None:
    """Fields, reasons, calls and statements stand in code in both."""
    named = [set(re.findall(r"`([^`\n]+)`", FENCED.sub("", text))) for text in (TEXT, CHINESE)]
    assert named[0] - named[1] - {"code", "yes"} == set()
