"""An account that is drawn down in a pattern of cash-out (套现)."""

from datetime import timedelta

from medsettle_gateway.domain.money import RATIO_ONE_PPM, format_fen
from medsettle_gateway.domain.watching import AccountEmptied
from medsettle_gateway.supervision.seen import Noted, Seen, SeenAccount


def account_emptied(rule: AccountEmptied, seen: Seen) -> Noted | None:
    """Notes an account of which several sales within days take almost all.

    All figures of the rule must hold at once. Sales of others that the same account paid are not seen: the
    rule looks at what this patient bought.
    """
    for account in seen.accounts:
        earlier = _earlier(rule, seen, account)
        taken_fen = account.paid_fen + sum(earlier)
        had_fen = account.balance_fen + sum(earlier)
        round_count = sum(1 for paid_fen in earlier if rule.round_fen and paid_fen % rule.round_fen == 0)
        if (
            account.paid_fen > 0
            and len(earlier) + 1 >= rule.sales_count
            and taken_fen >= rule.least_fen
            and taken_fen * RATIO_ONE_PPM >= had_fen * rule.share_ppm
            and round_count >= rule.round_count
        ):
            taken, had = format_fen(taken_fen), format_fen(had_fen)
            return Noted(
                f"{rule.days}天内{len(earlier) + 1}笔共用个人账户{taken}元(原有{had}元),请核对购药是否真实。",
                f"{len(earlier) + 1} sales in {rule.days} days take {taken} of {had} yuan of the account; "
                "see that what is bought is really bought.",
            )
    return None


def _earlier(rule: AccountEmptied, seen: Seen, account: SeenAccount) -> list[int]:
    """What earlier sales of these days took from the account, in fen each."""
    since = seen.on - timedelta(days=rule.days - 1)
    return [
        paid_fen
        for sale in seen.history
        if since <= sale.service_on <= seen.on
        for name, paid_fen in sale.accounts
        if name == account.account and paid_fen > 0
    ]
