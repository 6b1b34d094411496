"""Traceability codes of a basket: what to load of them, and why those of a line may not be sold."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.asked import AskedLine
from medsettle_gateway.domain.calendar import CST
from medsettle_gateway.domain.errors import LineFault
from medsettle_gateway.domain.keys import Facts, TraceCodesKey
from medsettle_gateway.domain.money import QUANTITY_ONE_E4
from medsettle_gateway.domain.moves import Move, ReturnCodes
from medsettle_gateway.domain.register import CatalogueItem
from medsettle_gateway.domain.tracing import (
    NO_TRACE_RULE,
    SPLIT_SALES_MOST,
    CodeState,
    TracedCode,
    TraceRule,
    is_code,
    may_take,
    names_of,
)

NOTHING_SOLD: Final[Mapping[str, CodeState]] = {}


class Traces(NamedTuple):
    """Where the codes of a basket stand sold, what the region asks of codes, and who wants to sell."""

    institution: str
    states: Mapping[str, CodeState] = NOTHING_SOLD
    rule: TraceRule = NO_TRACE_RULE


def trace_keys(codes: Sequence[TracedCode]) -> tuple[TraceCodesKey, ...]:
    """Returns what to load of codes; nothing where there are none."""
    return (TraceCodesKey(names_of(codes)),) if codes else ()


def standing(
    codes: Sequence[TracedCode], facts: Facts, freed: Iterable[Move] = ()
) -> Mapping[str, CodeState]:
    """Returns where the codes stand sold after the moves, by which holds that end give theirs back."""
    if not codes:
        return NOTHING_SOLD
    (key,) = trace_keys(codes)
    states = facts.of(key)
    returned = [each.code for move in freed if isinstance(move, ReturnCodes) for each in move.codes]
    if returned:
        states = dict(states)
        for code in returned:
            state = states.pop(code, None)
            if state is not None and state.standing_count > 1:
                states[code] = state._replace(standing_count=state.standing_count - 1)
    return states


def free_codes(
    codes: Sequence[TracedCode], institution: str, states: Mapping[str, CodeState]
) -> tuple[TracedCode, ...]:
    """Returns those of the codes that a sale of the institution may still take."""
    return tuple(
        each for each in codes
        if each.code not in states or may_take(states[each.code], institution, split=each.split)
    )


def trace_faults(
    lines: Sequence[AskedLine], items: Sequence[CatalogueItem | None], traces: Traces, service_on: date
) -> Iterator[LineFault]:
    """Yields why lines may not be sold with their codes, or without: each code for itself, in their order.

    ``items`` are the catalogue's of each line, None where it has none. Reasons: TRACE_CODE_REQUIRED,
    TRACE_CODES_TOO_MANY, TRACE_CODE_INVALID, TRACE_CODE_TWICE, TRACE_CODE_SOLD, TRACE_CODE_SPLIT,
    TRACE_CODE_USED_UP.
    """
    seen: dict[str, str] = {}
    rule = traces.rule
    for line, item in zip(lines, items, strict=True):
        if not (line.traceability_codes or rule.required):
            continue
        count, most_count = len(line.traceability_codes), packs_count(line.quantity_e4)
        least_count = _least_count(line, item, rule, service_on)
        if count < least_count:
            wanted = {"codes": str(count), "wanted": str(least_count), **_of(rule)}
            yield _fault(line, Reason.TRACE_CODE_REQUIRED, **wanted)
        if count > most_count:
            yield _fault(line, Reason.TRACE_CODES_TOO_MANY, codes=str(count), packs=str(most_count))
        for code in line.traceability_codes:
            if code in seen:
                yield _fault(line, Reason.TRACE_CODE_TWICE, code=code, other_line=seen[code])
                continue
            seen[code] = line.line_id
            if not is_code(code, rule):
                yield _fault(line, Reason.TRACE_CODE_INVALID, code=code, **_form(rule))
            elif code in traces.states:
                yield from _sold(line, code, traces.states[code], traces.institution)


def packs_count(quantity_e4: int) -> int:
    """Returns of how many packs a quantity takes something: no more codes than that go with it."""
    return -(-quantity_e4 // QUANTITY_ONE_E4)


def _least_count(line: AskedLine, item: CatalogueItem | None, rule: TraceRule, service_on: date) -> int:
    """How many codes the line must name."""
    if item is None or not item.terms.traced or not rule.asks(item.kind, line.service_on or service_on):
        return 0
    return packs_count(line.quantity_e4) if rule.every_pack and not line.split_pack else 1


def _sold(line: AskedLine, code: str, state: CodeState, institution: str) -> Iterator[LineFault]:
    if may_take(state, institution, split=line.split_pack):
        return
    if not (state.split and state.institution == institution):
        sold_at = state.sold_at.astimezone(CST).isoformat(timespec="seconds")
        where = {"institution": state.institution, "sold_at": sold_at}
        if state.institution == institution:
            where["request_id"] = state.request_id
        yield _fault(line, Reason.TRACE_CODE_SOLD, code=code, **where)
    elif line.split_pack:
        yield _fault(line, Reason.TRACE_CODE_USED_UP, code=code, sales=str(SPLIT_SALES_MOST))
    else:
        yield _fault(line, Reason.TRACE_CODE_SPLIT, code=code, sales=str(state.standing_count))


def _of(rule: TraceRule) -> dict[str, str]:
    return {"clause": rule.clause} if rule.clause else {}


def _form(rule: TraceRule) -> dict[str, str]:
    return {} if rule.digits is None else {"digits": str(rule.digits)}


def _fault(line: AskedLine, reason: Reason, **detail: str) -> LineFault:
    return LineFault(line.line_id, line.item_code, reason, detail)
