"""Several settlements of one sale, added up."""

from collections.abc import Sequence

from medsettle.models import AccountShare, Breakdown, Settlement


def together(settlements: Sequence[Settlement]) -> Breakdown:
    """Returns the sums of the settlements, in fen: a fund, an account and a layer stand once.

    An account has its note only where it pays nothing in any of them.
    """
    parts = [settlement.breakdown for settlement in settlements]
    funds: dict[str, int] = {}
    afterwards: dict[str, int] = {}
    accounts: dict[str, AccountShare] = {}
    for part in parts:
        for sums, shares in ((funds, part.funds), (afterwards, part.afterwards)):
            for key, amount_fen in shares.items():
                sums[key] = sums.get(key, 0) + amount_fen
        for share in part.accounts:
            accounts[share.account] = _added(accounts.get(share.account), share)
    return Breakdown(
        total_fen=sum(part.total_fen for part in parts),
        provider_borne_fen=sum(part.provider_borne_fen for part in parts),
        fully_self_paid_fen=sum(part.fully_self_paid_fen for part in parts),
        over_limit_fen=sum(part.over_limit_fen for part in parts),
        self_pay_first_fen=sum(part.self_pay_first_fen for part in parts),
        in_scope_fen=sum(part.in_scope_fen for part in parts),
        deductible_fen=sum(part.deductible_fen for part in parts),
        over_cap_fen=sum(part.over_cap_fen for part in parts),
        funds=funds,
        personal_fen=sum(part.personal_fen for part in parts),
        accounts=tuple(accounts.values()),
        cash_fen=sum(part.cash_fen for part in parts),
        afterwards=afterwards,
    )


def _added(known: AccountShare | None, share: AccountShare) -> AccountShare:
    if known is None:
        return share
    amount_fen = known.amount_fen + share.amount_fen
    note = ("", "") if amount_fen else (known.note_zh or share.note_zh, known.note_en or share.note_en)
    return AccountShare(share.account, share.owner, amount_fen, *note)
