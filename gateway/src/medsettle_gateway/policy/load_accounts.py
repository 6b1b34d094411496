"""Reads ``accounts``: who may pay the personal part, and the account that a region credits."""

from collections.abc import Iterable, Mapping
from typing import Final

from medsettle_gateway.domain.basket import LineKind
from medsettle_gateway.domain.member import Enrolment, Owner
from medsettle_gateway.policy.accounts import AccountRules, Accrual, Closing, Pays, Purchase, Subsidy
from medsettle_gateway.policy.benefit import Benefit
from medsettle_gateway.policy.load_benefits import read_title
from medsettle_gateway.policy.load_facts import Vocabulary, askable
from medsettle_gateway.policy.load_rows import read_clause, read_figure, read_gate, read_tests
from medsettle_gateway.policy.reading import Reader, child
from medsettle_gateway.policy.rows import Figure, FigureKind, Force

_KINDS: Final = askable(("kind",))
_ACCRUED: Final = {
    "of_base": FigureKind.RATIO, "of_pension": FigureKind.RATIO, "pension": FigureKind.AMOUNT,
}


def read_accounts(
    reader: Reader, value: object, switches: Iterable[str], vocabulary: Vocabulary
) -> AccountRules | None:
    """Read ``accounts``; absent: no account may pay anything."""
    if value is None:
        return None
    required = ("enrolments", "owners")
    known = (*required, "pays", "at", "never", "clause", "subsidy", "accrual")
    data = reader.section(value, "accounts", known, required)
    pays = Pays.PERSONAL
    if "pays" in data:
        pays = reader.choice(data["pays"], "accounts.pays", Pays)
    at = None
    if "at" in data:
        entries = reader.items(data["at"], "accounts.at")
        at = tuple(_purchase(reader, entry, path, switches, vocabulary) for path, entry in entries)
    never = reader.choices(data.get("never", []), "accounts.never", LineKind)
    enrolments = reader.choices(data.get("enrolments", []), "accounts.enrolments", Enrolment)
    return AccountRules(
        enrolments=tuple(enrolment.value for enrolment in enrolments),
        pays=pays,
        at=at,
        never=tuple(kind.value for kind in never),
        owners=reader.choices(data.get("owners", []), "accounts.owners", Owner),
        clause=read_clause(reader, data, "accounts", required=False),
        subsidy=_subsidy(reader, data.get("subsidy"), "accounts.subsidy", vocabulary),
        accrual=_accrual(reader, data.get("accrual"), "accounts.accrual", vocabulary),
    )


def check_switches(reader: Reader, benefits: Iterable[Benefit], accounts: AccountRules | None) -> None:
    """Keep a fault for each switch that is on and that no entry asks for: it would open nothing."""
    at = () if accounts is None else accounts.at or ()
    of_accounts = {purchase.gate.switch for purchase in at}
    for benefit in benefits:
        used = of_accounts | {gate.switch for gate in benefit.where}
        for switch in benefit.switches_on:
            if switch not in used:
                known = ", ".join(sorted(name for name in used if name)) or "none"
                path = child(child(benefit.path, "switches"), switch)
                reader.fault(path, f"it is on, but no entry of `where` asks for it; those asked for: {known}")


def _purchase(
    reader: Reader, value: object, path: str, switches: Iterable[str], vocabulary: Vocabulary
) -> Purchase:
    facts = vocabulary.of_where
    data = reader.mapping(value, path, (*facts.keys, "kind", "clause"))
    kinds = dict(read_tests(reader, data, path, _KINDS)).get("kind")
    place = {key: entry for key, entry in data.items() if key != "kind"}
    return Purchase(read_gate(reader, place, path, facts, switches), kinds)


def _subsidy(reader: Reader, value: object, path: str, vocabulary: Vocabulary) -> Subsidy | None:
    if value is None:
        return None
    data = reader.section(value, path, ("title", "credit", "carries_over", "closes"), ("title", "credit"))
    carries_over = ""
    if "carries_over" in data:
        at = child(path, "carries_over")
        carried = reader.mapping(data["carries_over"], at, ("clause",))
        carries_over = read_clause(reader, carried, at, required=True)
    closes = reader.items(data.get("closes", []), child(path, "closes"))
    return Subsidy(
        path=path,
        title=read_title(reader, data.get("title", {}), child(path, "title")),
        credit=_credit(reader, data.get("credit", {}), child(path, "credit"), vocabulary),
        carries_over="carries_over" in data,
        carries_over_clause=carries_over,
        closes=tuple(_closing(reader, entry, at) for at, entry in closes),
    )


def _accrual(reader: Reader, value: object, path: str, vocabulary: Vocabulary) -> Accrual | None:
    if value is None:
        return None
    data = reader.section(value, path, tuple(_ACCRUED), ("of_base",))
    figures = []
    for name, kind in _ACCRUED.items():
        at = child(path, name)
        rows = reader.section(data.get(name, {}), at, ("rows",)).get("rows")
        figure = read_figure(reader, rows, child(at, "rows"), (at, kind), vocabulary.of_rows)
        for row in figure.rows:
            if row.force in {Force.FLOOR, Force.CEILING}:
                reader.fault(child(row.path, "force"), "what is accrued is exact or assumed: it has no bound")
        figures.append(figure)
    return Accrual(path, *figures)


def _credit(reader: Reader, value: object, path: str, vocabulary: Vocabulary) -> Figure:
    data: Mapping[str, object] = reader.section(value, path, ("period", "rows"))
    if data.get("period", "year") != "year":
        reader.fault(child(path, "period"), "only year is known: it is credited once a year")
    kind = (path, FigureKind.AMOUNT)
    return read_figure(reader, data.get("rows"), child(path, "rows"), kind, vocabulary.of_rows)


def _closing(reader: Reader, value: object, path: str) -> Closing:
    required = ("cause", "pays")
    data = reader.section(value, path, (*required, "documents", "by_agent", "clause"), required)
    pays, at = data.get("pays", []), child(path, "pays")
    paid = (reader.id(pays, at),) if isinstance(pays, str) else reader.ids(pays, at)
    if "pays" in data and not paid:
        reader.fault(at, "nobody: say who gets the balance")
    documents = reader.items(data.get("documents", []), child(path, "documents"))
    by_agent = reader.items(data.get("by_agent", []), child(path, "by_agent"))
    return Closing(
        path=path,
        cause=reader.id(data["cause"], child(path, "cause")) if "cause" in data else "",
        pays=paid,
        documents=tuple(reader.text(entry, place) for place, entry in documents),
        clause=read_clause(reader, data, path, required=True),
        by_agent=tuple(reader.text(entry, place) for place, entry in by_agent),
    )
