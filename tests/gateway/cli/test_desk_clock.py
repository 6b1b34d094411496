"""The clock at an operator's desk: where gateways share a server, it sets nobody's."""

from datetime import UTC, datetime, timedelta
from types import ModuleType

import pytest

from medsettle_gateway.cli import catalogue, crediting, deciding, frame, recovery, terminal
from medsettle_gateway.storage.instants import to_us
from tests.gateway.cli.city import City
from tests.gateway.cli.test_catalogue import ITEMS
from tests.gateway.cli.test_importing import MEMBERS, member
from tests.gateway.cli.test_sale import Till

AHEAD = timedelta(days=2)
MODULES: tuple[ModuleType, ...] = (catalogue, crediting, deciding, frame, recovery, terminal)


def ahead() -> datetime:
    return datetime.now(UTC) + AHEAD


@pytest.mark.parametrize("city", ["server"], indirect=True)
def test_what_operators_do_is_entered_at_the_servers_instant(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    sale = Till(city).sells(5_000)
    for module in MODULES:
        monkeypatch.setattr(module, "now", ahead)
    city.run("sale", "reverse", sale.request_id.text, "--by", "wang", "--second", "zhao", "--reason", "wrong")
    city.run("member", "import", city.write("m.csv", MEMBERS, member(1)))
    items = city.write("c.csv", ITEMS, "X1,甲,drug,A,,,,2030-01-01,")
    city.run("catalogue", "import", items, "--region", "210300")
    city.run("terminal", "revoke-key", "key")
    city.run("recovery", "begin", "--by", "wang", "--reason", "a drill")
    soon_us = to_us(datetime.now(UTC) + AHEAD / 2)
    for column in (
        "max(committed_at_us) FROM entries", "max(revoked_at_us) FROM terminal_keys",
        "max(begun_at_us) FROM recoveries", "max(entered_at_us) FROM catalogue_versions",
    ):
        ((at_us,),) = city.rows(f"SELECT {column}")
        assert at_us is not None
        assert at_us < soon_us, column
