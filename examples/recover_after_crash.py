"""The answer is lost: the gateway charges, and dies before the till hears of it.

The till then says OPEN, which is neither paid nor failed, and ``recover`` finds out what is true.
"""

from dataclasses import replace

from medsettle import Basket, Line, OutcomeUnknownError, Till
from medsettle.config import read_config
from medsettle.testing import Gateway

BASKET = Basket((Line("XR06AXL193A001010100011", quantity="2", unit_price="34.00"),))

with Gateway() as gateway:
    # Total deadlines, all tries together: an example need not wait for long.
    config = read_config(gateway.enrol_till("H21030200001"))
    hasty = replace(config, deadlines_ms={"Settle": 2_000, "Seal": 500})
    with Till.open(hasty) as till:
        credential = gateway.issue_credential("2103000001")
        quote, number = till.quote(credential, BASKET, operator="7"), till.next_number()
        withheld = gateway.proxy.swallow_answer(then=gateway.kill)
        try:
            till.settle(number, credential, BASKET, expected=quote.split, operator="7")
        except OutcomeUnknownError as error:
            print("the till says:", error.card.outcome if error.card else "", "-", error.en)
        withheld.wait()

    gateway.restart()
    with Till.open(config) as till:  # the till's program was started anew as well
        for card in till.recover():
            print("after recover:", card.outcome, "-", card.tell_en)
