"""Family accounts (家庭共济): whose account may pay for whom, from when on, and how much of it in a year.

A binding is a dated record about the patient, of the kind BINDING and keyed by the payer's member reference.
Whoever changes or ends one enters another record, so that all that ever held stays readable. What an account
has paid for a patient in a year is a counter of the patient's, which a hold reserves and a reversal gives
back; it counts without a limit too, since one may be set at any time. It stands under no region and no
scheme: who is insured elsewhere from some day on has no second limit in the year.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Final, NamedTuple

from msgspec import Struct

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.facts import AccountFacts, AccountState, MemberFacts
from medsettle_gateway.domain.keys import CountersKey
from medsettle_gateway.domain.member import Owner
from medsettle_gateway.domain.records import DatedRecord, known

BINDING: Final = "binding"
"""The kind of record."""
ACCOUNT_STATE: Final = "account_state"
"""The kind of record that an AccountSet is, about the account's owner."""

NO_BOOK: Final = ("", "")
"""Region and scheme under which it is counted what relatives' accounts paid."""

_FAMILY: Final = "family/"


class FamilyBinding(Struct, frozen=True):
    """What the owner of an account agreed to for one patient.

    ``relation`` is the owner seen from the patient. ``limit_fen`` is how much of the account the patient may
    use in a year, None for no limit. ``consented_on`` is when the owner agreed once and for all; None: each
    use needs the owner's consent at the counter.
    """

    relation: Owner
    limit_fen: int | None = None
    consented_on: date | None = None


class AccountSet(Struct, frozen=True):
    """From a day on an account was frozen (冻结), or free again. Key: the account.

    For whoever asks who did it and when: what pays is decided by the account as it is.
    """

    state: AccountState


class Payers(NamedTuple):
    """A patient with the accounts that may be named as payers on a day.

    ``barred`` says of accounts that were bound or will be why they may not, by account.
    """

    member: MemberFacts
    barred: Mapping[str, Refusal]


class AsOf(NamedTuple):
    """When is asked: the day, the year whose use counts toward limits, and up to when records count."""

    on: date
    year: int
    known_at: datetime | None = None


def payers_on(
    member: MemberFacts, records: Sequence[DatedRecord], used: Mapping[CounterKey, int], as_of: AsOf
) -> Payers:
    """Returns who may be named as payer for a member, with relation, consent and what is left of limits.

    ``records`` are the member's, in the order of entry, and ``used`` the member's counters in fen.
    """
    if all(account.owner is Owner.SELF for account in member.accounts):
        return Payers(member, {})
    bindings = _bindings(records, as_of.known_at)
    accounts: list[AccountFacts] = []
    barred: dict[str, Refusal] = {}
    for account in member.accounts:
        if account.owner is Owner.SELF:
            accounts.append(account)
        elif (record := bindings.get(account.payer)) is not None:
            refusal = _out_of_days(account, record, as_of.on)
            if refusal is not None:
                barred[account.account] = refusal
            else:
                accounts.append(_bound(account, record.read(FamilyBinding), used, as_of))
    return Payers(replace(member, accounts=tuple(accounts)), barred)


def family_counter(account: str, year: int) -> CounterKey:
    """Returns where it is counted what a relative's account paid for a patient in a year, in fen."""
    return CounterKey(str(year), f"{_FAMILY}{account}", "paid")


def is_family_counter(key: CounterKey) -> bool:
    """Is it one of those?"""
    return key.counter.startswith(_FAMILY)


def family_key(member: str, year: int) -> CountersKey:
    """Returns what to load of what relatives' accounts paid for a member in a year."""
    return CountersKey(member, *NO_BOOK, (str(year),))


def family_keys(member: MemberFacts, year: int) -> tuple[CountersKey, ...]:
    """Returns the same; nothing for whom no account of a relative is bound."""
    if all(account.owner is Owner.SELF for account in member.accounts):
        return ()
    return (family_key(member.member, year),)


def _bindings(records: Iterable[DatedRecord], at: datetime | None) -> dict[str, DatedRecord]:
    """By payer, what is known of the binding last."""
    return {each.key: each for each in known((one for one in records if one.kind == BINDING), at)}


def _out_of_days(account: AccountFacts, record: DatedRecord, on: date) -> Refusal | None:
    named = {"account": account.account}
    if on < record.valid_from:
        return Refusal(
            Reason.BINDING_NOT_BEGUN, {**named, "valid_from": record.valid_from.isoformat()}
        )
    if record.valid_to is not None and on > record.valid_to:
        return Refusal(Reason.BINDING_ENDED, {**named, "valid_to": record.valid_to.isoformat()})
    return None


def _bound(
    account: AccountFacts, binding: FamilyBinding, used: Mapping[CounterKey, int], as_of: AsOf
) -> AccountFacts:
    limit_fen, consented_on = binding.limit_fen, binding.consented_on
    left_fen = None
    if limit_fen is not None:
        left_fen = max(0, limit_fen - used.get(family_counter(account.account, as_of.year), 0))
    return replace(
        account,
        owner=binding.relation,
        limit_left_fen=left_fen,
        standing_consent=consented_on is not None and consented_on <= as_of.on,
    )
