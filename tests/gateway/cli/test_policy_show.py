"""The page of a pack says everything that the pack says, in words that a policy officer reads."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from medsettle.wire.columns import width
from medsettle_gateway.cli.policy import policy
from medsettle_gateway.files.packs import shipped_packs

EVERYTHING = Path(__file__).parents[1] / "policy" / "everything.yaml"


def run(*words: object, colour: bool = False) -> Result:
    return CliRunner().invoke(policy, [str(word) for word in words], color=colour)


@pytest.fixture(scope="module")
def page() -> str:
    result = run("show", EVERYTHING)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize(
    "line",
    [
        "  下达日期 / known        2024-01-05",
        "  舍入 / rounding         四舍五入到分 / half up to the fen",
        "    例外 / except: 限急救抢救 / an emergency〔第十七条〕",
        "  条件 / fact tier(缴费档次 / tier): 取自参保登记 / from the register tier: 低档、高档 / low, high",
        "  累计 / counted: 本年度个人负担累计 / what the patient bore in the year",
        "  适用目录 / list that holds: 基层目录 / township: 机构等级为一级及以下、无等级",
        "  起付标准(每次住院) / deductible per stay:",
        "    不设  年龄不低于70  明确规定〔第二条〕",
        "    再加200.00元  就医地为异地未备案  明确规定〔第二条〕",
        "    0.00元以上至10000.00元部分 / above 0.00 up to 10000.00:",
        "      再减5个百分点  缴费档次为低档  明确规定〔第三条〕",
        "    计入 / counted under: inpatient、basic_annual",
        "the day of admission, cap by the day of discharge〔第四条〕",
        "  其后依次支付 / followed by: 医疗救助、县级兜底、个人负担封顶 / medical_aid, top_up",
        "  每个备案病种的最高支付限额(自然年度) / cap of each filed condition per calendar year:",
        "    2400.00元  备案病种为糖尿病  明确规定〔第五条〕",
        "    定品种:备案3种病及以上,限5种药 / 3 or more filed conditions: 5 distinct drugs",
        "    定量:15天用量,超出自费 / quantity: 15 days of supply; beyond, the patient pays",
        "    品种与用量按15天内累计 / kinds and quantities are counted over 15 days",
        "    一审:每年6月1日至8月31日复审",
        "/ nothing follows this benefit (no large-amount supplement)〔第六条〕",
        "  开关 / switch: night_sessions 未开通 / off",
        "  分单时受理 / takes, where a basket is shared out: 项目类别为治疗;备案病种为尿毒症",
        "    85%  一律适用  文件未载,暂定,不得据以结算〔第十一条〕",
        "    超出部分由医疗机构承担 / the provider bears what is above",
        "其他支付:医疗救助 / layer medical_aid: medical aid〔第十三条〕",
        "  用于 / follows: 住院、普通门诊 / inpatient, general_outpatient",
        "  支付政策范围内未支付部分(含先行自付)的比例",
        "  其中非住院限额 / of it, for encounters that are no stay:",
        "  其中限额 ordinary(general_outpatient)",
        "  各方基金合计保障至总费用的比例 / all funds together reach this share of the total:",
        "  事后支付:只试算并提示,结算时不扣付 / afterwards: computed and shown, never charged",
        "  本年度个人负担累计超过以下金额的部分全额支付",
        "  门诊定额补助(每年划入) / fixed outpatient subsidy, credited each year:",
        "  年末结余结转下年 / what is left at the end of the year carries over〔第二十五条〕",
        "  销户 / closes: 死亡,余额付给继承人、指定受益人 / deceased, paid to heir, beneficiary",
        "    凭据 / papers: 身份证、户口簿",
        "  每月计入:本人缴费基数的比例 / accrued each month, of the own contribution base:",
        "  改革当年平均基本养老金(元/月) / average basic pension of the reform year, a month:",
        "  因病致贫风险(本年度政策范围内个人负担累计,达到即提示)",
    ],
)
def test_the_page_says_it(page: str, line: str) -> None:
    assert line in page


@pytest.mark.parametrize("value", ["test-everything", "测〔2024〕1号", "2024-01-05", "四舍五入到分"])
def test_the_values_of_the_head_stand_below_each_other(page: str, value: str) -> None:
    """Whatever their labels are made of: a Chinese character takes two columns."""
    (line,) = [line for line in page.partition("\n\n")[0].splitlines() if value in line]
    assert width(line.partition(value)[0]) == 26


@pytest.mark.parametrize("pack", dict.fromkeys(str(source.data["pack"]) for source in shipped_packs()))
def test_every_shipped_pack_can_be_read(pack: str) -> None:
    result = run("show", pack)
    assert result.exit_code == 0, result.output
    assert "None" not in result.output
    assert "\x1b" not in result.output


def test_a_version_is_shown_by_its_day() -> None:
    assert run("show", "county-four-lines@2020-06-01").exit_code == 0
    result = run("show", "county-four-lines@2021-06-01")
    assert result.exit_code == 2
    assert "no version of county-four-lines is in force on 2021-06-01" in result.output


def shown(tmp_path: Path, *changes: tuple[str, str]) -> str:
    """The page of the pack of every section, with other words in it."""
    text = EVERYTHING.read_text("utf-8")
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after, 1)
    path = tmp_path / "changed.yaml"
    path.write_text(text, "utf-8")
    result = run("show", path)
    assert result.exit_code == 0, result.output
    return result.output


def test_how_rows_are_read_is_said_once(page: str) -> None:
    assert page.count("the last one that applies decides") == 1


def test_that_nothing_follows_is_only_said_where_a_clause_says_so(tmp_path: Path) -> None:
    silent = shown(tmp_path, ("layers: {none: true, clause: 第六条}", "layers: []"))
    assert "其后无其他基金支付" not in silent
    assert "其后的其他基金支付:本政策包未载 / what other funds pay afterwards: the pack does" in silent


def test_a_benefit_that_takes_nothing_unasked_says_so(tmp_path: Path, page: str) -> None:
    takes = "takes: [{kind: treatment, condition: uraemia}]"
    assert "takes no line unasked: only where asked for" in shown(tmp_path, (takes, "takes: []"))
    assert "takes no line unasked" not in page


MISSING = "what this changes is not in the document: a region's to set"


@pytest.mark.parametrize(
    ("aid", "is_missing"), [("marginal", True), ("poor", False), ("[poor, marginal]", False)]
)
def test_a_row_that_adds_to_a_figure_nobody_gives_says_so(
    tmp_path: Path, page: str, aid: str, *, is_missing: bool
) -> None:
    poor = '{when: {aid: poor}, ratio: "0.70", clause: 一}'
    more = f'{{when: {{aid: {aid}}}, add: "0.05", clause: 二}}'
    changed = shown(tmp_path, ('{ratio: "0.70", clause: 第五条}', f"{poor}, {more}"))
    assert (MISSING in changed) is is_missing
    assert MISSING not in page


def test_the_values_of_a_regions_own_fact_are_not_called_by_words_of_another(tmp_path: Path) -> None:
    fact = "\n  household: {from: patient.attributes.household, values: [ordinary, low]}\naccumulators:"
    page = shown(tmp_path, ("\naccumulators:", fact))
    assert "the register household: ordinary、low / ordinary, low" in page


def test_a_pack_and_an_overlay_of_ones_own_are_known_by_their_ids(tmp_path: Path) -> None:
    shown(tmp_path)
    local = OVERLAY.replace("hangzhou-medical-aid", "test-everything").replace("300.00", "100.00")
    (tmp_path / "local.yaml").write_text(local, "utf-8")
    words = ("--policies", tmp_path)
    assert run("show", "test-everything").exit_code == 2
    assert "  编号 / id               test-everything" in run("show", "test-everything", *words).output
    assert "本地参数 / overlay      fuyang-2024" in run("show", "fuyang-2024", *words).output
    assert "pack: test-everything" in run("new", "--overlay", "test-everything", *words).output
    differing = run("diff", "test-everything", "fuyang-2024", *words)
    assert differing.exit_code == 1, differing.output
    assert "fuyang-2024" in differing.output
    unknown = run("diff", "test-everything", "moon", *words)
    assert unknown.exit_code == 2
    assert "test-everything" in unknown.output


OVERLAY = """
overlay: fuyang-2024
pack: hangzhou-medical-aid
author: 某区医疗保障局 李某
date: 2024-01-02
authority: 某医保〔2024〕1号
effective: {from: 2024-01-01, to: null}
benefits:
  general_outpatient:
    deductible: {rows: [{amount: "300.00"}]}
    ratio: {rows: [{ratio: "0.60"}]}
    cap: {rows: [{amount: "5000.00"}]}
