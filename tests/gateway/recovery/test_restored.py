"""After a restore with loss: what tills were answered comes back, once, and nothing is denied before."""

from datetime import timedelta

import pytest

from medsettle._exchange.signed import Reply, Request
from medsettle.errors import MedsettleError, OutcomeUnknownError, QuoteChangedError
from medsettle.models import Collect, Outcome
from medsettle_gateway.service.commands import Expire
from tests.gateway.recovery.house import OTHER_MEMBER, House, Seller, on_the_model
from tests.gateway.recovery.sound import assert_sound, findings
from tests.gateway.storage.recovering import begin

DAY = timedelta(days=1)


async def open_again(house: House) -> None:
    """As if the same books were restored once more."""
    now = house.clock.now()
    await begin(house.stand, house.store, until=now.date() + DAY, lost_from=now - DAY, at=now)


async def sealed(till: Seller) -> str:
    """An id that is closed before anything was sold under it."""
    request_id = f"{till.till.config.terminal}-{till.house.clock.now():%Y%m%d}-900-1"
    await till.till.seal(request_id)
    return request_id


async def test_what_was_done_after_the_backup_comes_back_once(house: House, till: Seller) -> None:
    known = await till.sold(100)
    await house.backs_up()
    settled, held, undone = await till.sold(200), await till.sold(300, Collect.LATER), await till.sold(400)
    await till.till.reverse(undone, reason="wrong goods")
    closed = await sealed(till)
    before = await house.account()
    await house.restores()
    assert [await house.state(each) for each in (settled, held, undone, closed)] == ["ABSENT"] * 4
    cards = await till.till.recover()
    assert [(card.request_id, card.outcome) for card in cards] == [(held, Outcome.OPEN)]
    assert [await house.state(each) for each in (known, settled, held, undone, closed)] == [
        "SETTLED", "SETTLED", "HELD", "REVERSED", "SEALED",
    ]
    assert (house.compared[-1].shown, house.compared[-1].entered) == (5, 4)
    assert house.compared[-1].compared
    assert await house.account() == before
    await assert_sound(house)


@on_the_model
async def test_showing_it_again_changes_nothing(house: House, till: Seller) -> None:
    await house.backs_up()
    settled = await till.sold()
    await house.restores()
    await till.till.recover()
    account, shown = await house.account(), await findings(house)
    assert shown == {settled: ("ENTERED", ())}
    await open_again(house)
    await till.till.recover()
    assert (house.compared[-1].shown, house.compared[-1].entered) == (1, 0)
    assert await house.account() == account
    assert await findings(house) == shown
    await assert_sound(house)


async def test_what_comes_back_is_what_was_signed(house: House, till: Seller) -> None:
    await house.backs_up()
    request_id = await till.sold()
    before = await house.sale(request_id)
    await house.restores()
    await till.till.recover()
    after = await house.sale(request_id)
    assert before is not None
    assert after is not None
    same = (
        "state", "first_state", "operator", "service_on", "requested_at", "created_at", "fingerprint",
        "basket_digest", "collect", "member", "split", "effect", "calculated_at", "business_on", "settled_on",
        "tenders", "receipt_token",
    )
    assert {name: getattr(after, name) for name in same} == {name: getattr(before, name) for name in same}
    for again, was in zip(after.settlements, before.settlements, strict=True):
        assert again.breakdown == was.breakdown
        assert again.lines == was.lines
        assert again.trace == was.trace
        assert again.remainders == was.remainders
        assert again.case_input == {}


