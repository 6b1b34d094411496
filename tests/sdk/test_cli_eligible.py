"""What a cashier reads out of a check: who may have what, what is left, what to do when not."""

import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from medsettle._columns import width
from medsettle.cli.as_json import as_json
from medsettle.cli.eligible import show_eligibility
from medsettle.cli.screen import COLUMNS, Screen
from medsettle.errors import refusal_of
from medsettle.models import (
    Account,
    AccountState,
    Answer,
    BenefitAnswer,
    Eligibility,
    Filing,
    ItemAnswer,
    OpenPrescription,
    Refusal,
    Remainder,
)
from medsettle.wire.reasons import Reason

WHY = Refusal(
    "NOT_HERE", recorded=False, zh="这里不行。", en="Not here.", next_zh="请去别处。", next_en="Go there."
)
CAP = Remainder("general_outpatient", "paid", "2026", 0, 300_000, 80_000)
GENERAL = BenefitAnswer(
    "general_outpatient", "普通门诊统筹", "general outpatient pooling", Answer.YES, None, (),
)
OWN = Account("a1", "self", "欧阳*", AccountState.ACTIVE, 1_234, Answer.YES)
FATHERS = Account("a2", "parent", "欧阳**", AccountState.ACTIVE, 15_000, Answer.YES)
FILED = Filing(
    "chronic", "hypertension", Answer.YES, None, date(2026, 1, 1), None, ("H1", "H2"), ("XC08",),
    date(2026, 8, 31),
)
FOUND = Eligibility(
    covered=Answer.YES, refusal=None, member="m", masked_name="欧阳*", region="210300", scheme="employee",
    standing="active", enrolment="pooled_and_account", benefits=(GENERAL,), accounts=(OWN,), advisories=(),
    binding_until=datetime(2026, 11, 22, 16, 0, tzinfo=UTC), as_of=date(2026, 11, 22), pack="p",
    eligibility_token="MSE1.said",
)


def read_out(found: Eligibility) -> str:
    """What is shown, each piece of white space as one."""
    return " ".join(shown(found).split())


def shown(found: Eligibility) -> str:
    stream = io.StringIO()
    show_eligibility(Screen(stream, coloured=False), found)
    assert max(map(width, stream.getvalue().splitlines())) <= COLUMNS
    return stream.getvalue()


def test_the_whole_answer_is_read_from_top_to_bottom() -> None:
    found = replace(
        FOUND,
        benefits=(
            replace(GENERAL, remainders=(CAP,)),
            BenefitAnswer("chronic", "门诊慢特病", "chronic", Answer.NO, WHY, ()),
        ),
        accounts=(OWN, replace(FATHERS, limit_left_fen=2_000, standing_consent=True)),
        filings=(FILED,),
        items=(ItemAnswer("XC08", "苯磺酸氨氯地平片", Answer.YES, None, date(2026, 12, 5)),),
        prescriptions=(OpenPrescription("RX-1", "H21030200001", date(2026, 11, 25)),),
    )
    assert shown(found) == """\
欧阳* 职工医保 在职 employee active         参保 covered: 是 yes
  查询日期 day asked about                            2026-11-22
待遇 Benefits
  普通门诊统筹 general outpatient pooling
  (general_outpatient)                                  可以 yes
    2026 年度限额剩余 Annual cap left                     800.00
  门诊慢特病 chronic (chronic)                         不可以 no
    这里不行。 Not here.
    -> 请去别处。 Go there.
账户 Accounts
  本人 own 欧阳* a1                                        12.34
    可支付 may pay                                      可以 yes
  父母 parent 欧阳** a2                                   150.00
    给该患者的额度剩余 limit left for this patient         20.00
    可支付 may pay                                      可以 yes
    户主已事先授权:--payer 账户:standing
    The owner has agreed beforehand: --payer ACCOUNT:standing
备案 Filings
  门诊慢特病 chronic hypertension                  有效 in force
    有效期 valid          2026-01-01 - 长期 until further notice
    限定机构: Only at: H1, H2
    核准药品: Approved drugs: XC08
    下次年审截止 next review due by                   2026-08-31
所询项目 Items asked about
  苯磺酸氨氯地平片 XC08                       基金可付 fund pays
    可再次购买 may be bought again from               2026-12-05
可调配的处方 Prescriptions to dispense
  RX-1@H21030200001                      有效至 until 2026-11-25
参保、备案、规则和目录以本次答复为准至 2026-11-23 00:00;余额、起
付标准和限额以结算时为准。
Cover, filings, rules and catalogue bind as said here until
2026-11-23 00:00; balances and limits do not.
"""


