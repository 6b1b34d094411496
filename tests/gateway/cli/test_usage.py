"""What the command line says of itself and of wrong usage, for readers of either language."""

import re
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from medsettle_gateway.cli.days import instant_typed
from medsettle_gateway.cli.top import top
from medsettle_gateway.cli.usage import WrongValueError


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


def pages(command: click.Command, above: click.Context | None = None) -> Iterator[tuple[str, str]]:
    """Yields the page of help of every command below, by its path."""
    context = click.Context(command, parent=above, info_name=command.name)
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from pages(found, context)


def test_no_page_of_help_shows_the_marks_that_lay_it_out() -> None:
    assert [path for path, page in pages(top) if re.search(r"\\b|[\b`]{2}", page)] == []


@pytest.mark.parametrize(
    ("group", "name"),
    [("institution", "records"), ("staff", "records"), ("member", "records"), ("member", "filings")],
)
def test_the_columns_of_each_kind_stand_on_a_line_of_their_own(group: str, name: str) -> None:
    above = click.Context(top)
    found = top.get_command(above, group)
    assert isinstance(found, click.Group)
    command = found.commands[name]
    kinds = next(each.type for each in command.params if each.name == "kind")
    assert isinstance(kinds, click.Choice)
    beginnings = {line.split(":")[0].strip() for line in command.get_help(above).splitlines()}
    assert set(kinds.choices) <= beginnings


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
        (["order", "end", "X"], "缺少参数: --by。", "Missing option '--by'"),
        (["serve", "--config", "nowhere.toml"], "请到网关所在的目录执行", "not exist; go to the gateway's"),
        (["terminal", "enrol", "--nothing"], "没有这个选项: --nothing。", "No such option '--nothing'"),
        (["member", "show", "1", "--on", "soon"], "参数值不正确: --on,", "'--on': must be"),
        (["member", "import", "nowhere.csv"], "FILE,nowhere.csv 不存在。", "'nowhere.csv' does not exist"),
        (["member", "import", "."], "FILE,. 是目录,应为文件。", "is a directory"),
        (["staff", "records", "fee", "x"], "KIND,应为 'suspension', 'points',不是 fee。", "is not one of"),
        (["policy", "what-if", "--seed", "x"], "--seed,应为整数,不是 x。", "not a valid integer"),
        (["policy", "what-if", "--workers", "99"], "99 不在范围 1<=x<=64 之内。", "not in the range"),
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


def instants(command: click.Command) -> Iterator[click.Option]:
    """Yields every option below that takes an instant."""
    yield from (each for each in command.params if isinstance(each, click.Option) and _is_instant(each))
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            found = command.get_command(click.Context(command), name)
            assert found is not None
            yield from instants(found)


def _is_instant(option: click.Option) -> bool:
    return option.metavar == "INSTANT" or any(name.endswith(("-at", "-until")) for name in option.opts)


def test_an_instant_is_typed_in_one_way_wherever_one_is_asked_for() -> None:
    found = list(instants(top))
    assert {"--known-at", "--whole-until"} <= {option.opts[0] for option in found}
    for option in found:
        assert (option.metavar, option.callback) == ("INSTANT", instant_typed), option.opts
        assert "+08:00" in (option.help or ""), option.opts


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("2026-07-01T09:00:00", "应为带时区的时刻", "an instant with its offset"),
        ("2026-07-01", "应为带时区的时刻", "an instant with its offset"),
        ("yesterday", "应为带时区的时刻", "an instant with its offset"),
        ("", "应为带时区的时刻", "an instant with its offset"),
        ("2999-07-01T09:00:00+08:00", "晚于现在", "later than now"),
    ],
)
def test_an_instant_that_two_people_may_read_differently_is_refused(text: str, zh: str, en: str) -> None:
    option = click.Option(["--known-at"])
    with pytest.raises(WrongValueError, match=en) as raised:
        instant_typed(click.Context(top), option, text)
    assert zh in raised.value.zh


def test_an_instant_is_the_same_with_whichever_offset_it_is_typed() -> None:
    option, here = click.Option(["--known-at"]), click.Context(top)
    found = [instant_typed(here, option, text) for text in
             ("2026-07-01T09:00:00+08:00", "2026-07-01T01:00:00Z", " 2026-07-01 01:00:00+00:00 ")]
    assert found[0] is not None
    assert len(set(found)) == 1
    assert instant_typed(here, option, None) is None
