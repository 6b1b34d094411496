"""Rows, paths and values of a pack as they are written, in Chinese and English."""

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from medsettle_gateway.cli.policy_rows import facts_words
from medsettle_gateway.cli.policy_words import (
    ACCUMULATOR_WORDS,
    BASE_WORDS,
    DAY_WORDS,
    EXCESS_WORDS,
    FORCE_WORDS,
    OUTSIDE_WORDS,
    OVER_CEILING_WORDS,
    PAYS_WORDS,
    PERIOD_WORDS,
    STATUS_WORDS,
    VERDICT_WORDS,
    Words,
    fact_word,
    value_word,
)
from medsettle_gateway.domain.money import format_percent, parse_ratio

_AT_LEAST: Final = "_at_least"
_OF_ENTRIES: Final[Mapping[str, Words]] = {
    "up_to": ("至", "up to"),
    "base": ("基数", "base"),
    "unit_price": ("单价", "unit price"),
    "switch": ("开关", "switch"),
}

_SECTIONS: Final[Mapping[str, Words]] = {
    "region": ("统筹区", "region"),
    "rounding": ("舍入", "rounding"),
    "title": ("名称", "title"),
    "zh": ("中文", "Chinese"),
    "en": ("英文", "English"),
    "authority": ("依据", "authority"),
    "source": ("原文", "source"),
    "status": ("状态", "status"),
    "facts": ("本地条件", "facts of the region"),
    "accumulators": ("累计", "accumulators"),
    "lines": ("逐行划分", "lines"),
    "catalogues": ("适用目录", "lists that hold"),
    "self_pay_first": ("先行自付", "share before the deductible"),
    "ceilings": ("支付标准", "payment standard"),
    "over_ceiling": ("超过支付标准", "above the payment standard"),
    "excluded": ("全自费", "fully self-paid"),
    "benefits": ("待遇", "benefit"),
    "layers": ("其他支付", "layers"),
    "fund": ("基金", "fund"),
    "who": ("对象", "who"),
    "where": ("地点", "where"),
    "switches": ("开关", "switch"),
    "takes": ("分单受理", "takes"),
    "deductible": ("起付标准", "deductible"),
    "ratio": ("支付比例", "pay ratio"),
    "bands": ("分段", "bands"),
    "cap": ("最高支付限额", "cap"),
    "inside": ("其中限额", "limit inside the cap"),
    "outpatient": ("其中非住院限额", "for encounters that are no stay"),
    "period": ("累计期间", "period"),
    "per": ("限额口径", "cap per"),
    "counters": ("计入", "counted under"),
    "waives": ("免除", "waives"),
    "limit_per_session": ("每次限额", "limit per session"),
    "excess": ("超出部分", "what is above"),
    "five_fixed": ("五定", "five fixed"),
    "drug_kinds": ("定品种", "kinds of drugs"),
    "days_supply": ("定量(天)", "days of supply"),
    "window_days": ("累计天数", "days that are counted together"),
    "outside": ("五定之外", "outside the five fixed"),
    "supply": ("超量", "beyond the supply"),
    "review": ("复审", "review"),
    "stay": ("跨年度住院", "stays over New Year"),
    "threshold": ("起付标准", "threshold"),
    "parts": ("分项支付", "parts"),
    "base": ("基数", "base"),
    "counts": ("计入基数", "counted to the base"),
    "guarantee": ("保障比例", "guarantee"),
    "leaves": ("个人负担封顶", "what is left to the patient"),
    "mode": ("支付时点", "when it pays"),
    "accounts": ("个人账户", "personal accounts"),
    "enrolments": ("参保方式", "enrolments"),
    "pays": ("支付范围", "pays"),
    "at": ("使用地点", "where they may be used"),
    "never": ("不得支付", "never for"),
    "owners": ("付款人", "payers"),
    "subsidy": ("定额补助", "subsidy"),
    "credit": ("每年划入", "credited each year"),
    "carries_over": ("结转", "carries over"),
    "closes": ("销户", "closing"),
    "accrual": ("个人账户计入", "accrual"),
    "of_base": ("缴费基数的比例", "share of the own base"),
    "of_pension": ("养老金的比例", "share of the pension"),
    "pension": ("平均基本养老金", "average basic pension"),
    "eligibility": ("资格", "eligibility"),
    "institution": ("机构", "institution"),
    "except": ("例外", "except"),
    "filing": ("须备案", "needs a filing"),
    "arrears": ("欠费", "arrears"),
    "restored_within_months": ("补缴期限(月)", "months within which payment restores"),
    "interruption": ("中断参保", "interruption"),
    "first_enrolment_after_months": ("视同首次参保(月)", "months that make a first enrolment"),
    "years_restart_after_months": ("年限重算(月)", "months after which years restart"),
    "waiting": ("等待期", "waiting period"),
    "covers": ("享受待遇的年度", "year that is covered"),
    "pay_by": ("缴费截止日", "to be paid by"),
    "supplements": ("补充保险", "supplements"),
    "age": ("年龄", "age"),
    "below": ("未满(周岁)", "below, in years"),
    "districts": ("签发地", "issuing districts"),
    "order": ("次序", "order"),
    "suspension": ("暂停待遇", "suspension"),
    "stopped": ("停止待遇期间", "while benefits are stopped"),
    "card": ("须能刷卡", "must take cards"),
    "prescriber": ("医师", "prescriber"),
    "pharmacist": ("药师", "pharmacist"),
    "known": ("须已登记", "must be registered"),
    "filed_for": ("须备案的待遇", "must be filed for"),
    "points": ("记分", "points"),
    "of_year": ("每年分数", "points of a year"),
    "suspends": ("扣分暂停", "suspends"),
    "months": ("月数", "months"),
    "filed_months": ("备案满月数", "months since the filing"),
    "missed": ("未按时年审", "where it is missed"),
    "out_of_area": ("异地就医", "out of area"),
    "settles": ("直接结算", "settles at once"),
    "late": ("补报期限", "late claims"),
    "special_months": ("特殊情况月数", "months in special cases"),
    "traceability": ("追溯码", "traceability codes"),
    "required": ("须扫码的类别", "kinds that must name codes"),
    "every_pack": ("每盒一码", "one for every pack"),
    "digits": ("位数", "digits"),
    "warnings": ("预警", "warnings"),
    "supervision": ("智能监控", "supervision"),
    "rule": ("规则", "rule"),
    "verdict": ("处置", "verdict"),
    "figures": ("数字来源", "whose figures"),
    "grace_days": ("宽限天数", "days of grace"),
    "days": ("回看天数", "days back"),
    "advance": ("提前购药期", "days of early purchase"),
    "longer": ("可以更长", "longer for"),
    "tolerance": ("可高出比例", "tolerance"),
    "payment_standard": ("按支付标准", "by the payment standard"),
    "by_conditions": ("按备案病种数", "by filed conditions"),
    "prescribed": ("每张处方", "on one prescription"),
    "within_minutes": ("分钟数", "within minutes"),
    "sales_count": ("笔数", "number of sales"),
    "least": ("最低金额", "least sum"),
    "round": ("整数金额", "whole sums of"),
    "round_count": ("整数笔数", "number of whole sums"),
    "mixed": ("同单即提示", "already beside others"),
    "clause": ("条款", "clause"),
}
_VALUES: Final[Mapping[str, Mapping[str, Words]]] = {
    "status": STATUS_WORDS,
    "over_ceiling": OVER_CEILING_WORDS,
    "pays": PAYS_WORDS,
    "period": PERIOD_WORDS,
    "over": PERIOD_WORDS,
    "excess": EXCESS_WORDS,
    "outside": OUTSIDE_WORDS,
    "supply": OUTSIDE_WORDS,
    "base": BASE_WORDS,
    "of": ACCUMULATOR_WORDS,
    "accumulators": ACCUMULATOR_WORDS,
    "verdict": VERDICT_WORDS,
    "deductible_by": DAY_WORDS,
    "cap_by": DAY_WORDS,
}
"""Values of a key that are words of their own."""

