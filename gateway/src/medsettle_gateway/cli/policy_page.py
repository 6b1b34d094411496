"""A pack as a page for a policy officer: every figure with its force and clause, zh and en."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import click

from medsettle_gateway.cli.policy_words import (
    FACT_WORDS,
    FORCE_WORDS,
    OVER_CEILING_WORDS,
    PAYS_WORDS,
    STATUS_WORDS,
    YES_NO_WORDS,
    value_word,
)
from medsettle_gateway.domain.money import format_fen, format_percent, format_unit_price
from medsettle_gateway.policy.accounts import AccountRules, Purchase
from medsettle_gateway.policy.benefit import Benefit, Limit, Period
from medsettle_gateway.policy.gates import Gate
from medsettle_gateway.policy.lines import LineRules
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.rows import Figure, FigureKind, Row, RowAction, When

_Tests = Iterable[tuple[str, tuple[str, ...]]]


def pack_page(pack: Pack) -> str:
    """The page as text, with colour codes that ``click.echo`` drops where there is no terminal."""
    parts = (_head(pack), _lines(pack.rules.lines), *map(_benefit, pack.benefits), _accounts(pack.accounts))
    return "\n".join(line for part in parts for line in (*part, ""))


def pack_as_plain(pack: Pack, data: Mapping[str, object]) -> dict[str, Any]:
    """The pack's data as it was read, with the digest that settlements name."""
    return {"digest": pack.digest, "data": dict(data)}


def _head(pack: Pack) -> Iterator[str]:
    yield click.style(f"{pack.title.zh} / {pack.title.en}", bold=True)
    ends = "长期 / no end" if pack.effective_to is None else f"{pack.effective_to}(不含 / exclusive)"
    designations = "、".join(value_word("designation", held) for held in pack.eligibility.designations)
    wanted = " | ".join(pack.eligibility.designations)
    zh, en = STATUS_WORDS[pack.status.value]
    yield f"  编号 / id           {pack.id}"
    yield f"  统筹区 / region      {pack.region}"
    yield f"  依据 / authority     {pack.authority}"
    yield f"  执行期间 / in force  {pack.effective_from} – {ends}"
    yield f"  状态 / status        {zh} / {en}"
    yield f"  内容摘要 / digest    {pack.digest[:16]}"
    if wanted:
        clause = _clause(pack.eligibility.clause)
        yield f"  机构须为 / institution must be  {designations} / {wanted}{clause}"


def _lines(rules: LineRules) -> Iterator[str]:
    yield _section("逐行划分", "how a line is divided")
    for entry in rules.excluded:
        zh, en = _when(entry.when)
        yield f"  全自费 / fully self-paid: {zh} / {en}{_clause(entry.clause)}"
    yield from _figure("先行自付", "share before the deductible", rules.self_pay_first)
    yield from _figure("支付标准", "payment standard per unit", rules.ceilings)
    zh, en = OVER_CEILING_WORDS[rules.over_ceiling.value]
    yield f"  超过支付标准 / above the payment standard: {zh} / {en}"


def _benefit(benefit: Benefit) -> Iterator[str]:
    yield _section(f"待遇:{benefit.title.zh}", f"benefit {benefit.id}: {benefit.title.en}")
    yield f"  基金 / fund: {benefit.fund}"
    yield from _gates("对象", "who", benefit.who)
    yield from _gates("地点", "where", benefit.where)
    for switch in benefit.switches:
        state = "已开通 / on" if switch in benefit.switches_on else "未开通 / off"
        yield f"  开关 / switch: {switch} {state}"
    yield from _limit("起付标准", "deductible", benefit.deductible)
    yield from _figure("支付比例", "pay ratio", benefit.ratio)
    yield from _limit("最高支付限额", "cap", benefit.cap)
    if benefit.waives_self_pay_first:
        yield "  免除先行自付 / no share before the deductible"
    if benefit.needs_filing:
        yield "  须先备案病种 / needs a filed condition"
    # A benefit with layers does not load yet, so that none follows holds for every one shown.
    yield "  其后无其他基金支付(如大额补助) / nothing follows this benefit (no large-amount supplement)"


