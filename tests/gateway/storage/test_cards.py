"""Members by the numbers of their cards, in both databases: found by keyed hashes, kept sealed."""

from datetime import date

import pytest

from medsettle_gateway.domain.member import Enrolment, Scheme, Standing
from medsettle_gateway.domain.people import Cover, PersonKind
from medsettle_gateway.domain.records import Subject
from medsettle_gateway.storage.identities import identity_of
from medsettle_gateway.storage.records import NewRecord
from medsettle_gateway.storage.register import Holder, holders_of
from tests.gateway.storage.postgres_stand import PostgresStand
from tests.gateway.storage.stand import REGION, SEALER, SqliteStand, person

ID_NUMBER = "210399198504120019"
CARD = "A21030001"


@pytest.fixture(params=["sqlite", "postgres"])
def stand(request: pytest.FixtureRequest) -> SqliteStand | PostgresStand:
    if request.param == "sqlite":
        return SqliteStand(request.getfixturevalue("tmp_path"))
    return PostgresStand(request.getfixturevalue("database_url"))


def held(stand: SqliteStand | PostgresStand, kind: str, number: str) -> tuple[Holder, ...]:
    with stand.writing() as connection:
        return holders_of(connection, SEALER, kind, number)


def test_a_member_is_found_by_either_card(stand: SqliteStand | PostgresStand) -> None:
    member = stand.enter(person("1", social_card_no=CARD))["1"]
    mine = (Holder(member, REGION, date(2010, 1, 1), None),)
    assert held(stand, "social_card", CARD) == mine
    assert held(stand, "id_number", ID_NUMBER) == mine
    assert held(stand, "social_card", ID_NUMBER) == ()
    assert held(stand, "id_number", CARD) == ()


def test_two_registrations_of_one_person_are_both_found(stand: SqliteStand | PostgresStand) -> None:
    refs = stand.enter(
        person("1", covered_to=date(2020, 12, 31)),
        person(
            "2", scheme=Scheme.RESIDENT, standing=Standing.ADULT, enrolment=Enrolment.POOL_ONLY,
            covered_from=date(2021, 1, 1), account_fen=None,
        ),
    )
    assert {each.member for each in held(stand, "id_number", ID_NUMBER)} == set(refs.values())


def test_periods_of_cover_say_where_and_when_whoever_has_a_card_is_insured(
    stand: SqliteStand | PostgresStand
) -> None:
    member = stand.enter(person("1", social_card_no=CARD))["1"]
    resident = Cover("990200", Scheme.RESIDENT, Standing.ADULT, Enrolment.POOL_ONLY)
    employee = Cover(REGION, Scheme.EMPLOYEE, Standing.ACTIVE, Enrolment.POOLED_AND_ACCOUNT)
    first, last, then = date(2010, 1, 1), date(2020, 12, 31), date(2021, 2, 1)
    stand.enter_records(
        *(
            NewRecord(Subject.MEMBER.named(member), PersonKind.COVER.value, str(begins), begins, ends, cover)
            for begins, ends, cover in ((first, last, resident), (then, None, employee))
        )
    )
    assert held(stand, "social_card", CARD) == (
        Holder(member, "990200", first, last), Holder(member, REGION, then, None),
    )


def test_without_the_column_the_card_stays_and_a_new_one_takes_its_place(
    stand: SqliteStand | PostgresStand
) -> None:
    member = stand.enter(person("1", social_card_no=CARD, phone="13912345678"))["1"]
    stand.enter(person("1", keeps_social_card=True, keeps_phone=True))
    assert len(held(stand, "social_card", CARD)) == 1
    stand.enter(person("1", social_card_no="B99999999", keeps_phone=True))
    assert held(stand, "social_card", CARD) == ()
    assert len(held(stand, "social_card", "B99999999")) == 1
    with stand.writing() as connection:
        identity = identity_of(connection, SEALER, member)
    assert identity is not None
    assert (identity.social_card_no, identity.phone) == ("B99999999", "13912345678")


def test_a_card_that_is_taken_back_is_nobodys(stand: SqliteStand | PostgresStand) -> None:
    stand.enter(person("1", social_card_no=CARD))
    stand.enter(person("1", social_card_no=""))
    assert held(stand, "social_card", CARD) == ()
    assert held(stand, "social_card", "") == ()
