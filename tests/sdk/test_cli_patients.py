"""Who the patient is and who came, on the command line: numbers and names are read, and are no arguments."""

import io

import pytest

from medsettle.cli.counter import Counter, UsageError
from medsettle.cli.parser import parser
from medsettle.cli.screen import Screen
from medsettle.errors import RequestError
from medsettle.models import Credential, CredentialKind, PrescriptionKind, Proxy, Relation
from tests.sdk.shells import Keyboard

LINE = "XA01@3"


def at(*words: str, typed: str = "", kind: type[io.StringIO] = io.StringIO) -> Counter:
    given = parser().parse_args(list(words))
    output, complaints = (Screen(io.StringIO(), coloured=False) for _ in range(2))
    return Counter(given, output, complaints, kind(typed))


def asked(counter: Counter) -> str:
    assert isinstance(counter.complaints.stream, io.StringIO)
    return counter.complaints.stream.getvalue()


@pytest.mark.parametrize(("words", "kind"), [
    ((), CredentialKind.ELECTRONIC),
    (("--card", "electronic"), CredentialKind.ELECTRONIC),
    (("--card", "identity"), CredentialKind.IDENTITY_CARD),
    (("--card", "social"), CredentialKind.SOCIAL_CARD),
])
@pytest.mark.parametrize("command", [("check",), ("quote", LINE), ("sell", LINE)], ids=lambda each: each[0])
def test_what_is_shown_may_be_a_card(
    command: tuple[str, ...], words: tuple[str, ...], kind: CredentialKind
) -> None:
    assert at(*command, *words, typed="N0000000X\n").credential() == Credential("N0000000X", kind)


@pytest.mark.parametrize(("card", "prompt"), [
    ("electronic", "请扫医保电子凭证 scan the credential: "),
    ("identity", "请读取身份证号 number of the identity card: "),
    ("social", "请读取社保卡号 number of the social card: "),
])
def test_a_cashier_is_asked_for_what_was_named(card: str, prompt: str) -> None:
    counter = at("check", "--card", card, typed="N1\n", kind=Keyboard)
    counter.credential()
    assert asked(counter) == prompt


def test_a_code_of_another_type_is_named() -> None:
    assert at("check", "--code-type", "city", typed="N1\n").credential().code_type == "city"


def test_nothing_scanned_is_refused_whatever_was_to_be_shown() -> None:
    with pytest.raises(RequestError, match="FIELD_REQUIRED"):
        at("check", "--card", "social", typed="\n").credential()


def test_who_came_is_read_line_by_line_after_the_credential() -> None:
    counter = at("sell", LINE, "--proxy", "child", typed="scanned\n刘代办\n210399199001010015\n13900000000\n")
    assert counter.credential() == Credential("scanned")
    assert counter.proxy() == Proxy(Relation.CHILD, "刘代办", "210399199001010015", "13900000000")


def test_a_cashier_is_asked_for_each_and_a_phone_may_be_left_out() -> None:
    counter = at("sell", LINE, "--proxy", "spouse", typed="刘\n210399199001010015\n\n", kind=Keyboard)
    proxy = counter.proxy()
    assert proxy is not None
    assert proxy.phone == ""
    for word in ("姓名 name", "身份证号 number", "电话(可空) phone"):
        assert word in asked(counter)


@pytest.mark.parametrize("typed", ["", "刘\n", "\n210399199001010015\n", "刘\n12\n"])
def test_who_came_cannot_be_left_open(typed: str) -> None:
    with pytest.raises(RequestError) as refused:
        at("sell", LINE, "--proxy", "other", typed=typed).proxy()
    assert refused.value.details["field"] in {"proxy.name", "proxy.id_number"}


@pytest.mark.parametrize(("typed", "zh", "en"), [
    ("\n210399199001010015\n\n", "代办人的姓名缺少或不正确。", "The name of the person who came is missing"),
    ("刘\n210399199001010016\n\n", "代办人的身份证号缺少或不正确。", "The identity card number of the"),
    ("刘\n210399199001010015\nabcdef\n", "代办人的电话缺少或不正确。", "The phone of the person who came"),
])
def test_what_was_mistyped_of_who_came_is_said_to_a_cashier_and_not_repeated(
    typed: str, zh: str, en: str
) -> None:
    with pytest.raises(RequestError) as refused:
        at("sell", LINE, "--proxy", "other", typed=typed).proxy()
    assert (refused.value.zh, refused.value.next_zh) == (zh, "请核对证件,重新输入。")
    assert refused.value.en.startswith(en)
    assert "2103991990" not in str(refused.value)


def test_where_nobody_else_came_nothing_is_read() -> None:
    counter = at("sell", LINE, typed="next line\n")
    assert counter.proxy() is None
    assert counter.credential().token == "next line"


def test_a_relation_of_another_kind_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        at("sell", LINE, "--proxy", "neighbour")
    assert "参数 --proxy 不能是 'neighbour'" in capsys.readouterr().err


def test_a_basket_has_the_prescriptions_that_its_lines_name() -> None:
    basket = at("quote", f"{LINE},rx=RX-1", "--rx", "RX-1@H21030200001,prescriber=D1").basket()
    (prescription,) = basket.prescriptions
    assert (prescription.kind, prescription.prescriber) == (PrescriptionKind.EXTERNAL, "D1")
    assert basket.lines[0].prescription_id == prescription.prescription_id


@pytest.mark.parametrize("given", [(), ("--rx", "RX-2")])
def test_a_line_whose_prescription_is_not_given_says_how_to_give_it(given: tuple[str, ...]) -> None:
    with pytest.raises(UsageError) as refused:
        at("quote", f"{LINE},rx=RX-1", *given).basket()
    assert "--rx RX-1@开方机构" in str(refused.value)
    assert "--rx RX-1@INSTITUTION" in str(refused.value)


def test_no_argument_takes_a_name_or_a_number_of_who_came() -> None:
    with pytest.raises(SystemExit):
        at("sell", LINE, "--proxy-id", "210399199001010015")
