"""What a day prints: scenes in Chinese and English, what the cashier sees, and facts that were checked."""

import os
import sys
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from io import TextIOWrapper

from medsettle.cli.eligible import show_eligibility
from medsettle.cli.screen import Screen
from medsettle.errors import MedsettleError
from medsettle.models import Eligibility, Quote, RegisteredPrescription, SaleCard
from medsettle.receipt import yuan

WIDTH = 76


class WrongError(Exception):
    """Something is not as the town's rules say."""


@dataclass
class Page:
    """Prints to people; ``silent`` for tests, which look at what a scene returns."""

    silent: bool = False
    number: int = 0
    checked_count: int = 0
    title: str = "start"
    _screen: Screen = field(init=False)

    def __post_init__(self) -> None:
        """The till's screen stands below each scene's words."""
        if not self.silent and isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(errors="replace", line_buffering=True)
        self._screen = Screen.on(None if self.silent else sys.stdout)

    def scene(self, zh: str, en: str, *sentences: str) -> None:
        """Begins a scene."""
        self.number += 1
        self.title = f"{self.number}. {en}"
        head = f" {self.number}  {zh}  {en} "
        self._show("", self._screen.paint(head + "─" * (WIDTH - columns_of(head)), "1;36"))
        for sentence in sentences:
            self._show(self._screen.paint(f"    {sentence}", "2"))

    def says(self, text: str) -> None:
        """Prints a line of a scene."""
        self._show(f"    {text}")

    def sees(self, seen: Eligibility | Quote | SaleCard | MedsettleError) -> None:
        """Shows what stands on the cashier's screen."""
        match seen:
            case Eligibility():
                show_eligibility(self._screen, seen)
            case Quote():
                self._screen.quote(seen)
            case SaleCard():
                self._screen.card(seen)
            case MedsettleError(card=SaleCard() as card):
                self._screen.card(card)
            case MedsettleError():
                self._screen.error(seen)

    def prescription(self, found: RegisteredPrescription) -> None:
        """Prints where a prescription stands, and what is left of each drug."""
        self.says(f"{found.number} @ {found.institution}  {found.masked_name}  {found.state}")
        for drug in found.drugs:
            dispensed = f"已配 dispensed {drug.dispensed_quantity}"
            self.says(f"  {drug.item_code}  {dispensed}, 可配 left {drug.left_quantity}")

    def expect(self, label: str, got: object, expected: object) -> None:
        """Prints a fact that is as expected. Raises WrongError for any other."""
        if got != expected:
            raise WrongError(f"{label}: {got}, but it should be {expected}")
        self.checked_count += 1
        gap = " " * max(1, WIDTH - 8 - columns_of(label) - columns_of(str(got)))
        self._show(f"    {label}{gap}{got}  {self._screen.paint('✓', '32')}")

    def money(self, label: str, got_fen: int, expected_fen: int) -> None:
        """Prints an amount that is as expected, in yuan. Raises WrongError for any other."""
        self.expect(label, yuan(got_fen), yuan(expected_fen))

    def _show(self, *lines: str) -> None:
        self._screen.show(lines)


def columns_of(text: str) -> int:
    """Returns how many columns a text takes: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def refused(call: Callable[[], object]) -> MedsettleError:
    """Returns the error of a call that must be refused. Raises WrongError if it is not."""
    try:
        answer = call()
    except MedsettleError as error:
        return error
    raise WrongError(f"it was not refused: {answer!r}")


def ended(page: Page, play: Callable[[Page], None]) -> int:
    """Plays a day. Returns 0 if everything was as the rules say, else 1."""
    os.environ.setdefault("PYTHONUTF8", "1")
    try:
        play(page)
    except (WrongError, MedsettleError, RuntimeError, TimeoutError) as error:
        page.scene("未通过", f"FAILED at scene {page.title}: {error}")
        return 1
    page.scene("全部符合预期", f"All {page.checked_count} checks held")
    return 0
