"""Requests that are well-formed and odd: the real gateway answers each with a sale or a reason of its own."""

import itertools
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contract.foreign_client import ForeignTill, RefusedError
from tests.contract.running import Running, running

pytestmark = pytest.mark.e2e

MEMBERS = [f"21030000{number:02}" for number in range(1, 19)]
ITEMS = [
    "XR06AXL193A001010100011", "XA10AEG013B002010100174", "XR02AAJ001X001010100218",
    "XN05AHA130A001010100185", "001109000010000-110900001", "Y900000000000000000001",
    "Y900000000000000000002", "C14010100241000000011", "002501010150000-250101015",
]
ODD_ITEMS = ["no-such-item", "é", "' OR 1=1 --", "%s", "../..", "XJ01GBQ032B002010100230"]
FAULTS = {"INTERNAL_ERROR", "SAYS NOTHING"}
_numbers = itertools.count(1)

odd_words = st.sampled_from([
    "", " ", "general_outpatient", "personal_account_only", "x", "💊", "';--", "self",
])
seldom = st.sampled_from([False] * 7 + [True])
days = st.sampled_from([
    None, "1900-01-01", "2019-12-31", "2023-02-28", "2024-02-29", "2026-01-01", "2199-12-31", "2026-12-31",
])
numbers = st.sampled_from(["0.0001", "1", "3", "0.5", "7.25"])
prices = st.sampled_from(["0", "0.01", "0.004999", "12.5", "9999999", "71.255", "0.000001", "2980"])


@st.composite
def lines(draw: st.DrawFn) -> dict[str, Any]:
    quantity, price = draw(numbers), draw(prices)
    amount_fen = half_up(quantity, price) + draw(seldom)
    items = ODD_ITEMS if draw(seldom) else ITEMS
    line: dict[str, Any] = {
        "item_code": draw(st.sampled_from(items)), "quantity": quantity, "unit_price": price,
        "amount_fen": amount_fen,
    }
    for name in ("benefit", "condition"):
        if draw(seldom):
            line[name] = draw(odd_words)
    return line


def half_up(quantity: str, price: str) -> int:
    product = scaled(quantity, 4) * scaled(price, 6)
    return (product + 5 * 10**7) // 10**8


def scaled(text: str, places: int) -> int:
    whole, _, part = text.partition(".")
    return int(whole + part.ljust(places, "0"))


@st.composite
def baskets(draw: st.DrawFn) -> dict[str, Any]:
    basket: dict[str, Any] = {"lines": draw(st.lists(lines(), min_size=1, max_size=4))}
    if draw(seldom):
        basket["benefit"] = draw(odd_words)
    if draw(seldom):
        basket["service_on"] = draw(days)
        basket["late_reason"] = draw(st.sampled_from([None, "断网", "x"]))
    if draw(seldom):
        basket["payers"] = [{"account": draw(odd_words), "consent": draw(st.integers(0, 2))}]
    if draw(seldom):
        basket["encounter"] = {
            "sessions": draw(st.sampled_from([1, 366])),
            "admitted_on": draw(days), "discharged_on": draw(days),
        }
    return basket


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, ForeignTill, dict[str, str]]]:
    with running(tmp_path_factory.mktemp("city")) as gateway:
        till = ForeignTill(gateway.target)
        till.enrol(gateway.enrol_code("01"))
        yield gateway, till, {member: gateway.credential(member) for member in MEMBERS}
        till.close()


def outcome(till: ForeignTill, method: str, **fields: Any) -> str:
    """The state that was answered, or the reason of the refusal. A broken signature raises."""
    try:
        answer = till.call(method, **fields)
    except RefusedError as error:
        return error.reason if error.said["zh"] and error.said["next_en"] else "SAYS NOTHING"
    return till.state_of(answer.sale) if hasattr(answer, "sale") else "OK"


def shown(token: str) -> dict[str, Any]:
    return {"kind": 1, "token": token}


