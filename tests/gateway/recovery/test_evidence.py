"""What a till shows is believed by its signature alone; what does not fit is a person's to decide."""

import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from medsettle._exchange import reasserting
from medsettle._exchange.signed import Request, sign
from medsettle.errors import OutcomeUnknownError
from medsettle.evidence import Evidence
from medsettle.models import Collect, Outcome
from medsettle.wire.calls import REASSERT
from medsettle.wire.signing import KeySigner, answer_statement, encode
from medsettle.wire.v1 import reasons_pb2, settlement_pb2
from medsettle_gateway.domain.facts import KeyRecord, State, TerminalFacts
from medsettle_gateway.domain.moves import EndRecovery, PutTerminal, PutTerminalKey
from tests.gateway.recovery.house import AUDIENCE, MEMBER, NOT_AFTER, NOT_BEFORE, House, Seller, on_the_model
from tests.gateway.recovery.sound import assert_sound, findings
from tests.gateway.storage.recovering import begin
from tests.gateway.storage.stand import CLINIC

Shown = settlement_pb2.ReassertResponse
SETTLE = "/medsettle.wire.v1.SettlementService/Settle"


def proof(till: Seller, request_id: str) -> Evidence:
    """The latest answer about a sale, as the till's journal has it."""
    return till.till._desk.journal.evidence(request_id)[-1]


async def shown(till: Seller, *evidence: Evidence, **changes: Any) -> Shown:
    """What becomes of answers that a till shows."""
    packed = [reasserting.batch([each])[0][0] for each in evidence]
    body = settlement_pb2.ReassertRequest(answers=packed, **changes)
    body.requested_at.FromDatetime(till.house.clock.now())
    config, signer = till.till.config, till.till._desk.keys.signer
    request: Request = sign(
        REASSERT, body.SerializeToString(), signer=signer, audience=AUDIENCE, terminal=config.terminal,
        now_ms=round(till.house.clock.now().timestamp() * 1000), nonce="n" * 22,
    )
    reply = await till.line.pass_on(request)
    assert reply.code == "OK", reply
    return Shown.FromString(reply.body)


def outcome(answer: Shown) -> tuple[str, str]:
    (result,) = answer.results
    name = settlement_pb2.Reasserted.Name(result.outcome).removeprefix("REASSERTED_")
    reason = reasons_pb2.Reason.Name(result.refusal.reason).removeprefix("REASON_")
    return name, reason if result.HasField("refusal") else ""


def more_of_everything(evidence: Evidence) -> Evidence:
    answer = settlement_pb2.SettleResponse.FromString(evidence.answer)
    answer.sale.legs[0].amount_fen += 1
    return replace(evidence, answer=answer.SerializeToString())


def signed_by_another(evidence: Evidence) -> Evidence:
    other = KeySigner.generate()
    statement = answer_statement(
        AUDIENCE, evidence.method, evidence.request_digest, evidence.nonce, other.key,
        evidence.timestamp_ms, evidence.code, evidence.answer,
    )
    return replace(evidence, key=other.key, signature=encode(other.sign(statement)))


FORGERIES: dict[str, Callable[[Evidence], Evidence]] = {
    "other amounts": more_of_everything,
    "another key": signed_by_another,
    "another call": lambda each: replace(each, method=SETTLE.replace("Settle", "Quote", 1)),
    "a call that proves nothing": lambda each: replace(
        each, method="/medsettle.wire.v1.TerminalService/Enrol"
    ),
    "another request": lambda each: replace(each, request_digest="0" * 64),
    "another time": lambda each: replace(each, timestamp_ms=each.timestamp_ms + 1),
    "a time before the certificate": lambda each: replace(each, timestamp_ms=0),
    "no message": lambda each: replace(each, answer=b"\xff\xff\xff"),
    "nothing": lambda each: replace(each, answer=b"\n\0"),
    "no certificate": lambda each: replace(each, certificate="bm8=.bm8="),
    "another code": lambda each: replace(each, code="NOT_FOUND"),
}


@pytest.mark.parametrize("forged", list(FORGERIES))
@on_the_model
async def test_an_answer_that_is_not_the_gateways_enters_nothing(
    house: House, till: Seller, forged: str
) -> None:
    await house.backs_up()
    sold = await till.sold()
    await house.restores()
    answer = await shown(till, FORGERIES[forged](proof(till, sold)))
    assert outcome(answer) == ("REFUSED", "EVIDENCE_INVALID")
    assert await house.state(sold) == "ABSENT"
    assert outcome(await shown(till, proof(till, sold)))[0] == "ENTERED"
    await assert_sound(house)


