"""Reads ``supervision``: the rules that look at a sale before it settles."""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final

from medsettle_gateway.domain import watching
from medsettle_gateway.domain.finding import Verdict
from medsettle_gateway.domain.money import parse_fen, parse_ratio
from medsettle_gateway.domain.watching import LOOK_BACK_MOST_DAYS, RULES_MOST, Advance, Longer, WatchRule
from medsettle_gateway.policy.benefit import Title
from medsettle_gateway.policy.load_benefits import read_title
from medsettle_gateway.policy.load_rows import read_clause
from medsettle_gateway.policy.reading import Reader, child, meant

Data = Mapping[str, object]
Parameters = dict[str, Any]

_OF_ALL: Final = ("id", "rule", "verdict", "title", "figures", "clause")
_ID_CHARS_MOST: Final = 40
_MINUTES_MOST: Final = 24 * 60
_DAYS_SUPPLY_MOST: Final = 366
_COUNT_MOST: Final = 100
_WHOLE: Final = re.compile(r"[1-9][0-9]{0,3}")


class _Figures(StrEnum):
    """Whose the figures of a rule are: the document's that the clause names, or the operator's own."""

    DOCUMENT = "document"
    OPERATOR = "operator"


def read_supervision(reader: Reader, value: object) -> tuple[WatchRule, ...]:
    """Read ``supervision`` in the order of the file; absent: no rules."""
    if value is None:
        return ()
    entries = reader.items(value, "supervision")
    if len(entries) > RULES_MOST:
        reader.fault("supervision", f"expected at most {RULES_MOST} rules, got {len(entries)}")
    found: dict[str, WatchRule] = {}
    for path, entry in entries:
        rule = _rule(reader, entry, path)
        if rule is None:
            continue
        if rule.id in found:
            reader.fault(path, f"{rule.id} is named twice")
        found[rule.id] = rule
    return tuple(found.values())


def _rule(reader: Reader, value: object, path: str) -> WatchRule | None:
    if not isinstance(value, Mapping):
        reader.fault(path, "expected a mapping with id, verdict and the figures of the rule")
        return None
    name = str(value.get("rule", value.get("id", "")))
    if name not in _RULES:
        at = child(path, "rule" if "rule" in value else "id")
        reader.fault(at, f"there is no rule {name!r}{meant(name, _RULES)}; known: {', '.join(_RULES)}")
        return None
    kind, title, keys, read = _RULES[name]
    data = reader.section(value, path, (*_OF_ALL, *keys), ("id", "verdict"))
    figures = reader.choice(
        data.get("figures", _Figures.DOCUMENT.value), child(path, "figures"), _Figures
    )
    # A region's own file stands for the clause of the figures that it brings.
    documented = figures is _Figures.DOCUMENT or not reader.needs_clause(path)
    id_ = reader.id(data.get("id"), child(path, "id"))
    if len(id_) > _ID_CHARS_MOST:
        reader.fault(child(path, "id"), f"expected at most {_ID_CHARS_MOST} characters")
    own = read_title(reader, data["title"], child(path, "title")) if "title" in data else title
    return kind(
        id=id_,
        verdict=reader.choice(data.get("verdict"), child(path, "verdict"), Verdict),
        title_zh=own.zh,
        title_en=own.en,
        clause=read_clause(reader, data, path, required=documented),
        own_figures=figures is _Figures.OPERATOR,
        **read(reader, data, path),
    )


def _count(reader: Reader, data: Data, key: str, path: str, most: int, least: int = 1) -> int:
    """A whole number of a key that must be there."""
    at = child(path, key)
    if key not in data:
        reader.fault(path, f"missing key {key!r}")
        return least
    number = reader.count(data[key], at, least)
    if number > most:
        reader.fault(at, f"expected at most {most}, got {number}")
    return number


def _repeated_drug(reader: Reader, data: Data, path: str) -> Parameters:
    advances = []
    for at, entry in reader.items(data.get("advance", []), child(path, "advance")):
        keys = ("from", "to", "grace_days")
        days = reader.section(entry, at, (*keys, "clause"), keys)
        first, last = (reader.day(days.get(key), child(at, key)) for key in ("from", "to"))
        if last < first:
            reader.fault(child(at, "to"), "it is before `from`")
        grace = _count(reader, days, "grace_days", at, _DAYS_SUPPLY_MOST, 0) if "grace_days" in days else 0
        advances.append(Advance(first, last, grace))
    return {
        "grace_days": _count(reader, data, "grace_days", path, _DAYS_SUPPLY_MOST, 0),
        "days": _count(reader, data, "days", path, LOOK_BACK_MOST_DAYS),
        "advances": tuple(advances),
    }


