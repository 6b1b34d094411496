"""The messages of ``ec.query``: what a credential service is asked, and what its answer says.

Names and codes are the service's. An answer that is none of these forms is not guessed at: it raises
UnclearAnswerError, for it is no proof that the credential is bad. Its text is repeated nowhere.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.credential import AskedFor, Purpose
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.resolvers.people import plain_number

BUSINESS_TYPES: Final[Mapping[Purpose, str]] = {
    Purpose.PURCHASE: "02121",
    Purpose.PRESCRIPTION: "02122",
    Purpose.OUTPATIENT: "01301",
}
TRANS_TYPE: Final = "ec.query"

_ID_NUMBER: Final = re.compile(r"[0-9A-Z]{5,30}")
_REGION: Final = re.compile(r"[0-9]{6}")
_TOKEN_CHARS: Final = 64
_SUCCESS: Final = "0"

_EXPIRED: Final = ("无效token", "token无效", "token失效", "过期", "已失效", "超时失效", "expired")
_INVALID: Final = ("无效", "不存在", "无法识别", "不能识别", "非法", "格式错误", "解码失败", "invalid")
"""Words of a message by which a refusal is known, as its codes differ from place to place."""
_NOT_THE_CODE: Final = (
    "机构", "签名", "验签", "证书", "参数", "授权", "报文", "appid", "orgid", "access", "sign", "certificate",
    "parameter",
)
"""Words of a message that speaks of whoever asks: the patient's code may be the best."""


class UnclearAnswerError(Exception):
    """An answer that says neither whose the code is nor that it is none. ``str()`` repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class Place:
    """How the service knows who asks; ``org_id`` empty: by the institution's own code."""

    org_id: str = ""
    office_id: str = ""
    office_name: str = ""
    device_type: str = ""


@dataclass(frozen=True, slots=True)
class Decoded:
    """Whose a code is: ``token`` stands for the person, who is insured in ``region``."""

    id_number: str = field(repr=False)
    token: str = field(repr=False)
    region: str


def query(code: str, asked: AskedFor, place: Place) -> bytes:
    """Returns the request for a scanned code."""
    org_id = place.org_id or asked.institution
    return json.dumps({
        "orgId": org_id,
        "transType": TRANS_TYPE,
        "data": {
            "orgId": org_id,
            "businessType": BUSINESS_TYPES[asked.purpose],
            "operatorId": asked.operator,
            "operatorName": asked.operator,
            "officeId": place.office_id,
            "officeName": asked.office or place.office_name,
            "deviceType": place.device_type,
            "ecQrCode": code,
        },
    }, ensure_ascii=False).encode()


class _Answer(msgspec.Struct):
    code: int | str
    message: str | None = None
    data: msgspec.Raw = msgspec.Raw(b"null")


class _Person(msgspec.Struct, rename="camel"):
    id_no: str
    ec_token: str
    insu_org: str


def read(body: bytes) -> Decoded | Refusal:
    """Returns what the answer says: whose the code is, CREDENTIAL_EXPIRED or CREDENTIAL_INVALID.

    Raises UnclearAnswerError.
    """
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise UnclearAnswerError("it is no answer of this form") from None
    if str(answer.code).strip() != _SUCCESS:
        return _refusal(answer.message or "")
    try:
        person = msgspec.json.decode(answer.data, type=_Person)
    except msgspec.DecodeError:
        raise UnclearAnswerError("it says of no person") from None
    id_number, token = plain_number(person.id_no), person.ec_token.strip()
    if not _ID_NUMBER.fullmatch(id_number) or not _REGION.fullmatch(person.insu_org):
        raise UnclearAnswerError("the number or the region of the person is of no known form")
    if not 0 < len(token) <= _TOKEN_CHARS:
        raise UnclearAnswerError("it has no token of the person, or one that is too long")
    return Decoded(id_number, token, person.insu_org)


def _refusal(message: str) -> Refusal:
    said = message.lower().replace(" ", "")
    if any(word in said for word in _NOT_THE_CODE):
        raise UnclearAnswerError("it refuses whoever asks")
    if any(word in said for word in _EXPIRED):
        return Refusal(Reason.CREDENTIAL_EXPIRED)
    if any(word in said for word in _INVALID):
        return Refusal(Reason.CREDENTIAL_INVALID)
    raise UnclearAnswerError("it refuses for a reason that is not known")
