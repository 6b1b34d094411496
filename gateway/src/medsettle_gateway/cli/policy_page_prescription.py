"""What a pack says of registered prescriptions, on its page."""

from collections.abc import Iterator
from typing import Final

from medsettle_gateway.cli.policy_rows import section
from medsettle_gateway.cli.policy_words import Words
from medsettle_gateway.domain.prescriptions import PharmacistReview

_REVIEWS: Final[dict[PharmacistReview, Words]] = {
    PharmacistReview.HERE: ("须由配药机构的药师审核通过", "a pharmacist of the dispensing place approves"),
    PharmacistReview.NONE: ("配药前不要求药师审核", "no review is asked for before dispensing"),
}


def prescription_lines(review: PharmacistReview) -> Iterator[str]:
    """The section of a pack's page; nothing where a review of any place does, as where a pack is silent."""
    words = _REVIEWS.get(review)
    if words is not None:
        yield section("登记的处方", "registered prescriptions")
        yield f"  {words[0]} / {words[1]}"
