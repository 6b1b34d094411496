"""Two commands are all that a newcomer types, so they must say what is wrong."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.house.tree import ROOT, tracked

MENTIONED = re.compile(r"(?:`|^)make ([a-z]+)", re.MULTILINE)
TARGETS = {
    "bench", "chaos", "check", "demo", "dist", "generate", "lock", "released", "serve", "setup", "simulate",
    "test",
}


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    alone = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", *arguments], cwd=ROOT, env=alone, capture_output=True, text=True, check=False,
        encoding="utf-8",
    )


def test_make_alone_lists_every_target_with_one_line() -> None:
    listed = dict(re.findall(r"^  make (\w+) +(\S.+)$", make().stdout, re.MULTILINE))
    assert set(listed) >= TARGETS
    assert all(len(line) < 90 for line in listed.values())


@pytest.mark.parametrize("python", ["no-such-python", "too-old"])
def test_an_unusable_python_is_named_in_both_languages(python: str, tmp_path: Path) -> None:
    old = tmp_path / "too-old"
    old.write_text("#!/bin/sh\nexit 1\n", "utf-8")
    old.chmod(0o755)
    named = str(old) if python == "too-old" else python
    run = make("python", f"PYTHON={named}")
    assert run.returncode != 0
    assert f"medsettle needs Python 3.11 or newer, and {named} is not" in run.stderr
    assert "需要 Python 3.11" in run.stderr


def test_setting_up_again_does_nothing() -> None:
    first = make("setup")
    assert first.returncode == 0, first.stderr
    assert make("setup").stdout.strip() in {"", "make: Nothing to be done for 'setup'."}


def test_ci_runs_what_a_developer_runs() -> None:
    assert (ROOT / ".ci" / "run").read_text("utf-8").splitlines()[-1] == "exec make test"
    assert re.search(r"^test: check\b", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


def test_every_page_names_targets_that_exist() -> None:
    made = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    pages = [path for path in tracked() if path.suffix == ".md"]
    named = {(path.name, name) for path in pages for name in MENTIONED.findall(path.read_text("utf-8"))}
    assert {(page, name) for page, name in named if name not in made} == set()


def test_serving_names_what_the_reader_does_next_and_nothing_that_it_does_itself(tmp_path: Path) -> None:
    """Without serving: make says what it would run."""
    planned = make("--dry-run", "serve", f"SANDBOX={tmp_path / 'box'}").stdout
    assert re.search(r"demo-city \S+ --no-next", planned)
    assert re.search(r'echo ".*terminal enrol H21030200001 01 --config \S+/gateway.toml"', planned)
