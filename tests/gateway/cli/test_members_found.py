"""Members by their numbers, for credential resolvers: on one connection that is made anew where it fails."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from medsettle_gateway.bootstrap.members import Members
from medsettle_gateway.resolvers.people import NumberKind
from medsettle_gateway.service.ports import StoreUnavailableError
from medsettle_gateway.storage.connection import DatabaseFailedError
from tests.gateway.cli.city import City, on_both_stores

pytestmark = on_both_stores

NUMBER, ID_NUMBER, CARD = "2103000001", "210399198504120019", "A21030001"


class Broken:
    """A connection whose server has gone."""

    def __init__(self, connection: Any) -> None:
        self.close = connection.close

    def execute(self, *_: object) -> Any:
        raise DatabaseFailedError("the server has gone")


@pytest.fixture
async def members(city: City) -> AsyncIterator[Members]:
    made = Members(city.gateway.config)
    yield made
    await made.close()


async def test_a_member_is_found_by_each_number_and_nobody_by_none(members: Members) -> None:
    reference = await members.of(NUMBER)
    assert reference is not None
    for kind, number in ((NumberKind.ID_NUMBER, ID_NUMBER), (NumberKind.SOCIAL_CARD, CARD)):
        (found,) = await members.known_by(kind, number)
        assert (found.member, found.region) == (reference, "210300")
    assert await members.of("404") is None
    assert await members.known_by(NumberKind.SOCIAL_CARD, "NOBODYS") == ()


async def test_one_connection_serves_all_look_ups_and_is_made_anew_where_it_fails(members: Members) -> None:
    reference = await members.of(NUMBER)
    kept = members._connection
    assert kept is not None
    assert await members.of(NUMBER) == reference
    assert members._connection is kept
    broken: Any = Broken(kept)
    members._connection = broken
    assert await members.of(NUMBER) == reference
    assert members._connection not in {None, kept, broken}


async def test_a_database_that_stays_away_is_said_to_be_away(
    members: Members, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> Any:
        raise DatabaseFailedError("away")

    monkeypatch.setattr(type(members._database), "connect", away)
    for _ in range(2):
        with pytest.raises(DatabaseFailedError):
            await members.of(NUMBER)
        with pytest.raises(StoreUnavailableError, match="register cannot be read"):
            await members.known_by(NumberKind.ID_NUMBER, ID_NUMBER)


async def test_what_is_entered_later_is_seen(city: City, members: Members) -> None:
    assert await members.known_by(NumberKind.SOCIAL_CARD, "C70000001") == ()
    file = city.write(
        "more.csv",
        "member_no,name,id_number,region,scheme,standing,enrolment,aid,conditions,covered_from,covered_to,"
        "account_yuan,account_state,social_card_no",
        "2103000901,钱一,210399198504120123,210300,employee,active,pooled_and_account,none,,2010-01-01,,,,"
        "C70000001",
    )
    city.run("member", "import", file)
    assert len(await members.known_by(NumberKind.SOCIAL_CARD, "C70000001")) == 1


async def test_a_key_that_takes_the_place_of_another_is_found_out_about(
    city: City, members: Members
) -> None:
    reference = await members.of(NUMBER)
    city.ask("identity", "add-key")
    city.ask("identity", "rotate")
    city.ask("identity", "drop-keys")
    assert await members.of(NUMBER) == reference
    members._drop()
    assert await members.of(NUMBER) == reference
