"""Names and numbers of people, and answers that show a part of them, at rest.

AES-256-GCM under a key that lies in a file of its own. A number is found again by a keyed hash, so the
database alone tells nothing about anybody.
"""

import json
import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple

import msgspec

from medsettle_gateway.domain.credential import Proxy
from medsettle_gateway.domain.member import Sex
from medsettle_gateway.domain.plain import from_json, to_json
from medsettle_gateway.storage.key_ring import KEY_ID_BYTES, KeyAwaitedError, KeyRing, NotOurKeyError

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
    """Seals identities and finds numbers, under secrets of 32 bytes each."""

    _ring: KeyRing = field(repr=False)

    @classmethod
    def of(
        cls, *secrets: bytes, reload: Callable[[], Sequence[bytes]] | None = None,
        changed: Callable[[], bool] = lambda: False,
    ) -> "Sealer":
        """Returns the sealer of one secret or of several, the oldest first: the last one seals.

        ``reload`` says which secrets there are now, for values that were sealed under a newer one;
        ``changed``, whether there may be others.
        """
        return cls(KeyRing(secrets, reload, changed))

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The names of the keys, the oldest first."""
        return tuple(each.hex() for each in self._ring.ids)

    @property
    def seals(self) -> tuple[str, ...]:
        """By which a database knows the keys that it belongs to, that of the newest first."""
        return tuple(each.hex() for each in self.finds("seal", ""))

    def owns(self, seal: str) -> bool:
        """Returns whether a database that is known by this belongs to one of the keys, as they are now."""
        return seal in self.seals or (self.renew() and seal in self.seals)

    def key_of(self, sealed: bytes) -> str:
        """Returns the name of the key under which a value was sealed."""
        return sealed[:KEY_ID_BYTES].hex()

    def renew(self) -> bool:
        """Looks for the keys anew; returns whether they are others than before."""
        return self._ring.renew()

    async def ready(self) -> None:
        """Returns once the keys are those that there are now: before anything is sealed on an event loop."""
        await self._ring.ready()

    async def renewed(self) -> None:
        """Returns once the keys were looked for anew, off the event loop: after KeyAwaitedError."""
        await self._ring.renewed()

    def seal(self, member: str, identity: Identity) -> bytes:
        """Returns the identity sealed for this member reference and no other."""
        text = json.dumps(tuple(identity), ensure_ascii=False).encode()
        return self._ring.seal(text, member.encode())

    def open(self, member: str, sealed: bytes) -> Identity:
        """Returns the identity. Raises ValueError if it was sealed for another member or by another key."""
        return Identity(*msgspec.json.decode(
            self._opened(sealed, member.encode(), f"the identity of member {member}")
        ))

    def seal_answer(self, request_id: str, answer: bytes) -> bytes:
        """Returns the bytes of an answer about a sale, packed and sealed for its id and no other."""
        return self._ring.seal(zlib.compress(answer), _answer_of(request_id))

    def open_answer(self, request_id: str, sealed: bytes) -> bytes:
        """Returns the answer. Raises ValueError if it was sealed for another sale or by another key."""
        what = f"the answer about {request_id}"
        return zlib.decompress(self._opened(sealed, _answer_of(request_id), what))

    def seal_proxy(self, request_id: str, proxy: Proxy) -> bytes:
        """Returns who came for the patient, sealed for this sale and no other."""
        return self._ring.seal(to_json(proxy).encode(), _proxy_of(request_id))

    def open_proxy(self, request_id: str, sealed: bytes) -> Proxy:
        """Returns who came. Raises ValueError if it was sealed for another sale or by another key."""
        what = f"who came for the patient of {request_id}"
        return from_json(Proxy, self._opened(sealed, _proxy_of(request_id), what).decode())

    def find(self, kind: str, number: str) -> bytes:
        """Returns the keyed hash under which a number of a kind is found, by the newest key."""
        return self.finds(kind, number)[0]

    def finds(self, kind: str, number: str) -> tuple[bytes, ...]:
        """Returns the keyed hashes of a number by all keys, that of the newest first."""
        return self._ring.finds(f"{kind}\n{number}".encode())

    def _opened(self, sealed: bytes, owner: bytes, what: str) -> bytes:
        try:
            return self._ring.open(sealed, owner)
        except NotOurKeyError as error:
            msg = f"{what} was not sealed under this key"
            raise (KeyAwaitedError if isinstance(error, KeyAwaitedError) else ValueError)(msg) from error


def _answer_of(request_id: str) -> bytes:
    """No reference of a member looks so: what is sealed as one kind never opens as the other."""
    return f"answer\n{request_id}".encode()


def _proxy_of(request_id: str) -> bytes:
    return f"proxy\n{request_id}".encode()
