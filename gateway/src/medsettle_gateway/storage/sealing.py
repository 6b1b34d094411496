"""Names and numbers of people, and answers that show a part of them, at rest.

AES-256-GCM under a key that lies in a file of its own. A number is found again by a keyed hash, so the
database alone tells nothing about anybody.
"""

import hmac
import json
import re
import secrets
import zlib
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from medsettle_gateway.domain.credential import Proxy
from medsettle_gateway.domain.member import Sex
from medsettle_gateway.domain.plain import from_json, to_json

_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32
_IDENTITY: Final = re.compile(r"[0-9]{6}([0-9]{4})([0-9]{2})([0-9]{2})[0-9]{3}[0-9X]")


class Identity(NamedTuple):
    """Who a member is. Only the register's import and the masking of names see one."""

    number: str
    name: str
    id_number: str
    social_card_no: str = ""
    phone: str = ""

    @property
    def born_on(self) -> date | None:
        """The day of birth, where the number of the paper has it (GB 11643)."""
        day = _IDENTITY.fullmatch(self.id_number)
        try:
            return date(*map(int, day.groups())) if day else None
        except ValueError:
            return None

    @property
    def sex(self) -> Sex | None:
        """The sex, where the number of the paper has it: its 17th digit is odd for men (GB 11643)."""
        if not _IDENTITY.fullmatch(self.id_number):
            return None
        return Sex.MALE if int(self.id_number[16]) % 2 else Sex.FEMALE

    def __repr__(self) -> str:
        """Nothing of it."""
        return "Identity(...)"


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals identities and finds numbers, under one secret of 32 bytes."""

    _cipher: AESGCM = field(repr=False)
    _index_key: bytes = field(repr=False)

    @classmethod
    def of(cls, secret: bytes) -> "Sealer":
        """Returns the sealer of a secret: sealing and finding get a key of their own each."""
        return cls(AESGCM(_derived(secret, b"identities")), _derived(secret, b"numbers"))

    def seal(self, member: str, identity: Identity) -> bytes:
        """Returns the identity sealed for this member reference and no other."""
        text = json.dumps(tuple(identity), ensure_ascii=False).encode()
        return self._sealed(text, member.encode())

    def open(self, member: str, sealed: bytes) -> Identity:
        """Returns the identity. Raises ValueError if it was sealed for another member or by another key."""
        try:
            text = self._opened(sealed, member.encode())
        except InvalidTag as error:
            msg = f"the identity of member {member} was not sealed under this key"
            raise ValueError(msg) from error
        return Identity(*msgspec.json.decode(text))

    def seal_answer(self, request_id: str, answer: bytes) -> bytes:
        """Returns the bytes of an answer about a sale, packed and sealed for its id and no other."""
        return self._sealed(zlib.compress(answer), _answer_of(request_id))

    def open_answer(self, request_id: str, sealed: bytes) -> bytes:
        """Returns the answer. Raises ValueError if it was sealed for another sale or by another key."""
        try:
            return zlib.decompress(self._opened(sealed, _answer_of(request_id)))
        except InvalidTag as error:
            msg = f"the answer about {request_id} was not sealed under this key"
            raise ValueError(msg) from error

    def seal_proxy(self, request_id: str, proxy: Proxy) -> bytes:
        """Returns who came for the patient, sealed for this sale and no other."""
        return self._sealed(to_json(proxy).encode(), _proxy_of(request_id))

    def open_proxy(self, request_id: str, sealed: bytes) -> Proxy:
        """Returns who came. Raises ValueError if it was sealed for another sale or by another key."""
        try:
            return from_json(Proxy, self._opened(sealed, _proxy_of(request_id)).decode())
        except InvalidTag as error:
            msg = f"who came for the patient of {request_id} was not sealed under this key"
            raise ValueError(msg) from error

    def find(self, kind: str, number: str) -> bytes:
        """Returns the keyed hash under which a number of a kind is found."""
        return hmac.digest(self._index_key, f"{kind}\n{number}".encode(), "sha256")

    def _sealed(self, content: bytes, owner: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, content, owner)

    def _opened(self, sealed: bytes, owner: bytes) -> bytes:
        return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], owner)


def _answer_of(request_id: str) -> bytes:
    """No reference of a member looks so: what is sealed as one kind never opens as the other."""
    return f"answer\n{request_id}".encode()


def _proxy_of(request_id: str) -> bytes:
    return f"proxy\n{request_id}".encode()


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), _KEY_BYTES, salt=None, info=b"medsettle " + purpose).derive(secret)
