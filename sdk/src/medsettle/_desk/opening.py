"""What opening a till takes: configuration, key, journal, dice; and whose it is."""

import os
import random
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from medsettle._desk.bindings import Bindings
from medsettle._desk.clicks import Clicks
from medsettle._desk.desk import Desk
from medsettle._desk.keys import Keys
from medsettle._exchange.signed import Peer
from medsettle.clock import Clock, CorrectedClock, SystemClock
from medsettle.config import TillConfig, read_config
from medsettle.credentials import read_key
from medsettle.errors import JournalError, till_error
from medsettle.hooks import Hook, Hooks
from medsettle.journal import Journal, SqliteJournal
from medsettle.till_reasons import TillReason
from medsettle.wire.signing import Signer, verifier_of


class Owner:
    """The process that opened a till, until it is closed."""

    def __init__(self) -> None:
        self._process: int | None = os.getpid()

    def check(self) -> None:
        """Raises TillUnusableError: the till is closed, or came over a fork."""
        if self._process is None:
            raise till_error(TillReason.TILL_CLOSED)
        if self._process != os.getpid():
            raise till_error(TillReason.USED_AFTER_FORK)

    def leaves(self) -> bool:
        """Returns whether there is something to close here; after that there is not."""
        mine = self._process == os.getpid()
        self._process = None
        return mine


def desk(
    config: TillConfig | str | Path, *, clock: Clock | None, hooks: Iterable[Hook],
    journal: Journal | None, signer: Signer | None,
) -> Desk:
    """Returns a till's parts. Raises ConfigError or JournalError."""
    read = config if isinstance(config, TillConfig) else read_config(config)
    keys = Keys(signer or read_key(read.key_file), read.key_file)
    kept = journal or SqliteJournal(read.journal)
    clicks = Clicks(secrets.token_bytes(32))
    corrected = CorrectedClock(clock or SystemClock(), kept.proven_ms())
    with suppress(JournalError):
        kept.began_ms(corrected.now_ms())  # a full disk keeps nobody from looking at what is open
    return Desk(
        config=read, journal=kept, clock=corrected, keys=keys,
        peer=Peer(read.audience, verifier_of(read.root_public_key)), hooks=Hooks(hooks),
        chance=random.random, fresh_nonce=lambda: secrets.token_urlsafe(16), run=secrets.token_hex(8),
        clicks=clicks, bindings=Bindings(clicks.digest),
    )
