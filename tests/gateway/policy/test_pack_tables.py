"""What policies/README.md says of the shipped packs is so: every pack, its head, and every worked example."""

import json
import re
from pathlib import Path
from typing import Final

import pytest

import medsettle_gateway
from medsettle_gateway.files.packs import read_text, shipped_packs
from medsettle_gateway.files.yaml import read_yaml
from medsettle_gateway.policy.loader import load_pack
from medsettle_gateway.policy.pack import Pack

POLICIES: Final = Path(medsettle_gateway.__file__).parent / "policies"
CASES: Final = Path(__file__).parents[2] / "cases"
PACKS: Final = {pack.id: pack for pack in map(load_pack, shipped_packs())}
README: Final = (POLICIES / "README.md").read_text("utf-8")
SECTIONS: Final = {
    section.partition(",")[0]: section for section in re.split(r"^## ", README, flags=re.MULTILINE)
}
"""The sections by the id of their pack."""

RULE_ROW: Final = re.compile(r"^\|[^|]*\|[^|]*\|[^|]*\|([^|]*)\|$", re.MULTILINE)
"""Clause, rule, where in the pack, and the cases; the other tables have fewer columns."""

RANGE: Final = re.compile(r"\b([A-Z]+)(\d\d)–[A-Z]+(\d\d)\b")
NAME: Final = re.compile(r"\b[A-Z]+\d\d[a-z]?\b")


def named(pack: str) -> set[str]:
    """The cases that the tables of a pack name, ranges spelled out."""
    cells = " ".join(RULE_ROW.findall(SECTIONS[pack]))
    ranges = {
        f"{letters}{number:02}"
        for letters, first, last in RANGE.findall(cells)
        for number in range(int(first), int(last) + 1)
    }
    return ranges | set(NAME.findall(cells))


def written(pack: str) -> set[str]:
    """The cases in the folder of a pack."""
    documents = (read_yaml(read_text(path), path.name).data for path in (CASES / pack).glob("*.yaml"))
    return {document["case"] for document in documents}  # type: ignore[index]


@pytest.mark.parametrize("pack", PACKS)
def test_every_case_that_a_table_names_is_there_and_no_other(pack: str) -> None:
    assert len(written(pack)) > 10
    assert named(pack) == written(pack)


def test_every_folder_of_cases_is_that_of_a_pack() -> None:
    assert {path.name for path in CASES.iterdir()} == set(PACKS)


@pytest.mark.parametrize("path", sorted(CASES.rglob("*.yaml")), ids=lambda path: path.stem)
def test_a_case_stands_in_the_folder_of_its_pack_under_its_name(path: Path) -> None:
    document = read_yaml(read_text(path), path.name).data
    assert isinstance(document, dict)
    assert document["pack"] == path.parent.name
    assert path.name.startswith(document["case"] + "-")
    assert document["basis"]


@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)
def test_the_first_table_tells_region_period_and_benefits(pack: Pack) -> None:
    (row,) = (line for line in README.splitlines() if line.startswith(f"| `{pack.id}` |"))
    assert pack.region in row
    assert f"| {pack.effective_from} –" in row
    assert pack.effective_to is None or str(pack.effective_to) in row
    assert [benefit.id for benefit in pack.benefits] == re.findall(
        r"`(\w+)`", row.rpartition("|")[0].rpartition("|")[2]
    )


def test_no_shipped_figure_is_one_of_our_own() -> None:
    assert not [source.name for source in shipped_packs() if '"assumed"' in json.dumps(source.data)]


def test_a_pack_stands_in_the_folder_of_its_region() -> None:
    for source in shipped_packs():
        assert source.name.split("/")[1].startswith(str(source.data["region"]) + "_")
