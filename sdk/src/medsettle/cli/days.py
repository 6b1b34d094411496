"""The days that explain a refusal, in words that a cashier reads aloud."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from medsettle.models import LineRefusal, Refusal
from medsettle.wire.called import Pair, begun

_NAMES: Final[Mapping[str, Pair]] = {
    "enrolled_on": ("参保日", "enrolled on"),
    "covered_from": ("参保期间自", "covered from"),
    "covered_to": ("参保期间至", "covered until"),
    "since": ("自", "since"),
    "until": ("至", "until"),
    "from": ("自", "from"),
    "to": ("至", "to"),
    "valid_from": ("有效期自", "valid from"),
    "valid_to": ("有效期至", "valid until"),
    "paid_on": ("缴费日", "paid on"),
    "pay_by": ("最迟补缴日", "to be paid by"),
    "review_from": ("应年审日自", "review due from"),
    "review_to": ("至", "to"),
    "reviewed_on": ("年审日", "reviewed on"),
    "begins_on": ("待遇开始日", "benefits begin on"),
}


def days_of(refusal: Refusal | LineRefusal) -> Pair:
    """Returns the days among a refusal's facts as one sentence in each language, empty if there are none."""
    found = [(_NAMES[name], refusal.details[name]) for name in _NAMES if _is_day(refusal.details.get(name))]
    if not found:
        return "", ""
    zh = ",".join(f"{name_zh}{day}" for (name_zh, _), day in found)
    en = ", ".join(f"{name_en} {day}" for (_, name_en), day in found)
    return f"{zh}。", f"{begun(en)}."


def _is_day(value: str | None) -> bool:
    try:
        date.fromisoformat(value or "")
    except ValueError:
        return False
    return True
