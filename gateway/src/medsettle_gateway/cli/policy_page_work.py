"""What a pack asks of places, of those who work there, and of filings, on its page."""

from collections.abc import Iterator
from typing import Final

from medsettle_gateway.cli.policy_rows import said, section
from medsettle_gateway.cli.policy_words import Words, value_word
from medsettle_gateway.domain.filings import Area, ReviewRule
from medsettle_gateway.domain.staff import CREDIT, CreditRule, StaffRule
from medsettle_gateway.domain.work_rules import WorkRules

_AREAS: Final[dict[Area, Words]] = {
    Area.LOCAL: ("本地", "local"),
    Area.FILED: ("已备案的异地", "elsewhere with a filing"),
    Area.UNFILED: ("未备案的异地", "elsewhere without a filing"),
    Area.EMERGENCY: ("异地急救抢救", "rescue elsewhere"),
}


def work_lines(work: WorkRules) -> Iterator[str]:
    """The section of a pack's page; nothing where it asks nothing."""
    told = list(_told(work))
    if told:
        yield section("机构、医师药师与备案", "places, those who work there, and filings")
        yield from told


def _told(work: WorkRules) -> Iterator[str]:
    if work.card is not None:
        kinds = "、".join(value_word("at", kind.value) for kind in work.card.kinds)
        words = (f"须具备刷卡条件:{kinds}", f"must be able to take cards: {', '.join(work.card.kinds)}")
        yield said(words, work.card.clause)
    yield from _staff(("医师", "prescribers"), work.prescriber)
    yield from _staff(("药师", "pharmacists"), work.pharmacist)
    if work.review is not None:
        yield _review(work.review)
    if work.out_of_area is not None:
        zh = "、".join(_AREAS[area][0] for area in work.out_of_area.settles) or "无"
        en = ", ".join(_AREAS[area][1] for area in work.out_of_area.settles) or "nothing"
        yield said((f"异地直接结算:{zh}", f"settled at once out of area: {en}"), work.out_of_area.clause)
    if work.late is not None:
        zh = f"补报期限:{work.late.months}个月,特殊情况{work.late.special_months}个月"
        en = f"claimed within {work.late.months} months, in special cases {work.late.special_months}"
        yield said((zh, en), work.late.clause)


def _staff(who: Words, rule: StaffRule) -> Iterator[str]:
    zh, en = who
    if rule.known:
        yield said((f"{zh}须已登记", f"{en} must be registered"), rule.clause)
    if rule.filed_for:
        named = ", ".join(rule.filed_for)
        yield said((f"{zh}须备案:{named}", f"{en} must be filed for {named}"), rule.clause)
    if rule.credit != CREDIT:
        yield from _points(who, rule.credit)


def _points(who: Words, rule: CreditRule) -> Iterator[str]:
    steps_zh = "、".join(f"{step.points}分停{step.months}个月" for step in rule.steps)
    steps_en = ", ".join(f"{step.points} suspend for {step.months} months" for step in rule.steps)
    zh, en = f"{who[0]}每年{rule.points}分:{steps_zh}", f"{who[1]}: {rule.points} points a year, {steps_en}"
    yield said((zh, en), rule.clause)


def _review(rule: ReviewRule) -> str:
    first, last = (f"{day.month:02}-{day.day:02}" for day in (rule.first, rule.last))
    then = ("只作提示", "only shown")
    if rule.refuses:
        then = ("未审暂停待遇", "the benefit rests where it is missed")
    zh = f"每年{first}至{last}年审备案超过{rule.filed_months}个月的病种,{then[0]}"
    en = f"conditions filed over {rule.filed_months} months are reviewed from {first} to {last}; {then[1]}"
    return said((zh, en), rule.clause)
