"""Who came for the patient: the form is checked, and nothing of the person is repeated."""

from typing import Any

import pytest

from medsettle.wire import calls
from medsettle.wire.v1 import credential_pb2
from medsettle_gateway.domain.credential import Proxy, Relation
from medsettle_gateway.service import commands
from tests.gateway.rpc.stage import Refused, Stage, bytes_of, settle

NUMBER = "21030219850412001X"


def stated(**changes: Any) -> credential_pb2.Proxy:
    return credential_pb2.Proxy(**{
        "relation": "child", "name": "张晓", "id_number": NUMBER, "phone": "13900000000", **changes,
    })


async def asked(**changes: Any) -> commands.Settle:
    stage = Stage()
    answer = await stage.ask(calls.SETTLE, bytes_of(settle(**changes)))
    assert stage.service.asked, answer.status and Refused.of(answer).said
    command = stage.service.asked[0][0]
    assert isinstance(command, commands.Settle)
    return command


async def test_who_came_arrives_and_stands_in_no_text() -> None:
    command = await asked(proxy=stated())
    assert command.proxy == Proxy(Relation.CHILD, "张晓", NUMBER, "13900000000")
    for text in (repr(command), repr(command.proxy), str(command.proxy)):
        for secret in ("张晓", NUMBER, "13900000000"):
            assert secret not in text


async def test_without_one_the_patient_came() -> None:
    assert (await asked()).proxy is None


@pytest.mark.parametrize("number", [NUMBER, NUMBER.lower(), "210302850412001", "ABC123456789012"])
async def test_the_papers_of_residents_are_known(number: str) -> None:
    proxy = (await asked(proxy=stated(id_number=number))).proxy
    assert proxy is not None
    assert proxy.id_number == number.upper()


@pytest.mark.parametrize(("changes", "reason", "field"), [
    ({"relation": ""}, "FIELD_REQUIRED", "proxy.relation"),
    ({"relation": "neighbour"}, "FIELD_INVALID", "proxy.relation"),
    ({"name": ""}, "FIELD_REQUIRED", "proxy.name"),
    ({"name": "张" * 51}, "FIELD_INVALID", "proxy.name"),
    ({"name": "张\n晓"}, "FIELD_INVALID", "proxy.name"),
    ({"id_number": ""}, "FIELD_REQUIRED", "proxy.id_number"),
    ({"id_number": "210302198504120015"}, "FIELD_INVALID", "proxy.id_number"),
    ({"id_number": "2103021985041200"}, "FIELD_INVALID", "proxy.id_number"),
    ({"phone": "call me"}, "FIELD_INVALID", "proxy.phone"),
    ({"phone": "1" * 21}, "FIELD_INVALID", "proxy.phone"),
    ({"phone": "12345"}, "FIELD_INVALID", "proxy.phone"),
])
async def test_what_is_wrong_is_named_and_not_repeated(
    changes: dict[str, Any], reason: str, field: str
) -> None:
    stage = Stage()
    answer = Refused.of(await stage.ask(calls.SETTLE, bytes_of(settle(proxy=stated(**changes)))))
    assert stage.service.asked == []
    assert (answer.reason, answer.said["field"]) == (reason, field)
    said = repr(answer)
    for value in (*changes.values(), "张晓", NUMBER):
        assert not value or value not in said


async def test_goods_come_back_without_a_proxy() -> None:
    stage = Stage()
    message = settle(proxy=stated(), replaces="H21030200001-01-20240531-7-1")
    message.ClearField("credential")
    answer = Refused.of(await stage.ask(calls.SETTLE, bytes_of(message)))
    assert (answer.reason, answer.said["field"]) == ("FIELD_INVALID", "proxy")
