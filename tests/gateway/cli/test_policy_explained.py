"""``policy explain`` says what a settlement comes to before it says how, for people and for scripts."""

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from medsettle_gateway.cli.policy import policy

CASES = Path(__file__).parents[2] / "cases"
SHARED_OUT = CASES / "liaocheng-outpatient" / "LC33-lines-shared-out-between-two-benefits.yaml"


def explained(case: Path) -> str:
    return CliRunner().invoke(policy, ["explain", str(case)]).output


def as_data(case: Path) -> Any:
    return json.loads(CliRunner().invoke(policy, ["explain", "--json", str(case)]).output)


def case_that_says(text: str) -> Path:
    return next(path for path in sorted(CASES.rglob("*.yaml")) if text in path.read_text("utf-8"))


def test_the_paragraph_comes_first_then_the_steps_then_the_amounts() -> None:
    rows = explained(SHARED_OUT).splitlines()
    assert rows[1].startswith("  按3项待遇分别结算。合计494.00元,本机构承担20.00元,统筹基金支付392.50元,")
    assert rows[2].startswith("  Settled under 3 benefits. Of 494.00 in all, this institution bears 20.00,")
    told = [row.strip() for row in rows]
    at = told.index("门诊血液透析 / Outpatient haemodialysis  〔liaocheng-outpatient〕")
    assert told[at + 1].startswith("合计370.00元,")
    assert told.index("明细 / Lines") < told.index("基金支付 / What the fund pays")
    assert told.index("基金支付 / What the fund pays") < told.index("个人支付 / The patient's part")
    assert "20.00  机构承担 / borne by the provider" in told


def test_lines_are_counted_as_in_the_case_whatever_benefit_takes_them() -> None:
    text = explained(SHARED_OUT)
    assert "第2行“血液透析”" in text
    assert "第3行“硝苯地平片”" in text
    lines = [step["line"] for settled in as_data(SHARED_OUT)["settlements"] for step in settled["steps"]]
    assert {line for line in lines if line is not None} == {0, 1, 2, 3}


def test_what_may_be_applied_for_afterwards_is_told_apart_from_what_is_paid() -> None:
    case = case_that_says("afterwards: {special_aid:")
    assert "(可事后申请,不计入本次)" in explained(case)
    assert "(可事后申请) / special aid (may be applied for afterwards)" in explained(case)
    (settled,) = as_data(case)["settlements"]
    assert settled["breakdown"]["afterwards"]["special_aid"] > 0
    assert "special_aid" not in settled["breakdown"]["funds"]


def test_a_script_finds_the_same_keys_for_every_settlement() -> None:
    keys = ["pack", "benefit", "title", "summary", "because", "sections", "breakdown", "steps"]
    assert [list(settled) for settled in as_data(SHARED_OUT)["settlements"]] == [keys] * 3
    (first, *_) = as_data(SHARED_OUT)["settlements"]
    assert first["title"] == {"zh": "门诊血液透析", "en": "outpatient haemodialysis"}
    assert list(first["because"][0]) == ["zh", "en", "clauses", "amount_fen", "steps"]
    assert list(first["sections"][0]) == ["about", "id", "zh", "en", "steps"]
    assert list(first["steps"][0]) == ["step", "rule", "clause", "inputs", "amount_fen", "line", "zh", "en"]
    assert first["breakdown"]["accounts"][0]["owner"] == "self"
    assert sum(line["amount_fen"] for line in first["breakdown"]["lines"]) == first["breakdown"]["total_fen"]


def test_a_layer_below_its_threshold_says_that_and_not_that_nothing_is_left() -> None:
    text = explained(next(CASES.rglob("CD01-*.yaml")))
    assert "大病保险:起付标准5000.00元,加上本次5000.00元刚到,没有超过。" in text
    assert "大病保险:政策范围内没有剩余的金额可支付" not in text
    assert "大病保险本次不支付。" in text


def test_bands_say_what_earlier_bills_took_of_them() -> None:
    text = explained(next(CASES.rglob("CR03-*.yaml")))
    assert "10000.00元以内部分此前已计8000.00元,本次有2000.00元" in text


def test_a_refusal_over_the_limit_of_sessions_says_the_sum_in_words() -> None:
    text = explained(next(CASES.rglob("V13r-*.yaml")))
    assert "到第1行费用合计700.01元,限额350.00元×2次=700.00元,超出0.01元" in text
    assert "up to line 1 700.01 is billed; the limit is 2 x 350.00 = 700.00; 0.01 too much" in text
    assert "限度 / limit" not in text


def test_every_row_of_who_pays_names_the_fund_as_the_steps_do() -> None:
    text = explained(next(CASES.rglob("V25-*.yaml")))
    assert "疾病医疗商业补充保险支付 / commercial supplementary insurance pays" in text
    assert "县财政兜底支付 / top-up by the county pays" in text


def test_where_no_fund_pays_nothing_is_said_of_what_it_would_have_paid_on() -> None:
    text = explained(next(CASES.rglob("ZB20-*.yaml")))
    alone = text[text.index("仅用个人账户 / Personal account only") :]
    assert "“感冒灵颗粒”:没有注明用于备案病种(高血压),不属于门诊慢特病" in alone
    assert "政策范围" not in alone


def test_each_fund_that_pays_has_its_reason_in_the_paragraph() -> None:
    rows = explained(next(CASES.rglob("V24-*.yaml"))).splitlines()
    paragraph = next(row for row in rows if "原因:" in row)
    assert "医疗救助:政策范围内剩余的703.00元,按75%" in paragraph
    assert "“目录外可吸收缝线”:不属于医保支付范围" in paragraph


def test_a_file_of_another_kind_is_told_of_without_what_stands_in_it(tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    rows = [f"21030000{number:02},210399198504120019" for number in range(20)]
    path.write_text("\n".join(["member_no,id_number", *rows]), "utf-8")
    result = CliRunner().invoke(policy, ["explain", str(path)])
    assert result.exit_code == 1
    assert "expected a mapping, got a text of" in result.output
    assert "210399198504120019" not in result.output


def test_a_burden_ceiling_says_what_aid_before_it_was_taken_off() -> None:
    text = explained(next(CASES.rglob("V21-*.yaml")))
    assert "个人负担封顶:扣除预计的特殊救助100000.00元后,本年度个人负担140000.00元,超过50000.00元" in text
