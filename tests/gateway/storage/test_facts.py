"""What every store answers when it is asked, whatever it is made of."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec import structs

from medsettle.wire.states import ALIVE, SaleState
from medsettle_gateway.domain.asked import Basket
from medsettle_gateway.domain.facts import AccountState, EnrolCode, State
from medsettle_gateway.domain.keys import (
    CatalogueKey,
    CredentialUseKey,
    DueHoldsKey,
    EnrolCodeKey,
    KeyRecordKey,
    LaterSalesKey,
    MaskedNameKey,
    MemberKey,
    NonceKey,
    RecentSalesKey,
    SettledSinceKey,
    StayEndKey,
    TerminalKey,
    TerminalKeysKey,
    TicketKey,
)
from medsettle_gateway.domain.member import Enrolment, Owner
from medsettle_gateway.domain.moves import (
    EndTerminalKey,
    KeepNonce,
    PostEntry,
    PutSale,
    PutTerminal,
    PutTerminalKey,
    UseCredential,
    UseEnrolCode,
)
from medsettle_gateway.domain.sale import SaleHead, SaleRecord
from medsettle_gateway.service.ports import SaleFilter, SalePosition, Store
from tests.gateway.storage.stand import (
    CLINIC,
    NOW,
    REGION,
    SECOND,
    TERMINAL,
    TODAY,
    Stand,
    entry,
    key_record,
    load,
    person,
    request_id,
    sale,
    tie,
    write,
)

HELD, EXPIRED, SETTLED = SaleState.HELD, SaleState.EXPIRED, SaleState.SETTLED


async def test_a_member_comes_with_the_own_account_first_and_names_masked(stand: Stand, store: Store) -> None:
    members = stand.enter(
        person("1", name="刘洋", account_fen=0), person("2", name="欧阳娜娜", frozen=True), person("3"),
        person("4", account_fen=None),
        ties=(tie("1", "3", Owner.SPOUSE), tie("1", "2"), tie("1", "4", Owner.CHILD), tie("2", "1")),
    )
    facts = await load(store, MemberKey(members["1"]))
    assert facts.masked_name == "刘*"
    assert [(each.owner, each.masked_name, each.state, each.payer) for each in facts.accounts] == [
        (Owner.SELF, "刘*", AccountState.ACTIVE, members["1"]),
        (Owner.OTHER, "张*", AccountState.ACTIVE, members["3"]),
        (Owner.OTHER, "欧阳**", AccountState.FROZEN, members["2"]),
    ]
    assert await load(store, MaskedNameKey(members["2"])) == "欧阳**"


async def test_no_account_is_not_a_balance_of_zero(stand: Stand, store: Store) -> None:
    members = stand.enter(
        person("1", account_fen=0), person("2", enrolment=Enrolment.POOL_ONLY, account_fen=None)
    )
    with_zero, without = [await load(store, MemberKey(members[number])) for number in ("1", "2")]
    assert [account.balance_fen for account in with_zero.accounts] == [0]
    assert without.accounts == ()


async def test_an_item_comes_in_all_its_versions_and_an_unknown_code_not_at_all(
    stand: Stand, store: Store
) -> None:
    stand.enter_places()
    facts = await load(store, CatalogueKey(REGION, ("XA01", "XZ99")))
    assert [each.valid_from for each in facts.items["XA01"]] == [date(2022, 1, 1), date(2026, 1, 1)]
    assert set(facts.items) == {"XA01"}
    assert facts.digest


async def test_attempts_of_a_ticket_come_in_their_order(store: Store) -> None:
    attempts = {attempt: sale(7, attempt) for attempt in (2, 1, 10)}
    await write(store, PutSale(sale(8, 1)), *map(PutSale, attempts.values()))
    found = await load(store, TicketKey(request_id(7).ticket))
    assert found == tuple(
        SaleHead(request_id(7, each).text, SaleState.SEALED, attempts[each].created_at) for each in (1, 2, 10)
    )


async def test_recent_sales_are_those_alive_of_member_place_and_basket_since_then(
    stand: Stand, store: Store
) -> None:
    members = stand.enter(person("1"), person("2"))
    one, other = members["1"], members["2"]
    bought: dict[str, Any] = {"state": SETTLED, "member": one, "basket_digest": "d"}
    await write(
        store,
        PutSale(sale(1, **bought, created_at=NOW - SECOND)),
        PutSale(sale(2, **bought, created_at=NOW)),
        PutSale(sale(3, **bought, created_at=NOW + SECOND)),
        PutSale(sale(4, **bought | {"basket_digest": "e"})),
        PutSale(sale(5, **bought | {"member": other})),
    )
    found = await load(store, RecentSalesKey(one, CLINIC, "d", NOW, 5))
    assert [head.request_id for head in found] == [request_id(2).text, request_id(3).text]
    assert await load(store, RecentSalesKey(one, CLINIC, "d", NOW, 1)) == found[:1]
    assert await load(store, RecentSalesKey(one, "elsewhere", "d", NOW, 5)) == ()


@pytest.mark.parametrize("state", SaleState)
async def test_only_a_sale_that_is_alive_counts_as_recent(
    stand: Stand, store: Store, state: SaleState
) -> None:
    one = stand.enter(person("1"))["1"]
    await write(store, PutSale(sale(1, state=state, member=one, basket_digest="d")))
    found = await load(store, RecentSalesKey(one, CLINIC, "d", NOW, 5))
    assert bool(found) == (state in ALIVE)


async def test_later_sales_are_settled_or_held_and_calculated_at_the_instant_or_after(
    stand: Stand, store: Store
) -> None:
    member = stand.enter(person("1"))["1"]
    sales = [
        sale(number, state=state, member=member, calculated_at=NOW + seconds * SECOND)
        for number, state, seconds in [
            (1, SETTLED, -1), (2, SETTLED, 9), (3, EXPIRED, 3), (4, SETTLED, 0), (5, HELD, 7), (6, HELD, -1),
        ]
    ]
    await write(store, *map(PutSale, sales))
    assert await load(store, LaterSalesKey(member, NOW, 5)) == (sales[3], sales[4], sales[1])
    assert await load(store, LaterSalesKey(member, NOW, 1)) == (sales[3],)


async def test_sales_are_found_by_when_they_were_settled_however_long_ago_they_were_calculated(
    stand: Stand, store: Store
) -> None:
    member, other = stand.enter(person("1"), person("2")).values()
    sales = [
        sale(
            number, state=state, member=who, calculated_at=NOW - 60 * SECOND,
            committed_at=NOW + seconds * SECOND,
        )
        for number, state, seconds, who in [
            (1, SETTLED, -1, member), (2, SETTLED, 9, member), (3, HELD, 3, member), (4, SETTLED, 0, member),
            (5, SETTLED, 5, other),
        ]
    ]
    await write(store, *map(PutSale, sales))
    assert await load(store, SettledSinceKey(member, NOW, 5)) == (sales[3], sales[1])
    assert await load(store, SettledSinceKey(member, NOW, 1)) == (sales[3],)
    confirmed = structs.replace(sales[2], state=SETTLED, version=2, committed_at=NOW + 7 * SECOND)
    undone = structs.replace(sales[3], state=SaleState.REVERSED, version=2, committed_at=NOW + 8 * SECOND)
    await write(store, PutSale(confirmed), PutSale(undone))
    assert await load(store, SettledSinceKey(member, NOW, 5)) == (confirmed, sales[1])


def bill(number: int, member: str, state: SaleState = SETTLED, **days: Any) -> SaleRecord:
    dated = {"admitted_on": TODAY, "discharged_on": TODAY, **days}
    return sale(number, state=state, member=member, basket=Basket((), **dated))


@pytest.mark.parametrize("state", SaleState)
async def test_a_stay_has_ended_while_its_final_bill_charges_or_may_still_charge(
    stand: Stand, store: Store, state: SaleState
) -> None:
    member = stand.enter(person("1"))["1"]
    final = bill(1, member, state)
    await write(store, PutSale(final))
    found = await load(store, StayEndKey(member, f"{CLINIC}-{TODAY}"))
    head = SaleHead(final.request_id.text, state, final.created_at)
    assert found == (head if state in ALIVE - {SaleState.EXPIRED} else None)


async def test_an_interim_bill_another_stay_and_another_members_end_no_stay(
    stand: Stand, store: Store
) -> None:
    member, other = stand.enter(person("1"), person("2")).values()
    bills = [
        bill(1, member, discharged_on=None), bill(2, member, admitted_on=date(2026, 3, 1)), bill(3, other),
    ]
    await write(store, *map(PutSale, bills))
    assert await load(store, StayEndKey(member, f"{CLINIC}-{TODAY}")) is None


async def test_due_holds_are_of_everyone_who_shares_an_account_with_the_member(
    stand: Stand, store: Store
) -> None:
    """The daughter's father pays for her and for her brother, whose hold may stand on the same account."""
    members = stand.enter(
        person("daughter"), person("father"), person("brother"), person("stranger"),
        ties=(tie("daughter", "father"), tie("brother", "father")),
    )
    order = ["stranger", "brother", "father", "daughter"]
    sales = {
        name: sale(number, state=HELD, member=members[name], hold_expires_at=NOW - number * SECOND)
        for number, name in enumerate(order, 1)
    }
    later = sale(9, state=HELD, member=members["father"], hold_expires_at=NOW + SECOND)
    ended = sale(10, state=EXPIRED, member=members["father"], hold_expires_at=NOW - SECOND)
    await write(store, *map(PutSale, [*sales.values(), later, ended]))
    found = await load(store, DueHoldsKey(members["daughter"], NOW, 5))
    assert found == (sales["daughter"], sales["father"], sales["brother"])
    assert await load(store, DueHoldsKey(members["daughter"], NOW, 1)) == (sales["daughter"],)
    assert await load(store, DueHoldsKey(members["stranger"], NOW, 5)) == (sales["stranger"],)


