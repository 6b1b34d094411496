"""The region's own facts about members: what the policy does not know is said at the import."""

from datetime import timedelta

import pytest

from medsettle_gateway.storage.instants import from_us
from tests.gateway.cli.city import City, on_both_stores
from tests.gateway.cli.county import MEMBERS, PACK, REGION, person

pytestmark = on_both_stores

HEADER = "member_no,name,value,from,to"
FACTS = """\
facts:
  tier: {from: patient.attributes.contribution, values: [low, high]}
  kids: {from: patient.attributes.children, kind: int}
"""


@pytest.fixture
def asking(city: City) -> City:
    """The city with a county beside it whose pack asks for two attributes."""
    folder = city.folder / "packs"
    folder.mkdir()
    text = PACK.replace("CREDIT", "").replace("CARRIES", "").replace("lines:", f"{FACTS}lines:", 1)
    (folder / "asking.yaml").write_text(text, "utf-8")
    with city.config.open("a", encoding="utf-8") as file:
        file.write('\n[policy]\ndirectory = "packs"\n')
    city.run("member", "import", city.write("s.csv", MEMBERS, person("S1")))
    return city


def test_what_the_policy_knows_is_entered_without_a_word(asking: City) -> None:
    path = asking.write("a.csv", HEADER, "S1,contribution,low,2026-01-01,", "S1,children,3,2026-01-01,")
    assert asking.run("member", "attributes", path).stderr == ""


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("S1,contribution,lowest,2026-01-01,", "knows of contribution: low, high"),
        ("S1,children,many,2026-01-01,", "knows of children: a whole number"),
    ],
)
def test_a_value_that_no_policy_of_the_region_knows_is_a_fault(asking: City, row: str, said: str) -> None:
    path = asking.write("a.csv", HEADER, "S1,contribution,low,2025-01-01,", row)
    with asking.untouched():
        faults = asking.ask("member", "attributes", path, exit_code=1)["faults"]
    assert [fault["line"] for fault in faults] == [3]
    assert faults[0]["en"].endswith(said)


def test_a_correction_shows_from_when_it_is_known_on(asking: City) -> None:
    for value in ("low", "high"):
        path = asking.write("a.csv", HEADER, f"S1,contribution,{value},2026-01-01,")
        asking.run("member", "attributes", path)
    (low, high) = (
        from_us(entered_us)
        for (entered_us,) in asking.rows("SELECT entered_at_us FROM member_attributes ORDER BY position")
    )
    show = ("member", "show", "S1", "--on", "2026-03-01")
    found = [
        asking.ask(*show, "--known-at", at.isoformat())["attributes"]
        for at in (low - timedelta(microseconds=1), low, high)
    ]
    assert found == [{}, {"contribution": "low"}, {"contribution": "high"}]
    assert asking.ask(*show)["attributes"] == {"contribution": "high"}


def test_a_name_that_no_policy_of_the_region_asks_for_is_entered_and_named(asking: City) -> None:
    path = asking.write("a.csv", HEADER, "S1,contributoin,low,2026-01-01,")
    said = asking.run("member", "attributes", path)
    assert "新增 1 new" in said.stdout
    assert f"no policy of region {REGION} asks for contributoin" in said.stderr
    assert "asked for: contribution, children" in said.stderr


def test_where_no_policy_asks_for_anything_that_is_said(city: City) -> None:
    said = city.run("member", "attributes", city.write("a.csv", HEADER, "2103000001,tier,low,2026-01-01,"))
    assert "no policy of region 210300 asks for tier; none asks for any yet." in said.stderr
    assert "还没有用到任何属性" in said.stderr


def test_members_of_a_region_without_a_pack_come_with_a_warning(city: City) -> None:
    said = city.run("member", "import", city.write("s.csv", MEMBERS, person("S1"))).stderr
    assert f"region {REGION} has no policy pack yet" in said
