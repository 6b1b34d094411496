"""What funds and the owners of accounts are called, on paper and aloud: the same words on both sides."""

from collections.abc import Mapping
from typing import Final

Pair = tuple[str, str]
"""Chinese, English."""

FUND_NAMES: Final[Mapping[str, Pair]] = {
    "pooled": ("统筹基金", "the pooled fund"),
    "serious_illness": ("大病保险", "serious illness insurance"),
    "large_amount": ("大额医疗费用补助", "the large-amount supplement"),
    "commercial": ("商业补充保险", "the commercial supplement"),
    "medical_aid": ("医疗救助", "medical aid"),
    "special_aid": ("特殊救助", "special aid"),
    "county": ("县级财政兜底", "the county's top-up"),
    "relief": ("救助基金", "the relief fund"),
    "burden_ceiling": ("个人负担封顶救助", "relief above the burden ceiling"),
    "other": ("其他基金", "another fund"),
}
OWNER_NAMES: Final[Mapping[str, Pair]] = {
    "self": ("本人", "the patient's own"),
    "spouse": ("配偶", "the spouse's"),
    "parent": ("父母", "the parent's"),
    "child": ("子女", "the child's"),
    "sibling": ("兄弟姐妹", "the sibling's"),
    "other": ("其他人", "another person's"),
}


def named(names: Mapping[str, Pair], id_: str) -> Pair:
    """Returns both names of an id; where it has none here, the id itself, its words apart in English."""
    return names.get(id_, (id_, id_.replace("_", " ")))


def begun(text: str) -> str:
    """Returns the text as the beginning of a sentence or a row."""
    return text[:1].upper() + text[1:]


def yuan(amount_fen: int) -> str:
    """Returns fen as yuan with two decimals: 12345 is 123.45."""
    sign = "-" if amount_fen < 0 else ""
    return f"{sign}{abs(amount_fen) // 100}.{abs(amount_fen) % 100:02d}"
