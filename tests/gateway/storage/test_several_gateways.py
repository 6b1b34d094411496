"""Two gateways on one database decide about the same things at the same moment."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest
from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle_gateway.domain.asked import AskedPrescription, Collect
from medsettle_gateway.domain.basket import Prescription
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.domain.keys import PrescriptionKey, SaleKey
from medsettle_gateway.domain.moves import KeepPrescription, KeepReview
from medsettle_gateway.domain.prescriptions import PrescribedDrug
from medsettle_gateway.service.commands import Answer, Expire, RefusedAnswer, SaleAnswer, Shown
from tests.gateway.domain.prescribed import REVIEW, registered
from tests.gateway.storage.postgres_stand import PostgresStand
from tests.gateway.storage.shop import PATIENT, Shop, books, founded, is_settled, opened
from tests.gateway.storage.stand import CLINIC, entry, person, tie, write

FATHER, SON, DAUGHTER = "1", "2", "3"
STRANGERS = ("4", "5", "6", "7")
ALL = (FATHER, SON, *STRANGERS)
PEOPLE = (
    person(FATHER, account_fen=100_000),
    *(person(number, account_fen=None) for number in (SON, DAUGHTER, *STRANGERS)),
)
TIES = (tie(SON, FATHER), tie(DAUGHTER, FATHER))
T = TypeVar("T")


@dataclass
class Two:
    """Two gateways that know nothing of each other."""

    one: Shop
    other: Shop
    stand: PostgresStand

    def reasons(self, answers: Sequence[Answer]) -> list[Reason]:
        return [each.refusal.reason for each in answers if isinstance(each, RefusedAnswer)]


@pytest.fixture
async def two(database_url: str) -> AsyncIterator[Two]:
    stand = PostgresStand(database_url)
    refs = await founded(stand, *PEOPLE, ties=TIES)
    one, other = await opened(stand, refs), await opened(stand, refs)
    yield Two(one, other, stand)
    await one.close()
    await other.close()


async def at_once(*work: Awaitable[T]) -> list[T]:
    return list(await asyncio.gather(*work))


async def test_of_two_that_would_reach_the_cap_one_is_charged_and_both_get_an_answer(two: Two) -> None:
    for number, who in enumerate(STRANGERS):
        first = await two.one.asked(2 * number + 1, who, 2_000_000)
        second = await two.other.asked(2 * number + 2, who, 2_000_000)
        answers = await at_once(two.one.settle(first), two.other.settle(second))
        assert two.reasons(answers) == [Reason.QUOTE_CHANGED]
        (charged,) = [each.sale for each in answers if isinstance(each, SaleAnswer)]
        assert charged.split is not None
        assert await two.one.paid_fen(who) == sum(each.amount_fen for each in charged.split.funds)
    assert books(two.stand).faults == ()


async def test_one_id_at_two_gateways_is_one_sale_and_both_answer_it(two: Two) -> None:
    asked = await two.one.asked(1, FATHER)
    answers = await at_once(two.one.settle(asked), two.other.settle(asked))
    found = [each.sale for each in answers if isinstance(each, SaleAnswer)]
    assert len(found) == 2
    assert found[0] == found[1]
    assert dict(books(two.stand).sales) == {"SETTLED": 1}


async def test_a_credential_shown_at_two_gateways_is_used_once(two: Two) -> None:
    shown = Shown("ELECTRONIC", f"{two.one.refs[FATHER]}#once")
    first = await two.one.asked(1, FATHER, credential=shown)
    second = await two.other.asked(2, FATHER, credential=shown)
    answers = await at_once(two.one.settle(first), two.other.settle(second))
    assert two.reasons(answers) in ([Reason.CREDENTIAL_USED], [Reason.QUOTE_CHANGED])
    assert sum(map(is_settled, answers)) == 1


async def test_a_relatives_account_never_pays_more_than_it_has(two: Two) -> None:
    """Each alone would take more than half of it."""
    first = await two.one.asked(1, SON, 120_000)
    second = await two.other.asked(2, DAUGHTER, 120_000)
    taken = [sum(each.amount_fen for each in asked.expected.accounts) for asked in (first, second)]
    assert sum(taken) > 100_000
    answers = await at_once(two.one.settle(first), two.other.settle(second))
    assert sorted(map(is_settled, answers)) == [False, True]
    assert two.reasons(answers) == [Reason.QUOTE_CHANGED]
    balance_fen = (await two.one.member(FATHER)).accounts[0].balance_fen
    assert balance_fen == 100_000 - taken[answers.index(next(filter(is_settled, answers)))]
    assert books(two.stand).faults == ()


async def test_a_relatives_account_never_pays_more_than_its_owner_allows(database_url: str) -> None:
    stand = PostgresStand(database_url)
    refs = await founded(stand, *PEOPLE, ties=(tie(SON, FATHER, limit_fen=50_000),))
    two = Two(await opened(stand, refs), await opened(stand, refs), stand)
    first = await two.one.asked(1, SON, 120_000)
    second = await two.other.asked(2, SON, 120_000)
    shown = [[each.amount_fen for each in asked.expected.accounts] for asked in (first, second)]
    assert shown == [[50_000], [50_000]]
    answers = await at_once(two.one.settle(first), two.other.settle(second))
    assert sorted(map(is_settled, answers)) == [False, True]
    assert two.reasons(answers) == [Reason.FAMILY_LIMIT_REACHED]
    assert (await two.one.member(FATHER)).accounts[0].balance_fen == 50_000
    assert books(stand).faults == ()
    await two.one.close()
    await two.other.close()


async def test_the_rest_of_a_prescription_is_dispensed_by_one_of_two_gateways(two: Two) -> None:
    today = day_of(two.one.world.clock.at)
    drug = PrescribedDrug("XA01", 10_000)
    for number in range(4):
        text = f"RX-{number}"
        prescription = registered(
            institution=CLINIC, number=text, member=two.one.refs[FATHER], issued_on=today, valid_to=today,
            drugs=(drug,),
        )
        await write(two.one.store, KeepPrescription(prescription), KeepReview(CLINIC, text, REVIEW))
        named = AskedPrescription("rx", Prescription.EXTERNAL, text, institution=CLINIC)
        asked = []
        for each, shop in enumerate((two.one, two.other)):
            command = await shop.asked(2 * number + each + 1, FATHER, 1_000)
            lines = (structs.replace(command.basket.lines[0], prescription_id="rx"),)
            asked.append(replace(
                command, basket=replace(command.basket, lines=lines, prescriptions=(named,), benefit=None)
            ))
        answers = await at_once(two.one.settle(asked[0]), two.other.settle(asked[1]))
        assert sum(map(is_settled, answers)) == 1
        assert two.reasons(answers) == [Reason.PRESCRIPTION_DISPENSED]
        key = PrescriptionKey(CLINIC, text)
        facts = (await two.one.store.load((key,))).of(key)
        assert facts is not None
        assert (dict(facts.drawn_e4), len(facts.sales)) == ({"XA01": 10_000}, 1)
    assert books(two.stand).faults == ()


async def test_a_second_attempt_at_another_gateway_waits_for_the_first(two: Two) -> None:
    first = await two.one.asked(1, FATHER)
    again = type(first.request_id).parse(f"{first.request_id.text.rpartition('-')[0]}-2")
    second = replace(await two.other.asked(2, FATHER), request_id=again)
    answers = await at_once(two.one.settle(first), two.other.settle(second))
    assert sum(map(is_settled, answers)) == 1
    assert set(two.reasons(answers)) <= {Reason.EARLIER_ATTEMPT_OPEN, Reason.QUOTE_CHANGED}


async def test_instants_follow_the_order_of_decisions_across_gateways(two: Two) -> None:
    """Whoever decides about a member later has the later instant, whatever the machine."""
    instants = []
    for number, shop in enumerate([two.one, two.other] * 4, 1):
        answer = await shop.settle(await shop.asked(number, FATHER, 1_000))
        assert isinstance(answer, SaleAnswer), answer
        instants.append(answer.sale.committed_at)
    assert instants == sorted(instants)


async def test_books_that_lie_in_the_future_are_reported_by_whoever_starts_on_them(two: Two) -> None:
    """The server's clock was once two hours ahead."""
    ahead_at = datetime.now(UTC) + timedelta(hours=2)
    await write(two.one.store, entry(at=ahead_at))
    late = await opened(two.stand, two.one.refs)
    answer = await late.settle(await late.asked(1, FATHER))
    assert isinstance(answer, SaleAnswer), answer
    assert answer.sale.committed_at >= ahead_at
    await two.one.settle(await two.one.asked(2, SON))
    for shop in (late, two.one):
        ((what, error),) = shop.world.reports
        assert what == "clock"
        assert re.search(r"clock is (1:59|2:00):.* behind the last entry", str(error))
    await late.close()