async def test_before_it_has_compared_nothing_is_denied(house: House, till: Seller, other: Seller) -> None:
    await house.backs_up()
    lost = await till.sold()
    await house.restores()
    card = await till.till.status(lost)
    assert card.outcome is Outcome.PAID
    assert house.reasons()["RECOVERING"] == 1
    for undo in (other.till.seal(lost), other.till.reverse(lost, reason="wrong goods")):
        with pytest.raises(OutcomeUnknownError) as unknown:
            await undo
        assert unknown.value.refusal.reason == "RECOVERING"
        assert unknown.value.card is not None
        assert unknown.value.card.outcome is Outcome.OPEN
    assert await house.state(lost) == "ABSENT"
    await till.till.recover()
    assert await house.state(lost) == "SETTLED"
    assert [card.outcome for card in await other.till.recover()] == [Outcome.NOT_PAID]
    assert await house.state(lost) == "REVERSED"
    await assert_sound(house)


@on_the_model
async def test_a_till_sells_at_once_since_it_compares_on_the_way(house: House, till: Seller) -> None:
    await house.backs_up()
    lost = await till.sold(200)
    await house.restores()
    card = await till.sell(300, who=OTHER_MEMBER)
    assert card.outcome is Outcome.PAID
    assert await house.state(lost) == "SETTLED"
    assert house.reasons()["RECOVERING"] == 1
    await assert_sound(house)


@on_the_model
async def test_a_till_that_has_compared_sells_while_another_has_not(
    house: House, till: Seller, other: Seller
) -> None:
    await house.backs_up()
    lost = await other.sold(200)
    await house.restores()
    assert (await till.sell(300, who=OTHER_MEMBER)).outcome is Outcome.PAID
    assert await house.state(lost) == "ABSENT"
    await other.till.recover()
    assert await house.state(lost) == "SETTLED"


async def test_a_settle_that_is_repeated_over_a_restore_charges_once(house: House, till: Seller) -> None:
    await house.backs_up()
    before = await house.account()

    async def lose_the_answer_and_the_books(request: Request) -> Reply:
        assert (await till.line.pass_on(request)).code == "OK"
        await house.restores()
        return Reply("UNAVAILABLE")

    till.line.faults.append(("Settle", lose_the_answer_and_the_books))
    card = await till.sell(500)
    assert card.outcome is Outcome.PAID
    assert before[0] - (await house.account())[0] == sum(
        leg.amount_fen for leg in card.legs if leg.kind == "ACCOUNT"
    )
    await assert_sound(house)


@on_the_model
async def test_a_settle_without_an_answer_is_sealed_once_the_till_has_compared(
    house: House, till: Seller
) -> None:
    await house.backs_up()

    async def the_till_is_switched_off(request: Request) -> Reply:
        await till.line.pass_on(request)
        raise ConnectionResetError

    till.line.faults.append(("Settle", the_till_is_switched_off))
    with pytest.raises(ConnectionResetError):
        await till.sell(500)
    await house.restores()
    (card,) = await till.till.recover()
    assert (card.outcome, card.state) == (Outcome.NOT_PAID, "SEALED")
    assert await findings(house) == {}
    await assert_sound(house)


@on_the_model
async def test_a_refusal_that_was_recorded_is_one_again(house: House, till: Seller) -> None:
    await house.backs_up()
    sold = await till.sold(100)
    with pytest.raises(QuoteChangedError) as refused:
        await till.refused()
    request_id = refused.value.request_id
    assert request_id is not None
    assert await house.state(request_id) == "REFUSED"
    before = await house.sale(request_id)
    await house.restores()
    await till.till.recover()
    again = await house.sale(request_id)
    assert again is not None
    assert before is not None
    assert again.state == "REFUSED"
    assert again.refusal is not None
    assert before.refusal is not None
    assert again.refusal.reason == before.refusal.reason
    assert await house.state(sold) == "SETTLED"
    await assert_sound(house)


async def test_what_another_till_did_is_shown_by_that_one(house: House, till: Seller, other: Seller) -> None:
    await house.backs_up()
    sold = await till.sold()
    await other.till.reverse(sold, reason="wrong goods")
    await house.restores()
    await till.till.recover()
    assert await house.state(sold) == "SETTLED"
    await other.till.recover()
    back = await house.sale(sold)
    assert back
    assert (back.state, back.undone_by) == ("REVERSED", other.till.config.terminal)
    assert (await findings(house))[sold][1] == ()
    await assert_sound(house)


