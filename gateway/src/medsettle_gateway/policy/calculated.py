"""A finished calculation, before its steps are written."""

from collections.abc import Sequence
from typing import NamedTuple

from medsettle_gateway.domain.breakdown import Breakdown
from medsettle_gateway.domain.member import Account
from medsettle_gateway.policy.dated import Dated
from medsettle_gateway.policy.fund import GroupShare, Taken
from medsettle_gateway.policy.layers import LayerShare
from medsettle_gateway.policy.lines import Divided
from medsettle_gateway.policy.notices import Raised


class Calculated(NamedTuple):
    """Everything that was found out on the way, in its order."""

    dated: Dated
    divided: Divided
    taken: Taken | None
    groups: Sequence[GroupShare]
    layers: Sequence[LayerShare]
    afterwards: Sequence[LayerShare]
    raised: tuple[Raised, ...]
    payers: Sequence[Account]
    payable_fen: int
    breakdown: Breakdown
