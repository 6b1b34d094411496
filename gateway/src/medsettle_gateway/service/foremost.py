"""Which of several refusals is told: the one that can be cured the least at the counter comes first.

A sale is checked in another order, since goods and prescriptions cost nothing to look at and cover and
benefits are for whoever decides. So where one of the later stages is refused, the stages before are asked.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from enum import IntEnum
from typing import Final

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY, Encounter
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.member import Patient
from medsettle_gateway.domain.place import Institution
from medsettle_gateway.policy.assigning import home, ranked
from medsettle_gateway.policy.engine import may_enter, may_have
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.shut import shut_for_good
from medsettle_gateway.policy.taking import leaves_a_channel
from medsettle_gateway.service import casework
from medsettle_gateway.service.authority import Question


class Stage(IntEnum):
    """The stages of a sale, in the order in which their refusals are told."""

    PLACE = 1
    """The place: nobody is served there."""
    PERSON = 2
    """The person: whose credential it is, and whether there is cover, here and on the day."""
    BENEFIT = 3
    """The benefit: whom it is for, where it is given, whether the region has switched it on."""
    FILING = 4
    """What is filed, and whether it holds; special cases of late claims are filed, too."""
    PRESCRIPTION = 5
    """What was prescribed, by whom, and what is left of it."""
    GOODS = 6
    """The items, their codes, and who pays for them."""


def _of(stage: Stage, reasons: Iterable[Reason]) -> dict[Reason, Stage]:
    return dict.fromkeys(reasons, stage)


_R: Final = Reason
STAGES: Final[Mapping[Reason, Stage]] = {
    **_of(Stage.PLACE, (
        _R.INSTITUTION_UNKNOWN, _R.INSTITUTION_SUSPENDED, _R.INSTITUTION_EXITED,
    )),
    **_of(Stage.PERSON, (
        _R.CREDENTIAL_INVALID, _R.CREDENTIAL_EXPIRED, _R.CREDENTIAL_USED, _R.CREDENTIAL_NOT_ACCEPTED,
        _R.CREDENTIAL_CODE_UNKNOWN, _R.CREDENTIAL_OTHER_REGION, _R.CREDENTIAL_AMBIGUOUS, _R.MEMBER_UNKNOWN,
        _R.NOT_COVERED, _R.COVER_INTERRUPTED, _R.COVER_IN_ARREARS, _R.ARREARS_NOT_RESTORED,
        _R.IN_WAITING_PERIOD, _R.YEAR_NOT_PAID, _R.YEAR_NOT_BEGUN, _R.BENEFITS_SUSPENDED, _R.DOUBLE_COVER,
        _R.OUTSIDE_AGE_BOUND, _R.OUT_OF_AREA_UNFILED, _R.OUT_OF_AREA_CLAIM, _R.CARD_NOT_EQUIPPED,
    )),
    **_of(Stage.BENEFIT, (
        _R.PACK_NOT_IN_FORCE, _R.BENEFIT_UNKNOWN, _R.NOT_DESIGNATED, _R.NOT_FOR_SCHEME, _R.NOT_FOR_STANDING,
        _R.NOT_FOR_ENROLMENT, _R.NOT_FOR_AID, _R.NOT_FOR_ATTRIBUTE, _R.AID_CERTIFICATE_NOT_VALID,
        _R.AID_OF_OTHER_DISTRICT, _R.NOT_AT_KIND, _R.NOT_AT_LEVEL, _R.NOT_AT_SPECIALTY, _R.SWITCH_OFF,
    )),
    **_of(Stage.FILING, (
        _R.NOT_FILED, _R.NOT_FOR_CONDITION, _R.FILING_ELSEWHERE, _R.FILING_NOT_IN_FORCE,
        _R.FILING_REVIEW_OVERDUE, _R.FILING_REVIEW_FAILED, _R.CLAIM_TOO_LATE,
    )),
    **_of(Stage.PRESCRIPTION, (
        _R.NOT_A_STAY, _R.PRESCRIPTION_KIND, _R.NOT_CIRCULATED, _R.PRESCRIPTION_NOT_PATIENTS,
        _R.PRESCRIPTION_WITHDRAWN, _R.PRESCRIPTION_NOT_YET_VALID, _R.PRESCRIPTION_EXPIRED,
        _R.PRESCRIPTION_REJECTED, _R.PRESCRIPTION_NOT_FOR_ITEM, _R.PRESCRIPTION_DISPENSED,
        _R.PRESCRIPTION_QUANTITY_EXCEEDED, _R.PRESCRIPTION_NOT_REVIEWED, _R.PRESCRIBER_UNKNOWN,
        _R.PRESCRIBER_SUSPENDED, _R.PRESCRIBER_NOT_FILED, _R.PRESCRIBER_MISSING, _R.PHARMACIST_UNKNOWN,
        _R.PHARMACIST_SUSPENDED,
    )),
    **_of(Stage.GOODS, (
        _R.ITEM_UNKNOWN, _R.ITEM_NOT_VALID, _R.TRACE_CODE_SOLD, _R.TRACE_CODE_SPLIT, _R.TRACE_CODE_USED_UP,
        _R.TRACE_CODE_TWICE, _R.TRACE_CODES_TOO_MANY, _R.TRACE_CODE_REQUIRED, _R.TRACE_CODE_INVALID,
        _R.ACCOUNT_UNKNOWN, _R.ACCOUNT_FROZEN, _R.CONSENT_REQUIRED, _R.STANDING_CONSENT_NOT_GIVEN,
        _R.BINDING_NOT_BEGUN, _R.BINDING_ENDED, _R.FAMILY_LIMIT_REACHED,
    )),
}
"""At which stage a reason stands. The others are told where they are met: they are of one stage's own."""


