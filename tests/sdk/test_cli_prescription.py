"""``medsettle prescription``: what a clinic's and a pharmacy's people type, and what they see."""

import json
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from medsettle.cli.counter import UsageError
from medsettle.cli.prescribing import drug_of
from medsettle.models import PrescribedDrug
from medsettle.testing import Gateway
from tests.sdk.shells import ZHANG, Shell

pytestmark = pytest.mark.e2e
DRUG = "XC08CAA129A001010100041"
VALID_TO = (date.today() + timedelta(days=20)).isoformat()  # noqa: DTZ011 - a day more or less


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with Gateway() as running:
        yield running


@pytest.fixture(scope="module")
def clinic(gateway: Gateway) -> Shell:
    return Shell(gateway, gateway.enrol_till("H21030200001"))


@pytest.fixture(scope="module")
def pharmacy(gateway: Gateway) -> Shell:
    return Shell(gateway, gateway.enrol_till("P21030200101"))


def test_from_the_clinic_to_the_pharmacy_by_hand(clinic: Shell, pharmacy: Shell) -> None:
    registered = clinic.run(
        "prescription", "register", "RX-1", f"{DRUG}*2,days=30,dosage=口服", "--prescriber", "D1",
        "--valid-to", VALID_TO, "--operator", "7", typed=clinic.scan(ZHANG),
    )
    assert registered.code == 0
    assert "RX-1@H21030200001" in registered.output
    assert "张*" in registered.output
    assert "待药师审核" in registered.output
    fetched = pharmacy.run("prescription", "fetch", "--operator", "8", typed=pharmacy.scan(ZHANG))
    assert (fetched.code, "口服" in fetched.output) == (0, True)
    reviewed = pharmacy.run(
        "prescription", "review", "RX-1@H21030200001", "--pharmacist", "PH1", "--approve", "--operator", "8",
        "--json", typed=pharmacy.scan(ZHANG),
    )
    said = json.loads(reviewed.output)
    assert (reviewed.code, said["state"], said["drugs"][0]["left_quantity"]) == (0, "APPROVED", "2")
    withdrawn = clinic.run("prescription", "withdraw", "RX-1", "--reason", "wrong", "--operator", "7")
    assert (withdrawn.code, "已撤回" in withdrawn.output) == (0, True)
    nothing = pharmacy.run("prescription", "fetch", "--operator", "8", typed=pharmacy.scan(ZHANG))
    assert (nothing.code, "没有可配的处方" in nothing.output) == (0, True)


def test_a_refusal_is_said_in_both_languages_with_what_to_do(pharmacy: Shell) -> None:
    ended = pharmacy.run(
        "prescription", "review", "RX-9@H21030200001", "--pharmacist", "PH1", "--reject", "dose",
        "--operator", "8", typed=pharmacy.scan(ZHANG),
    )
    assert ended.code == 1
    assert "没有这位患者的这张可配处方" in ended.complaints
    assert "Check number and institution" in ended.complaints


def test_what_is_to_be_dispensed_no_more_is_not_called_a_wrong_number_only(
    clinic: Shell, pharmacy: Shell
) -> None:
    named = ("--operator", "7")
    clinic.run(
        "prescription", "register", "RX-3", f"{DRUG}*2", "--prescriber", "D1", "--valid-to", VALID_TO, *named,
        typed=clinic.scan(ZHANG),
    )
    assert clinic.run("prescription", "withdraw", "RX-3", "--reason", "wrong", *named).code == 0
    ended = pharmacy.run(
        "prescription", "review", "RX-3@H21030200001", "--pharmacist", "PH1", "--approve", "--operator", "8",
        typed=pharmacy.scan(ZHANG),
    )
    assert (ended.code, "或已配完、撤回、过期" in "".join(ended.complaints.split())) == (1, True)
    assert "dispensed, withdrawn or expired" in " ".join(ended.complaints.split())


@pytest.mark.parametrize(("number", "valid_to", "zh", "en"), [
    ("RX-2", "2020-01-02", "处方的有效期截止日不正确。", "last day of validity is not right"),
    ("处方2", VALID_TO, "处方的编号不正确。", "number is not right"),
])
def test_what_is_wrong_with_a_prescription_is_said_in_the_words_of_who_wrote_it(
    clinic: Shell, number: str, valid_to: str, zh: str, en: str
) -> None:
    ended = clinic.run(
        "prescription", "register", number, f"{DRUG}*2", "--prescriber", "D1", "--valid-to", valid_to,
        "--operator", "7", typed=clinic.scan(ZHANG),
    )
    assert ended.code == 2
    assert zh in ended.complaints
    assert en in " ".join(ended.complaints.split())


def test_a_prescription_that_is_not_named_whole_is_a_mistake_of_the_command(pharmacy: Shell) -> None:
    ended = pharmacy.run(
        "prescription", "review", "RX-1", "--pharmacist", "PH1", "--approve", "--operator", "8"
    )
    assert (ended.code, "NUMBER@INSTITUTION" in ended.complaints) == (2, True)


def test_a_drug_is_read_as_it_is_typed() -> None:
    assert drug_of("A*1.5") == PrescribedDrug("A", "1.5")
    assert drug_of("A*2,days=30,condition=c,dosage=口服") == PrescribedDrug("A", "2", 30, "口服", "c")


@pytest.mark.parametrize("text", ["A", "A*", "*2", "A*2,days=x", "A*2,often=3", "A*2,,"])
def test_what_is_no_drug_is_refused_with_its_form(text: str) -> None:
    with pytest.raises(UsageError, match=r"CODE\*QTY"):
        drug_of(text)
