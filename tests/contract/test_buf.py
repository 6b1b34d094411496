"""A till that was built with an earlier contract keeps working: buf is asked, and answers no."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.proto import PROTOS

BUF = next(Path(sys.executable).parent.glob("buf*"))


def buf(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BUF), *arguments], cwd=cwd, capture_output=True, text=True, check=False, encoding="utf-8"
    )


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    """A copy of the contract beside an image of it, as if this one were released."""
    copy = tmp_path / "protos"
    shutil.copytree(PROTOS, copy, ignore=shutil.ignore_patterns("*.py", "*.binpb"))
    built = buf("build", "--output", "released.binpb", cwd=copy)
    assert built.returncode == 0, built.stderr
    return copy


def test_the_released_contract_breaks_nothing(contract: Path) -> None:
    assert buf("breaking", "--against", "released.binpb", cwd=contract).returncode == 0


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("sale.proto", "int64", "int32"),
        ("sale.proto", "SALE_STATE_SETTLED", "SALE_STATE_PAID"),
        ("settlement.proto", "rpc Seal(", "rpc SealSale("),
        ("settlement.proto", "string request_id = 1;", "string request_id = 100;"),
        ("reasons.proto", "REASON_SEALED = 29;", "REASON_SEALED = 2900;"),
    ],
    ids=["type", "value", "call", "number", "value number"],
)
def test_a_change_that_breaks_a_till_is_refused(contract: Path, file: str, old: str, new: str) -> None:
    path = contract / "medsettle" / "wire" / "v1" / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    assert buf("breaking", "--against", "released.binpb", cwd=contract).returncode != 0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  // Required. The held sale.\n", ""),
        ("string request_id", "string RequestId"),
        ("Request {", "Ask {"),
    ],
    ids=["comment", "field name", "message name"],
)
def test_a_contract_out_of_style_is_refused(contract: Path, old: str, new: str) -> None:
    path = contract / "medsettle" / "wire" / "v1" / "settlement.proto"
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    assert buf("lint", cwd=contract).returncode != 0
