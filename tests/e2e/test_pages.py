"""What the pages tell a reader to type works, as it stands there."""

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import pytest

from medsettle.testing import Gateway
from tests.e2e.blocks import LIMIT_S, ROOT, Block, blocks, environment, free_address, run, run_shell, serving

if TYPE_CHECKING:
    from tests.postgres import Databases

pytestmark = pytest.mark.e2e

ON_THE_PAGE = "postgresql://medsettle@localhost/medsettle"
DEFAULT_ADDRESS = "127.0.0.1:50051"
WAIT = """python -c 'import grpc; grpc.channel_ready_future(grpc.insecure_channel("{address}")).result(90)'"""


def of_kind(page: Path, language: str, mark: str = "") -> list[Block]:
    return [block for block in blocks(page) if (block.language, block.mark) == (language, mark)]


@pytest.mark.parametrize("folder", [ROOT, ROOT / "sdk", ROOT / "gateway", ROOT / "protos"], ids=str)
def test_both_languages_show_the_same_blocks(folder: Path) -> None:
    """So what is run of one page is run of both."""
    assert blocks(folder / "README.zh-CN.md") == blocks(folder / "README.md")


def test_the_operators_page_sets_up_a_gateway_that_serves(tmp_path: Path) -> None:
    """One shell, block after block, as the reader types them; what serves stays in the background."""
    address = free_address()
    typed = [
        f"{block.text.strip()} & served=$!\ntrap 'kill $served; wait' EXIT\n{WAIT.format(address=address)}"
        if block.mark == "serve" else block.text
        for block in blocks(ROOT / "gateway" / "README.md")
        if block.language == "sh" and block.mark in {"", "serve"}
    ]
    variables = environment(MEDSETTLE_GATEWAY__LISTEN__ADDRESS=address)
    printed = run_shell("\n".join(typed), tmp_path, variables)
    assert "listening on" in printed
    assert "余额与记账一致" in printed


@contextmanager
def made(text: str, databases: "Databases") -> Iterator[str]:
    """Runs the page's SQL with names of its own; yields the address of the database that it makes."""
    from tests.postgres import _execute

    name = f"page_{uuid4().hex[:12]}"
    parts = urlsplit(databases._url)
    place = parts.netloc.rpartition("@")[2]
    try:
        for statement in text.replace("medsettle", name).split(";\n")[:-1]:
            asyncio.run(_execute(databases._url, statement))
        yield urlunsplit(parts._replace(netloc=f"{name}@{place}", path=f"/{name}"))
    finally:
        asyncio.run(_execute(databases._url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        asyncio.run(_execute(databases._url, f"DROP ROLE IF EXISTS {name}"))


@pytest.mark.skipif(sys.platform == "win32", reason="no port is shared by processes there")
def test_the_operators_page_sets_up_workers_over_a_server(tmp_path: Path, databases: "Databases") -> None:
    page, address = ROOT / "gateway" / "README.md", free_address()
    [sql], [init] = of_kind(page, "sql"), of_kind(page, "sh", "server")
    [serve] = of_kind(page, "sh", "workers")
    variables = environment(MEDSETTLE_GATEWAY__LISTEN__ADDRESS=address, PGPASSWORD="of your own")
    with made(sql.text, databases) as url:
        assert ON_THE_PAGE in init.text
        run_shell(init.text.replace(ON_THE_PAGE, f"'{url}'"), tmp_path, variables)
        log = tmp_path / "served.log"
        with serving(serve.text, tmp_path, log, variables, address):
            until = time.monotonic() + LIMIT_S
            while "workers=4" not in log.read_text("utf-8"):
                assert time.monotonic() < until
                time.sleep(0.05)


def test_the_sale_in_twenty_lines_prints_the_receipt_that_the_page_shows(tmp_path: Path) -> None:
    [sale] = of_kind(ROOT / "README.md", "python")
    [shown] = of_kind(ROOT / "README.md", "text")
    assert len([line for line in sale.text.splitlines() if line.strip()]) <= 20
    script = tmp_path / "sale.py"
    script.write_text(sale.text, "utf-8")
    printed = run([sys.executable, str(script)], tmp_path, environment())
    assert printed.startswith("pooled 100.00 cash 0.00\nPAID\n")
    assert shown.text in printed


def test_a_newcomer_serves_enrols_and_sells_by_hand(tmp_path: Path) -> None:
    page, address = ROOT / "README.md", free_address()
    variables = environment(MEDSETTLE_GATEWAY__LISTEN__ADDRESS=address, SANDBOX=str(tmp_path / "sandbox"))
    [serve] = of_kind(page, "sh", "serve")
    [by_hand] = [block for block in of_kind(page, "sh") if "medsettle enrol" in block.text]
    text = by_hand.text.replace(".build/", f"{tmp_path}/").replace(DEFAULT_ADDRESS, address)
    with serving(serve.text, ROOT, tmp_path / "served.log", variables, address):
        printed = run_shell(text, ROOT, variables)
    assert "PAID" in printed
    [receipt] = of_kind(page, "text")
    assert receipt.text in printed


def test_the_first_command_of_the_page_plays_the_demo() -> None:
    demo, *_ = of_kind(ROOT / "README.md", "sh")
    assert demo.text == "make demo\n"
    assert run_shell(demo.text, ROOT, environment())


def test_the_second_command_is_the_one_that_runs_this_test() -> None:
    _, test, *_ = of_kind(ROOT / "README.md", "sh")
    assert test.text == "make test\n"


def test_the_vendors_page_runs_block_by_block(tmp_path: Path) -> None:
    scripts = of_kind(ROOT / "sdk" / "README.md", "python")
    with Gateway(tmp_path / "gateway") as gateway:
        folder = gateway.enrol_till("P21030200101").parent
        for number, script in enumerate(scripts):
            path = folder / f"block_{number}.py"
            path.write_text(script.text, "utf-8")
            scanned = "".join(f"{gateway.issue_credential('2103000001')}\n" for _ in range(2))
            run([sys.executable, str(path)], folder, environment(), given=scanned)
        assert gateway.books()["balanced"]
