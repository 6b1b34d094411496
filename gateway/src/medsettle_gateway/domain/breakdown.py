"""Who pays what: the result of a calculation, in integer fen.

The results are named tuples, not dataclasses: about twenty are made for each settlement,
and a named tuple costs a quarter of a frozen dataclass. Where the calculation makes them it
calls ``tuple.__new__``, which halves that again: the fields by position, in their order.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from medsettle_gateway.domain.member import Owner


class LineBreakdown(NamedTuple):
    """How one line is divided; the five parts sum to ``amount_fen``."""

    amount_fen: int
    provider_borne_fen: int
    fully_self_paid_fen: int
    over_limit_fen: int
    self_pay_first_fen: int
    in_scope_fen: int


class FundShare(NamedTuple):
    """What one fund pays, more than 0."""

    fund: str
    amount_fen: int


class AccountNote(StrEnum):
    """Why an account paid nothing although something was asked of it."""

    OWNER_NOT_ALLOWED = "owner_not_allowed"
    """The pack does not let this relative pay."""
    NO_OWN_ACCOUNT = "no_own_account"
    """The patient's enrolment has no personal account: not the same as a balance of 0."""
    NOTHING_PAYABLE = "nothing_payable"
    """No line of this basket may be paid from an account at this place."""
    BALANCE_ZERO = "balance_zero"
    LIMIT_REACHED = "limit_reached"
    """What its owner allows the patient for the year is used up."""


class AccountShare(NamedTuple):
    """What one account pays; 0 with a note where it may not or cannot."""

    account: str
    owner: Owner
    amount_fen: int
    note: AccountNote | None = None


class Breakdown(NamedTuple):
    """One settlement, divided.

    ``funds`` lists only funds that pay; ``accounts`` lists every account given, in order of
    use. ``deductible_fen`` and ``over_cap_fen`` are parts of ``in_scope_fen`` that stay with
    the patient, as far as no later fund pays them. ``personal_fen`` is total less provider-borne
    less all funds. ``afterwards`` is what each layer that acts after the fact would pay, by layer
    id, with zeros: shown, never charged, outside all sums.
    """

    total_fen: int
    provider_borne_fen: int
    fully_self_paid_fen: int
    over_limit_fen: int
    self_pay_first_fen: int
    in_scope_fen: int
    deductible_fen: int
    over_cap_fen: int
    funds: tuple[FundShare, ...]
    personal_fen: int
    accounts: tuple[AccountShare, ...]
    cash_fen: int
    lines: tuple[LineBreakdown, ...]
    afterwards: tuple[FundShare, ...] = ()

    @classmethod
    def together(cls, breakdowns: Sequence["Breakdown"]) -> "Breakdown":
        """Returns the sums of several settlements, without their lines; there is at least one.

        A fund, an account and a layer stand once, where they came first. An account has a note only if it
        pays nothing at all: the first one that it was given.
        """
        total, provider, fully, over, first, scope, deductible, over_cap = (
            sum(column) for column in zip(*(each[:8] for each in breakdowns), strict=True)
        )
        return cls(
            total, provider, fully, over, first, scope, deductible, over_cap,
            funds=_shares(share for each in breakdowns for share in each.funds),
            personal_fen=sum(each.personal_fen for each in breakdowns),
            accounts=_account_shares(share for each in breakdowns for share in each.accounts),
            cash_fen=sum(each.cash_fen for each in breakdowns),
            lines=(),
            afterwards=_shares(share for each in breakdowns for share in each.afterwards),
        )

    def broken_identities(self) -> tuple[str, ...]:
        """Name each identity that does not hold; empty when the breakdown is sound."""
        parts = self.provider_borne_fen + self.fully_self_paid_fen + self.over_limit_fen
        parts += self.self_pay_first_fen + self.in_scope_fen
        funds = sum(share.amount_fen for share in self.funds)
        accounts = sum(share.amount_fen for share in self.accounts)
        holds = (
            (
                "total = provider_borne + fully_self_paid + over_limit + self_pay_first + in_scope",
                self.total_fen == parts,
            ),
            (
                "total = provider_borne + sum(funds) + personal",
                self.total_fen == self.provider_borne_fen + funds + self.personal_fen,
            ),
            ("personal = sum(accounts) + cash", self.personal_fen == accounts + self.cash_fen),
            ("no amount is negative", self._least_fen() >= 0),
            (
                "deductible and over_cap are parts of in_scope",
                self.deductible_fen + self.over_cap_fen <= self.in_scope_fen,
            ),
            ("the lines sum to the settlement", self._lines_agree()),
        )
        return tuple(identity for identity, holding in holds if not holding)

    def check(self) -> None:
        """Raise AssertionError, naming the identities, unless all of them hold."""
        broken = self.broken_identities()
        if broken:
            message = "breakdown does not add up: " + "; ".join(broken)
            raise AssertionError(message)

    def _least_fen(self) -> int:
        funds = (share.amount_fen for share in self.funds)
        accounts = (share.amount_fen for share in self.accounts)
        return min(*self[:8], self.personal_fen, self.cash_fen, *funds, *accounts, *map(min, self.lines))

    def _lines_agree(self) -> bool:
        whole = all(amount_fen == sum(parts) for amount_fen, *parts in self.lines)
        sums = tuple(sum(column) for column in zip(*self.lines, strict=True))
        return whole and sums == self[:6]


def _shares(shares: Iterable[FundShare]) -> tuple[FundShare, ...]:
    sums: dict[str, int] = {}
    for fund, amount_fen in shares:
        sums[fund] = sums.get(fund, 0) + amount_fen
    return tuple(FundShare(fund, amount_fen) for fund, amount_fen in sums.items())


def _account_shares(shares: Iterable[AccountShare]) -> tuple[AccountShare, ...]:
    sums: dict[str, AccountShare] = {}
    for share in shares:
        known = sums.get(share.account, share._replace(amount_fen=0))
        amount_fen = known.amount_fen + share.amount_fen
        sums[share.account] = known._replace(
            amount_fen=amount_fen, note=None if amount_fen else known.note or share.note
        )
    return tuple(sums.values())