@pytest.mark.parametrize("unknown", [
    replace(FOUND, covered=Answer.COULD_NOT_BE_DETERMINED, refusal=WHY),
    replace(FOUND, benefits=(replace(GENERAL, answer=Answer.COULD_NOT_BE_DETERMINED),)),
    replace(FOUND, accounts=(replace(OWN, may_pay=Answer.COULD_NOT_BE_DETERMINED),)),
    replace(FOUND, filings=(replace(FILED, answer=Answer.COULD_NOT_BE_DETERMINED),)),
    replace(FOUND, items=(ItemAnswer("X", "", Answer.COULD_NOT_BE_DETERMINED, None, None),)),
], ids=["cover", "benefit", "account", "filing", "item"])
def test_not_knowing_is_shown_as_neither_yes_nor_no_and_that_is_said(unknown: Eligibility) -> None:
    text = read_out(unknown)
    assert "无法确定 could not be determined" in text
    assert "“无法确定”不是“不可以”" in text
    assert "Not determined is not a no" in text


def test_where_all_is_known_nothing_is_said_of_not_knowing() -> None:
    assert "determined" not in read_out(replace(FOUND, covered=Answer.NO, refusal=WHY))


@pytest.mark.parametrize(("covered", "shown_as"), [(Answer.YES, "是 yes"), (Answer.NO, "否 no")])
def test_cover_is_a_fact_and_no_permission(covered: Answer, shown_as: str) -> None:
    assert f"参保 covered: {shown_as}" in read_out(replace(FOUND, covered=covered))


def test_of_somebody_who_could_not_be_found_out_there_is_still_a_whole_answer() -> None:
    nobody = Eligibility(
        covered=Answer.COULD_NOT_BE_DETERMINED, refusal=refusal_of(Reason.STORE_UNAVAILABLE), member="",
        masked_name="", region="", scheme="", standing="", enrolment="", benefits=(), accounts=(),
        advisories=(), binding_until=None, as_of=None, pack="",
    )
    text = read_out(nobody)
    assert text.startswith("患者 Patient")
    assert "参保 covered: 无法确定 could not be determined" in text
    assert refusal_of(Reason.STORE_UNAVAILABLE).next_zh in text


def test_one_next_step_that_many_answers_share_is_said_once() -> None:
    refused = replace(GENERAL, answer=Answer.NO, refusal=WHY)
    text = read_out(replace(FOUND, benefits=(refused, refused)))
    assert text.count("请去别处。") == 1
    assert text.count("这里不行。") == 2


def test_of_somebody_who_is_not_covered_it_is_said_once_why_and_nothing_of_what_would_be_left() -> None:
    refused = replace(GENERAL, answer=Answer.NO, refusal=WHY, remainders=(CAP,))
    text = read_out(replace(FOUND, covered=Answer.NO, refusal=WHY, benefits=(refused, refused)))
    assert text.count("这里不行。") == 1
    assert text.count("不可以 no") == 2
    assert "800.00" not in text


@pytest.mark.parametrize(("account", "said", "unsaid"), [
    (Account("", "self", "欧阳*", AccountState.NONE, None, Answer.NO), "没有账户 no account", "0.00"),
    (replace(OWN, balance_fen=0), "0.00", "no account"),
    (replace(OWN, state=AccountState.FROZEN, may_pay=Answer.NO), "12.34 已冻结 frozen", "no account"),
], ids=["none", "zero", "frozen"])
def test_no_account_an_empty_one_and_a_frozen_one_are_three_answers(
    account: Account, said: str, unsaid: str
) -> None:
    text = read_out(replace(FOUND, accounts=(account,)))
    assert said in text
    assert unsaid not in text


@pytest.mark.parametrize(("consent", "said"), [
    (True, "户主已事先授权:--payer 账户:standing"), (False, "户主须到场当面同意:--payer 账户:in-person"),
])
def test_how_a_relative_agrees_is_said_where_the_account_may_pay(consent: bool, said: str) -> None:
    fathers = replace(FATHERS, standing_consent=consent)
    assert said in read_out(replace(FOUND, accounts=(fathers,)))
    refused = replace(fathers, may_pay=Answer.NO, refusal=WHY)
    text = read_out(replace(FOUND, accounts=(refused,)))
    assert said not in text
    assert "这里不行。 Not here. -> 请去别处。 Go there." in text


