"""What the pages tell a reader to type works, as it stands there."""

import shutil
from pathlib import Path

import pytest

from tests.e2e.blocks import ROOT, Block, blocks, environment, free_address, run_shell, serving

pytestmark = pytest.mark.e2e

CITY = ROOT / "gateway" / "src" / "medsettle_gateway" / "demo_city"
DEFAULT_ADDRESS = "127.0.0.1:50051"


def of_kind(page: Path, language: str, mark: str = "") -> list[Block]:
    return [block for block in blocks(page) if (block.language, block.mark) == (language, mark)]


def test_both_languages_show_the_same_commands() -> None:
    assert blocks(ROOT / "README.md") == blocks(ROOT / "README.zh-CN.md")


def test_the_operators_page_sets_up_a_gateway_that_serves(tmp_path: Path) -> None:
    page = ROOT / "gateway" / "README.md"
    for table in CITY.glob("*.csv"):
        shutil.copy(table, tmp_path)
    address = free_address()
    variables = environment(MEDSETTLE_GATEWAY__LISTEN__ADDRESS=address)
    setting_up, *later = of_kind(page, "sh")
    run_shell(setting_up.text, tmp_path, variables)
    [serve] = of_kind(page, "sh", "serve")
    with serving(serve.text, tmp_path, variables, address):
        for block in later:
            run_shell(block.text, tmp_path, variables)
