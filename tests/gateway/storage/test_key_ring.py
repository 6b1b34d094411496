"""The keys of names and numbers: the newest seals, all open and find, and none is taken for another."""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from medsettle_gateway.storage import key_ring
from medsettle_gateway.storage.key_ring import KEY_ID_BYTES, KeyAwaitedError, KeyRing, NotOurKeyError
from medsettle_gateway.storage.sealing import Identity, Sealer

OLD, NEW, OTHER = b"o" * 32, b"n" * 32, b"x" * 32


def test_the_newest_key_seals_and_all_of_them_open() -> None:
    old = KeyRing([OLD]).seal(b"said", b"m1")
    both = KeyRing([OLD, NEW])
    new = both.seal(b"said", b"m1")
    assert [each[:KEY_ID_BYTES] for each in (old, new)] == list(both.ids)
    assert [both.open(each, b"m1") for each in (old, new)] == [b"said", b"said"]


@pytest.mark.parametrize("change", ["owner", "key", "content", "nonce", "id", "cut"])
def test_what_was_sealed_otherwise_is_not_opened(change: str) -> None:
    ring = KeyRing([OLD])
    sealed = bytearray((KeyRing([OTHER]) if change == "key" else ring).seal(b"said", b"m1"))
    if change in {"content", "nonce", "id"}:
        sealed[{"content": -1, "nonce": KEY_ID_BYTES, "id": 0}[change]] ^= 1
    if change == "cut":
        del sealed[8:]
    with pytest.raises(NotOurKeyError):
        ring.open(bytes(sealed), b"m2" if change == "owner" else b"m1")


def test_nothing_is_sealed_twice_alike() -> None:
    ring = KeyRing([OLD])
    assert ring.seal(b"said", b"m1") != ring.seal(b"said", b"m1")


def test_a_number_is_found_by_every_key_and_by_the_newest_first() -> None:
    both = KeyRing([OLD, NEW]).finds(b"n")
    assert both == (*KeyRing([NEW]).finds(b"n"), *KeyRing([OLD]).finds(b"n"))
    assert len(set(both)) == 2


def test_a_key_that_is_not_known_is_looked_for_once_and_then_seals() -> None:
    asked: list[int] = []

    def reload() -> Sequence[bytes]:
        asked.append(1)
        return (OLD, NEW)

    ring = KeyRing([OLD], reload)
    assert ring.open(KeyRing([OLD, NEW]).seal(b"said", b"m1"), b"m1") == b"said"
    assert len(ring.ids) == 2
    assert ring.open(ring.seal(b"more", b"m1"), b"m1") == b"more"
    assert asked == [1]
    with pytest.raises(NotOurKeyError):
        ring.open(KeyRing([OTHER]).seal(b"said", b"m1"), b"m1")


def test_keys_that_cannot_be_had_leave_those_that_are_there() -> None:
    ring = KeyRing([OLD], lambda: ())
    assert not ring.renew()
    assert ring.open(ring.seal(b"said", b"m1"), b"m1") == b"said"


def test_nothing_is_sealed_or_looked_for_under_keys_that_were_changed_meanwhile() -> None:
    """Whoever has met no value of the new key yet would seal under one that is about to be dropped."""
    there: list[tuple[bytes, ...]] = [(OLD,)]
    ring = KeyRing([OLD], lambda: there[0], lambda: there[0] != (OLD,))
    assert len(ring.finds(b"n")) == 1
    there[0] = (OLD, NEW)
    assert len(ring.finds(b"n")) == 2
    there[0] = (NEW,)
    assert KeyRing([NEW]).open(ring.seal(b"said", b"m1"), b"m1") == b"said"


def test_who_meets_a_new_key_while_another_thread_reads_it_waits_for_it() -> None:
    begun, second = threading.Event(), threading.Event()

    def reload() -> Sequence[bytes]:
        if begun.is_set():
            second.set()
            return ()
        begun.set()
        second.wait(0.2)
        return (OLD, NEW)

    ring, sealed = KeyRing([OLD], reload), KeyRing([NEW]).seal(b"said", b"m1")
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(ring.open, sealed, b"m1")
        begun.wait(5)
        other = threads.submit(ring.open, sealed, b"m1")
        assert [first.result(5), other.result(5)] == [b"said", b"said"]


