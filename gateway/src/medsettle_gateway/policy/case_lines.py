"""Reads the lines of a case file."""

from collections.abc import Mapping
from typing import Final

from medsettle_gateway.domain.basket import CatalogueClass, Line, LineKind, Ward
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
        "condition", "approved", "ward", "service_on",
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
    at = {key: child(path, key) for key in known}
    return Line(
        name=reader.text(data.get("name", ""), at["name"]) if "name" in data else "",
        kind=reader.choice(data.get("kind", "drug"), at["kind"], LineKind),
        catalogue_class=reader.choice(data.get("class", "A"), at["class"], CatalogueClass),
        amount_fen=amount_fen,
        unit_price_micro=price,
        quantity_e4=quantity_e4,
        ceiling_micro=_number(reader, data, path, "ceiling"),
        self_pay_share_ppm=_number(reader, data, path, "self_pay_share"),
        condition=reader.id(data["condition"], at["condition"]) if "condition" in data else None,
        approved=reader.flag(data.get("approved", True), at["approved"]),
        ward=None if ward is None else reader.choice(ward, at["ward"], Ward),
        service_on=None if on is None else reader.day(on, at["service_on"]),
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
