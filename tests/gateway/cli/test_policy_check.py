"""``policy check`` and ``policy new`` speak to whoever writes a pack: where, how bad, what, and the line."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from medsettle_gateway.cli.policy import policy

EVERYTHING = Path(__file__).parents[1] / "policy" / "everything.yaml"


def run(*words: object) -> Result:
    return CliRunner().invoke(policy, [str(word) for word in words])


def test_the_shipped_packs_are_checked_without_a_path() -> None:
    result = run("check")
    assert result.exit_code == 0, result.output
    assert re.search(
        r"^检查了[0-9]+个文件:0处错误,0处警告,([0-9]+)处提示 / [0-9]+ files: 0 errors, 0 warnings, "
        r"\1 infos$",
        result.output,
        re.MULTILINE,
    )


def test_a_finding_is_one_line_with_the_line_of_the_file_below_it() -> None:
    lines = run("check", EVERYTHING).output.splitlines()
    text = EVERYTHING.read_text("utf-8").splitlines()
    at = next(number for number, line in enumerate(lines) if ": warning: benefits.haemodialysis" in line)
    match = re.match(re.escape(str(EVERYTHING)) + r":([0-9]+): warning: ", lines[at])
    assert match is not None
    number = int(match[1])
    assert lines[at + 1].strip() == f"{number} | {text[number - 1]}"


def test_warnings_fail_only_where_that_is_asked_for() -> None:
    assert run("check", EVERYTHING).exit_code == 0
    assert run("check", "--strict", EVERYTHING).exit_code == 1
    assert run("check", "--strict").exit_code == 0


def test_an_error_fails_and_every_file_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("pack: a\nbenefits: {x: [", "utf-8")
    (tmp_path / "b.yaml").write_text(EVERYTHING.read_text("utf-8").replace('"0.70"', "0.70"), "utf-8")
    (tmp_path / "c.yaml").write_text("- 1\n", "utf-8")
    (tmp_path / "d.yaml").write_bytes(b"pack: \xff\n")
    result = run("check", tmp_path)
    assert result.exit_code == 1
    for message in (
        f"{tmp_path / 'a.yaml'}:2: error: not valid YAML",
        'error: benefits.chronic_outpatient.ratio.rows[0].ratio: write the number in quotes: "0.7"',
        "ratio: {rows: [{ratio: 0.70, clause: 第五条}]}",
        f"{tmp_path / 'c.yaml'}:1: error: a pack is a mapping",
        f"{tmp_path / 'd.yaml'}: error: the file is not UTF-8",
        "4 files: 4 errors",
    ):
        assert message in result.output


def test_a_file_is_checked_beside_the_shipped_packs(tmp_path: Path) -> None:
    shipped = run("show", "--json", "anshan-employee-outpatient")
    data = json.loads(shipped.output)[0]["data"]
    again = tmp_path / "again.yaml"
    again.write_text(json.dumps({**data, "effective": {"from": "2024-01-01"}}, ensure_ascii=False), "utf-8")
    result = run("check", again)
    assert result.exit_code == 1
    assert "two versions are in force on 2024-01-01" in result.output


def test_the_findings_can_be_read_by_a_script() -> None:
    said = json.loads(run("check", "--json", EVERYTHING).output)
    assert said["files"] == [str(EVERYTHING)]
    assert said["counts"]["error"] == 0
    assert {"file", "line", "level", "path", "message"} == set(said["findings"][0])
    assert said["counts"]["warning"] == sum(each["level"] == "warning" for each in said["findings"])


def test_nothing_to_check_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "pack.yml").write_text("pack: x\n", "utf-8")
    result = run("check", tmp_path)
    assert result.exit_code == 2
    assert "rename *.yml to *.yaml" in result.output


def filled(text: str) -> str:
    """A skeleton as somebody fills it in."""
    text = re.sub(r"(from|date): 待填写", r"\1: 2025-01-01", text)
    text = text.replace('amount: "待填写"', 'amount: "4000.00"').replace('ratio: "待填写"', 'ratio: "0.60"')
    return text.replace("待填写", "某某")


@pytest.mark.parametrize("scheme", ["employee", "resident"])
def test_a_skeleton_passes_the_check_once_it_is_filled_in(tmp_path: Path, scheme: str) -> None:
    path = tmp_path / "new.yaml"
    assert run("new", "110000", "--scheme", scheme, "--out", path).exit_code == 0
    before = run("check", path)
    assert before.exit_code == 1
    assert "still to be filled in" in before.output
    assert "effective.from: expected a date" in before.output
    path.write_text(filled(path.read_text("utf-8")), "utf-8")
    after = run("check", "--strict", path)
    assert after.exit_code == 0, after.output
    assert f"region-110000-{scheme}" in run("show", path).output


def test_every_example_in_the_skeleton_can_be_used(tmp_path: Path) -> None:
    text = filled(run("new", "110000").output)
    for before, after in (
        ("  self_pay_first: []\n    # - ", "  self_pay_first:\n    - "),
        ("  ceilings: []\n    # - ", "  ceilings:\n    - "),
        (
            "deductible: {period: year, rows: []}\n      # rows: ",
            "deductible:\n      period: year\n      rows: ",
        ),
        ("ratio: {rows: []}\n      # rows:\n", "ratio:\n      rows:\n"),
        ("layers: []\n#   - id", "layers:\n#   - id"),
        ("      #   - ", "        - "),
        (", medical_aid]", "]"),
    ):
        assert before in text, before
        text = text.replace(before, after, 1 if "layers" in before else -1)
    head, pack, text = text.partition("\npack: ")
    text = re.sub(r"^# (facts:|accumulators:|warnings:|supervision:|  )", r"\1", text, flags=re.MULTILINE)
    text = re.sub(r"^  # ([a-z_]+):", r"  \1:", text, flags=re.MULTILINE)
    path = tmp_path / "all.yaml"
    path.write_text(head + pack + text, "utf-8")
    result = run("check", path)
    assert "error" not in result.output.replace("0 errors", ""), result.output
    page = run("show", path).output
    for word in (
        "缴费档次", "大病保险", "因病致贫风险", "跨年度住院", "分段支付比例", "医师须已登记", "首次参保等待",
    ):
        assert word in page


@pytest.mark.parametrize("pack", ["anshan-employee-outpatient", "chengdu-resident", "county-four-lines"])
def test_a_skeleton_of_an_overlay_asks_for_what_the_pack_leaves_open(tmp_path: Path, pack: str) -> None:
    path = tmp_path / "local.yaml"
    text = run("new", "--overlay", pack).output
    path.write_text(text, "utf-8")
    assert run("check", path).exit_code == 1
    begins = run("diff", "--json", pack, pack)
    starts = json.loads(begins.output)["a"]["effective_from"]
    path.write_text(filled(text).replace("from: 2025-01-01", f"from: {starts}"), "utf-8")
    result = run("check", path)
    assert result.exit_code == 0, result.output
    assert "must bring its own" not in result.output


def test_a_skeleton_of_an_overlay_says_what_may_not_be_gone_below() -> None:
    text = run("new", "--overlay", "anshan-employee-outpatient").output
    assert "# 一律适用:不得低于 50% / always: no less than 50%〔三(一)¶2〕" in text


@pytest.mark.parametrize("words", [[], ["21030"], ["210300", "--overlay", "x"], ["--overlay", "moon"]])
def test_a_skeleton_of_nothing_is_wrong_usage(words: list[str]) -> None:
    assert run("new", *words).exit_code == 2


def test_a_file_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "there.yaml"
    path.write_text("mine", "utf-8")
    assert run("new", "110000", "--out", path).exit_code == 2
    assert path.read_text("utf-8") == "mine"
