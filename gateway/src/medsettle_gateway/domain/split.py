"""Who pays what, as the patient is shown it."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Self

from medsettle_gateway.domain.breakdown import Breakdown, FundShare


class AccountPart(NamedTuple):
    """What one account pays, in fen."""

    account: str
    amount_fen: int


class Difference(NamedTuple):
    """What goes back to each payer, in fen, without zeros and sorted by id; negative: it pays more."""

    funds: tuple[FundShare, ...]
    accounts: tuple[AccountPart, ...]
    cash_fen: int

    @classmethod
    def between(cls, before: "Split", now: "Split") -> Self:
        """Returns what goes back when a sale of the one split is replaced by one of the other."""
        funds = _less(dict(before.funds), dict(now.funds))
        accounts = _less(dict(before.accounts), dict(now.accounts))
        return cls(
            tuple(FundShare(fund, amount) for fund, amount in funds),
            tuple(AccountPart(account, amount) for account, amount in accounts),
            before.cash_fen - now.cash_fen,
        )


def _less(before: Mapping[str, int], now: Mapping[str, int]) -> list[tuple[str, int]]:
    left = {name: before.get(name, 0) - now.get(name, 0) for name in {**before, **now}}
    return sorted((name, amount) for name, amount in left.items() if amount)


class Split(NamedTuple):
    """Funds and accounts sorted by id, without zeros, and the cash part: equal splits are equal values."""

    funds: tuple[FundShare, ...]
    accounts: tuple[AccountPart, ...]
    cash_fen: int

    @classmethod
    def make(cls, funds: Mapping[str, int], accounts: Mapping[str, int], cash_fen: int) -> Self:
        """Returns the split of these amounts in fen."""
        return cls(
            tuple(FundShare(fund, amount) for fund, amount in sorted(funds.items()) if amount),
            tuple(AccountPart(account, amount) for account, amount in sorted(accounts.items()) if amount),
            cash_fen,
        )

    @classmethod
    def of(cls, breakdowns: Iterable[Breakdown]) -> Self:
        """Returns the split of a sale's settlements together."""
        funds: dict[str, int] = {}
        accounts: dict[str, int] = {}
        cash_fen = 0
        for breakdown in breakdowns:
            for fund, amount_fen in breakdown.funds:
                funds[fund] = funds.get(fund, 0) + amount_fen
            for share in breakdown.accounts:
                accounts[share.account] = accounts.get(share.account, 0) + share.amount_fen
            cash_fen += breakdown.cash_fen
        return cls.make(funds, accounts, cash_fen)
