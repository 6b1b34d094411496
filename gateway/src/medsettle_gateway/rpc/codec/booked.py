"""What a sale moves besides its legs: told to the till in each answer, and read from what it shows again."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Final, cast

from medsettle.wire.v1 import credential_pb2, sale_pb2
from medsettle_gateway.domain.asked import Basket
from medsettle_gateway.domain.basket import Dispensed
from medsettle_gateway.domain.breakdown import FundShare
from medsettle_gateway.domain.counters import CounterKey, Measure
from medsettle_gateway.domain.finding import AcceptedWarning
from medsettle_gateway.domain.money import format_quantity, parse_quantity
from medsettle_gateway.domain.plain import from_json, to_json
from medsettle_gateway.domain.prescriptions import Draw
from medsettle_gateway.domain.sale import CounterDelta, Effect, Fingerprint, SaleRecord
from medsettle_gateway.domain.tracing import TracedCode
from medsettle_gateway.domain.upstream import UpstreamRecord
from medsettle_gateway.rpc.codec import form

_HEX: Final = re.compile(r"(?:[0-9a-f]{2})+")
_MEASURES: Final = ("deductible", "paid", "borne", "banded")


_NOTHING: Final = Effect("", "", (), (), 0, 0, ())


def booked(record: SaleRecord) -> sale_pb2.Booked:
    """Returns what a sale moves that was held or settled, or that a remote authority was asked of."""
    basket, asked, effect = record.basket, record.fingerprint, record.effect or _NOTHING
    wire = sale_pb2.Booked(
        region=effect.region,
        scheme=effect.scheme,
        counters=[
            sale_pb2.CounterDelta(period=period, counter=counter, measure=measured, amount_fen=amount)
            for (period, counter, measured), amount in effect.counters
        ],
        dispensed=[
            sale_pb2.DispensedDrug(
                drug=name, dispensed_on=on.isoformat(), days_supply=days, condition=condition, benefit=benefit
            )
            for name, on, days, condition, benefit in effect.dispensed
        ],
        asked_digest=_digest(asked.asked if asked else ""),
        goods_digest=_digest(record.basket_digest),
        admitted_on=_text(basket.admitted_on if basket else None),
        discharged_on=_text(basket.discharged_on if basket else None),
        created_at=form.timestamp(record.created_at),
        upstream=effect.upstream,
        upstream_note="" if record.upstream is None else to_json(record.upstream),
        drawn=[
            sale_pb2.DrawnPrescription(
                institution=institution, number=number, item_code=code, quantity=format_quantity(quantity_e4)
            )
            for institution, number, code, quantity_e4 in record.drawn
        ],
        codes=[
            sale_pb2.TracedCode(code=code, item_code=item_code, split=split or None)
            for code, item_code, split in record.codes
        ],
        variances=[sale_pb2.FundVariance(fund=fund, amount_fen=fen) for fund, fen in effect.fund_variance],
        accepted_warnings=[
            credential_pb2.AcceptedWarning(code=code, reason=reason) for code, reason in record.accepted
        ],
        proxied=record.proxied or None,
    )
    if record.calculated_at is not None:
        wire.calculated_at.CopyFrom(form.timestamp(record.calculated_at))
    return wire


def counters(wire: sale_pb2.Booked) -> tuple[CounterDelta, ...]:
    """Returns what a sale adds to the sums of the year. Raises ValueError."""
    return tuple(
        CounterDelta(CounterKey(each.period, each.counter, measure(each.measure)), each.amount_fen)
        for each in wire.counters
    )


def variances(wire: sale_pb2.Booked) -> tuple[FundShare, ...]:
    """Returns what the operator bears of the parts of funds, in fen."""
    return tuple(FundShare(each.fund, each.amount_fen) for each in wire.variances)


def accepted(wire: sale_pb2.Booked) -> tuple[AcceptedWarning, ...]:
    """Returns the warnings in spite of which the cashier went on."""
    return tuple(AcceptedWarning(each.code, each.reason) for each in wire.accepted_warnings)


def dispensed(wires: Iterable[sale_pb2.DispensedDrug]) -> tuple[Dispensed, ...]:
    """Returns the drugs that limits count. Raises ValueError."""
    return tuple(
        Dispensed(
            each.drug,
            date.fromisoformat(each.dispensed_on),
            each.days_supply if each.HasField("days_supply") else None,
            each.condition if each.HasField("condition") else None,
            each.benefit if each.HasField("benefit") else None,
        )
        for each in wires
    )


def drawn(wire: sale_pb2.Booked) -> tuple[Draw, ...]:
    """Returns what a sale dispenses of registered prescriptions. Raises ValueError."""
    return tuple(
        Draw(each.institution, each.number, each.item_code, parse_quantity(each.quantity))
        for each in wire.drawn
    )


def fingerprint(wire: sale_pb2.Booked, member: str | None) -> Fingerprint:
    """Returns by what a repeat of the sale is known."""
    return Fingerprint(wire.asked_digest.hex(), member)


def stay(wire: sale_pb2.Booked) -> Basket | None:
    """Returns a basket of which only the stay is known; None where none is billed. Raises ValueError."""
    if not wire.admitted_on:
        return None
    admitted_on, discharged_on = day_or_none(wire.admitted_on), day_or_none(wire.discharged_on)
    return Basket((), admitted_on=admitted_on, discharged_on=discharged_on)


def upstream(wire: sale_pb2.Booked) -> UpstreamRecord | None:
    """Returns what was noted of a remote authority's side. Raises ValueError."""
    return from_json(UpstreamRecord, wire.upstream_note) if wire.upstream_note else None


def codes(wire: sale_pb2.Booked) -> tuple[TracedCode, ...]:
    """Returns the traceability codes that the sale takes."""
    return tuple(TracedCode(each.code, each.item_code, each.split) for each in wire.codes)


def day_or_none(text: str) -> date | None:
    """Returns the day of an ISO date, or None for an empty text. Raises ValueError."""
    return date.fromisoformat(text) if text else None


def _digest(text: str) -> bytes:
    return bytes.fromhex(text) if _HEX.fullmatch(text) else b""


def _text(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def measure(text: str) -> Measure:
    """Returns what a counter counts. Raises ValueError."""
    if text not in _MEASURES:
        raise ValueError(text)
    return cast("Measure", text)
