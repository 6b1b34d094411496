"""What a member has used of a year's limits: keys and remainders. The ledger keeps the sums."""

from typing import Literal, NamedTuple

Measure = Literal["deductible", "paid", "borne", "banded"]
"""What a counter sums up, in fen: what the patient bore toward a deductible or threshold; what a fund
paid; what the patient bore in all (``personal``, ``in_scope``); what went through ratio bands.
"""


class CounterKey(NamedTuple):
    """One running sum of a member: ``("2023", "general_outpatient", "paid")``.

    ``period`` is the benefit year, or one stay (``stay/<id>``). ``counter`` is a benefit or layer
    id, ``<benefit>/<condition>``, ``<layer>/<limit inside>``, or a name of the pack.
    """

    period: str
    counter: str
    measure: Measure


class Remainder(NamedTuple):
    """Where a limit stands: for receipts and for the eligibility check, in fen.

    ``limit_fen`` and ``left_fen`` are None where there is no limit. The titles say what the limit is
    called; they are empty until the pack's are put in, and where it gives none.
    """

    key: CounterKey
    used_fen: int
    limit_fen: int | None
    left_fen: int | None
    title_zh: str = ""
    title_en: str = ""
