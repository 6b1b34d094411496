"""What a pack says of persons, on its page: since when, until when, and who is stopped."""

from collections.abc import Iterator
from typing import Final

from medsettle_gateway.cli.policy_rows import clause_mark, section
from medsettle_gateway.cli.policy_words import Words, value_word
from medsettle_gateway.domain.calendar import MonthDay
from medsettle_gateway.domain.member import Aid, Sex
from medsettle_gateway.domain.person_rules import NO_RULES, ORDER_OF_AID, Begins, PersonRules, Who, YearRule

_SEX: Final = {None: ("", ""), Sex.MALE: ("男", "men, "), Sex.FEMALE: ("女", "women, ")}


def person_lines(rules: PersonRules) -> Iterator[str]:
    """The section of a pack's page; nothing where it says nothing of persons."""
    if rules == NO_RULES:
        return
    yield section("参保资格", "who is covered when")
    for (zh, en), clause in (*_of_cover(rules), *_of_years(rules), *_of_identity(rules)):
        yield f"  {zh} / {en}{clause_mark(clause)}"
    if rules.accounts_stay:
        yield "  停止待遇期间个人账户仍可使用 / whose benefits are stopped may still pay from accounts"


def _of_cover(rules: PersonRules) -> Iterator[tuple[Words, str]]:
    if rules.arrears is not None:
        months = rules.arrears.restored_months
        yield (
            f"欠费当月起停止待遇,{months}个月内足额补缴恢复",
            f"arrears stop benefits from their month; paid in full within {months} months they are restored",
        ), rules.arrears.clause
    if rules.interruption is not None:
        anew, restart = rules.interruption.anew_months, rules.interruption.restart_months
        zh, en = f"中断满{anew}个月视同首次参保", f"{anew} months of interruption make a first enrolment"
        if restart is not None:
            zh += f",超过{restart}个月缴费年限重新计算"
            en += f", more than {restart} let the paid years restart"
        yield (zh, en), rules.interruption.clause
    for waiting in rules.waiting:
        zh, en = _who(waiting.who)
        yield (
            f"{zh}首次参保等待{waiting.months}个月",
            f"{en}benefits begin {waiting.months} months after enrolment",
        ), waiting.clause
    if rules.suspension is not None:
        months = rules.suspension.months
        yield (
            f"暂停待遇{months}个月(未注明期限的)", f"a suspension without an end lasts {months} months"
        ), rules.suspension.clause


def _of_years(rules: PersonRules) -> Iterator[tuple[Words, str]]:
    for year in rules.years:
        yield _year(year), year.clause
    for supplement in rules.supplements:
        by = _day(supplement.pay_by)
        zh, en = value_word("supplement", supplement.name), supplement.name
        yield (
            f"{zh}须在当年{by}前缴费", f"{en} covers a year that is paid for by {by}"
        ), supplement.clause


def _year(rule: YearRule) -> Words:
    zh, en = _who(rule.who)
    if rule.begins is Begins.NEXT_YEAR:
        zh, en = f"{zh}缴费后次年1月1日至12月31日享受待遇", f"{en}a premium covers the calendar year after it"
    else:
        zh, en = f"{zh}缴费当年1月1日至12月31日享受待遇", f"{en}a premium covers its calendar year"
    if rule.pay_by is None:
        return zh, en
    return f"{zh},{_day(rule.pay_by)}前缴费", f"{en}, if paid by {_day(rule.pay_by)}"


def _of_identity(rules: PersonRules) -> Iterator[tuple[Words, str]]:
    for age in rules.ages:
        zh, en = _who(age.who)
        sex_zh, sex_en = _SEX[age.sex]
        yield (f"{zh}{sex_zh}未满{age.below}周岁", f"{en}{sex_en}below {age.below} years"), age.clause
    if rules.aid is not None:
        listed = ", ".join(rules.aid.districts)
        yield (
            f"救助证件须由 {listed} 签发", f"certificates of aid count that were issued by {listed}"
        ), rules.aid.clause
        if rules.aid.order != ORDER_OF_AID:
            order = [aid.value for aid in rules.aid.order if aid is not Aid.NONE]
            zh = "、".join(value_word("aid", aid) for aid in order)
            yield (
                f"多种救助身份按此先后:{zh}", f"of several the first counts: {', '.join(order)}"
            ), rules.aid.clause


def _who(who: Who) -> Words:
    """For whom a rule is, before it; nothing for everybody."""
    named = [(fact, value) for fact, values in who for value in values]
    if not named:
        return "", ""
    zh = "、".join(value_word(fact, value) for fact, value in named)
    return f"{zh}:", f"{', '.join(value for _, value in named)}: "


def _day(day: MonthDay) -> str:
    return f"{day.month:02}-{day.day:02}"
