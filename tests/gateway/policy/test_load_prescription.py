"""What a pack asks before a registered prescription is dispensed, and rules of dual-channel lines."""

from typing import Any

import click
import pytest

from medsettle_gateway.cli.policy_page import pack_page
from medsettle_gateway.domain.prescriptions import PharmacistReview
from medsettle_gateway.policy.comparing import compare
from tests.gateway.policy.test_confined import laid, told
from tests.gateway.policy.whole_pack import fault_of, whole

PATH = "eligibility.prescription"
HERE = {"review": "here", "clause": "三"}


def test_a_pack_without_the_section_asks_for_a_review_of_any_place() -> None:
    assert whole({}).rules.review is PharmacistReview.ANYWHERE


@pytest.mark.parametrize("review", PharmacistReview)
def test_the_section_is_read_as_it_is_written(review: PharmacistReview) -> None:
    assert whole({PATH: {"review": review.value, "clause": "三"}}).rules.review is review


@pytest.mark.parametrize(("changes", "message"), [
    ({"review": "perhaps"}, "expected one of anywhere, here, none"),
    ({"review": None}, "review"),
    ({"clause": ""}, "clause"),
    ({"by": "PH1"}, "unknown key"),
])
def test_what_cannot_be_meant_is_a_fault(changes: dict[str, Any], message: str) -> None:
    assert message in str(fault_of(PATH, {**HERE, **changes}))


def test_a_region_brings_it_in_an_overlay_and_a_mistake_is_named_with_its_line() -> None:
    overlay = "eligibility: {prescription: {review: here, clause: 本地}}"
    assert told(overlay) == []
    assert laid(overlay, {}).rules.review is PharmacistReview.HERE
    (fault,) = told("eligibility: {prescription: {review: there, clause: 本地}}")
    assert (fault.path, fault.line) == ("eligibility.prescription.review", 7)


def test_the_page_of_a_pack_says_it_and_a_comparison_shows_it() -> None:
    page = click.unstyle(pack_page(whole({PATH: HERE})))
    assert "须由配药机构的药师审核通过 / a pharmacist of the dispensing place approves" in page
    assert "登记的处方" not in click.unstyle(pack_page(whole({})))
    changes = compare({"eligibility": {}}, {"eligibility": {"prescription": HERE}})
    assert {each.path for each in changes} == {f"{PATH}.review", f"{PATH}.clause"}


def test_lines_of_dual_channel_have_rules_of_their_own() -> None:
    excluded = {"when": {"dual_channel": True}, "clause": "三"}
    table = whole({"lines.excluded": [excluded]}).rules.lines
    (entry,) = table.excluded
    assert entry.when.tests == (("dual_channel", ("true",)),)
