"""Reads a case file's plain data: one worked example of a settlement, with its defaults."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from medsettle_gateway.domain.basket import Encounter, Prescription
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.member import Account, Aid, Enrolment, Patient, Scheme, Standing
from medsettle_gateway.domain.place import Designation, Institution, InstitutionKind, Level, Specialty
from medsettle_gateway.policy.case_expect import Expect, read_by_measure, read_expect, read_owner_and
from medsettle_gateway.policy.case_lines import read_lines
from medsettle_gateway.policy.inputs import CaseInput
from medsettle_gateway.policy.plan import period_of
from medsettle_gateway.policy.reading import LineNumbers, Reader, child, given

_REQUIRED: Final = ("case", "pack", "date", "lines")
_KNOWN: Final = (
    *_REQUIRED, "title", "basis", "with", "patient", "institution", "encounter",
    "year_to_date", "accounts", "expect",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """A case file: its pack and overrides, the engine's input, and what is expected."""

    name: str
    title: str
    basis: str
    pack: str
    overrides: Mapping[str, object]
    given: CaseInput
    expect: Expect


def read_case(data: object, name: str, lines: LineNumbers) -> Case:
    """Read a case; raises Invalid with every mistake, each with its path and line."""
    reader = Reader(name, lines)
    top = given(reader.mapping(data, "", _KNOWN, _REQUIRED))
    on = reader.day(top["date"], "date") if "date" in top else date.min
    overrides = top.get("with") or {}
    if not isinstance(overrides, Mapping):
        reader.fault("with", "expected a mapping of dotted paths to values")
        overrides = {}
    case = Case(
        name=_text(reader, top, "case"),
        title=_text(reader, top, "title"),
        basis=_text(reader, top, "basis"),
        pack=_text(reader, top, "pack"),
        overrides=dict(overrides),
        given=CaseInput(
            service_on=on,
            patient=_patient(reader, top.get("patient")),
            institution=_institution(reader, top.get("institution")),
            encounter=_encounter(reader, top.get("encounter")),
            lines=read_lines(reader, top.get("lines", [])),
            counters=_counters(reader, top.get("year_to_date"), on),
            accounts=_accounts(reader, top.get("accounts")),
        ),
        expect=read_expect(reader, top.get("expect")),
    )
    _check_stay(reader, case.given)
    reader.finish()
    return case


def _check_stay(reader: Reader, settled: CaseInput) -> None:
    """A stay is settled on the day of discharge, and nobody is discharged before admission."""
    admitted, discharged = settled.encounter.admitted, settled.encounter.discharged
    if reader.faults or admitted is None:
        return
    if admitted > (discharged or settled.service_on):
        reader.fault("encounter.admitted", "admitted later than discharged")
    if discharged not in {None, settled.service_on}:
        reader.fault("date", f"the date of a stay is that of discharge, {discharged}")


def _text(reader: Reader, top: Mapping[str, object], key: str) -> str:
    return reader.text(top[key], key) if key in top else ""


def _patient(reader: Reader, value: object) -> Patient:
    known = ("scheme", "standing", "enrolment", "aid", "conditions", "covered_to")
    data = given(reader.mapping({} if value is None else value, "patient", known))
    at = "patient.conditions"
    conditions = reader.items(data.get("conditions", []), at)
    covered_to = data.get("covered_to")
    enrolment = data.get("enrolment", "pooled_and_account")
    return Patient(
        scheme=reader.choice(data.get("scheme", "employee"), "patient.scheme", Scheme),
        standing=reader.choice(data.get("standing", "active"), "patient.standing", Standing),
        enrolment=reader.choice(enrolment, "patient.enrolment", Enrolment),
        aid=reader.choice(data.get("aid", "none"), "patient.aid", Aid),
        conditions=tuple(reader.id(condition, path) for path, condition in conditions),
        covered_to=None if covered_to is None else reader.day(covered_to, "patient.covered_to"),
    )


def _institution(reader: Reader, value: object) -> Institution:
    known = ("kind", "level", "specialty", "designations")
    path = "institution"
    data = given(reader.mapping({} if value is None else value, path, known))
    designations = data.get("designations", ["basic"])
    return Institution(
        kind=reader.choice(data.get("kind", "clinic"), child(path, "kind"), InstitutionKind),
        level=reader.choice(data.get("level", "primary"), child(path, "level"), Level),
        specialty=reader.choice(data.get("specialty", "general"), child(path, "specialty"), Specialty),
        designations=reader.choices(designations, child(path, "designations"), Designation),
    )


def _encounter(reader: Reader, value: object) -> Encounter:
    known = ("benefit", "prescription", "circulated", "admitted", "discharged", "sessions")
    path = "encounter"
    data = given(reader.mapping({} if value is None else value, path, known))
    admitted, discharged = data.get("admitted"), data.get("discharged")
    prescription = data.get("prescription", "own")
    return Encounter(
        benefit=reader.id(data.get("benefit", "general_outpatient"), child(path, "benefit")),
        prescription=reader.choice(prescription, child(path, "prescription"), Prescription),
        circulated=reader.flag(data.get("circulated", False), child(path, "circulated")),
        admitted=None if admitted is None else reader.day(admitted, child(path, "admitted")),
        discharged=(None if discharged is None else reader.day(discharged, child(path, "discharged"))),
        sessions=reader.count(data.get("sessions", 1), child(path, "sessions")),
    )


def _counters(reader: Reader, value: object, on: date) -> dict[CounterKey, int]:
    found = read_by_measure(reader, value, "year_to_date")
    period = period_of(on.year)
    return {CounterKey(period, id_, measure): fen for (measure, id_), fen in found.items()}


def _accounts(reader: Reader, value: object) -> tuple[Account, ...]:
    entries = reader.items([] if value is None else value, "accounts")
    return tuple(
        Account(str(number), *read_owner_and(reader, entry, path, "balance"))
        for number, (path, entry) in enumerate(entries, start=1)
    )
