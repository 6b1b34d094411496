"""What is typed, scanned or passed wrongly is said at once, in two languages, and ends with 2."""

import sys
from collections.abc import Iterator

import pytest

from medsettle.testing import Gateway
from tests.sdk.shells import LI, SCAN, Ended, Shell

pytestmark = pytest.mark.e2e
GBK = "张三".encode("gbk")
SELL = ("sell", f"{SCAN}@80.00", "--yes")


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with Gateway() as running:
        yield running


@pytest.fixture(scope="module")
def shell(gateway: Gateway) -> Shell:
    return Shell(gateway, gateway.enrol_till("H21030200001"))


def assert_not_utf_8(ended: Ended) -> None:
    said = ended.output + ended.complaints
    assert ended.code == 2, said
    assert "内容不是有效的UTF-8文本。 A text is not valid UTF-8." in said
    assert "Traceback" not in said


def test_a_scanner_that_types_gbk_is_told_of_in_both_languages(shell: Shell) -> None:
    assert_not_utf_8(shell.process("check", typed=GBK + b"\n"))
    assert_not_utf_8(shell.process(*SELL, "--operator", "7", typed=GBK + b"\n"))


@pytest.mark.skipif(sys.platform == "win32", reason="arguments are Unicode there")
@pytest.mark.parametrize("words", [
    ("check", "--credential", GBK), ("check", "--json", "--credential", GBK),
    (*SELL, "--credential", "x", "--operator", GBK),
    ("quote", GBK + f"{SCAN}@80.00".encode(), "--credential", "x", "--operator", "7"),
    ("reverse", "H21030200001-01-20261122-1-1", "--operator", "7", "--reason", GBK),
], ids=["credential", "json", "operator", "line", "reason"])
def test_arguments_in_gbk_are_told_of_in_both_languages(
    shell: Shell, words: tuple[str | bytes, ...]
) -> None:
    command, *more = words
    ended = shell.process(str(command), *more)
    assert ended.code == 2
    assert "内容不是有效的UTF-8文本。" in ended.output + ended.complaints
    assert "not valid UTF-8." in ended.output + ended.complaints
    assert "Traceback" not in ended.complaints


@pytest.mark.parametrize(("line", "named"), [
    (f"{SCAN}*0@80.00", ("AMOUNT_OUT_OF_RANGE", "lines[1].quantity", "value=0")),
    (f"{SCAN}@1000000000", ("AMOUNT_OUT_OF_RANGE", "lines[1].unit_price", "limit=99999999")),
    (f"{SCAN}@1.0000001", ("FIELD_INVALID", "lines[1].unit_price", "decimals=6")),
])
def test_a_number_that_no_line_may_have_is_said_before_anything_is_scanned(
    shell: Shell, line: str, named: tuple[str, ...]
) -> None:
    typed = shell.scan(LI)
    ended = shell.run("sell", line, "--operator", "7", "--yes", typed=typed)
    assert ended.code == 2
    for fact in named:
        assert fact in ended.complaints