def foremost(refusal: Refusal, before: Refusal | None) -> Refusal:
    """Returns the refusal to tell: ``before`` where its stage comes before that of the one that was met."""
    if before is None:
        return refusal
    met, other = STAGES.get(refusal.reason), STAGES.get(before.reason)
    return before if met is not None and other is not None and other < met else refusal


def has_stages_before(refusal: Refusal) -> bool:
    """Returns whether a stage that was not looked at whole may be refused before that of the refusal."""
    return STAGES.get(refusal.reason, Stage.PLACE) > Stage.BENEFIT


def why_not(
    pack: Pack, benefit: str, patient: Patient, place: Institution, encounter: Encounter, on: date
) -> Refusal | None:
    """Returns why a benefit is not to be had before anything is bought; None where it is."""
    refusal = may_have(pack, benefit, patient, place, encounter, on)
    if refusal is None or not has_stages_before(refusal):
        return refusal
    return foremost(refusal, shut_for_good(pack, benefit, patient, place, encounter, on))


def shut(own: Pack, packs: Sequence[Pack], asked: Question) -> Refusal | None:
    """Returns why nothing is sold to the person there, or a benefit that is asked for is not to be had.

    First what holds whatever is filed and brought. ``own`` is the pack of the person's scheme, ``packs`` are
    the region's: of those that have a benefit the one by which a sale goes.

    Of one that leaves drugs to another channel nothing is said: which lines it gets turns on the goods.
    """
    named = dict.fromkeys(line.benefit or asked.basket.benefit for line in asked.basket.lines)
    place, on, scheme = asked.institution.place, asked.service_on, asked.member.scheme.value
    patient, encounter = casework.patient(asked.member, on), casework.encounter(asked)
    refusal = may_enter(own, PERSONAL_ACCOUNT_ONLY, patient, place, encounter, on)
    if refusal is not None:
        return refusal
    homes = {each: home(packs, scheme, each) for each in named if each is not None}
    for _, each in ranked(packs, [(pack.id, each) for each, pack in homes.items()]):
        pack = homes[each]
        benefit = pack.rules.benefit(each)
        if benefit is not None and leaves_a_channel(benefit):
            continue
        rules = (pack, each, patient, place, encounter, on)
        refusal = shut_for_good(*rules) or may_enter(*rules)
        # What came through circulation shows only once prescriptions are looked at.
        if refusal is not None and refusal.reason is not Reason.NOT_CIRCULATED:
            return refusal
    return None
