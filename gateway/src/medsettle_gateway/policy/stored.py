"""A calculation's whole input as JSON data and back.

A settlement stores it, so that it can be explained and recalculated later, whatever happened
to the register or the catalogue since.
"""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Raw, structs

from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.plain import from_plain, to_raw
from medsettle_gateway.policy.inputs import CaseInput

FORM: Final = 2
"""The form of the JSON data that is written."""
_READ: Final = (1, FORM)
"""The forms that are read: 1 had no drugs of the days before, no order, and less of lines and people."""


_FIELDS: Final = (
    "service_on", "patient", "institution", "encounter", "lines", "accounts", "dispensed", "orders",
)


def case_to_json(case: CaseInput) -> Raw:
    """The input as one JSON object."""
    plain: dict[str, Any] = {name: getattr(case, name) for name in _FIELDS}
    counters = sorted(case.counters.items())
    plain["counters"] = [(*key, amount_fen) for key, amount_fen in counters]
    plain["form"] = FORM
    return to_raw(plain)


def case_from_plain(plain: Mapping[str, Any]) -> CaseInput:
    """The input from the JSON data of what :func:`case_to_json` wrote.

    Raises ValueError for another form, KeyError, TypeError or ValueError for other data.
    """
    if plain.get("form") not in _READ:
        message = f"stored input of form {plain.get('form')!r}; this engine reads up to {FORM}"
        raise ValueError(message)
    counters = {
        CounterKey(period, counter, measure): amount_fen
        for period, counter, measure, amount_fen in plain["counters"]
    }
    fields = {name: value for name, value in plain.items() if name not in ("form", "counters")}
    case: CaseInput = from_plain(CaseInput, fields)
    return structs.replace(case, counters=counters)
