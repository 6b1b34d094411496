"""What the command line says of itself and of wrong usage, for readers of either language."""

import re
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from medsettle_gateway.cli.top import top


def listed(command: click.Command, path: str = "") -> Iterator[tuple[str, str]]:
    """Yields every command below with the line that lists it."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield f"{path} {name}".strip(), found.get_short_help_str(200)
            yield from listed(found, f"{path} {name}")


def chinese(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)


def test_every_command_is_listed_in_chinese_and_english() -> None:
    found = dict(listed(top))
    assert {"init", "serve", "member import", "terminal enrol"} <= found.keys()
    assert [name for name, line in found.items() if not chinese(line)] == []
    assert [name for name, line in found.items() if not re.search(r"[a-z]{2}", line)] == []


def test_the_page_of_help_begins_in_both_languages() -> None:
    page = CliRunner().invoke(top, ["--help"]).stdout
    assert "医保定点药店、诊所结算网关" in page
    assert "The settlement gateway" in page
    assert "新建网关 make a gateway" in page


@pytest.mark.parametrize(
    ("typed", "zh", "en"),
    [
        (["nothing"], "用法不正确。", "No such command 'nothing'"),
        (["--nothing"], "没有这个选项: --nothing。", "No such option '--nothing'"),
        (["init"], "缺少参数: DIR。", "Missing argument 'DIR'"),
        (["order", "end", "X"], "缺少参数: --author。", "Missing option '--author'"),
        (["serve", "--config", "nowhere.toml"], "请到网关所在的目录执行", "not exist; go to the gateway's"),
        (["terminal", "enrol", "--nothing"], "没有这个选项: --nothing。", "No such option '--nothing'"),
        (["member", "show", "1", "--on", "soon"], "参数值不正确: --on,", "'--on': must be"),
        (["policy", "show", "moon"], "没有政策包 'moon'", "no pack 'moon'"),
        (["policy", "new"], "六位统筹区代码或 --overlay PACK", "a REGION of six digits, or --overlay"),
    ],
)
def test_wrong_usage_is_said_in_a_line_of_each_language_with_exit_code_2(
    typed: list[str], zh: str, en: str
) -> None:
    result = CliRunner().invoke(top, typed)
    assert result.exit_code == 2
    in_chinese, in_english = result.stderr.splitlines()[-2:]
    assert zh in in_chinese
    assert en in in_english
    assert not chinese(in_english)


def test_a_group_without_a_command_shows_its_help() -> None:
    assert "revoke-key" in CliRunner().invoke(top, ["terminal"]).output
