"""Errands in every store: what remote authorities are still to be asked, and what becomes free again."""

from datetime import timedelta

import pytest

from medsettle.wire.states import SaleState
from medsettle_gateway.domain.keys import CredentialUseKey, ErrandKey
from medsettle_gateway.domain.moves import DropErrand, FreeCredential, PutErrand, PutSale, UseCredential
from medsettle_gateway.domain.split import Split
from medsettle_gateway.domain.upstream import DueErrand, Errand, UpstreamRecord
from medsettle_gateway.service.ports import Store
from tests.gateway.storage.stand import NOW, load, request_id, sale, write

SECOND = timedelta(seconds=1)


def asked_of(authority: str) -> UpstreamRecord:
    return UpstreamRecord(authority, "1", Split.make({}, {}, 0), "c", NOW)


async def pending(store: Store, *numbers: int) -> None:
    upstream = asked_of("national")
    await write(store, *(
        PutSale(sale(number, state=SaleState.PENDING, upstream=upstream)) for number in numbers
    ))


async def test_an_errand_is_there_until_it_is_dropped(store: Store) -> None:
    await pending(store, 1)
    key, errand = ErrandKey(request_id(1).text), Errand(request_id(1).text, NOW, 3)
    assert await load(store, key) is None
    await write(store, PutErrand(errand))
    assert await load(store, key) == errand
    await write(store, DropErrand(errand.request_id))
    assert await load(store, key) is None


async def test_an_errand_takes_the_place_of_the_one_before(store: Store) -> None:
    await pending(store, 1)
    later = Errand(request_id(1).text, NOW + SECOND, 1)
    await write(store, PutErrand(Errand(request_id(1).text, NOW)))
    await write(store, PutErrand(later))
    assert await load(store, ErrandKey(request_id(1).text)) == later


async def test_a_sale_without_an_errand_has_none_to_drop(store: Store) -> None:
    await write(store, DropErrand(request_id(1).text))
    assert await load(store, ErrandKey(request_id(1).text)) is None


async def test_due_errands_come_longest_due_first_and_no_more_than_asked_for(store: Store) -> None:
    await pending(store, 1, 2, 3)
    for number, due_at in ((1, NOW), (2, NOW - SECOND), (3, NOW + SECOND)):
        await write(store, PutErrand(Errand(request_id(number).text, due_at)))
    first = DueErrand(request_id(2).text, NOW - SECOND, "national")
    second = DueErrand(request_id(1).text, NOW, "national")
    assert await store.due_errands(NOW, 10) == (first, second)
    assert await store.due_errands(NOW, 1) == (first,)


async def test_a_look_at_due_errands_goes_on_where_another_came_to(store: Store) -> None:
    await pending(store, 1, 2, 3)
    for number in (1, 2, 3):
        await write(store, PutErrand(Errand(request_id(number).text, NOW)))
    (one,) = await store.due_errands(NOW, 1)
    two, three = await store.due_errands(NOW, 10, one)
    assert [each.request_id for each in (one, two, three)] == [request_id(n).text for n in (1, 2, 3)]
    assert await store.due_errands(NOW, 10, three) == ()


async def test_a_due_errand_names_its_authority(store: Store) -> None:
    await write(store, *(
        PutSale(sale(number, state=SaleState.UNDOING, upstream=asked_of(name)))
        for number, name in ((1, "national"), (2, "省平台"), (3, ""))
    ))
    for number in (1, 2, 3):
        await write(store, PutErrand(Errand(request_id(number).text, NOW)))
    assert [each.authority for each in await store.due_errands(NOW, 10)] == ["national", "省平台", ""]


async def test_a_credential_of_a_refused_sale_can_be_used_again(store: Store) -> None:
    first, second = request_id(1).text, request_id(2).text
    await write(store, UseCredential("c", first, NOW, NOW + SECOND))
    await write(store, FreeCredential("c", first))
    assert await load(store, CredentialUseKey("c")) is None
    await write(store, UseCredential("c", second, NOW, NOW + SECOND))
    assert await load(store, CredentialUseKey("c")) == second


async def test_a_credential_that_another_sale_used_is_not_freed(store: Store) -> None:
    await write(store, UseCredential("c", request_id(1).text, NOW, NOW + SECOND))
    with pytest.raises(AssertionError):
        await write(store, FreeCredential("c", request_id(2).text))
    assert await load(store, CredentialUseKey("c")) == request_id(1).text