def _over_days(reader: Reader, data: Data, path: str) -> Parameters:
    longer = []
    for at, entry in reader.items(data.get("longer", []), child(path, "longer")):
        more = reader.section(entry, at, ("days_supply", "conditions", "benefits", "clause"))
        read_clause(reader, more, at, required=data.get("figures") != _Figures.OPERATOR.value)
        longer.append(Longer(
            _count(reader, more, "days_supply", at, _DAYS_SUPPLY_MOST),
            reader.ids(more.get("conditions", []), child(at, "conditions")),
            reader.ids(more.get("benefits", []), child(at, "benefits")),
        ))
    days = _count(reader, data, "days_supply", path, _DAYS_SUPPLY_MOST)
    for index, each in enumerate(longer):
        if each.days_supply <= days:
            at = child(child(child(path, "longer"), index), "days_supply")
            reader.fault(at, f"expected more than the {days} days that hold for everybody")
    return {"days_supply": days, "longer": tuple(longer)}


def _over_price(reader: Reader, data: Data, path: str) -> Parameters:
    tolerance, standard = child(path, "tolerance"), child(path, "payment_standard")
    return {
        "tolerance_ppm": reader.number(data.get("tolerance", "0"), tolerance, parse_ratio),
        "payment_standard": reader.flag(data.get("payment_standard", True), standard),
    }


def _drug_kinds(reader: Reader, data: Data, path: str) -> Parameters:
    if "by_conditions" not in data and "prescribed" not in data:
        reader.fault(path, "it says nothing: give `by_conditions`, `prescribed`, or both")
    found: dict[int, int] = {}
    at = child(path, "by_conditions")
    table = data.get("by_conditions", {})
    if not isinstance(table, Mapping):
        reader.fault(at, "expected a mapping of filed conditions to distinct drugs, like {1: 3, 2: 4}")
        table = {}
    for key, entry in table.items():
        if not _WHOLE.fullmatch(str(key)):
            reader.fault(child(at, str(key)), "expected a number of filed conditions from 1 on")
            continue
        found[int(str(key))] = reader.count(entry, child(at, str(key)))
    prescribed = _count(reader, data, "prescribed", path, _COUNT_MOST) if "prescribed" in data else None
    return {"by_conditions": tuple(sorted(found.items())), "prescribed": prescribed}


def _two_places(reader: Reader, data: Data, path: str) -> Parameters:
    return {"within_minutes": _count(reader, data, "within_minutes", path, _MINUTES_MOST)}


def _account_emptied(reader: Reader, data: Data, path: str) -> Parameters:
    if "share" not in data:
        reader.fault(path, "missing key 'share'")
    if ("round" in data) != ("round_count" in data):
        reader.fault(path, "`round` and `round_count` go together")
    share_ppm = reader.number(data.get("share", "1"), child(path, "share"), parse_ratio)
    round_fen = reader.number(data["round"], child(path, "round"), parse_fen) if "round" in data else 0
    least_fen = reader.number(data.get("least", "0.00"), child(path, "least"), parse_fen)
    if share_ppm <= 0 or round_fen < 0 or ("round" in data and round_fen == 0) or least_fen < 0:
        reader.fault(path, "expected amounts and a share above 0")
    return {
        "days": _count(reader, data, "days", path, LOOK_BACK_MOST_DAYS),
        "sales_count": _count(reader, data, "sales_count", path, _COUNT_MOST, 2),
        "share_ppm": share_ppm,
        "least_fen": least_fen,
        "round_fen": round_fen,
        "round_count": _count(reader, data, "round_count", path, _COUNT_MOST) if "round_count" in data else 0,
    }


def _not_medical(reader: Reader, data: Data, path: str) -> Parameters:
    return {"mixed": reader.flag(data.get("mixed", False), child(path, "mixed"))}


_Read = Callable[[Reader, Data, str], Parameters]

_RULES: Final[dict[str, tuple[Callable[..., WatchRule], Title, tuple[str, ...], _Read]]] = {
    "repeated_drug": (
        watching.RepeatedDrug, Title("重复购药", "bought again too early"),
        ("grace_days", "days", "advance"), _repeated_drug,
    ),
    "over_days": (
        watching.OverDays, Title("超量开药", "too many days of supply"),
        ("days_supply", "longer"), _over_days,
    ),
    "over_price": (
        watching.OverPrice, Title("超价", "over price"), ("tolerance", "payment_standard"), _over_price,
    ),
    "drug_kinds": (
        watching.DrugKinds, Title("品种过多", "too many kinds of drugs"),
        ("by_conditions", "prescribed"), _drug_kinds,
    ),
    "two_places": (
        watching.TwoPlaces, Title("异地同时使用", "two places at once"), ("within_minutes",), _two_places,
    ),
    "account_emptied": (
        watching.AccountEmptied, Title("疑似套现", "account emptied"),
        ("days", "sales_count", "share", "least", "round", "round_count"), _account_emptied,
    ),
    "not_medical": (
        watching.NotMedical, Title("非医药用品", "not medical"), ("mixed",), _not_medical,
    ),
}
