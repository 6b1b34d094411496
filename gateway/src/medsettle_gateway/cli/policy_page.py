"""A pack as a page for a policy officer: every figure with its force and clause, zh and en."""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from medsettle_gateway.cli.frame import field
from medsettle_gateway.cli.policy_page_benefit import benefit_lines
from medsettle_gateway.cli.policy_page_goods import trace_lines
from medsettle_gateway.cli.policy_page_layers import layer_lines
from medsettle_gateway.cli.policy_page_persons import person_lines
from medsettle_gateway.cli.policy_page_prescription import prescription_lines
from medsettle_gateway.cli.policy_page_watches import watch_lines
from medsettle_gateway.cli.policy_page_work import work_lines
from medsettle_gateway.cli.policy_rows import (
    clause_mark,
    figure_lines,
    gate_words,
    name_words,
    said,
    section,
    when_words,
)
from medsettle_gateway.cli.policy_words import (
    ACCUMULATOR_WORDS,
    AT_WORDS,
    OVER_CEILING_WORDS,
    PAYS_WORDS,
    SOURCE_WORDS,
    STATUS_WORDS,
    fact_word,
    value_word,
)
from medsettle_gateway.policy.accounts import AccountRules, Accrual, Subsidy
from medsettle_gateway.policy.line_rules import LineRules
from medsettle_gateway.policy.notices import Notice
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.sentences_lines import LIST_NAMES

_DIGEST_SHOWN = 16


def pack_page(pack: Pack) -> str:
    """The page as text, with colour codes that ``click.echo`` drops where there is no terminal."""
    rules = pack.rules
    parts = (
        _head(pack),
        _facts(pack),
        _lines(rules.lines),
        *(benefit_lines(benefit, rules.layers) for benefit in pack.benefits),
        *(layer_lines(layer, pack.benefits) for layer in rules.layers),
        _accounts(pack.accounts),
        person_lines(rules.persons),
        _notices(rules.notices),
        work_lines(rules.work),
        prescription_lines(rules.review),
        trace_lines(rules.tracing),
        watch_lines(rules.watches),
    )
    written = [list(part) for part in parts]
    return "\n".join(line for part in written if part for line in (*part, ""))


def pack_as_plain(pack: Pack, data: Mapping[str, object]) -> dict[str, Any]:
    """The pack's data as it was read, with the digest that settlements name."""
    plain: dict[str, Any] = {"digest": pack.digest}
    if pack.overlay is not None:
        mark = pack.overlay
        plain["overlay"] = {
            "id": mark.id,
            "author": mark.author,
            "date": mark.dated_on.isoformat(),
            "authority": mark.authority,
            "digest": mark.digest,
        }
    return {**plain, "data": dict(data)}


def _head(pack: Pack) -> Iterator[str]:
    yield click.style(f"{pack.title.zh} / {pack.title.en}", bold=True)
    ends = "长期 / no end" if pack.effective_to is None else f"{pack.effective_to}(不含 / exclusive)"
    zh, en = STATUS_WORDS[pack.status.value]
    yield field("编号", "id", pack.id)
    yield field("统筹区", "region", pack.region)
    yield field("依据", "authority", pack.authority)
    if pack.source:
        yield field("原文存为", "kept as", pack.source)
    yield field("执行期间", "in force", f"{pack.effective_from} – {ends}")
    if pack.known_from != pack.effective_from:
        yield field("下达日期", "known", pack.known_from)
    if pack.supersedes is not None:
        yield field("更正的文件", "corrects", pack.supersedes)
    yield field("状态", "status", f"{zh} / {en}")
    yield field("舍入", "rounding", "四舍五入到分 / half up to the fen")
    yield field("读法", "reading", "各行自上而下,以适用的最后一行为准,“再加”“再减”在其上增减")
    yield "    rows are read from the top: the last one that applies decides, and plus and less change it"
    yield field("内容摘要", "digest", pack.digest[:_DIGEST_SHOWN])
    if pack.overlay is not None:
        mark = pack.overlay
        yield field("本地参数", "overlay", f"{mark.id}({mark.authority})")
        yield field("制定", "set by", f"{mark.author},{mark.dated_on}", indent=4)
        yield field("摘要", "digest", mark.digest[:_DIGEST_SHOWN], indent=4)
    yield from _gate_of_places(pack)


def _gate_of_places(pack: Pack) -> Iterator[str]:
    wanted = pack.eligibility.designations
    if not wanted:
        return
    zh = "、".join(value_word("designation", held) for held in wanted)
    clause = clause_mark(pack.eligibility.clause)
    yield f"  机构须为 / institution must be  {zh} / {' | '.join(wanted)}{clause}"
    for exception in pack.eligibility.exceptions:
        words_zh, words_en = gate_words(exception)
        yield f"    例外 / except: {words_zh} / {words_en}{clause_mark(exception.clause)}"


