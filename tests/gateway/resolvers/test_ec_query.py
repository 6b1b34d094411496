"""What a credential service is asked, and how its answer is read: what is not understood is never a no."""

import json
from typing import Any

import pytest

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.credential import AskedFor, Purpose
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.resolvers.ec_query import Decoded, Place, UnclearAnswerError, query, read

ASKED = AskedFor("210300", "P21030200101", Purpose.PURCHASE, "li")
PERSON = {"idNo": "210302198504120019", "ecToken": "tok-1", "insuOrg": "210300", "userName": "张三"}


def said(code: Any = 0, message: str = "", data: Any = None) -> bytes:
    return json.dumps({"code": code, "message": message, "data": data}, ensure_ascii=False).encode()


@pytest.mark.parametrize(("purpose", "business_type"), [
    (Purpose.PURCHASE, "02121"), (Purpose.PRESCRIPTION, "02122"), (Purpose.OUTPATIENT, "01301"),
])
def test_a_service_is_told_who_asks_and_for_what(purpose: Purpose, business_type: str) -> None:
    asked = AskedFor("210300", "P21030200101", purpose, "li", "西药房")
    place = Place(org_id="ORG1", office_id="02", office_name="药房", device_type="SCANNER")
    assert json.loads(query("the-code", asked, place)) == {
        "orgId": "ORG1", "transType": "ec.query", "data": {
            "orgId": "ORG1", "businessType": business_type, "operatorId": "li", "operatorName": "li",
            "officeId": "02", "officeName": "西药房", "deviceType": "SCANNER", "ecQrCode": "the-code",
        },
    }


def test_a_service_that_gave_us_no_code_is_asked_under_the_institutions_own() -> None:
    assert json.loads(query("c", ASKED, Place()))["orgId"] == "P21030200101"


@pytest.mark.parametrize("code", [0, "0", " 0 "], ids=["number", "string", "padded"])
def test_success_is_known_as_a_number_and_as_a_string(code: Any) -> None:
    assert read(said(code, "成功", PERSON)) == Decoded("210302198504120019", "tok-1", "210300")


def test_a_number_with_a_small_x_is_the_same_number() -> None:
    decoded = read(said(data={**PERSON, "idNo": "21030219850412001x"}))
    assert isinstance(decoded, Decoded)
    assert decoded.id_number == "21030219850412001X"


def test_a_number_with_brackets_is_looked_for_as_the_register_has_it() -> None:
    decoded = read(said(data={**PERSON, "idNo": "R123456(7)"}))
    assert isinstance(decoded, Decoded)
    assert decoded.id_number == "R1234567"


@pytest.mark.parametrize(("message", "reason"), [
    ("无效token", Reason.CREDENTIAL_EXPIRED),
    ("无效 Token", Reason.CREDENTIAL_EXPIRED),
    ("二维码已过期,请刷新", Reason.CREDENTIAL_EXPIRED),
    ("token expired", Reason.CREDENTIAL_EXPIRED),
    ("二维码无效", Reason.CREDENTIAL_INVALID),
    ("该电子凭证不存在", Reason.CREDENTIAL_INVALID),
    ("Invalid QR code", Reason.CREDENTIAL_INVALID),
])
def test_a_refusal_is_known_by_its_words(message: str, reason: Reason) -> None:
    assert read(said(-1, message)) == Refusal(reason)


@pytest.mark.parametrize("body", [
    b"", b"<html>maintenance</html>", b"[]", b"null", b'{"message":"ok"}', b"\xff\xfe",
    said(0), said(0, "", {}), said(0, "", []), said(None, "", PERSON), said(True, "", PERSON),
    said(-1, "机构不存在"), said(-1, "签名无效"), said(-1, "证书已过期"), said(-1, "Invalid access_token"),
    said(-1, "参数格式错误"), b'{"code":0,"data":' + b"[" * 30_000,
    said(500, "系统繁忙"), said("-99", ""), said(-1, "orgId 未授权"),
    said(0, "", {**PERSON, "idNo": ""}), said(0, "", {**PERSON, "idNo": None}),
    said(0, "", {**PERSON, "idNo": "'; DROP TABLE members"}),
    said(0, "", {**PERSON, "insuOrg": "2103"}), said(0, "", {**PERSON, "insuOrg": 210300}),
    said(0, "", {**PERSON, "ecToken": ""}), said(0, "", {**PERSON, "ecToken": "t" * 65}),
])
def test_what_is_not_understood_says_neither_yes_nor_no_and_is_not_repeated(body: bytes) -> None:
    with pytest.raises(UnclearAnswerError) as raised:
        read(body)
    assert "2103" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_who_was_decoded_stands_in_no_text() -> None:
    assert "21030219" not in repr(Decoded("210302198504120019", "tok-1", "210300"))
    assert "tok-1" not in repr(Decoded("210302198504120019", "tok-1", "210300"))
