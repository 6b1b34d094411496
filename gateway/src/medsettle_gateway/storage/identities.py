"""Clear text of people: each access is recorded first, and only then is anything shown."""

from datetime import datetime
from typing import Final, NamedTuple

from medsettle_gateway.storage.connection import Connection
from medsettle_gateway.storage.instants import from_us, to_us
from medsettle_gateway.storage.sealing import Identity, Sealer

_IDENTITY: Final = "SELECT sealed FROM identities WHERE member = ?"
_RECORD: Final = (
    "INSERT INTO identity_accesses (subject, shown, author, reason, accessed_at_us) VALUES (?, ?, ?, ?, ?)"
)
_LIST: Final = (
    "SELECT subject, shown, author, reason, accessed_at_us FROM identity_accesses "
    "WHERE accessed_at_us >= ? AND (? = '' OR subject = ?) ORDER BY position DESC LIMIT ?"
)


class Access(NamedTuple):
    """Somebody saw the clear text of a subject: ``member/<reference>`` or ``proxy/<request id>``.

    ``shown`` names what was shown, never its value.
    """

    subject: str
    shown: tuple[str, ...]
    author: str
    reason: str
    at: datetime


def identity_of(connection: Connection, sealer: Sealer, member: str) -> Identity | None:
    """Returns who a member is; None: the register has no identity of this reference."""
    found = connection.execute(_IDENTITY, (member,)).fetchone()
    return None if found is None else sealer.open(member, bytes(found[0]))


def record_access(connection: Connection, access: Access) -> None:
    """Records an access, inside a writing transaction: commit it before anything is shown."""
    connection.execute(
        _RECORD,
        (access.subject, ",".join(access.shown), access.author, access.reason, to_us(access.at)),
    )


def accesses_since(
    connection: Connection, since: datetime, most: int, subject: str = ""
) -> tuple[Access, ...]:
    """Returns accesses since the instant, the latest first, at most so many; of one subject, or of all."""
    found = connection.execute(_LIST, (to_us(since), subject, subject, most)).fetchall()
    return tuple(
        Access(subject, tuple(shown.split(",")), author, reason, from_us(at_us))
        for subject, shown, author, reason, at_us in found
    )