async def test_of_many_for_one_member_each_is_answered_and_the_books_hold(two: Two) -> None:
    """All were quoted on the same account: what the first changes the others are told."""
    commands = [
        await shop.asked(number, who, 20_000)
        for number, (shop, who) in enumerate([(two.one, SON), (two.other, DAUGHTER)] * 8, 1)
    ]
    answers = await at_once(*(
        shop.settle(command) for shop, command in zip([two.one, two.other] * 8, commands, strict=True)
    ))
    assert len(answers) == 16
    assert any(map(is_settled, answers))
    assert set(two.reasons(answers)) <= {Reason.QUOTE_CHANGED}
    assert books(two.stand).faults == ()


async def test_a_hold_ends_once_whoever_ends_it(database_url: str) -> None:
    stand = PostgresStand(database_url)
    refs = await founded(stand, *PEOPLE, ties=TIES)
    at_once_over = replace(PATIENT, hold=timedelta(microseconds=1))
    two = Two(await opened(stand, refs, at_once_over), await opened(stand, refs, at_once_over), stand)
    held = await two.one.settle(await two.one.asked(1, SON, collect=Collect.LATER))
    assert isinstance(held, SaleAnswer), held
    expire = Expire(held.sale.request_id.text)
    await at_once(*(shop.world.writer.submit(expire) for shop in (two.one, two.other)))
    key = SaleKey(expire.request_id)
    expired = (await two.other.store.load((key,))).of(key)
    assert expired is not None
    assert (expired.state, expired.version) == (SaleState.EXPIRED, 2)
    assert books(stand).faults == ()
    await two.one.close()
    await two.other.close()


