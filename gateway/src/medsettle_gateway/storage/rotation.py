"""One key of people's names and numbers takes the place of another, batch by batch, while gateways serve.

What is sealed names its key, so nobody minds how far it is. Once nothing is sealed under an older key, the
database belongs to the newest one, and the older may be dropped.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Final, NamedTuple

from medsettle_gateway.config import ConfigError
from medsettle_gateway.storage.connection import Connection
from medsettle_gateway.storage.found import SEAL
from medsettle_gateway.storage.key_ring import KEY_ID_BYTES
from medsettle_gateway.storage.members import ID_NUMBER, NUMBER, SOCIAL_CARD
from medsettle_gateway.storage.sealing import Sealer

BATCH_ROWS: Final = 500
"""Rows of one transaction: others that write wait for so many."""

_PASSES_COUNT: Final = 5
"""Passes over everything: a gateway that has not met the new key yet may seal under the old one meanwhile."""

Opening = Callable[[], AbstractContextManager[Connection]]


class _Table(NamedTuple):
    """A table of sealed values, and how one row of it is sealed anew; ``key`` names its rows, in order."""

    name: str
    key: tuple[str, ...]
    column: str
    anew: Callable[[Sealer, tuple[str, ...], bytes], tuple[Any, ...]]
    also: tuple[str, ...] = ()

    @property
    def page(self) -> str:
        """Rows behind a place, each with its key and what is sealed."""
        names = ", ".join(self.key)
        marks = ", ".join("?" * len(self.key))
        return (
            f"SELECT {names}, {self.column} FROM {self.name} WHERE ({names}) > ({marks}) "  # noqa: S608 - ours
            f"ORDER BY {names} LIMIT ?"
        )

    @property
    def counts(self) -> str:
        """Keys, and how many values are sealed under each."""
        return (
            f"SELECT substr({self.column}, 1, {KEY_ID_BYTES}), count(*) FROM {self.name} GROUP BY 1"  # noqa: S608
        )

    @property
    def change(self) -> str:
        """Puts a row's new seal, and what is found by it, in the place of the old."""
        put = ", ".join(f"{name} = ?" for name in (self.column, *self.also))
        where = " AND ".join(f"{name} = ?" for name in self.key)
        return f"UPDATE {self.name} SET {put} WHERE {where}"  # noqa: S608 - ours


def _identity(sealer: Sealer, key: tuple[str, ...], sealed: bytes) -> tuple[Any, ...]:
    (member,) = key
    identity, find = sealer.open(member, sealed), sealer.find
    card = identity.social_card_no
    return (
        sealer.seal(member, identity), find(NUMBER, identity.number), find(ID_NUMBER, identity.id_number),
        find(SOCIAL_CARD, card) if card else None,
    )


def _proxy(sealer: Sealer, key: tuple[str, ...], sealed: bytes) -> tuple[Any, ...]:
    return (sealer.seal_proxy(key[0], sealer.open_proxy(key[0], sealed)),)


def _answer(sealer: Sealer, key: tuple[str, ...], sealed: bytes) -> tuple[Any, ...]:
    return (sealer.seal_answer(key[0], sealer.open_answer(key[0], sealed)),)


_TABLES: Final = (
    _Table(
        "identities", ("member",), "sealed", _identity, ("number_hash", "id_number_hash", "social_card_hash")
    ),
    _Table("proxies", ("request_id",), "sealed", _proxy),
    _Table("reassertions", ("request_id", "state"), "answer_sealed", _answer),
)


def is_pending(connection: Connection, sealer: Sealer) -> bool:
    """Returns whether the database still belongs to an older key than the newest."""
    row = connection.execute("SELECT value FROM settings WHERE name = ?", (SEAL,)).fetchone()
    return row is not None and row[0] != sealer.seals[0]


def refuse_pending(connection: Connection, sealer: Sealer) -> None:
    """Raises ConfigError while the database belongs to an older key than the newest."""
    if is_pending(connection, sealer):
        raise ConfigError(
            "个人信息的新密钥还没有全部启用;请先执行 medsettle-gateway identity rotate。",
            "The new key of names and numbers is not in full use yet: run medsettle-gateway identity rotate "
            "first.",
        )


def sealed_by_key(connection: Connection, sealer: Sealer) -> dict[str, int]:
    """Returns how many values are sealed under each key, by its name: keys that are not there come first."""
    counts: Counter[str] = Counter()
    for table in _TABLES:
        for key_id, count in connection.execute(table.counts).fetchall():
            counts[bytes(key_id).hex()] += count
    known = {name: counts.pop(name, 0) for name in sealer.key_ids}
    return {**dict(sorted(counts.items())), **known}


def rotate(
    reading: Opening, writing: Opening, sealer: Sealer, progress: Callable[[int], None] = lambda _: None
) -> int:
    """Seals everything under the newest key, and returns how many values were sealed anew.

    ``writing`` opens a writing transaction; each batch has one of its own: it may be stopped and run again.
    ``reading`` opens a connection that keeps nobody from writing. ``progress`` hears of each batch. Raises
    ValueError where a value was sealed under a key that is not there, ConfigError where gateways go on
    sealing under an older one.
    """
    done = 0
    for _ in range(_PASSES_COUNT):
        for table in _TABLES:
            for changed in _batches(writing, sealer, table):
                done += changed
                progress(changed)
        with reading() as connection:
            counts = sealed_by_key(connection, sealer)
        if not any(count for name, count in counts.items() if name != sealer.key_ids[-1]):
            with writing() as connection:
                connection.execute("UPDATE settings SET value = ? WHERE name = ?", (sealer.seals[0], SEAL))
            return done
    raise ConfigError(
        "有网关仍在用旧密钥封存;请把 keys/ 复制到每台机器,再执行一次。",
        "A gateway still seals under an older key: copy keys/ to every machine, then run this again.",
    )


def _batches(writing: Opening, sealer: Sealer, table: _Table) -> Iterator[int]:
    """Seals the rows of a table anew, and yields how many of each batch were."""
    after: tuple[str, ...] | None = ("",) * len(table.key)
    while after is not None:
        with writing() as connection:
            after, changed = _batch(connection, sealer, table, after)
        yield changed


def _batch(
    connection: Connection, sealer: Sealer, table: _Table, after: tuple[str, ...]
) -> tuple[tuple[str, ...] | None, int]:
    """Seals the rows behind a place anew; returns the last one's place, None at the end, and how many."""
    rows = connection.execute(table.page, (*after, BATCH_ROWS)).fetchall()
    newest = sealer.key_ids[-1]
    changes = []
    for *key, sealed in rows:
        if sealer.key_of(bytes(sealed)) != newest:
            changes.append((*table.anew(sealer, tuple(key), bytes(sealed)), *key))
    if changes:
        connection.executemany(table.change, changes)
    ended = len(rows) < BATCH_ROWS
    return None if ended else tuple(rows[-1][:-1]), len(changes)
