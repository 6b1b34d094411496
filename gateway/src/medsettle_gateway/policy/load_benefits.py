"""Reads ``benefits``: what the basic fund pays."""

from collections.abc import Mapping
from typing import Final

from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY
from medsettle_gateway.policy.benefit import Benefit, By, Excess, SessionLimit, StayRule, Title
from medsettle_gateway.policy.load_facts import Vocabulary
from medsettle_gateway.policy.load_five_fixed import read_five_fixed
from medsettle_gateway.policy.load_limits import read_benefit_cap, read_deductible, read_ratio
from medsettle_gateway.policy.load_rows import (
    read_clause,
    read_gates,
    read_single,
    read_when,
    single_keys,
)
from medsettle_gateway.policy.reading import Reader, child
from medsettle_gateway.policy.rows import FigureKind, When

POOLED: Final = "pooled"
"""The fund of a benefit that a case brings without naming one."""

_REQUIRED: Final = ("deductible", "ratio", "cap")
_NAMED: Final = ("title", "fund")
_KNOWN: Final = (
    *_NAMED, "who", "where", "switches", "takes", *_REQUIRED, "waives", "limit_per_session", "five_fixed",
    "stay", "layers",
)  # fmt: skip
_WAIVABLE: Final = ("self_pay_first",)


def read_benefits(
    reader: Reader, value: object, filing: tuple[str, ...], vocabulary: Vocabulary
) -> tuple[Benefit, ...]:
    """Read ``benefits`` in the order of the file; ``filing`` are those that need a filing."""
    if not isinstance(value, Mapping):
        reader.fault("benefits", "expected a mapping of benefit ids")
        return ()
    for benefit in filing:
        if benefit not in value:
            reader.fault("eligibility.filing", f"no benefit {benefit!r} under `benefits`")
    return tuple(_benefit(reader, str(id_), entry, filing, vocabulary) for id_, entry in value.items())


def read_title(reader: Reader, value: object, path: str) -> Title:
    """A title in both languages."""
    data = reader.mapping(value, path, ("zh", "en"), ("zh", "en"))
    texts = {key: reader.text(text, child(path, key)) for key, text in data.items()}
    return Title(texts.get("zh", ""), texts.get("en", ""))


def title_of(reader: Reader, data: Mapping[str, object], path: str, id_: str) -> Title:
    """The title of a benefit or layer; one that a case brings without a title is called by its id."""
    return read_title(reader, data["title"], child(path, "title")) if "title" in data else Title(id_, id_)


def _benefit(
    reader: Reader, id_: str, value: object, filing: tuple[str, ...], vocabulary: Vocabulary
) -> Benefit:
    path = child("benefits", id_)
    reader.id(id_, path)
    if id_ == PERSONAL_ACCOUNT_ONLY:
        reader.fault(path, "this id stands for a settlement without a benefit")
    required = (*_NAMED, *_REQUIRED) if reader.needs_clause(path) else _REQUIRED
    data = reader.section(value, path, _KNOWN, required)
    switches = _switches(reader, data.get("switches"), child(path, "switches"))
    ratio, bands = read_ratio(reader, data.get("ratio", {}), child(path, "ratio"), vocabulary)
    cap, per = read_benefit_cap(reader, data.get("cap", {}), child(path, "cap"), id_, vocabulary)
    layers, layers_clause = _layers(reader, data.get("layers", []), child(path, "layers"))
    return Benefit(
        id=id_,
        path=path,
        title=title_of(reader, data, path, id_),
        fund=reader.id(data.get("fund", POOLED), child(path, "fund")),
        who=read_gates(reader, data, child(path, "who"), vocabulary.of_who),
        where=read_gates(reader, data, child(path, "where"), vocabulary.of_where, switches),
        switches=tuple(switches),
        switches_on=tuple(name for name, is_on in switches.items() if is_on),
        deductible=read_deductible(
            reader, data.get("deductible", {}), child(path, "deductible"), id_, vocabulary
        ),
        ratio=ratio,
        bands=bands,
        cap=cap,
        cap_per=per,
        waives_self_pay_first=_waives(reader, data.get("waives", []), child(path, "waives")),
        needs_filing=id_ in filing,
        limit_per_session=_session(reader, data, child(path, "limit_per_session"), vocabulary),
        five_fixed=read_five_fixed(reader, data.get("five_fixed"), child(path, "five_fixed")),
        stay=_stay(reader, data.get("stay"), child(path, "stay")),
        takes=_takes(reader, data.get("takes"), child(path, "takes"), vocabulary),
        layers=layers,
        layers_clause=layers_clause,
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


def _waives(reader: Reader, value: object, path: str) -> bool:
    named = reader.items(value, path)
    for at, entry in named:
        if entry not in _WAIVABLE:
            reader.fault(at, f"only {', '.join(_WAIVABLE)} can be waived")
    return bool(named)


def _layers(reader: Reader, value: object, path: str) -> tuple[tuple[str, ...], str]:
    """The ids of the layers that may follow, or the clause that says that none may."""
    if not isinstance(value, Mapping):
        return reader.ids(value, path), ""
    data = reader.mapping(value, path, ("none", "clause"))
    if data.get("none") is not True:
        reader.fault(path, "expected a list of layer ids, or {none: true, clause: ...}")
    return (), read_clause(reader, data, path, required=True)


def _session(
    reader: Reader, section: Mapping[str, object], path: str, vocabulary: Vocabulary
) -> SessionLimit | None:
    if "limit_per_session" not in section:
        return None
    known = (*single_keys(FigureKind.LIMIT), "excess")
    data = reader.section(section["limit_per_session"], path, known, ("excess",))
    excess = Excess.PATIENT
    if "excess" in data:
        excess = reader.choice(data["excess"], child(path, "excess"), Excess)
    figure = read_single(reader, data, (path, FigureKind.LIMIT), vocabulary.of_rows)
    return SessionLimit(path, figure, excess)


def _stay(reader: Reader, value: object, path: str) -> StayRule | None:
    if value is None:
        return None
    keys = ("deductible_by", "cap_by")
    data = reader.section(value, path, (*keys, "clause"), keys)
    by = {key: reader.choice(data[key], child(path, key), By) for key in keys if key in data}
    return StayRule(
        path,
        by.get("deductible_by", By.ADMITTED),
        by.get("cap_by", By.DISCHARGED),
        read_clause(reader, data, path, required=False),
    )


def _takes(reader: Reader, value: object, path: str, vocabulary: Vocabulary) -> tuple[When, ...] | None:
    if value is None:
        return None
    return tuple(read_when(reader, entry, at, vocabulary.of_takes) for at, entry in reader.items(value, path))
