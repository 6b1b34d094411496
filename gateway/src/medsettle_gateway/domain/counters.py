"""What a member has used of a year's limits: keys and remainders. The ledger keeps the sums."""

from typing import Literal, NamedTuple

Measure = Literal["deductible", "paid"]


class CounterKey(NamedTuple):
    """One running sum of a member: ``("2023", "general_outpatient", "paid")``.

    ``period`` is the benefit year; ``counter`` is a benefit or layer id.
    """

    period: str
    counter: str
    measure: Measure


class Remainder(NamedTuple):
    """Where a limit stands: for receipts and for the eligibility check, in fen.

    ``limit_fen`` and ``left_fen`` are None where there is no limit.
    """

    key: CounterKey
    used_fen: int
    limit_fen: int | None
    left_fen: int | None
