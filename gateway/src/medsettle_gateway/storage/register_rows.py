"""What a row of the register of members says beside what is known: what it changes, and whether it fits."""

import json
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from medsettle_gateway.domain.facts import AccountState
from medsettle_gateway.domain.people import Cover, PersonKind, Registered, Span
from medsettle_gateway.domain.records import Subject
from medsettle_gateway.domain.register import MemberRecord
from medsettle_gateway.storage.records import NewRecord
from medsettle_gateway.storage.sealing import Identity

FACTS: Final = (
    "region", "scheme", "standing", "enrolment", "aid", "conditions", "covered_from", "covered_to", "born_on",
)
"""Columns of a member."""

_CLOSED: Final = (
    "个人账户已经注销,不能重新开户;请留空 account_yuan 和 account_state",
    "the account was closed and is not opened again: leave account_yuan and account_state empty",
)
_MOVED: Final = (
    "已有个人账户,不能更改 region 或 scheme",
    "region and scheme cannot change while the member has an account",
)
_OPENED: Final = (
    "account_yuan 只用于开户;账户已存在,请留空或保持开户时的金额",
    "account_yuan opens an account, and this one is open: leave it empty or as it was",
)
_OF_NO_PERIOD: Final = (
    "已逐段录入参保期间,本行与其中任何一段都不一致;请先用 member records cover 录入变更",
    "periods of cover are recorded, and the row is like none: enter the change with `member records cover`",
)

Values = tuple[Any, ...]


class KnownMember(NamedTuple):
    """What is recorded of a member; ``account`` None: there is none."""

    member: str
    sealed: bytes
    account: str | None
    state: str | None
    opening_fen: int | None
    facts: Values


def is_news(before: KnownMember, record: MemberRecord) -> bool:
    """Does the row say anything else of the person than before? The day of birth is kept with the name."""
    return before.facts[:-1] != facts_of(record)[:-1]


def is_recorded(before: KnownMember, record: MemberRecord) -> bool:
    """Does the row come to a further record: of the person, or of the account that it freezes or frees?"""
    state = before.state or AccountState.ACTIVE
    return is_news(before, record) or (record.account_fen is not None and state != account_state(record))


def misfit(before: KnownMember, record: MemberRecord, periods: Sequence[Span]) -> tuple[str, str] | None:
    """Returns why a row does not fit the periods of cover or the account, in both languages, or None."""
    if periods and _span(record) not in periods and _cover(before.facts) != _cover(facts_of(record)):
        return _OF_NO_PERIOD
    if before.account is None:
        return None
    if before.state == "closed":
        return None if record.account_fen is None else _CLOSED
    if before.facts[:2] != (record.region, record.scheme.value):
        return _MOVED
    return None if record.account_fen in {None, before.opening_fen} else _OPENED


def identity_of(record: MemberRecord, before: Identity | None = None) -> Identity:
    """Returns who it is by the row; what the file has no column for stays as it was."""
    card, phone = record.social_card_no, record.phone
    if before is not None:
        card = before.social_card_no if record.keeps_social_card else card
        phone = before.phone if record.keeps_phone else phone
    return Identity(record.number, record.name, record.id_number, card, phone)


def facts_of(record: MemberRecord) -> Values:
    """Returns what the row says, in the order of FACTS."""
    return (
        record.region, record.scheme.value, record.standing.value, record.enrolment.value, record.aid.value,
        json.dumps(record.conditions), record.covered_from.isoformat(),
        None if record.covered_to is None else record.covered_to.isoformat(),
        None if record.born_on is None else record.born_on.isoformat(),
    )


def registered(member: str, record: MemberRecord) -> NewRecord:
    """Returns what the row says, to be kept for ever: without the day of birth, which goes with the name."""
    body = Registered(
        record.region, record.scheme, record.standing, record.enrolment, record.aid, record.conditions
    )
    first_on, subject = record.covered_from, Subject.MEMBER.named(member)
    return NewRecord(
        subject, PersonKind.REGISTERED, first_on.isoformat(), first_on, record.covered_to, body
    )


def account_state(record: MemberRecord) -> AccountState:
    """Returns how the row has the account."""
    return AccountState.FROZEN if record.frozen else AccountState.ACTIVE


def _cover(facts: Values) -> Values:
    """Of the columns those that periods of cover say too."""
    return (*facts[:4], *facts[6:8])


def _span(record: MemberRecord) -> Span:
    cover = Cover(record.region, record.scheme, record.standing, record.enrolment)
    return Span(record.covered_from, record.covered_to, cover)
