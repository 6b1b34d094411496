"""The command ``medsettle`` against a real gateway: what is shown, what is answered, what it ends with."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from medsettle._columns import width
from medsettle.cli.run import run
from medsettle.testing import Gateway
from tests.sdk.shells import LI, SCAN, WANG, ZHANG, Shell

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with Gateway() as running:
        yield running


@pytest.fixture(scope="module")
def shell(gateway: Gateway) -> Shell:
    return Shell(gateway, gateway.enrol_till("H21030200001"))


def test_enrol_writes_key_and_configuration_and_names_the_next_step(shell: Shell, tmp_path: Path) -> None:
    code = shell.gateway.enrolment_code("P21030200101")
    words = ("--terminal", "P21030200101-01", "--gateway", shell.gateway.address, "--insecure")
    ended = shell.run("enrol", code, *words, "--directory", str(tmp_path))
    assert ended.code == 0
    assert (tmp_path / "till.key").exists()
    assert f"medsettle doctor --config {tmp_path / 'till.toml'}" in ended.output
    again = shell.run("enrol", code, *words, "--directory", str(tmp_path / "other"), "--json")
    assert again.code == 4
    assert again.answer["error"]["reason"] == "ENROL_CODE_INVALID"


def test_a_code_of_another_till_says_for_which_one_it_is(shell: Shell, tmp_path: Path) -> None:
    code = shell.gateway.enrolment_code("P21030200101", "07")
    words = ("--gateway", shell.gateway.address, "--insecure", "--directory", str(tmp_path))
    ended = shell.run("enrol", code, "--terminal", "P21030200101-70", *words)
    assert ended.code == 4
    assert "enrol ... --terminal P21030200101-07\n" in ended.complaints
    assert shell.run("enrol", code, "--terminal", "P21030200101-07", *words).code == 0


def test_check_shows_benefits_accounts_and_what_is_left(shell: Shell) -> None:
    ended = shell.run("check", typed=shell.scan(WANG))
    assert ended.code == 0
    assert "王*" in ended.output
    assert "没有账户 no account" in ended.output
    rows = [" ".join(row.split()) for row in ended.output.splitlines()]
    assert any("年度限额剩余 Annual cap left 3000.00" in row for row in rows)


def test_check_for_programs_is_json_and_nothing_else(shell: Shell) -> None:
    ended = shell.run("check", "--json", "--credential", shell.scan(ZHANG).strip())
    assert (ended.code, ended.complaints) == (0, "")
    assert ended.answer["covered"] == "YES"
    assert ended.answer["accounts"][0]["balance_fen"] == 100_000


def test_a_quote_reserves_nothing_and_shows_who_would_pay(shell: Shell) -> None:
    ended = shell.run("quote", "--operator", "7", f"{SCAN}@500.00", typed=shell.scan(ZHANG))
    assert ended.code == 0
    rows = [" ".join(row.split()) for row in ended.output.splitlines()]
    assert "统筹基金支付 Pooled fund 100.00" in rows
    assert "现金支付 Cash 0.00" in rows


def test_a_sale_is_shown_agreed_to_and_printed(shell: Shell) -> None:
    ended = shell.run(
        "sell", f"{SCAN}@400.00", "--operator", "7", "--columns", "48", "--language", "en",
        typed=shell.scan(WANG) + "y\ny\n",
    )
    assert ended.code == 0
    rows = [" ".join(row.split()) for row in ended.output.splitlines()]
    assert "Settlement receipt" in rows
    assert "Pooled fund 50.00" in rows
    assert "Cash 350.00" in rows


def test_a_patient_who_does_not_agree_is_not_charged(shell: Shell) -> None:
    ended = shell.run("sell", f"{SCAN}@60.00", "--operator", "7", typed=shell.scan(ZHANG) + "n\n")
    assert ended.code == 1
    assert "PATIENT_DECLINED" in ended.output
    assert "未支付 NOT PAID" in ended.output


def test_cash_that_is_not_in_the_drawer_releases_the_hold(shell: Shell) -> None:
    ended = shell.run("sell", f"{SCAN}@61.00", "--operator", "7", typed=shell.scan(WANG) + "y\nn\n")
    assert ended.code == 1
    assert "CASH_NOT_COLLECTED" in ended.output


def test_the_end_of_the_input_is_no_agreement(shell: Shell) -> None:
    assert shell.run("sell", f"{SCAN}@62.00", "--operator", "7", typed=shell.scan(ZHANG)).code == 1


def test_the_same_ticket_again_is_the_same_sale(shell: Shell) -> None:
    words = ("sell", f"{SCAN}@63.00", "--operator", "7", "--yes", "--json", "--ticket", "4711")
    first = shell.run(*words, typed=shell.scan(ZHANG))
    again = shell.run(*words, typed=shell.scan(ZHANG))
    assert (first.code, again.code) == (0, 0)
    assert first.answer["request_id"] == again.answer["request_id"]
    assert (first.answer["earlier"], again.answer["earlier"]) == (False, True)


def test_the_same_ticket_again_prints_no_second_receipt(shell: Shell) -> None:
    words = ("sell", f"{SCAN}@64.50", "--operator", "7", "--yes", "--ticket", "4712", "--language", "en")
    assert "Settlement receipt" in shell.run(*words, typed=shell.scan(ZHANG)).output
    again = shell.run(*words, typed=shell.scan(ZHANG))
    assert "Settlement receipt" not in again.output
    assert "This ticket was already paid by 张*" in " ".join(again.output.split())


def test_a_refund_that_is_due_is_closed_by_writing_it_down(shell: Shell) -> None:
    words = ("sell", f"{SCAN}@410.00", "--operator", "7", "--yes", "--json")
    sold = shell.run(*words, typed=shell.scan(WANG)).answer
    shell.run("reverse", sold["request_id"], "--reason", "goods returned", "--operator", "7")
    due = shell.run("status", sold["request_id"])
    assert f"medsettle refunded {sold['request_id']}" in " ".join(due.output.split())
    ended = shell.run("refunded", sold["request_id"], "--json")
    assert (ended.code, ended.answer["cash"], ended.answer["refund_due_fen"]) == (0, "REFUNDED", 0)
    again = shell.run("refunded", sold["request_id"])
    assert (again.code, again.complaints) == (0, "")
    assert "此前已经登记,本次没有更改。" in again.output


def test_a_basket_may_come_from_a_file(shell: Shell, tmp_path: Path) -> None:
    basket = tmp_path / "basket.json"
    basket.write_text(json.dumps({
        "benefit": "general_outpatient", "without_accounts": True,
        "lines": [{"item_code": SCAN, "quantity": "1", "unit_price": "64.00"}],
    }))
    ended = shell.run("quote", "--operator", "7", "--basket", str(basket), "--json", typed=shell.scan(ZHANG))
    assert ended.answer["split"]["cash_fen"] == 6_400


def test_what_is_refused_ends_with_1_and_names_reason_and_next_step(shell: Shell) -> None:
    ended = shell.run("quote", "--operator", "7", "NOSUCHITEM@5.00", typed=shell.scan(ZHANG))
    assert ended.code == 1
    assert "第1行 NOSUCHITEM:目录中没有这个编码。" in ended.complaints
    assert "Line 1, NOSUCHITEM: The catalogue has no such item code." in ended.complaints
    assert "-> 请核对医保编码" in ended.complaints
    assert "ITEM_UNKNOWN" in ended.complaints


def test_a_refusal_for_programs_has_the_same_facts(shell: Shell) -> None:
    ended = shell.run("quote", "--operator", "7", "NOSUCHITEM@5.00", "--json", typed=shell.scan(ZHANG))
    error = ended.answer["error"]
    assert (ended.code, error["reason"], ended.complaints) == (1, "ITEM_UNKNOWN", "")
    assert all(error[text] for text in ("zh", "en", "next_zh", "next_en"))


def test_status_shows_the_receipt_again(shell: Shell) -> None:
    request_id = shell.sold(LI, f"{SCAN}@65.00")
    ended = shell.run("status", request_id)
    assert ended.code == 0
    assert "医保结算单" in ended.output
    assert request_id in ended.output


def test_a_quote_says_why_when_it_is_asked(shell: Shell) -> None:
    words = ("quote", "--operator", "7", f"{SCAN}@500.00")
    plain = shell.run(*words, typed=shell.scan(ZHANG))
    ended = shell.run(*words, "--why", typed=shell.scan(ZHANG))
    assert ended.code == 0
    assert ended.output.startswith(plain.output)
    text = "".join(row.strip() for row in ended.output.splitlines())
    assert "这是预结算,尚未收费。合计500.00元,统筹基金支付" in text
    assert re.search("纳入支付的[0-9.]+元,按50%支付,计[0-9.]+元。 \\(三\\(一\\)第2款\\)", text)
    english = shell.run(*words, "--why", "--language", "en", typed=shell.scan(ZHANG)).output
    assert "Of 500.00 in all, the pooled fund pays" in " ".join(english.split())


def test_a_quote_for_programs_carries_its_explanation_when_it_is_asked(shell: Shell) -> None:
    words = ("quote", "--operator", "7", f"{SCAN}@500.00", "--json")
    plain = shell.run(*words, typed=shell.scan(ZHANG)).answer
    answer = shell.run(*words, "--why", typed=shell.scan(ZHANG)).answer
    assert set(answer) - set(plain) == {"explanation"}
    assert answer["explanation"]["state"] == "QUOTE"
    assert answer["explanation"]["summary"]["zh"].startswith("这是预结算,尚未收费。")


def test_a_sale_is_explained_by_its_id(shell: Shell) -> None:
    request_id = shell.sold(LI, f"{SCAN}@67.00")
    ended = shell.run("explain", request_id, "--columns", "48")
    assert ended.code == 0
    rows = ended.output.splitlines()
    assert rows[0].split() == ["流水号", request_id]
    assert max(map(width, rows)) <= 48
    assert "合计67.00元," in ended.output
    answer = shell.run("explain", request_id, "--json").answer
    assert (answer["request_id"], answer["state"]) == (request_id, "SETTLED")
    (settled,) = answer["settlements"]
    assert settled["steps"][-1]["step"] == "cash"


def test_a_sale_that_was_undone_is_not_explained_as_paid(shell: Shell) -> None:
    request_id = shell.sold(LI, f"{SCAN}@68.00")
    shell.run("reverse", request_id, "--reason", "returned", "--operator", "7")
    ended = shell.run("explain", request_id)
    assert ended.code == 1
    assert "本次结算已撤销。" in ended.output


def test_an_unknown_id_cannot_be_explained(shell: Shell) -> None:
    ended = shell.run("explain", "H21030200001-01-20261122-987655-1")
    assert ended.code == 3
    assert "SALE_NOT_FOUND" in ended.complaints


def test_status_of_an_unknown_id_is_no_proof_of_anything(shell: Shell) -> None:
    ended = shell.run("status", "H21030200001-01-20261122-987654-1")
    assert ended.code == 3
    assert "SALE_NOT_FOUND" in ended.complaints
    assert "不等于失败" in ended.complaints


def test_reverse_gives_everything_back_and_ends_with_0(shell: Shell) -> None:
    request_id = shell.sold(LI, f"{SCAN}@66.00")
    ended = shell.run("reverse", request_id, "--reason", "returned", "--operator", "7")
    assert ended.code == 0
    assert "已撤销 REVERSED" in ended.output
    assert "医保结算撤销单" in ended.output
    again = shell.run("reverse", request_id, "--reason", "returned", "--operator", "7", "--json")
    assert (again.code, again.answer["state"]) == (0, "REVERSED")


def test_recover_with_nothing_open_says_so(shell: Shell) -> None:
    ended = shell.run("recover")
    assert (ended.code, ended.output) == (0, "没有未了结的业务。 Nothing is open.\n")


def test_a_sale_in_the_dark_ends_with_3_and_recover_ends_it(gateway: Gateway) -> None:
    config = gateway.enrol_till("H21030200001", "13")
    text = config.read_text("utf-8")
    config.write_text(text + "\n[deadlines_ms]\nSettle = 3_000\nSeal = 200\n", "utf-8")
    shell = Shell(gateway, config)
    scanned = shell.scan(ZHANG)
    gateway.proxy.swallow_answer(after_count=1, then=gateway.kill)
    dark = shell.run("sell", f"{SCAN}@67.00", "--operator", "7", "--yes", "--ticket", "67", typed=scanned)
    assert dark.code == 3
    assert "请勿再次收费 OPEN: do not collect again" in dark.output
    still = shell.run("recover", "--json")
    assert (still.code, still.answer["sales"][0]["outcome"]) == (3, "OPEN")
    gateway.restart()
    config.write_text(text, "utf-8")
    ended = shell.run("recover")
    assert ended.code == 0
    assert "已支付 PAID" in ended.output


def test_doctor_finds_everything_in_order(shell: Shell) -> None:
    ended = shell.run("doctor", "--json")
    checks = {check["name"]: check for check in ended.answer["checks"]}
    assert list(checks) == ["config", "key", "journal", "network", "tls", "gateway", "clock"]
    assert ended.code == 0, ended.output


def test_doctor_without_a_configuration_says_how_to_get_one(shell: Shell, tmp_path: Path) -> None:
    lost = Shell(shell.gateway, tmp_path / "till.toml")
    ended = lost.run("doctor")
    assert ended.code == 4
    assert ended.output.startswith("FAIL config")
    assert "medsettle enrol" in ended.output


def test_doctor_names_a_gateway_that_is_away(gateway: Gateway, shell: Shell, tmp_path: Path) -> None:
    text = shell.config.read_text("utf-8").replace(gateway.address, "127.0.0.1:1")
    (tmp_path / "till.toml").write_text(text, "utf-8")
    (tmp_path / "till.key").write_bytes((shell.config.parent / "till.key").read_bytes())
    ended = Shell(gateway, tmp_path / "till.toml").run("doctor")
    assert ended.code == 4
    assert "FAIL network" in ended.output
    assert "-> 请检查网络和网关地址" in ended.output


def test_doctor_names_a_damaged_journal_and_a_key_that_is_gone(
    gateway: Gateway, tmp_path: Path, shell: Shell
) -> None:
    (tmp_path / "till.toml").write_bytes(shell.config.read_bytes())
    (tmp_path / "till.journal").write_bytes(b"no journal " * 1_000)
    ended = Shell(gateway, tmp_path / "till.toml").run("doctor", "--json")
    checks = {check["name"]: check for check in ended.answer["checks"]}
    assert ended.code == 4
    assert "KEY_UNREADABLE" in checks["key"]["found"]
    assert "JOURNAL_DAMAGED" in checks["journal"]["found"]
    assert checks["key"]["next"]
    assert checks["network"]["ok"]


@pytest.mark.skipif(sys.platform == "win32", reason="no such modes of files")
def test_doctor_names_a_key_that_others_can_read(gateway: Gateway) -> None:
    config = gateway.enrol_till("H21030200001", "14")
    config.with_name("till.key").chmod(0o644)
    ended = Shell(gateway, config).run("doctor")
    assert ended.code == 4
    assert "chmod 600" in ended.output


@pytest.mark.parametrize(("words", "named"), [
    (("sell", "--yes", "--operator", "7"), "Give lines, or a --basket file"),
    (("sell", f"{SCAN}@1", "--json"), "give --yes too"),
    (("sell", f"{SCAN}@1", "--operator", "7", "--payer", "a", "--no-accounts"), "--payer or --no-accounts"),
    (("quote", f"{SCAN}x1", "--operator", "7"), "CODE*QUANTITY@PRICE"),
    (("quote", "--operator", "7", "--basket", "no-such-file.json"), "Cannot read"),
])
def test_a_command_that_does_not_fit_together_ends_with_2(
    shell: Shell, words: tuple[str, ...], named: str
) -> None:
    ended = shell.run(*words, typed="scanned\n")
    assert ended.code == 2
    in_chinese, in_english = ended.complaints.splitlines()
    assert named in in_english
    assert in_english.isascii()
    assert in_chinese.endswith("。")


def test_an_unknown_command_ends_with_2_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run(["buy"])
    assert caught.value.code == 2
    assert "命令有误" in capsys.readouterr().err


def test_without_a_credential_nothing_is_asked(shell: Shell) -> None:
    ended = shell.run("check")
    assert ended.code == 2
    assert ended.complaints.startswith("没有扫到凭证。 Nothing was scanned.\n")
    assert "-> 请重新扫码。 Scan again." in ended.complaints
    assert "FIELD_REQUIRED" in ended.complaints


def test_the_module_is_the_command() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "medsettle", "--help"], capture_output=True, text=True, check=True,
        encoding="utf-8", timeout=300,
    )
    assert "医保结算收银" in ended.stdout
