"""Every worked example in ``tests/cases`` comes out as it says."""

from pathlib import Path

import pytest

from medsettle_gateway.files.packs import read_text, shipped_packs
from medsettle_gateway.files.yaml import read_yaml
from medsettle_gateway.policy.cases import CaseRunner

CASES = sorted((Path(__file__).parents[2] / "cases").rglob("*.yaml"))


@pytest.fixture(scope="module")
def runner() -> CaseRunner:
    return CaseRunner(shipped_packs())


@pytest.mark.parametrize("path", CASES, ids=[path.stem for path in CASES])
def test_the_case_comes_out_as_it_says(path: Path, runner: CaseRunner) -> None:
    document = read_yaml(read_text(path), path.name)
    result = runner.run(document.data, path.name, document.lines)
    assert not result.faults
    assert not [(each.key, each.expected, each.got) for each in result.differences]


def test_every_case_has_a_name_of_its_own() -> None:
    names = [read_yaml(read_text(path), path.name).data["case"] for path in CASES]  # type: ignore[index]
    assert len(names) == len(set(names)) > 90
