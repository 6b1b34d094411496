"""The check at the command line, against a real gateway: what is read aloud, what programs get."""

from collections.abc import Iterator

import pytest

from medsettle.testing import Gateway
from tests.sdk.shells import LI, ZHANG, Shell

pytestmark = pytest.mark.e2e
REMEDY, UNKNOWN = "ZA01BAG0045010100141", "X000000000000000000009"
REMEDY_BY_ACCOUNT = (f"{REMEDY}@36.80", "--benefit", "personal_account_only", "--operator", "7")


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with Gateway() as running:
        yield running


@pytest.fixture(scope="module")
def shell(gateway: Gateway) -> Shell:
    return Shell(gateway, gateway.enrol_till("P21030200101"))


def test_a_check_reads_out_benefits_accounts_and_items_with_the_next_step(shell: Shell) -> None:
    ended = shell.run("check", "--item", REMEDY, "--item", UNKNOWN, typed=shell.scan(ZHANG))
    assert ended.code == 0, ended.complaints
    text = " ".join(ended.output.split())
    assert text.startswith("张* 职工医保 在职 employee active 参保 covered: 是 yes")
    for heading in ("待遇 Benefits", "账户 Accounts", "所询项目 Items asked about"):
        assert heading in text
    assert f"感冒灵颗粒 {REMEDY}" in text
    assert f"{UNKNOWN} 基金不付 no fund" in text
    assert "-> " in text


def test_a_check_of_another_day_or_of_one_benefit_answers_that(shell: Shell) -> None:
    ended = shell.run(
        "check", "--on", "2026-02-03", "--benefit", "general_outpatient", "--operator", "7", "--json",
        typed=shell.scan(LI),
    )
    assert ended.code == 0, ended.complaints
    assert ended.answer["as_of"] == "2026-02-03"
    assert [each["benefit"] for each in ended.answer["benefits"]] == ["general_outpatient"]


def test_a_program_gets_the_token_and_may_bring_it_with_quote_and_sale(shell: Shell) -> None:
    scanned = shell.scan(LI)
    token = shell.run("check", "--json", typed=scanned).answer["eligibility_token"]
    assert token
    words = (*REMEDY_BY_ACCOUNT, "--eligibility-token", token)
    assert shell.run("quote", *words, "--json", typed=scanned).code == 0
    sold = shell.run("sell", *words, "--yes", "--json", typed=scanned)
    assert (sold.code, sold.answer["outcome"]) == (0, "PAID")


def test_a_token_of_another_patient_is_refused_with_the_next_step(shell: Shell) -> None:
    token = shell.run("check", "--json", typed=shell.scan(LI)).answer["eligibility_token"]
    words = (*REMEDY_BY_ACCOUNT, "--eligibility-token", token)
    ended = shell.run("quote", *words, typed=shell.scan(ZHANG))
    assert ended.code == 1
    assert "[ELIGIBILITY_INVALID eligibility=other_patient]" in ended.complaints


def test_who_came_is_read_from_the_input_and_shown_to_nobody(shell: Shell, gateway: Gateway) -> None:
    typed = f"{shell.scan(ZHANG)}张晓\n21990119700302007X\n\n"
    ended = shell.run(
        "sell", *REMEDY_BY_ACCOUNT, "--yes", "--json", "--proxy", "child", typed=typed,
    )
    assert (ended.code, ended.answer["outcome"]) == (0, "PAID"), ended.complaints
    said = ended.output + ended.complaints + gateway.log
    assert "21990119700302007X" not in said
    assert "张晓" not in said


@pytest.mark.parametrize("number", ["A0000000001", "21010419900101123X"])
def test_a_card_that_nobody_has_is_refused_without_its_number(shell: Shell, number: str) -> None:
    ended = shell.run("check", "--card", "social", typed=f"{number}\n")
    assert ended.code == 1
    assert number not in ended.output + ended.complaints
