"""A pack that uses every section of the format, for the tests of what reads it."""

import copy
from collections.abc import Mapping
from typing import Any

import pytest

from medsettle_gateway.files.yaml import read_yaml
from medsettle_gateway.policy.loader import PackSource, load_pack
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.reading import Invalid

NAME = "whole.yaml"

TEXT = """\
pack: whole
region: "330100"
title: {zh: 全, en: whole}
authority: 甲发〔2023〕1号
source: 000.txt
effective: {from: 2023-01-01, to: null}
known_from: 2023-02-01
supersedes: 3f1c9a2b7d4e
status: in_force
rounding: half_up
facts:
  age: {from: patient.age_on_service, kind: int}
  tier: {from: patient.attributes.income_tier, values: [low, high]}
  area: {from: encounter.area, values: [local, filed, unfiled]}
accumulators: [personal, in_scope]
lines:
  catalogues:
    - {when: {level: [primary, none]}, list: township, clause: 七}
  self_pay_first:
    - {when: {kind: drug, class: B, age_at_least: 60}, share: "0.10", clause: 八}
  ceilings:
    - {when: {kind: bed}, unit_price: "12.00", clause: 九}
  over_ceiling: difference
  excluded:
    - {when: {class: C}, clause: 十}
benefits:
  inpatient:
    title: {zh: 住院, en: inpatient}
    fund: pooled
    who: [{scheme: employee, age_at_least: 60, tier: low}, {scheme: employee, age: [70, 71]}]
    where: [{at: hospital, stay: true, area: [local, filed]}]
    deductible:
      period: stay
      counters: [inpatient, basic_annual]
      rows: [{amount: "300.00", clause: 一}, {when: {age_at_least: 80}, add: "-100.00", clause: 一}]
    ratio:
      bands:
        of: after_deductible
        over: stay
        rows:
          - {up_to: "10000.00", ratio: "0.80", force: floor, clause: 二}
          - {rows: [{ratio: "0.90", clause: 二}, {when: {tier: low}, add: "0.02", clause: 二}]}
    cap: {period: year, rows: [{amount: "100000.00", clause: 三}]}
    stay: {deductible_by: admitted, cap_by: discharged}
    layers: [medical_aid, county, relief]
  chronic:
    title: {zh: 门诊慢特病, en: chronic outpatient}
    fund: pooled
    takes: [{kind: drug, condition: [hypertension]}]
    deductible: {period: none}
    ratio: {rows: []}
    cap: {period: year, per: condition, rows: []}
    waives: [self_pay_first]
    limit_per_session: {amount: "350.00", excess: provider, clause: 四}
    five_fixed:
      clause: 五
      drug_kinds: {1: 3, 2: 4, 3: 5}
      days_supply: 15
      outside: refuse
      supply: self_pay
      window_days: 30
      review: {from: 06-01, to: 08-31}
    layers: {none: true, clause: 六}
layers:
  - id: medical_aid
    title: {zh: 医疗救助, en: medical aid}
    fund: medical_aid
    mode: settlement
    who: [{aid: [destitute, subsistence], tier: high}]
    base: in_scope_left
    counts: [self_pay_first, over_limit]
    threshold: {of: personal, rows: [{amount: "1000.00", clause: 一}]}
    ratio: {rows: [{ratio: "0.80", clause: 一}]}
    cap:
      period: year
      rows: [{amount: "150000.00", clause: 一}]
      outpatient: [{amount: "20000.00", clause: 一}]
      inside:
        - {id: ordinary, benefits: [chronic], rows: [{amount: "5000.00", clause: 一}]}
  - id: commercial
    title: {zh: 商业补充, en: commercial}
    fund: commercial
    parts:
      - {base: in_scope_left, ratio: "0.90", clause: 二}
      - {base: out_of_scope_left, rows: [{ratio: "0.75", clause: 二}]}
  - id: county
    title: {zh: 兜底, en: top-up}
    fund: county
    guarantee: {of: total, share: "0.90", force: floor, clause: 三}
  - id: relief
    title: {zh: 暖心基金, en: relief}
    fund: relief
    mode: afterwards
    leaves: {amount: "50000.00", of: personal, force: ceiling, clause: 四}
    cap: {none: true, clause: 四}
    clause: 四
accounts:
  enrolments: [pooled_and_account]
  owners: [self]
  at: [{at: pharmacy, kind: [drug], tier: low, age_at_least: 18}]
  subsidy:
    title: {zh: 门诊定额补助, en: fixed subsidy}
    credit: {period: year, rows: [{amount: "60.00", force: floor, clause: 二十五}]}
    carries_over: {clause: 二十五}
    closes:
      - {cause: moved_away, pays: self, documents: [身份证, 迁移证明], clause: 二十六}
      - {cause: deceased, pays: [heir, beneficiary], clause: 二十七}
  accrual:
    of_base: {rows: [{when: {standing: active}, ratio: "0.02", clause: 二十八}]}
    of_pension: {rows: [{when: {standing: retired}, ratio: "0.02", clause: 二十八}]}
    pension: {rows: [{amount: "2800.00", clause: 二十八}]}
eligibility:
  institution: {designation: basic, except: [{emergency: true, clause: 二十}], clause: 六}
  filing: [chronic]
warnings:
  poverty_risk:
    title: {zh: 因病致贫监测, en: poverty risk}
    of: in_scope
    at: reached
    rows: [{when: {aid: [marginal]}, amount: "5000.00", clause: 二}]
"""

UNBOUNDED = {
    "benefits.inpatient.ratio.bands.rows.0.force": "exact",
    "layers.2.guarantee.force": "exact",
    "layers.3.leaves.force": "exact",
    "accounts.subsidy.credit.rows.0.force": "exact",
}
"""Changes that leave the pack without a floor or ceiling."""

GONE = object()
"""Stands for a key that is taken away."""


def whole_source(changes: Mapping[str, Any] | None = None) -> PackSource:
    """The pack as plain data with the lines of its text; each dotted path put to a value, or GONE."""
    document = read_yaml(TEXT, NAME)
    data = copy.deepcopy(document.data)
    assert isinstance(data, dict)
    for dotted, value in (changes or {}).items():
        *way, last = dotted.split(".")
        place: Any = data
        for key in way:
            place = place[int(key)] if isinstance(place, list) else place[key]
        step = int(last) if isinstance(place, list) else last
        if value is GONE:
            del place[step]
        else:
            place[step] = value
    return PackSource(NAME, data, document.lines)


def whole(changes: Mapping[str, Any] | None = None) -> Pack:
    """The pack, compiled."""
    return load_pack(whole_source(changes))


def faults(changes: Mapping[str, Any]) -> list[str]:
    """What the loader says of the changed pack: ``path: message`` of each fault."""
    with pytest.raises(Invalid) as invalid:
        whole(changes)
    return [f"{fault.path}: {fault.message}" for fault in invalid.value.faults]


def fault_of(dotted: str, value: object) -> str:
    """The only thing that the loader says of a pack with this one value changed."""
    (said,) = faults({dotted: value})
    return said


def line_saying(text: str) -> int:
    """The line of the pack's text, from 1, that holds this text; it stands there once."""
    (line,) = [number for number, line in enumerate(TEXT.splitlines(), 1) if text in line]
    return line