_CHINESE: Final = ("owners", "enrolments", "never")
"""Lists of values that have a Chinese word each."""

_SWITCHED: Final[Mapping[bool, Words]] = {True: ("已开通", "on"), False: ("未开通", "off")}
_SHARES: Final = ("ratio", "share", "self_pay_first", "parts", "bands", "guarantee")
_SILENT: Final = ("rows",)
_TITLED: Final = ("benefits", "layers", "warnings", "supervision")
_STEP: Final = re.compile(r"[^.\[\]]+|\[[^\]]*\]")


class Said(NamedTuple):
    """What a row or key says, in both languages, and its clause."""

    zh: str
    en: str
    clause: str = ""


def label(path: str, *sides: Mapping[str, object]) -> Words:
    """A path of a pack in words; benefits and layers go by the titles that one of the sides gives them."""
    zh, en = [], []
    steps = _STEP.findall(path)
    for number, step in enumerate(steps):
        if step in _SILENT:
            continue
        above = steps[0] if number == 1 and steps[0] in _TITLED else None
        titles = (_title(side.get(above), step) for side in sides if above is not None)
        words = next((title for title in titles if title is not None), None)
        words = words or _SECTIONS.get(step) or fact_word(step)
        zh.append(words[0])
        en.append(words[1])
    return " · ".join(zh), " · ".join(en)


