"""What many requests have in common."""

from dataclasses import dataclass
from typing import Final

from msgspec import Struct

from medsettle.wire.reasons import Reason
from medsettle.wire.v1 import credential_pb2, sale_pb2
from medsettle_gateway.domain.errors import refuse
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.rpc.codec import form
from medsettle_gateway.service.commands import Caller, Command, Shown

_TOKEN_CHARS: Final = 512
_CODE_TYPE_CHARS: Final = 32

_CREDENTIAL_KINDS: Final[dict[int, str]] = {
    number: name.removeprefix("CREDENTIAL_KIND_").lower()
    for name, number in credential_pb2.CredentialKind.items() if number
}
_VIEWS: Final[dict[int, bool | None]] = {
    sale_pb2.VIEW_UNSPECIFIED: None,
    sale_pb2.VIEW_BASIC: False,
    sale_pb2.VIEW_FULL: True,
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What the operator allows in one request."""

    basket_lines: int
    page_size: int


class Asked(Struct, frozen=True):
    """A request that is well-formed. ``full``: its answer has lines, trace and remainders."""

    command: Command
    full: bool = False


def request_id(text: str, field: str = "request_id") -> RequestId:
    """Returns the id of a sale. Raises Refused: FIELD_REQUIRED or REQUEST_ID_INVALID."""
    if not text:
        raise form.required(field)
    try:
        return RequestId.parse(text)
    except ValueError as error:
        raise refuse(Reason.REQUEST_ID_INVALID, field=field) from error


def of_institution(sale_id: RequestId, caller: Caller) -> RequestId:
    """Returns the id if the sale is of the caller's institution. Raises Refused: NOT_YOURS."""
    if sale_id.institution != caller.institution:
        raise refuse(Reason.NOT_YOURS, request_id=sale_id.text)
    return sale_id


def full(view: int, *, usual: bool = False) -> bool:
    """Returns whether the whole answer is asked for; ``usual`` where the request does not say."""
    chosen = form.chosen(view, _VIEWS, "view")
    return usual if chosen is None else chosen


def credential(wire: credential_pb2.Credential) -> Shown:
    """Returns what the patient showed; whether its kind is accepted here is not checked. Raises Refused."""
    if not wire.ByteSize():
        raise form.required("credential")
    kind = form.chosen(wire.kind, _CREDENTIAL_KINDS, "credential.kind")
    token = form.text(wire.token, _TOKEN_CHARS, "credential.token")
    code_type = form.text_if(wire, "code_type", _CODE_TYPE_CHARS, "credential")
    if code_type and wire.kind != credential_pb2.CREDENTIAL_KIND_ELECTRONIC:
        raise form.invalid("credential.code_type", "absent, but of an electronic credential")
    return Shown(kind, token, code_type or "")
