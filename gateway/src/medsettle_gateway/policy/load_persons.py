"""Reads what ``eligibility`` says of persons: arrears, interruptions, waiting, years, age, aid."""

import re
from collections.abc import Mapping
from typing import Final

from medsettle_gateway.domain.calendar import MonthDay
from medsettle_gateway.domain.member import Aid, Sex
from medsettle_gateway.domain.person_rules import (
    ORDER_OF_AID,
    AgeRule,
    AidRule,
    ArrearsRule,
    Begins,
    InterruptionRule,
    PersonRules,
    SupplementRule,
    SuspensionRule,
    WaitingRule,
    Who,
    YearRule,
)
from medsettle_gateway.policy.load_facts import askable
from medsettle_gateway.policy.load_five_fixed import read_month_day
from medsettle_gateway.policy.load_rows import read_clause, read_tests
from medsettle_gateway.policy.reading import Reader, child

PERSON_SECTIONS: Final = (
    "arrears", "interruption", "waiting", "year", "supplements", "age", "aid", "suspension", "stopped",
)
"""The keys of ``eligibility`` that are read here."""

Data = Mapping[str, object]

_WHO: Final = ("scheme", "standing", "enrolment")
_FACTS: Final = askable(_WHO)
_MONTHS_MOST: Final = 240
_AGE_MOST: Final = 150
_DISTRICT: Final = re.compile(r"[0-9]{6}")


def read_persons(reader: Reader, value: object) -> PersonRules:
    """Read the rules about persons; a section that is absent stops nobody."""
    eligibility: Data = value if isinstance(value, Mapping) else {}
    return PersonRules(
        arrears=_arrears(reader, eligibility.get("arrears")),
        interruption=_interruption(reader, eligibility.get("interruption")),
        waiting=tuple(
            _waiting(reader, data, path)
            for path, data in _entries(reader, eligibility, "waiting", ("months",))
        ),
        years=tuple(
            _year(reader, data, path)
            for path, data in _entries(reader, eligibility, "year", ("covers",), ("pay_by",))
        ),
        supplements=_supplements(reader, eligibility.get("supplements")),
        ages=tuple(
            _age(reader, data, path)
            for path, data in _entries(reader, eligibility, "age", ("below",), ("sex",))
        ),
        aid=_aid(reader, eligibility.get("aid")),
        suspension=_suspension(reader, eligibility.get("suspension")),
        accounts_stay=_stopped(reader, eligibility.get("stopped")),
    )


def _arrears(reader: Reader, value: object) -> ArrearsRule | None:
    found = _section(reader, value, "arrears", ("restored_within_months",))
    if found is None:
        return None
    path, data = found
    return ArrearsRule(_months(reader, data, path, "restored_within_months"), _clause(reader, data, path))


def _interruption(reader: Reader, value: object) -> InterruptionRule | None:
    restart = "years_restart_after_months"
    found = _section(reader, value, "interruption", ("first_enrolment_after_months",), (restart,))
    if found is None:
        return None
    path, data = found
    return InterruptionRule(
        _months(reader, data, path, "first_enrolment_after_months"),
        _months(reader, data, path, restart) if restart in data else None,
        _clause(reader, data, path),
    )


def _suspension(reader: Reader, value: object) -> SuspensionRule | None:
    found = _section(reader, value, "suspension", ("months",))
    if found is None:
        return None
    path, data = found
    return SuspensionRule(_months(reader, data, path, "months"), _clause(reader, data, path))


def _stopped(reader: Reader, value: object) -> bool:
    found = _section(reader, value, "stopped", ("accounts",))
    if found is None:
        return False
    path, data = found
    _clause(reader, data, path)
    return reader.flag(data.get("accounts", False), child(path, "accounts"))


