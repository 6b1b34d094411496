"""What may stop a sale before anything is calculated, one check a rule, in the order of Settle."""

from datetime import date, datetime, timedelta
from typing import Final

from medsettle.wire.reasons import Reason
from medsettle.wire.states import ALIVE
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.domain.errors import Refusal, Refused, refuse
from medsettle_gateway.domain.facts import (
    InstitutionFacts,
    KeyRecord,
    MemberFacts,
    ResolvedCredential,
    State,
)
from medsettle_gateway.domain.fingerprint import quoted_digest, split_digest
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.keys import (
    CredentialUseKey,
    Facts,
    InstitutionKey,
    KeyRecordKey,
    MemberKey,
    TerminalKey,
    TicketKey,
)
from medsettle_gateway.domain.sale import RefusalRecord, SaleHead
from medsettle_gateway.service.commands import Caller, Settle
from medsettle_gateway.service.placing import registered_on
from medsettle_gateway.service.quote_token import Quoted
from medsettle_gateway.service.refused import RefusedOnRecord

_A_DAY: Final = timedelta(days=1)


def right_keys(caller: Caller) -> tuple[TerminalKey, KeyRecordKey]:
    """Returns what to load to know whether the caller may still act."""
    return TerminalKey(caller.terminal), KeyRecordKey(caller.key)


def check_right(caller: Caller, facts: Facts, at: datetime) -> KeyRecord:
    """Returns the key that signed the request, if it may still act; it might when the request arrived.

    Raises Refused: KEY_NOT_ACTIVE, TERMINAL_SUSPENDED.
    """
    of_terminal, of_key = right_keys(caller)
    terminal, key = facts.of(of_terminal), facts.of(of_key)
    if key is None or not key.active_at(at):
        raise refuse(Reason.KEY_NOT_ACTIVE, key=caller.key)
    if terminal is None or terminal.state is not State.ACTIVE:
        raise refuse(Reason.TERMINAL_SUSPENDED)
    return key


def check_id_day(request_id: RequestId, at: datetime) -> None:
    """Raises Refused: REQUEST_ID_INVALID, if the day is later than tomorrow: the till's date is wrong."""
    if request_id.ticket.day - day_of(at) > _A_DAY:
        raise refuse(Reason.REQUEST_ID_INVALID, field="request_id")


def check_attempts(request_id: RequestId, facts: Facts, but: str = "") -> None:
    """Raises RefusedOnRecord: EARLIER_ATTEMPT_OPEN, unless the others are over; ``but`` does not count."""
    others = tuple(each for each in facts.of(TicketKey(request_id.ticket)) if each.request_id != but)
    _stop_for(Reason.EARLIER_ATTEMPT_OPEN, others, request_id)


def check_duplicate(recent: tuple[SaleHead, ...], command: Settle) -> None:
    """Raises RefusedOnRecord: POSSIBLE_DUPLICATE, unless the cashier has acknowledged it."""
    if Reason.POSSIBLE_DUPLICATE.value not in command.acknowledgements:
        _stop_for(Reason.POSSIBLE_DUPLICATE, recent, command.request_id)


def _stop_for(reason: Reason, others: tuple[SaleHead, ...], request_id: RequestId) -> None:
    for other in others:
        if other.state in ALIVE and other.request_id != request_id.text:
            raise RefusedOnRecord(RefusalRecord(reason, other=other))


def registered(
    code: str, facts: Facts, day: date, known_at: datetime | None = None
) -> InstitutionFacts:
    """Returns the institution as the register has it on the day, by what was known at an instant; None: now.

    Raises Refused: INSTITUTION_UNKNOWN.
    """
    institution = facts.of(InstitutionKey(code))
    if institution is None:
        raise refuse(Reason.INSTITUTION_UNKNOWN, institution=code)
    return registered_on(facts, institution, day, known_at)


def check_institution(
    code: str, facts: Facts, day: date, known_at: datetime | None = None
) -> InstitutionFacts:
    """Returns the institution as the register has it on the day, by what was known at an instant; None: now.

    Raises Refused: INSTITUTION_UNKNOWN, INSTITUTION_SUSPENDED.
    """
    institution = registered(code, facts, day, known_at)
    if institution.state is State.SUSPENDED:
        raise refuse(Reason.INSTITUTION_SUSPENDED, institution=code)
    return institution


def check_quote(command: Settle, quoted: Quoted | None, at: datetime) -> Quoted | None:
    """Returns the quote that the till sent, None if none. Raises Refused: QUOTE_INVALID."""
    if command.quote_token is None:
        return None
    fault = _fault_of(quoted, command, at)
    if fault:
        raise refuse(Reason.QUOTE_INVALID, quote=fault)
    return quoted


def _fault_of(quoted: Quoted | None, command: Settle, at: datetime) -> str:
    if quoted is None:
        return "not_issued_here"
    if at >= quoted.expires_at:
        return "expired"
    if quoted.institution != command.request_id.institution:
        return "other_institution"
    if quoted.basket_digest != quoted_digest(command.basket):
        return "other_basket"
    return "" if quoted.split_digest == split_digest(command.expected) else "other_split"


def check_credential(
    credential: ResolvedCredential | Refusal, quoted: Quoted | None, facts: Facts
) -> tuple[ResolvedCredential, MemberFacts]:
    """Returns the credential and its member.

    Raises Refused: the resolver's refusal, CREDENTIAL_USED, MEMBER_UNKNOWN; QUOTE_INVALID for another
    patient's.
    """
    if isinstance(credential, Refusal):
        raise Refused(credential)
    if credential.single_use and facts.of(CredentialUseKey(credential.credential_id)) is not None:
        raise refuse(Reason.CREDENTIAL_USED)
    member = facts.of(MemberKey(credential.member))
    if member is None:
        raise refuse(Reason.MEMBER_UNKNOWN)
    if quoted is not None and quoted.member != member.member:
        raise refuse(Reason.QUOTE_INVALID, quote="other_patient")
    return credential, member
