"""From the bytes of the eligibility and terminal services to the till's values."""

from datetime import datetime
from typing import NamedTuple, TypeAlias

from medsettle._exchange.answering import (
    UnreadableError,
    advisories,
    day,
    instant,
    optional_fen,
    parsed,
    refusal,
    remainders,
)
from medsettle.models import (
    Account,
    AccountState,
    Answer,
    BenefitAnswer,
    Eligibility,
    Filing,
    ItemAnswer,
    OpenPrescription,
    Refusal,
)
from medsettle.wire.v1 import eligibility_pb2, terminal_pb2

_Refusable: TypeAlias = (
    eligibility_pb2.CheckEligibilityResponse | eligibility_pb2.BenefitAnswer | eligibility_pb2.Account
    | eligibility_pb2.Filing | eligibility_pb2.ItemAnswer
)
"""What may be answered by no, with the reason."""


class Enrolled(NamedTuple):
    """What a terminal needs to know after Enrol."""

    terminal: str
    institution: str
    institution_name: str
    key: str
    audience: str
    root_public_key: bytes
    not_after: datetime | None


class Rotated(NamedTuple):
    """The keys after RotateKey."""

    key: str
    not_after: datetime | None
    old_not_after: datetime | None


def eligibility(body: bytes) -> Eligibility:
    """Returns what the patient may have. Raises UnreadableError."""
    answer = parsed(eligibility_pb2.CheckEligibilityResponse, body)
    return Eligibility(
        covered=_answer(answer.covered),
        refusal=_why_not(answer),
        member=answer.member, masked_name=answer.masked_name, region=answer.region, scheme=answer.scheme,
        standing=answer.standing, enrolment=answer.enrolment,
        benefits=tuple(_benefit(each) for each in answer.benefits),
        accounts=tuple(_account(each) for each in answer.accounts),
        advisories=advisories(answer.advisories), binding_until=instant(answer, "binding_until"),
        as_of=day(answer.as_of), pack=answer.pack,
        filings=tuple(_filing(each) for each in answer.filings),
        items=tuple(_item(each) for each in answer.items),
        prescriptions=tuple(
            OpenPrescription(each.number, each.institution, day(each.valid_to))
            for each in answer.prescriptions
        ),
        eligibility_token=answer.eligibility_token,
    )


def enrolled(body: bytes) -> Enrolled:
    """Returns what Enrol answered; it is not checked yet. Raises UnreadableError."""
    answer = parsed(terminal_pb2.EnrolResponse, body)
    return Enrolled(
        answer.terminal, answer.institution, answer.institution_name, answer.key, answer.audience,
        answer.root_public_key, instant(answer, "not_after"),
    )


def rotated(body: bytes) -> Rotated:
    """Returns what RotateKey answered. Raises UnreadableError."""
    answer = parsed(terminal_pb2.RotateKeyResponse, body)
    return Rotated(answer.key, instant(answer, "not_after"), instant(answer, "old_not_after"))


def _answer(number: eligibility_pb2.Answer.ValueType) -> Answer:
    """An answer that this release does not know is no answer: it could not be determined."""
    match number:
        case eligibility_pb2.ANSWER_UNSPECIFIED:
            raise UnreadableError("Answer is absent")
        case eligibility_pb2.ANSWER_YES:
            return Answer.YES
        case eligibility_pb2.ANSWER_NO:
            return Answer.NO
        case _:
            return Answer.COULD_NOT_BE_DETERMINED


def _benefit(message: eligibility_pb2.BenefitAnswer) -> BenefitAnswer:
    return BenefitAnswer(
        message.benefit, message.title_zh, message.title_en, _answer(message.answer),
        _why_not(message), remainders(message.remainders),
    )


def _filing(message: eligibility_pb2.Filing) -> Filing:
    return Filing(
        message.kind, message.condition, _answer(message.answer), _why_not(message), day(message.valid_from),
        day(message.valid_to), tuple(message.institutions), tuple(message.drugs), day(message.review_due_on),
    )


def _item(message: eligibility_pb2.ItemAnswer) -> ItemAnswer:
    return ItemAnswer(
        message.item_code, message.name, _answer(message.answer), _why_not(message), day(message.next_on)
    )


def _why_not(message: _Refusable) -> Refusal | None:
    return refusal(message.refusal) if message.HasField("refusal") else None


def _account(message: eligibility_pb2.Account) -> Account:
    return Account(
        message.account, message.owner, message.masked_name, _account_state(message.state),
        optional_fen(message, "balance_fen"), _answer(message.may_pay),
        optional_fen(message, "limit_left_fen"),
        message.standing_consent if message.HasField("standing_consent") else None, _why_not(message),
    )


def _account_state(number: eligibility_pb2.AccountState.ValueType) -> AccountState:
    """A state that this release does not know may not be used: frozen, as far as the till goes."""
    match number:
        case eligibility_pb2.ACCOUNT_STATE_ACTIVE:
            return AccountState.ACTIVE
        case eligibility_pb2.ACCOUNT_STATE_NONE:
            return AccountState.NONE
        case _:
            return AccountState.FROZEN
