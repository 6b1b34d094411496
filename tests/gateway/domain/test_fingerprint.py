"""Digests: what makes two requests the same, and what does not."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from msgspec import structs

from medsettle_gateway.domain.asked import AskedLine, Basket, Collect, Payer
from medsettle_gateway.domain.breakdown import FundShare
from medsettle_gateway.domain.fingerprint import asked_digest, goods_digest, quoted_digest
from medsettle_gateway.domain.sale import Fingerprint
from medsettle_gateway.domain.split import AccountPart, Split

LINE = AskedLine("1", "DRUG", 10_000, 1_000_000, 100)
OTHER = AskedLine("2", "TONIC", 20_000, 2_000_000, 400)
BASKET = Basket((LINE, OTHER))
SPLIT = Split.make({"pooled": 100}, {"a": 5}, 395)
ASKED_BEFORE = "001e98fe33f0311233960cbcf875c7a01238c28c9b8a5307038ab8adb94b96ef"
QUOTED_BEFORE = "6d919d52adede69b624edd43dc01aee8b86e1abaa0e5d2472308a6a4b61c854d"


def test_equal_splits_are_equal_values_however_they_were_stated() -> None:
    stated = Split.make({"zero": 0, "pooled": 100}, {"a": 5, "b": 0}, 395)
    assert stated == SPLIT == Split((FundShare("pooled", 100),), (AccountPart("a", 5),), 395)


@pytest.mark.parametrize(
    "change",
    [
        {"benefit": "chronic"}, {"admitted_on": date(2026, 7, 1)}, {"sessions": 2}, {"lines": (LINE,)},
        {"payers": (Payer("a"),)}, {"without_accounts": True}, {"service_on": date(2026, 7, 1)},
        {"emergency": True}, {"discharged_on": date(2026, 7, 1)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_is_asked_differently_has_another_digest(change: dict[str, Any]) -> None:
    changed = replace(BASKET, **change)
    assert asked_digest(changed, Collect.NOW, SPLIT) != asked_digest(BASKET, Collect.NOW, SPLIT)


def test_the_digests_of_what_an_older_release_could_ask_are_what_they_were() -> None:
    """Sales that were recorded before an update get their first answer after it."""
    assert asked_digest(BASKET, Collect.NOW, SPLIT) == ASKED_BEFORE
    assert quoted_digest(BASKET) == QUOTED_BEFORE


def test_days_of_supply_are_part_of_what_is_asked() -> None:
    changed = replace(BASKET, lines=(structs.replace(LINE, days_supply=7), OTHER))
    assert asked_digest(changed, Collect.NOW, SPLIT) != asked_digest(BASKET, Collect.NOW, SPLIT)


@pytest.mark.parametrize("said", ['"emergency":false,', '"days_supply":null,'])
def test_a_text_that_reads_like_a_field_is_part_of_what_is_asked(said: str) -> None:
    changed = replace(BASKET, late_reason=said)
    without = replace(BASKET, late_reason="")
    assert asked_digest(changed, Collect.NOW, SPLIT) != asked_digest(without, Collect.NOW, SPLIT)


def test_collect_and_expected_are_part_of_what_is_asked() -> None:
    digests = {
        asked_digest(BASKET, Collect.NOW, SPLIT),
        asked_digest(BASKET, Collect.LATER, SPLIT),
        asked_digest(BASKET, Collect.NOW, SPLIT._replace(cash_fen=396)),
    }
    assert len(digests) == 3


def test_goods_are_the_same_in_any_order_and_under_any_line_id() -> None:
    turned = (structs.replace(OTHER, line_id="x"), structs.replace(LINE, traceability_codes=("t",)))
    assert goods_digest(turned) == goods_digest(BASKET.lines)
    assert goods_digest((LINE,)) != goods_digest(BASKET.lines)
    assert goods_digest((LINE, LINE)) != goods_digest((LINE,))


def test_a_quote_knows_its_basket_whatever_the_day() -> None:
    dated = replace(BASKET, service_on=date(2026, 7, 1), late_reason="why")
    assert quoted_digest(dated) == quoted_digest(BASKET)
    assert quoted_digest(replace(BASKET, sessions=2)) != quoted_digest(BASKET)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("x", "m"), ("x", "m"), True), (("x", "m"), ("x", None), True), (("x", None), ("x", "m"), True),
        (("x", "m"), ("x", "n"), False), (("x", None), ("y", None), False),
    ],
)
def test_fingerprints_match_as_far_as_both_know_the_member(
    one: tuple[str, str | None], other: tuple[str, str | None], same: bool
) -> None:
    assert Fingerprint(*one).matches(Fingerprint(*other)) is same
