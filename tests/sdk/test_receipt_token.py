"""The receipt token: checked offline against the operator's root, whatever was done to it."""

import base64
import json
from datetime import UTC, date, datetime

import pytest

from medsettle.receipt import ReceiptInvalidError, verify_token
from medsettle.wire.signing import Certificate, KeySigner, verifier_of

AUDIENCE = "anshan-gateway"
STATEMENT = b"v1-receipt\n"
BEGIN_MS, END_MS = 1_795_305_600_000, 1_795_392_000_000
ROOT, ANSWERING = KeySigner.generate(), KeySigner.generate("p256")
PAYLOAD = {
    "i": "H21030200001", "t": "H21030200001-01-20261122-1-1", "d": "2026-11-22",
    "p": {"pooled": 10_000}, "a": 40_000, "c": 0, "g": "0123456789abcdef",
}


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(
    payload: object = PAYLOAD, *, root: KeySigner = ROOT, signer: KeySigner = ANSWERING,
    certified: KeySigner = ANSWERING,
) -> str:
    data = json.dumps(payload).encode()
    certificate = Certificate.issue(root, AUDIENCE, certified, BEGIN_MS, END_MS).encode().replace(".", "~")
    return f"MS1.{encoded(data)}.{encoded(signer.sign(STATEMENT + data))}.{certificate}"


def test_a_token_tells_what_was_settled_and_when_it_was_signed() -> None:
    facts = verify_token(token(), ROOT.public_key, AUDIENCE)
    assert facts.request_id == "H21030200001-01-20261122-1-1"
    assert facts.institution == "H21030200001"
    assert facts.service_on == date(2026, 11, 22)
    assert (facts.funds, facts.accounts_fen, facts.cash_fen) == ({"pooled": 10_000}, 40_000, 0)
    assert facts.audience == AUDIENCE
    assert facts.signed_after_at == datetime.fromtimestamp(BEGIN_MS / 1000, UTC)
    assert facts.signed_before_at == datetime.fromtimestamp(END_MS / 1000, UTC)


def test_a_verifier_serves_as_the_root_as_well_as_its_bytes() -> None:
    assert verify_token(token(), verifier_of(ROOT.public_key)) == verify_token(token(), ROOT.public_key)


def test_another_operators_root_does_not_vouch() -> None:
    with pytest.raises(ReceiptInvalidError, match="No gateway of this operator"):
        verify_token(token(root=KeySigner.generate()), ROOT.public_key)


def test_another_gateway_of_the_operator_is_named() -> None:
    with pytest.raises(ReceiptInvalidError, match=AUDIENCE):
        verify_token(token(), ROOT.public_key, "another-gateway")


def test_a_key_that_the_certificate_does_not_name_does_not_sign() -> None:
    with pytest.raises(ReceiptInvalidError, match="altered"):
        verify_token(token(signer=KeySigner.generate()), ROOT.public_key)


def test_an_altered_amount_is_found() -> None:
    form, _, signature, certificate = token().split(".")
    altered = encoded(json.dumps(PAYLOAD | {"c": 1}).encode())
    with pytest.raises(ReceiptInvalidError, match="altered"):
        verify_token(f"{form}.{altered}.{signature}.{certificate}", ROOT.public_key)


@pytest.mark.parametrize("part", [0, 1, 2, 3])
def test_no_part_can_be_changed(part: int) -> None:
    parts = token().split(".")
    middle = len(parts[part]) // 2
    other = "A" if parts[part][middle] != "A" else "B"
    parts[part] = parts[part][:middle] + other + parts[part][middle + 1 :]
    with pytest.raises(ReceiptInvalidError):
        verify_token(".".join(parts), ROOT.public_key)


@pytest.mark.parametrize("text", ["", "MS1", "MS1.a.b", "MS2.e30.e30.e30", "MS1.!.!.!", "x" * 10_000])
def test_what_is_no_token_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ReceiptInvalidError, match="no receipt token"):
        verify_token(text, ROOT.public_key)


@pytest.mark.parametrize("payload", [[], {"i": "H1"}, PAYLOAD | {"d": "tomorrow"}, PAYLOAD | {"p": 3}])
def test_a_signed_payload_of_another_form_asks_for_an_update(payload: object) -> None:
    with pytest.raises(ReceiptInvalidError, match="newer"):
        verify_token(token(payload), ROOT.public_key)
