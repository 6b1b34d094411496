"""Reads a case file's plain data: one worked example of a settlement, with its defaults."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from medsettle_gateway.domain.basket import Encounter
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.policy.assigning import ASSIGNED
from medsettle_gateway.policy.case_amounts import OF_A_STAY, OF_A_YEAR, as_counters, read_by_measure
from medsettle_gateway.policy.case_expect import Expect, read_expect
from medsettle_gateway.policy.case_lines import read_dispensed, read_lines
from medsettle_gateway.policy.case_people import (
    read_accounts,
    read_encounter,
    read_institution,
    read_orders,
    read_patient,
)
from medsettle_gateway.policy.counting import period_of, stay_period
from medsettle_gateway.policy.inputs import CaseInput
from medsettle_gateway.policy.reading import LineNumbers, Reader, child, given

_REQUIRED: Final = ("case", "pack", "date", "lines")
_KNOWN: Final = (
    *_REQUIRED, "title", "basis", "with", "patient", "institution", "encounter", "dispensed", "order",
    "year_to_date", "stay_to_date", "accounts", "expect",
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

    @property
    def assigned(self) -> bool:
        """Are the lines shared out between the benefits of the region?"""
        return self.given.encounter.benefit == ASSIGNED


def read_case(data: object, name: str, lines: LineNumbers) -> Case:
    """Read a case; raises Invalid with every mistake, each with its path and line."""
    reader = Reader(name, lines)
    top = given(reader.mapping(data, "", _KNOWN, _REQUIRED))
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
        given=_input(reader, top),
        expect=read_expect(reader, top.get("expect")),
    )
    if not reader.faults:
        _check_days(reader, case.given)
        _check_benefits(reader, case.given)
    reader.finish()
    return case


def _input(reader: Reader, top: Mapping[str, object]) -> CaseInput:
    on = reader.day(top["date"], "date") if "date" in top else date.min
    encounter = read_encounter(reader, top.get("encounter"))
    return CaseInput(
        service_on=on,
        patient=read_patient(reader, top.get("patient")),
        institution=read_institution(reader, top.get("institution")),
        encounter=encounter,
        lines=read_lines(reader, top.get("lines", [])),
        counters=_counters(reader, top, on, encounter),
        accounts=read_accounts(reader, top.get("accounts")),
        dispensed=read_dispensed(reader, top.get("dispensed")),
        orders=read_orders(reader, top.get("order")),
    )


def _counters(
    reader: Reader, top: Mapping[str, object], on: date, encounter: Encounter
) -> dict[CounterKey, int]:
    of_year = read_by_measure(reader, top.get("year_to_date"), "year_to_date", OF_A_YEAR)
    of_stay = read_by_measure(reader, top.get("stay_to_date"), "stay_to_date", OF_A_STAY)
    if of_stay and encounter.admitted is None:
        reader.fault("stay_to_date", "only a stay counts; name the day it began under `encounter.admitted`")
    return as_counters(of_year, period_of(on.year)) | as_counters(of_stay, stay_period(encounter))


def _check_days(reader: Reader, settled: CaseInput) -> None:
    """A stay is settled on the day of discharge, and nobody is discharged before admission."""
    on = settled.service_on
    admitted, discharged = settled.encounter.admitted, settled.encounter.discharged
    if admitted is not None:
        if admitted > (discharged or on):
            reader.fault("encounter.admitted", "admitted later than discharged")
        if discharged not in {None, on}:
            reader.fault("date", f"the date of a stay is that of discharge, {discharged}")
    born_on = settled.patient.born_on
    if born_on is not None and born_on > on:
        reader.fault("patient.born_on", "born later than the settlement")


def _check_benefits(reader: Reader, settled: CaseInput) -> None:
    """A line may ask for a benefit of its own only where lines are shared out."""
    if settled.encounter.benefit == ASSIGNED:
        return
    for index, line in enumerate(settled.lines):
        if line.benefit is not None:
            path = child(child("lines", index), "benefit")
            reader.fault(path, f"a line has a benefit of its own only with encounter.benefit: {ASSIGNED}")


def _text(reader: Reader, top: Mapping[str, object], key: str) -> str:
    return reader.text(top[key], key) if key in top else ""
