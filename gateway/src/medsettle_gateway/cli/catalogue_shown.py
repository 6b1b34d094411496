"""Items of a catalogue as commands show them: what changes, and what a code is and was."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from medsettle_gateway.cli.frame import field, shown_at
from medsettle_gateway.domain.money import format_ratio, format_unit_price
from medsettle_gateway.domain.register import CatalogueItem
from medsettle_gateway.storage.catalogue import Changes, ItemChange

CHANGES_LISTED: Final = 20
_IN_JSON_MOST: Final = 10_000
_CHANGES: Final = {"new": "新增 new", "changed": "更改 changed", "removed": "删除 removed"}
_NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "name": ("名称", "name"),
    "kind": ("类别", "kind"),
    "class": ("目录等级", "class"),
    "self_pay_share": ("先行自付比例", "share before the deductible"),
    "ceiling_yuan": ("支付标准", "payment standard"),
    "ward": ("床位类别", "ward"),
    "valid_from": ("生效日期", "valid from"),
    "valid_to": ("失效日期", "valid to"),
    "classes": ("其他目录等级", "class in other lists"),
    "levels": ("限医疗机构级别", "levels where a fund pays"),
    "sex": ("限性别", "sex"),
    "age_from": ("限年龄起", "age from"),
    "age_to": ("限年龄止", "age to"),
    "days_supply_most": ("限用药天数", "days of supply"),
    "clause": ("限定依据", "clause"),
    "traced": ("有追溯码", "traceability code"),
    "dual_channel": ("双通道", "dual channel"),
    "price_most_yuan": ("指导价", "guidance price"),
}
"""What the columns of a catalogue are called."""


def item_as_plain(item: CatalogueItem) -> dict[str, Any]:
    """Returns the item by the columns of its file."""
    terms, share = item.terms, item.self_pay_share_ppm
    return {
        "code": item.code,
        "name": item.name,
        "kind": item.kind.value,
        "class": item.catalogue_class.value,
        "self_pay_share": None if share is None else format_ratio(share),
        "ceiling_yuan": _price(item.ceiling_micro),
        "ward": None if item.ward is None else item.ward.value,
        "valid_from": item.valid_from.isoformat(),
        "valid_to": None if item.valid_to is None else item.valid_to.isoformat(),
        "classes": " ".join(f"{listed}={held}" for listed, held in item.classes),
        "levels": ";".join(terms.levels),
        "sex": None if terms.sex is None else terms.sex.value,
        "age_from": terms.age_from,
        "age_to": terms.age_to,
        "days_supply_most": terms.days_supply_most,
        "clause": terms.clause,
        "traced": "yes" if terms.traced else "no",
        "dual_channel": "yes" if terms.dual_channel else "no",
        "price_most_yuan": _price(terms.price_most_micro),
    }


def changes_as_plain(changes: Changes) -> list[dict[str, Any]]:
    """Returns what an import changes, row by row, at most ten thousand."""
    return [
        {
            "code": code,
            "valid_from": valid_from,
            "change": _kind(before, after),
            "before": None if before is None else item_as_plain(before),
            "after": None if after is None else item_as_plain(after),
        }
        for (code, valid_from), (before, after) in list(changes.rows.items())[:_IN_JSON_MOST]
    ]


def change_lines(changes: Changes, most: int) -> Iterator[str]:
    """Yields a line for each row that changes, the first so many of each kind of change."""
    counts = dict.fromkeys(_CHANGES, 0)
    for (code, _), (before, after) in changes.rows.items():
        kind = _kind(before, after)
        counts[kind] += 1
        if counts[kind] <= most:
            yield f"  {_CHANGES[kind]}: {code} {_differences(before, after)}"
    for kind, count in counts.items():
        if count > most:
            yield f"  {_CHANGES[kind]}: 另有 {count - most} 项 / {count - most} more (--json)"


def history_as_plain(history: Sequence[ItemChange], on: date) -> dict[str, Any]:
    """Returns what the item is on a day, None if it is nothing then, and all that became of its rows."""
    item = _item_on(history, on)
    return {
        "on": on.isoformat(),
        "item": None if item is None else item_as_plain(item),
        "history": [
            {
                "version": each.version,
                "entered_at": shown_at(each.entered_at),
                "valid_from": each.valid_from.isoformat(),
                "item": None if each.item is None else item_as_plain(each.item),
            }
            for each in history
        ],
    }


def item_lines(history: Sequence[ItemChange], on: date) -> Iterator[str]:
    """Yields the same as lines."""
    item = _item_on(history, on)
    if item is None:
        yield f"{on}: 目录中没有这个编码 / not in the catalogue on that day"
    else:
        yield f"{item.code}  {on}"
        for name, value in item_as_plain(item).items():
            if name in _NAMES and value not in (None, ""):
                yield field(*_NAMES[name], value)
    yield "历次变更 / changes"
    before: dict[date, CatalogueItem | None] = {}
    for each in sorted(history, key=lambda change: (change.version, change.valid_from)):
        earlier = before.get(each.valid_from)
        kind = _CHANGES[_kind(earlier, each.item)]
        yield f"  {each.version}  {shown_at(each.entered_at)}  {kind}: {_differences(earlier, each.item)}"
        before[each.valid_from] = each.item


def _item_on(history: Sequence[ItemChange], on: date) -> CatalogueItem | None:
    """What holds on the day by the latest version of each row."""
    latest = {each.valid_from: each.item for each in sorted(history, key=lambda change: change.version)}
    return next((item for item in latest.values() if item is not None and item.holds(on)), None)


def _kind(before: CatalogueItem | None, after: CatalogueItem | None) -> str:
    return "new" if before is None else "removed" if after is None else "changed"


def _differences(before: CatalogueItem | None, after: CatalogueItem | None) -> str:
    """A new or removed row by its name and days; of a changed one what is otherwise."""
    if before is None or after is None:
        item = after or before
        return "" if item is None else f"{item.name} {item.valid_from} – {item.valid_to or '…'}"
    old, new = item_as_plain(before), item_as_plain(after)
    told = [
        f"{'/'.join(_NAMES[name])} {_or_none(old[name])} → {_or_none(new[name])}"
        for name in _NAMES if old[name] != new[name]
    ]
    return f"{after.name} {after.valid_from}: {'; '.join(told)}"


def _or_none(value: object) -> object:
    return "无" if value in (None, "") else value


def _price(micro: int | None) -> str | None:
    return None if micro is None else format_unit_price(micro)
