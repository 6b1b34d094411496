"""Whatever is lost, refused or cut off, and whenever the power goes: once the line is back, every sale
ends as the gateway has it, nobody is charged twice, and no cash is kept for nothing.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from medsettle._exchange.signed import Reply, Request
from medsettle.models import Basket, CashState, Line, Outcome, SaleCard, SaleState
from medsettle.tender import CashTender
from medsettle.till import Till
from medsettle.wire.reasons import Reason
from tests.sdk.counterpart import (
    TERMINAL_KEY,
    Counterpart,
    FakeClock,
    Fault,
)
from tests.sdk.faults import (
    goes_wrong,
    lost_after,
    lost_before,
    refused,
    unsigned,
)
from tests.sdk.wires import DirectTransport, config_in


class PowerLossError(BaseException):
    """The till's machine is gone, at once."""


def power_lost_before(_: Counterpart, request: Request, handle: Callable[[], Reply]) -> Reply:
    raise PowerLossError


def power_lost_after(_: Counterpart, request: Request, handle: Callable[[], Reply]) -> Reply:
    handle()
    raise PowerLossError


def hold_ended(side: Counterpart, request: Request, handle: Callable[[], Reply]) -> Reply:
    for kept in side.sales.values():
        if kept.state is SaleState.HELD:
            kept.state = SaleState.EXPIRED
    return handle()


def line_down(side: Counterpart, request: Request, handle: Callable[[], Reply]) -> Reply:
    side.away = True
    return Reply("UNAVAILABLE")


def goes_well(_: Counterpart, request: Request, handle: Callable[[], Reply]) -> Reply:
    return handle()


FAULTS: dict[str, Fault] = {
    "well": goes_well, "lost before": lost_before, "lost after": lost_after, "unsigned": unsigned,
    "of another": goes_wrong(nonce="another"), "power before": power_lost_before,
    "power after": power_lost_after, "expired": hold_ended, "down": line_down,
    "internal": refused(Reason.INTERNAL_ERROR), "invalid": refused(Reason.FIELD_INVALID),
    "suspended": refused(Reason.TERMINAL_SUSPENDED), "closing": refused(Reason.SHUTTING_DOWN),
}
METHODS = ("Quote", "Settle", "Confirm", "Release", "Seal", "GetSale")
plans = st.fixed_dictionaries(
    {method: st.lists(st.sampled_from(sorted(FAULTS)), max_size=3) for method in METHODS}
)


class Drawer:
    """Cash over the counter; the power may go while it is counted."""

    def __init__(self, mood: str, giving: str) -> None:
        self.mood = mood
        self.giving = giving
        self.taken_fen = 0

    def take(self, amount_fen: int) -> bool:
        if self.mood == "power before":
            self.mood = "well"
            raise PowerLossError
        if self.mood == "refuses":
            return False
        self.taken_fen += amount_fen
        if self.mood == "power after":
            self.mood = "well"
            raise PowerLossError
        if self.mood == "breaks":
            raise OSError
        return True

    def give_back(self, amount_fen: int) -> bool:
        giving, self.giving = self.giving, "well"
        if giving == "power before":
            raise PowerLossError
        self.taken_fen -= min(amount_fen, self.taken_fen)
        if giving == "power after":
            raise PowerLossError
        return True


def opened(folder: Path, counterpart: Counterpart) -> Till:
    return Till.open(
        config_in(folder), clock=counterpart.clock, signer=TERMINAL_KEY,
        transport=DirectTransport(counterpart),
    )


@given(
    plans, st.sampled_from(["well", "refuses", "breaks", "power before", "power after"]),
    st.sampled_from(["well", "power before", "power after"]), st.sampled_from([0, 4000]), st.integers(1, 3),
)
def test_every_sale_ends_as_the_gateway_has_it(
    plan: dict[str, list[str]], mood: str, giving: str, cash_fen: int, clicks: int
) -> None:
    counterpart = Counterpart(FakeClock(), cash_fen=cash_fen)
    for method, names in plan.items():
        counterpart.fault(method, *(FAULTS[name] for name in names))
    drawer = Drawer(mood, giving)
    with tempfile.TemporaryDirectory() as folder:
        told = [click(Path(folder), counterpart, drawer) for _ in range(clicks)]
        counterpart.faults.clear()
        counterpart.away = False
        check(Path(folder), counterpart, drawer, [card for card in told if card is not None])


def click(folder: Path, counterpart: Counterpart, drawer: Drawer) -> SaleCard | None:
    """Sells the same ticket, each time with a program that was just started."""
    basket = Basket((Line("XA01", "2", "60.00"),))
    tender: Any = CashTender(drawer.take, drawer.give_back)
    with opened(folder, counterpart) as till:
        try:
            return till.checkout("1", "scanned", basket, show=lambda _: True, tender=tender)
        except PowerLossError:
            return None


def find_out(till: Till, counterpart: Counterpart, drawer: Drawer) -> None:
    """A person counts the drawer where the till cannot know, gives back what is over, writes it down."""
    for card in till.open_sales():
        assert card.cash is CashState.REFUND_ASKED
        assert card.refund_due_fen == 0
        settled = [kept for kept in counterpart.sales.values() if kept.state is SaleState.SETTLED]
        drawer.give_back(drawer.taken_fen - sum(kept.split.cash_fen for kept in settled))
        till.cash_returned(str(card.request_id))


def check(folder: Path, counterpart: Counterpart, drawer: Drawer, told: list[SaleCard]) -> None:
    tender: Any = CashTender(drawer.take, drawer.give_back)
    with opened(folder, counterpart) as till:
        try:
            recovered = till.recover(tender)
        except PowerLossError:
            recovered = ()
    with opened(folder, counterpart) as till:
        recovered += till.recover(tender)
        find_out(till, counterpart, drawer)
        assert till.open_sales() == ()
        assert all(card.outcome is not Outcome.OPEN for card in recovered)
        for request_id, kept in counterpart.sales.items():
            paid = kept.state is SaleState.SETTLED
            assert till.status(request_id).outcome is (Outcome.PAID if paid else Outcome.NOT_PAID)
        settled = [kept for kept in counterpart.sales.values() if kept.state is SaleState.SETTLED]
        assert len(settled) <= 1, "a ticket is charged once"
        assert drawer.taken_fen == sum(kept.split.cash_fen for kept in settled)
        for card in told:
            if card.outcome is Outcome.PAID:
                assert counterpart.sales[str(card.request_id)].state is SaleState.SETTLED
            if card.outcome is Outcome.NOT_PAID and card.request_id is not None:
                kept = counterpart.sales[card.request_id]
                assert kept.state not in {SaleState.SETTLED, SaleState.HELD, SaleState.EXPIRED}
