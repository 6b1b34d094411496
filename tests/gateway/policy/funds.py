"""What a fund pays, as the rules of the policy tests ask for it."""

from medsettle_gateway.domain.breakdown import Breakdown


def fund_fen(breakdown: Breakdown, fund: str) -> int:
    """Returns what this fund pays; 0 if it is not listed."""
    return dict(breakdown.funds).get(fund, 0)
