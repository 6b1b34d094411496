"""Prescriptions that may still be dispensed to a patient: nothing is changed by looking."""

from dataclasses import dataclass
from datetime import date

from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.calendar import day_ends_at, day_of
from medsettle_gateway.domain.errors import Refusal, Refused, refuse
from medsettle_gateway.domain.facts import ResolvedCredential
from medsettle_gateway.domain.keys import (
    AnyKey,
    Facts,
    InstitutionKey,
    MemberKey,
    OpenPrescriptionsKey,
)
from medsettle_gateway.domain.prescriptions import OPEN_MOST
from medsettle_gateway.service.circulating import PrescriptionAnswer, PrescriptionsAnswer
from medsettle_gateway.service.commands import FetchPrescriptions
from medsettle_gateway.service.desk import Now
from medsettle_gateway.service.guards import check_institution
from medsettle_gateway.service.placing import place_keys, place_on
from medsettle_gateway.service.review_token import Shown


@dataclass(frozen=True, slots=True)
class AskedFetch:
    """A question for prescriptions with what could be said of its credential."""

    command: FetchPrescriptions
    credential: ResolvedCredential | Refusal


def needs_fetch(asked: AskedFetch, known: Facts, now: Now) -> tuple[AnyKey, ...]:  # noqa: ARG001 - called alike
    """Returns what to load: the place, and what is open for the patient."""
    code = asked.command.caller.institution
    keys: tuple[AnyKey, ...] = (InstitutionKey(code), *place_keys(code))
    if isinstance(asked.credential, Refusal):
        return keys
    return (*keys, MemberKey(asked.credential.member), _asked_key(asked, asked.credential.member, now))


def fetched(asked: AskedFetch, facts: Facts, now: Now) -> PrescriptionsAnswer:
    """Returns what may still be dispensed. Raises Refused: the place's, the credential's, MEMBER_UNKNOWN."""
    command = asked.command
    today = day_of(now.at)
    place_on(facts, check_institution(command.caller.institution, facts, today), today)
    if isinstance(asked.credential, Refusal):
        raise Refused(asked.credential)
    member = facts.of(MemberKey(asked.credential.member))
    if member is None:
        raise refuse(Reason.MEMBER_UNKNOWN)
    found = facts.of(_asked_key(asked, member.member, now))
    shown = Shown(member.member, command.caller.institution, day_ends_at(today))
    return PrescriptionsAnswer(
        tuple(PrescriptionAnswer(each, member.masked_name, today) for each in found),
        now.desk.reviews.issue(shown),
    )


def open_key(member: str, on: date) -> OpenPrescriptionsKey:
    """Returns what to load of a patient's prescriptions that may be dispensed on the day."""
    return OpenPrescriptionsKey(member, on, OPEN_MOST)


def _asked_key(asked: AskedFetch, member: str, now: Now) -> OpenPrescriptionsKey:
    """Of a patient with more than are answered at once, what is asked for by its number is found still."""
    command = asked.command
    return structs.replace(
        open_key(member, day_of(now.at)), number=command.number, institution=command.institution
    )
