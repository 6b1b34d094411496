"""The power goes before or after any single thing that a till does: recover ends the sale as the gateway has
it, and the patient has paid once or not at all.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from medsettle._desk.effects import Effect
from medsettle.models import Basket, CashState, Collect, Outcome, SaleState, Split, Tendered
from medsettle.tender import Collected
from medsettle.till import Till
from tests.sdk.counterpart import TERMINAL_KEY, Counterpart, FakeClock
from tests.sdk.wires import DirectTransport, config_in

SHOWN = Split(4000, {"pooled": 8000})
CASH = (Tendered("wechat", 4000),)
STEPS_MAX = 60


class PowerLossError(BaseException):
    """The till's machine is gone, at once."""


class Provider:
    """Takes and pays back once an id."""

    refunds_once = True

    def __init__(self) -> None:
        self.taken: set[str] = set()
        self.given_back: set[str] = set()

    def collect(self, amount_fen: int, request_id: str) -> Collected:
        assert (amount_fen, request_id in self.taken) == (4000, False)
        self.taken.add(request_id)
        return Collected(CashState.COLLECTED, CASH)

    def refund(self, amount_fen: int, request_id: str, tenders: tuple[Tendered, ...]) -> bool:
        del tenders
        assert amount_fen == 4000
        self.given_back |= self.taken & {request_id}
        return True

    @property
    def kept(self) -> set[str]:
        """The ids that are paid and not paid back."""
        return self.taken - self.given_back


class Failing(Till):
    """A till whose power goes at one of the things that it does."""

    power_goes: tuple[int, str] = (0, "")
    done_count = 0

    def _do(self, effect: Effect) -> Any:
        self.done_count += 1
        if self.power_goes == (self.done_count, "before"):
            raise PowerLossError
        result = super()._do(effect)
        if self.power_goes == (self.done_count, "after"):
            raise PowerLossError
        return result


def sold_and_reversed(till: Till, basket: Basket, provider: Provider) -> None:
    card = till.checkout("1", "scanned", basket, show=lambda _: True, tender=provider)
    till.reverse(card.request_id or "", reason="goods returned")


def given_up(till: Till, basket: Basket, provider: Provider) -> None:
    del provider
    held = till.settle("1", "scanned", basket, expected=SHOWN, collect=Collect.LATER)
    till.release(held.request_id or "")


def moments() -> Iterator[tuple[int, str]]:
    for number in range(1, STEPS_MAX):
        yield number, "before"
        yield number, "after"


@pytest.mark.parametrize("expired", [False, True], ids=["soon", "after the hold"])
@pytest.mark.parametrize("work", [sold_and_reversed, given_up])
def test_the_sale_ends_as_the_gateway_has_it_and_its_cash_is_where_it_belongs(
    tmp_path: Path, basket: Basket, work: Callable[[Till, Basket, Provider], None], *, expired: bool
) -> None:
    ends: set[str] = set()
    for number, when in moments():
        folder = tmp_path / f"{number}-{when}"
        folder.mkdir()
        counterpart, provider = Counterpart(FakeClock()), Provider()

        def opened(kind: type[Till], folder: Path = folder, side: Counterpart = counterpart) -> Any:
            return kind.open(
                config_in(folder), clock=side.clock, signer=TERMINAL_KEY, transport=DirectTransport(side)
            )

        with opened(Failing) as failing:
            failing.power_goes = (number, when)
            try:
                work(failing, basket, provider)
            except PowerLossError:
                pass
            else:
                break
        for sale in counterpart.sales.values():
            if expired and sale.state is SaleState.HELD:
                sale.state = SaleState.EXPIRED
        with opened(Till) as till:
            till.recover(provider)
            assert till.open_sales() == ()
            for request_id, sale in counterpart.sales.items():
                paid = till.status(request_id).outcome is Outcome.PAID
                assert (sale.state is SaleState.SETTLED, request_id in provider.kept) == (paid, paid)
                ends.add(sale.state)
    assert number < STEPS_MAX - 1
    assert ends >= ({"SEALED", "RELEASED"} if work is given_up else {"SEALED", "SETTLED", "REVERSED"})
