"""The page, the comparison and the skeleton of packs know the rules of supervision."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from medsettle_gateway.cli.policy import policy

WATCHED = Path(__file__).parents[1] / "service" / "policies" / "watched.yaml"
PACKAGE = Path(__file__).parents[3] / "gateway" / "src" / "medsettle_gateway"
LIAOCHENG = PACKAGE / "policies" / "371500_liaocheng" / "outpatient.yaml"


def run(*words: object) -> Result:
    return CliRunner().invoke(policy, [str(word) for word in words])


@pytest.mark.parametrize("line", [
    "智能监控 / supervision: it changes no amount",
    "  重复购药 / repeated_drug: bought again too early",
    "    预警,须说明理由 / warn: only with a reason",
    "    用完前7天内可以再买,回看180天 / again from 7 days before the end on; looks 180 days back",
    "    一般15天 / 15 days in general",
    "    已备案病种:90天 / any filed condition: 90 days",
    "    没有指导价的按支付标准 / where there is none, above the payment standard",
    "    每张处方最多1种 / at most 1 kinds on one prescription",
    "    30分钟内在另一区县 / in another district within 30 minutes",
    "    3天内3笔,用去账户的90%,至少300.00元 / 3 sales in 3 days that take 90% of it, at least 300.00 yuan",
    "    阻断 / block〔三(四)¶2〕",
])
def test_the_page_says_what_each_rule_looks_at_and_asks(line: str) -> None:
    result = run("show", WATCHED)
    assert result.exit_code == 0, result.output
    assert line in result.output


def test_figures_of_the_operators_own_are_named_so_beside_the_clause_of_the_rule(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    text = LIAOCHENG.read_text("utf-8")
    changed = text.replace("clause: 篇10定量, days", "clause: 篇10定量, figures: operator, days")
    own.write_text(changed, "utf-8")
    marked = "remind〔篇10定量〕(数字由运营方自定 / figures of the operator's own)"
    assert marked in run("show", own).output
    assert marked not in run("show", LIAOCHENG).output


def test_a_pack_without_rules_has_no_such_section() -> None:
    assert "智能监控" not in run("show", "zibo-employee-chronic").output


def test_two_packs_are_compared_by_verdicts_and_figures(tmp_path: Path) -> None:
    shipped = LIAOCHENG
    stricter = tmp_path / "stricter.yaml"
    text = shipped.read_text("utf-8")
    changed = text.replace("remind, clause: 篇10定量, days_supply: 15", "block, clause: 甲, days_supply: 7")
    stricter.write_text(changed, "utf-8")
    said = run("diff", shipped, stricter).output
    assert "~ 提醒 → 阻断 / remind → block" in said
    assert "~ 15 → 7" in said
