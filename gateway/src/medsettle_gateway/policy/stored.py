"""A calculation's whole input as JSON data and back.

A settlement stores it, so that it can be explained and recalculated later, whatever happened
to the register or the catalogue since.
"""

from collections.abc import Mapping
from typing import Any, Final

from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.plain import from_plain, to_plain
from medsettle_gateway.policy.inputs import CaseInput

FORM: Final = 1
"""The form of the JSON data; reading refuses any other."""


def case_to_plain(case: CaseInput) -> dict[str, Any]:
    """The input as objects, lists, texts, integers, booleans and nulls."""
    fields = ("service_on", "patient", "institution", "encounter", "lines", "accounts")
    plain: dict[str, Any] = {name: to_plain(getattr(case, name)) for name in fields}
    counters = sorted(case.counters.items())
    plain["counters"] = [[*key, amount_fen] for key, amount_fen in counters]
    plain["form"] = FORM
    return plain


def case_from_plain(plain: Mapping[str, Any]) -> CaseInput:
    """The input that :func:`case_to_plain` wrote.

    Raises ValueError for another form, KeyError, TypeError or ValueError for other data.
    """
    if plain.get("form") != FORM:
        message = f"stored input of form {plain.get('form')!r}; this engine reads {FORM}"
        raise ValueError(message)
    counters = {
        CounterKey(period, counter, measure): amount_fen
        for period, counter, measure, amount_fen in plain["counters"]
    }
    fields = {name: value for name, value in plain.items() if name not in ("form", "counters")}
    case: CaseInput = from_plain(CaseInput, fields)
    return CaseInput(
        service_on=case.service_on,
        patient=case.patient,
        institution=case.institution,
        encounter=case.encounter,
        lines=case.lines,
        counters=counters,
        accounts=case.accounts,
    )
