"""The policy commands speak to a policy officer, and to scripts through exit codes and JSON."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from medsettle_gateway.cli.policy import policy
from medsettle_gateway.cli.policy_refusal import _DETAIL_WORDS
from medsettle_gateway.files.packs import shipped_packs
from medsettle_gateway.files.yaml import read_yaml
from medsettle_gateway.policy.cases import CaseRunner

CASES = Path(__file__).parents[2] / "cases" / "anshan-employee-outpatient"
V01 = CASES / "V01-first-visit.yaml"
R03 = CASES / "R03-ratio-below-floor.yaml"


def run(*words: object) -> Result:
    return CliRunner().invoke(policy, [str(word) for word in words])


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    """A folder with one case that fails, one that is broken, and one that passes."""
    text = V01.read_text("utf-8")
    failing = text.replace("case: V01", "case: X1").replace('pooled: "100.00"', 'pooled: "120.00"')
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "x1.yaml").write_text(failing, "utf-8")
    (tmp_path / "x2.yaml").write_text("case: X2\n  pack: [", "utf-8")
    (tmp_path / "x3.yaml").write_text(text, "utf-8")
    (tmp_path / "notes.txt").write_text("no case", "utf-8")
    return tmp_path


def test_a_folder_of_cases_that_hold_exits_0_with_one_line_each() -> None:
    result = run("test", CASES)
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert all(line.startswith("ok    ") for line in lines[:-1])
    assert "ok    V01  first visit of the year" in lines
    assert lines[-1] == f"{len(lines) - 1} cases: {len(lines) - 1} ok, 0 failed"


def test_a_difference_is_explained_with_the_steps_that_led_there(wrong: Path) -> None:
    result = run("test", wrong)
    assert result.exit_code == 1
    assert "FAIL  X1  first visit of the year" in result.output
    assert "funds.pooled: expected 120.00, got 100.00" in result.output
    assert "纳入支付的200.00元,按50%支付,计100.00元。〔三(一)¶2〕" in result.output
    assert "3 cases: 1 ok, 2 failed" in result.output


def test_a_broken_file_is_a_failed_case_and_no_traceback(wrong: Path) -> None:
    result = run("test", wrong / "x2.yaml")
    assert result.exit_code == 1
    assert "FAIL  x2" in result.output
    assert "line 2" in result.output
    assert "Traceback" not in result.output


def test_cases_can_be_read_by_a_script(wrong: Path) -> None:
    result = run("test", "--json", wrong)
    assert result.exit_code == 1
    said = json.loads(result.output)
    assert (said["passed"], said["failed"]) == (1, 2)
    failing = next(case for case in said["cases"] if case["case"] == "X1")
    keys = [difference["key"] for difference in failing["differences"]]
    assert keys == ["funds.pooled"]
    assert failing["differences"][0]["steps"][0]["zh"]


def test_cases_of_a_folder_that_share_a_name_fail_both(tmp_path: Path) -> None:
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    for copy in (first, second):
        copy.write_bytes(V01.read_bytes())
    result = run("test", tmp_path)
    assert result.exit_code == 1
    assert f"the case name V01 is used twice, also in {second}" in result.output
    assert "2 cases: 0 ok, 2 failed" in result.output


def test_two_folders_may_use_the_same_names(tmp_path: Path) -> None:
    copy = tmp_path / "copy.yaml"
    copy.write_bytes(V01.read_bytes())
    assert "2 cases: 2 ok" in run("test", copy, V01).output


def test_a_file_that_is_named_twice_runs_once() -> None:
    assert "1 case: 1 ok" in run("test", V01, V01).output


def changed(tmp_path: Path, old: str, new: str) -> Path:
    text = V01.read_text("utf-8")
    assert old in text
    path = tmp_path / "changed.yaml"
    path.write_text(text.replace(old, new), "utf-8")
    return path


def test_an_unexpected_refusal_is_told_in_both_languages_with_its_facts(tmp_path: Path) -> None:
    result = run("test", changed(tmp_path, "scheme: employee", "scheme: resident"))
    assert result.exit_code == 1
    for text in (
        "refused: expected null, got NOT_FOR_SCHEME",
        "该待遇不适用于患者的险种。",
        "The benefit is not for the patient's scheme.",
        "险种:居民;须为:职工",
        "scheme: resident; wanted: employee",
        "条款 / clause: 三(一)¶1",
    ):
        assert text in result.output


def test_a_place_that_is_not_designated_at_all_is_not_sent_to_another_benefit(tmp_path: Path) -> None:
    result = run("explain", changed(tmp_path, "[basic, pooled_outpatient]", "[chronic]"))
    assert "本机构不是医保定点机构。非定点机构只能自费结算。" in result.output
    assert "Only a sale without insurance is possible here." in result.output
    assert "定点资格:门诊慢特病定点;须为:基本定点" in result.output
    assert "other benefit" not in result.output
    lacking = run("explain", changed(tmp_path, "[basic, pooled_outpatient]", "[basic]"))
    assert "本机构没有所需的定点资格。可换用其他待遇;" in lacking.output


def test_a_case_without_expectations_is_explained_all_the_same(tmp_path: Path) -> None:
    text = V01.read_text("utf-8").partition("expect:")[0]
    (tmp_path / "what_if.yaml").write_text(text, "utf-8")
    result = run("explain", tmp_path / "what_if.yaml")
    assert result.exit_code == 0
    assert "统筹基金支付100.00元。" in result.output
    assert run("test", tmp_path / "what_if.yaml").exit_code == 1


def test_a_file_ending_in_yml_is_told_how_to_be_named(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("case: x", "utf-8")
    assert "but a.yml: rename *.yml to *.yaml" in run("test", tmp_path).output
    shown = run("show", tmp_path / "a.yml")
    assert shown.exit_code == 2
    assert "ends in .yaml: rename a.yml" in shown.output


@pytest.mark.parametrize(
    "words", [["test"], ["test", "/no/such/place"], ["show"], ["show", "moon"], ["explain"]]
)
def test_wrong_usage_exits_2(words: list[str]) -> None:
    assert run(*words).exit_code == 2


def test_a_folder_without_cases_is_wrong_usage(tmp_path: Path) -> None:
    assert run("test", tmp_path).exit_code == 2


def test_a_pack_is_shown_with_every_figure_its_force_and_clause() -> None:
    result = run("show", "anshan-employee-outpatient")
    assert result.exit_code == 0
    for text in (
        "鞍山市职工医保门诊共济 / Anshan employee outpatient pooling",
        "鞍政办发〔2022〕17号",
        "2022-12-31",
        "300.00元  一律适用  下限〔三(一)¶2〕",
        "50%  always  (floor: a region may not go below)",
        "3000.00元",
        "pharmacy_pooling 未开通 / off",
        "本人、配偶、父母、子女",
        "文件未规定",
        "须经处方流转",
        "设有个人账户的参保方式 / enrolments with an account of one's own: 统账结合",
        "其后无其他基金支付(如大额补助)",
    ):
        assert text in result.output
    assert "\x1b" not in result.output


def test_a_pack_of_the_operator_is_shown_from_its_file(tmp_path: Path) -> None:
    shown = json.loads(run("show", "--json", "anshan-employee-outpatient").output)[0]
    assert len(shown["digest"]) == 64
    path = tmp_path / "own.yaml"
    rows = [
        {"ratio": "0.50", "clause": "甲"},
        {"when": {"level": "primary"}, "add": "0.05", "clause": "乙", "force": "assumed"},
    ]
    shown["data"]["benefits"]["general_outpatient"]["ratio"]["rows"] = rows
    shown["data"]["benefits"]["general_outpatient"]["cap"] = {"none": True, "clause": "丙"}
    shown["data"]["lines"]["ceilings"] = [
        {"when": {"kind": "bed", "unit_price_at_least": "5.00"}, "unit_price": "12.00", "clause": "丁"}
    ]
    path.write_text(json.dumps(shown["data"], ensure_ascii=False), "utf-8")
    page = run("show", path).output
    assert "再加5个百分点  机构等级为一级及以下  文件未载,暂定,不得据以结算〔乙〕" in page
    assert "最高支付限额 / cap: 不设 / none〔丙〕" in page
    assert "12.00元  项目类别为床位;单价5.00元以上" in page


def test_a_wrong_pack_file_is_reported_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("pack: x\nregion: 1\n", "utf-8")
    result = run("show", path)
    assert result.exit_code == 1
    assert f"{path}:2: error: region: expected six digits" in result.output
    assert "2 | region: 1" in result.output


def test_a_case_is_explained_step_by_step_with_its_clauses() -> None:
    result = run("explain", V01)
    assert result.exit_code == 0
    assert "年度起付标准300.00元,这次先由个人付300.00元。〔三(一)¶2〕" in result.output
    assert "The yearly deductible is 300.00" in result.output
    assert "统筹基金支付 / the pooled fund pays" in result.output


def test_a_refused_case_is_explained_by_its_reason() -> None:
    result = run("explain", R03)
    assert result.exit_code == 0
    assert "POLICY_FLOOR" in result.output
    assert "文件的限度 / bound: 0.50" in result.output


def test_an_explanation_can_be_read_by_a_script() -> None:
    said = json.loads(run("explain", "--json", V01).output)
    assert said["passed"]
    (settlement,) = said["settlements"]
    assert settlement["steps"][-1]["step"] == "cash"
    assert settlement["summary"]["zh"].startswith("合计500.00元,统筹基金支付100.00元,")
    assert [each["about"] for each in settlement["sections"]] == ["lines", "benefit", "patient"]
    steps = sorted(step for section in settlement["sections"] for step in section["steps"])
    assert steps == list(range(len(settlement["steps"])))
    assert settlement["because"][0]["clauses"] == ["三(一)¶2"]
    assert settlement["breakdown"]["funds"] == {"pooled": 10_000}
    refused = json.loads(run("explain", "--json", R03).output)
    assert refused["refused"]["reason"] == "POLICY_FLOOR"


def test_a_broken_case_cannot_be_explained(wrong: Path) -> None:
    assert run("explain", wrong / "x2.yaml").exit_code == 1


def test_whatever_a_refusal_speaks_of_has_a_name_in_both_languages() -> None:
    runner = CaseRunner(shipped_packs())
    spoken: dict[str, None] = {}
    for path in sorted(CASES.parent.rglob("*.yaml")):
        text = path.read_text("utf-8")
        if "refused: " in text:
            document = read_yaml(text, path.name)
            refusal = runner.run(document.data, path.name, document.lines).refusal
            spoken |= dict.fromkeys(() if refusal is None else refusal.detail)
    assert set(spoken) - {"fact", "value", "wanted"} <= set(_DETAIL_WORDS)
    assert {"path", "clause", "limit", "sessions", "days"} <= set(spoken)
