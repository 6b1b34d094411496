"""Reads ``layers``: what other funds pay on what is left, in this order."""

from collections.abc import Iterable, Mapping
from typing import Final

from medsettle_gateway.policy.benefit import Benefit
from medsettle_gateway.policy.layer import BasePart, Counted, Guarantee, Layer, LayerPart, Leaves, Mode
from medsettle_gateway.policy.load_benefits import title_of
from medsettle_gateway.policy.load_facts import Vocabulary
from medsettle_gateway.policy.load_limits import read_layer_cap, read_threshold
from medsettle_gateway.policy.load_rows import (
    read_clause,
    read_figure,
    read_gates,
    read_single,
    single_keys,
)
from medsettle_gateway.policy.reading import Reader, child
from medsettle_gateway.policy.rows import FigureKind

WAYS: Final = (("base", "ratio", "threshold"), ("parts",), ("guarantee",), ("leaves",))
"""The ways in which a layer may say what it pays: the keys of one of them."""

_KNOWN: Final = (
    "id", "title", "fund", "mode", "who", "base", "counts", "threshold", "ratio", "parts", "guarantee",
    "leaves", "cap", "clause",
)  # fmt: skip
_NAMED: Final = ("title", "fund")
_OF_TOTAL: Final = "total"


def read_layers(
    reader: Reader, value: object, benefits: tuple[Benefit, ...], vocabulary: Vocabulary
) -> tuple[Layer, ...]:
    """Read ``layers`` in their order; a benefit may name only layers that are here."""
    entries = reader.items([] if value is None else value, "layers")
    ids = tuple(benefit.id for benefit in benefits)
    layers = tuple(_layer(reader, entry, path, ids, vocabulary) for path, entry in entries)
    _check_ids(reader, layers)
    known = tuple(layer.id for layer in layers)
    for benefit in benefits:
        for layer in benefit.layers:
            if layer and layer not in known:
                path = child(benefit.path, "layers")
                reader.fault(path, f"no layer {layer!r} under `layers`; there: {', '.join(known) or 'none'}")
    return layers


def _check_ids(reader: Reader, layers: tuple[Layer, ...]) -> None:
    seen: dict[str, None] = {}
    for layer in layers:
        if layer.id in seen:
            reader.fault(child(layer.path, "id"), f"there is another layer {layer.id!r} before it")
        seen[layer.id] = None


def _layer(
    reader: Reader, value: object, path: str, benefits: Iterable[str], vocabulary: Vocabulary
) -> Layer:
    required = ("id", *_NAMED) if reader.needs_clause(path) else ("id",)
    data = reader.section(value, path, _KNOWN, required)
    id_ = reader.id(data["id"], child(path, "id")) if "id" in data else ""
    mode = Mode.SETTLEMENT
    if "mode" in data:
        mode = reader.choice(data["mode"], child(path, "mode"), Mode)
    way = _way(reader, data, path)
    threshold = None
    if "threshold" in data and "threshold" in way:
        threshold = read_threshold(reader, data["threshold"], child(path, "threshold"), id_, vocabulary)
    return Layer(
        id=id_,
        path=path,
        title=title_of(reader, data, path, id_),
        fund=reader.id(data.get("fund", id_), child(path, "fund")),
        mode=mode,
        who=read_gates(reader, data, child(path, "who"), vocabulary.of_who),
        counts=reader.choices(data.get("counts", []), child(path, "counts"), Counted),
        threshold=threshold,
        parts=_parts(reader, data, path, vocabulary) if {"base", "parts"}.intersection(way) else (),
        guarantee=_guarantee(reader, data, path, vocabulary) if "guarantee" in way else None,
        leaves=_leaves(reader, data, path, vocabulary) if "leaves" in way else None,
        cap=read_layer_cap(reader, data.get("cap"), child(path, "cap"), id_, vocabulary, benefits),
        clause=read_clause(reader, data, path, required=False),
    )


def _way(reader: Reader, data: Mapping[str, object], path: str) -> tuple[str, ...]:
    """The keys of the one way in which the layer pays; empty after a fault."""
    named = [way for way in WAYS if any(key in data for key in way)]
    if len(named) != 1:
        written = ", ".join(key for way in named for key in way if key in data) or "none of them"
        message = f"a layer has `base` and `ratio`, or one of `parts`, `guarantee`, `leaves`; here: {written}"
        reader.fault(path, message)
        return ()
    return named[0]


def _parts(
    reader: Reader, data: Mapping[str, object], path: str, vocabulary: Vocabulary
) -> tuple[LayerPart, ...]:
    if "parts" in data:
        entries = reader.items(data["parts"], child(path, "parts"))
        if not entries:
            reader.fault(child(path, "parts"), "no part: the layer pays on nothing")
        return tuple(_part(reader, entry, at, vocabulary) for at, entry in entries)
    for key in ("base", "ratio"):
        if key not in data:
            reader.fault(path, f"missing key {key!r}")
    at = child(path, "ratio")
    ratio = reader.section(data.get("ratio", {}), at, ("rows",))
    kind = (at, FigureKind.RATIO)
    figure = read_figure(reader, ratio.get("rows"), child(at, "rows"), kind, vocabulary.of_rows)
    return (LayerPart(path, _base(reader, data, path), figure),)


def _part(reader: Reader, value: object, path: str, vocabulary: Vocabulary) -> LayerPart:
    data = reader.section(value, path, ("base", *single_keys(FigureKind.RATIO)), ("base",))
    figure = read_single(reader, data, (path, FigureKind.RATIO), vocabulary.of_rows)
    return LayerPart(path, _base(reader, data, path), figure)


def _base(reader: Reader, data: Mapping[str, object], path: str) -> BasePart:
    if "base" not in data:
        return BasePart.IN_SCOPE_LEFT
    return reader.choice(data["base"], child(path, "base"), BasePart)


def _guarantee(reader: Reader, section: Mapping[str, object], path: str, vocabulary: Vocabulary) -> Guarantee:
    at = child(path, "guarantee")
    data = reader.section(section["guarantee"], at, ("of", *single_keys(FigureKind.SHARE)))
    if data.get("of", _OF_TOTAL) != _OF_TOTAL:
        reader.fault(child(at, "of"), f"only {_OF_TOTAL} is known: total less what the provider bears")
    return Guarantee(at, read_single(reader, data, (at, FigureKind.SHARE), vocabulary.of_rows))


def _leaves(reader: Reader, section: Mapping[str, object], path: str, vocabulary: Vocabulary) -> Leaves:
    at = child(path, "leaves")
    data = reader.section(section["leaves"], at, ("of", *single_keys(FigureKind.AMOUNT)))
    of = vocabulary.accumulator(reader, data["of"], child(at, "of")) if "of" in data else None
    return Leaves(at, read_single(reader, data, (at, FigureKind.AMOUNT), vocabulary.of_rows), of)
