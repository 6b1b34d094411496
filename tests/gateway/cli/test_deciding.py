"""Decisions at the command line stand on what nobody else changes meanwhile."""

import pytest

from medsettle_gateway.cli import deciding
from medsettle_gateway.domain.keys import Facts
from medsettle_gateway.domain.locks import Kind, Lock, Locks, locks_read
from tests.gateway.cli.city import City
from tests.gateway.cli.test_sale import Till

RELATIVE = Lock(Kind.MEMBER, "r-relative")


def test_what_shows_only_under_the_locks_is_locked_and_read_again(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another gateway has just sold to a relative."""
    sale = Till(city).sells(5_000)
    took: list[set[Lock]] = []
    reads: list[int] = []
    monkeypatch.setattr(deciding, "lock", lambda _, locks: took.append(set(locks)))

    def found(facts: Facts) -> Locks:
        reads.append(len(took))
        return locks_read(facts) | ({RELATIVE} if took else set())

    monkeypatch.setattr(deciding, "locks_read", found)
    city.run("sale", "reverse", sale.request_id.text, "--by", "wang", "--second", "zhao", "--reason", "wrong")
    assert took[1:] == [{RELATIVE}]
    assert RELATIVE not in took[0]
    assert reads == [0, 1, 2]
