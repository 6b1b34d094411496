"""What a basket dispenses of registered prescriptions: each line that names one is looked at for itself.

An external prescription that names the institution and number under which it was registered came through
circulation (处方流转). One that nobody registered is paper, and as good as before.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from msgspec import Struct

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.asked import AskedLine, AskedPrescription, Basket
from medsettle_gateway.domain.basket import Prescription
from medsettle_gateway.domain.errors import LineFault, refuse_lines
from medsettle_gateway.domain.keys import Facts, PrescriptionKey
from medsettle_gateway.domain.money import format_quantity
from medsettle_gateway.domain.moves import GiveBackPrescriptions, Move
from medsettle_gateway.domain.prescriptions import (
    Draw,
    PharmacistReview,
    PrescriptionFacts,
    ReviewRecord,
)

Registered = Mapping[str, PrescriptionFacts]
"""The registered ones of a basket's prescriptions, by the id that its lines name."""


class Prescribed(Struct, frozen=True):
    """What a basket rests on, if any of its prescriptions is registered.

    ``under``: for each line the prescription that orders it, NONE where none does, and whether that came
    through circulation. ``drawn`` names each drug of a prescription once. ``unreviewed`` are the lines whose
    prescriptions no pharmacist has approved, ``reviewed_elsewhere`` those that none of this place has: a
    region may refuse them.
    """

    under: tuple[tuple[Prescription, bool], ...]
    drawn: tuple[Draw, ...]
    unreviewed: tuple[LineFault, ...] = ()
    reviewed_elsewhere: tuple[LineFault, ...] = ()

    @property
    def circulated(self) -> bool:
        """Does any line rest on a prescription that came through circulation?"""
        return any(circulated for _, circulated in self.under)


def prescription_keys(basket: Basket) -> tuple[PrescriptionKey, ...]:
    """Returns what to load of the basket's external prescriptions; nothing where none may be registered."""
    if not basket.prescriptions:
        return ()
    return tuple(dict.fromkeys(filter(None, map(_key, basket.prescriptions))))


def registered_of(basket: Basket, facts: Facts) -> Registered:
    """Returns those of the basket's prescriptions that are registered, as far as the facts are loaded."""
    found: dict[str, PrescriptionFacts] = {}
    for asked in basket.prescriptions:
        key = _key(asked)
        known = facts.of(key) if key is not None and key in facts else None
        if known is not None:
            found[asked.prescription_id] = known
    return found


def as_registered(basket: Basket, registered: Registered) -> Basket:
    """Returns the basket with what was registered of its prescriptions in place of what the till states.

    That is who prescribed it and when.
    """
    if not registered:
        return basket
    known = (_as_registered(each, registered.get(each.prescription_id)) for each in basket.prescriptions)
    return replace(basket, prescriptions=tuple(known))


def check_prescribed(
    basket: Basket, registered: Registered, member: str, here: str, service_on: date, freed: Iterable[Move]
) -> Prescribed | None:
    """Returns what the basket dispenses; None where none of its prescriptions is registered.

    ``here`` is the place's code. ``freed`` are moves of holds that end first: what they give back is left
    again. Raises Refused with all lines that are refused: PRESCRIPTION_NOT_PATIENTS, PRESCRIPTION_WITHDRAWN,
    PRESCRIPTION_NOT_YET_VALID, PRESCRIPTION_EXPIRED, PRESCRIPTION_REJECTED, PRESCRIPTION_NOT_FOR_ITEM,
    PRESCRIPTION_DISPENSED, PRESCRIPTION_QUANTITY_EXCEEDED.
    """
    if not registered:
        return None
    lines = [(line, registered.get(line.prescription_id or "")) for line in basket.lines]
    given_back = given_back_e4(freed)
    drawn_e4: dict[tuple[str, str, str], int] = {}
    faults: list[LineFault] = []
    for line, known in lines:
        if known is None:
            continue
        refused = _refused(line, known, member, line.service_on or service_on)
        if refused is None:
            drug = (known.prescription.institution, known.prescription.number, line.item_code)
            drawn_e4[drug] = drawn_e4.get(drug, 0) + line.quantity_e4
            refused = _over(line, known, drawn_e4[drug], given_back.get(drug, 0))
        if refused is not None:
            faults.append(refused)
    if faults:
        raise refuse_lines(faults)
    kinds = {each.prescription_id: each.kind for each in basket.prescriptions}
    return Prescribed(
        under=tuple(
            (kinds.get(line.prescription_id or "", Prescription.NONE), known is not None)
            for line, known in lines
        ),
        drawn=tuple(Draw(*drug, quantity_e4) for drug, quantity_e4 in drawn_e4.items()),
        unreviewed=_unreviewed(lines, None),
        reviewed_elsewhere=_unreviewed(lines, here),
    )


