"""Who came for the patient: the form of what the till states of the person."""

import re
from typing import Final

from medsettle.wire.id_numbers import is_resident_number
from medsettle.wire.v1 import settlement_pb2
from medsettle_gateway.domain.credential import Proxy, Relation
from medsettle_gateway.rpc.codec import form

_NAME_CHARS: Final = 50
_PHONE: Final = re.compile(r"\+?[0-9][0-9 -]{5,19}")


def proxy(wire: settlement_pb2.SettleRequest) -> Proxy | None:
    """Returns who came for the patient; None: the patient did. No refusal repeats what was stated."""
    if not wire.HasField("proxy"):
        return None
    if wire.HasField("replaces"):
        raise form.invalid("proxy", "absent where replaces is set")
    stated = wire.proxy
    if not stated.relation:
        raise form.required("proxy.relation")
    if stated.relation not in _RELATIONS:
        raise form.invalid("proxy.relation", ", ".join(_RELATIONS))
    if stated.phone and not _PHONE.fullmatch(stated.phone):
        raise form.invalid("proxy.phone", "6 to 20 digits")
    return Proxy(
        Relation(stated.relation), form.text(stated.name, _NAME_CHARS, "proxy.name"),
        _id_number(stated.id_number), stated.phone,
    )


_RELATIONS: Final = tuple(each.value for each in Relation)


def _id_number(stated: str) -> str:
    """The number of a paper that residents have: of 18 characters with its check, or an older one of 15."""
    if not stated:
        raise form.required("proxy.id_number")
    number = stated.upper()
    if is_resident_number(number):
        return number
    raise form.invalid("proxy.id_number", "the number of an identity card, whose last character fits")