@given(st.sampled_from(MEMBERS), baskets())
@settings(max_examples=150)
def test_an_odd_basket_is_quoted_or_refused(city: Any, member: str, basket: dict[str, Any]) -> None:
    _, till, tokens = city
    found = outcome(till, "Quote", credential=shown(tokens[member]), basket=basket)
    assert found not in FAULTS


@given(st.sampled_from(MEMBERS), baskets(), st.booleans(), st.integers(1, 2))
@settings(max_examples=150)
def test_an_odd_sale_is_made_or_refused_and_then_stands_as_it_was_answered(
    city: Any, member: str, basket: dict[str, Any], right: bool, collect: int
) -> None:
    gateway, till, _ = city
    cash_fen = sum(each["amount_fen"] for each in basket["lines"]) if right else 5
    if right and "payers" not in basket:
        basket["without_accounts"] = True
    today = datetime.now(timezone(timedelta(hours=8))).strftime("%Y%m%d")
    request_id = f"{till.terminal}-{today}-{next(_numbers)}-1"
    fields = {
        "request_id": request_id, "credential": shown(gateway.credential(member)), "basket": basket,
        "expected": {"cash_fen": cash_fen}, "collect": collect, "operator": "op",
        "requested_at": {"seconds": int(time.time())},
    }
    first, again = outcome(till, "Settle", **fields), outcome(till, "Settle", **fields)
    assert first == again
    assert first not in FAULTS
    assert outcome(till, "GetSale", request_id=request_id) in {"REFUSED", "SETTLED", "HELD", "SALE_NOT_FOUND"}


@given(
    st.sampled_from(MEMBERS), odd_words, days, st.sampled_from([None, "none", "own", "external"])
)
def test_an_odd_check_is_answered_or_refused(
    city: Any, member: str, benefit: str, as_of: str | None, prescription: str | None
) -> None:
    _, till, tokens = city
    asked = {"benefit": benefit or None, "as_of": as_of, "prescription": prescription}
    assert outcome(till, "CheckEligibility", credential=shown(tokens[member]), **asked) not in FAULTS


@given(st.text(max_size=600))
def test_whatever_is_shown_is_no_credential(city: Any, token: str) -> None:
    _, till, _ = city
    assert outcome(till, "CheckEligibility", credential=shown(token)) in {
        "CREDENTIAL_INVALID", "FIELD_REQUIRED", "FIELD_INVALID",
    }


@given(
    st.sampled_from(["Confirm", "Release", "Reverse", "Seal"]),
    st.sampled_from(["18990101", "20991231", "20260229", "20240229", "99991231", "00010101"]),
    st.integers(0, 10**9), st.integers(0, 1_000),
)
def test_an_odd_id_is_answered_or_refused(
    city: Any, method: str, day: str, number: int, attempt: int
) -> None:
    _, till, _ = city
    fields: dict[str, Any] = {"reason": "x"} if method == "Reverse" else {}
    found = outcome(
        till, method, request_id=f"{till.terminal}-{day}-{number}-{attempt}", operator="op",
        requested_at={"seconds": int(time.time())}, **fields,
    )
    assert found in {"SEALED", "SALE_NOT_FOUND", "REQUEST_ID_INVALID"}


@given(st.text(max_size=80), days, days, odd_words)
def test_an_odd_list_is_answered_or_refused(
    city: Any, token: str, since: str | None, until: str | None, terminal: str
) -> None:
    _, till, _ = city
    asked = {"page_token": token, "service_from": since, "service_to": until, "terminal": terminal}
    assert outcome(till, "ListSales", **asked) in {"OK", "PAGE_TOKEN_INVALID"}


def test_no_fault_was_logged_meanwhile(city: Any) -> None:
    gateway, _, _ = city
    log = (gateway.folder / "gateway.log").read_text("utf-8")
    assert "Traceback" not in log
    assert "MSD1" not in log


def test_the_books_balance_after_all_of_it(city: Any) -> None:
    gateway, _, _ = city
    assert gateway.operator("ledger", "summary")["balanced"]
