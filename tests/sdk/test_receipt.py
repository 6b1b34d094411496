"""The receipt as text: what it says in each state, and that it fits the paper."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from medsettle._columns import width
from medsettle.models import (
    AccountShare,
    Breakdown,
    Difference,
    LineBreakdown,
    Outcome,
    Refusal,
    Remainder,
    Sale,
    SaleCard,
    Settlement,
    TraceEntry,
)
from medsettle.receipt import NARROW, WIDE, check_code, render, render_card, yuan

ZERO = Breakdown(0, 0, 0, 0, 0, 0, 0, 0, {}, 0, (), 0)
FIRST_VISIT = replace(
    ZERO, total_fen=50_000, in_scope_fen=50_000, deductible_fen=30_000, funds={"pooled": 10_000},
    personal_fen=40_000, accounts=(AccountShare("own", "self", 40_000),),
)
PHARMACY = replace(
    ZERO, total_fen=43_430, fully_self_paid_fen=25_700, in_scope_fen=17_730, personal_fen=43_430,
    accounts=(
        AccountShare("father", "parent", 15_000),
        AccountShare("sister", "sibling", 0, "兄弟姐妹的账户不能支付。", "A sibling's account may not pay."),
    ),
    cash_fen=28_430,
)


PARTS = ("provider_borne_fen", "fully_self_paid_fen", "over_limit_fen", "self_pay_first_fen", "in_scope_fen")


def line(number: int, name: str, item_class: str, amount_fen: int, **parts: int) -> LineBreakdown:
    divided = dict.fromkeys(PARTS, 0) | parts
    return LineBreakdown(str(number), f"X{number:019d}", name, "drug", item_class, amount_fen, **divided)


LINES = (
    line(1, "氯雷他定片", "A", 6_800, in_scope_fen=6_800),
    line(2, "甘精胰岛素注射液", "B", 8_000, self_pay_first_fen=713, over_limit_fen=874, in_scope_fen=6_413),
    line(3, "蛋白质粉", "C", 19_800, fully_self_paid_fen=19_800),
)
TRACE = (
    TraceEntry("line", "lines", "", {}, 6_800, "氯雷他定片全部纳入。", "Loratadine is in scope.", "1"),
    TraceEntry("line", "lines.excluded[0]", "三(四)¶2", {}, 19_800, "蛋白质粉不予支付。", "Not paid.", "3"),
    TraceEntry(
        "deductible", "benefits.general_outpatient.deductible", "三(一)¶2", {}, 30_000,
        "本年度起付标准300.00元,本次计入300.00元。",
        "Of this year's deductible of 300.00 yuan, 300.00 are borne now.",
    ),
)
SETTLEMENT = Settlement(
    1, "general_outpatient", "普通门诊统筹", "general outpatient pooling", FIRST_VISIT, LINES, TRACE,
    (
        Remainder("general_outpatient", "deductible", "2026", 30_000, 30_000, 0),
        Remainder("general_outpatient", "paid", "2026", 10_000, 300_000, 290_000),
        Remainder("general_outpatient", "borne", "2026", 40_000),
    ),
)
REQUEST_ID = "H21030200001-01-20261122-1-1"
SALE = Sale(
    request_id=REQUEST_ID, state="SETTLED", first_state="SETTLED", refusal=None, legs=(),
    settlements=(SETTLEMENT,), member="m-1", masked_name="张*", institution="H21030200001",
    terminal="H21030200001-01", operator="7", service_on=date(2026, 11, 22),
    business_on=date(2026, 11, 22), requested_at=None, committed_at=datetime(2026, 11, 22, tzinfo=UTC),
    hold_expires_at=None, tenders=(), receipt_token="MS1.a.b.c", replaces="", recompute_due=(), epoch=1,
)
REFUSED = replace(
    SALE, state="REFUSED", settlements=(),
    refusal=Refusal(
        "CREDENTIAL_EXPIRED", True, "医保凭证已过期。", "The credential has expired.",
        "请患者刷新后重新出示。", "Ask the patient to refresh it.",
    ),
)
OPEN_CARD = SaleCard(
    REQUEST_ID, Outcome.OPEN, None, "结果还不知道。", "The outcome is not known.",
    "稍后执行 medsettle recover。", "Run medsettle recover.",
)


def lines_of(text: str) -> list[str]:
    return [" ".join(row.split()) for row in text.splitlines()]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("columns", [24, NARROW, WIDE])
@pytest.mark.parametrize("state", ["SETTLED", "REVERSED", "REFUSED", "SEALED", "RELEASED", "HELD", "NEWER"])
def test_no_line_is_wider_than_the_paper(state: str, columns: int, language: str) -> None:
    sale = replace(SALE, state=state, refusal=REFUSED.refusal)
    name = "演示市第一人民医院铁东第一门诊部"
    text = render(sale, institution_name=name, columns=columns, language=language)
    assert max(width(row) for row in text.splitlines()) == columns


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("columns", [24, NARROW, WIDE])
@pytest.mark.parametrize("state", ["SETTLED", "REVERSED", "REFUSED", "SEALED", "RELEASED", "HELD", "NEWER"])
def test_a_printer_that_speaks_gbk_can_print_all_of_it(state: str, columns: int, language: str) -> None:
    payers = replace(SETTLEMENT, breakdown=PHARMACY)
    sale = replace(SALE, state=state, refusal=REFUSED.refusal, settlements=(SETTLEMENT, payers))
    card = replace(OPEN_CARD, sale=sale, refund_due_fen=28_430, refusal=REFUSED.refusal)
    render(sale, columns=columns, language=language).encode("gbk")
    for outcome in Outcome:
        told = replace(card, outcome=outcome)
        render_card(told, columns=columns, language=language).encode("gbk")


def test_amounts_stand_at_the_right_edge() -> None:
    rows = [row for row in render(SALE).splitlines() if row.endswith((".00", ".13"))]
    assert {width(row) for row in rows} == {NARROW}


def test_a_settled_sale_names_each_payer() -> None:
    rows = lines_of(render(SALE, institution_name="铁东第一门诊部"))
    assert "铁东第一门诊部" in rows
    assert "医保结算单" in rows
    assert "患者 张*" in rows
    assert [row for row in rows if row.startswith(("合计", "统筹", "个人", "现金"))] == [
        "合计 500.00", "统筹基金支付 100.00", "个人账户支付(本人) 400.00", "现金支付 0.00",
    ]


def test_a_relatives_account_says_whose_it_is_and_why_one_pays_nothing() -> None:
    rows = lines_of(render(replace(SALE, settlements=(replace(SETTLEMENT, breakdown=PHARMACY),))))
    at = rows.index("家庭共济支付(父母) 150.00")
    assert rows[at + 1 : at + 4] == [
        "家庭共济支付(兄弟姐妹) 0.00", "兄弟姐妹的账户不能支付。", "现金支付 284.30",
    ]


def test_what_goes_back_names_whose_account_it_is_and_one_that_pays_no_more_by_its_id() -> None:
    back = Difference(0, {}, {"own": 1_250, "father": 400, "gone": 100})
    family = replace(SETTLEMENT, breakdown=PHARMACY)
    returned = replace(SALE, replaces=REQUEST_ID, difference=back, settlements=(SETTLEMENT, family))
    rows = lines_of(render(returned))
    at = rows.index("退回各付款方")
    assert rows[at + 1 : at + 5] == [
        "个人账户(本人) 12.50", "个人账户(父母) 4.00", "个人账户 gone 1.00", "现金支付 0.00",
    ]
    assert "Account (own) 12.50" in lines_of(render(returned, language="en"))


def test_each_line_shows_its_class_and_how_it_divides() -> None:
    rows = lines_of(render(SALE))
    at = rows.index("氯雷他定片 [甲] 68.00")
    assert rows[at : at + 8] == [
        "氯雷他定片 [甲] 68.00", "整行符合政策范围",
        "甘精胰岛素注射液 [乙] 80.00", "符合政策范围 64.13", "先行自付 7.13", "超限价自付 8.74",
        "蛋白质粉 [丙] 198.00", "整行全自费",
    ]


def test_the_years_remainders_are_shown_where_there_is_a_limit() -> None:
    rows = [row for row in lines_of(render(SALE)) if row.startswith("2026 ")]
    assert rows == ["2026 起付标准剩余 0.00", "2026 年度限额剩余 2900.00"]


def test_the_why_leaves_out_lines_that_are_wholly_in_scope_and_names_the_clause() -> None:
    text = "".join(lines_of(render(SALE, columns=WIDE)))
    assert "1. 蛋白质粉不予支付。 (三(四)第2款)" in text
    assert "2. 本年度起付标准300.00元,本次计入300.00元。" in text
    assert "氯雷他定片全部纳入" not in text


def test_the_why_names_a_share_that_a_line_wholly_in_scope_was_spared() -> None:
    spared = TraceEntry("self_pay_waived", "waives", "", {}, 0, "免除先行自付。", "The share is waived.", "1")
    waived = replace(SALE, settlements=(replace(SETTLEMENT, trace=(TRACE[0], spared)),))
    text = "".join(lines_of(render(waived, columns=WIDE)))
    assert "1. 免除先行自付。" in text
    assert "氯雷他定片全部纳入" not in text


def test_a_basic_view_has_the_split_without_lines_and_why() -> None:
    basic = replace(SALE, settlements=(replace(SETTLEMENT, lines=(), trace=(), remainders=()),))
    rows = lines_of(render(basic))
    assert "统筹基金支付 100.00" in rows
    assert "为什么是这个数" not in rows


def test_english_words_stand_where_chinese_ones_stood() -> None:
    rows = lines_of(render(SALE, columns=WIDE, language="en"))
    assert "Settlement receipt" in rows
    assert "Pooled fund 100.00" in rows
    assert "Personal account (own) 400.00" in rows


def test_a_fund_that_this_release_does_not_know_is_shown_by_its_id() -> None:
    unknown = replace(SETTLEMENT, breakdown=replace(FIRST_VISIT, funds={"civil_servant": 10_000}))
    assert "civil_servant 100.00" in lines_of(render(replace(SALE, settlements=(unknown,))))


def test_the_check_code_ties_the_paper_to_the_token() -> None:
    assert f"校验码 {check_code(SALE.receipt_token)}" in lines_of(render(SALE))
    assert check_code("MS1.a.b.c") != check_code("MS1.a.b.d")


@pytest.mark.parametrize(("breakdown", "shares", "cash"), [
    (FIRST_VISIT, True, False), (PHARMACY, True, True),
    (replace(ZERO, total_fen=6_800, personal_fen=6_800, cash_fen=6_800), False, True), (ZERO, False, False),
], ids=["fund and account", "account and cash", "cash only", "nothing"])
def test_a_reversal_gives_back_only_where_somebody_had_paid(
    breakdown: Breakdown, shares: bool, cash: bool
) -> None:
    settlement = replace(SETTLEMENT, breakdown=breakdown, lines=())
    text = render(replace(SALE, state="REVERSED", settlements=(settlement,)), columns=WIDE)
    assert ("已原路退回" in text) is shares
    assert ("应退还患者" in text) is cash


def test_a_reversed_sale_says_that_it_does_not_stand_and_has_no_check_code() -> None:
    text = render(replace(SALE, state="REVERSED"), columns=WIDE)
    assert "医保结算撤销单" in text
    assert "已原路退回" in text
    assert "校验码" not in text


@pytest.mark.parametrize("state", ["REFUSED", "SEALED", "RELEASED"])
def test_what_was_not_charged_says_so_and_shows_no_split(state: str) -> None:
    text = render(replace(SALE, state=state), columns=WIDE)
    assert "未收费说明" in text
    assert "没有动用医保基金和个人账户" in text
    assert "统筹基金支付" not in text


def test_a_refusal_says_why_and_what_to_do_next() -> None:
    text = "".join(lines_of(render(REFUSED, columns=WIDE)))
    assert "医保凭证已过期。" in text
    assert "下一步:请患者刷新后重新出示。" in text


@pytest.mark.parametrize("state", ["HELD", "EXPIRED", "PENDING", "UNDOING", "A_NEWER_STATE"])
def test_an_open_sale_is_shown_as_neither_paid_nor_failed(state: str) -> None:
    text = render(replace(SALE, state=state), columns=WIDE)
    assert "结果未定" in text
    assert "请勿再次收费" in text
    assert "医保结算单" not in text
    assert "未收费" not in text


def test_an_open_card_without_an_answer_says_what_to_tell_and_do() -> None:
    text = render_card(OPEN_CARD, institution_name="百草堂药店", columns=WIDE)
    assert "结果未定" in text
    assert REQUEST_ID in text
    assert "结果还不知道。" in text
    assert "下一步:稍后执行 medsettle recover。" in text


def test_a_paid_card_prints_its_sale() -> None:
    assert render_card(replace(OPEN_CARD, outcome=Outcome.PAID, sale=SALE)) == render(SALE)


def test_a_refused_card_shows_the_refusal_once_and_the_cash_to_give_back() -> None:
    card = replace(
        OPEN_CARD, outcome=Outcome.NOT_PAID, sale=REFUSED, refund_due_fen=28_430,
        next_zh="请患者刷新后重新出示。", next_en="Ask the patient to refresh it.",
    )
    text = render_card(card, columns=WIDE)
    assert text.count("请患者刷新后重新出示") == 1
    assert "应退还患者 284.30" in lines_of(text)


def test_a_card_that_never_got_an_id_shows_why_nothing_was_charged() -> None:
    card = replace(OPEN_CARD, request_id=None, outcome=Outcome.NOT_PAID, refusal=REFUSED.refusal)
    rows = lines_of(render_card(card))
    assert "未收费说明" in rows
    assert "医保凭证已过期。" in rows


def test_paper_that_is_too_narrow_is_refused_with_the_least_width() -> None:
    with pytest.raises(ValueError, match="24"):
        render(SALE, columns=20)


@pytest.mark.parametrize(
    ("amount_fen", "text"),
    [(0, "0.00"), (5, "0.05"), (12_345, "123.45"), (-70, "-0.70"), (100_000_000, "1000000.00")],
)
def test_fen_are_shown_as_yuan_with_two_decimals(amount_fen: int, text: str) -> None:
    assert yuan(amount_fen) == text
