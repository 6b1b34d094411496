"""What is committed works elsewhere: no place of one machine, no address of one registry, one version."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.house.tree import ROOT, named, tracked, tracked_texts

PLACES = re.compile(r"(?<![\w.])/(?:wo" + r"rk|ro" + r"ot|ho" + r"me/\w+|Us" + r"ers/\w+)/")
HOSTS = re.compile("|".join([r"pypi\.or" + "g", r"pythonhos" + "ted", r"npmjs\.or" + "g"]))
FILE_BYTES_MAX = 1_000_000


def project(folder: str) -> dict[str, object]:
    """Returns the [project] table of a package."""
    table = tomllib.loads((ROOT / folder / "pyproject.toml").read_text("utf-8"))["project"]
    assert isinstance(table, dict)
    return table


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    """Returns where a pattern stands in the files that git knows."""
    return [
        f"{named(path)}:{number}"
        for path, text in tracked_texts()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_file_names_a_place_of_one_machine() -> None:
    assert lines_with(PLACES) == []


def test_no_file_names_the_host_of_a_registry() -> None:
    assert lines_with(HOSTS) == []


def test_no_file_is_large() -> None:
    assert [named(path) for path in tracked() if path.stat().st_size > FILE_BYTES_MAX] == []


def test_every_text_ends_its_lines_alike() -> None:
    found = [
        named(path)
        for path, _ in tracked_texts()
        if b"\r\n" in (data := path.read_bytes()) or (data and not data.endswith(b"\n"))
    ]
    assert found == []


def test_both_packages_have_one_version() -> None:
    version = project("sdk")["version"]
    assert project("gateway")["version"] == version
    needs = project("gateway")["dependencies"]
    assert isinstance(needs, list)
    assert f"medsettle=={version}" in needs


@pytest.mark.parametrize("folder", ["sdk", "gateway"])
def test_the_changelog_begins_with_the_version(folder: str) -> None:
    text = (ROOT / folder / "CHANGELOG.md").read_text("utf-8")
    found = re.search(r"^## (\S+)", text, re.MULTILINE)
    assert found is not None
    assert found[1] == project(folder)["version"]


def test_a_dependency_is_pinned_exactly() -> None:
    for name in ("requirements.txt", "protos/requirements.txt"):
        lines = (ROOT / name).read_text("utf-8").splitlines()
        pins = [line for line in lines if line and not line.startswith("#")]
        assert pins
        assert [line for line in pins if not re.match(r"[A-Za-z0-9_.-]+==[\w.]+( ; .+)?$", line)] == []


@pytest.mark.parametrize("folder", ["sdk", "gateway"])
def test_what_a_package_needs_is_pinned_for_developers(folder: str) -> None:
    pinned = set(re.findall(r"^([\w.-]+)==", (ROOT / "requirements.txt").read_text("utf-8"), re.MULTILINE))
    needs = project(folder)["dependencies"]
    assert isinstance(needs, list)
    names = {re.split(r"[<>=;\s]", need)[0].lower().replace("_", "-") for need in needs}
    assert names - {"medsettle"} <= pinned


def test_packages_carry_the_licence() -> None:
    assert Path(ROOT / "LICENSE").read_text("utf-8").lstrip().startswith("Apache License")
    assert {project(folder)["license"] for folder in ("sdk", "gateway")} == {"Apache-2.0"}


def test_every_link_between_pages_leads_somewhere() -> None:
    links = re.compile(r"\]\((?!https?:)([^)#]+)")
    broken = [
        f"{named(path)}: {target}"
        for path in tracked()
        if path.suffix == ".md"
        for target in links.findall(path.read_text("utf-8"))
        if not (path.parent / target).exists()
    ]
    assert broken == []