def test_where_no_fund_pays_and_accounts_may_the_cashier_hears_once_how() -> None:
    stopped = replace(FOUND, covered=Answer.NO, refusal=WHY, accounts=(OWN, FATHERS))
    assert read_out(stopped).count("--benefit personal_account_only") == 2  # once in each language
    assert "personal_account_only" not in read_out(FOUND)
    nobody = replace(stopped, accounts=(replace(OWN, may_pay=Answer.NO),))
    assert "personal_account_only" not in read_out(nobody)


def test_a_filing_that_does_not_hold_says_why_and_what_to_do() -> None:
    text = read_out(replace(FOUND, filings=(replace(FILED, answer=Answer.NO, refusal=WHY),)))
    assert "门诊慢特病 chronic hypertension 不适用 does not apply 这里不行。 Not here. -> 请去别处。" in text


def test_a_filing_of_a_kind_that_this_release_does_not_know_keeps_its_name() -> None:
    assert "spa_stay" in read_out(replace(FOUND, filings=(replace(FILED, kind="spa_stay"),)))


def test_an_item_that_the_catalogue_does_not_have_is_shown_by_its_code() -> None:
    text = read_out(replace(FOUND, items=(ItemAnswer("X9", "", Answer.NO, WHY, None),)))
    assert "X9 基金不付 no fund 这里不行。" in text


def test_what_has_no_name_is_shown_by_its_code_alone() -> None:
    unnamed = replace(GENERAL, benefit="spa", title_zh="spa", title_en="spa")
    text = shown(replace(FOUND, benefits=(unnamed,), items=(ItemAnswer("X9", "", Answer.NO, WHY, None),)))
    assert "\n  (spa) " in text
    assert "\n  X9 " in text


def test_nothing_binds_of_somebody_who_is_not_covered() -> None:
    assert "bind" not in read_out(replace(FOUND, covered=Answer.NO, refusal=WHY))


@pytest.mark.parametrize(("standing", "shown_as"), [
    ("retired", "欧阳* 职工医保 退休 employee retired"), ("ruling", "欧阳* 职工医保 ruling employee"),
])
def test_who_is_insured_as_what_is_said_in_both_languages_as_far_as_it_is_known(
    standing: str, shown_as: str
) -> None:
    assert shown_as in read_out(replace(FOUND, standing=standing))


def test_what_is_left_is_named_by_stay_layer_and_condition() -> None:
    left = (
        Remainder("general_outpatient", "paid", "2026", 0, 300_000, 300_000),
        Remainder("general_outpatient/hypertension", "paid", "2026", 0, 100_000, 90_000),
        Remainder("general_outpatient", "deductible", "stay/7", 0, 80_000, 80_000),
        Remainder("medical_aid/outpatient", "paid", "2026", 0, 200_000, 200_000),
        Remainder("top_up", "deductible", "2026", 0, 1_200_000, 1_200_000, "县财政兜底", "county top-up"),
        Remainder("basic_annual", "paid", "2026", 0, 400_000, 400_000),
    )
    text = "".join(shown(replace(FOUND, benefits=(replace(GENERAL, remainders=left),))).split())
    for row in (
        "2026 年度限额剩余 Annual cap left 3000.00",
        "2026 高血压 Hypertension 年度限额剩余 Annual cap left 900.00",
        "本次住院 This stay 起付标准剩余 Deductible left 800.00",
        "2026 医疗救助(门诊) Medical aid (outpatient care) 年度限额剩余 Annual cap left 2000.00",
        "2026 县财政兜底 County top-up 起付标准剩余 Deductible left 12000.00",
        "2026 共用限额 basic_annual Shared limit basic_annual 年度限额剩余 Annual cap left 4000.00",
    ):
        assert "".join(row.split()) in text


@pytest.mark.parametrize(("limit_fen", "said"), [(0, False), (30_000, True)])
def test_a_deductible_that_is_used_up_is_read_out_and_one_that_does_not_exist_is_not(
    limit_fen: int, said: bool
) -> None:
    left = Remainder("general_outpatient", "deductible", "2026", limit_fen, limit_fen, 0)
    text = read_out(replace(FOUND, benefits=(replace(GENERAL, remainders=(left,)),)))
    assert ("起付标准剩余 Deductible left 0.00" in text) is said


def test_a_program_is_told_the_token_that_people_are_not_shown() -> None:
    answer = json.loads(as_json(FOUND))
    assert answer["eligibility_token"] == "MSE1.said"
    assert (answer["covered"], answer["filings"]) == ("YES", [])
    assert answer["accounts"][0]["limit_left_fen"] is None
    assert "MSE1" not in shown(FOUND)
    assert "MSE1" not in repr(FOUND)
