"""Reads who a case is about, where and on what occasion, and who may pay."""

from collections.abc import Mapping

from medsettle_gateway.domain.basket import EmergencyOrder, Encounter, Prescription, Waiver
from medsettle_gateway.domain.member import Account, Aid, Enrolment, Owner, Patient, Scheme, Standing
from medsettle_gateway.domain.money import parse_fen
from medsettle_gateway.domain.place import Designation, Institution, InstitutionKind, Level, Specialty
from medsettle_gateway.policy.reading import Reader, child, given


def read_patient(reader: Reader, value: object) -> Patient:
    """The patient; every key has a default."""
    known = (
        "scheme", "standing", "enrolment", "aid", "conditions", "covered_to", "born_on", "attributes",
    )  # fmt: skip
    data = given(reader.mapping({} if value is None else value, "patient", known))
    conditions = reader.items(data.get("conditions", []), "patient.conditions")
    covered_to, born_on = data.get("covered_to"), data.get("born_on")
    enrolment = data.get("enrolment", "pooled_and_account")
    return Patient(
        scheme=reader.choice(data.get("scheme", "employee"), "patient.scheme", Scheme),
        standing=reader.choice(data.get("standing", "active"), "patient.standing", Standing),
        enrolment=reader.choice(enrolment, "patient.enrolment", Enrolment),
        aid=reader.choice(data.get("aid", "none"), "patient.aid", Aid),
        conditions=tuple(reader.id(condition, path) for path, condition in conditions),
        covered_to=None if covered_to is None else reader.day(covered_to, "patient.covered_to"),
        born_on=None if born_on is None else reader.day(born_on, "patient.born_on"),
        attributes=_attributes(reader, data.get("attributes", {}), "patient.attributes"),
    )


def read_institution(reader: Reader, value: object) -> Institution:
    """The institution; every key has a default."""
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


def read_encounter(reader: Reader, value: object) -> Encounter:
    """The occasion; every key has a default, and the benefit may be ``assigned``."""
    known = (
        "benefit", "prescription", "circulated", "admitted", "discharged", "sessions",
        "emergency", "area", "stay",
    )  # fmt: skip
    data = given(reader.mapping({} if value is None else value, "encounter", known))
    at = {key: child("encounter", key) for key in known}
    admitted, discharged = data.get("admitted"), data.get("discharged")
    if "stay" in data and admitted is None:
        reader.fault(at["stay"], "only a stay has an id; name the day it began under `admitted`")
    return Encounter(
        benefit=reader.id(data.get("benefit", "general_outpatient"), at["benefit"]),
        prescription=reader.choice(data.get("prescription", "own"), at["prescription"], Prescription),
        circulated=reader.flag(data.get("circulated", False), at["circulated"]),
        admitted=None if admitted is None else reader.day(admitted, at["admitted"]),
        discharged=None if discharged is None else reader.day(discharged, at["discharged"]),
        sessions=reader.count(data.get("sessions", 1), at["sessions"]),
        emergency=reader.flag(data.get("emergency", False), at["emergency"]),
        area=reader.id(data["area"], at["area"]) if "area" in data else "",
        stay_id=reader.text(data["stay"], at["stay"]) if "stay" in data else None,
    )


def read_accounts(reader: Reader, value: object) -> tuple[Account, ...]:
    """The payers; they are called by their number, from 1."""
    entries = reader.items([] if value is None else value, "accounts")
    return tuple(
        Account(str(number), *read_owner_and(reader, entry, path, "balance"))
        for number, (path, entry) in enumerate(entries, start=1)
    )


def read_owner_and(reader: Reader, value: object, path: str, key: str) -> tuple[Owner, int]:
    """An owner and the amount in fen under ``key``, of ``accounts``."""
    data = reader.mapping(value, path, ("owner", key), ("owner", key))
    owner = reader.choice(data.get("owner", "self"), child(path, "owner"), Owner)
    return owner, reader.number(data.get(key, "0.00"), child(path, key), parse_fen)


def read_orders(reader: Reader, value: object) -> tuple[EmergencyOrder, ...]:
    """The emergency order (应急) for the institution, if there is one; without days it always holds."""
    if value is None:
        return ()
    required = ("id", "authority", "waives")
    data = given(reader.mapping(value, "order", (*required, "from", "to"), required))
    waives = reader.choices(data.get("waives", []), "order.waives", Waiver)
    if data.get("waives") == []:
        reader.fault("order.waives", "an order that waives nothing changes nothing; leave it out")
    named = {key: reader.text(data[key], child("order", key)) for key in required[:2] if key in data}
    days = {key: reader.day(data[key], child("order", key)) for key in ("from", "to") if key in data}
    if "from" in days and "to" in days and days["to"] <= days["from"]:
        reader.fault("order.to", "`to` is exclusive and must be later than `from`")
    order = EmergencyOrder(
        named.get("id", ""), named.get("authority", ""), waives, days.get("from"), days.get("to")
    )
    return (order,)


def _attributes(reader: Reader, value: object, path: str) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, Mapping):
        reader.fault(path, "expected a mapping of names to values")
        return ()
    return tuple(
        (reader.id(name, child(path, str(name))), _attribute(reader, held, child(path, str(name))))
        for name, held in value.items()
    )


def _attribute(reader: Reader, value: object, path: str) -> str:
    """The register keeps texts; a whole number may be written plainly."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return reader.text(value, path)