def _accounts(rules: AccountRules | None) -> Iterator[str]:
    yield _section("个人账户", "personal accounts")
    if rules is None:
        yield "  不得使用 / none may pay"
        return
    pays_zh, pays_en = PAYS_WORDS[rules.pays.value]
    owners = "、".join(value_word("owner", owner.value) for owner in rules.owners)
    enrolments = "、".join(value_word("enrolment", each) for each in rules.enrolments)
    yield f"  支付范围 / pays: {pays_zh} / {pays_en}{_clause(rules.clause)}"
    yield f"  付款人及次序 / payers, in order: {owners} / {', '.join(rules.owners)}"
    with_account = "设有个人账户的参保方式 / enrolments with an account of one's own"
    yield f"  {with_account}: {enrolments} / {', '.join(rules.enrolments)}"
    for purchase in rules.at or ():
        zh, en = _tests(_purchase_tests(purchase))
        yield f"  可用于 / may be used: {zh} / {en}"
    if rules.never:
        kinds = "、".join(value_word("kind", kind) for kind in rules.never)
        yield f"  不得支付 / never for: {kinds} / {', '.join(rules.never)}"


def _purchase_tests(purchase: Purchase) -> _Tests:
    kinds = () if purchase.kinds is None else (("kind", purchase.kinds),)
    return (*purchase.gate.tests, *kinds)


def _section(zh: str, en: str) -> str:
    return click.style(f"{zh} / {en}", bold=True)


def _gates(zh: str, en: str, gates: tuple[Gate, ...]) -> Iterator[str]:
    for gate in gates:
        words_zh, words_en = _tests(gate.tests)
        if gate.switch is not None:
            words_zh, words_en = f"{words_zh};开关 {gate.switch}", f"{words_en}; switch {gate.switch}"
        yield f"  {zh} / {en}: {words_zh} / {words_en}{_clause(gate.clause)}"


def _limit(zh: str, en: str, limit: Limit) -> Iterator[str]:
    if limit.period is Period.NONE:
        yield f"  {zh} / {en}: 不设 / none"
        return
    yield from _figure(f"{zh}(自然年度)", f"{en} per calendar year", limit.figure)


def _figure(zh: str, en: str, figure: Figure) -> Iterator[str]:
    if not figure.rows:
        yield f"  {zh} / {en}: 文件未规定,由统筹区确定 / not in the document, a region's to set"
        return
    yield f"  {zh} / {en}:"
    for row in figure.rows:
        value_zh, value_en = _value(figure.kind, row)
        when_zh, when_en = _when(row.when)
        force_zh, force_en = FORCE_WORDS[row.force.value]
        clause = _clause(row.clause)
        yield f"    {value_zh}  {when_zh}  {force_zh}{clause}"
        yield f"    {value_en}  {when_en}  ({force_en})"


def _value(kind: FigureKind, row: Row) -> tuple[str, str]:
    if row.action is RowAction.NONE:
        return "不设", "none"
    number = _number(kind, row.value)
    unit = "" if kind.is_share else "元"
    if row.action is RowAction.ADDS:
        sign = "+" if row.value >= 0 else ""
        return f"再加 {sign}{number}{unit}", f"plus {sign}{number}"
    return f"{number}{unit}", number


def _number(kind: FigureKind, value: int) -> str:
    if kind.is_share:
        return format_percent(value)
    return format_unit_price(value) if kind is FigureKind.UNIT_PRICE else format_fen(value)


def _when(when: When) -> tuple[str, str]:
    zh, en = _tests(when.tests) if when.tests else ("", "")
    if when.unit_price_at_least_micro is not None:
        price = format_unit_price(when.unit_price_at_least_micro)
        zh = ";".join(filter(None, (zh, f"单价{price}元以上")))
        en = "; ".join(filter(None, (en, f"unit price {price} or more")))
    return (zh, en) if zh else ("一律适用", "always")


def _tests(tests: _Tests) -> tuple[str, str]:
    zh, en = [], []
    for fact, values in tests:
        if (fact, values) in YES_NO_WORDS:
            said_zh, said_en = YES_NO_WORDS[fact, values]
            zh.append(said_zh)
            en.append(said_en)
            continue
        fact_zh, fact_en = FACT_WORDS[fact]
        zh.append(f"{fact_zh}为{'、'.join(value_word(fact, value) for value in values)}")
        en.append(f"{fact_en} {' or '.join(values)}")
    return (";".join(zh) or "不限", "; ".join(en) or "any")


def _clause(clause: str) -> str:
    return click.style(f"〔{clause}〕", fg="cyan") if clause else ""
