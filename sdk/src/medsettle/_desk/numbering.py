"""Ticket numbers. A new journal has them from the gateway: what was lost with the old one stands there."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from medsettle._desk import questions
from medsettle._desk.desk import Desk
from medsettle._desk.effects import Note, Script
from medsettle.errors import GatewayAwayError, till_error
from medsettle.models import Sale
from medsettle.ticket import RequestId, china_day
from medsettle.till_reasons import TillReason

_PAGE_SIZE: Final = 100
_PAGES_MAX: Final = 100


def next_number(desk: Desk) -> Script[str]:
    """Gives a ticket number of today.

    Raises GatewayAwayError: NUMBERS_UNKNOWN if the journal is new and nobody says which are used.
    """
    terminal, on = desk.config.terminal, china_day(desk.clock.now())
    after = 0
    if not (yield Note(lambda: desk.journal.has_counted(terminal))):
        after = yield from _last_used(desk, on)
    number: Any = yield Note(lambda: desk.journal.next_number(terminal, on, after))
    return str(number)


def numbers_used(terminal: str, on: date, sales: Sequence[Sale]) -> list[int]:
    """Returns the ticket numbers that the sales have on that day of the terminal."""
    ids = [RequestId.parse(sale.request_id) for sale in sales]
    return [int(each.number) for each in ids if (each.terminal, each.on) == (terminal, on)]


def _last_used(desk: Desk, on: date) -> Script[int]:
    """Reads the terminal's sales, newest first, as long as they are of that day."""
    terminal, token, last = desk.config.terminal, "", 0
    for _ in range(_PAGES_MAX):
        try:
            sales, token = yield from questions.list_page(token, _PAGE_SIZE, (), terminal, None, None)
        except GatewayAwayError as error:
            raise till_error(TillReason.NUMBERS_UNKNOWN, cause=error.reason) from error
        used = numbers_used(terminal, on, sales)
        last = max(last, *used, 0)
        if not used or not token:
            break
    return last
