"""Reads a case file's plain data: one worked example of a settlement, with its defaults."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.basket import Encounter, Prescription
from medsettle_gateway.domain.counters import CounterKey, Measure
from medsettle_gateway.domain.member import Account, Aid, Enrolment, Owner, Patient, Scheme, Standing
from medsettle_gateway.domain.money import parse_fen
from medsettle_gateway.domain.place import Designation, Institution, InstitutionKind, Level, Specialty
from medsettle_gateway.policy.case_lines import read_lines
from medsettle_gateway.policy.inputs import CaseInput
from medsettle_gateway.policy.plan import period_of
from medsettle_gateway.policy.reading import LineNumbers, Reader, child, given

SUMS: Final = (
    "total",
    "provider_borne",
    "fully_self_paid",
    "over_limit",
    "self_pay_first",
    "in_scope",
    "deductible",
    "over_cap",
    "personal",
    "cash",
)
"""Keys of ``expect`` that are one amount each."""

_MEASURES: Final[tuple[Measure, ...]] = ("deductible", "paid")
_REQUIRED: Final = ("case", "pack", "date", "lines")
_KNOWN: Final = (
    *_REQUIRED, "title", "basis", "with", "patient", "institution", "encounter",
    "year_to_date", "accounts", "expect",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Expect:
    """What a case expects; only what is given is compared, ``refused`` always."""

    refused: Reason | None
    sums: Mapping[str, int]
    funds: Mapping[str, int] | None
    afterwards: Mapping[str, int] | None
    accounts: tuple[tuple[Owner, int], ...] | None
    after: Mapping[tuple[Measure, str], int]


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
        expect=_expect(reader, top.get("expect")),
    )
    reader.finish()
    return case


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
    found = _by_measure(reader, value, "year_to_date")
    period = period_of(on.year)
    return {CounterKey(period, id_, measure): fen for (measure, id_), fen in found.items()}


def _by_measure(reader: Reader, value: object, path: str) -> dict[tuple[Measure, str], int]:
    data = reader.mapping({} if value is None else value, path, _MEASURES)
    return {
        (measure, id_): amount_fen
        for measure in _MEASURES
        for id_, amount_fen in _amounts(reader, data.get(measure), child(path, measure)).items()
    }


def _amounts(reader: Reader, value: object, path: str) -> dict[str, int]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        reader.fault(path, "expected a mapping of ids to amounts")
        return {}
    return {
        str(id_): reader.number(amount, child(path, str(id_)), parse_fen) for id_, amount in value.items()
    }


def _accounts(reader: Reader, value: object) -> tuple[Account, ...]:
    entries = reader.items([] if value is None else value, "accounts")
    return tuple(
        Account(str(number), *_owner_and(reader, entry, path, "balance"))
        for number, (path, entry) in enumerate(entries, start=1)
    )


def _owner_and(reader: Reader, value: object, path: str, key: str) -> tuple[Owner, int]:
    data = reader.mapping(value, path, ("owner", key), ("owner", key))
    owner = reader.choice(data.get("owner", "self"), child(path, "owner"), Owner)
    return owner, reader.number(data.get(key, "0.00"), child(path, key), parse_fen)


def _expect(reader: Reader, value: object) -> Expect:
    known = (*SUMS, "funds", "afterwards", "accounts", "after", "refused")
    data = given(reader.mapping({} if value is None else value, "expect", known))
    refused, accounts = data.get("refused"), data.get("accounts")
    sums = {key: reader.number(data[key], child("expect", key), parse_fen) for key in SUMS if key in data}
    maps = {
        key: _amounts(reader, data[key], child("expect", key)) if key in data else None
        for key in ("funds", "afterwards")
    }
    listed = None
    if accounts is not None:
        entries = reader.items(accounts, "expect.accounts")
        listed = tuple(_owner_and(reader, entry, path, "amount") for path, entry in entries)
    return Expect(
        refused=None if refused is None else reader.choice(refused, "expect.refused", Reason),
        sums=sums,
        funds=maps["funds"],
        afterwards=maps["afterwards"],
        accounts=listed,
        after=_by_measure(reader, data.get("after"), "expect.after"),
    )
