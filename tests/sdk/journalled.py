"""What a journal holds: a record and its proof."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from medsettle.evidence import Evidence
from medsettle.models import CashState, Collect, Split
from medsettle.record import SaleRecord

DAY = date(2026, 3, 2)
NOON_MS = 1_772_424_000_000
"""DAY at noon, in milliseconds since 1970."""
PROOF = Evidence("/m", "d", "n", "k", NOON_MS, "OK", b"answer", "s", "c")


def record(number: int = 1, attempt: int = 1, terminal: str = "P1-1", **changed: Any) -> SaleRecord:
    made = SaleRecord(
        f"{terminal}-20260302-{number}-{attempt}", "run", "001", datetime(2026, 3, 2, tzinfo=UTC),
        Collect.LATER, "content", Split(4000, {"pooled": 8000}, {"acct": 1}), 4000, CashState.NOT_ASKED,
    )
    return replace(made, **changed)
