"""Each example runs alone, and the demo fails when something is not as it says."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytestmark = pytest.mark.e2e

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
LIMIT_S = 600
PROMISED = {
    "first_sale.py": ["统筹基金支付              100.00", "个人账户支付(本人)        400.00"],
    "async_sale.py": ["P21030200101-01-", "PAID", "36.80"],
    "recover_after_crash.py": ["the till says: OPEN", "after recover: PAID"],
    "pharmacy_day.py": [
        "自费购药  Over the counter", "家庭共济", "慢病续方", "WARNING_NOT_ACCEPTED",
        "PRESCRIPTION_NOT_REVIEWED", "PRESCRIBER_SUSPENDED", "TRACE_CODE_SOLD", "COVER_IN_ARREARS",
        "全部符合预期",
    ],
    "clinic_day.py": [
        "本院处方", "PRESCRIPTION_NUMBER_USED", "撤销退回处方", "The yearly review is overdue",
        "COULD_NOT_BE_DETERMINED", "Held, paid, confirmed", "全部符合预期",
    ],
    "demo.py": [
        "Eligibility check", "资格查询", "pooled fund 统筹基金支付", "100.00", "284.30", "63.20",
        "The lost answer", "REVERSED", "every entry is balanced 每笔分录平衡", "checks held",
    ],
}


def run(name: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(EXAMPLES / name)], capture_output=True, text=True, check=False, timeout=LIMIT_S,
        encoding="utf-8",
    )


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.glob("*.py")))
def test_an_example_runs_alone_and_does_what_it_promises(name: str) -> None:
    ended = run(name)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stderr == ""
    assert [promise for promise in PROMISED[name] if promise not in ended.stdout] == []
    assert "\033[" not in ended.stdout


@pytest.fixture
def demo() -> ModuleType:
    spec = importlib.util.spec_from_file_location("demo", EXAMPLES / "demo.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["demo"] = module
    spec.loader.exec_module(module)
    return module


def test_a_figure_that_is_wrong_ends_the_demo_with_1_and_names_the_step(
    demo: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def off_by_a_fen(day: Any) -> None:
        day.page.title("The wrong figure", "错")
        day.page.money("cash", 28_430, 28_431)

    monkeypatch.setattr(demo, "STEPS", (off_by_a_fen,))
    assert demo.main() == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "FAILED at step 2. The wrong figure: cash: 284.30, but it should be 284.31"


def test_a_gateway_that_is_gone_ends_the_demo_with_1(
    demo: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def asks_nobody(day: Any) -> None:
        day.gateway.kill()
        with demo.Till.open(demo.replace(day.desk, deadlines_ms={"GetSale": 200})) as desk:
            desk.probe()

    monkeypatch.setattr(demo, "STEPS", (asks_nobody,))
    assert demo.main() == 1
    assert "FAILED at step 1. A gateway, a city, two tills" in capsys.readouterr().out
