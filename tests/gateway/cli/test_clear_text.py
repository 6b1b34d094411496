"""Clear text is shown to who asks by name and with a reason, and that is recorded for ever."""

import pytest

from medsettle_gateway.cli.acting import system_user
from medsettle_gateway.domain.credential import Proxy, Relation
from medsettle_gateway.domain.moves import KeepProxy, PutSale
from medsettle_gateway.storage.facts import write
from tests.gateway.cli.city import City, on_both_stores
from tests.gateway.storage.stand import NOW, sale

pytestmark = on_both_stores

MEMBER = "2103000001"
PROXY = Proxy(Relation.CHILD, "张晓", "21030219850412001X", "13912345678")
WHO = ("--clear", "--by", "赵经办", "--reason", "家属来电核实")


def identity_in_file(city: City) -> tuple[str, str]:
    """Name and number of the member as the city's own file has them."""
    with city.gateway.reading() as connection:
        member = city.gateway.people(connection, "").member_of(MEMBER)
        row = connection.execute("SELECT sealed FROM identities WHERE member = ?", (member,)).fetchone()
    found = city.gateway.sealer.open(str(member), bytes(row[0]))
    return found.name, found.id_number


def with_proxy(city: City) -> str:
    one = sale(1)
    with city.gateway.writing() as connection:
        moves = (PutSale(one), KeepProxy(one.request_id.text, PROXY, NOW))
        write(connection, city.gateway.sealer, moves)
    return one.request_id.text


def test_a_member_is_masked_unless_somebody_says_why_not(city: City) -> None:
    name, number = identity_in_file(city)
    plain = city.run("member", "show", MEMBER).stdout
    assert name not in plain
    assert number not in plain
    assert city.ask("identity", "accesses")["accesses"] == []
    whole = city.ask("member", "show", MEMBER, *WHO)
    assert (whole["name"], whole["id_number"]) == (name, number)
    (access,) = city.ask("identity", "accesses")["accesses"]
    assert (access["author"], access["reason"]) == (f"赵经办 [{system_user()}]", "家属来电核实")
    assert access["subject"] == f"member/{whole['member']}"
    assert city.ask("identity", "accesses", "--subject", access["subject"])["accesses"] == [access]
    assert "身份证号 / id_number" in city.run("member", "show", MEMBER, *WHO).stdout
    assert access["shown"] == ["name", "id_number", "social_card_no", "phone"]
    listed = city.run("identity", "accesses").stdout
    assert "赵经办" in listed
    assert name not in listed


def test_who_came_for_a_patient_is_masked_too(city: City) -> None:
    text = with_proxy(city)
    shown = city.ask("sale", "show", text)["proxy"]
    assert shown == {
        "relation": "child", "name": "张*", "id_number": "210*************1X", "phone": "139******78",
    }
    page = city.run("sale", "show", text).stdout
    assert "代办人 / proxy          子女 child 张* 210*************1X 139******78" in page
    for secret in (PROXY.name, PROXY.id_number, PROXY.phone):
        assert secret not in page
    assert city.ask("sale", "show", text, *WHO)["proxy"] == {
        "relation": "child", "name": PROXY.name, "id_number": PROXY.id_number, "phone": PROXY.phone,
    }
    (access,) = city.ask("identity", "accesses", "--subject", f"proxy/{text}")["accesses"]
    assert access["shown"] == ["name", "id_number", "phone"]


def test_of_a_sale_without_a_proxy_nobody_sees_anything_and_nothing_is_recorded(city: City) -> None:
    one = sale(2)
    with city.gateway.writing() as connection:
        write(connection, city.gateway.sealer, (PutSale(one),))
    assert city.ask("sale", "show", one.request_id.text, *WHO)["proxy"] is None
    assert city.ask("identity", "accesses")["accesses"] == []


@pytest.mark.parametrize("options", [
    ("--clear",), ("--clear", "--by", "赵经办"), ("--clear", "--reason", "核实"), ("--by", "赵经办"),
    ("--reason", "核实"), ("--clear", "--by", " ", "--reason", "核实"),
])
def test_clear_text_takes_a_name_and_a_reason(city: City, options: tuple[str, ...]) -> None:
    city.run("member", "show", MEMBER, *options, exit_code=2)
    assert city.ask("identity", "accesses")["accesses"] == []


def test_a_sale_that_nobody_knows_is_said_to_be_unknown(city: City) -> None:
    assert "No sale" in city.run("sale", "show", "H1-T1-20260302-1-1", exit_code=1).stderr
    assert city.run("sale", "show", "not an id", exit_code=2).stderr


@pytest.mark.parametrize("statement", [
    "DELETE FROM identity_accesses", "UPDATE identity_accesses SET author = 'somebody else'",
    "DELETE FROM proxies", "UPDATE proxies SET kept_at_us = 0",
])
def test_what_was_seen_and_who_came_stands_for_ever(city: City, statement: str) -> None:
    with_proxy(city)
    city.ask("member", "show", MEMBER, *WHO)
    with pytest.raises(Exception, match="never"):
        city.change(statement)
    assert len(city.ask("identity", "accesses")["accesses"]) == 1
