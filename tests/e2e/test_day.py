"""A day at a clinic and a pharmacy, over the wire: the figures are those of 鞍政办发〔2022〕17号."""

from dataclasses import replace

import pytest

from medsettle.errors import QuoteChangedError, RefusedError
from medsettle.models import Answer, Collect, Consent, Outcome, Payer, Split, Tendered
from medsettle.receipt import render_card, verify_token
from medsettle.testing import Gateway
from medsettle.till import Till
from tests.e2e.counter import (
    CLINIC,
    GAUZE,
    HE,
    INSULIN,
    LI,
    LIU,
    MA,
    METER,
    OUYANG,
    OUYANG_MING,
    PROTEIN,
    REMEDY,
    WANG,
    WRISTBAND,
    ZHANG,
    ZHAO,
    Drawer,
    goods,
    sell,
    split,
    visit,
)

pytestmark = pytest.mark.e2e


def account_of(gateway: Gateway, till: Till, member: str, owner: str) -> str:
    found = till.check_eligibility(gateway.issue_credential(member))
    return next(account.account for account in found.accounts if account.owner == owner)


def balance_of(gateway: Gateway, till: Till, member: str) -> int | None:
    found = till.check_eligibility(gateway.issue_credential(member))
    return next(account.balance_fen for account in found.accounts if account.owner == "self")


def give_back(till: Till, error: RefusedError, cash_fen: int) -> None:
    """What was collected for a sale that was then refused is due until the cashier says that it is back."""
    assert error.card is not None
    assert error.card.refund_due_fen == cash_fen
    assert till.cash_returned(error.card.request_id or "").refund_due_fen == 0


def test_the_first_visit_of_the_year_is_undone_without_a_trace(gateway: Gateway, clinic: Till) -> None:
    card = sell(gateway, clinic, ZHANG, visit("500.00"))
    assert (card.outcome, split(card)) == (Outcome.PAID, ("100.00", "400.00", "0.00"))
    assert balance_of(gateway, clinic, ZHANG) == 60_000
    undone = clinic.reverse(card.request_id or "", reason="the wrong patient")
    assert (undone.outcome, undone.state) == (Outcome.NOT_PAID, "REVERSED")
    assert balance_of(gateway, clinic, ZHANG) == 100_000
    again = clinic.quote(gateway.issue_credential(ZHANG), visit("500.00"))
    assert again.split.funds == {"pooled": 10_000}


def test_a_used_deductible_and_a_short_account_leave_the_rest_in_cash(gateway: Gateway, clinic: Till) -> None:
    """120.00 - 20.00 of the deductible = 100.00; half of it pooled; 30.00 in the account."""
    drawer = Drawer()
    card = sell(gateway, clinic, MA, visit("120.00"), drawer)
    assert (card.outcome, split(card)) == (Outcome.PAID, ("50.00", "30.00", "40.00"))
    assert drawer.taken_fen == 4_000


def test_at_the_cap_nothing_spills_over(gateway: Gateway, clinic: Till) -> None:
    card = sell(gateway, clinic, ZHAO, visit("100.00"))
    assert split(card) == ("20.00", "0.00", "80.00")
    after = sell(gateway, clinic, ZHAO, visit("60.00"))
    assert split(after) == ("0.00", "0.00", "60.00")


def test_pooled_cover_without_an_account_pays_the_rest_in_cash(gateway: Gateway, clinic: Till) -> None:
    assert split(sell(gateway, clinic, WANG, visit("500.00"))) == ("100.00", "0.00", "400.00")


def test_class_share_and_payment_standard_come_from_the_catalogue(gateway: Gateway, clinic: Till) -> None:
    """80.00 against a standard of 71.255: 8.74 over it, a tenth of 71.26 first, 64.13 in scope."""
    quote = clinic.quote(gateway.issue_credential(LI), replace(visit("1.00"), lines=(INSULIN,)))
    line = quote.settlements[0].lines[0]
    assert (line.kind, line.item_class) == ("drug", "B")
    assert (line.over_limit_fen, line.self_pay_first_fen, line.in_scope_fen) == (874, 713, 6_413)


def test_a_fathers_account_pays_for_what_accounts_may_pay(gateway: Gateway, pharmacy: Till) -> None:
    fathers = account_of(gateway, pharmacy, LIU, "parent")
    basket = goods(REMEDY, METER, GAUZE, PROTEIN, WRISTBAND)
    basket = replace(basket, payers=(Payer(fathers, Consent.STANDING),))
    drawer = Drawer()
    card = sell(gateway, pharmacy, LIU, basket, drawer)
    assert (card.outcome, split(card)) == (Outcome.PAID, ("0.00", "150.00", "284.30"))
    assert drawer.taken_fen == 28_430
    assert card.sale is not None
    assert card.sale.settlements[0].breakdown.in_scope_fen == 17_730


def test_a_siblings_account_pays_nothing_and_the_answer_says_why(gateway: Gateway, pharmacy: Till) -> None:
    found = pharmacy.check_eligibility(gateway.issue_credential(OUYANG))
    siblings = next(account for account in found.accounts if account.owner == "sibling")
    assert siblings.may_pay is Answer.NO
    basket = replace(goods(REMEDY), payers=(Payer(siblings.account, Consent.STANDING),))
    card = sell(gateway, pharmacy, OUYANG, basket)
    assert split(card) == ("0.00", "0.00", "36.80")
    assert card.sale is not None
    share = card.sale.settlements[0].breakdown.accounts[0]
    assert (share.amount_fen, bool(share.note_zh), bool(share.note_en)) == (0, True, True)


