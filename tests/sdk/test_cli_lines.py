"""Baskets from the command line."""

import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from medsettle.checks import checked_basket
from medsettle.cli.counter import Counter
from medsettle.cli.lines import (
    FILE_BYTES_MAX,
    BasketTextError,
    basket_of,
    line_of,
    payer_of,
    prescribed,
    prescription_of,
)
from medsettle.cli.parser import parser
from medsettle.cli.screen import Screen
from medsettle.errors import RequestError
from medsettle.models import Basket, Consent, Encounter, Line, Payer, Prescription, PrescriptionKind

CODE = "002501010150000-250101015"
"""A code of the catalogue that contains a dash."""


def written(tmp_path: Path, data: Any) -> Path:
    path = tmp_path / "basket.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data), "utf-8")
    return path


def test_a_line_is_code_quantity_and_price() -> None:
    assert line_of(f"{CODE}*2.5@32.10") == Line(CODE, quantity="2.5", unit_price="32.10")


def test_a_line_without_a_quantity_is_one_piece() -> None:
    assert line_of(f"{CODE}@32") == Line(CODE, quantity="1", unit_price="32")


@pytest.mark.parametrize(
    "text", ["", CODE, f"{CODE}*2", f"{CODE}*@3", "@3", f"{CODE}@-3", f"{CODE}*two@3", "a b@3"]
)
def test_a_line_of_another_form_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(BasketTextError, match=r"CODE\*QUANTITY@PRICE"):
        line_of(text)


def test_a_line_may_say_condition_days_benefit_and_day() -> None:
    text = f"{CODE}*2@3,condition=hypertension,days=30,benefit=chronic_outpatient,on=2026-07-01"
    assert line_of(text) == Line(
        CODE, "2", "3", condition="hypertension", days_supply=30, benefit="chronic_outpatient",
        service_on=date(2026, 7, 1),
    )


def test_a_line_may_name_its_prescription_and_the_codes_of_its_packs() -> None:
    assert line_of(f"{CODE}*2@3,rx=RX-1,trace=8123+8124,split=yes") == Line(
        CODE, "2", "3", prescription_id="RX-1", traceability_codes=("8123", "8124"), split_pack=True,
    )
    assert not line_of(f"{CODE}@3,split=no").split_pack


def test_a_prescription_of_another_institution_is_an_external_one() -> None:
    text = "RX-1@H21030200001,prescriber=D1,pharmacist=Y1,issued=2026-11-20"
    assert prescription_of(text, "p") == Prescription(
        "p", PrescriptionKind.EXTERNAL, "RX-1", "D1", "H21030200001", date(2026, 11, 20), "Y1"
    )
    assert prescription_of("RX-1", "p") == Prescription("p", PrescriptionKind.OWN, "RX-1")


@pytest.mark.parametrize("text", ["", "@H1", "RX-1@", ",prescriber=D1"])
def test_a_prescription_of_another_form_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(BasketTextError, match="NUMBER or NUMBER@INSTITUTION"):
        prescription_of(text, "p")


@pytest.mark.parametrize("option", ["doctor=D1", "issued=soon", "prescriber="])
def test_what_may_not_follow_a_prescription_is_named_with_what_may(option: str) -> None:
    with pytest.raises(BasketTextError, match=r"there are: prescriber=..., pharmacist=..., issued=..."):
        prescription_of(f"RX-1,{option}", "p")


def test_lines_name_prescriptions_by_their_numbers() -> None:
    long = "RX-2026112200000000000001"
    bought = Basket((line_of(f"{CODE}@3,rx={long}"), line_of(f"{CODE}@3")))
    basket = prescribed(bought, [f"{long}@H1", "RX-2"])
    first, second = basket.prescriptions
    assert [line.prescription_id for line in basket.lines] == [first.prescription_id, None]
    assert (first.number, second.number) == (long, "RX-2")
    assert checked_basket(basket).prescriptions == basket.prescriptions


def test_a_pack_that_was_scanned_twice_for_a_line_is_named() -> None:
    with pytest.raises(BasketTextError, match="追溯码 8123 在这一行出现了两次") as refused:
        line_of(f"{CODE}*2@3,trace=8123+8124+8123")
    assert "8123 stands in this line twice" in str(refused.value)


def test_a_line_that_names_no_prescription_that_is_given_is_refused() -> None:
    with pytest.raises(RequestError, match="FIELD_INVALID") as refused:
        checked_basket(prescribed(Basket((line_of(f"{CODE}@3,rx=RX-9"),)), ["RX-1"]))
    assert refused.value.details["field"] == "lines[1].prescription_id"


@pytest.mark.parametrize("option", [
    "colour=red", "days", "days=", "days=many", "on=tomorrow", "", "split=perhaps",
])
def test_what_may_not_follow_a_line_is_named_with_what_may(option: str) -> None:
    with pytest.raises(BasketTextError, match=r"there are: condition=..., days=..., benefit=..., on=..."):
        line_of(f"{CODE}@3,{option}")


