"""A short day of real faults over each store; the long one is ``make chaos``."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 600
SHORT = ("--seconds", "120", "--kills", "8", "--sales", "120", "--shops", "2", "--tills", "5",
         "--members", "60")

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(sys.platform == "win32", reason="it kills and limits processes as only Unix can"),
]


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_nothing_is_lost_or_done_twice_while_everything_fails(store: str) -> None:
    command = [sys.executable, "-m", "tests.chaos", "--store", store, "--seed", "short", *SHORT]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=LIMIT_S, encoding="utf-8"
    )
    print(done.stdout)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    (kills, sales), = re.findall(r"([0-9,]+) kills .*, ([0-9,]+) sales", done.stdout)
    assert int(kills.replace(",", "")) > 3
    assert int(sales.replace(",", "")) > 20
