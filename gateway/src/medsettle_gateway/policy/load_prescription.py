"""Reads what ``eligibility`` says of registered prescriptions."""

from collections.abc import Mapping
from typing import Final

from medsettle_gateway.domain.prescriptions import PharmacistReview
from medsettle_gateway.policy.load_rows import read_clause
from medsettle_gateway.policy.reading import Reader, child

PRESCRIPTION_KEYS: Final = ("prescription",)
"""The keys of ``eligibility`` that are read here."""


def read_prescription(reader: Reader, value: object) -> PharmacistReview:
    """Read ``prescription: {review: anywhere | here | none, clause: ...}``; absent: anywhere."""
    data = value if isinstance(value, Mapping) else {}
    if "prescription" not in data:
        return PharmacistReview.ANYWHERE
    path = "eligibility.prescription"
    section = reader.section(data["prescription"], path, ("review", "clause"), ("review",))
    read_clause(reader, section, path, required=True)
    review = section.get("review", PharmacistReview.ANYWHERE.value)
    return reader.choice(review, child(path, "review"), PharmacistReview)