@on_the_model
async def test_an_answer_to_another_institution_enters_nothing(house: House, till: Seller) -> None:
    await house.backs_up()
    sold = await till.sold()
    await house.restores()
    own = proof(till, sold)
    stranger = await a_stranger(house)
    assert outcome(await shown(stranger, own)) == ("REFUSED", "NOT_YOURS")
    assert await house.state(sold) == "ABSENT"


async def a_stranger(house: House) -> Seller:
    signer = house.keys["X1"] = KeySigner.generate()
    terminal = "H21030299999-X1"
    record = KeyRecord(signer.key, terminal, signer.suite, signer.public_key, NOT_BEFORE, NOT_AFTER)
    facts = TerminalFacts(terminal, "H21030299999", "X1", State.ACTIVE)
    await house.write(PutTerminal(facts), PutTerminalKey(record))
    return await house.till("X1", institution="H21030299999")


@on_the_model
async def test_the_same_answer_twice_in_one_request_enters_one_sale(house: House, till: Seller) -> None:
    await house.backs_up()
    sold = await till.sold()
    await house.restores()
    answer = await shown(till, proof(till, sold), proof(till, sold))
    names = [settlement_pb2.Reasserted.Name(each.outcome) for each in answer.results]
    assert names == ["REASSERTED_ENTERED", "REASSERTED_KNOWN"]
    await assert_sound(house)


@on_the_model
async def test_a_sale_that_the_books_never_lost_is_known(house: House, till: Seller) -> None:
    sold = await till.sold()
    answer = await shown(till, proof(till, sold))
    assert (outcome(answer)[0], answer.epoch, answer.compared) == ("KNOWN", 0, True)


async def test_an_account_that_has_less_than_it_paid_is_made_up_for_by_variance(
    house: House, till: Seller, other: Seller
) -> None:
    await house.backs_up()
    lost = await till.sold(9_000)
    paid_fen = 1_000_000 - (await house.account())[0]
    await house.restores()
    await other.sold(9_000)
    left_fen = (await house.account())[0]
    assert left_fen < paid_fen
    await till.till.recover()
    assert await house.account() == (0, 0)
    assert await findings(house) == {lost: ("ENTERED", ("account_short",))}
    sale = await house.sale(lost)
    assert sale is not None
    assert sale.effect is not None
    assert [each.variance_fen for each in sale.effect.accounts] == [paid_fen - left_fen]
    await assert_sound(house)
    await till.till.reverse(lost, reason="wrong goods")
    assert await house.account() == (left_fen, 0)
    await assert_sound(house)


@on_the_model
async def test_a_hold_that_cannot_be_reserved_any_more_has_ended(
    house: House, till: Seller, other: Seller
) -> None:
    await house.backs_up()
    lost = await till.sold(9_000, Collect.LATER)
    await house.restores()
    await other.sold(9_000)
    assert outcome(await shown(till, proof(till, lost)))[0] == "ENTERED"
    assert await house.state(lost) == "EXPIRED"
    (card,) = await till.till.recover()
    assert card.outcome is Outcome.NOT_PAID
    assert await house.state(lost) == "RELEASED"
    await assert_sound(house)


@on_the_model
async def test_a_sale_that_was_sealed_since_is_left_to_the_operator(
    house: House, till: Seller, other: Seller
) -> None:
    await house.backs_up()
    lost = await till.sold()
    await house.restores()
    await shown(till, complete=True, epoch=1, journal_began_at=house.clock.now() - timedelta(days=9))
    assert (await other.till.seal(lost)).state == "SEALED"
    assert outcome(await shown(till, proof(till, lost)))[0] == "LEFT_TO_OPERATOR"
    assert await house.state(lost) == "SEALED"
    assert await findings(house) == {lost: ("LEFT_TO_OPERATOR", ("conflict",))}
    await assert_sound(house)