def check_reviewed(prescribed: Prescribed | None, asked: Iterable[PharmacistReview] = ()) -> None:
    """Sees that pharmacists have approved what is dispensed, as the region's packs ask for it.

    Of several that ask for something of their own the first counts; none: where an authority of its own
    decides. Raises Refused with all lines that are refused: PRESCRIPTION_NOT_REVIEWED, and where the place's
    own pharmacist must approve PRESCRIPTION_REJECTED.
    """
    if prescribed is None:
        return
    usual = PharmacistReview.ANYWHERE
    review = next((each for each in asked if each is not usual), usual)
    here = review is PharmacistReview.HERE
    faults = prescribed.reviewed_elsewhere if here else prescribed.unreviewed
    if faults and review is not PharmacistReview.NONE:
        raise refuse_lines(faults)


def fits(draws: Sequence[Draw], facts: Facts, freed: Iterable[Move] = ()) -> bool:
    """Returns whether all of it may be dispensed still: not withdrawn, not rejected, and so much is left."""
    given_back = given_back_e4(freed)
    for draw in draws:
        known = facts.of(PrescriptionKey(draw.institution, draw.number))
        if known is None or known.withdrawal is not None or _is_rejected(known.reviews):
            return False
        if draw.quantity_e4 > known.left_e4(draw.item_code, given_back.get(draw[:3], 0)):
            return False
    return True


class Rest(NamedTuple):
    """What is there still of what was handed out, and whether a prescription or some of a drug is not."""

    drawn: tuple[Draw, ...]
    unknown: bool
    exceeded: bool


def rest_of(draws: Sequence[Draw], facts: Facts, freed: Iterable[Move] = ()) -> Rest:
    """Returns what of goods that the patient has already can be drawn still, of all dispensings together.

    ``freed`` are moves that go before. What is left is drawn even where more was handed out: else it would be
    dispensed once more.
    """
    given_back = given_back_e4(freed)
    drawn: list[Draw] = []
    unknown = exceeded = False
    for draw in draws:
        known = facts.of(PrescriptionKey(draw.institution, draw.number))
        drug = known.prescription.drug(draw.item_code) if known is not None else None
        if known is None or drug is None:
            unknown = True
            continue
        drawn_e4 = known.drawn_e4.get(draw.item_code, 0) - given_back.get(draw[:3], 0)
        rest_e4 = min(draw.quantity_e4, known.prescription.allowed_e4(drug) - drawn_e4)
        exceeded = exceeded or rest_e4 < draw.quantity_e4
        if rest_e4 > 0:
            drawn.append(draw._replace(quantity_e4=rest_e4))
    return Rest(tuple(drawn), unknown, exceeded)


def keys_of_draws(draws: Iterable[Draw]) -> tuple[PrescriptionKey, ...]:
    """Returns what to load of the prescriptions that a sale draws of, each once."""
    return tuple(dict.fromkeys(PrescriptionKey(draw.institution, draw.number) for draw in draws))


def kept_draws(basket: Basket, lines: Iterable[AskedLine], draws: Sequence[Draw]) -> tuple[Draw, ...]:
    """Returns what a sale draws still once only these of its lines stay, in these quantities."""
    numbers = {each.prescription_id: _key(each) for each in basket.prescriptions}
    kept_e4: dict[tuple[str, str, str], int] = {}
    for line in lines:
        named = numbers.get(line.prescription_id or "")
        if named is not None:
            drug = (named.institution, named.number, line.item_code)
            kept_e4[drug] = kept_e4.get(drug, 0) + line.quantity_e4
    left = ((draw, min(draw.quantity_e4, kept_e4.get(draw[:3], 0))) for draw in draws)
    return tuple(draw._replace(quantity_e4=quantity_e4) for draw, quantity_e4 in left if quantity_e4)