def test_own_account_pays_before_the_spouses(gateway: Gateway, pharmacy: Till) -> None:
    own = account_of(gateway, pharmacy, HE, "self")
    spouses = account_of(gateway, pharmacy, HE, "spouse")
    basket = replace(goods(METER), payers=(Payer(spouses, Consent.STANDING), Payer(own)))
    card = sell(gateway, pharmacy, HE, basket)
    assert card.sale is not None
    shares = card.sale.settlements[0].breakdown.accounts
    assert [(share.owner, share.amount_fen) for share in shares] == [("self", 10_000), ("spouse", 2_800)]


def test_a_hold_reserves_and_a_release_frees_it(gateway: Gateway, clinic: Till) -> None:
    credential = gateway.issue_credential(OUYANG_MING)
    quote = clinic.quote(credential, visit("350.00"))
    held = clinic.settle(
        clinic.next_number(), credential, visit("350.00"), expected=quote.split, collect=Collect.LATER
    )
    assert (held.outcome, held.state) == (Outcome.OPEN, "HELD")
    assert balance_of(gateway, clinic, OUYANG_MING) == 0
    freed = clinic.release(held.request_id or "")
    assert (freed.outcome, freed.state) == (Outcome.NOT_PAID, "RELEASED")
    assert balance_of(gateway, clinic, OUYANG_MING) == 15_000


def test_a_hold_is_confirmed_with_tenders_that_add_up(gateway: Gateway, clinic: Till) -> None:
    credential = gateway.issue_credential(OUYANG_MING)
    quote = clinic.quote(credential, visit("350.00"))
    held = clinic.settle(
        clinic.next_number(), credential, visit("350.00"), expected=quote.split, collect=Collect.LATER
    )
    tenders = (Tendered("cash", 10_000), Tendered("wechat", 7_500, "4200002026"))
    card = clinic.confirm(held.request_id or "", tenders)
    assert (card.outcome, split(card)) == (Outcome.PAID, ("25.00", "150.00", "175.00"))
    assert card.sale is not None
    assert card.sale.tenders == tenders


def test_a_patient_without_money_leaves_nothing_reserved(gateway: Gateway, clinic: Till) -> None:
    card = sell(gateway, clinic, WANG, visit("77.00"), Drawer(honest=False))
    assert (card.outcome, card.state) == (Outcome.NOT_PAID, "RELEASED")
    assert card.refund_due_fen == 0


def test_another_amount_than_was_shown_is_refused_with_the_new_one(gateway: Gateway, clinic: Till) -> None:
    credential = gateway.issue_credential(LI)
    with pytest.raises(QuoteChangedError) as caught:
        clinic.settle(clinic.next_number(), credential, visit("90.00"), expected=Split(cash_fen=9_000))
    assert caught.value.recorded
    assert caught.value.now is not None
    assert (caught.value.now.cash_fen, sum(caught.value.now.accounts.values())) == (0, 9_000)
    give_back(clinic, caught.value, 9_000)


def test_the_same_goods_again_within_minutes_must_be_acknowledged(gateway: Gateway, pharmacy: Till) -> None:
    basket = goods(REMEDY, GAUZE)
    assert sell(gateway, pharmacy, LI, basket).outcome is Outcome.PAID
    doubtful = sell(gateway, pharmacy, LI, basket)
    assert doubtful.refusal is not None
    assert (doubtful.outcome, doubtful.refusal.reason) == (Outcome.NOT_PAID, "POSSIBLE_DUPLICATE")
    meant = sell(gateway, pharmacy, LI, basket, acknowledgements=("POSSIBLE_DUPLICATE",))
    assert meant.outcome is Outcome.PAID


def test_a_used_credential_is_not_good_for_another_sale(gateway: Gateway, pharmacy: Till) -> None:
    credential = gateway.issue_credential(LI)
    first, second = goods(METER), goods(PROTEIN)
    quote = pharmacy.quote(credential, first)
    other = pharmacy.quote(credential, second)
    assert pharmacy.settle("901", credential, first, expected=quote.split).outcome is Outcome.PAID
    with pytest.raises(RefusedError, match="CREDENTIAL_USED") as caught:
        pharmacy.settle("902", credential, second, expected=other.split)
    give_back(pharmacy, caught.value, 19_800)


def test_the_receipt_token_is_good_offline_and_the_receipt_fits(gateway: Gateway, clinic: Till) -> None:
    card = sell(gateway, clinic, LI, visit("41.00"))
    assert card.sale is not None
    facts = verify_token(card.sale.receipt_token, clinic.config.root_public_key, clinic.config.audience)
    assert facts.request_id == card.request_id
    assert (facts.funds, facts.accounts_fen, facts.cash_fen) == ({}, 4_100, 0)
    receipt = render_card(card, institution_name=clinic.config.institution_name)
    assert "铁东第一门诊部" in receipt
    assert "41.00" in receipt


def test_the_days_sales_are_listed_newest_first(clinic: Till) -> None:
    listed = list(clinic.list_sales(page_size=3))
    assert len(listed) > 3
    assert {sale.institution for sale in listed} == {CLINIC}
    times = [sale.committed_at for sale in listed]
    assert all(times)
    assert len({sale.request_id for sale in listed}) == len(listed)


def test_at_the_end_the_books_balance_and_are_what_the_tills_paid_out(
    gateway: Gateway, clinic: Till, pharmacy: Till
) -> None:
    books = gateway.books()
    assert (books["balanced"], books["faults"], books["open_sales"]) == (True, [], [])
    assert clinic.open_sales() == pharmacy.open_sales() == ()
    settled = [sale for till in (clinic, pharmacy) for sale in till.list_sales(states=["SETTLED"])]
    pooled = sum(sale.split().funds.get("pooled", 0) for sale in settled)
    assert books["funds"] == [{"book": "210300/employee/pooled", "amount_fen": pooled}]
    assert books["cash_fen"] == sum(sale.split().cash_fen for sale in settled)
