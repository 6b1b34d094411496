"""The columns of a region's catalogue."""

from collections.abc import Callable
from typing import Final

from msgspec import structs

from medsettle_gateway.domain.basket import CatalogueClass, LineKind, Ward
from medsettle_gateway.domain.goods import Terms
from medsettle_gateway.domain.member import Sex
from medsettle_gateway.domain.place import Level
from medsettle_gateway.domain.register import CatalogueItem, CatalogueRow
from medsettle_gateway.files import cells as read
from medsettle_gateway.files.cells import CellError
from medsettle_gateway.files.csv import Cells, Columns

_OLDEST_YEARS: Final = 150
_DAYS_MOST: Final = 366
_CLAUSE_CHARS: Final = 200
_FIELDS: Final = {
    "levels": "levels",
    "sex": "sex",
    "age_from": "age_from",
    "age_to": "age_to",
    "days_supply_most": "days_supply_most",
    "clause": "clause",
    "traced": "traced",
    "dual_channel": "dual_channel",
    "price_most_yuan": "price_most_micro",
}
"""The field of an item's terms that each column fills."""
_YES: Final = {"yes": True, "no": False}


def _levels(cell: str) -> tuple[Level, ...]:
    return tuple(read.choice(Level)(part) for part in read.words(cell))


def _clause(cell: str) -> str:
    if len(cell) > _CLAUSE_CHARS or not cell.isprintable():
        raise CellError(f"最多{_CLAUSE_CHARS}个可见字符", f"has up to {_CLAUSE_CHARS} printable characters")
    return cell


def _whole(least: int, most: int) -> Callable[[str], int]:
    def number(cell: str) -> int:
        if not (cell.isascii() and cell.isdigit() and least <= int(cell) <= most):
            raise CellError(f"应为{least}至{most}的整数", f"must be a whole number from {least} to {most}")
        return int(cell)

    return number


def _yes_or(otherwise: bool) -> Callable[[str], bool]:  # noqa: FBT001 - what an empty cell says
    def flag(cell: str) -> bool:
        if cell and cell not in _YES:
            raise CellError("应为 yes 或 no", "must be yes or no")
        return _YES.get(cell, otherwise)

    return flag


def _item(row: Cells) -> CatalogueRow:
    if row["valid_to"] is not None and row["valid_to"] < row["valid_from"]:
        raise CellError("valid_to 早于 valid_from", "valid_to is before valid_from")
    if row["ward"] is not None and row["kind"] is not LineKind.BED:
        raise CellError("只有床位(bed)可填 ward", "only a bed has a ward")
    given = {field: row[column] for column, field in _FIELDS.items() if column in row}
    terms = structs.replace(Terms(), **given)
    if terms.age_from is not None and terms.age_to is not None and terms.age_to < terms.age_from:
        raise CellError("age_to 小于 age_from", "age_to is less than age_from")
    item = CatalogueItem(
        row["code"], row["name"], row["kind"], row["class"], row["self_pay_share"], row["ceiling_yuan"],
        row["ward"], row["valid_from"], row["valid_to"], row.get("classes", ()), terms,
    )
    missing = tuple(field for column, field in _FIELDS.items() if column not in row)
    return CatalogueRow(item, keeps_classes="classes" not in row, keeps=missing)


CATALOGUE: Final[Columns[CatalogueRow]] = Columns(
    {
        "code": read.item_code,
        "name": read.name,
        "kind": read.choice(LineKind),
        "class": read.choice(CatalogueClass),
        "self_pay_share": read.optional(read.ratio),
        "ceiling_yuan": read.optional(read.price),
        "ward": read.optional(read.choice(Ward)),
        "valid_from": read.day,
        "valid_to": read.optional(read.day),
        "classes": read.classes,
        "levels": _levels,
        "sex": read.optional(read.choice(Sex)),
        "age_from": read.optional(_whole(0, _OLDEST_YEARS)),
        "age_to": read.optional(_whole(0, _OLDEST_YEARS)),
        "days_supply_most": read.optional(_whole(1, _DAYS_MOST)),
        "clause": _clause,
        "traced": _yes_or(otherwise=True),
        "dual_channel": _yes_or(otherwise=False),
        "price_most_yuan": read.optional(read.price),
    },
    _item,
    key=("code", "valid_from"),
    optional=("classes", *_FIELDS),
)
