"""Days of bad weather by their seeds: whatever goes wrong, in the evening the books, the journals, what was
said and the cash agree. Any seed that fails is printed with the command that replays it.
"""

import os
import secrets
import subprocess
import sys
import time
from typing import Final

import pytest

from tests.house.tree import ROOT
from tests.simulation.running import Sum, how_to_replay, many, simulate

FIXED_COUNT: Final = 1_800
NEW_COUNT: Final = 200
MET: Final = {
    "HELD", "SETTLED", "EXPIRED", "RELEASED", "REVERSED", "SEALED", "REFUSED", "QUOTE_CHANGED",
    "CREDENTIAL_USED", "CLOCK_SKEW", "STORE_UNAVAILABLE", "a till died", "a gateway died",
    "a gateway died before the commit", "a gateway died after the commit", "a commit failed",
    "a request was lost", "a request came twice", "an answer was lost", "an answer was cut",
    "the line was away", "goods came back", "PENDING", "UNDOING", "REFUSED_BY_AUTHORITY",
    "AUTHORITY_UNAVAILABLE", "gateways were in each other's way", "a sale was put aside",
    "a database was restored with loss", "RECOVERING", "TRACE_CODE_SOLD", "RETURN_NOT_OF_SALE",
    "PRESCRIPTION_DISPENSED", "PRESCRIPTION_QUANTITY_EXCEEDED",
}
"""What some of the days must have met, or the weather was not what it should be."""


def test_whatever_goes_wrong_everything_agrees_in_the_evening() -> None:
    fresh = secrets.token_hex(4)
    seeds = [str(number) for number in range(FIXED_COUNT)]
    seeds += [f"{fresh}-{number}" for number in range(NEW_COUNT)]
    print(f"seeds 0 to {FIXED_COUNT - 1}, and {fresh}-0 to {fresh}-{NEW_COUNT - 1}")
    total, began = Sum(), time.monotonic()
    for result in many(seeds):
        total.add(result)
    print(total.told(time.monotonic() - began))
    assert not total.failed, "\n" + "\n".join(map(how_to_replay, total.failed))
    assert set(total.met) >= MET
    assert total.seeds_count == len(seeds)


def test_several_days_in_a_row_end_well_too() -> None:
    results = [simulate(f"days-{number}", days=3) for number in range(6)]
    failed = [how_to_replay(result, 3) for result in results if result.faults]
    assert not failed, "\n".join(failed)


def run_elsewhere(seed: str, hash_seed: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.simulation", "--seed", seed, "--events"], cwd=ROOT, check=True,
        capture_output=True, text=True, encoding="utf-8", env={**os.environ, "PYTHONHASHSEED": hash_seed},
    )
    return ended.stdout


@pytest.mark.parametrize("seed", ["3", "8", "any words"])
def test_a_seed_replays_every_event_in_another_process_too(seed: str) -> None:
    first = run_elsewhere(seed, "1")
    assert "digest" in first
    assert first == run_elsewhere(seed, "2")


def test_two_seeds_make_other_days() -> None:
    assert simulate("3").digest != simulate("8").digest
