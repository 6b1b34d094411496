"""Codes by a service's decode call: what comes of each answer, and what is remembered for how long."""

from datetime import date, timedelta

import pytest

from medsettle.wire.reasons import REASONS, Reason
from medsettle_gateway.domain.credential import AskedFor, Purpose
from medsettle_gateway.domain.facts import ResolvedCredential
from medsettle_gateway.resolvers.codes import Memory, settled_region
from medsettle_gateway.resolvers.people import NumberKind
from medsettle_gateway.resolvers.transport import AwayError, StrangeError
from tests.gateway.resolvers.desk import (
    ASKED,
    LI,
    LIFE,
    NOW,
    ZHANG,
    Line,
    PaperRegister,
    a_register,
    a_service,
    person,
    reason_of,
    refused,
    registered,
    shown,
)


async def test_a_code_is_its_owners_and_is_used_up_once() -> None:
    found = await a_service(Line([person()])).resolve(shown(), ASKED, NOW)
    assert isinstance(found, ResolvedCredential)
    assert (found.member, found.single_use) == ("m-zhang", True)


async def test_the_credentials_id_is_a_keyed_hash_of_the_services_token_and_the_same_everywhere() -> None:
    one, other = [
        await a_service(Line([person(token="tok")])).resolve(shown(code), ASKED, NOW) for code in ("a", "b")
    ]
    assert isinstance(one, ResolvedCredential)
    assert isinstance(other, ResolvedCredential)
    assert one.credential_id == other.credential_id
    assert "tok" not in one.credential_id


async def test_quote_and_settle_decode_a_code_once() -> None:
    line = Line([person()])
    service = a_service(line)
    answers = [await service.resolve(shown(), ASKED, NOW + timedelta(seconds=s)) for s in (0, 60, 299)]
    assert len(line.sent) == 1
    assert answers[0] == answers[1] == answers[2]


async def test_a_code_is_asked_again_after_its_life_at_another_place_and_for_another_purpose() -> None:
    line = Line([person()])
    service = a_service(line)
    await service.resolve(shown(), ASKED, NOW)
    await service.resolve(shown(), ASKED, NOW + LIFE)
    await service.resolve(shown(), AskedFor("210300", "H1", Purpose.PURCHASE), NOW)
    await service.resolve(shown(), AskedFor("210300", ASKED.institution, Purpose.PRESCRIPTION), NOW)
    assert [each["data"]["businessType"] for each in line.sent] == ["02121", "02121", "02121", "02122"]


async def test_a_code_that_expires_between_quote_and_settle_is_told_so_even_if_it_is_called_invalid() -> None:
    service = a_service(Line([person(), refused("二维码无效")]))
    assert reason_of(await service.resolve(shown(), ASKED, NOW)) is None
    later = await service.resolve(shown(), ASKED, NOW + LIFE)
    assert reason_of(later) is Reason.CREDENTIAL_EXPIRED
    long_after = await service.resolve(shown(), ASKED, NOW + timedelta(hours=2))
    assert reason_of(long_after) is Reason.CREDENTIAL_INVALID


async def test_a_code_that_was_never_good_is_invalid_each_time() -> None:
    service = a_service(Line([refused("二维码无效")]))
    for _ in range(2):
        assert reason_of(await service.resolve(shown(), ASKED, NOW)) is Reason.CREDENTIAL_INVALID


async def test_a_refusal_is_not_remembered() -> None:
    service = a_service(Line([refused("无效token"), person()]))
    assert reason_of(await service.resolve(shown(), ASKED, NOW)) is Reason.CREDENTIAL_EXPIRED
    assert reason_of(await service.resolve(shown(), ASKED, NOW)) is None


@pytest.mark.parametrize(("said", "cause"), [
    (AwayError("ConnectError"), "away"), (StrangeError("status 404"), "away"),
    (b"<html>", "answer"), (refused("系统繁忙"), "answer"),
])
async def test_a_service_that_does_not_say_leaves_open_whose_a_code_is(
    said: bytes | AwayError | StrangeError, cause: str
) -> None:
    answer = await a_service(Line([said])).resolve(shown(), ASKED, NOW)
    assert reason_of(answer) is Reason.CREDENTIAL_SERVICE_UNAVAILABLE
    assert not isinstance(answer, ResolvedCredential)
    assert answer.detail == {"cause": cause}
    assert not REASONS[answer.reason].recorded