def _aid(reader: Reader, value: object) -> AidRule | None:
    found = _section(reader, value, "aid", ("districts",), ("order",))
    if found is None:
        return None
    path, data = found
    order: tuple[Aid, ...] = ORDER_OF_AID
    if "order" in data:
        named = reader.choices(data["order"], child(path, "order"), Aid)
        order = (*named, *(aid for aid in ORDER_OF_AID if aid not in named))
    return AidRule(_districts(reader, data, child(path, "districts")), order, _clause(reader, data, path))


def _districts(reader: Reader, data: Data, path: str) -> tuple[str, ...]:
    found = []
    for at, entry in reader.items(data.get("districts", []), path):
        if isinstance(entry, str) and _DISTRICT.fullmatch(entry):
            found.append(entry)
        else:
            reader.fault(at, f'expected six digits in quotes, like "330111", got {entry!r}')
    if not found:
        reader.fault(path, "no district; leave `aid` out where every certificate counts")
    return tuple(found)


def _waiting(reader: Reader, data: Data, path: str) -> WaitingRule:
    months = _months(reader, data, path, "months")
    return WaitingRule(_who(reader, data, path), months, _clause(reader, data, path))


def _year(reader: Reader, data: Data, path: str) -> YearRule:
    begins = reader.choice(data.get("covers", Begins.NEXT_YEAR.value), child(path, "covers"), Begins)
    pay_by = _day(reader, data, path) if "pay_by" in data else None
    return YearRule(_who(reader, data, path), begins, pay_by, _clause(reader, data, path))


def _age(reader: Reader, data: Data, path: str) -> AgeRule:
    sex = reader.choice(data["sex"], child(path, "sex"), Sex) if "sex" in data else None
    below = _count(reader, data, path, "below", _AGE_MOST)
    return AgeRule(_who(reader, data, path), sex, below, _clause(reader, data, path))


def _supplements(reader: Reader, value: object) -> tuple[SupplementRule, ...]:
    found: dict[str, SupplementRule] = {}
    at = "eligibility.supplements"
    for path, entry in [] if value is None else reader.items(value, at):
        data = reader.section(entry, path, ("name", "pay_by", "clause"), ("name", "pay_by"))
        name = reader.id(data.get("name", ""), child(path, "name"))
        if name in found:
            reader.fault(path, f"{name} is named twice")
        found[name] = SupplementRule(name, _day(reader, data, path), _clause(reader, data, path))
    return tuple(found.values())


def _section(
    reader: Reader, value: object, name: str, required: tuple[str, ...], others: tuple[str, ...] = ()
) -> tuple[str, Data] | None:
    if value is None:
        return None
    path = f"eligibility.{name}"
    return path, reader.section(value, path, (*required, *others, "clause"), required)


def _entries(
    reader: Reader, eligibility: Data, name: str, required: tuple[str, ...], others: tuple[str, ...] = ()
) -> list[tuple[str, Data]]:
    """Entries of a list, each for whom its facts name; the first that fits a person decides."""
    value = eligibility.get(name)
    known = (*_WHO, *required, *others, "clause")
    entries = [] if value is None else reader.items(value, f"eligibility.{name}")
    return [(path, reader.section(entry, path, known, required)) for path, entry in entries]


def _who(reader: Reader, data: Data, path: str) -> Who:
    return read_tests(reader, data, path, _FACTS)


def _months(reader: Reader, data: Data, path: str, key: str) -> int:
    return _count(reader, data, path, key, _MONTHS_MOST)


def _count(reader: Reader, data: Data, path: str, key: str, most: int) -> int:
    if key not in data:
        return 1  # the missing key is a fault already
    count = reader.count(data[key], child(path, key))
    if count > most:
        reader.fault(child(path, key), f"expected at most {most}, got {count}")
        return most
    return count


def _day(reader: Reader, data: Data, path: str) -> MonthDay:
    day = read_month_day(reader, data["pay_by"], child(path, "pay_by")) if "pay_by" in data else None
    return day or MonthDay(12, 31)


def _clause(reader: Reader, data: Data, path: str) -> str:
    return read_clause(reader, data, path, required=True)
