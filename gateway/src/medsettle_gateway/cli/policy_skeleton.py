"""The skeleton of a pack: every section of the format with a word on what it is for, in both languages."""

from typing import Final

from medsettle_gateway.policy.check_head import UNFILLED

PACK: Final = """\
# 政策包骨架:把每一处“{todo}”换成文件的内容,删去不用的部分,再运行
#   medsettle-gateway policy check 本文件
# The skeleton of a pack: put what the document says in the place of every "{todo}", delete what is not
# needed, then run the command above. The whole format is in FORMAT.md beside the shipped packs.
#
# 数字都加引号:金额两位小数 "300.00",比例 "0.50"(50%)。每一行写明条款 clause。
# Numbers stand in quotes: amounts with two places, ratios from 0 to 1. Every row names its clause.
# force:  exact 明确规定(默认) | floor 原则上不低于 | ceiling 原则上不高于 | assumed 暂定,不得据以结算
# 文件没有规定的数字留 rows: [],由统筹区在本地参数文件(overlay)中确定。
# A figure that the document does not give stays `rows: []`: a region brings it, in an overlay.

pack: region-{region}-{scheme}        # 编号,各版本相同 / its id, the same over all versions
region: "{region}"                   # 统筹区代码 / pooling region
title: {{zh: {todo}, en: {todo}}}
authority: {todo}                   # 文号,如 鞍政办发〔2022〕17号 / the document's number
source: ""                           # 原文文件名,可空 / the document's file, may be empty
effective: {{from: {todo}, to: null}}   # 日期如 2025-01-01;to 当日不含 / `to` is exclusive
status: in_force                     # in_force 现行 | historical 已废止(须有 to) | illustrative 示例
rounding: half_up

# 本地条件:年龄、档次、就医地等,声明后可在 when、who、where 中使用。
# Facts of the region's own; once declared, `when`, `who` and `where` may ask for them.
# facts:
#   age:  {{from: patient.age_on_service, kind: int}}            # age_at_least: 60
#   tier: {{from: patient.attributes.tier, values: [low, high]}}
#   area: {{from: encounter.area, values: [local, filed, unfiled, emergency]}}
# accumulators: [personal, in_scope]   # 本年度个人负担累计 / what the patient bore in the year

lines:
  # 先行自付:起付标准之前由个人承担的份额 / the share before the deductible
  self_pay_first: []
    # - {{when: {{class: B}}, share: "0.10", clause: {todo}}}
  # 支付标准:每单位最高计入金额 / what a unit may cost at most
  ceilings: []
    # - {{when: {{kind: bed, ward: ordinary}}, unit_price: "30.00", clause: {todo}}}
  over_ceiling: difference           # difference 超出自付 | whole_line 整行自费 | refuse 不予结算
  excluded:
    - {{when: {{class: C}}, clause: {todo}}}   # 目录外 / outside the catalogue
    - {{when: {{kind: [wellness, fitness, daily_goods, public_health]}}, clause: {todo}}}

benefits:
  general_outpatient:                # 待遇编号;一个待遇一次结算 / one benefit, one settlement
    title: {{zh: 普通门诊统筹, en: general outpatient pooling}}
    fund: pooled
    who: [{{scheme: {scheme}, clause: {todo}}}]
    where:
      - {{at: [clinic, hospital], designation: pooled_outpatient, clause: {todo}}}
    # 起付标准 / deductible: period: year 按年 | stay 每次住院 | none 不设
    deductible: {{period: year, rows: []}}
      # rows: [{{amount: "300.00", force: floor, clause: {todo}}}]
    # 支付比例,自上而下,后一行替换前一行,add 为加减百分点
    # Pay ratio, read from the top: a later row replaces, `add` adds percentage points.
    ratio: {{rows: []}}
      # rows:
      #   - {{ratio: "0.50", clause: {todo}}}
      #   - {{when: {{level: primary}}, ratio: "0.60", clause: {todo}}}
      #   - {{when: {{standing: retired}}, add: "0.05", clause: {todo}}}
    # 最高支付限额;不设写 cap: {{none: true, clause: ...}} / cap
    cap: {{period: year, rows: []}}
    layers: []                       # 其后依次支付的 layers 编号 / ids of layers that follow

#   inpatient:                        # 住院 / stays
#     title: {{zh: 住院, en: inpatient care}}
#     fund: pooled
#     where: [{{at: hospital, designation: basic, stay: true, clause: {todo}}}]
#     deductible: {{period: stay, rows: [{{when: {{level: tertiary}}, amount: "900.00", clause: {todo}}}]}}
#     ratio:
#       bands:                        # 分段 / by the amount above the deductible
#         of: after_deductible
#         over: settlement            # settlement | stay | year
#         rows:
#           - {{up_to: "10000.00", ratio: "0.80", clause: {todo}}}
#           - {{ratio: "0.90", clause: {todo}}}
#     cap: {{period: year, rows: [{{amount: "200000.00", clause: {todo}}}]}}
#     stay:                           # 跨年度 / stays over New Year
#       deductible_by: admitted       # admitted 入院日 | discharged 出院日
#       cap_by: discharged
#       clause: {todo}
#     layers: [serious_illness, medical_aid]

# 其他支付,依次:大病保险、商业补充、医疗救助 …… / what other funds pay on what is left, in this order
layers: []
#   - id: serious_illness
#     title: {{zh: 大病保险, en: serious illness insurance}}
#     fund: serious_illness
#     base: in_scope_left             # in_scope_left | out_of_scope_left | all_left
#     threshold: {{period: year, rows: [{{amount: "15000.00", clause: {todo}}}]}}
#     ratio: {{rows: [{{ratio: "0.60", clause: {todo}}}]}}
#     cap: {{none: true, clause: {todo}}}

accounts:                            # 个人账户;没有可整节删去 / delete where there are none
  clause: {todo}
  enrolments: [pooled_and_account]   # 设有个人账户的参保方式 / enrolments with an account
  pays: personal                     # personal 任何个人负担 | in_scope 仅政策范围内
  at:
    - {{at: [clinic, hospital]}}
    - {{at: pharmacy, kind: [drug, device, consumable]}}
  never: [wellness, fitness, daily_goods, public_health]
  owners: [self, spouse, parent, child]   # 付款人及次序 / payers, in order of use

eligibility:
  institution: {{designation: basic, clause: {todo}}}
  filing: []                         # 须备案病种的待遇 / benefits that need a filed condition
  # 机构、医师药师、备案,均可不写 / what is asked of places, staff and filings; each may be left out
  # card: {{at: [pharmacy], clause: {todo}}}
  # prescriber: {{known: true, filed_for: [general_outpatient], clause: {todo}}}
  # pharmacist: {{known: true, clause: {todo}}}
  # out_of_area: {{settles: [filed, emergency], clause: {todo}}}
  # late: {{months: 3, special_months: 12, clause: {todo}}}
  # 参保人,均可不写 / what is asked of persons, by what is recorded of them; each may be left out
  # arrears: {{restored_within_months: 3, clause: {todo}}}
  # interruption: {{first_enrolment_after_months: 6, years_restart_after_months: 12, clause: {todo}}}
  # waiting: [{{standing: flexible, months: 6, clause: {todo}}}]
  # year: [{{scheme: resident, covers: next_year, clause: {todo}}}]
  # supplements: [{{name: large_amount, pay_by: 06-30, clause: {todo}}}]
  # age: [{{standing: flexible, sex: male, below: 60, clause: {todo}}}]
  # aid: {{districts: ["{region}"], clause: {todo}}}
  # suspension: {{months: 12, clause: {todo}}}
  # stopped: {{accounts: true, clause: {todo}}}   # 停止待遇期间账户可用 / accounts may still pay

# 预警,不改变金额 / warnings change no amount; they need `accumulators`
# warnings:
#   poverty_risk:
#     title: {{zh: 因病致贫风险, en: risk of poverty by illness}}
#     of: in_scope
#     at: reached                    # reached 达到 | exceeded 超过
#     rows: [{{when: {{aid: [none]}}, amount: "5000.00", clause: {todo}}}]

# 智能监控,不改变金额 / supervision at the counter changes no amount; FORMAT.md has every rule
# supervision:
#   - {{id: repeated_drug, verdict: warn, figures: operator, grace_days: 7, days: 180}}
"""

OVERLAY: Final = """\
# 本地参数:只写与政策包不同的内容。把每一处“{todo}”换成本地数字,删去不改的部分,再运行
#   medsettle-gateway policy check 本文件
# Local figures over a pack: only what differs. Put the local figure in the place of every "{todo}", delete
# what stays as it is, then run the command above. Lists of rows are replaced whole; rows need no clause.
# 政策包有下限或上限的,只能改数字;对象、地点、基数、计数等不得改动,须另立政策包。
# Over a pack with floors or ceilings only figures may differ: no gates, bases or counters.

overlay: {pack}-local        # 编号 / its id
pack: {pack}
author: {todo}              # 制定人 / who set the figures
date: {todo}                # 制定日期,如 2025-01-31 / when
authority: {todo}           # 本地文号 / the region's own document
effective: {{from: {todo}, to: null}}

"""


def pack_skeleton(region: str, scheme: str) -> str:
    """A pack for a region and scheme, to be filled in."""
    return PACK.format(region=region, scheme=scheme, todo=UNFILLED)


def overlay_head(pack: str) -> str:
    """The beginning of an overlay over a pack, to be filled in."""
    return OVERLAY.format(pack=pack, todo=UNFILLED)
