"""A first sale: a real gateway with a small invented city, a till, a patient, a receipt."""

from medsettle import Basket, CashTender, Line, Till
from medsettle.receipt import render_card, yuan
from medsettle.testing import Gateway


def cashier(amount_fen: int) -> bool:
    """Says that the cash changed hands."""
    print(f"Cash {yuan(amount_fen)}: done")
    return True


with Gateway() as gateway, Till.open(gateway.enrol_till("H21030200001")) as till:
    medicine = Line("XR06AXL193A001010100011", quantity="2", unit_price="34.00")
    examination = Line("002203020010000-220302001", quantity="1", unit_price="432.00")
    card = till.checkout(
        till.next_number(),  # of the paper ticket: the same number again is the same sale
        gateway.issue_credential("2103000001"),  # what the scanner reads from the patient's telephone
        Basket((medicine, examination)),
        show=lambda quote: quote.split.cash_fen == 0,  # the patient sees the amounts and agrees
        tender=CashTender(take=cashier, give_back=cashier),
        operator="7",
    )
    print(render_card(card, institution_name=till.config.institution_name))
