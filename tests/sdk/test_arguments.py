"""What a point of sale passes by mistake is named before anything is journalled or sent."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from medsettle import checks
from medsettle.errors import MedsettleError, RequestError, TillUnusableError
from medsettle.models import Basket, Consent, Credential, Line, Payer, Split, Tendered
from medsettle.tender import CashTender
from medsettle.ticket import Ticket
from medsettle.till import Till
from tests.sdk.counterpart import Counterpart

GBK = "张三".encode("gbk").decode("utf-8", "surrogateescape")
LINE = Line("XA01", 2, 60)
BASKET = Basket((LINE,))
CASH = CashTender(take=lambda _: True, give_back=lambda _: True)
ANY: Any = None
CALLS = (
    "checkout", "settle", "next_number", "open_sales", "recover", "probe", "quote", "check_eligibility",
    "status", "list_sales", "confirm", "cash_returned",
)


def sell(till: Till, **changed: Any) -> object:
    given = {
        "ticket": "1", "credential": "scanned", "basket": BASKET, "show": lambda _: True, "tender": CASH,
        "operator": "7", **changed,
    }
    return till.checkout(given.pop("ticket"), given.pop("credential"), given.pop("basket"), **given)


def settle(till: Till, **changed: Any) -> object:
    given = {"expected": Split(4000, {"pooled": 8000}), "operator": "7", **changed}
    return till.settle("1", "scanned", BASKET, **given)


@pytest.mark.parametrize(("quantity", "price", "amount_fen"), [
    (2, 60, 12_000), (2, Decimal("34.00"), 6_800), (Decimal("0.5"), "33.3", 1_665),
    (Decimal("1E+2"), Decimal("1.2300000000"), 12_300), ("2", Decimal("0.1") + Decimal("0.2"), 60),
])
def test_whole_numbers_and_decimals_are_taken_exactly(quantity: Any, price: Any, amount_fen: int) -> None:
    line = checks.checked_basket(Basket((Line("XA01", quantity, price),))).lines[0]
    assert line.amount_fen == amount_fen
    assert isinstance(line.quantity, str)
    assert isinstance(line.unit_price, str)


@pytest.mark.parametrize("price", [1.5, True, None, Decimal("NaN"), Decimal("Infinity"), Decimal(-1), [1]])
def test_a_price_that_is_not_exact_is_refused_by_its_line(price: Any) -> None:
    with pytest.raises(RequestError) as refused:
        checks.checked_basket(Basket((LINE, Line("XA01", 1, price))))
    assert refused.value.details["field"] in {"basket.lines[2].unit_price", "lines[2].unit_price"}


@pytest.mark.parametrize(("price", "detail"), [
    ("1.0000001", "decimals"), ("100000000", "limit"), ("10000000000000", "limit"), ("1,5", "expected"),
])
def test_a_price_is_refused_for_what_is_wrong_with_it(price: str, detail: str) -> None:
    with pytest.raises(RequestError) as refused:
        checks.checked_basket(Basket((Line("XA01", "1", price),)))
    assert detail in refused.value.details
    assert refused.value.details["value"] == price
    assert len({"decimals", "limit", "expected"} & set(refused.value.details)) == 1


@pytest.mark.parametrize(("field", "changed"), [
    ("credential", {"credential": None}),
    ("credential", {"credential": 7}),
    ("credential.token", {"credential": Credential(ANY)}),
    ("basket", {"basket": None}),
    ("basket", {"basket": [LINE]}),
    ("basket.lines", {"basket": Basket(LINE)}),  # type: ignore[arg-type]
    ("basket.lines[1]", {"basket": Basket(("XA01",))}),  # type: ignore[arg-type]
    ("basket.lines[1].item_code", {"basket": Basket((Line(7),))}),  # type: ignore[arg-type]
    ("basket.lines[1].amount_fen", {"basket": Basket((Line("X", amount_fen=1.5),))}),  # type: ignore[arg-type]
    ("basket.payers[1].consent", {"basket": Basket((LINE,), payers=(Payer("a", "maybe"),))}),  # type: ignore[arg-type]
    ("basket.service_on", {"basket": Basket((LINE,), service_on=datetime(2026, 3, 2))}),
    ("ticket.on", {"ticket": Ticket("1", on="2026-03-02")}),  # type: ignore[arg-type]
    ("operator", {"operator": 7}),
    ("acknowledgements", {"acknowledgements": "POSSIBLE_DUPLICATE"}),
    ("show", {"show": None}),
    ("tender", {"tender": None}),
    ("tender", {"tender": lambda _: True}),
])
def test_a_checkout_with_a_wrong_argument_names_it_and_sends_nothing(
    till: Till, counterpart: Counterpart, field: str, changed: dict[str, Any]
) -> None:
    with pytest.raises(RequestError) as refused:
        sell(till, **changed)
    assert refused.value.details["field"] == field
    assert refused.value.zh
    assert refused.value.en
    assert counterpart.seen == []
    assert till.open_sales() == ()


@pytest.mark.parametrize(("field", "call"), [
    ("expected", lambda till: settle(till, expected=None)),
    ("expected.cash_fen", lambda till: settle(till, expected=Split(40.0))),  # type: ignore[arg-type]
    ("expected.funds['pooled']", lambda till: settle(till, expected=Split(0, {"pooled": "80"}))),  # type: ignore[dict-item]
    ("collect", lambda till: settle(till, collect="SOON")),
    ("quote_token", lambda till: settle(till, quote_token=7)),
    ("benefit", lambda till: till.check_eligibility("scanned", benefit=7)),
    ("as_of", lambda till: till.check_eligibility("scanned", as_of="2026-03-02")),
    ("reason", lambda till: till.reverse("P21030000001-01-20260302-1-1", reason=None)),
    ("states[1]", lambda till: next(till.list_sales(states=("PAID",)))),
    ("states", lambda till: next(till.list_sales(states=None))),
    ("service_from", lambda till: next(till.list_sales(service_from="2026-03-02"))),
    ("tender", lambda till: till.recover(7)),
])
def test_a_call_with_a_wrong_argument_names_it_and_sends_nothing(
    till: Till, counterpart: Counterpart, field: str, call: Callable[[Till], object]
) -> None:
    with pytest.raises(RequestError) as refused:
        call(till)
    assert refused.value.details["field"] == field
    assert counterpart.seen == []


@pytest.mark.parametrize("tenders", [None, Tendered("cash", 4000), ("cash",), (Tendered("cash", 40.0),)])  # type: ignore[arg-type]
def test_tenders_of_a_wrong_kind_are_named(tenders: Any) -> None:
    with pytest.raises(RequestError) as refused:
        checks.checked_tenders(tenders, 4000)
    assert refused.value.details["field"].startswith("tenders")


@pytest.mark.parametrize("call", [
    lambda till: sell(till, credential=GBK),
    lambda till: sell(till, operator=GBK),
    lambda till: sell(till, basket=Basket((Line(GBK, 1, 1),))),
    lambda till: sell(till, basket=Basket((LINE,), late_reason=GBK)),
    lambda till: till.reverse("P21030000001-01-20260302-1-1", reason=GBK, operator="7"),
], ids=["credential", "operator", "line", "basket", "reason"])
def test_bytes_that_are_not_utf_8_are_named_in_both_languages_and_never_repeated(
    till: Till, counterpart: Counterpart, call: Callable[[Till], object]
) -> None:
    with pytest.raises(RequestError, match="TEXT_NOT_UTF8") as refused:
        call(till)
    assert "UTF-8" in refused.value.zh
    assert "UTF-8" in refused.value.en
    str(refused.value).encode()
    assert counterpart.seen == []


@pytest.mark.parametrize("request_id", [None, 7, "", GBK])
def test_what_is_no_request_id_is_refused_whatever_it_is(till: Till, request_id: Any) -> None:
    with pytest.raises(RequestError, match="TICKET_INVALID") as refused:
        till.status(request_id)
    str(refused.value).encode()


@pytest.mark.parametrize("ticket", [None, True, 12.0, -1, 0, 10**9, GBK])
def test_what_is_no_ticket_number_is_refused_whatever_it_is(till: Till, ticket: Any) -> None:
    with pytest.raises(RequestError, match="TICKET_INVALID"):
        sell(till, ticket=ticket)


def test_a_ticket_number_may_be_a_whole_number(till: Till) -> None:
    first, again = sell(till, ticket=12), sell(till, ticket="0012")
    assert first.request_id == again.request_id == "P21030000001-01-20260302-12-1"  # type: ignore[attr-defined]


def test_lists_and_names_of_choices_do_as_well(till: Till) -> None:
    basket = Basket([LINE], payers=[Payer("a", "IN_PERSON")])  # type: ignore[arg-type]
    assert checks.checked_basket(basket).payers[0].consent == Consent.IN_PERSON


@pytest.mark.parametrize("call", [
    sell, settle, Till.next_number, Till.open_sales, Till.recover, Till.probe,
    lambda till: till.quote("scanned", BASKET, operator="7"),
    lambda till: till.check_eligibility("scanned"),
    lambda till: till.status("P21030000001-01-20260302-1-1"),
    lambda till: list(till.list_sales()),
    lambda till: till.confirm("P21030000001-01-20260302-1-1"),
    lambda till: till.cash_returned("P21030000001-01-20260302-1-1"),
], ids=CALLS)
def test_a_closed_till_says_so(till: Till, call: Callable[[Till], object]) -> None:
    till.close()
    with pytest.raises(TillUnusableError, match="TILL_CLOSED"):
        call(till)


def test_an_error_about_a_credential_does_not_have_it(till: Till) -> None:
    with pytest.raises(MedsettleError) as refused:
        sell(till, credential=("secret",))
    assert "secret" not in str(refused.value)
