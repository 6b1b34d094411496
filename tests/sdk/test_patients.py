"""Who the patient is and who came for him: what is sent of it; the till keeps nothing of it."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from medsettle._desk.checkout import Wish
from medsettle._desk.driving import Asked
from medsettle.errors import RequestError
from medsettle.models import (
    Basket,
    Credential,
    CredentialKind,
    Line,
    Outcome,
    Prescription,
    PrescriptionKind,
    Proxy,
    Relation,
    Split,
)
from medsettle.till import Till
from medsettle.wire.v1 import credential_pb2, eligibility_pb2, settlement_pb2
from tests.sdk.counter import Drawer
from tests.sdk.counterpart import Counterpart

SHOWN = Split(4000, {"pooled": 8000})
SON = Proxy(Relation.CHILD, "刘代办", "210399199001010015", "13900000000")


def settled(counterpart: Counterpart) -> settlement_pb2.SettleRequest:
    return settlement_pb2.SettleRequest.FromString(counterpart.bodies[counterpart.seen.index("Settle")])


def sell(till: Till, basket: Basket, proxy: Any, number: str = "1") -> Any:
    return till.checkout(
        number, "scanned", basket, show=bool, tender=Drawer().tender, operator="7", proxy=proxy
    )


@pytest.mark.parametrize(("kind", "number"), [
    (CredentialKind.ELECTRONIC, credential_pb2.CREDENTIAL_KIND_ELECTRONIC),
    (CredentialKind.IDENTITY_CARD, credential_pb2.CREDENTIAL_KIND_IDENTITY_CARD),
    (CredentialKind.SOCIAL_CARD, credential_pb2.CREDENTIAL_KIND_SOCIAL_CARD),
])
def test_each_kind_of_credential_is_sent_as_such(
    till: Till, counterpart: Counterpart, basket: Basket, kind: CredentialKind, number: int
) -> None:
    till.quote(Credential("N0000000X", kind), basket)
    sent = settlement_pb2.QuoteRequest.FromString(counterpart.bodies[-1]).credential
    assert (sent.kind, sent.token, sent.HasField("code_type")) == (number, "N0000000X", False)


def test_a_code_of_another_type_says_which(till: Till, counterpart: Counterpart) -> None:
    till.check_eligibility(Credential("scanned", code_type="city"))
    sent = eligibility_pb2.CheckEligibilityRequest.FromString(counterpart.bodies[-1]).credential
    assert sent.code_type == "city"


@pytest.mark.parametrize("code_type", ["", "x" * 33, 7])
def test_a_code_type_of_a_wrong_form_is_named(till: Till, counterpart: Counterpart, code_type: Any) -> None:
    with pytest.raises(RequestError) as refused:
        till.check_eligibility(Credential("scanned", code_type=code_type))
    assert refused.value.details["field"] == "credential.code_type"
    assert counterpart.seen == []


def test_a_check_asks_about_items_day_and_benefit_and_says_who_works_the_till(
    till: Till, counterpart: Counterpart
) -> None:
    till.check_eligibility(
        "scanned", benefit="chronic_outpatient", as_of=date(2026, 2, 1), prescription="external",
        item_codes=("XA01", "XB02"), operator="07",
    )
    asked = eligibility_pb2.CheckEligibilityRequest.FromString(counterpart.bodies[-1])
    assert (asked.benefit, asked.as_of) == ("chronic_outpatient", "2026-02-01")
    assert asked.prescription == "external"
    assert (list(asked.item_codes), asked.operator) == (["XA01", "XB02"], "07")


@pytest.mark.parametrize("codes", [("",), ("XA01", "XA01"), ("x" * 33,), tuple(map(str, range(51))), "XA01"])
def test_items_that_cannot_be_asked_about_are_named_before_anything_is_sent(
    till: Till, counterpart: Counterpart, codes: Any
) -> None:
    with pytest.raises(RequestError) as refused:
        till.check_eligibility("scanned", item_codes=codes)
    assert refused.value.details["field"].startswith("item_codes")
    assert counterpart.seen == []


def test_who_came_is_sent_with_the_sale(till: Till, counterpart: Counterpart, basket: Basket) -> None:
    assert sell(till, basket, SON).outcome is Outcome.PAID
    sent = settled(counterpart).proxy
    assert (sent.relation, sent.name, sent.id_number, sent.phone) == (
        "child", SON.name, SON.id_number, SON.phone,
    )


def test_where_nobody_else_came_nothing_is_said_of_it(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    till.settle("1", "scanned", basket, expected=SHOWN, operator="7")
    assert not settled(counterpart).HasField("proxy")


@pytest.mark.parametrize("proxy", [SON, None])
def test_a_quote_is_told_only_that_somebody_else_has_come(
    till: Till, counterpart: Counterpart, basket: Basket, proxy: Proxy | None
) -> None:
    sell(till, basket, proxy)
    sent = counterpart.bodies[counterpart.seen.index("Quote")]
    assert settlement_pb2.QuoteRequest.FromString(sent).proxied is (proxy is not None)
    assert SON.name.encode() not in sent
    till.quote("scanned", basket, proxied=True)
    assert settlement_pb2.QuoteRequest.FromString(counterpart.bodies[-1]).proxied


def test_who_came_is_in_no_file_of_the_till_and_in_no_repr(
    till: Till, basket: Basket, tmp_path: Path
) -> None:
    till.settle("1", "scanned", basket, expected=SHOWN, operator="7", proxy=SON)
    wish = Wish("2", "scanned", basket, bool, Drawer().tender, "7", proxy=SON)
    asked = Asked(Credential("scanned"), basket, None, (), proxy=SON)
    till.close()
    for secret in (SON.name, SON.id_number, SON.phone):
        assert secret not in repr((SON, wish, asked))
        for file in tmp_path.iterdir():
            assert secret.encode() not in file.read_bytes()


def test_a_second_click_that_says_somebody_else_came_is_the_same_sale(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    first, again = sell(till, basket, SON), sell(till, basket, None)
    assert first.request_id == again.request_id
    assert counterpart.count("Settle") == 1


@pytest.mark.parametrize(("field", "proxy"), [
    ("proxy", "child"),
    ("proxy.relation", Proxy("neighbour", "刘", "210399199001010015")),  # type: ignore[arg-type]
    ("proxy.name", Proxy(Relation.CHILD, "", "210399199001010015")),
    ("proxy.name", Proxy(Relation.CHILD, "刘" * 51, "210399199001010015")),
    ("proxy.id_number", Proxy(Relation.CHILD, "刘", "2103991990")),
    ("proxy.id_number", Proxy(Relation.CHILD, "刘", "2103991990010100150")),
    ("proxy.id_number", Proxy(Relation.CHILD, "刘", "210399199001010012")),
    ("proxy.id_number", Proxy(Relation.CHILD, "刘", "21039919900101001A")),
    ("proxy.phone", Proxy(Relation.CHILD, "刘", "210399199001010015", "1" * 21)),
    ("proxy.phone", Proxy(Relation.CHILD, "刘", "210399199001010015", "by mail")),
    ("proxy.phone", Proxy(Relation.CHILD, "刘", "210399199001010015", "12345")),
])
def test_a_proxy_that_is_not_in_order_is_named_and_not_repeated(
    till: Till, counterpart: Counterpart, basket: Basket, field: str, proxy: Any
) -> None:
    with pytest.raises(RequestError) as refused:
        sell(till, basket, proxy)
    assert refused.value.details["field"] == field
    assert "2103991990" not in f"{refused.value} {refused.value.details}"
    assert counterpart.seen == []
    assert till.open_sales() == ()


@pytest.mark.parametrize("number", [
    "210399199001010015", "21990119700302007x", "210399900101001", "HKG000000000001",
])
def test_a_proxy_may_show_what_residents_have(till: Till, basket: Basket, number: str) -> None:
    assert sell(till, basket, Proxy(Relation.OTHER, "刘", number)).outcome is Outcome.PAID


def test_opened_packs_codes_and_the_pharmacist_are_sent_with_the_lines(
    till: Till, counterpart: Counterpart
) -> None:
    line = Line(
        "XA01", "2", "60.00", prescription_id="rx1", traceability_codes=("81234567",), split_pack=True
    )
    prescription = Prescription(
        "rx1", PrescriptionKind.EXTERNAL, "RX-1", "D1", "H21030200001", pharmacist="Y1"
    )
    till.quote("scanned", Basket((line, Line("XB02", "1", "1")), prescriptions=(prescription,)))
    asked = settlement_pb2.QuoteRequest.FromString(counterpart.bodies[-1]).basket
    assert (asked.lines[0].split_pack, list(asked.lines[0].traceability_codes)) == (True, ["81234567"])
    assert not asked.lines[1].HasField("split_pack")
    assert (asked.prescriptions[0].pharmacist, asked.prescriptions[0].institution) == ("Y1", "H21030200001")
