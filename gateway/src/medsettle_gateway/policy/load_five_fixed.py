"""Reads the five fixed (五定) of chronic conditions."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from medsettle_gateway.domain.calendar import MonthDay
from medsettle_gateway.policy.benefit import FiveFixed, Outside, Supply
from medsettle_gateway.policy.load_rows import read_clause
from medsettle_gateway.policy.reading import Reader, child

_KNOWN: Final = (
    "clause", "drug_kinds", "days_supply", "outside", "supply", "window_days", "review",
)  # fmt: skip
_WHOLE: Final = re.compile(r"[1-9][0-9]{0,3}")
_MONTH_DAY: Final = re.compile(r"([0-9]{2})-([0-9]{2})")
_LEAP_YEAR: Final = 2000
WINDOW_MOST_DAYS: Final = 400
"""So many days of handed out drugs a sale looks at: more than a year, and no more than can be looked at."""


def read_five_fixed(reader: Reader, value: object, path: str) -> FiveFixed | None:
    """Read ``five_fixed``; absent: None."""
    if value is None:
        return None
    data = reader.section(value, path, _KNOWN)
    outside, supply = Outside.SELF_PAY, Supply.REPORT
    if "outside" in data:
        outside = reader.choice(data["outside"], child(path, "outside"), Outside)
    if "supply" in data:
        supply = reader.choice(data["supply"], child(path, "supply"), Supply)
        if "days_supply" not in data:
            reader.fault(child(path, "supply"), "it needs `days_supply`: the days beyond which it holds")
    return FiveFixed(
        path=path,
        clause=read_clause(reader, data, path, required=True),
        drug_kinds=_drug_kinds(reader, data.get("drug_kinds"), child(path, "drug_kinds")),
        days_supply=_count(reader, data, "days_supply", path),
        outside=outside,
        supply=supply,
        window_days=_window_days(reader, data, path),
        review=_review(reader, data.get("review"), child(path, "review")),
    )


def _count(reader: Reader, data: Mapping[str, object], key: str, path: str) -> int | None:
    return reader.count(data[key], child(path, key)) if key in data else None


def _window_days(reader: Reader, data: Mapping[str, object], path: str) -> int | None:
    days = _count(reader, data, "window_days", path)
    if days is not None and days > WINDOW_MOST_DAYS:
        reader.fault(child(path, "window_days"), f"expected at most {WINDOW_MOST_DAYS} days, got {days}")
    return days


def _drug_kinds(reader: Reader, value: object, path: str) -> tuple[tuple[int, int], ...]:
    if value is None:
        return ()
    if not isinstance(value, Mapping):
        reader.fault(path, "expected a mapping of filed conditions to distinct drugs, like {1: 3, 2: 4}")
        return ()
    found: dict[int, int] = {}
    for key, entry in value.items():
        at = child(path, str(key))
        if not _WHOLE.fullmatch(str(key)):
            reader.fault(at, "expected a number of filed conditions from 1 on")
            continue
        found[int(str(key))] = reader.count(entry, at)
    return tuple(sorted(found.items()))


def _review(reader: Reader, value: object, path: str) -> tuple[MonthDay, MonthDay] | None:
    if value is None:
        return None
    data = reader.section(value, path, ("from", "to"), ("from", "to"))
    days = {key: read_month_day(reader, entry, child(path, key)) for key, entry in data.items()}
    first, last = days.get("from"), days.get("to")
    return None if first is None or last is None else (first, last)


def read_month_day(reader: Reader, value: object, path: str) -> MonthDay | None:
    """A day of every year, written MM-DD; None where it is none."""
    match = _MONTH_DAY.fullmatch(value) if isinstance(value, str) else None
    if match is not None:
        month, day = int(match[1]), int(match[2])
        try:
            date(_LEAP_YEAR, month, day)
        except ValueError:
            pass
        else:
            return MonthDay(month, day)
    reader.fault(path, f"expected a month and a day like 06-01, got {value!r}")
    return None
