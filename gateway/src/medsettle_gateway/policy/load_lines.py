"""Reads ``lines``: how a line is divided before any benefit."""

from collections.abc import Mapping

from medsettle_gateway.policy.line_rules import Catalogue, Exclusion, LineRules, OverCeiling
from medsettle_gateway.policy.load_facts import Vocabulary
from medsettle_gateway.policy.load_rows import read_clause, read_condition, read_figure
from medsettle_gateway.policy.reading import Reader, child
from medsettle_gateway.policy.rows import Figure, FigureKind


def read_lines(reader: Reader, value: object, vocabulary: Vocabulary) -> LineRules:
    """Read ``lines``; a section that is absent divides nothing off."""
    known = ("catalogues", "self_pay_first", "ceilings", "over_ceiling", "excluded")
    data = reader.section({} if value is None else value, "lines", known)
    mode = OverCeiling.DIFFERENCE
    if "over_ceiling" in data:
        mode = reader.choice(data["over_ceiling"], "lines.over_ceiling", OverCeiling)
    excluded = reader.items(data.get("excluded", []), "lines.excluded")
    catalogues = reader.items(data.get("catalogues", []), "lines.catalogues")
    return LineRules(
        self_pay_first=_figure(reader, data, "self_pay_first", FigureKind.SHARE, vocabulary),
        ceilings=_figure(reader, data, "ceilings", FigureKind.UNIT_PRICE, vocabulary),
        over_ceiling=mode,
        excluded=tuple(_exclusion(reader, entry, path, vocabulary) for path, entry in excluded),
        catalogues=tuple(_catalogue(reader, entry, path, vocabulary) for path, entry in catalogues),
    )


def _figure(
    reader: Reader, data: Mapping[str, object], key: str, kind: FigureKind, vocabulary: Vocabulary
) -> Figure:
    path = child("lines", key)
    return read_figure(reader, data.get(key), path, (path, kind), vocabulary.of_lines)


def _exclusion(reader: Reader, value: object, path: str, vocabulary: Vocabulary) -> Exclusion:
    data = reader.mapping(value, path, ("when", "clause"))
    when = read_condition(reader, data, path, vocabulary.of_lines)
    return Exclusion(path, when, read_clause(reader, data, path, required=True))


def _catalogue(reader: Reader, value: object, path: str, vocabulary: Vocabulary) -> Catalogue:
    """One row; it asks for people and places only, since the class of a line is what it decides."""
    data = reader.mapping(value, path, ("when", "list", "clause"), ("list",))
    when = read_condition(reader, data, path, vocabulary.of_rows)
    listed = reader.id(data["list"], child(path, "list")) if "list" in data else ""
    return Catalogue(path, when, listed, read_clause(reader, data, path, required=True))
