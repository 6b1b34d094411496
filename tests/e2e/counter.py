"""A till of the demo city at the counter: who comes, what they buy, what the cashier does."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from medsettle.clock import SystemClock
from medsettle.config import read_config
from medsettle.models import Basket, LegKind, Line, Quote, SaleCard
from medsettle.receipt import yuan
from medsettle.tender import CashTender
from medsettle.testing import Gateway
from medsettle.till import Till
from medsettle.till_reasons import TILL_REASONS, TillReason
from medsettle.wire.reasons import REASONS, Reason

CLINIC = "H21030200001"
BASIC_CLINIC = "H21030300002"
"""Designated, but not for pooled outpatient care."""
PHARMACY = "P21030200101"

ZHANG = "2103000001"
"""Active, 1000.00 in the account, nothing used this year."""
LI = "2103000002"
"""Retired, 620.00 in the account."""
WANG = "2103000003"
"""Pooled cover without an account."""
ZHAO = "2103000004"
"""2980.00 of the annual cap used; the account is empty."""
LIU = "2103000006"
"""No account; a parent's has 150.00."""
OUYANG = "2103000008"
"""No account; a sibling's has 150.00."""
OUYANG_MING = "2103000007"
"""150.00 in the account, nothing used this year."""
HE = "2103000009"
"""100.00 in the account, 150.00 in the spouse's."""
GAO = "2103000010"
"""150.00 in the account, which a spouse may use too."""
MA = "2103000011"
"""280.00 of the deductible used, 30.00 in the account."""
ZHENG = "2103000013"
"""The account is frozen."""
WU = "2103000014"
"""Cover ended with last year."""
CHEN = "2103000015"
"""Of the residents' scheme."""
LIN = "2103000017"
"""Covered for stays only."""

REMEDY = Line("ZA01BAG0045010100141", "1", "36.80")
METER = Line("C14010100241000000011", "1", "128.00")
GAUZE = Line("C14020100263000000013", "5", "2.50")
PROTEIN = Line("Y900000000000000000001", "1", "198.00")
WRISTBAND = Line("Y900000000000000000002", "1", "59.00")
SCAN = Line("002203020010000-220302001", "1", "180.00")
TABLETS = Line("XR06AXL193A001010100011", "2", "34.00")
INSULIN = Line("XA10AEG013B002010100174", "1", "80.00")
"""Class B, one tenth borne first, a payment standard of 71.255."""
RETIRED_DRUG = Line("XJ01GBQ032B002010100230", "1", "10.00")
"""Its code ended with 2025."""

ACCOUNTS_ONLY = "personal_account_only"


def visit(amount_yuan: str) -> Basket:
    """An examination of class A at this price."""
    return Basket((replace(SCAN, unit_price=amount_yuan),))


def goods(*lines: Line) -> Basket:
    """A pharmacy basket that only accounts may pay."""
    return Basket(lines, benefit=ACCOUNTS_ONLY)


@dataclass
class Drawer:
    """The cash drawer: what went in and out, in fen; ``honest`` false: the patient has no money."""

    honest: bool = True
    taken_fen: int = 0
    given_back_fen: int = 0

    def take(self, amount_fen: int) -> bool:
        if self.honest:
            self.taken_fen += amount_fen
        return self.honest

    def give_back(self, amount_fen: int) -> bool:
        self.given_back_fen += amount_fen
        return True

    @property
    def tender(self) -> CashTender:
        return CashTender(self.take, self.give_back)


class SkewedClock(SystemClock):
    """The machine's clock, off by so much."""

    def __init__(self, off: timedelta) -> None:
        self._off = off

    def now(self) -> datetime:
        return super().now() + self._off


class Waiting(SystemClock):
    """Whoever waits by it has waited at once: who asks a gateway that is gone gives up without any time.

    A gateway that is there may take as long as its calls have. ``waits`` is called by whoever waits.
    """

    def __init__(self) -> None:
        self._passed_s = 0.0
        self.waits: Callable[[], None] = lambda: None

    def monotonic(self) -> float:
        return super().monotonic() + self._passed_s

    def sleep(self, seconds: float) -> None:
        self._passed_s += seconds
        self.waits()


def enrolled(gateway: Gateway, institution: str, till: str = "01", **changes: Any) -> Any:
    """Returns the configuration of a new terminal."""
    return replace(read_config(gateway.enrol_till(institution, till)), operator="7", **changes)


def agree(_: Quote) -> bool:
    return True


def sell(
    gateway: Gateway, till: Till, member: str, basket: Basket, drawer: Drawer | None = None,
    acknowledgements: tuple[str, ...] = (),
) -> SaleCard:
    """Does a whole sale; the patient agrees to whatever is shown."""
    return till.checkout(
        till.next_number(), gateway.issue_credential(member), basket, show=agree,
        tender=(drawer or Drawer()).tender, acknowledgements=acknowledgements,
    )


def split(card: SaleCard) -> tuple[str, str, str]:
    """Returns what pooled funds, accounts and cash pay, in yuan."""
    kinds = (LegKind.FUND, LegKind.ACCOUNT, LegKind.CASH)
    return tuple(yuan(sum(leg.amount_fen for leg in card.legs if leg.kind == kind)) for kind in kinds)  # type: ignore[return-value]


def texts_of(reason: Reason | TillReason) -> tuple[str, str, str, str]:
    """Returns both sentences of a reason and both next steps."""
    text: Any = TILL_REASONS[reason] if isinstance(reason, TillReason) else REASONS[reason]
    return text.zh, text.en, text.next_zh, text.next_en
