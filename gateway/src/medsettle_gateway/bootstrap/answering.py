"""The key with which this process answers, and the root's word for it."""

from datetime import datetime, timedelta
from typing import Final

from medsettle.wire.signing import Certificate, KeySigner, Signer
from medsettle_gateway.rpc.answering import AnsweringKey
from medsettle_gateway.rpc.authentication import milliseconds
from medsettle_gateway.rpc.signing import best_signer_of
from medsettle_gateway.service.ports import Clock

_BACKDATED: Final = timedelta(days=1)
"""A till's clock may be behind, by hours after a power cut: it must be able to believe who corrects it."""


class AnsweringKeys:
    """This process's answering key, with a certificate of the root that is renewed at half its life."""

    def __init__(self, root: Signer, audience: str, clock: Clock, life: timedelta) -> None:
        self._root = root
        self._audience = audience
        self._clock = clock
        self._life = life
        self._key = best_signer_of(KeySigner.generate())
        self._current, self._renew_at = self._issued(clock.now())

    def current(self) -> AnsweringKey:
        """Returns the key with a certificate that is valid now."""
        now = self._clock.now()
        if now >= self._renew_at:
            self._current, self._renew_at = self._issued(now)
        return self._current

    def sign(self, statement: bytes) -> tuple[bytes, str]:
        """Returns the signature of a receipt, and the certificate of the key that made it."""
        current = self.current()
        return current.signer.sign(statement), current.line

    def _issued(self, now: datetime) -> tuple[AnsweringKey, datetime]:
        """The key with a new certificate, and when to issue the next one."""
        begins, ends = milliseconds(now - _BACKDATED), milliseconds(now + self._life)
        certificate = Certificate.issue(self._root, self._audience, self._key, begins, ends)
        return AnsweringKey.of(self._key, certificate), now + self._life / 2