async def test_what_is_due_is_told_to_one_gateway_and_to_another_once_that_is_gone(two: Two) -> None:
    held = await two.one.settle(await two.one.asked(1, SON, collect=Collect.LATER))
    assert isinstance(held, SaleAnswer), held
    later = held.sale.created_at + timedelta(days=1)
    due = (held.sale.request_id.text,)
    assert await two.one.store.due_sales(later, later, 10) == due
    assert await two.other.store.due_sales(later, later, 10) == ()
    assert await two.one.store.due_sales(later, later, 10) == due
    await two.one.store.close()
    assert await two.other.store.due_sales(later, later, 10) == due


async def test_of_a_group_what_the_server_rejects_fails_alone(two: Two) -> None:
    await two.stand.execute("""
        CREATE FUNCTION reject() RETURNS TRIGGER LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'rejected' USING ERRCODE = 'check_violation'; END; $$;
        CREATE TRIGGER rejecting BEFORE INSERT ON sales FOR EACH ROW WHEN (new.number = 3)
          EXECUTE FUNCTION reject();
    """)
    numbers = range(1, 7)
    asked = [await two.one.asked(number, who, 1_000) for number, who in zip(numbers, ALL, strict=True)]
    answers = await at_once(*map(two.one.settle, asked))
    assert [is_settled(answer) for answer in answers] == [number != 3 for number in numbers]
    assert two.reasons(answers) == [Reason.INTERNAL_ERROR]
    assert dict(books(two.stand).sales) == {"SETTLED": 5}
    assert books(two.stand).faults == ()


async def test_a_group_that_meets_another_gateways_group_takes_its_turn(two: Two) -> None:
    """Both hold a lock that the other wants next: neither waits for ever, and both come to an end."""
    first = [await two.one.asked(number, FATHER, 1_000) for number in (1, 2)]
    second = [await two.other.asked(number, DAUGHTER, 1_000) for number in (3, 4)]
    answers = await at_once(*map(two.one.settle, first), *map(two.other.settle, second))
    assert len(answers) == 4
    assert two.one.world.reports + two.other.world.reports == []
    assert books(two.stand).faults == ()