async def test_due_sales_are_ended_holds_and_day_old_expiries_longest_due_first(store: Store) -> None:
    day = timedelta(days=1)
    cases = [
        (1, HELD, NOW), (2, HELD, NOW + SECOND), (3, EXPIRED, NOW - day), (4, EXPIRED, NOW),
        (5, SETTLED, NOW),
    ]
    await write(store, *(
        PutSale(sale(number, state=state, hold_expires_at=ends)) for number, state, ends in cases
    ))
    assert await store.due_sales(NOW, NOW - day, 10) == (request_id(3).text, request_id(1).text)
    assert await store.due_sales(NOW, NOW - day, 1) == (request_id(3).text,)


def shuffled_sales() -> list[SaleRecord]:
    """Twelve sales at four instants, three to an instant, in the order in which they are listed."""
    made = [sale(number, created_at=NOW + (number % 4) * SECOND) for number in range(1, 13)]
    return sorted(made, key=lambda each: (each.created_at, each.request_id.text), reverse=True)


@pytest.mark.parametrize("page_size", [1, 2, 5, 12, 100])
async def test_pages_of_sales_follow_each_other_without_gap_or_repetition(
    store: Store, page_size: int
) -> None:
    expected = shuffled_sales()
    await write(store, *map(PutSale, sorted(expected, key=lambda each: each.request_id.text)))
    found: list[SaleRecord] = []
    after: SalePosition | None = None
    while page := await store.list_sales(SaleFilter(CLINIC), page_size, after):
        assert len(page) <= page_size
        found += page
        after = SalePosition(page[-1].created_at, page[-1].request_id.text)
    assert found == expected


