"""What a pack says of persons stands on its page, in both languages and with its clause."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from medsettle_gateway.cli.policy import policy
from medsettle_gateway.cli.policy_page_persons import person_lines
from medsettle_gateway.domain.member import Aid
from medsettle_gateway.domain.person_rules import ORDER_OF_AID, AidRule, PersonRules

EVERYTHING = Path(__file__).parents[1] / "policy" / "everything.yaml"


@pytest.fixture(scope="module")
def page() -> str:
    return CliRunner().invoke(policy, ["show", str(EVERYTHING)], color=False).output


@pytest.mark.parametrize(
    ("zh", "en", "clause"),
    [
        ("欠费当月起停止待遇,3个月内足额补缴恢复", "paid in full within 3 months they are restored", "三十"),
        ("中断满6个月视同首次参保", "6 months of interruption make a first enrolment", "三十一"),
        ("超过12个月缴费年限重新计算", "more than 12 let the paid years restart", "三十一"),
        ("灵活就业:首次参保等待6个月", "flexible: benefits begin 6 months after enrolment", "三十二"),
        ("居民:缴费后次年1月1日", "resident: a premium covers the calendar year after it", "三十三"),
        ("灵活就业:缴费当年1月1日", "a premium covers its calendar year, if paid by 03-31", "三十三"),
        ("large_amount须在当年06-30前缴费", "covers a year that is paid for by 06-30", "三十四"),
        ("灵活就业:女未满50周岁", "flexible: women, below 50 years", "三十五"),
        ("救助证件须由 330111, 330106 签发", "that were issued by 330111, 330106", "三十六"),
        ("暂停待遇12个月", "a suspension without an end lasts 12 months", "三十七"),
    ],
)
def test_each_rule_is_said_with_its_clause(page: str, zh: str, en: str, clause: str) -> None:
    (line,) = [line for line in page.splitlines() if zh in line]
    assert en in line
    assert line.endswith(f"〔第{clause}条〕")


def test_that_accounts_may_still_pay_is_said(page: str) -> None:
    assert "停止待遇期间个人账户仍可使用 / whose benefits are stopped may still pay from accounts" in page


def test_which_of_several_aid_identities_counts_is_said_where_the_region_says_it() -> None:
    def lines(order: tuple[Aid, ...]) -> list[str]:
        rules = PersonRules(aid=AidRule(("330111",), order, "二.3"))
        return [line for line in person_lines(rules) if "先后" in line]

    first = (Aid.DISABLED, *(aid for aid in ORDER_OF_AID if aid is not Aid.DISABLED))
    (line,) = lines(first)
    assert "残疾、特困、孤儿" in line
    assert "of several the first counts: disabled, destitute, orphan" in line
    assert lines(ORDER_OF_AID) == []


def test_a_pack_that_says_nothing_of_persons_has_no_such_section() -> None:
    page = CliRunner().invoke(policy, ["show", "anshan-employee-outpatient"], color=False).output
    assert "参保资格" not in page
    assert "个人账户" in page