def _key(asked: AskedPrescription) -> PrescriptionKey | None:
    if asked.kind is not Prescription.EXTERNAL or not (asked.number and asked.institution):
        return None
    # A space that was typed or scanned with it makes no paper of what is registered.
    return PrescriptionKey(asked.institution.strip(), asked.number.strip())


def _as_registered(asked: AskedPrescription, known: PrescriptionFacts | None) -> AskedPrescription:
    if known is None:
        return asked
    registered = known.prescription
    return replace(asked, prescriber=registered.prescriber, issued_on=registered.issued_on)


def _refused(
    line: AskedLine, known: PrescriptionFacts, member: str, service_on: date
) -> LineFault | None:
    """Why the line may dispense nothing of it at all."""
    registered = known.prescription
    if registered.member != member:
        return _fault(line, Reason.PRESCRIPTION_NOT_PATIENTS, known)
    if known.withdrawal is not None:
        return _fault(line, Reason.PRESCRIPTION_WITHDRAWN, known)
    if service_on < registered.issued_on:
        return _fault(
            line, Reason.PRESCRIPTION_NOT_YET_VALID, known, issued_on=registered.issued_on.isoformat()
        )
    if service_on > registered.valid_to:
        return _fault(line, Reason.PRESCRIPTION_EXPIRED, known, valid_to=registered.valid_to.isoformat())
    if _is_rejected(known.reviews):
        return _fault(line, Reason.PRESCRIPTION_REJECTED, known)
    if registered.drug(line.item_code) is None:
        return _fault(line, Reason.PRESCRIPTION_NOT_FOR_ITEM, known)
    return None


def _over(
    line: AskedLine, known: PrescriptionFacts, wanted_e4: int, given_back_e4: int
) -> LineFault | None:
    """Why the line may not dispense so much, with the lines before it of the same drug."""
    left_e4 = known.left_e4(line.item_code, given_back_e4)
    if wanted_e4 <= left_e4:
        return None
    if not left_e4:
        return _fault(line, Reason.PRESCRIPTION_DISPENSED, known)
    left, wanted = format_quantity(left_e4), format_quantity(wanted_e4)
    return _fault(line, Reason.PRESCRIPTION_QUANTITY_EXCEEDED, known, left=left, wanted=wanted)


def _unreviewed(
    lines: Iterable[tuple[AskedLine, PrescriptionFacts | None]], here: str | None
) -> tuple[LineFault, ...]:
    """The lines whose prescriptions no pharmacist has approved: of that place, if one is given.

    What the pharmacist of the place has rejected stays so there, whoever else approves it.
    """
    found: list[LineFault] = []
    for line, known in lines:
        if known is None:
            continue
        said = [review for review in known.reviews if here in {None, review.institution}]
        if _is_rejected(said):
            found.append(_fault(line, Reason.PRESCRIPTION_REJECTED, known))
        elif not said:
            found.append(_fault(line, Reason.PRESCRIPTION_NOT_REVIEWED, known))
    return tuple(found)


def _is_rejected(reviews: Sequence[ReviewRecord]) -> bool:
    """Whether the latest of the reviews did not approve."""
    return bool(reviews) and not reviews[-1].approved


def given_back_e4(freed: Iterable[Move]) -> dict[tuple[str, str, str], int]:
    """Returns what moves give back of each drug of a prescription, x 10^4."""
    back_e4: dict[tuple[str, str, str], int] = {}
    for move in freed:
        if isinstance(move, GiveBackPrescriptions):
            for draw in move.draws:
                back_e4[draw[:3]] = back_e4.get(draw[:3], 0) + draw.quantity_e4
    return back_e4


def _fault(line: AskedLine, reason: Reason, known: PrescriptionFacts, **detail: str) -> LineFault:
    registered = known.prescription
    named = {"prescription": registered.number, "institution": registered.institution}
    return LineFault(line.line_id, line.item_code, reason, {**named, **detail})
