"""What was typed wrongly is said in a line of each language, and names what is wrong."""

import pytest

from medsettle.cli.run import run


@pytest.mark.parametrize(("words", "zh", "en"), [
    ("nosuch", "命令有误:没有命令 'nosuch'。", "invalid choice: 'nosuch'"),
    ("reverse P21030200101-01-20261122-1-1", "命令有误:缺少参数 --reason。", "are required: --reason"),
    ("sell X@1 --nope", "命令有误:没有这样的参数:--nope。", "unrecognized arguments: --nope"),
    ("check --proxy child", "请看 medsettle check --help。", "medsettle check: unrecognized arguments"),
    ("prescription fetch --nope", "medsettle prescription fetch --help。", "unrecognized arguments: --nope"),
    ("prescription review R@H --pharmacist Y --approve --reject no", "--reject 和 --approve 不能同时给出。",
     "not allowed with argument --approve"),
    ("prescription review R@H --pharmacist Y", "须给出其中一个:--approve --reject。", "--reject is required"),
    ("sell --ticket", "命令有误:参数 --ticket 后面缺少值。", "--ticket: expected one argument"),
    ("sell X@1 --language fr", "命令有误:参数 --language 不能是 'fr'。", "--language: invalid choice: 'fr'"),
    ("sell X@1 --columns 9", "--columns 的值不正确:纸宽应为24至96列,不是 '9'。", "24 to 96, not '9'."),
    ("quote X@1 --admitted soon", "日期应如 2026-01-31,不是 'soon'。", "such as 2026-01-31, not 'soon'."),
    ("status abc", "票号或流水号格式不正确。", "REQUEST_ID: The ticket number or request id is not"),
])
def test_wrong_words_are_named_in_a_line_of_each_language(
    capsys: pytest.CaptureFixture[str], words: str, zh: str, en: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        run(words.split())
    assert ended.value.code == 2
    in_chinese, in_english = capsys.readouterr().err.splitlines()[-2:]
    assert zh in in_chinese
    assert en in in_english
    assert in_english.isascii()
    assert "--help" in in_chinese
