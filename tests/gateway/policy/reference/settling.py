"""A whole settlement, from the plain data of a pack and a case, as the documents describe it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from typing import Any

from medsettle_gateway.domain.basket import Waiver
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.policy.inputs import CaseInput
from tests.gateway.policy.reference.accounting import pay_accounts
from tests.gateway.policy.reference.books import Books
from tests.gateway.policy.reference.dividing import Parts, divided_lines
from tests.gateway.policy.reference.entering import enter
from tests.gateway.policy.reference.figures import (
    AMOUNT,
    ZERO,
    Declined,
    Facts,
    Plain,
    facts_of,
    in_section,
    matches,
)
from tests.gateway.policy.reference.paying import Layers, Left, Paid, Periods, pay_benefit


@dataclass(frozen=True)
class Answer:
    """Either ``refused`` with a reason code, or the amounts, in fen."""

    refused: str | None = None
    sums: tuple[int, ...] = ()
    """As the fields of a breakdown up to over_cap."""
    lines: tuple[tuple[int, ...], ...] = ()
    funds: Mapping[str, int] = field(default_factory=dict)
    afterwards: Mapping[str, int] = field(default_factory=dict)
    personal: int = 0
    accounts: tuple[tuple[str, int], ...] = ()
    cash: int = 0
    deltas: Mapping[CounterKey, int] = field(default_factory=dict)
    raised: tuple[str, ...] = ()


def settled(data: Plain, case: CaseInput, versions: Sequence[Plain] = ()) -> Answer:
    """``data`` is the version in force on the day of the settlement, ``versions`` are all of them."""
    try:
        return _settled(data, case, versions or (data,))
    except Declined as declined:
        return Answer(declined.code)


def _settled(data: Plain, case: CaseInput, versions: Sequence[Plain]) -> Answer:
    if not in_force(data, case.service_on):
        raise Declined("PACK_NOT_IN_FORCE")
    id_ = case.encounter.benefit
    stay = (data["benefits"].get(id_) or {}).get("stay") if case.encounter.admitted else None
    first, last = deciding_days(case, stay)
    charging, deciding = version_on(versions, first), version_on(versions, last)
    enter(deciding, case)
    if deciding is not data:
        enter(data, case)
    benefit = deciding["benefits"].get(id_)
    days = [line.service_on if stay and line.service_on else case.service_on for line in case.lines]
    packs = [version_on(versions, day) for day in days]
    books = Books({(*key,): Fraction(used_fen, 100) for key, used_fen in case.counters.items()})
    lines = divided_lines(packs, deciding, case, benefit, books)
    left = left_of(lines)
    facts = facts_of(deciding, case)
    paid = Paid()
    if benefit is not None:
        periods = Periods(str(first.year), str(last.year), stay_of(case))
        waived = Waiver.LIMITS in case.waives_on(case.service_on)
        paid = pay_benefit(
            id_,
            benefit,
            charging["benefits"][id_]["deductible"],
            (facts_of(charging, case), facts),
            lines,
            periods,
            books,
            uncapped=waived,
        )
        left.in_scope -= paid.fund
        left = pay_layers(deciding, benefit, facts, periods, books, lines, left, paid, case)
        accumulate(deciding, periods, books, left)
    if books.missing:
        raise Declined("NO_RULE")
    raised = warned(deciding, facts, str(last.year), books) if benefit is not None else ()
    if books.assumed:
        raise Declined("PARAMETER_ASSUMED")
    return answer(deciding, case, facts, lines, left, paid, books, raised)


def deciding_days(case: CaseInput, stay: Plain | None) -> tuple[date, date]:
    """The day that gives the deductible, and the one that gives all else."""
    if stay is None or case.encounter.admitted is None:
        return case.service_on, case.service_on
    ends = {"admitted": case.encounter.admitted, "discharged": case.service_on}
    return ends[stay["deductible_by"]], ends[stay["cap_by"]]


def left_of(lines: Sequence[Parts]) -> Left:
    """The personal part before any fund pays."""
    return Left(
        in_scope=sum((line.in_scope for line in lines), ZERO),
        self_pay_first=sum((line.self_pay_first for line in lines), ZERO),
        over_limit=sum((line.over_limit for line in lines), ZERO),
        fully_self_paid=sum((line.fully_self_paid for line in lines), ZERO),
    )


def in_force(data: Plain, day: date) -> bool:
    return date_of(data["effective"]["from"]) <= day and (
        data["effective"].get("to") is None or day < date_of(data["effective"]["to"])
    )


def version_on(versions: Sequence[Plain], day: date) -> Plain:
    found = [data for data in versions if in_force(data, day)]
    if not found:
        raise Declined("PACK_NOT_IN_FORCE")
    return max(found, key=lambda data: date_of(data.get("known_from", data["effective"]["from"])))


def date_of(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def stay_of(case: CaseInput) -> str:
    if case.encounter.admitted is None:
        return ""
    return "stay/" + (case.encounter.stay_id or case.encounter.admitted.isoformat())


def pay_layers(
    data: Plain,
    benefit: Plain,
    facts: Facts,
    periods: Periods,
    books: Books,
    lines: Sequence[Parts],
    left: Left,
    paid: Paid,
    case: CaseInput,
) -> Left:
    """What is left after the layers that are charged; what the others would pay is only noted."""
    billed = sum((line.amount - line.provider_borne for line in lines), ZERO)
    is_stay = case.encounter.admitted is not None
    layers = Layers(case.encounter.benefit, facts, periods, books, billed, left, is_stay, paid.fund)
    named = benefit.get("layers") or ()
    charged = left
    for layer in data.get("layers") or ():
        if isinstance(named, Mapping) or layer["id"] not in named:
            continue
        afterwards = layer.get("mode") == "afterwards"
        if afterwards and layers.left is charged:
            layers.left = replace(charged)
            layers.books = replace(books, moved=dict(books.moved), assumed=[])
        applies = not layer.get("who") or any(matches(entry, facts) for entry in layer["who"])
        amount = layers.pay(layer) if applies else ZERO
        fund = layer.get("fund", layer["id"])
        if afterwards:
            paid.afterwards[layer["id"]] = amount
        else:
            paid.funds[fund] = paid.funds.get(fund, ZERO) + amount
    return charged


def accumulate(data: Plain, periods: Periods, books: Books, left: Left) -> None:
    for name in data.get("accumulators") or ():
        books.add([(periods.year, name, "borne")], left.all if name == "personal" else left.in_scope)


def warned(data: Plain, facts: Facts, year: str, books: Books) -> tuple[str, ...]:
    raised = []
    for id_, warning in (data.get("warnings") or {}).items():
        found = in_section({"rows": warning["rows"]}, AMOUNT, facts)
        key = (year, warning["of"], "borne")
        before, after = books.before.get(key, ZERO), books.used(key)
        if found is None or found.value is None:
            continue
        if warning.get("at", "reached") == "reached":
            passed = before < found.value <= after
        else:
            passed = before <= found.value < after
        if passed:
            raised.append(id_)
    return tuple(raised)


def answer(
    data: Plain,
    case: CaseInput,
    facts: Facts,
    lines: Sequence[Parts],
    left: Left,
    paid: Paid,
    books: Books,
    raised: tuple[str, ...],
) -> Answer:
    columns = ("amount", "provider_borne", "fully_self_paid", "over_limit", "self_pay_first", "in_scope")
    rows = tuple(tuple(fen(getattr(line, column)) for column in columns) for line in lines)
    shares, cash = pay_accounts(data, case, facts, lines, left)
    return Answer(
        sums=(*(sum(column) for column in zip(*rows, strict=True)), fen(paid.deductible), fen(paid.over_cap)),
        lines=rows,
        funds={fund: fen(amount) for fund, amount in paid.funds.items() if amount},
        afterwards={layer: fen(amount) for layer, amount in paid.afterwards.items()},
        personal=fen(left.all),
        accounts=tuple((account, fen(amount)) for account, amount in shares),
        cash=fen(cash),
        deltas={CounterKey(*key): fen(moved) for key, moved in books.moved.items() if moved},  # type: ignore[arg-type]
        raised=raised,
    )


def fen(amount: Fraction) -> int:
    scaled = amount * 100
    assert scaled.denominator == 1
    return scaled.numerator
