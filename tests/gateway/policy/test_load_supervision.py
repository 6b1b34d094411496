"""The section ``supervision`` of a pack: rules as data, read whole or faulted line by line."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from medsettle_gateway.domain.finding import Verdict
from medsettle_gateway.domain.watching import (
    KINDS,
    AccountEmptied,
    Advance,
    DrugKinds,
    Longer,
    NotMedical,
    OverDays,
    OverPrice,
    RepeatedDrug,
    TwoPlaces,
    WatchRule,
)
from medsettle_gateway.files.packs import shipped_packs
from medsettle_gateway.files.yaml import read_yaml
from medsettle_gateway.policy.loader import PackSource, load_pack
from medsettle_gateway.policy.overlays import load_overlay, overlaid
from medsettle_gateway.policy.reading import Invalid
from medsettle_gateway.policy.registry import Packs

PACK = """\
pack: a-pack
region: "999999"
title: {zh: 甲, en: a}
authority: 甲号文
effective: {from: 2026-01-01, to: null}
status: illustrative
benefits:
  general_outpatient:
    title: {zh: 门诊, en: outpatient}
    fund: pooled
    deductible: {period: year, rows: [{none: true, clause: 一}]}
    ratio: {rows: [{ratio: "0.50", clause: 一}]}
    cap: {period: year, rows: [{none: true, clause: 一}]}
    layers: []
supervision:
"""
RULES = """\
  - {id: repeated_drug, verdict: warn, figures: operator, grace_days: 7, days: 180,
     advance: [{from: 2027-02-01, to: 2027-02-16, grace_days: 14}]}
  - id: over_days
    verdict: warn
    title: {zh: 用量, en: days}
    clause: 篇10定量
    days_supply: 15
    longer:
      - {days_supply: 90, conditions: [hypertension], clause: 篇10}
      - {days_supply: 30, benefits: [x], clause: 二}
  - {id: dear, rule: over_price, verdict: remind, figures: operator, tolerance: "0.10",
     payment_standard: false}
  - {id: drug_kinds, verdict: remind, clause: 篇10定品种, by_conditions: {1: 3, 2: 4, 3: 5}, prescribed: 5}
  - {id: two_places, verdict: warn, figures: operator, within_minutes: 30}
  - {id: account_emptied, verdict: block, figures: operator, days: 3, sales_count: 3, share: "0.90",
     least: "300.00", round: "100.00", round_count: 2}
  - {id: not_medical, verdict: block, clause: 三(四)¶2, mixed: true}