@pytest.mark.parametrize(("insured", "reason"), [
    ("210300", None), ("210304", None), ("210200", Reason.CREDENTIAL_OTHER_REGION),
])
async def test_the_region_where_somebody_is_insured_must_be_one_that_is_settled_for(
    insured: str, reason: Reason | None
) -> None:
    answer = await a_service(Line([person(region=insured)])).resolve(shown(), ASKED, NOW)
    assert reason_of(answer) is reason


async def test_somebody_who_is_registered_elsewhere_than_the_service_says_is_not_taken_for_another() -> None:
    register = PaperRegister({(NumberKind.ID_NUMBER, ZHANG.id_number): [registered("m", region="210200")]})
    answer = await a_service(Line([person()]), register).resolve(shown(), ASKED, NOW)
    assert reason_of(answer) is Reason.CREDENTIAL_OTHER_REGION


async def test_nobody_in_the_register_is_a_member_who_is_unknown() -> None:
    answer = await a_service(Line([person()]), PaperRegister()).resolve(shown(), ASKED, NOW)
    assert reason_of(answer) is Reason.MEMBER_UNKNOWN


async def test_of_two_registrations_the_one_that_covers_today_is_meant_and_two_of_them_are_none() -> None:
    was = registered("m-resident", until=date(2025, 12, 31))
    both = {(NumberKind.ID_NUMBER, ZHANG.id_number): [was, registered("m-employee")]}
    found = await a_service(Line([person()]), PaperRegister(both)).resolve(shown(), ASKED, NOW)
    assert isinstance(found, ResolvedCredential)
    assert found.member == "m-employee"
    twice = {(NumberKind.ID_NUMBER, ZHANG.id_number): [registered("m1"), registered("m2")]}
    answer = await a_service(Line([person()]), PaperRegister(twice)).resolve(shown(), ASKED, NOW)
    assert reason_of(answer) is Reason.CREDENTIAL_AMBIGUOUS


async def test_with_no_life_nothing_is_taken_as_said() -> None:
    line = Line([person(), refused("无效token")])
    service = a_service(line, life=timedelta(0))
    assert reason_of(await service.resolve(shown(), ASKED, NOW)) is None
    assert reason_of(await service.resolve(shown(), ASKED, NOW)) is Reason.CREDENTIAL_EXPIRED


async def test_the_memory_is_bounded_and_the_oldest_goes_first() -> None:
    memory = Memory(b"k" * 32, 2)
    found = ResolvedCredential("id", "m", NOW)
    names = [memory.of(shown(code), ASKED) for code in ("a", "b", "c")]
    for name in names:
        memory.keep(name, found, NOW, LIFE)
    assert len(memory) == 2
    assert [memory.stands(name, NOW) for name in names] == [None, found, found]


async def test_the_memory_holds_neither_codes_nor_tokens() -> None:
    service = a_service(Line([person(token="tok-marked")]), a_register())
    await service.resolve(shown("code-marked"), ASKED, NOW)
    held = repr(vars(service.memory))
    assert "marked" not in held
    assert ZHANG.id_number not in held


async def test_another_process_cannot_tell_what_a_memory_holds() -> None:
    assert Memory(b"a" * 32, 1).of(shown(), ASKED) != Memory(b"b" * 32, 1).of(shown(), ASKED)
    assert Memory(b"a" * 32, 1).of(shown(LI.code), ASKED) != Memory(b"a" * 32, 1).of(shown(), ASKED)


@pytest.mark.parametrize(("insured", "region"), [
    ("210300", "210300"), ("210302", "210300"), ("210400", None), ("999900", None),
])
def test_a_district_is_settled_by_its_prefecture(insured: str, region: str | None) -> None:
    assert settled_region(insured, frozenset({"210300", "210200"})) == region
