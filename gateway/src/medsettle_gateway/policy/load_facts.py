"""Reads the facts that a pack declares, and says which facts a condition may name where."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from medsettle_gateway.policy.facts import (
    FACT_VALUES,
    LINE_FACTS,
    PATIENT_FACTS,
    SETTLEMENT_FACTS,
    SWITCH,
    UNIT_PRICE_AT_LEAST,
    WHERE_ORDER,
    DeclaredFact,
    Source,
)
from medsettle_gateway.policy.limits import Accumulator
from medsettle_gateway.policy.reading import Reader, child

AT_LEAST: Final = "_at_least"
"""Ends the key under which a condition asks for the least that a number must be."""

_ATTRIBUTE: Final = Source.ATTRIBUTE.value + "."
_NUMBER: Final = "int"
_TAKEN: Final = (*FACT_VALUES, SWITCH, "clause", "force", "list")


@dataclass(frozen=True, slots=True)
class Askable:
    """What the conditions of one place may name, in the order of checks.

    ``facts`` are those with their values: None is an open list of ids. ``numbers`` are the facts
    among them that are whole numbers; ``others`` are keys that are no facts.
    """

    facts: Mapping[str, tuple[str, ...] | None]
    numbers: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key that a condition may have."""
        return (*self.facts, *(number + AT_LEAST for number in self.numbers), *self.others)


def askable(
    names: Iterable[str], declared: Iterable[DeclaredFact] = (), others: tuple[str, ...] = ()
) -> Askable:
    """The built-in facts of these names, then those that the pack declares."""
    own = tuple(declared)
    facts = {name: FACT_VALUES[name] for name in names if name in FACT_VALUES}
    facts |= {fact.name: fact.values for fact in own}
    return Askable(facts, tuple(fact.name for fact in own if fact.is_number), others)


NOTHING: Final = Askable({})
ROWS_OF_LINES: Final = askable((*SETTLEMENT_FACTS, *LINE_FACTS), others=(UNIT_PRICE_AT_LEAST,))
"""What rows under ``lines`` may name in a pack that declares no facts."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the sections of a pack may name: its own facts besides the built-in ones, and its accumulators."""

    declared: tuple[DeclaredFact, ...] = ()
    accumulators: tuple[Accumulator, ...] = ()

    @property
    def of_rows(self) -> Askable:
        """Rows of figures, wherever a settlement decides them."""
        return askable(SETTLEMENT_FACTS, self.declared)

    @property
    def of_lines(self) -> Askable:
        """Rows under ``lines``."""
        return askable((*SETTLEMENT_FACTS, *LINE_FACTS), self.declared, (UNIT_PRICE_AT_LEAST,))

    @property
    def of_takes(self) -> Askable:
        """Entries of ``takes``: what is known of a line by itself."""
        return askable((*LINE_FACTS, "condition"), self.declared, (UNIT_PRICE_AT_LEAST,))

    @property
    def of_who(self) -> Askable:
        """Entries of ``who``."""
        return askable(PATIENT_FACTS, self.declared)

    @property
    def of_where(self) -> Askable:
        """Entries of ``where`` and of ``accounts.at``."""
        return askable(WHERE_ORDER, self.declared, (SWITCH,))

    def accumulator(self, reader: Reader, value: object, path: str) -> Accumulator:
        """An accumulator that the pack keeps; any other is a fault."""
        faults = len(reader.faults)
        found = reader.choice(value, path, Accumulator)
        if len(reader.faults) == faults and found not in self.accumulators:
            kept = ", ".join(self.accumulators) or "none"
            reader.fault(path, f"{found.value} is not under `accumulators`; counted: {kept}")
        return found


def read_vocabulary(reader: Reader, facts: object, accumulators: object) -> Vocabulary:
    """Read ``facts`` and ``accumulators``."""
    kept = () if accumulators is None else reader.choices(accumulators, "accumulators", Accumulator)
    if facts is None:
        return Vocabulary((), kept)
    if not isinstance(facts, Mapping):
        reader.fault("facts", "expected a mapping of names to what they are")
        return Vocabulary((), kept)
    read = (_declared(reader, str(name), entry) for name, entry in facts.items())
    declared = tuple(fact for fact in read if fact is not None)
    for number in (fact.name + AT_LEAST for fact in declared if fact.is_number):
        if number in facts:
            reader.fault(child("facts", number), "taken: so a condition asks for the least of a number")
    return Vocabulary(declared, kept)


def _declared(reader: Reader, name: str, entry: object) -> DeclaredFact | None:
    path = child("facts", name)
    named = reader.id(name, path)
    if name in (*_TAKEN, UNIT_PRICE_AT_LEAST):
        reader.fault(path, f"{name} has a meaning already; choose another name")
        named = ""
    data = reader.section(entry, path, ("from", "kind", "values"), ("from",))
    source, attribute = _source(reader, data.get("from", ""), child(path, "from"))
    values = _values(reader, data, path)
    if source is Source.AGE and values is not None:
        reader.fault(path, "an age is a whole number: write `kind: int` in place of `values`")
    if source is Source.AREA and values is None:
        reader.fault(path, "an area is no number: write its `values`")
    # One with other mistakes is kept: the rows that ask for it have none.
    return DeclaredFact(name, source, values, attribute) if named else None


def _source(reader: Reader, value: object, path: str) -> tuple[Source, str]:
    written = value if isinstance(value, str) else ""
    if written.startswith(_ATTRIBUTE):
        return Source.ATTRIBUTE, reader.id(written.removeprefix(_ATTRIBUTE), path)
    for source in (Source.AGE, Source.AREA):
        if written == source.value:
            return source, ""
    known = f"{Source.AGE.value}, {_ATTRIBUTE}<name>, {Source.AREA.value}"
    reader.fault(path, f"expected one of {known}, got {value!r}")
    return Source.ATTRIBUTE, ""


def _values(reader: Reader, data: Mapping[str, object], path: str) -> tuple[str, ...] | None:
    """The values of a fact; None for a whole number."""
    if ("kind" in data) == ("values" in data):
        reader.fault(path, "a fact has either `values` or `kind: int`")
        return None
    if "kind" in data:
        if data["kind"] != _NUMBER:
            reader.fault(child(path, "kind"), f"only {_NUMBER} is known; a fact with names has `values`")
        return None
    at = child(path, "values")
    found: dict[str, None] = {}
    for place, entry in reader.items(data["values"], at):
        value = reader.text(entry, place)
        if value and value in found:
            reader.fault(place, f"{value} is named twice")
        found[value] = None
    if not found:
        reader.fault(at, "a fact without values tells nobody apart")
    return tuple(found)
