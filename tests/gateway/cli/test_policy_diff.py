"""``policy diff`` says which figures differ, for whom, from which clause, and from when."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from medsettle_gateway.cli.policy import policy

ANSHAN = "anshan-employee-outpatient"
OVERLAY = """
overlay: anshan-2024
pack: anshan-employee-outpatient
author: 鞍山市医疗保障事务服务中心 王某
date: 2024-01-05
authority: 鞍医保发〔2024〕3号
effective: {from: 2024-01-01, to: null}
benefits:
  general_outpatient:
    switches: {pharmacy_pooling: true}
    ratio: {rows: [{ratio: "0.60"}, {when: {level: tertiary}, add: "-0.05"}]}
accounts: {owners: [self, spouse]}
"""


def run(*words: object, colour: bool = False) -> Result:
    return CliRunner().invoke(policy, [str(word) for word in words], color=colour)


@pytest.fixture
def overlay(tmp_path: Path) -> Path:
    path = tmp_path / "local.yaml"
    path.write_text(OVERLAY, "utf-8")
    return path


def test_the_same_pack_differs_in_nothing_and_exits_0() -> None:
    result = run("diff", ANSHAN, f"{ANSHAN}@2024-05-01")
    assert result.exit_code == 0
    assert "没有差别 / no difference" in result.output


def test_an_overlay_is_compared_with_the_pack_below_it(overlay: Path) -> None:
    result = run("diff", ANSHAN, overlay)
    assert result.exit_code == 1
    for line in (
        "自 2024-01-01 起 / from 2024-01-01",
        "待遇 · 普通门诊统筹 · 支付比例 / benefit · general outpatient pooling · pay ratio",
        "  ~ 50%(下限) → 60% / 50% (floor) → 60%〔三(一)¶2 → 鞍医保发〔2024〕3号〕",
        "  + 机构等级为三级: 再减5个百分点 / level tertiary: less 5 points〔鞍医保发〔2024〕3号〕",
        "  ~ 未开通 → 已开通 / off → on",
        "  - 父母 / parent",
        "5处差别 / 5 differences",
    ):
        assert line in result.output


def test_two_files_are_compared_and_what_is_gone_is_told(tmp_path: Path) -> None:
    data = json.loads(run("show", "--json", ANSHAN).output)[0]["data"]
    data["lines"]["excluded"] = data["lines"]["excluded"][:1]
    data["effective"]["from"] = "2026-01-01"
    path = tmp_path / "next.yaml"
    path.write_text(json.dumps(data, ensure_ascii=False), "utf-8")
    result = run("diff", f"{ANSHAN}@2025-12-31", path)
    assert "from 2026-01-01" in result.output
    assert "  - 项目类别为养生保健、体育健身、生活用品、公共卫生" in result.output
    assert "1 difference" in result.output


def test_a_row_in_another_order_and_another_clause_are_differences(tmp_path: Path) -> None:
    data = json.loads(run("show", "--json", ANSHAN).output)[0]["data"]
    data["lines"]["excluded"].reverse()
    data["lines"]["excluded"][0]["clause"] = "新"
    path = tmp_path / "next.yaml"
    path.write_text(json.dumps(data, ensure_ascii=False), "utf-8")
    output = run("diff", ANSHAN, path).output
    assert "仅条款变动" in output
    assert "次序变动 / in another order" in output


def test_differences_can_be_read_by_a_script(overlay: Path) -> None:
    result = run("diff", "--json", ANSHAN, overlay)
    assert result.exit_code == 1
    said = json.loads(result.output)
    assert (said["from"], said["b"]["overlay"]) == ("2024-01-01", "anshan-2024")
    ratio = next(each for each in said["changes"] if each["path"].endswith("ratio.rows") and not each["whom"])
    assert (ratio["what"], ratio["before"]["ratio"], ratio["after"]["ratio"]) == ("changed", "0.50", "0.60")


def test_colours_are_for_terminals_only(overlay: Path) -> None:
    assert "\x1b" not in run("diff", ANSHAN, overlay).output
    assert "\x1b[" in run("diff", ANSHAN, overlay, colour=True).output


@pytest.mark.parametrize("name", ["moon", f"{ANSHAN}@yesterday", f"{ANSHAN}@1999-01-01", "nowhere.yaml"])
def test_what_cannot_be_found_exits_2(name: str) -> None:
    assert run("diff", ANSHAN, name).exit_code == 2


def test_a_file_that_is_wrong_exits_2_with_its_line(overlay: Path) -> None:
    overlay.write_text(OVERLAY.replace('"0.60"', '"0.40"'), "utf-8")
    result = run("diff", ANSHAN, overlay)
    assert result.exit_code == 2
    assert f"{overlay}:11: error: benefits.general_outpatient.ratio: POLICY_FLOOR: 0.40" in result.output
    assert 'ratio: {rows: [{ratio: "0.40"}' in result.output


def test_an_overlay_is_shown_as_the_pack_that_it_makes(overlay: Path) -> None:
    page = run("show", overlay).output
    assert "本地参数 / overlay      anshan-2024(鞍医保发〔2024〕3号)" in page
    assert "制定 / set by         鞍山市医疗保障事务服务中心 王某,2024-01-05" in page
    assert "60%  一律适用  明确规定〔鞍医保发〔2024〕3号〕" in page
    (plain,) = json.loads(run("show", "--json", overlay).output)
    assert plain["overlay"]["author"] == "鞍山市医疗保障事务服务中心 王某"
    assert plain["data"]["benefits"]["general_outpatient"]["ratio"]["rows"][0]["ratio"] == "0.60"
