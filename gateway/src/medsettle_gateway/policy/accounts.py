"""Who may pay the personal part from a personal account, for what, and in which order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from medsettle_gateway.domain.breakdown import AccountNote, AccountShare
from medsettle_gateway.domain.member import Account, Owner
from medsettle_gateway.policy.benefit import Title
from medsettle_gateway.policy.facts import FACT_VALUES, Facts
from medsettle_gateway.policy.gates import Gate
from medsettle_gateway.policy.layers import Left
from medsettle_gateway.policy.lines import Divided
from medsettle_gateway.policy.rows import Figure

# Choices written out instead of min() and max(), which cost five times as much (FURB136).
_new: Final = tuple.__new__
# Bound once: until Python 3.12 a member read from its enum costs as much as a call.
_NOTHING_PAYABLE: Final = AccountNote.NOTHING_PAYABLE
_BALANCE_ZERO: Final = AccountNote.BALANCE_ZERO
_LIMIT_REACHED: Final = AccountNote.LIMIT_REACHED


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
class Closing:
    """One way in which a subsidy account is closed: the cause, whom the balance goes to, and the papers.

    ``by_agent`` are the papers that somebody shows besides who comes for the receiver.
    """

    path: str
    cause: str
    pays: tuple[str, ...]
    documents: tuple[str, ...]
    clause: str
    by_agent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Subsidy:
    """An account that the region credits each year (门诊定额补助); the credit is an AMOUNT figure in fen.

    ``carries_over``: what is left at the end of a year stays; ``carries_over_clause`` says so.
    """

    path: str
    title: Title
    credit: Figure
    carries_over: bool
    carries_over_clause: str
    closes: tuple[Closing, ...]


@dataclass(frozen=True, slots=True)
class Accrual:
    """What a month brings to an account (个人账户计入).

    ``of_base`` is a RATIO of the own contribution base of the month, ``of_pension`` one of ``pension``: the
    city's average basic pension of the reform year, an AMOUNT in fen a month.
    """

    path: str
    of_base: Figure
    of_pension: Figure
    pension: Figure


@dataclass(frozen=True, slots=True)
class AccountRules:
    """The ``accounts`` section of a pack. ``at`` None is everywhere."""

    enrolments: tuple[str, ...]
    pays: Pays
    at: tuple[Purchase, ...] | None
    never: tuple[str, ...]
    owners: tuple[Owner, ...]
    clause: str = ""
    subsidy: Subsidy | None = None
    accrual: Accrual | None = None

    def use(self, facts: Facts) -> "AccountUse":
        """The rules for a patient with these facts."""
        bars: dict[Owner, AccountNote | None] = dict.fromkeys(Owner, AccountNote.OWNER_NOT_ALLOWED)
        bars.update(dict.fromkeys(self.owners))
        own_account = facts["enrolment"][0] in self.enrolments
        if not own_account and Owner.SELF in self.owners:
            bars[Owner.SELF] = AccountNote.NO_OWN_ACCOUNT
        last = len(self.owners)
        rank = {owner: self.owners.index(owner) if owner in self.owners else last for owner in Owner}
        return AccountUse(self.owners, rank, bars, self.pays, own_account, self.clause)

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

    For every owner, ``rank`` is the place in the order of use (those who may not pay come
    last) and ``bars`` why the account may not pay, or None. ``own_account`` False: the patient
    has no account by enrolment. ``clause`` is that of the section.
    """

    owners: tuple[Owner, ...]
    rank: Mapping[Owner, int]
    bars: Mapping[Owner, AccountNote | None]
    pays: Pays
    own_account: bool
    clause: str


_IN_SCOPE: Final = Pays.IN_SCOPE
NO_ACCOUNTS: Final = AccountRules((), Pays.PERSONAL, None, (), ()).use({"enrolment": ("",)})


def payable_fen(use: AccountUse, divided: Divided, left: Left, personal_fen: int) -> int:
    """What accounts may pay together.

    Of each part what is ``left`` of it after the funds, but no more than the lines that they may pay
    put there.
    """
    blocked_fen, _, no_fully, no_over, no_first, no_scope = divided.blocked
    if not blocked_fen:
        return left.in_scope_fen if use.pays is _IN_SCOPE else personal_fen
    _, _, fully, over, first, scope = divided.total
    payable = min(left.in_scope_fen, scope - no_scope)
    if use.pays is _IN_SCOPE:
        return payable
    payable += min(left.fully_fen, fully - no_fully) + min(left.over_fen, over - no_over)
    return payable + min(left.first_fen, first - no_first)


Drawn = tuple[tuple[AccountShare, ...], int]
"""One share an account, and what all of them pay together, in fen."""


def draw(use: AccountUse, payers: Sequence[Account], payable: int, personal_fen: int) -> Drawn:
    """One share an account, drawn in the order given, and what they pay together."""
    left_fen = payable
    nothing = payable == 0 and personal_fen > 0
    shares = []
    for account in payers:
        owner, balance_fen, limit_fen = account.owner, account.balance_fen, account.limit_left_fen
        amount_fen = 0
        note = use.bars[owner]
        if note is None:
            if nothing:
                note = _NOTHING_PAYABLE
            elif balance_fen <= 0:
                note = _BALANCE_ZERO
            elif limit_fen is not None and limit_fen <= 0:
                note = _LIMIT_REACHED
            else:
                has_fen = balance_fen if limit_fen is None or balance_fen < limit_fen else limit_fen
                amount_fen = has_fen if has_fen < left_fen else left_fen  # noqa: FURB136
                left_fen -= amount_fen
        shares.append(_new(AccountShare, (account.account, owner, amount_fen, note)))
    return tuple(shares), payable - left_fen


def in_order(use: AccountUse, accounts: Sequence[Account]) -> Sequence[Account]:
    """By the pack's order of owners; of one kind as given; the others last, as given."""
    rank = use.rank
    return sorted(accounts, key=lambda account: rank[account.owner])
