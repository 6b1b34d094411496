"""Which sales ought to be calculated again, because one that their counters met came or went after them."""

from collections.abc import Callable, Sequence
from typing import Final

from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.keys import Facts, LaterSalesKey, SettledSinceKey
from medsettle_gateway.domain.plain import to_plain
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.service.desk import Now

AND_MORE: Final = "+"
"""Behind the sales that are named: there were more than were looked through. No id of a sale."""


def later_key(sale: SaleRecord, now: Now) -> LaterSalesKey:
    """Returns what to load before a sale is reversed: those of its member that were calculated after it."""
    # One more than is looked through, so that it shows where there are more.
    limit = now.desk.rules.later_sales_count + 1
    return LaterSalesKey(sale.member or "", sale.calculated_at or sale.created_at, limit)


def meanwhile_key(sale: SaleRecord, now: Now) -> SettledSinceKey:
    """Returns what to load before a hold is confirmed: those of its member that were settled during it."""
    limit = now.desk.rules.later_sales_count + 1
    return SettledSinceKey(sale.member or "", sale.calculated_at or sale.created_at, limit)


def after_reversal(sale: SaleRecord, facts: Facts, now: Now) -> tuple[str, ...]:
    """Returns the sales whose calculation read a counter that this one had moved, or looked at its drugs.

    A hold among them is confirmed as it was shown, and is to be calculated again like any other then.
    AND_MORE comes last where not all were looked through.
    """
    effect = sale.effect
    if effect is None:
        return ()
    moved = [delta.key for delta in effect.counters]
    drugs = [to_plain(drug) for drug in effect.dispensed]
    return _due(
        facts.of(later_key(sale, now)), now,
        lambda other: other.request_id.text != sale.request_id.text
        and (_reads(other, moved) or _looks_at(other, drugs)),
    )


def after_confirmation(sale: SaleRecord, facts: Facts, now: Now) -> tuple[str, ...]:
    """Returns the sales that bore what this hold bears as well: neither saw the other's part of it.

    What funds pay is not borne twice: it was reserved. AND_MORE comes last where not all were looked through.
    """
    if sale.effect is None:
        return ()
    moved = [delta.key for delta in sale.effect.counters if delta.key.measure != "paid"]
    return _due(
        facts.of(meanwhile_key(sale, now)), now,
        lambda other: _moves(other, moved) or _reads(other, moved),
    )


def _due(
    found: tuple[SaleRecord, ...], now: Now, is_due: Callable[[SaleRecord], bool]
) -> tuple[str, ...]:
    most = now.desk.rules.later_sales_count
    due = (each.request_id.text for each in found[:most] if _is_counted_here(each) and is_due(each))
    return (*due, *((AND_MORE,) if len(found) > most else ()))


def _is_counted_here(sale: SaleRecord) -> bool:
    """A remote authority keeps its counters itself, and its sales have no input that could be read."""
    return sale.effect is None or not sale.effect.upstream


def _moves(sale: SaleRecord, keys: Sequence[CounterKey]) -> bool:
    return sale.effect is not None and any(delta.key in keys for delta in sale.effect.counters)


def _reads(sale: SaleRecord, keys: Sequence[CounterKey]) -> bool:
    """Some counters have no limit that a remainder tells of: the stored input has them."""
    listed = [list(key) for key in keys]
    return any(
        any(left.key in keys for left in settlement.remainders)
        or any(counter[:3] in listed for counter in settlement.case_input.get("counters", ()))
        for settlement in sale.settlements
    )


def _looks_at(sale: SaleRecord, drugs: Sequence[object]) -> bool:
    return any(
        drug in drugs for settlement in sale.settlements
        for drug in settlement.case_input.get("dispensed", ())
    )