@on_the_model
async def test_a_new_journal_at_an_old_till_proves_nothing_by_its_silence(
    house: House, till: Seller, other: Seller
) -> None:
    await house.backs_up()
    lost = await till.sold()
    await house.restores()
    again = await house.till("T1", journal="lost and made anew")
    await again.till.recover()
    assert not house.compared[-1].compared
    assert [card.outcome for card in await other.till.recover()] == []
    answer = await shown(other, complete=True, epoch=1, journal_began_at=NOT_BEFORE)
    assert answer.compared
    assert await house.state(lost) == "ABSENT"
    assert house.reasons()["RECOVERING"] == 0
    with pytest.raises(Exception, match="RECOVERING"):
        await other.till.seal(lost)


@on_the_model
async def test_a_till_that_was_enrolled_after_the_restore_proves_nothing_by_that(house: House) -> None:
    """It may have been enrolled before, in what was lost, and have sold: two people say that it has not."""
    await house.backs_up()
    await house.enrol("T9")
    lost = await (await house.till("T9", journal="thrown away")).sold()
    await house.restores()
    house.keys["T9"] = KeySigner.generate()
    await house.enrol("T9", not_before=house.clock.now())
    till = await house.till("T9")
    with pytest.raises(OutcomeUnknownError):
        await till.sell(100)
    with pytest.raises(OutcomeUnknownError):
        await till.till.seal(lost)
    await house.write(EndRecovery(1, f"{CLINIC}-T9", house.clock.now()))
    assert (await till.sell(100)).outcome is Outcome.PAID


@on_the_model
async def test_a_till_that_the_backup_knows_proves_by_a_journal_as_old_as_its_first_key(
    house: House
) -> None:
    """What was committed last may be long ago: it was enrolled since, and then the backup was made."""
    began_at = house.clock.now()
    await house.enrol("T9", not_before=began_at)
    await house.backs_up()
    await house.restores()
    tables: Any = house.store.tables  # type: ignore[attr-defined]
    (lost,) = tables.recoveries.begun.values()
    tables.recoveries.begun[1] = lost._replace(lost_from=began_at - timedelta(hours=9))
    till = await house.till("T9")
    late = await shown(till, complete=True, epoch=1, journal_began_at=house.clock.now())
    assert not late.compared
    assert (await shown(till, complete=True, epoch=1, journal_began_at=began_at)).compared


@on_the_model
async def test_a_patient_who_is_not_in_the_register_any_more_is_booked_for_without_sums(
    house: House, till: Seller
) -> None:
    await house.backs_up()
    lost = await till.sold()
    await house.restores()
    tables: Any = house.store.tables  # type: ignore[attr-defined]
    member = house.members[MEMBER]
    del tables.members[member]
    assert outcome(await shown(till, proof(till, lost)))[0] == "ENTERED"
    assert await findings(house) == {lost: ("ENTERED", ("member_unknown", "account_unknown"))}
    assert tables.counters == {}
    await assert_sound(house)


@on_the_model
async def test_an_answer_that_is_too_large_unpacked_is_refused(
    house: House, till: Seller, other: Seller
) -> None:
    sold = await till.sold()
    large = zlib.compress(bytes(1_048_577))
    body = settlement_pb2.ReassertRequest(answers=[reasserting.batch([proof(till, sold)])[0][0]])
    body.answers[0].answer_zlib = large
    body.requested_at.FromDatetime(house.clock.now())
    request = sign(
        REASSERT, body.SerializeToString(), signer=house.keys["T1"], audience=AUDIENCE,
        terminal=f"{CLINIC}-T1", now_ms=round(house.clock.now().timestamp() * 1000), nonce="n" * 22,
    )
    assert (await till.line.pass_on(request)).code == "INVALID_ARGUMENT"


@on_the_model
async def test_nothing_is_read_that_the_gateway_did_not_sign(
    house: House, till: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    sold = await till.sold()
    read: list[object] = []
    monkeypatch.setattr("medsettle_gateway.rpc.codec.reassert.sale_of", read.append)
    await shown(till, more_of_everything(proof(till, sold)))
    assert read == []


@on_the_model
async def test_a_wrong_epoch_ends_nothing(house: House, till: Seller) -> None:
    now = house.clock.now()
    await begin(house.stand, house.store, until=now.date(), lost_from=now, at=now)
    answer = await shown(till, complete=True, epoch=2, journal_began_at=NOT_BEFORE)
    assert not answer.compared
    assert answer.epoch == 1