def test_a_payer_may_carry_the_owners_consent() -> None:
    assert payer_of("acc-1") == Payer("acc-1")
    assert payer_of("acc-1:in-person") == Payer("acc-1", Consent.IN_PERSON)
    assert payer_of("acc-1:standing") == Payer("acc-1", Consent.STANDING)


def test_a_consent_of_another_kind_is_refused() -> None:
    with pytest.raises(BasketTextError, match="consent is in-person or standing"):
        payer_of("acc-1:maybe")


def test_a_file_may_hold_everything_that_a_basket_has(tmp_path: Path) -> None:
    path = written(tmp_path, {
        "benefit": "general_outpatient",
        "lines": [{
            "item_code": CODE, "quantity": "2", "unit_price": "16.00", "amount_fen": 3200,
            "prescription_id": "1", "traceability_codes": ["81234"], "service_on": "2026-11-20",
            "days_supply": 30, "split_pack": True,
        }],
        "prescriptions": [{"prescription_id": "1", "kind": "EXTERNAL", "issued_on": "2026-11-19"}],
        "payers": [{"account": "acc-1", "consent": "STANDING"}],
        "encounter": {"admitted_on": "2026-11-18", "sessions": 2, "emergency": True},
        "service_on": "2026-11-20",
        "without_accounts": False,
    })
    assert basket_of(path) == Basket(
        benefit="general_outpatient",
        lines=(Line(
            CODE, "2", "16.00", 3200, prescription_id="1", traceability_codes=("81234",),
            service_on=date(2026, 11, 20), days_supply=30, split_pack=True,
        ),),
        prescriptions=(Prescription("1", PrescriptionKind.EXTERNAL, issued_on=date(2026, 11, 19)),),
        payers=(Payer("acc-1", Consent.STANDING),),
        encounter=Encounter(date(2026, 11, 18), sessions=2, emergency=True),
        service_on=date(2026, 11, 20),
    )


@pytest.mark.parametrize(("data", "named"), [
    ([], "^购物篮不正确:应为对象。\nThe basket is not right: an object"),
    ({"lines": {}}, "lines"),
    ({"lines": [7]}, r"lines\[0\]"),
    ({"lines": [{"item_code": CODE, "unit_price": 16.0}]}, r"lines\[0\]\.unit_price"),
    ({"lines": [{"item_code": CODE, "amount_fen": True}]}, r"lines\[0\]\.amount_fen"),
    ({"lines": [{"item_code": CODE, "traceability_codes": [1]}]}, r"lines\[0\]\.traceability_codes"),
    ({"lines": [{"quantity": "1"}]}, r"lines\[0\] lacks item_code"),
    ({"lines": [{"item_code": CODE, "colour": "red"}]}, r"lines\[0\]\.colour 不正确:可用的有 item_code, "),
    ({"lines": [{"item_code": 7}]}, r"lines\[0\]\.item_code 不正确:不能是 7。"),
    ({"lines": [], "service_on": "tomorrow"}, "basket, service_on is"),
    ({"lines": [], "prescriptions": [{"kind": "VERBAL"}]}, r"prescriptions\[0\]\.kind"),
    ({}, "lines"),
    ("{", "not JSON"),
])
def test_what_is_wrong_in_a_file_is_named(tmp_path: Path, data: Any, named: str) -> None:
    with pytest.raises(BasketTextError, match=named):
        basket_of(written(tmp_path, data))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BasketTextError, match="Cannot read"):
        basket_of(tmp_path / "none.json")


def test_a_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(BasketTextError, match="larger"):
        basket_of(written(tmp_path, " " * (FILE_BYTES_MAX + 1)))


def bought(*words: str) -> Basket:
    """The basket of a command line."""
    given = parser().parse_args(["quote", *words])
    screen = Screen(io.StringIO(), coloured=False)
    return Counter(given, screen, screen, None).basket()


def test_the_command_line_says_when_a_stay_began_and_ended_and_whether_it_was_rescue() -> None:
    words = (f"{CODE}@3", "--admitted", "2026-07-01", "--discharged", "2026-07-03", "--emergency")
    assert bought(*words).encounter == Encounter(date(2026, 7, 1), date(2026, 7, 3), emergency=True)
    assert bought(f"{CODE}@3").encounter is None


def test_what_the_command_line_says_stands_above_the_file(tmp_path: Path) -> None:
    line = {"item_code": CODE, "unit_price": "3"}
    path = written(tmp_path, {"lines": [line], "encounter": {"admitted_on": "2026-06-01", "sessions": 2}})
    encounter = bought("--basket", str(path), "--admitted", "2026-07-01").encounter
    assert encounter == Encounter(date(2026, 7, 1), sessions=2)


def test_a_day_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bought(f"{CODE}@3", "--admitted", "yesterday")
    assert "it is a date such as 2026-01-31" in capsys.readouterr().err
