"""The till's own look at who the patient is, who came, and what a check asks about."""

import re
from collections.abc import Sequence
from typing import Final

from medsettle._arguments import fitting
from medsettle._limits import at_most, sized, unique
from medsettle.errors import request_error
from medsettle.models import Credential, Proxy
from medsettle.wire.id_numbers import is_resident_number
from medsettle.wire.reasons import Reason

ITEM_CODES_MAX: Final = 50
_PHONE: Final = re.compile(r"\+?[0-9][0-9 -]{5,19}", re.ASCII)


def checked_credential(credential: Credential | str) -> Credential:
    """Returns the credential, 1 to 512 characters as scanned. Raises RequestError."""
    read = Credential(credential) if isinstance(credential, str) else credential
    fitting("credential", read, Credential)
    sized(read.token, "credential.token", 1, 512)
    if read.code_type is not None:
        sized(read.code_type, "credential.code_type", 1, 32)
    return read


def checked_proxy(proxy: Proxy | None) -> Proxy | None:
    """Returns who came for the patient, or None. Raises RequestError, which repeats nothing of him."""
    fitting("proxy", proxy, Proxy | None)
    if proxy is not None:
        sized(proxy.name, "proxy.name", 1, 50)
        sized(proxy.id_number, "proxy.id_number", 15, 18)
        sized(proxy.phone, "proxy.phone", 0, 20)
        if not is_resident_number(proxy.id_number.upper()):
            raise request_error(Reason.FIELD_INVALID, field="proxy.id_number", cause="check character")
        if proxy.phone and not _PHONE.fullmatch(proxy.phone):
            raise request_error(Reason.FIELD_INVALID, field="proxy.phone", expected="6 to 20 digits")
    return proxy


def checked_item_codes(codes: Sequence[str]) -> tuple[str, ...]:
    """Returns the items that a check asks about, up to 50, each once. Raises RequestError."""
    fitting("item_codes", codes, Sequence[str])
    at_most(codes, ITEM_CODES_MAX, "item_codes")
    for code in codes:
        sized(code, "item_codes", 1, 32)
    unique(codes, "item_codes")
    return tuple(codes)