async def test_on_an_event_loop_nobody_waits_for_a_key() -> None:
    """The command that gives it ends only once the loop has gone on."""
    went_on = threading.Event()
    in_time: list[bool] = []

    def reload() -> Sequence[bytes]:
        in_time.append(went_on.wait(5))
        return (OLD, NEW)

    ring, sealed = KeyRing([OLD], reload), KeyRing([NEW]).seal(b"said", b"m1")
    asyncio.get_running_loop().call_later(0.01, went_on.set)
    with pytest.raises(KeyAwaitedError):
        ring.open(sealed, b"m1")
    await ring.renewed()
    assert ring.open(sealed, b"m1") == b"said"
    assert in_time == [True]


async def test_on_an_event_loop_the_keys_are_made_ready_before_anything_is_sealed() -> None:
    went_on = threading.Event()
    known: list[tuple[bytes, ...]] = [(OLD,)]

    def reload() -> Sequence[bytes]:
        assert went_on.wait(5)
        known[0] = (OLD, NEW)
        return known[0]

    ring = KeyRing([OLD], reload, lambda: known[0] != (OLD, NEW))
    asyncio.get_running_loop().call_later(0.01, went_on.set)
    await ring.ready()
    assert KeyRing([NEW]).open(ring.seal(b"said", b"m1"), b"m1") == b"said"


async def test_who_has_waited_too_long_for_a_key_goes_on_with_those_that_are_there(
    monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_ring, "_WAIT_S", 0.01)
    ended = threading.Event()

    def reload() -> Sequence[bytes]:
        ended.wait(5)
        return ()

    ring = KeyRing([OLD], reload, lambda: True)
    await ring.ready()
    assert KeyRing([OLD]).open(ring.seal(b"said", b"m1"), b"m1") == b"said"
    ended.set()


async def test_where_a_key_could_not_be_had_nobody_waits_for_it_again_and_it_is_found_all_the_same() -> None:
    away, went_on = threading.Event(), threading.Event()
    known: list[tuple[bytes, ...]] = [(OLD,)]
    found = threading.Event()

    def reload() -> Sequence[bytes]:
        if not away.is_set():
            away.set()
            return ()
        assert went_on.wait(5)  # which the loop alone does
        known[0] = (OLD, NEW)
        found.set()
        return known[0]

    ring = KeyRing([OLD], reload, lambda: known[0] != (OLD, NEW))
    for _ in range(3):
        await ring.ready()
    assert KeyRing([OLD]).open(ring.seal(b"said", b"m1"), b"m1") == b"said"
    assert await asyncio.to_thread(ring.finds, b"n") == KeyRing([OLD]).finds(b"n")
    went_on.set()
    assert await asyncio.to_thread(found.wait, 5)
    await ring.renewed()  # after the look that is under way
    assert KeyRing([NEW]).open(ring.seal(b"said", b"m1"), b"m1") == b"said"


def test_a_look_in_vain_long_ago_lets_nothing_be_sealed_under_a_key_that_is_about_to_be_dropped() -> None:
    there: list[tuple[bytes, ...]] = [()]
    ring = KeyRing([OLD], lambda: there[0], lambda: there[0] == (OLD, NEW))
    with pytest.raises(NotOurKeyError):
        ring.open(KeyRing([OTHER]).seal(b"said", b"m1"), b"m1")
    ring.seal(b"said", b"m1")
    there[0] = (OLD, NEW)
    assert KeyRing([NEW]).open(ring.seal(b"said", b"m1"), b"m1") == b"said"


def test_a_database_belongs_to_any_of_the_keys_as_they_are_now() -> None:
    seal = Sealer.of(NEW).seals[0]
    assert not Sealer.of(OLD).owns(seal)
    assert Sealer.of(OLD, NEW).owns(seal)
    assert Sealer.of(OLD, reload=lambda: (OLD, NEW)).owns(seal)


def test_no_text_of_a_sealer_or_an_identity_shows_anything() -> None:
    identity = Identity("2103000001", "张伟", "210399198504120019", "A21030001", "13912345678")
    assert repr(identity) == "Identity(...)"
    assert repr(Sealer.of(OLD)) == "Sealer()"
    for secret in identity:
        with pytest.raises(ValueError, match="not sealed under this key") as raised:
            Sealer.of(OTHER).open("m1", Sealer.of(OLD).seal("m1", identity))
        assert secret not in str(raised.value)
