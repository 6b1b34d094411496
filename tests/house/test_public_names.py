"""The SDK's front door is small, sorted and light."""

import json
import subprocess
import sys

import pytest

import medsettle

NAMES_MAX = 30
HEAVY = {"cryptography", "google", "grpc", "httpx", "sqlite3", "tenacity"}
LIGHT = [
    "medsettle",
    "medsettle.wire",
    "medsettle.wire.calls",
    "medsettle.wire.reasons",
    "medsettle.wire.states",
]


def in_a_fresh_interpreter(code: str) -> object:
    """Returns what the code prints as JSON: an interpreter that has imported nothing yet."""
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, encoding="utf-8", timeout=60
    )
    return json.loads(run.stdout)


def test_the_front_door_is_sorted_and_small() -> None:
    names = list(medsettle.__all__)
    assert names == sorted(set(names))
    assert len(names) <= NAMES_MAX
    assert not [name for name in names if name.startswith("_")]


def test_what_is_promised_is_there_and_nothing_else_is_shown() -> None:
    code = """if True:
        import json, medsettle
        shown = [name for name in dir(medsettle) if not name.startswith("_")]
        missing = [name for name in medsettle.__all__ if not hasattr(medsettle, name)]
        print(json.dumps({"shown": shown, "missing": missing}))
    """
    assert in_a_fresh_interpreter(code) == {"shown": sorted(medsettle.__all__), "missing": []}


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute"):
        getattr(medsettle, "no_such_" + "name")


@pytest.mark.parametrize("module", LIGHT)
def test_importing_the_shared_floor_loads_nothing_heavy(module: str) -> None:
    code = f"import {module}, json, sys; print(json.dumps(sorted({{m.split('.')[0] for m in sys.modules}})))"
    loaded = in_a_fresh_interpreter(code)
    assert isinstance(loaded, list)
    assert HEAVY.intersection(loaded) == set()
