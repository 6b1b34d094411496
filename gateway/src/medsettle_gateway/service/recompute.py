"""Which sales ought to be calculated again, because one that their counters met came or went after them."""

from collections.abc import Sequence

from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.keys import LaterSalesKey, SettledSinceKey
from medsettle_gateway.domain.plain import to_plain
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.service.desk import Now


def later_key(sale: SaleRecord, now: Now) -> LaterSalesKey:
    """Returns what to load before a sale is reversed: those of its member that were calculated after it."""
    return LaterSalesKey(
        sale.member or "", sale.calculated_at or sale.created_at, now.desk.rules.later_sales_count
    )


def meanwhile_key(sale: SaleRecord, now: Now) -> SettledSinceKey:
    """Returns what to load before a hold is confirmed: those of its member that were settled during it."""
    return SettledSinceKey(
        sale.member or "", sale.calculated_at or sale.created_at, now.desk.rules.later_sales_count
    )


def after_reversal(sale: SaleRecord, later: tuple[SaleRecord, ...]) -> tuple[str, ...]:
    """Returns the sales whose calculation read a counter that this one had moved, or looked at its drugs.

    A hold among them is confirmed as it was shown, and is to be calculated again like any other then.
    """
    effect = sale.effect
    if effect is None:
        return ()
    moved = [delta.key for delta in effect.counters]
    drugs = [to_plain(drug) for drug in effect.dispensed]
    return tuple(
        other.request_id.text
        for other in filter(_is_counted_here, later)
        if other.request_id.text != sale.request_id.text and (_reads(other, moved) or _looks_at(other, drugs))
    )


def after_confirmation(sale: SaleRecord, meanwhile: tuple[SaleRecord, ...]) -> tuple[str, ...]:
    """Returns the sales that bore what this hold bears as well: neither saw the other's part of it.

    What funds pay is not borne twice: it was reserved.
    """
    if sale.effect is None:
        return ()
    moved = [delta.key for delta in sale.effect.counters if delta.key.measure != "paid"]
    return tuple(
        other.request_id.text for other in filter(_is_counted_here, meanwhile)
        if _moves(other, moved) or _reads(other, moved)
    )


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