@pytest.mark.parametrize(
    ("chosen", "numbers"),
    [
        (SaleFilter(CLINIC), [3, 2, 1]),
        (SaleFilter("elsewhere"), []),
        (SaleFilter(CLINIC, states=(HELD, SETTLED)), [2, 1]),
        (SaleFilter(CLINIC, terminal=f"{CLINIC}-T2"), [3]),
        (SaleFilter(CLINIC, service_from=TODAY), [3, 2]),
        (SaleFilter(CLINIC, service_to=TODAY), [2, 1]),
        (SaleFilter(CLINIC, service_from=TODAY, service_to=TODAY), [2]),
    ],
)
async def test_a_filter_leaves_the_sales_that_it_names(
    store: Store, chosen: SaleFilter, numbers: list[int]
) -> None:
    day = timedelta(days=1)
    await write(
        store,
        PutSale(sale(1, state=HELD, service_on=TODAY - day)),
        PutSale(sale(2, state=SETTLED, created_at=NOW + SECOND)),
        PutSale(sale(3, till="T2", created_at=NOW + 2 * SECOND, service_on=TODAY + day)),
    )
    found = await store.list_sales(chosen, 10, None)
    assert [each.request_id.ticket.number for each in found] == numbers


async def test_a_terminal_and_its_keys_come_back_as_they_were_written(stand: Stand, store: Store) -> None:
    stand.enter_places()
    old, new = key_record("k2"), key_record("k1", not_before=NOW + SECOND)
    await write(store, PutTerminal(TERMINAL), PutTerminalKey(new), PutTerminalKey(old))
    await write(store, PutTerminal(replace(TERMINAL, state=State.SUSPENDED)))
    assert await load(store, TerminalKey(TERMINAL.terminal)) == replace(TERMINAL, state=State.SUSPENDED)
    assert await load(store, TerminalKeysKey(TERMINAL.terminal)) == (old, new)
    assert await load(store, KeyRecordKey("k1")) == new


@pytest.mark.parametrize(("seconds", "ends"), [(10, 10), (1_000, 100)])
async def test_a_key_ends_earlier_but_never_later(
    stand: Stand, store: Store, seconds: int, ends: int
) -> None:
    stand.enter_places()
    await write(store, PutTerminal(TERMINAL), PutTerminalKey(key_record()))
    await write(store, EndTerminalKey("k1", NOW + seconds * SECOND))
    assert (await load(store, KeyRecordKey("k1"))).not_after == NOW + ends * SECOND


async def test_a_code_names_the_key_that_used_it(stand: Stand, store: Store) -> None:
    stand.enter_places()
    code = EnrolCode("h", CLINIC, "T1", NOW)
    stand.hand_out(code)
    assert await load(store, EnrolCodeKey("h")) == code
    await write(store, UseEnrolCode("h", "k", NOW))
    assert await load(store, EnrolCodeKey("h")) == replace(code, used_by_key="k")


async def test_a_credential_names_the_sale_that_used_it(store: Store) -> None:
    await write(store, UseCredential("c", "the sale", NOW, NOW + SECOND))
    assert await load(store, CredentialUseKey("c")) == "the sale"


async def test_a_nonce_is_kept_for_its_sender(store: Store) -> None:
    await write(store, KeepNonce("s", "n", NOW))
    assert await load(store, NonceKey("s", "n")) is True
    assert await load(store, NonceKey("other", "n")) is False


async def test_the_books_say_when_they_were_last_written(store: Store) -> None:
    assert await store.last_committed_at() is None
    for number in range(3):
        made = entry(text=f"e{number}").entry
        await write(store, PostEntry(replace(made, committed_at=NOW + number * SECOND)))
    assert await store.last_committed_at() == NOW + 2 * SECOND