"""


BACKWARDS = "{from: 2027-02-02, to: 2027-02-01, grace_days: 9}"


def written(text: str, name: str) -> PackSource:
    document = read_yaml(text, name)
    assert isinstance(document.data, Mapping)
    return PackSource(name, document.data, document.lines)


def watches(rules: str) -> tuple[WatchRule, ...]:
    return load_pack(written(PACK + rules, "a.yaml")).rules.watches


def fault(rules: str) -> str:
    with pytest.raises(Invalid) as caught:
        watches(rules)
    return str(caught.value)


def test_every_kind_of_rule_is_read_with_its_figures() -> None:
    early, days, dear, kinds, places, emptied, goods = watches(RULES)
    own: dict[str, Any] = {"clause": "", "own_figures": True}
    assert early == RepeatedDrug(
        "repeated_drug", Verdict.WARN, "重复购药", "bought again too early", **own, grace_days=7, days=180,
        advances=(Advance(date(2027, 2, 1), date(2027, 2, 16), 14),),
    )
    assert days == OverDays(
        "over_days", Verdict.WARN, "用量", "days", "篇10定量", own_figures=False, days_supply=15,
        longer=(Longer(90, ("hypertension",)), Longer(30, (), ("x",))),
    )
    assert dear == OverPrice(
        "dear", Verdict.REMIND, "超价", "over price", **own, tolerance_ppm=100_000, payment_standard=False
    )
    assert (dear.kind, dear.code) == ("over_price", "DEAR")
    assert kinds == DrugKinds(
        "drug_kinds", Verdict.REMIND, "品种过多", "too many kinds of drugs", "篇10定品种", own_figures=False,
        by_conditions=((1, 3), (2, 4), (3, 5)), prescribed=5,
    )
    assert places == TwoPlaces(
        "two_places", Verdict.WARN, "异地同时使用", "two places at once", **own, within_minutes=30
    )
    assert emptied == AccountEmptied(
        "account_emptied", Verdict.BLOCK, "疑似套现", "account emptied", **own, days=3, sales_count=3,
        share_ppm=900_000, least_fen=30_000, round_fen=10_000, round_count=2,
    )
    assert goods == NotMedical(
        "not_medical", Verdict.BLOCK, "非医药用品", "not medical", "三(四)¶2", own_figures=False, mixed=True
    )


def test_a_pack_without_the_section_has_no_rules() -> None:
    assert load_pack(written(PACK.replace("supervision:\n", ""), "a.yaml")).rules.watches == ()


@pytest.mark.parametrize(("rule", "said"), [
    ("{id: repeted_drug, verdict: warn}", "supervision[0].id: there is no rule 'repeted_drug' (did you mean"),
    ("{id: dear, rule: price, verdict: warn}", "supervision[0].rule: there is no rule 'price'"),
    ("{id: two_places, clause: 一, within_minutes: 5}", "missing key 'verdict'"),
    ("{id: two_places, verdict: stop, clause: 一, within_minutes: 5}", "expected one of remind, warn, block"),
    ("{id: two_places, verdict: warn, within_minutes: 5}", "every row names its clause"),
    ("{id: two_places, verdict: warn, clause: 一}", "missing key 'within_minutes'"),
    ("{id: two_places, verdict: warn, clause: 一, within_minutes: 5000}", "expected at most 1440, got 5000"),
    ("{id: two_places, verdict: warn, clause: 一, within_minutes: 5, days: 3}", "unknown key"),
    ("{id: two_places, verdict: warn, clause: 一, within_minutes: '5'}", "expected a whole number from 1"),
    ("{id: Two, rule: two_places, verdict: warn, clause: 一, within_minutes: 5}", "expected an id like"),
    ("{id: repeated_drug, verdict: warn, clause: 一, grace_days: 7}", "missing key 'days'"),
    ("{id: repeated_drug, verdict: warn, clause: 一, grace_days: 7, days: 400}", "expected at most 366"),
    ("{id: repeated_drug, verdict: warn, clause: 一, grace_days: 7, days: 90, advance: [" + BACKWARDS + "]}",
     "it is before `from`"),
    ("{id: over_days, verdict: warn, clause: 一, days_supply: 15, longer: [{days_supply: 15, clause: 一}]}",
     "expected more than the 15 days that hold for everybody"),
    ("{id: over_days, verdict: warn, clause: 一, days_supply: 15, longer: [{days_supply: 30}]}",
     "line 16, supervision[0].longer[0]: every row names its clause"),
    ("{id: over_price, verdict: warn, clause: 一, tolerance: 0.1}", "write the number in quotes"),
    ("{id: drug_kinds, verdict: warn, clause: 一}", "it says nothing: give `by_conditions`"),
    ("{id: drug_kinds, verdict: warn, clause: 一, by_conditions: {none: 3}}", "expected a number of filed"),
    ("{id: drug_kinds, verdict: warn, clause: 一, by_conditions: 3}", "expected a mapping of filed"),
    ("{id: account_emptied, verdict: warn, clause: 一, days: 3, sales_count: 1, share: '0.90'}",
     "expected a whole number from 2"),
    ("{id: account_emptied, verdict: warn, clause: 一, days: 3, sales_count: 3}", "missing key 'share'"),
    ("{id: account_emptied, verdict: warn, clause: 一, days: 3, sales_count: 3, share: '1', round: '1.00'}",
     "`round` and `round_count` go together"),
    ("{id: account_emptied, verdict: warn, clause: 一, days: 3, sales_count: 3, share: '0'}", "above 0"),
    ("{id: not_medical, verdict: block, clause: 一, mixed: 1}", "expected true or false"),
    ("{id: not_medical, verdict: block, clause: 一, figures: mine}", "expected one of document, operator"),
    ("not_medical", "expected a mapping with id, verdict"),
])
def test_a_rule_that_is_wrong_is_faulted_with_its_line(rule: str, said: str) -> None:
    text = fault(f"  - {rule}\n")
    assert said in text
    assert "line 16" in text


def test_a_rule_stands_once_and_there_are_only_so_many() -> None:
    one = "  - {{id: {id}, rule: not_medical, verdict: block, clause: 一}}\n"
    assert "same is named twice" in fault(one.format(id="same") * 2)
    many = "".join(one.format(id=f"rule_{number}") for number in range(13))
    assert "expected at most 12 rules, got 13" in fault(many)
    assert "expected a list" in fault("  {id: two_places}\n")


OVERLAY = """\
overlay: own-figures
pack: a-pack
author: 张三
date: 2026-02-01
authority: 本地文
effective: {from: 2026-03-01, to: null}
supervision:
"""


def locally(brought: str) -> dict[str, WatchRule]:
    source: PackSource = written(PACK + RULES, "a.yaml")
    overlay = load_overlay(written(OVERLAY + brought, "own.yaml"))
    return {rule.id: rule for rule in overlaid(overlay, load_pack(source), source).rules.watches}


def test_an_overlay_changes_verdict_and_figures_by_id_and_leaves_the_rest() -> None:
    rules = locally("  two_places: {verdict: remind, within_minutes: 10}\n")
    assert len(rules) == len(KINDS)
    changed = rules["two_places"]
    assert (changed.verdict, getattr(changed, "within_minutes", None)) == (Verdict.REMIND, 10)
    assert rules["over_days"].verdict is Verdict.WARN


def test_an_overlay_may_bring_rules_of_its_own_and_needs_no_clause_for_them() -> None:
    rules = locally("  - {id: two_places, verdict: warn, within_minutes: 20}\n")
    assert list(rules) == ["two_places"]
    assert rules["two_places"].clause == "本地文"


def test_an_overlay_that_names_no_rule_of_the_pack_is_faulted() -> None:
    with pytest.raises(Invalid, match="no element 'three_places' in supervision"):
        locally("  three_places: {verdict: remind}\n")


def test_what_ships_with_figures_of_the_operators_only_reminds() -> None:
    rules = [rule for pack in Packs.load(shipped_packs()) for rule in pack.rules.watches]
    assert rules
    assert all(rule.clause for rule in rules if not rule.own_figures)
    assert all(rule.verdict is Verdict.REMIND for rule in rules if rule.own_figures)
