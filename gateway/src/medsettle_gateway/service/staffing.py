"""Who prescribed and who reviewed what a basket rests on, and whether they may."""

from datetime import date

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.asked import AskedPrescription, Basket
from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY, Prescription
from medsettle_gateway.domain.errors import Refusal, Refused
from medsettle_gateway.domain.facts import InstitutionFacts
from medsettle_gateway.domain.keys import Facts, RecordsKey
from medsettle_gateway.domain.records import Subject, known
from medsettle_gateway.domain.staff import StaffFacts, StaffRole, StaffRule
from medsettle_gateway.eligibility.staff import not_filed, refusal_of, staff_of


def staff_keys(basket: Basket) -> tuple[RecordsKey, ...]:
    """Returns what to load of those who are named on the basket's prescriptions, each once."""
    return tuple(map(staff_key, _named(basket)))


def staff_key(code: str) -> RecordsKey:
    """Returns what to load of one who prescribes or reviews."""
    return RecordsKey(Subject.STAFF.named(code))


def staff_known(facts: Facts, code: str) -> StaffFacts:
    """Returns what is known of a code on all days, as of now."""
    records = facts.of(staff_key(code))
    return staff_of(code, known(records) if records else ())


def staff_of_basket(facts: Facts, basket: Basket) -> tuple[StaffFacts, ...]:
    """Returns those who are named on the basket's prescriptions, each once, in the order of naming."""
    return tuple(staff_known(facts, code) for code in _named(basket))


def check_staff(
    basket: Basket,
    staff: tuple[StaffFacts, ...],
    institution: InstitutionFacts,
    service_on: date,
    rules: tuple[StaffRule, StaffRule],
) -> None:
    """Sees that all who are named may act; ``rules``: for those who prescribe, and who review.

    Raises Refused: PRESCRIBER_SUSPENDED, PRESCRIBER_UNKNOWN, PHARMACIST_SUSPENDED, PHARMACIST_UNKNOWN, each
    with the prescription.
    """
    if not staff:
        return
    of_code = {each.code: each for each in staff}
    prescribing, reviewing = rules
    for each in basket.prescriptions:
        if each.prescriber:
            where, on = prescribed_at(each, institution.code), prescribed_on(each, service_on)
            _check(each, of_code[each.prescriber], StaffRole.PRESCRIBER, (where, on), prescribing)
        if each.pharmacist:
            at_counter = (institution.code, service_on)
            _check(each, of_code[each.pharmacist], StaffRole.PHARMACIST, at_counter, reviewing)


def asks_for(rule: StaffRule, benefit: str) -> bool:
    """Does a benefit ask for a prescriber by name, where its lines rest on a prescription?"""
    return benefit != PERSONAL_ACCOUNT_ONLY and (rule.known or benefit in rule.filed_for)


def check_prescribers(
    basket: Basket,
    staff: tuple[StaffFacts, ...],
    portion: tuple[str, tuple[int, ...]],
    asked: tuple[date, Prescription],
    rule: StaffRule,
) -> None:
    """Sees that a benefit for which a region asks for a prescriber has one, filed where it asks for that.

    ``portion``: the benefit, and the lines that it takes by their place. ``asked``: the day of service, and
    what prescription a line rests on that names none. Raises Refused: PRESCRIBER_MISSING,
    PRESCRIBER_NOT_FILED.
    """
    benefit, lines = portion
    if not asks_for(rule, benefit):
        return
    of_code = {each.code: each for each in staff}
    service_on, implied = asked
    for each in _of_lines(basket, lines, implied):
        if each is None or not each.prescriber:
            which = {} if each is None else {"prescription": each.prescription_id}
            clause = {"clause": rule.clause} if rule.clause else {}
            raise Refused(Refusal(Reason.PRESCRIBER_MISSING, {"benefit": benefit, **which, **clause}))
        refusal = not_filed(of_code[each.prescriber], prescribed_on(each, service_on), rule, benefit)
        if refusal is not None:
            raise Refused(Refusal(refusal.reason, {"prescription": each.prescription_id, **refusal.detail}))


def _of_lines(
    basket: Basket, lines: tuple[int, ...], implied: Prescription
) -> list[AskedPrescription | None]:
    """The prescriptions of the lines, each once; a line that names none rests on all; None: on one unsaid."""
    named = {basket.lines[index].prescription_id for index in lines}
    if None not in named:
        return [each for each in basket.prescriptions if each.prescription_id in named]
    if basket.prescriptions:
        return list(basket.prescriptions)
    return [] if implied is Prescription.NONE else [None]


def prescribed_at(prescription: AskedPrescription, here: str) -> str:
    """Returns where it was prescribed: an own one here; empty where nobody said."""
    return here if prescription.kind is Prescription.OWN else prescription.institution


def prescribed_on(prescription: AskedPrescription, service_on: date) -> date:
    """Returns the day on which it was prescribed: as stated, else that of the service, and never after it.

    Else a till could state a day on which a suspension will be over.
    """
    return min(prescription.issued_on or service_on, service_on)


def _check(
    prescription: AskedPrescription,
    staff: StaffFacts,
    role: StaffRole,
    acted: tuple[str, date],
    rule: StaffRule,
) -> None:
    refusal = refusal_of(staff, role, *acted, rule)
    if refusal is not None:
        detail = {"prescription": prescription.prescription_id, **refusal.detail}
        raise Refused(Refusal(refusal.reason, detail))


def _named(basket: Basket) -> tuple[str, ...]:
    if not basket.prescriptions:
        return ()
    codes = ((each.prescriber, each.pharmacist) for each in basket.prescriptions)
    return tuple(dict.fromkeys(code for pair in codes for code in pair if code))
