"""Reads ``eligibility`` and ``warnings``."""

from collections.abc import Mapping
from typing import Final

from medsettle_gateway.domain.place import Designation
from medsettle_gateway.policy.facts import SETTLEMENT_FACTS
from medsettle_gateway.policy.load_benefits import read_title
from medsettle_gateway.policy.load_facts import Vocabulary, askable
from medsettle_gateway.policy.load_persons import PERSON_SECTIONS
from medsettle_gateway.policy.load_prescription import PRESCRIPTION_KEYS
from medsettle_gateway.policy.load_rows import read_clause, read_figure, read_gate, read_tests
from medsettle_gateway.policy.load_traceability import TRACE_KEYS
from medsettle_gateway.policy.load_work import WORK_KEYS
from medsettle_gateway.policy.notices import At, Notice
from medsettle_gateway.policy.plan import Eligibility
from medsettle_gateway.policy.reading import Reader, child
from medsettle_gateway.policy.rows import FigureKind

_SECTIONS: Final = ("institution", "filing", *PERSON_SECTIONS, *WORK_KEYS, *PRESCRIPTION_KEYS, *TRACE_KEYS)
_DESIGNATION: Final = askable(("designation",))


def read_eligibility(
    reader: Reader, value: object, vocabulary: Vocabulary
) -> tuple[Eligibility, tuple[str, ...]]:
    """Read ``eligibility``: the institution's gate, and the benefits that need a filing."""
    data = reader.section({} if value is None else value, "eligibility", _SECTIONS)
    filing = reader.ids(data.get("filing", []), "eligibility.filing")
    if "institution" not in data:
        return Eligibility(()), filing
    path = "eligibility.institution"
    known = ("designation", "except", "clause")
    institution = reader.section(data["institution"], path, known, ("designation",))
    tests = dict(read_tests(reader, institution, path, _DESIGNATION))
    held = tuple(designation.value for designation in Designation)
    wanted = tuple(value for value in tests.get("designation", ()) if value in held)
    facts = askable(SETTLEMENT_FACTS, vocabulary.declared)
    exceptions = []
    for at, entry in reader.items(institution.get("except", []), child(path, "except")):
        exception = read_gate(reader, entry, at, facts)
        if not exception.tests and not exception.least:
            reader.fault(at, "an exception names at least one fact; this one would lift the gate for all")
        exceptions.append(exception)
    clause = read_clause(reader, institution, path, required=False)
    return Eligibility(wanted, clause, tuple(exceptions)), filing


def read_notices(reader: Reader, value: object, vocabulary: Vocabulary) -> tuple[Notice, ...]:
    """Read ``warnings`` in the order of the file."""
    if value is None:
        return ()
    if not isinstance(value, Mapping):
        reader.fault("warnings", "expected a mapping of warning ids")
        return ()
    return tuple(_notice(reader, str(id_), entry, vocabulary) for id_, entry in value.items())


def _notice(reader: Reader, id_: str, value: object, vocabulary: Vocabulary) -> Notice:
    path = child("warnings", id_)
    reader.id(id_, path)
    keys = ("title", "of", "at", "rows")
    data = reader.section(value, path, keys, keys)
    written = data.get("of", next(iter(vocabulary.accumulators), "personal"))
    rows = child(path, "rows")
    kind = (path, FigureKind.AMOUNT)
    return Notice(
        id=id_,
        path=path,
        title=read_title(reader, data.get("title", {}), child(path, "title")),
        of=vocabulary.accumulator(reader, written, child(path, "of")),
        at=reader.choice(data.get("at", At.REACHED.value), child(path, "at"), At),
        figure=read_figure(reader, data.get("rows"), rows, kind, vocabulary.of_rows),
    )