"""
CASE = """
case: LOCAL
pack: hangzhou-medical-aid
date: 2024-02-01
patient: {scheme: resident, standing: adult, enrolment: pool_only, aid: subsistence}
institution: {kind: clinic}
lines: [{name: one, amount: "1300.00"}]
expect: {deductible: "300.00", funds: {pooled: "600.00", medical_aid: "560.00"}}
"""


@pytest.fixture
def local(tmp_path: Path) -> tuple[Path, Path]:
    overlay, case = tmp_path / "overlay.yaml", tmp_path / "case.yaml"
    overlay.write_text(OVERLAY, "utf-8")
    case.write_text(CASE, "utf-8")
    return overlay, case


def test_a_case_runs_with_the_figures_of_a_region(local: tuple[Path, Path]) -> None:
    overlay, case = local
    assert "got NO_RULE" in run("test", case).output
    result = run("test", "--policies", overlay, case)
    assert result.exit_code == 0, result.output
    assert "某医保〔2024〕1号" in run("explain", "--policies", overlay, case).output


def test_before_a_regions_figures_are_known_they_do_not_hold(local: tuple[Path, Path]) -> None:
    overlay, case = local
    case.write_text(CASE.replace("2024-02-01", "2024-01-01"), "utf-8")
    assert "got NO_RULE" in run("test", "--policies", overlay, case).output


def test_a_case_may_change_what_a_region_set_and_keeps_the_rest(local: tuple[Path, Path]) -> None:
    overlay, case = local
    changed = (
        'with: {benefits.general_outpatient.ratio.rows: [{ratio: "0.80"}]}\nexpect: {funds: {pooled: "800.00"'
    )
    text = CASE.replace('expect: {deductible: "300.00", funds: {pooled: "600.00"', changed)
    case.write_text(text.replace('"560.00"', '"400.00"'), "utf-8")
    result = run("test", "--policies", overlay, case)
    assert result.exit_code == 0, result.output


def test_a_what_if_begins_from_the_figures_of_a_region(local: tuple[Path, Path]) -> None:
    overlay, _ = local
    words = ("--pack", "hangzhou-medical-aid", "--sample", 40, "--workers", 1)
    change = 'benefits.general_outpatient.ratio.rows=[{ratio: "0.70"}]'
    result = run("what-if", *words, "--policies", overlay, "--with", change)
    assert result.exit_code == 0, result.output
    assert "+ 70%" not in result.output
    assert "~ 60% → 70%" in result.output


def test_a_regions_file_that_is_wrong_stops_the_command_with_its_line(local: tuple[Path, Path]) -> None:
    overlay, case = local
    overlay.write_text(OVERLAY.replace('"0.60"', "0.60"), "utf-8")
    result = run("test", "--policies", overlay, case)
    assert result.exit_code == 1
    assert f"{overlay}:11: error: benefits.general_outpatient.ratio.rows[0].ratio: write the" in result.output
    assert "11 |     ratio: {rows: [{ratio: 0.60}]}" in result.output
