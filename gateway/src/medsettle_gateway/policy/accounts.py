"""Who may pay the personal part from a personal account, for what, and in which order."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from medsettle_gateway.domain.breakdown import AccountNote, AccountShare, LineBreakdown
from medsettle_gateway.domain.member import Account, Owner
from medsettle_gateway.policy.facts import FACT_VALUES, Facts
from medsettle_gateway.policy.gates import Gate


class Pays(StrEnum):
    """Which personal part accounts may pay."""

    PERSONAL = "personal"
    IN_SCOPE = "in_scope"


@dataclass(frozen=True, slots=True)
class Purchase:
    """One entry of ``accounts.at``: a place, and the kinds of line allowed there (None: all)."""

    gate: Gate
    kinds: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class AccountRules:
    """The ``accounts`` section of a pack. ``at`` None is everywhere."""

    enrolments: tuple[str, ...]
    pays: Pays
    at: tuple[Purchase, ...] | None
    never: tuple[str, ...]
    owners: tuple[Owner, ...]
    clause: str = ""

    def use(self, facts: Facts) -> "AccountUse":
        """The rules for a patient with these facts."""
        rank = {owner: position for position, owner in enumerate(self.owners)}
        own_account = facts["enrolment"][0] in self.enrolments
        return AccountUse(self.owners, rank, self.pays, own_account, self.clause)

    def payable_kinds(self, facts: Facts, switches_on: tuple[str, ...]) -> tuple[str, ...]:
        """The kinds of line that accounts may pay for in this settlement."""
        kinds = FACT_VALUES["kind"] or ()
        allowed = kinds
        if self.at is not None:
            here = [p for p in self.at if p.gate.failing(facts, switches_on) is None]
            allowed = tuple(k for k in kinds if any(p.kinds is None or k in p.kinds for p in here))
        return tuple(kind for kind in allowed if kind not in self.never)


@dataclass(frozen=True, slots=True)
class AccountUse:
    """The account rules for one combination of facts.

    ``rank`` is the order of the owners who may pay; ``own_account`` False: the patient has no
    account by enrolment. ``clause`` is that of the section.
    """

    owners: tuple[Owner, ...]
    rank: Mapping[Owner, int]
    pays: Pays
    own_account: bool
    clause: str


NO_ACCOUNTS = AccountUse((), {}, Pays.PERSONAL, own_account=False, clause="")


def payable_fen(use: AccountUse, sums: LineBreakdown, blocked: LineBreakdown, fund_paid_fen: int) -> int:
    """What accounts may pay together.

    Of each part what is left of it, but no more than the lines that they may pay put there.
    A fund's payment lowers in_scope first.
    """
    in_scope = min(sums.in_scope_fen - fund_paid_fen, sums.in_scope_fen - blocked.in_scope_fen)
    if use.pays is Pays.IN_SCOPE:
        return in_scope
    return (
        in_scope
        + (sums.self_pay_first_fen - blocked.self_pay_first_fen)
        + (sums.over_limit_fen - blocked.over_limit_fen)
        + (sums.fully_self_paid_fen - blocked.fully_self_paid_fen)
    )


def draw(
    use: AccountUse, accounts: tuple[Account, ...], payable: int, personal_fen: int
) -> tuple[AccountShare, ...]:
    """One share an account, in order of use; owners outside the pack's list come last."""
    left_fen = payable
    shares = []
    for account in in_order(use, accounts):
        note = _bar(use, account, payable, personal_fen)
        amount_fen = 0
        if note is None:
            balance_fen = account.balance_fen
            amount_fen = min(left_fen, balance_fen)
            left_fen -= amount_fen
        shares.append(AccountShare(account.account, account.owner, amount_fen, note))
    return tuple(shares)


def in_order(use: AccountUse, accounts: tuple[Account, ...]) -> tuple[Account, ...]:
    """By the pack's order of owners; of one kind as given; the others last, as given."""
    if len(accounts) < 2:  # noqa: PLR2004 - one account needs no order
        return accounts
    rank, last = use.rank, len(use.owners)
    return tuple(sorted(accounts, key=lambda account: rank.get(account.owner, last)))


def _bar(use: AccountUse, account: Account, payable: int, personal_fen: int) -> AccountNote | None:
    if account.owner not in use.rank:
        return AccountNote.OWNER_NOT_ALLOWED
    if not use.own_account and account.owner is Owner.SELF:
        return AccountNote.NO_OWN_ACCOUNT
    if payable == 0 and personal_fen > 0:
        return AccountNote.NOTHING_PAYABLE
    return AccountNote.BALANCE_ZERO if account.balance_fen <= 0 else None
