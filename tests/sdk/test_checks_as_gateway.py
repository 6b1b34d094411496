"""What the till sends, the gateway can read: a basket that is malformed for the one is so for the other."""

from dataclasses import replace

import pytest

from medsettle import checks
from medsettle._exchange import asking
from medsettle.errors import RequestError
from medsettle.models import Basket, Consent, Line, Payer, Prescription, PrescriptionKind
from medsettle.wire.v1 import settlement_pb2
from medsettle_gateway.domain.errors import Refused
from medsettle_gateway.rpc.codec.basket import basket as read

LINE = Line("XA01", "2", "60.00", amount_fen=12_000)
PAYER = Payer("a" * 40, Consent.IN_PERSON)
SLIP = Prescription("s" * 16, PrescriptionKind.OWN)
IN_ORDER = Basket(
    (replace(LINE, prescription_id=SLIP.prescription_id, traceability_codes=("t", "u")),), payers=(PAYER,),
    benefit="b" * 64, prescriptions=(SLIP,), late_reason="r" * 200,
)
MALFORMED = {
    "an account that is too long": replace(IN_ORDER, payers=(Payer("a" * 41),)),
    "an account without a name": replace(IN_ORDER, payers=(Payer(""),)),
    "an account twice": replace(IN_ORDER, payers=(PAYER, PAYER)),
    "payers where no account is to pay": replace(IN_ORDER, without_accounts=True),
    "a code twice": replace(IN_ORDER, lines=(replace(LINE, traceability_codes=("t", "t")),)),
    "a code without characters": replace(IN_ORDER, lines=(replace(LINE, traceability_codes=("",)),)),
    "more codes than a basket may name": replace(IN_ORDER, lines=tuple(
        replace(LINE, traceability_codes=tuple(f"{line}-{code}" for code in range(100)))
        for line in range(6)
    )),
    "a prescription that is not there": replace(IN_ORDER, lines=(replace(LINE, prescription_id="?"),)),
}


def read_by_gateway(basket: Basket) -> None:
    read(settlement_pb2.Basket.FromString(asking.basket(basket)), checks.LINES_MAX)


@pytest.mark.parametrize("basket", [
    IN_ORDER,
    Basket((replace(LINE, benefit="", condition="", prescription_id=""),), benefit="", late_reason=""),
], ids=["at its limits", "with empty texts"])
def test_a_basket_in_order_is_taken_by_both(basket: Basket) -> None:
    read_by_gateway(checks.checked_basket(basket))


@pytest.mark.parametrize("basket", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_basket_is_refused_by_both(basket: Basket) -> None:
    with pytest.raises(Refused):
        read_by_gateway(basket)
    with pytest.raises(RequestError):
        checks.checked_basket(basket)


def test_a_line_stays_as_it_was_sold_though_its_prescription_is_not_shown_again() -> None:
    stays = replace(IN_ORDER.lines[0], line_id="1")
    read_by_gateway(checks.checked_staying((stays,)))
