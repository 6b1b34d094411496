"""Reads what ``eligibility`` asks of traceability codes."""

from collections.abc import Mapping
from typing import Final

from medsettle_gateway.domain.basket import NO_CARE, LineKind
from medsettle_gateway.domain.tracing import NO_TRACE_RULE, TraceRule
from medsettle_gateway.policy.load_rows import read_clause
from medsettle_gateway.policy.reading import Reader, child

TRACE_KEYS: Final = ("traceability",)
"""The keys of ``eligibility`` that are read here."""
DIGITS_LEAST, DIGITS_MOST = 7, 64


def read_traceability(reader: Reader, value: object) -> TraceRule:
    """Read ``traceability: {required: [drug], from: DATE, every_pack: true, digits: 20, clause: ...}``.

    Absent: no codes are asked for, and any that are named may have any form that is one.
    """
    data = value if isinstance(value, Mapping) else {}
    if "traceability" not in data:
        return NO_TRACE_RULE
    path = "eligibility.traceability"
    known = ("required", "from", "every_pack", "digits", "clause")
    section = reader.section(data["traceability"], path, known, ("required",))
    required = reader.choices(section.get("required", []), child(path, "required"), LineKind)
    for kind in required:
        if kind in NO_CARE:
            reader.fault(child(path, "required"), f"{kind.value} is no medical goods and carries no code")
    return TraceRule(
        required=required,
        from_on=reader.day(section["from"], child(path, "from")) if "from" in section else None,
        every_pack=reader.flag(section.get("every_pack", False), child(path, "every_pack")),
        digits=_digits(reader, section, child(path, "digits")),
        clause=read_clause(reader, section, path, required=True),
    )


def _digits(reader: Reader, section: Mapping[str, object], path: str) -> int | None:
    if "digits" not in section:
        return None
    digits = reader.count(section["digits"], path, DIGITS_LEAST)
    if digits > DIGITS_MOST:
        reader.fault(path, f"a code has up to {DIGITS_MOST} digits, not {digits}")
    return digits
