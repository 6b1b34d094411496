"""The receipt of a sale with several benefits, layers, orders and stays."""

from dataclasses import replace

import pytest

from medsettle._columns import width
from medsettle._together import together
from medsettle.models import AccountShare, Advisory, Breakdown, Sale
from medsettle.receipt import NARROW, WIDE, render
from tests.sdk.settled import BOTH, DIALYSIS, SALE, STAY, step


def lines_of(text: str) -> list[str]:
    return [" ".join(row.split()) for row in text.splitlines()]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("columns", [24, NARROW, WIDE])
@pytest.mark.parametrize("sale", [SALE, BOTH, replace(BOTH, state="REVERSED")], ids=["one", "two", "undone"])
def test_every_line_fits_and_every_amount_stands_at_the_right_edge(
    sale: Sale, columns: int, language: str
) -> None:
    text = render(sale, columns=columns, language=language)
    rows = text.splitlines()
    assert max(width(row) for row in rows) == columns
    text.encode("gbk")
    end = next((at for at, row in enumerate(rows) if row.startswith(("为什么", "Why"))), len(rows))
    amounts = [row for row in rows[:end] if row[-3:-2] == "." and row[-2:].isdigit()]
    assert {width(row) for row in amounts} == {columns}


def test_each_fund_is_a_row_as_the_region_calls_it() -> None:
    rows = lines_of(render(SALE))
    assert [row for row in rows if row.endswith(("支付 13800.00", "支付 120.00"))] == [
        "统筹基金支付 13800.00", "大病保险支付 120.00",
    ]


def test_a_region_may_call_a_fund_by_the_title_of_its_layer() -> None:
    trace = tuple(
        replace(entry, inputs={**entry.inputs, "zh": "大病补充"}) if entry.step == "layer" else entry
        for entry in STAY.trace
    )
    assert "大病补充支付 120.00" in lines_of(render(replace(SALE, settlements=(replace(STAY, trace=trace),))))


def test_what_may_be_applied_for_afterwards_stands_apart_and_without_zeros() -> None:
    rows = lines_of(render(SALE, columns=WIDE))
    at = rows.index("另可事后申请,不计入本次:")
    assert rows[at + 1] == "特殊救助 500.00"
    assert rows[at + 2].startswith("---")
    english = lines_of(render(SALE, columns=WIDE, language="en"))
    assert "May be applied for afterwards, not part of this" in english
    assert "Special aid 500.00" in english


def test_several_benefits_are_added_up_below_them() -> None:
    rows = lines_of(render(BOTH))
    at = rows.index("2项待遇合计 30372.00")
    assert rows[at + 1 : at + 6] == [
        "统筹基金支付 14132.50", "大病保险支付 120.00", "机构承担 22.00", "个人账户支付(本人) 90.00",
        "现金支付 16007.50",
    ]
    assert not any("项待遇合计" in row for row in lines_of(render(SALE)))


def test_each_benefit_says_why_under_its_own_title() -> None:
    rows = lines_of(render(BOTH, columns=WIDE))
    assert "为什么是这个数:住院" in rows
    assert "为什么是这个数:门诊血液透析" in rows
    assert "为什么是这个数" in lines_of(render(SALE))


def test_an_emergency_order_tags_its_settlement() -> None:
    assert "应急措施 E-1" in lines_of(render(BOTH))
    assert "Emergency order E-1" in lines_of(render(BOTH, columns=WIDE, language="en"))
    assert "应急措施" not in render(SALE)


def test_what_the_institution_bears_is_shown_and_not_the_patients() -> None:
    rows = lines_of(render(replace(SALE, settlements=(DIALYSIS,))))
    assert rows.count("机构承担 22.00") == 2
    assert "现金支付 7.50" in rows


def test_limits_are_named_by_period_layer_and_condition() -> None:
    rows = lines_of(render(BOTH, columns=WIDE))
    assert [row for row in rows if row.startswith(("本次住院 ", "2026 "))] == [
        "本次住院 起付标准剩余 0.00",
        "2026 住院 年度限额剩余 6200.00",
        "2026 大病保险 起付标准剩余 0.00",
        "2026 医疗救助(门诊) 年度限额剩余 20000.00",
        "2026 高血压 年度限额剩余 667.50",
    ]


def test_a_limit_that_two_benefits_share_is_shown_as_it_stands_after_both() -> None:
    later = replace(DIALYSIS, remainders=(replace(STAY.remainders[1], used_fen=1, left_fen=1_999_999),))
    rows = lines_of(render(replace(SALE, settlements=(STAY, later)), columns=WIDE))
    left = [row for row in rows if row.endswith(("6200.00", "19999.99"))]
    assert left == ["2026 住院 年度限额剩余 19999.99"]


def test_the_why_does_not_repeat_the_rows() -> None:
    text = "".join(lines_of(render(SALE, columns=WIDE)))
    assert "大病保险:起付标准10000.00元" in text
    for said in ("统筹基金支付13800.00元。", "大病保险支付120.00元。", "可事后另行申请,预计", "50000.00元"):
        assert said not in text


def test_a_warning_is_printed_once_whatever_the_view() -> None:
    advisory = Advisory("POVERTY", "提醒:因病致贫风险。", "Note: risk of poverty.")
    full = replace(SALE, advisories=(advisory,))
    basic = replace(full, settlements=(replace(STAY, lines=(), trace=(), remainders=()),))
    assert render(full).count("因病致贫风险") == render(basic).count("因病致贫风险") == 1


def test_an_account_that_paid_somewhere_has_no_note() -> None:
    empty = AccountShare("own", "self", 0, "账户余额为零。", "The balance is 0.")
    def paid(share: AccountShare) -> Breakdown:
        return replace(DIALYSIS.breakdown, accounts=(share,))
    first = replace(DIALYSIS, breakdown=paid(AccountShare("own", "self", 700)))
    second = replace(DIALYSIS, breakdown=paid(empty))
    assert together((first, second)).accounts == (AccountShare("own", "self", 700),)
    assert together((second, second)).accounts == (empty,)


def test_what_accounts_pay_without_a_fund_is_not_divided_on_paper() -> None:
    alone = replace(
        SALE.settlements[0], benefit="personal_account_only", title_zh="仅用个人账户",
        trace=(step("account_only", "只用账户。", "Accounts only."),),
    )
    printed = render(replace(SALE, settlements=(alone,)))
    assert "符合政策范围" not in printed
    assert "先行自付" not in printed
    assert "只用账户。" in printed
    assert "符合政策范围" not in render(replace(SALE, settlements=(replace(alone, trace=()),)))


def test_where_neither_a_fund_nor_an_account_pays_the_paper_is_headed_as_cash() -> None:
    paid = SALE.settlements[0].breakdown
    cash = replace(paid, funds={}, accounts=(), cash_fen=paid.personal_fen)
    alone = replace(
        SALE.settlements[0], benefit="personal_account_only", title_zh="仅用个人账户", breakdown=cash,
    )
    printed = render(replace(SALE, settlements=(alone,)))
    assert "仅付现金" in printed
    assert "仅用个人账户" not in printed
