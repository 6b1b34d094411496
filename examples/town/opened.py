"""The town stands: a gateway with its rules, places and people, and a till at each counter."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from medsettle.clock import SystemClock
from medsettle.config import read_config
from medsettle.models import Basket, Credential, LegKind, Quote, SaleCard
from medsettle.receipt import yuan
from medsettle.tender import CashTender
from medsettle.testing import Gateway
from medsettle.ticket import china_day
from medsettle.till import Till
from town.codes import CodeService, code_service
from town.page import Page

SHARES: Final = "基金 + 账户 + 现金 fund + account + cash"
TOWN: Final = Path(__file__).parent
CENTRE, EAST_CLINIC, FIRST_AID = "H21990000001", "H21990000002", "H21990000003"
PHARMACY, OTHER_PHARMACY = "P21990000101", "P21990000102"
_REGISTERS: Final = (
    "institution import institutions.csv",
    "catalogue import --region 219900 catalogue.csv",
    "member import members.csv --families families.csv",
    "staff import staff.csv",
    "member filings chronic chronic.csv",
    "member records arrears arrears.csv",
    "member records certificate certificates.csv",
)
"""What the operator enters, in this order; a table has days that count from today."""
_SETTINGS: Final = {
    "policy.directory": str(TOWN / "policies"),
    "credentials.kinds": "electronic,social_card,identity_card",
}
_DAYS_AGO: Final = re.compile(r"\{-([0-9]+)\}")
_MONTHS_AGO: Final = re.compile(r"\{m-([0-9]+)\}")
"""The first day of the month so many months ago."""


@dataclass
class Town:
    """A day in the town, whose accounts begin with ``opening_fen``. Its tills are enrolled on first use."""

    gateway: Gateway
    page: Page
    today: date
    codes: CodeService
    opening_fen: int
    _open: ExitStack
    _tills: dict[str, Till] = field(default_factory=dict)

    def till(self, institution: str) -> Till:
        """Returns the till of an institution's counter."""
        if institution not in self._tills:
            config = replace(read_config(self.gateway.enrol_till(institution)), operator="7")
            self._tills[institution] = self._open.enter_context(Till.open(config))
        return self._tills[institution]

    def operator(self, *words: str) -> str:
        """Does a command of the operator's while the gateway serves; returns what it prints."""
        return self.gateway.run(*words, "--config", str(self.gateway.config_path))

    def enters(self, command: str, table: str) -> None:
        """Enters a table of the operator's while the gateway serves."""
        path = self.gateway.directory / "entered.csv"
        path.write_text(table, "utf-8")
        self.operator(*command.split(), str(path))

    def shows(self, member: str) -> Credential:
        """Returns what a member's telephone shows: good for one sale."""
        return Credential(self.gateway.issue_credential(member))

    def sells(self, till: Till, who: Credential, basket: Basket, **more: Any) -> SaleCard:  # noqa: ANN401 - as checkout has them
        """Does a whole sale: the patient agrees to what the screen shows, and the cash changes hands."""

        def agreed(quote: Quote) -> bool:
            self.page.sees(quote)
            return True

        tender = CashTender(take=lambda _: True, give_back=lambda _: True)
        card = till.checkout(till.next_number(), who, basket, show=agreed, tender=tender, **more)
        self.page.sees(card)
        return card


def shares(card: SaleCard) -> str:
    """Returns what funds, accounts and cash pay of a sale, in yuan."""
    kinds = (LegKind.FUND, LegKind.ACCOUNT, LegKind.CASH)
    return " + ".join(yuan(sum(leg.amount_fen for leg in card.legs if leg.kind == kind)) for kind in kinds)


@contextmanager
def town(page: Page) -> Iterator[Town]:
    """Makes the town by the operator's own commands, and starts its gateway."""
    with ExitStack() as stack:
        work = Path(stack.enter_context(_folder()))
        today = china_day(SystemClock().now())
        gateway = Gateway(work / "gateway", _SETTINGS)
        gateway.run("demo-city", str(gateway.directory), "--no-next")
        codes = stack.enter_context(code_service())
        with gateway.config_path.open("a", encoding="utf-8") as config:
            config.write(codes.settings)
        for command in _REGISTERS:
            words = (_of_today(word, work, today) for word in command.split())
            gateway.run(*words, "--config", str(gateway.config_path))
        stack.enter_context(gateway)
        opening_fen = gateway.books()["accounts"]["balance_fen"]
        yield Town(gateway, page, today, codes, opening_fen, stack)


def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="medsettle-town-", ignore_cleanup_errors=True)


def _first_of_month(today: date, months_ago: int) -> date:
    month = today.year * 12 + today.month - 1 - months_ago
    return date(month // 12, month % 12 + 1, 1)


def _of_today(word: str, work: Path, today: date) -> str:
    """A table as it is on this day, by its path; any other word as it is."""
    if not word.endswith(".csv"):
        return word
    text = (TOWN / word).read_text("utf-8")
    path = work / word
    text = _DAYS_AGO.sub(lambda ago: str(today - timedelta(int(ago[1]))), text)
    path.write_text(_MONTHS_AGO.sub(lambda ago: str(_first_of_month(today, int(ago[1]))), text), "utf-8")
    return str(path)
