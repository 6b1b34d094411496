"""Emergency orders (应急) at work: which hold at a place, and when. One with a wrong signature never does."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Final

from medsettle_gateway.domain.basket import EmergencyOrder, Waiver
from medsettle_gateway.domain.facts import InstitutionFacts
from medsettle_gateway.domain.orders import (
    END_STATEMENT,
    ORDER_STATEMENT,
    OrderRecord,
    SignedOrder,
    read_order,
)
from medsettle_gateway.service.ports import PublicKey, Report

_KNOWN_MOST: Final = 10_000
"""More than one for each institution of the largest region."""
_A_DAY: Final = timedelta(days=1)


class OrderInvalidError(Exception):
    """An emergency order was not signed as it stands in the database: it does not hold."""


class TooManyOrdersError(Exception):
    """More emergency orders were signed for one place and time than are looked at."""


def _unheard(what: str, error: BaseException) -> None:
    """For whoever has no log."""


class Orders:
    """Believes the orders that the operator's root signed; without a root, none.

    Each order is checked once, since a check costs more than a calculation.
    """

    def __init__(self, root: PublicKey | None = None, report: Report = _unheard) -> None:
        self._root = root
        self._report = report
        self._known: dict[SignedOrder, OrderRecord | None] = {}

    def in_force(
        self, signed: Sequence[SignedOrder], institution: InstitutionFacts, since: date, until: date
    ) -> tuple[EmergencyOrder, ...]:
        """Returns the orders that hold at the institution on any of the days, each with its own days.

        An order that cannot be believed is reported, once.
        """
        records = (self.read(each) for each in signed)
        return tuple(
            _order(record) for record in records
            if record is not None and record.holds(institution.region, institution.code, since, until)
        )

    def skips(
        self, signed: Sequence[SignedOrder], institution: InstitutionFacts, on: date
    ) -> tuple[str, ...]:
        """Returns the rules of supervision that do not look at the institution on the day, each once."""
        records = (self.read(each) for each in signed)
        found = (
            skip for record in records
            if record is not None and record.holds(institution.region, institution.code, on, on)
            for skip in record.skips
        )
        return tuple(dict.fromkeys(found))

    def too_many(self, institution: InstitutionFacts, limit: int) -> None:
        """Reports that more orders were signed for a place than a decision looks at: some do not hold."""
        what = f"emergency orders at {institution.code}"
        self._report(what, TooManyOrdersError(f"more than {limit}: only so many are looked at, by id"))

    def read(self, signed: SignedOrder) -> OrderRecord | None:
        """Returns the order with its earlier end, or None if it cannot be believed."""
        if signed not in self._known:
            if len(self._known) >= _KNOWN_MOST:
                self._known.clear()
            self._known[signed] = self._checked(signed)
        return self._known[signed]

    def _checked(self, signed: SignedOrder) -> OrderRecord | None:
        try:
            for statement, signature in _statements(signed):
                if self._root is None or not self._root.verify(signature, statement):
                    raise OrderInvalidError(signed.id)
            return read_order(signed)
        except (OrderInvalidError, ValueError) as error:
            self._report(f"emergency order {signed.id}", error)
            return None


def _statements(signed: SignedOrder) -> Iterable[tuple[bytes, bytes]]:
    yield ORDER_STATEMENT + signed.statement.encode(), signed.signature
    if signed.end_statement is not None or signed.end_signature is not None:
        yield END_STATEMENT + (signed.end_statement or "").encode(), signed.end_signature or b""


def _order(record: OrderRecord) -> EmergencyOrder:
    return EmergencyOrder(
        id=record.id,
        authority=f"{record.authority} {record.document}".strip(),
        waives=tuple(waiver for waiver in Waiver if waiver in record.waives),
        from_on=record.holds_from,
        to_on=record.holds_to + _A_DAY,
    )
