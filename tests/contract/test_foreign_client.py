"""The wire as another hand reads it: a client that learned everything from reflection sells.

The gateway is the real one, in a process of its own.
"""

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.contract.foreign_client import PACKAGE, ForeignTill
from tests.contract.running import OTHER_INSTITUTION, Running, running
from tests.contract.selling import act, goods, new_id, numbers, reason_of, sale_of, shown

pytestmark = pytest.mark.e2e

HERE = Path(__file__).parent


def test_it_knows_no_line_of_ours() -> None:
    for name in ("foreign_client.py", "foreign_reflection.py"):
        tree = ast.parse((HERE / name).read_text("utf-8"))
        modules = {
            alias.name if isinstance(node, ast.Import) else str(node.module)
            for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        assert not [each for each in modules if each.startswith("medsettle")]


def test_reflection_announces_every_service_and_every_call(till: ForeignTill) -> None:
    announced = {
        f"{service}/{method.name}"
        for service in till.wire.services if service.startswith(PACKAGE)
        for method in till.wire.pool.FindServiceByName(service).methods
    }
    assert announced == {
        f"{PACKAGE}.{each}" for each in (
            "EligibilityService/CheckEligibility", "SettlementService/Quote", "SettlementService/Settle",
            "SettlementService/Confirm", "SettlementService/Release", "SettlementService/Reverse",
            "SettlementService/Seal", "SettlementService/GetSale", "SettlementService/ListSales",
            "SettlementService/Reassert", "TerminalService/Enrol", "TerminalService/RotateKey",
            "PrescriptionService/RegisterPrescription", "PrescriptionService/FetchPrescriptions",
            "PrescriptionService/ReviewPrescription", "PrescriptionService/WithdrawPrescription",
        )
    }


def test_the_first_visit_of_the_year_is_checked_quoted_and_settled(
    till: ForeignTill, gateway: Running
) -> None:
    checked = till.call("CheckEligibility", credential=shown(gateway, "2103000001"))
    assert (checked.masked_name, checked.region) == ("张*", "210300")
    assert [account.balance_fen for account in checked.accounts] == [100_000]
    sale = till.call("Settle", **sale_of(till, gateway, "2103000001", 50_000)).sale
    assert till.state_of(sale) == "SETTLED"
    assert [(leg.id == "pooled", leg.amount_fen) for leg in sale.legs] == [(True, 10_000), (False, 40_000)]
    assert sale.receipt_token.startswith("MS1.")
    (settlement,) = sale.settlements
    assert (settlement.breakdown.deductible_fen, settlement.breakdown.cash_fen) == (30_000, 0)
    after = till.call("CheckEligibility", credential=shown(gateway, "2103000001"))
    assert [account.balance_fen for account in after.accounts] == [60_000]


def test_a_hold_is_confirmed_with_its_cash_and_reversed(till: ForeignTill, gateway: Running) -> None:
    wanted = sale_of(till, gateway, "2103000003", 40_000, "LATER")
    held = till.call("Settle", **wanted).sale
    assert (till.state_of(held), held.HasField("hold_expires_at")) == ("HELD", True)
    cash_fen = wanted["expected"]["cash_fen"]
    assert cash_fen == 35_000
    wrong = reason_of(lambda: till.call(
        "Confirm", **act(held.request_id, tenders=[{"kind": "cash", "amount_fen": cash_fen - 1}])
    ))
    assert (wrong.reason, wrong.said["recorded"]) == ("TENDER_MISMATCH", "false")
    settled = till.call("Confirm", **act(held.request_id, tenders=[
        {"kind": "cash", "amount_fen": 5_000}, {"kind": "wechat", "amount_fen": 30_000, "reference": "4200"},
    ])).sale
    assert till.state_of(settled) == "SETTLED"
    assert [tender.reference for tender in settled.tenders] == ["", "4200"]
    gone = till.call("Reverse", **act(held.request_id, reason="退货")).sale
    assert till.state_of(gone) == "REVERSED"
    again = till.call("Reverse", **act(held.request_id, reason="退货")).sale
    assert till.state_of(again) == "REVERSED"


def test_a_hold_is_released_and_frees_what_it_reserved(till: ForeignTill, gateway: Running) -> None:
    held = till.call("Settle", **sale_of(till, gateway, "2103000002", 20_000, "LATER")).sale
    during = till.call("CheckEligibility", credential=shown(gateway, "2103000002"))
    released = till.call("Release", **act(held.request_id)).sale
    after = till.call("CheckEligibility", credential=shown(gateway, "2103000002"))
    assert till.state_of(released) == "RELEASED"
    assert during.accounts[0].balance_fen < after.accounts[0].balance_fen == 62_000


def test_the_same_bytes_again_get_the_first_answer_and_charge_once(
    till: ForeignTill, gateway: Running
) -> None:
    first = till.call("Settle", **sale_of(till, gateway, "2103000005", 10_000)).sale
    before = till.call("CheckEligibility", credential=shown(gateway, "2103000005")).accounts[0].balance_fen
    till.call("GetSale", request_id=first.request_id)
    wanted = sale_of(till, gateway, "2103000005", 1_000)
    once = till.call("Settle", **wanted).sale
    twice = till.repeat().sale
    assert once == twice
    after = till.call("CheckEligibility", credential=shown(gateway, "2103000005")).accounts[0].balance_fen
    assert before - after == 1_000


def test_an_id_stands_for_one_sale_only(till: ForeignTill, gateway: Running) -> None:
    wanted = sale_of(till, gateway, "2103000003", 1_100)
    till.call("Settle", **wanted)
    other = wanted | {"basket": goods(1_200)}
    reused = reason_of(lambda: till.call("Settle", **other))
    assert (reused.code, reused.reason) == ("ALREADY_EXISTS", "REQUEST_ID_REUSED")
    assert reused.said["recorded"] == "false"


def test_a_sealed_id_never_becomes_a_sale(till: ForeignTill, gateway: Running) -> None:
    wanted = sale_of(till, gateway, "2103000003", 1_300)
    lost = reason_of(lambda: till.call("GetSale", request_id=wanted["request_id"]))
    assert (lost.code, lost.reason) == ("NOT_FOUND", "SALE_NOT_FOUND")
    sealed = till.call("Seal", **act(wanted["request_id"])).sale
    late = reason_of(lambda: till.call("Settle", **wanted))
    assert till.state_of(sealed) == "SEALED"
    assert (late.reason, late.said["recorded"]) == ("SEALED", "true")


def test_nobody_is_charged_another_amount_than_was_shown(till: ForeignTill, gateway: Running) -> None:
    wanted = sale_of(till, gateway, "2103000003", 1_400)
    del wanted["quote_token"]  # which is bound to what it showed
    wanted["expected"]["cash_fen"] -= 1
    changed = reason_of(lambda: till.call("Settle", **wanted))
    told = changed.attached[f"{PACKAGE}.QuoteChanged"]
    assert (changed.reason, changed.said["recorded"]) == ("QUOTE_CHANGED", "true")
    assert (told.expected.cash_fen, told.now.cash_fen) == (1_399, 1_400)
    assert told.breakdown.total_fen == 1_400
    stored = till.call("GetSale", request_id=wanted["request_id"]).sale
    assert (till.state_of(stored), stored.refusal.recorded) == ("REFUSED", True)


def test_a_ticket_has_one_living_attempt(till: ForeignTill, gateway: Running) -> None:
    number = next(numbers)
    first = sale_of(till, gateway, "2103000003", 1_500) | {"request_id": new_id(till, 1, number)}
    second = sale_of(till, gateway, "2103000003", 1_600) | {"request_id": new_id(till, 2, number)}
    till.call("Settle", **first)
    refused = reason_of(lambda: till.call("Settle", **second))
    other = refused.attached[f"{PACKAGE}.OtherSale"]
    assert refused.reason == "EARLIER_ATTEMPT_OPEN"
    assert other.request_id == first["request_id"]
    assert till.state_of(other) == "SETTLED"


def test_a_credential_serves_one_sale(till: ForeignTill, gateway: Running) -> None:
    wanted = sale_of(till, gateway, "2103000003", 1_700)
    till.call("Settle", **wanted)
    again = wanted | {"request_id": new_id(till), "basket": goods(1_800), "expected": {"cash_fen": 1_800}}
    del again["quote_token"]
    used = reason_of(lambda: till.call("Settle", **again))
    assert (used.reason, used.said["actor"]) == ("CREDENTIAL_USED", "patient")


def test_sales_are_listed_page_by_page_newest_first(till: ForeignTill, gateway: Running) -> None:
    for amount_fen in (1_901, 1_902, 1_903):
        till.call("Settle", **sale_of(till, gateway, "2103000003", amount_fen))
    first = till.call("ListSales", page_size=2, terminal=till.terminal)
    rest = till.call("ListSales", page_size=2, terminal=till.terminal, page_token=first.next_page_token)
    totals = [each.settlements[0].breakdown.total_fen for each in [*first.sales, rest.sales[0]]]
    assert totals == [1_903, 1_902, 1_901]
    assert not first.sales[0].settlements[0].lines
    odd = reason_of(lambda: till.call("ListSales", page_token="nonsense"))
    assert (odd.code, odd.reason) == ("INVALID_ARGUMENT", "PAGE_TOKEN_INVALID")


def test_another_institution_neither_sees_nor_touches_a_sale(
    till: ForeignTill, gateway: Running, open_till: Callable[..., ForeignTill]
) -> None:
    sale = till.call("Settle", **sale_of(till, gateway, "2103000003", 2_000)).sale
    stranger = open_till("p256")
    stranger.enrol(gateway.enrol_code("01", OTHER_INSTITUTION))
    for method, fields in (
        ("GetSale", {"request_id": sale.request_id}), ("Seal", act(sale.request_id)),
        ("Reverse", act(sale.request_id, reason="x")), ("Confirm", act(sale.request_id)),
    ):
        refused = reason_of(lambda method=method, fields=fields: stranger.call(method, **fields))  # type: ignore[misc]
        assert (refused.code, refused.reason) == ("PERMISSION_DENIED", "NOT_YOURS")
    assert sale.request_id not in {each.request_id for each in stranger.call("ListSales").sales}


def test_a_colleague_may_reverse_but_not_settle_under_our_id(
    till: ForeignTill, gateway: Running, open_till: Callable[..., ForeignTill]
) -> None:
    colleague = open_till()
    colleague.enrol(gateway.enrol_code("02"))
    wanted = sale_of(till, gateway, "2103000003", 2_100)
    refused = reason_of(lambda: colleague.call("Settle", **wanted))
    assert refused.reason == "NOT_YOURS"
    till.call("Settle", **wanted)
    gone = colleague.call("Reverse", **act(wanted["request_id"], reason="换货")).sale
    assert colleague.state_of(gone) == "REVERSED"


def test_a_basket_over_the_limit_is_refused_by_name(till: ForeignTill, gateway: Running) -> None:
    refused = reason_of(lambda: till.call(
        "Quote", credential=shown(gateway, "2103000003"), basket={"lines": goods(100)["lines"] * 201}
    ))
    assert (refused.reason, refused.said["limit"]) == ("BASKET_TOO_LARGE", "200")


def test_amounts_that_do_not_add_up_are_refused_by_name(till: ForeignTill, gateway: Running) -> None:
    basket = goods(1_000)
    basket["lines"][0]["amount_fen"] = 1_001
    refused = reason_of(lambda: till.call("Quote", credential=shown(gateway, "2103000003"), basket=basket))
    assert (refused.reason, refused.said["recorded"]) == ("LINE_AMOUNT_MISMATCH", "false")


def test_a_request_that_is_no_message_is_refused(till: ForeignTill) -> None:
    path, _, _ = till._signed("Seal", {})
    body = b"\x0a\x02\xff\xfe"

    class Raw:
        def __init__(self, **_: Any) -> None: ...

        def SerializeToString(self) -> bytes:  # noqa: N802 - protobuf's name
            return body

    learned = till.wire.message
    try:
        till.wire.message = lambda name: Raw if name.endswith("SealRequest") else learned(name)  # type: ignore[method-assign]
        refused = reason_of(lambda: till.call("Seal"))
    finally:
        till.wire.message = learned  # type: ignore[method-assign]
    assert (path.endswith("/Seal"), refused.reason) == (True, "REQUEST_MALFORMED")


def test_health_is_served(till: ForeignTill) -> None:
    answer: Any = till.channel.unary_unary("/grpc.health.v1.Health/Check")
    assert answer(b"", timeout=5) == b"\x08\x01"


def test_an_unknown_call_of_the_contract_is_not_supported(till: ForeignTill) -> None:
    call: Any = till.channel.unary_unary(f"/{PACKAGE}.SettlementService/Refund")
    with pytest.raises(grpc.RpcError) as caught:
        call(b"", timeout=5)
    assert getattr(caught.value, "code")() is grpc.StatusCode.UNIMPLEMENTED  # noqa: B009 - RpcError has no type


def test_told_to_end_the_gateway_ends_in_order(tmp_path: Path) -> None:
    with running(tmp_path) as gateway:
        till = ForeignTill(gateway.target)
        till.enrol(gateway.enrol_code("01"))
        till.call("Settle", **sale_of(till, gateway, "2103000001", 1_000))
        gateway.process.terminate()
        assert gateway.process.wait(120) == 0
        till.close()