def _title(section: Any, id_: str) -> Words | None:  # noqa: ANN401 - plain data
    if isinstance(section, Mapping):
        entry = section.get(id_)
    else:
        entries = section if isinstance(section, list) else []
        entry = next((each for each in entries if isinstance(each, Mapping) and each.get("id") == id_), None)
    title = entry.get("title") if isinstance(entry, Mapping) else None
    return (str(title.get("zh", id_)), str(title.get("en", id_))) if isinstance(title, Mapping) else None


def entry_words(whom: Mapping[str, object]) -> Words:
    """For whom a row is, or what an entry of a list asks for; nothing where it always applies."""
    tests, least, zh, en = [], [], [], []
    for key, value in whom.items():
        values = tuple(_text(each) for each in (value if isinstance(value, list) else [value]))
        fact = key.removesuffix(_AT_LEAST)
        if fact in _OF_ENTRIES:
            words = _OF_ENTRIES[fact]
            more = ("以上", " or more") if key.endswith(_AT_LEAST) else ("", "")
            zh.append(f"{words[0]}{'、'.join(values)}{more[0]}")
            en.append(f"{words[1]} {', '.join(values)}{more[1]}")
        elif key.endswith(_AT_LEAST):
            least.append((fact, int(values[0]) if values[0].isdecimal() else 0))
        else:
            tests.append((key, values))
    if tests or least:
        said = facts_words(tests, least)
        zh.insert(0, said[0])
        en.insert(0, said[1])
    return ";".join(zh), "; ".join(en)


def value_words(value: object, path: str) -> Said:
    """What stood at a path: the figure of a row with its force, or the value of a key."""
    if not isinstance(value, Mapping):
        return Said(*_words(value, path))
    zh, en = _figure(value, path)
    force = value.get("force")
    if isinstance(force, str) and force in FORCE_WORDS:
        words = FORCE_WORDS[force]
        zh, en = f"{zh}({words[0]})", f"{en} ({words[1].partition(':')[0]})"
    clause = value.get("clause")
    return Said(zh, en, clause if isinstance(clause, str) else "")


def _words(value: object, path: str) -> Words:
    """The value of a key."""
    key = path.rpartition(".")[2]
    if value is None:
        return "", ""
    if isinstance(value, bool) and ".switches." in path:
        return _SWITCHED[value]
    if isinstance(value, str) and value in _VALUES.get(key, {}):
        return _VALUES[key][value]
    if isinstance(value, str) and key in _CHINESE:
        return value_word(key, value), value
    text = _listed(value)
    return text, text


def _figure(row: Mapping[str, object], path: str) -> Words:
    if row.get("none") is True:
        return "不设", "none"
    for key, unit in (("amount", "元"), ("unit_price", "元")):
        if key in row:
            return f"{row[key]}{unit}", str(row[key])
    for key in ("ratio", "share"):
        if key in row:
            percent = _percent(row[key])
            return percent, percent
    if "add" in row:
        return _added(str(row["add"]), path)
    listed = row.get("list")
    return (str(listed), str(listed)) if listed is not None else ("", "")


def _added(text: str, path: str) -> Words:
    more = ("再减", "less") if text.startswith("-") else ("再加", "plus")
    number = text.removeprefix("-")
    if any(step in _SHARES for step in _STEP.findall(path)):
        number = _percent(number).rstrip("%")
        return f"{more[0]}{number}个百分点", f"{more[1]} {number} points"
    return f"{more[0]}{number}元", f"{more[1]} {number}"


def _percent(value: object) -> str:
    try:
        return format_percent(parse_ratio(str(value)))
    except ValueError:
        return str(value)


def _listed(value: object) -> str:
    return ", ".join(_text(each) for each in value) if isinstance(value, list) else _text(value)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
