"""What a place is on a day: its designations, whether it may settle, and where it lies."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.facts import InstitutionFacts, State
from medsettle_gateway.domain.people import Held
from medsettle_gateway.domain.place import (
    CardRule,
    Designated,
    Designation,
    InDistrict,
    Lapsed,
    PlaceFact,
    RegisteredPlace,
    Stopped,
)
from medsettle_gateway.domain.records import DatedRecord
from medsettle_gateway.eligibility.held import held, shown

_ORDER: Final = tuple(Designation)
_REGISTERED: Final = PlaceFact.REGISTERED.value
_DISTRICT, _CARD = PlaceFact.DISTRICT.value, PlaceFact.CARD.value
_OF_PLACE: Final = (_DISTRICT, _CARD)
_STOPS: Final = (
    (PlaceFact.EXIT, Reason.INSTITUTION_EXITED), (PlaceFact.SUSPENSION, Reason.INSTITUTION_SUSPENDED),
)
_SHUT: Final = tuple(kind.value for kind, _ in _STOPS)


def row_of(institution: InstitutionFacts, known: Sequence[DatedRecord], on: date) -> InstitutionFacts:
    """Returns what the register says of the institution on the day: of its rows the one that began last.

    Before its first row it has no designation. Where no row of it is known, it is as it is registered now.
    """
    rows = [each for each in known if each.kind == _REGISTERED]
    if not rows:
        return institution
    begun = [each for each in rows if each.valid_from <= on]
    last = begun[-1] if begun else rows[0]
    row = last.read(RegisteredPlace)
    return replace(
        institution,
        name=row.name,
        region=row.region,
        kind=row.kind,
        level=row.level,
        specialty=row.specialty,
        designations=row.designations if begun else (),
        state=State.SUSPENDED if row.suspended else State.ACTIVE,
        lapsed=() if begun else tuple(Lapsed(each, last.valid_from, None) for each in row.designations),
    )


def place_of(institution: InstitutionFacts, known: Sequence[DatedRecord], on: date) -> InstitutionFacts:
    """Returns the institution with its row, its designations, the district and the means of the day.

    Of a designation that has dated facts they decide, of the others the register.
    """
    if not known:
        return institution
    institution = row_of(institution, known, on)
    here = [each for each in known if each.kind in _OF_PLACE and each.holds(on)]
    districts = [each.read(InDistrict).district for each in here if each.kind == _DISTRICT]
    district = districts[-1] if districts else institution.district
    takes_cards = any(each.kind == _CARD for each in here)
    dated = held(known, PlaceFact.DESIGNATION, Designated)
    if not dated:
        return replace(institution, district=district, takes_cards=takes_cards)
    today = [each.fact.designation for each in dated if each.holds(on)]
    gone = [each for each in dict.fromkeys(each.fact.designation for each in dated) if each not in today]
    undated = [each for each in institution.designations if each not in gone]
    before = [each for each in institution.lapsed if each.designation not in {*today, *gone}]
    return replace(
        institution,
        designations=tuple(sorted({*today, *undated}, key=_ORDER.index)),
        district=district,
        takes_cards=takes_cards,
        lapsed=(*before, *(_lapsed(each, dated, on) for each in sorted(gone, key=_ORDER.index))),
    )


def _lapsed(designation: Designation, dated: Sequence[Held[Designated]], on: date) -> Lapsed:
    """The days next to the one asked about: the contract that ended last, else the first that begins."""
    ours = [each for each in dated if each.fact.designation is designation]
    before = [each for each in ours if each.first_on <= on]
    nearest = before[-1] if before else ours[0]
    return Lapsed(designation, nearest.first_on, nearest.last_on)


def not_open(code: str, known: Sequence[DatedRecord], on: date) -> Refusal | None:
    """Returns why the place may not settle on the day, with the days and the cause, or None.

    INSTITUTION_EXITED before INSTITUTION_SUSPENDED: it lasts longer. Of several the one that ends last.
    """
    if not any(each.kind in _SHUT for each in known):
        return None
    for kind, reason in _STOPS:
        holding = [each for each in held(known, kind, Stopped) if each.holds(on)]
        if holding:
            last = max(holding, key=lambda each: each.last_on or date.max)
            days = shown(last.first_on, last.last_on)
            return Refusal(reason, {"institution": code, **days, "cause": last.fact.cause})
    return None


def without_cards(institution: InstitutionFacts, rule: CardRule | None) -> Refusal | None:
    """Returns CARD_NOT_EQUIPPED where the rule asks for cards and the place cannot take them on the day."""
    if rule is None or institution.kind not in rule.kinds or institution.takes_cards:
        return None
    detail = {"institution": institution.code, "at": institution.kind.value}
    return Refusal(Reason.CARD_NOT_EQUIPPED, {**detail, "clause": rule.clause} if rule.clause else detail)


def with_contract(refusal: Refusal, institution: InstitutionFacts) -> Refusal:
    """Returns a refusal for lack of a designation with the days of its contract, where it had one."""
    if refusal.reason is not Reason.NOT_DESIGNATED:
        return refusal
    wanted = refusal.detail.get("wanted", "").split("|")
    for each in institution.lapsed:
        if each.designation.value in wanted:
            days = {"designation": each.designation.value, **shown(each.first_on, each.last_on)}
            return Refusal(refusal.reason, {**refusal.detail, **days})
    return refusal
