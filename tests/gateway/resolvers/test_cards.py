"""Cards by the register, and which resolver a credential goes to."""

from datetime import date, timedelta

import pytest

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.credential import AskedFor, Purpose
from medsettle_gateway.domain.facts import ResolvedCredential
from medsettle_gateway.resolvers.cards import Cards
from medsettle_gateway.resolvers.people import NumberKind
from medsettle_gateway.resolvers.routing import Routed
from medsettle_gateway.service.commands import Shown
from tests.gateway.resolvers.desk import (
    ASKED,
    LI,
    NOW,
    ZHANG,
    Line,
    PaperRegister,
    a_register,
    a_service,
    person,
    reason_of,
    registered,
)

ALL = ("electronic", "identity_card", "social_card")
CARDS = Cards(a_register(), b"i" * 32)
MISTYPED = ZHANG.id_number[:-2] + str((int(ZHANG.id_number[-2]) + 1) % 10) + ZHANG.id_number[-1]
"""No citizen has it, by its last character."""


@pytest.mark.parametrize("card", [
    Shown("identity_card", ZHANG.id_number), Shown("social_card", "A12345678"),
    Shown("social_card", " a12345678 "), Shown("social_card", "Ａ１２３４５６７８"),
    Shown("identity_card", "".join(chr(ord(each) + 0xFEE0) for each in ZHANG.id_number)),
])
async def test_a_card_is_its_owners_and_may_be_shown_again(card: Shown) -> None:
    found = await CARDS.resolve(card, ASKED, NOW)
    assert isinstance(found, ResolvedCredential)
    assert (found.member, found.single_use) == ("m-zhang", False)
    assert found.expires_at > NOW
    assert ZHANG.id_number not in found.credential_id


@pytest.mark.parametrize(("card", "reason"), [
    (Shown("social_card", "B00000000"), Reason.MEMBER_UNKNOWN),
    (Shown("social_card", ZHANG.id_number), Reason.MEMBER_UNKNOWN),
    (Shown("identity_card", "A12345678"), Reason.MEMBER_UNKNOWN),
    (Shown("social_card", "x"), Reason.CREDENTIAL_INVALID),
    (Shown("identity_card", "' OR 1=1 --"), Reason.CREDENTIAL_INVALID),
    (Shown("identity_card", "张三"), Reason.CREDENTIAL_INVALID),
    (Shown("identity_card", MISTYPED), Reason.CREDENTIAL_INVALID),
    (Shown("social_card", MISTYPED), Reason.MEMBER_UNKNOWN),
])
async def test_a_card_of_nobody_is_not_taken_for_anothers(card: Shown, reason: Reason) -> None:
    assert reason_of(await CARDS.resolve(card, ASKED, NOW)) is reason


async def test_of_two_numbers_of_one_person_the_one_whose_period_holds_today_is_meant() -> None:
    ended = registered("m-old", until=date(2025, 12, 31))
    earlier = registered("m-new", since=date(2010, 1, 1), until=date(2015, 12, 31))
    holds = registered("m-new", since=date(2026, 1, 1))
    card = Shown("identity_card", LI.id_number)
    for found, member in (([ended, earlier, holds], "m-new"), ([earlier, earlier], "m-new")):
        register = PaperRegister({(NumberKind.ID_NUMBER, LI.id_number): found})
        answer = await Cards(register, b"i" * 32).resolve(card, ASKED, NOW)
        assert isinstance(answer, ResolvedCredential)
        assert answer.member == member


async def test_of_people_in_several_regions_the_one_of_the_place_is_meant() -> None:
    register = PaperRegister({(NumberKind.ID_NUMBER, LI.id_number): [
        registered("m-dalian", "210200"), registered("m-anshan", "210300"),
    ]})
    card = Shown("identity_card", LI.id_number)
    found = await Cards(register, b"i" * 32).resolve(card, ASKED, NOW)
    assert isinstance(found, ResolvedCredential)
    assert found.member == "m-anshan"
    elsewhere = AskedFor("210400", "H1", Purpose.OUTPATIENT)
    answer = await Cards(register, b"i" * 32).resolve(card, elsewhere, NOW)
    assert reason_of(answer) is Reason.CREDENTIAL_AMBIGUOUS


def routed(*kinds: str) -> Routed:
    national, city = (a_service(Line([person(holder)])) for holder in (ZHANG, LI))
    return Routed(kinds, {"": national, "city": city}, (("CITY:", city),), CARDS)


async def test_each_kind_is_offered_only_where_it_is_accepted() -> None:
    only_codes, all_kinds = routed("electronic"), routed(*ALL)
    card = Shown("social_card", "A12345678")
    refusal = await only_codes.resolve(card, ASKED, NOW)
    assert reason_of(refusal) is Reason.CREDENTIAL_NOT_ACCEPTED
    assert not isinstance(refusal, ResolvedCredential)
    assert refusal.detail == {"kind": "social_card"}
    assert reason_of(await all_kinds.resolve(card, ASKED, NOW)) is None
    no_codes = await routed("social_card").resolve(Shown("electronic", "x"), ASKED, NOW)
    assert reason_of(no_codes) is Reason.CREDENTIAL_NOT_ACCEPTED


@pytest.mark.parametrize(("code", "code_type", "member"), [
    ("x", "", "m-zhang"), ("x", "city", "m-li"), ("CITY:x", "", "m-li"), ("CITY:x", "city", "m-li"),
])
async def test_a_code_goes_to_its_own_service_by_type_or_by_how_it_begins(
    code: str, code_type: str, member: str
) -> None:
    found = await routed(*ALL).resolve(Shown("electronic", code, code_type), ASKED, NOW + timedelta(0))
    assert isinstance(found, ResolvedCredential)
    assert found.member == member


async def test_a_type_that_nobody_reads_here_is_said_to_be_so() -> None:
    answer = await routed(*ALL).resolve(Shown("electronic", "x", "other"), ASKED, NOW)
    assert reason_of(answer) is Reason.CREDENTIAL_CODE_UNKNOWN
