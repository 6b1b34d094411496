"""A finished calculation, before its steps are written: plain tuples, which are taken apart where they go."""

from collections.abc import Sequence

from medsettle_gateway.domain.breakdown import Breakdown
from medsettle_gateway.domain.counters import CounterKey, Remainder
from medsettle_gateway.domain.member import Account
from medsettle_gateway.policy.dated import Dated
from medsettle_gateway.policy.fund import GroupShare, Taken
from medsettle_gateway.policy.layers import LayerShare, Left
from medsettle_gateway.policy.lines import Divided
from medsettle_gateway.policy.notices import Raised

Moved = tuple[tuple[CounterKey, int], ...]
"""What a settlement adds to each counter, in fen, without zeros."""

Charge = tuple[
    Taken | None, Sequence[GroupShare], Sequence[LayerShare], Sequence[LayerShare], tuple[Raised, ...],
    Left, Moved, tuple[Remainder, ...],
]  # fmt: skip
"""What the funds pay: the deductible, the groups, the layers, the layers that act afterwards, the warnings;
what no fund has paid; what is added to the counters, and where the limits stand then.
"""

Calculated = tuple[Dated, Divided, Charge, Sequence[Account], int, Breakdown]
"""What the day decides, the lines, what the funds pay, the payers, what they may pay in fen, the result."""
