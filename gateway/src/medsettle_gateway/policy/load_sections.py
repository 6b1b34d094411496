"""Reads the sections of a pack: lines, benefits, accounts, eligibility."""

from collections.abc import Iterable, Mapping
from typing import Final

from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY, LineKind
from medsettle_gateway.domain.member import Enrolment, Owner
from medsettle_gateway.domain.place import Designation
from medsettle_gateway.policy.accounts import AccountRules, Pays, Purchase
from medsettle_gateway.policy.benefit import Benefit, Limit, Period, Title
from medsettle_gateway.policy.facts import WHERE_ORDER, WHO_ORDER
from medsettle_gateway.policy.gates import Gate
from medsettle_gateway.policy.lines import Exclusion, LineRules, OverCeiling
from medsettle_gateway.policy.load_rows import (
    ROWS_OF_BENEFITS,
    ROWS_OF_LINES,
    read_clause,
    read_figure,
    read_gate,
    read_none,
    read_tests,
    read_when,
)
from medsettle_gateway.policy.plan import Eligibility
from medsettle_gateway.policy.reading import Reader, child
from medsettle_gateway.policy.rows import ALWAYS, Figure, FigureKind

_COUNTERS: Final = "limits with counters of their own"
_LATER_IN_BENEFIT: Final = {
    "counters": _COUNTERS,
    "layers": "layers after a benefit",
    "limit_per_session": "limits per session",
    "five_fixed": "the five fixed of chronic conditions",
    "stay": "stays that cross the year",
}
_LATER_IN_LIMIT: Final = {
    "counters": _COUNTERS,
    "outpatient": "a limit inside the cap",
}
_WAIVABLE: Final = ("self_pay_first",)


def read_lines(reader: Reader, value: object) -> LineRules:
    """Read ``lines``; a section that is absent divides nothing off."""
    known = ("self_pay_first", "ceilings", "over_ceiling", "excluded")
    data = reader.mapping({} if value is None else value, "lines", known)
    mode = OverCeiling.DIFFERENCE
    if "over_ceiling" in data:
        mode = reader.choice(data["over_ceiling"], "lines.over_ceiling", OverCeiling)
    excluded = reader.items(data.get("excluded", []), "lines.excluded")
    return LineRules(
        self_pay_first=_of_lines(reader, data, "self_pay_first", FigureKind.SHARE),
        ceilings=_of_lines(reader, data, "ceilings", FigureKind.UNIT_PRICE),
        over_ceiling=mode,
        excluded=tuple(_exclusion(reader, entry, path) for path, entry in excluded),
    )


def read_benefits(reader: Reader, value: object, filing: tuple[str, ...]) -> tuple[Benefit, ...]:
    """Read ``benefits`` in the order of the file; ``filing`` are those that need a filing."""
    if not isinstance(value, Mapping):
        reader.fault("benefits", "expected a mapping of benefit ids")
        return ()
    for benefit in filing:
        if benefit not in value:
            reader.fault("eligibility.filing", f"no benefit {benefit!r} under `benefits`")
    return tuple(_benefit(reader, str(id_), entry, filing) for id_, entry in value.items())


