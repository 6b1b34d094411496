"""Reads the lines of a case file, and the drugs handed out on other occasions."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from medsettle_gateway.domain.basket import CatalogueClass, Dispensed, Line, LineKind, Ward
from medsettle_gateway.domain.goods import Restricted, Restriction
from medsettle_gateway.domain.money import (
    LARGEST_FEN,
    QUANTITY_ONE_E4,
    format_fen,
    line_amount_fen,
    parse_fen,
    parse_quantity,
    parse_ratio,
    parse_unit_price,
)
from medsettle_gateway.policy.reading import Reader, child, given

DAYS_SUPPLY_MOST: Final = 366
"""The longest that one prescription may last, in days."""

_TOO_LARGE: Final = f"more than the largest amount, {format_fen(LARGEST_FEN)}"


def read_lines(reader: Reader, value: object) -> tuple[Line, ...]:
    """The lines of a case, at least one, each with its amount worked out where it is left out."""
    entries = reader.items(value, "lines")
    if isinstance(value, list) and not entries:
        reader.fault("lines", "at least one line")
    return tuple(_line(reader, entry, path) for path, entry in entries)


def _line(reader: Reader, value: object, path: str) -> Line:
    known = (
        "name", "kind", "class", "amount", "unit_price", "quantity", "ceiling", "self_pay_share",
        "condition", "approved", "ward", "service_on", "days_supply", "class_in", "benefit", "restricted",
        "dual_channel",
    )  # fmt: skip
    data = given(reader.mapping(value, path, known, ("name",)))
    price = _number(reader, data, path, "unit_price")
    quantity = _number(reader, data, path, "quantity")
    quantity_e4 = QUANTITY_ONE_E4 if quantity is None else quantity
    amount = _number(reader, data, path, "amount")
    if amount is None and price is None:
        reader.fault(path, "a line has an amount, or a unit_price and a quantity")
    amount_fen = line_amount_fen(price or 0, quantity_e4) if amount is None else amount
    if amount_fen > LARGEST_FEN:
        reader.fault(path, f"unit_price x quantity is {format_fen(amount_fen)}, {_TOO_LARGE}")
    ward, on = data.get("ward"), data.get("service_on")
    at = path + "."
    return Line(
        name=reader.text(data.get("name", ""), at + "name") if "name" in data else "",
        kind=reader.choice(data.get("kind", "drug"), at + "kind", LineKind),
        catalogue_class=reader.choice(data.get("class", "A"), at + "class", CatalogueClass),
        amount_fen=amount_fen,
        unit_price_micro=price,
        quantity_e4=quantity_e4,
        ceiling_micro=_number(reader, data, path, "ceiling"),
        self_pay_share_ppm=_number(reader, data, path, "self_pay_share"),
        condition=reader.id(data["condition"], at + "condition") if "condition" in data else None,
        approved=reader.flag(data.get("approved", True), at + "approved"),
        ward=None if ward is None else reader.choice(ward, at + "ward", Ward),
        service_on=None if on is None else reader.day(on, at + "service_on"),
        class_by_list=_class_by_list(reader, data.get("class_in", {}), at + "class_in"),
        days_supply=_days_supply(reader, data, path),
        benefit=reader.id(data["benefit"], at + "benefit") if "benefit" in data else None,
        restricted=_restricted(reader, data, path),
        dual_channel=reader.flag(data.get("dual_channel", False), at + "dual_channel"),
    )


def _restricted(reader: Reader, line: Mapping[str, object], of_line: str) -> Restricted | None:
    """What the item is restricted to and the line is not: ``{sex: female}``."""
    if "restricted" not in line:
        return None
    known, path = tuple(Restriction), child(of_line, "restricted")
    data = given(reader.mapping(line["restricted"], path, known))
    if len(data) != 1:
        reader.fault(path, f"expected one of {', '.join(known)} with what is allowed, like sex: female")
        return None
    ((what, allowed),) = data.items()
    return Restricted(Restriction(what), reader.text(allowed, child(path, what))) if what in known else None


def read_dispensed(reader: Reader, value: object) -> tuple[Dispensed, ...]:
    """The drugs that the patient was handed on other occasions, in the order of the file."""
    entries = reader.items([] if value is None else value, "dispensed")
    return tuple(_dispensed(reader, entry, path) for path, entry in entries)


def _dispensed(reader: Reader, value: object, path: str) -> Dispensed:
    known = ("name", "on", "days_supply", "condition", "benefit")
    data = given(reader.mapping(value, path, known, ("name", "on")))
    return Dispensed(
        name=reader.text(data["name"], child(path, "name")) if "name" in data else "",
        on=reader.day(data["on"], child(path, "on")) if "on" in data else date.min,
        days_supply=_days_supply(reader, data, path),
        condition=reader.id(data["condition"], child(path, "condition")) if "condition" in data else None,
        benefit=reader.id(data["benefit"], child(path, "benefit")) if "benefit" in data else None,
    )


def _days_supply(reader: Reader, data: Mapping[str, object], path: str) -> int | None:
    if "days_supply" not in data:
        return None
    at = child(path, "days_supply")
    days = reader.count(data["days_supply"], at)
    if days > DAYS_SUPPLY_MOST:
        reader.fault(at, f"a supply lasts 1 to {DAYS_SUPPLY_MOST} days, not {days}")
    return days


def _class_by_list(reader: Reader, value: object, path: str) -> tuple[tuple[str, CatalogueClass], ...]:
    if not isinstance(value, Mapping):
        reader.fault(path, "expected a mapping of lists to classes")
        return ()
    return tuple(
        (reader.id(name, child(path, str(name))), reader.choice(held, child(path, str(name)), CatalogueClass))
        for name, held in value.items()
    )


_NUMBERS: Final = {
    "amount": parse_fen,
    "unit_price": parse_unit_price,
    "quantity": parse_quantity,
    "ceiling": parse_unit_price,
    "self_pay_share": parse_ratio,
}


def _number(reader: Reader, data: Mapping[str, object], path: str, key: str) -> int | None:
    if key not in data:
        return None
    return reader.number(data[key], child(path, key), _NUMBERS[key])