def _facts(pack: Pack) -> Iterator[str]:
    rules = pack.rules
    if not rules.declared and not rules.accumulators:
        return
    yield section("本地条件与累计", "what the region tells apart and counts")
    for fact in rules.declared:
        zh, en = fact_word(fact.name)
        source_zh, source_en = SOURCE_WORDS[fact.source.value]
        named = f" {fact.attribute}" if fact.attribute else ""
        values = "整数 / a whole number"
        if fact.values is not None:
            known = "、".join(value_word(fact.name, value) for value in fact.values)
            values = f"{known} / {', '.join(fact.values)}"
        yield f"  条件 / fact {fact.name}({zh} / {en}): 取自{source_zh} / from {source_en}{named}: {values}"
    for accumulator in rules.accumulators:
        zh, en = ACCUMULATOR_WORDS[accumulator.value]
        yield f"  累计 / counted: {zh} / {en}"


def _lines(rules: LineRules) -> Iterator[str]:
    yield section("逐行划分", "how a line is divided")
    for row in rules.catalogues:
        zh, en = when_words(row.when)
        listed = name_words(LIST_NAMES, row.list)
        yield f"  适用目录 / list that holds: {listed}: {zh} / {en}{clause_mark(row.clause)}"
    for entry in rules.excluded:
        zh, en = when_words(entry.when)
        yield f"  全自费 / fully self-paid: {zh} / {en}{clause_mark(entry.clause)}"
    yield from figure_lines("先行自付", "share before the deductible", rules.self_pay_first)
    yield from figure_lines("支付标准", "payment standard per unit", rules.ceilings)
    zh, en = OVER_CEILING_WORDS[rules.over_ceiling.value]
    yield f"  超过支付标准 / above the payment standard: {zh} / {en}"


def _accounts(rules: AccountRules | None) -> Iterator[str]:
    yield section("个人账户", "personal accounts")
    if rules is None:
        yield "  不得使用 / none may pay"
        return
    pays_zh, pays_en = PAYS_WORDS[rules.pays.value]
    owners = "、".join(value_word("owner", owner.value) for owner in rules.owners)
    enrolments = "、".join(value_word("enrolment", each) for each in rules.enrolments)
    yield f"  支付范围 / pays: {pays_zh} / {pays_en}{clause_mark(rules.clause)}"
    yield f"  付款人及次序 / payers, in order: {owners} / {', '.join(rules.owners)}"
    with_account = "设有个人账户的参保方式 / enrolments with an account of one's own"
    yield f"  {with_account}: {enrolments} / {', '.join(rules.enrolments)}"
    for purchase in rules.at or ():
        kinds = () if purchase.kinds is None else (("kind", purchase.kinds),)
        zh, en = gate_words(purchase.gate, kinds)
        yield f"  可用于 / may be used: {zh} / {en}{clause_mark(purchase.gate.clause)}"
    if rules.never:
        named = "、".join(value_word("kind", kind) for kind in rules.never)
        yield f"  不得支付 / never for: {named} / {', '.join(rules.never)}"
    if rules.subsidy is not None:
        yield from _subsidy(rules.subsidy)
    if rules.accrual is not None:
        yield from _accrual(rules.accrual)


def _accrual(accrual: Accrual) -> Iterator[str]:
    base = ("每月计入:本人缴费基数的比例", "accrued each month, of the own contribution base")
    yield from figure_lines(*base, accrual.of_base)
    pension = ("每月计入:平均基本养老金的比例", "accrued each month, of the average basic pension")
    yield from figure_lines(*pension, accrual.of_pension)
    average = ("改革当年平均基本养老金(元/月)", "average basic pension of the reform year, a month")
    yield from figure_lines(*average, accrual.pension)


def _subsidy(subsidy: Subsidy) -> Iterator[str]:
    zh, en = subsidy.title
    yield from figure_lines(f"{zh}(每年划入)", f"{en}, credited each year", subsidy.credit)
    if subsidy.carries_over:
        words = ("年末结余结转下年", "what is left at the end of the year carries over")
        yield said(words, subsidy.carries_over_clause)
    else:
        yield said(("年末结余作废", "what is left at the end of the year lapses"))
    for closing in subsidy.closes:
        paid = "、".join(value_word("pays", each) for each in closing.pays)
        cause = value_word("cause", closing.cause)
        words = (f"{cause},余额付给{paid}", f"{closing.cause}, paid to {', '.join(closing.pays)}")
        yield f"  销户 / closes: {words[0]} / {words[1]}{clause_mark(closing.clause)}"
        if closing.documents:
            yield f"    凭据 / papers: {'、'.join(closing.documents)}"
        if closing.by_agent:
            yield f"    代办另需 / of an agent besides: {'、'.join(closing.by_agent)}"


def _notices(notices: tuple[Notice, ...]) -> Iterator[str]:
    if not notices:
        return
    yield section("预警", "warnings: they change no amount")
    for notice in notices:
        of_zh, of_en = ACCUMULATOR_WORDS[notice.of.value]
        at_zh, at_en = AT_WORDS[notice.at.value]
        zh, en = notice.title
        yield from figure_lines(
            f"{zh}({of_zh},{at_zh})", f"{notice.id}: {en} ({of_en}, {at_en})", notice.figure
        )