async def test_a_hold_that_the_backup_has_is_not_released_before_its_till_has_compared(
    house: House, till: Seller, other: Seller
) -> None:
    sold = await till.sold_and_lost_the_confirmation()
    assert await house.state(sold) == "HELD"
    with pytest.raises(OutcomeUnknownError):
        await other.till.release(sold)
    assert await house.state(sold) == "HELD"
    await till.till.recover()
    assert await house.state(sold) == "SETTLED"
    await assert_sound(house)


async def test_what_the_till_may_have_reversed_nobody_reverses_before_it_has_compared(
    house: House, till: Seller, other: Seller
) -> None:
    """Both would give the same cash back."""
    (sold, lines), kept = await till.sold_two(), await till.sold()
    await house.backs_up()
    await till.till.reverse(sold, reason="wrong goods")
    await house.restores()
    for undo in (other.till.reverse(sold, reason="wrong goods"), other.took_back(sold, lines[0])):
        with pytest.raises(MedsettleError):
            await undo
    assert await house.state(sold) == "SETTLED"
    assert house.reasons()["RECOVERING"] >= 2
    await till.till.recover()
    assert [await house.state(each) for each in (sold, kept)] == ["REVERSED", "SETTLED"]
    await other.till.reverse(kept, reason="wrong goods")
    assert await house.state(kept) == "REVERSED"
    await assert_sound(house)


async def test_time_ends_no_hold_for_good_that_the_till_may_have_confirmed(
    house: House, till: Seller, other: Seller
) -> None:
    sold = await till.sold_and_lost_the_confirmation()
    house.clock.ahead += timedelta(hours=25)
    for _ in range(2):
        await house.writer.submit(Expire(sold))
    assert await house.state(sold) in {"EXPIRED", "HELD"}  # a server has a clock of its own
    with pytest.raises(OutcomeUnknownError):
        await other.till.release(sold)
    await till.till.recover()
    assert await house.state(sold) == "SETTLED"
    await assert_sound(house)


@on_the_model
async def test_a_late_confirmation_that_might_end_the_hold_waits_too(
    house: House, till: Seller, other: Seller
) -> None:
    sold = await till.sold_and_lost_the_confirmation()
    house.clock.ahead += timedelta(hours=1)
    await house.writer.submit(Expire(sold))
    assert await house.state(sold) == "EXPIRED"
    with pytest.raises(MedsettleError) as waits:
        await other.till.confirm(sold)
    assert waits.value.refusal.reason == "RECOVERING"
    assert await house.state(sold) == "EXPIRED"


@on_the_model
async def test_a_hold_that_nobody_confirmed_ends_once_all_tills_have_compared(
    house: House, till: Seller, other: Seller
) -> None:
    sold = await till.sold(500, Collect.LATER)
    await house.backs_up()
    await house.restores()
    house.clock.ahead += timedelta(hours=1)
    await house.writer.submit(Expire(sold))
    await other.till.recover()
    assert await house.state(sold) == "EXPIRED"
    (card,) = await till.till.recover()
    assert card.outcome is Outcome.NOT_PAID
    assert await house.state(sold) == "RELEASED"
    await assert_sound(house)


async def test_a_look_up_never_tells_a_till_an_older_state_than_it_was_shown(
    house: House, till: Seller
) -> None:
    held, undone = await till.sold(500, Collect.LATER), await till.sold(200)
    await house.backs_up()
    await till.till.confirm(held)
    await till.till.reverse(undone, reason="wrong goods")
    await house.restores()
    told = [(await till.till.status(each)).outcome for each in (held, undone)]
    assert told == [Outcome.PAID, Outcome.NOT_PAID]
    await till.till.recover()
    assert [await house.state(each) for each in (held, undone)] == ["SETTLED", "REVERSED"]
    await assert_sound(house)
