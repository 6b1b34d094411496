"""Reads what is counted or graded: deductibles, thresholds, caps, and ratios by amount."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from medsettle_gateway.domain.money import parse_fen
from medsettle_gateway.policy.benefit import Band, Bands, CapPer, Over
from medsettle_gateway.policy.limits import Inside, Limit, Period, Within
from medsettle_gateway.policy.load_facts import Vocabulary
from medsettle_gateway.policy.load_rows import read_figure, read_single, single_keys
from medsettle_gateway.policy.reading import Reader, child
from medsettle_gateway.policy.rows import ALWAYS, Figure, FigureKind, Row, RowAction

_OUTPATIENT: Final = "outpatient"
_LIMIT: Final = ("period", "rows", "none", "clause", "force", "counters")
_BAND_OF: Final = "after_deductible"


def read_deductible(reader: Reader, value: object, path: str, owner: str, vocabulary: Vocabulary) -> Limit:
    """Read the deductible of a benefit; with ``period: none`` there is none."""
    return _borne(reader, reader.section(value, path, _LIMIT), path, owner, vocabulary)


def read_threshold(reader: Reader, value: object, path: str, owner: str, vocabulary: Vocabulary) -> Limit:
    """Read the threshold of a layer; with ``of`` it is met by what the patient bore in the year."""
    data = reader.section(value, path, (*_LIMIT, "of"))
    limit = _borne(reader, data, path, owner, vocabulary)
    if "of" not in data:
        return limit
    if "counters" in data:
        reader.fault(child(path, "counters"), "with `of` nothing is counted: the accumulator is looked at")
    if limit.period is not Period.YEAR:
        reader.fault(child(path, "period"), "with `of` it runs over the year, as the accumulators do")
    of = vocabulary.accumulator(reader, data["of"], child(path, "of"))
    return replace(limit, counters=(), of=of)


def read_benefit_cap(
    reader: Reader, value: object, path: str, owner: str, vocabulary: Vocabulary
) -> tuple[Limit, CapPer]:
    """Read the cap of a benefit, and whether each filed condition has its own."""
    data = reader.section(value, path, (*_LIMIT, "per", "within"))
    per = CapPer.BENEFIT
    if "per" in data:
        per = reader.choice(data["per"], child(path, "per"), CapPer)
    cap = _cap(reader, data, path, owner, vocabulary)
    return replace(cap, within=tuple(_all_within(reader, data, path, cap, vocabulary))), per


def read_layer_cap(
    reader: Reader, value: object, path: str, owner: str, vocabulary: Vocabulary, benefits: Iterable[str]
) -> Limit:
    """Read the cap of a layer with the limits inside it; absent: no limit, and yet counted."""
    if value is None:
        none = Row(path, ALWAYS, RowAction.NONE, 0, "")
        return Limit(path, Period.YEAR, Figure(path, FigureKind.LIMIT, (none,)), (owner,))
    data = reader.section(value, path, (*_LIMIT, _OUTPATIENT, "inside"))
    cap = _cap(reader, data, path, owner, vocabulary)
    inside = tuple(_all_inside(reader, data, path, vocabulary, tuple(benefits)))
    return replace(cap, inside=inside)


def read_ratio(
    reader: Reader, value: object, path: str, vocabulary: Vocabulary
) -> tuple[Figure, Bands | None]:
    """Read a ratio: rows, or bands by amount; both may be empty, which is no rule for anybody."""
    data = reader.section(value, path, ("rows", "bands"))
    kind = (path, FigureKind.RATIO)
    figure = read_figure(reader, data.get("rows"), child(path, "rows"), kind, vocabulary.of_rows)
    bands = None
    if data.get("bands"):
        bands = _bands(reader, data["bands"], child(path, "bands"), vocabulary)
    if bands is not None and figure.rows:
        reader.fault(path, "only one of `rows` and `bands` may have entries")
    return figure, bands


def _borne(
    reader: Reader, data: Mapping[str, object], path: str, owner: str, vocabulary: Vocabulary
) -> Limit:
    period = reader.choice(data.get("period", Period.YEAR.value), child(path, "period"), Period)
    figure = _figure(reader, data, path, FigureKind.AMOUNT, vocabulary)
    return Limit(path, period, figure, _counters(reader, data, path, owner))


def _figure(
    reader: Reader, data: Mapping[str, object], path: str, kind: FigureKind, vocabulary: Vocabulary
) -> Figure:
    """The figure of a limit: ``rows``, or one row that says that there is none; none at all is no rule."""
    if "none" in data:
        return read_single(reader, data, (path, kind), vocabulary.of_rows)
    for key in ("clause", "force"):
        if key in data:
            reader.fault(child(path, key), "it stands in each of the `rows`, or beside `none: true`")
    return read_figure(reader, data.get("rows"), child(path, "rows"), (path, kind), vocabulary.of_rows)


def _cap(reader: Reader, data: Mapping[str, object], path: str, owner: str, vocabulary: Vocabulary) -> Limit:
    period = Period.YEAR
    if data.get("period") == Period.NONE.value:
        reader.fault(child(path, "period"), "a missing cap is written `cap: {none: true, clause: ...}`")
    elif "period" in data:
        period = reader.choice(data["period"], child(path, "period"), Period)
    figure = _figure(reader, data, path, FigureKind.LIMIT, vocabulary)
    return Limit(path, period, figure, _counters(reader, data, path, owner))


def _counters(reader: Reader, data: Mapping[str, object], path: str, owner: str) -> tuple[str, ...]:
    if "counters" not in data:
        return (owner,)
    at = child(path, "counters")
    named = reader.ids(data["counters"], at)
    if data["counters"] == []:
        reader.fault(at, f"no name; leave it out to count under {owner}")
    return named


def _all_within(
    reader: Reader, data: Mapping[str, object], path: str, cap: Limit, vocabulary: Vocabulary
) -> Iterable[Within]:
    """The limits around a cap, each with a counter of its own that other benefits may share."""
    seen = dict.fromkeys(cap.counters)
    for at, entry in reader.items(data.get("within", []), child(path, "within")):
        named = reader.section(entry, at, ("counter", "title", "rows"), ("counter", "rows"))
        counter = reader.id(named["counter"], child(at, "counter")) if "counter" in named else ""
        if counter in seen:
            reader.fault(child(at, "counter"), f"{counter} is counted by this cap already")
        seen[counter] = None
        title = read_texts(reader, named["title"], child(at, "title")) if "title" in named else ("", "")
        rows = child(at, "rows")
        figure = read_figure(reader, named.get("rows"), rows, (at, FigureKind.LIMIT), vocabulary.of_rows)
        yield Within(counter, *title, figure)


def read_texts(reader: Reader, value: object, path: str) -> tuple[str, str]:
    """A text in both languages."""
    data = reader.section(value, path, ("zh", "en"), ("zh", "en"))
    zh, en = (reader.text(data[key], child(path, key)) if key in data else "" for key in ("zh", "en"))
    return zh, en


def _all_inside(
    reader: Reader,
    data: Mapping[str, object],
    path: str,
    vocabulary: Vocabulary,
    benefits: tuple[str, ...],
) -> Iterable[Inside]:
    seen: dict[str, None] = {}
    if _OUTPATIENT in data:
        at = child(path, _OUTPATIENT)
        figure = read_figure(reader, data[_OUTPATIENT], at, (at, FigureKind.LIMIT), vocabulary.of_rows)
        seen[_OUTPATIENT] = None
        yield Inside(_OUTPATIENT, None, figure)
    for at, entry in reader.items(data.get("inside", []), child(path, "inside")):
        named = reader.section(entry, at, ("id", "benefits", "rows"), ("id", "benefits", "rows"))
        id_ = reader.id(named["id"], child(at, "id")) if "id" in named else ""
        if id_ in seen:
            reader.fault(child(at, "id"), f"{id_} is counted twice inside this cap")
        seen[id_] = None
        counted = read_benefit_ids(reader, named.get("benefits", []), child(at, "benefits"), benefits)
        rows = child(at, "rows")
        figure = read_figure(reader, named.get("rows"), rows, (at, FigureKind.LIMIT), vocabulary.of_rows)
        yield Inside(id_, counted, figure)


def read_benefit_ids(reader: Reader, value: object, path: str, benefits: tuple[str, ...]) -> tuple[str, ...]:
    """A list of benefits that the pack has."""
    named = reader.ids(value, path)
    for benefit in named:
        if benefit and benefit not in benefits:
            reader.fault(path, f"no benefit {benefit!r} under `benefits`")
    return named


def _bands(reader: Reader, value: object, path: str, vocabulary: Vocabulary) -> Bands | None:
    data = reader.section(value, path, ("of", "over", "rows"))
    if data.get("of", _BAND_OF) != _BAND_OF:
        reader.fault(child(path, "of"), f"only {_BAND_OF} is known")
    over = Over.SETTLEMENT
    if "over" in data:
        over = reader.choice(data["over"], child(path, "over"), Over)
    entries = reader.items(data.get("rows", []), child(path, "rows"))
    bands = tuple(_band(reader, entry, at, vocabulary) for at, entry in entries)
    _check_ascending(reader, bands, child(path, "rows"))
    return Bands(path, over, bands) if bands else None


def _band(reader: Reader, value: object, path: str, vocabulary: Vocabulary) -> Band:
    data = reader.section(value, path, ("up_to", *single_keys(FigureKind.RATIO)))
    up_to_fen = None
    if "up_to" in data:
        up_to_fen = reader.number(data["up_to"], child(path, "up_to"), parse_fen)
    return Band(up_to_fen, read_single(reader, data, (path, FigureKind.RATIO), vocabulary.of_rows))


def _check_ascending(reader: Reader, bands: tuple[Band, ...], path: str) -> None:
    if not bands:
        return
    before_fen = 0
    for index, band in enumerate(bands[:-1]):
        at = child(child(path, index), "up_to")
        if band.up_to_fen is None:
            reader.fault(child(path, index), "only the last band has no `up_to`")
        elif band.up_to_fen <= before_fen:
            reader.fault(at, "bands ascend from 0: each `up_to` is more than the one before")
        before_fen = band.up_to_fen or before_fen
    if bands[-1].up_to_fen is not None:
        reader.fault(child(path, len(bands) - 1), "the last band has no `up_to`: it holds for all above")
