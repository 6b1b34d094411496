"""Somebody at the counter: a sale at a till, and the cash for it."""

from typing import Any

from medsettle.models import Basket, SaleCard
from medsettle.tender import CashTender
from medsettle.till import Till


class Drawer:
    """Cash over the counter, as it went."""

    def __init__(self, *, takes: bool = True, gives: bool = True) -> None:
        self.taken_fen = 0
        self.takes, self.gives = takes, gives
        self.tender = CashTender(self._take, self._give)

    def _take(self, amount_fen: int) -> bool:
        self.taken_fen += amount_fen if self.takes else 0
        return self.takes

    def _give(self, amount_fen: int) -> bool:
        self.taken_fen -= amount_fen if self.gives else 0
        return self.gives


def sell(till: Till, basket: Basket, drawer: Drawer | None = None, **more: Any) -> SaleCard:
    facts = {"show": lambda _: True, "tender": (drawer or Drawer()).tender, **more}
    return till.checkout(facts.pop("ticket", "0001"), "scanned-token", basket, **facts)
