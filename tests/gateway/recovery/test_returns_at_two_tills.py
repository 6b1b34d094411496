"""Goods that come back in parts, at two tills: the patient gets what was paid, and no more."""

import pytest

from medsettle._exchange.signed import Reply, Request
from medsettle.errors import OutcomeUnknownError
from medsettle.models import Basket, Line
from medsettle.tender import CashTender
from tests.gateway.recovery.house import House, Seller, on_the_model

LINES = tuple(Line("XA01", unit_price=yuan, line_id=str(yuan)) for yuan in (300, 200))


class Drawers:
    """What each till gave back, in fen."""

    def __init__(self) -> None:
        self.given_fen: dict[str, int] = {}

    def tender(self, name: str) -> CashTender:
        return CashTender(lambda _: True, lambda fen: self._gives(name, fen))

    def _gives(self, name: str, fen: int) -> bool:
        self.given_fen[name] = self.given_fen.get(name, 0) + fen
        return True


async def lost(_: Request) -> Reply:
    return Reply("UNAVAILABLE")


@pytest.mark.parametrize("answered", [True, False], ids=["answered", "answer lost"])
@on_the_model
async def test_who_undoes_the_rest_pays_back_the_rest_alone(
    house: House, till: Seller, other: Seller, answered: bool
) -> None:
    drawers = Drawers()
    basket = Basket(LINES, without_accounts=True)
    paid = (await till.till.quote(house.credential(), basket)).split
    sold = await till.till.settle(
        await till.till.next_number(), house.credential(), basket, expected=paid
    )
    assert sold.request_id
    stays = (await till.till.quote_return(sold.request_id, LINES[:1])).split
    number = await till.till.next_number()

    async def arrives(request: Request) -> Reply:
        await till.line.pass_on(request)
        till.line.faults = [(each, lost) for each in ("Settle", "Settle", "Seal", "Seal")]
        return Reply("UNAVAILABLE")

    if not answered:
        till.line.faults = [("Settle", arrives)]
    try:
        await till.till.return_goods(
            number, sold.request_id, LINES[:1], expected=stays, tender=drawers.tender("T1")
        )
    except OutcomeUnknownError:
        assert not answered
    till.line.faults = []
    left = f"{sold.request_id.rsplit('-', 2)[0]}-{number}-1"
    undone = await other.till.reverse(left, reason="the rest comes back, too")
    await other.till.recover(drawers.tender("T2"))
    await till.till.recover(drawers.tender("T1"))
    assert undone.refund_due_fen == stays.cash_fen
    assert drawers.given_fen == {"T1": paid.cash_fen - stays.cash_fen, "T2": stays.cash_fen}
    assert await till.till.open_sales() == await other.till.open_sales() == ()