def read_accounts(reader: Reader, value: object, switches: Iterable[str]) -> AccountRules | None:
    """Read ``accounts``; absent: no account may pay anything."""
    if value is None:
        return None
    required = ("enrolments", "owners")
    known = (*required, "pays", "at", "never", "clause")
    data = reader.mapping(value, "accounts", known, required)
    pays = Pays.PERSONAL
    if "pays" in data:
        pays = reader.choice(data["pays"], "accounts.pays", Pays)
    at = None
    if "at" in data:
        entries = reader.items(data["at"], "accounts.at")
        at = tuple(_purchase(reader, entry, path, switches) for path, entry in entries)
    never = reader.choices(data.get("never", []), "accounts.never", LineKind)
    enrolments = reader.choices(data.get("enrolments", []), "accounts.enrolments", Enrolment)
    return AccountRules(
        enrolments=tuple(enrolment.value for enrolment in enrolments),
        pays=pays,
        at=at,
        never=tuple(kind.value for kind in never),
        owners=reader.choices(data.get("owners", []), "accounts.owners", Owner),
        clause=read_clause(reader, data, "accounts", required=False),
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


def read_eligibility(reader: Reader, value: object) -> tuple[Eligibility, tuple[str, ...]]:
    """Read ``eligibility``: the institution's gate, and the benefits that need a filing."""
    later = {"person": "gates on the person", "prescriber": "gates on the prescriber"}
    known = ("institution", "filing")
    data = reader.mapping({} if value is None else value, "eligibility", known, later=later)
    path = "eligibility.filing"
    filing = tuple(reader.id(entry, at) for at, entry in reader.items(data.get("filing", []), path))
    if "institution" not in data:
        return Eligibility(()), filing
    path = "eligibility.institution"
    institution = reader.mapping(data["institution"], path, ("designation", "clause"), ("designation",))
    tests = dict(read_tests(reader, institution, path, ("designation",)))
    held = tuple(designation.value for designation in Designation)
    wanted = tuple(value for value in tests.get("designation", ()) if value in held)
    return Eligibility(wanted, read_clause(reader, institution, path, required=False)), filing


def read_title(reader: Reader, value: object, path: str) -> Title:
    """A title in both languages."""
    data = reader.mapping(value, path, ("zh", "en"), ("zh", "en"))
    texts = {key: reader.text(text, child(path, key)) for key, text in data.items()}
    return Title(texts.get("zh", ""), texts.get("en", ""))


def _of_lines(reader: Reader, data: Mapping[str, object], key: str, kind: FigureKind) -> Figure:
    path = child("lines", key)
    return read_figure(reader, data.get(key), path, (path, kind), ROWS_OF_LINES)


def _exclusion(reader: Reader, value: object, path: str) -> Exclusion:
    data = reader.mapping(value, path, ("when", "clause"))
    when = ALWAYS
    if "when" in data:
        when = read_when(reader, data["when"], child(path, "when"), ROWS_OF_LINES)
    return Exclusion(path, when, read_clause(reader, data, path, required=True))


def _benefit(reader: Reader, id_: str, value: object, filing: tuple[str, ...]) -> Benefit:
    path = child("benefits", id_)
    reader.id(id_, path)
    if id_ == PERSONAL_ACCOUNT_ONLY:
        reader.fault(path, "this id stands for a settlement without a benefit")
    required = ("title", "fund", "deductible", "ratio", "cap")
    known = (*required, "who", "where", "switches", "waives")
    data = reader.mapping(value, path, known, required, _LATER_IN_BENEFIT)
    switches = _switches(reader, data.get("switches"), child(path, "switches"))
    return Benefit(
        id=id_,
        path=path,
        title=read_title(reader, data.get("title", {}), child(path, "title")),
        fund=reader.id(data.get("fund", "pooled"), child(path, "fund")),
        who=_gates(reader, data, child(path, "who"), WHO_ORDER, switches),
        where=_gates(reader, data, child(path, "where"), WHERE_ORDER, switches),
        switches=tuple(switches),
        switches_on=tuple(name for name, is_on in switches.items() if is_on),
        deductible=_limit(reader, data, child(path, "deductible"), FigureKind.AMOUNT),
        ratio=_ratio(reader, data.get("ratio", {}), child(path, "ratio")),
        cap=_limit(reader, data, child(path, "cap"), FigureKind.LIMIT),
        waives_self_pay_first=_waives(reader, data.get("waives", []), child(path, "waives")),
        needs_filing=id_ in filing,
    )


def _switches(reader: Reader, value: object, path: str) -> dict[str, bool]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        reader.fault(path, "expected a mapping of switch names to true or false")
        return {}
    return {
        reader.id(name, child(path, str(name))): reader.flag(is_on, child(path, str(name)))
        for name, is_on in value.items()
    }


def _gates(
    reader: Reader,
    data: Mapping[str, object],
    path: str,
    order: tuple[str, ...],
    switches: Iterable[str],
) -> tuple[Gate, ...]:
    key = path.rpartition(".")[2]
    if key not in data:
        return ()
    entries = reader.items(data[key], path)
    if not entries:
        reader.fault(path, f"no entry; leave {key!r} out where it does not matter")
    return tuple(read_gate(reader, entry, at, order, switches) for at, entry in entries)


def _limit(reader: Reader, section: Mapping[str, object], path: str, kind: FigureKind) -> Limit:
    data = section.get(path.rpartition(".")[2], {})
    if isinstance(data, Mapping) and "none" in data:
        short = reader.mapping(data, path, ("none", "clause", "force", "period"))
        period = _period(reader, short, path, kind)
        named = {key: entry for key, entry in short.items() if key != "period"}
        return Limit(path, period, read_none(reader, named, (path, kind)))
    known = ("period", "rows", "per") if kind is FigureKind.LIMIT else ("period", "rows")
    read = reader.mapping(data, path, known, later=_LATER_IN_LIMIT)
    if read.get("per", "benefit") != "benefit":
        reader.fault(child(path, "per"), f"not supported yet: a cap per {read['per']}")
    rows = child(path, "rows")
    figure = read_figure(reader, read.get("rows"), rows, (path, kind), ROWS_OF_BENEFITS)
    return Limit(path, _period(reader, read, path, kind), figure)


def _period(reader: Reader, data: Mapping[str, object], path: str, kind: FigureKind) -> Period:
    at = child(path, "period")
    written = data.get("period", "year")
    if written == "stay":
        reader.fault(at, "not supported yet: figures per stay")
        return Period.YEAR
    if written == "none" and kind is FigureKind.LIMIT:
        reader.fault(at, "a missing cap is written `cap: {none: true, clause: ...}`")
        return Period.YEAR
    return reader.choice(written, at, Period)


def _ratio(reader: Reader, value: object, path: str) -> Figure:
    data = reader.mapping(value, path, ("rows",), later={"bands": "ratios by amount (bands)"})
    rows = child(path, "rows")
    figure = (path, FigureKind.RATIO)
    return read_figure(reader, data.get("rows"), rows, figure, ROWS_OF_BENEFITS)


def _waives(reader: Reader, value: object, path: str) -> bool:
    named = [(at, entry) for at, entry in reader.items(value, path)]
    for at, entry in named:
        if entry not in _WAIVABLE:
            reader.fault(at, f"only {', '.join(_WAIVABLE)} can be waived")
    return bool(named)


def _purchase(reader: Reader, value: object, path: str, switches: Iterable[str]) -> Purchase:
    data = reader.mapping(value, path, (*WHERE_ORDER, "kind", "clause"))
    tests = dict(read_tests(reader, data, path, ("kind",)))
    place = {key: entry for key, entry in data.items() if key != "kind"}
    return Purchase(read_gate(reader, place, path, WHERE_ORDER, switches), tests.get("kind"))
