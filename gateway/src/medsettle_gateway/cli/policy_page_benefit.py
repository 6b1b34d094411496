"""A benefit on the page of a pack: what the basic fund pays, up to what, and what follows it."""

from collections.abc import Iterator

from medsettle.wire.called import FUND_NAMES
from medsettle_gateway.cli.policy_rows import (
    clause_mark,
    figure_lines,
    gate_lines,
    name_words,
    row_lines,
    said,
    section,
    when_words,
)
from medsettle_gateway.cli.policy_words import (
    DAY_WORDS,
    EXCESS_WORDS,
    OUTSIDE_WORDS,
    PERIOD_WORDS,
    Words,
)
from medsettle_gateway.domain.money import format_fen
from medsettle_gateway.policy.benefit import Bands, Benefit, FiveFixed, StayRule
from medsettle_gateway.policy.layer import Layer
from medsettle_gateway.policy.limits import Limit, Period
from medsettle_gateway.policy.rows import ALWAYS, RowAction


def benefit_lines(benefit: Benefit, layers: tuple[Layer, ...]) -> Iterator[str]:
    """Everything that the pack says of a benefit; ``layers`` are those of the pack."""
    yield section(f"待遇:{benefit.title.zh}", f"benefit {benefit.id}: {benefit.title.en}")
    yield f"  基金 / fund: {name_words(FUND_NAMES, benefit.fund)}"
    if benefit.who:
        yield from gate_lines("对象", "who", benefit.who)
    else:
        yield "  对象 / who: 所有参保人 / everybody"
    yield from gate_lines("地点", "where", benefit.where)
    for switch in benefit.switches:
        state = "已开通 / on" if switch in benefit.switches_on else "未开通 / off"
        yield f"  开关 / switch: {switch} {state}"
    if benefit.needs_filing:
        yield said(("须先备案病种", "needs a filed condition"))
    yield from _takes(benefit)
    yield from limit_lines("起付标准", "deductible", benefit.deductible, benefit.id)
    if benefit.bands is None:
        yield from figure_lines("支付比例", "pay ratio", benefit.ratio)
    else:
        yield from _bands(benefit.bands)
    cap: Words = ("最高支付限额", "cap")
    if benefit.by_condition:
        cap = ("每个备案病种的最高支付限额", "cap of each filed condition")
    yield from limit_lines(*cap, benefit.cap, benefit.id)
    if benefit.waives_self_pay_first:
        yield said(("免除先行自付", "no share before the deductible"))
    yield from _session(benefit)
    if benefit.five_fixed is not None:
        yield from _five_fixed(benefit.five_fixed)
    if benefit.stay is not None:
        yield from _stay(benefit.stay)
    yield _followed_by(benefit, layers)


def limit_lines(zh: str, en: str, limit: Limit, own: str) -> Iterator[str]:
    """A deductible, threshold or cap; ``own`` is the name that it is counted under by default."""
    if limit.period is Period.NONE:
        yield f"  {zh} / {en}: 不设 / none"
        return
    rows = limit.figure.rows
    if len(rows) == 1 and rows[0].action is RowAction.NONE and rows[0].when == ALWAYS and not limit.inside:
        unsaid = "" if rows[0].clause else "(文件未载限额 / the document gives none)"
        yield f"  {zh} / {en}: 不设 / none{unsaid}{clause_mark(rows[0].clause)}"
        return
    period_zh, period_en = PERIOD_WORDS[limit.period.value]
    yield from figure_lines(f"{zh}({period_zh})", f"{en} {period_en}", limit.figure)
    if limit.counters not in {(own,), ()}:
        names = "、".join(limit.counters)
        yield f"    计入 / counted under: {names}"
    for within in limit.within:
        words = (f"外层限额 {within.zh or within.counter}", f"limit around it, {within.en or within.counter}")
        yield from figure_lines(*words, within.figure)
        yield f"    计入 / counted under: {within.counter}"
    for inside in limit.inside:
        if inside.benefits is None:
            words = ("其中非住院限额", "of it, for encounters that are no stay")
        else:
            named = ", ".join(inside.benefits)
            words = (f"其中限额 {inside.id}({named})", f"of it, {inside.id} for {named}")
        yield from figure_lines(*words, inside.figure)


def _takes(benefit: Benefit) -> Iterator[str]:
    if benefit.takes == ():
        zh, en = "分单时不主动受理,只在指明此待遇时办理", "takes no line unasked: only where asked for"
        yield said((zh, en))
    for when in benefit.takes or ():
        zh, en = when_words(when)
        yield f"  分单时受理 / takes, where a basket is shared out: {zh} / {en}"


def _bands(bands: Bands) -> Iterator[str]:
    zh, en = PERIOD_WORDS[bands.over.value]
    yield f"  分段支付比例(起付标准以上,{zh}累计) / pay ratio by amount above the deductible, {en}:"
    below_fen = 0
    for band in bands.bands:
        low = format_fen(below_fen)
        if band.up_to_fen is None:
            yield f"    {low}元以上部分 / above {low}:"
        else:
            high = format_fen(band.up_to_fen)
            yield f"    {low}元以上至{high}元部分 / above {low} up to {high}:"
            below_fen = band.up_to_fen
        for row in band.ratio.rows:
            yield from (f"  {line}" for line in row_lines(band.ratio.kind, row))


def _session(benefit: Benefit) -> Iterator[str]:
    limit = benefit.limit_per_session
    if limit is not None:
        yield from figure_lines("每次(场次)限额", "limit per session or visit", limit.figure)
        zh, en = EXCESS_WORDS[limit.excess.value]
        yield f"    {zh} / {en}"


def _five_fixed(five: FiveFixed) -> Iterator[str]:
    yield f"  五定 / five fixed:{clause_mark(five.clause)}"
    last = len(five.drug_kinds) - 1
    for index, (conditions, kinds) in enumerate(five.drug_kinds):
        more_zh, more_en = ("及以上", " or more") if index == last else ("", "")
        filed = "condition" if conditions == 1 and not more_en else "conditions"
        zh = f"定品种:备案{conditions}种病{more_zh},限{kinds}种药"
        yield f"    {zh} / {conditions}{more_en} filed {filed}: {kinds} distinct drugs"
    if five.days_supply is not None:
        zh, en = OUTSIDE_WORDS[five.supply.value]
        days = five.days_supply
        yield f"    定量:{days}天用量,超出{zh} / quantity: {days} days of supply; beyond, {en}"
    over = "" if five.window_days is None else str(five.window_days)
    zh, en = (f"{over}天内", f"over {over} days") if over else ("每次结算", "over one settlement")
    yield f"    品种与用量按{zh}累计 / kinds and quantities are counted {en}"
    zh, en = OUTSIDE_WORDS[five.outside.value]
    yield f"    未批准、超限价或超品种的药品:{zh} / a drug not approved, over its price or kinds: {en}"
    if five.review is not None:
        (month, day), (end_month, end_day) = five.review
        zh = f"一审:每年{month}月{day}日至{end_month}月{end_day}日复审"
        yield f"    {zh} / reviewed each year from {month:02d}-{day:02d} to {end_month:02d}-{end_day:02d}"


def _stay(rule: StayRule) -> Iterator[str]:
    first_zh, first_en = DAY_WORDS[rule.deductible_by.value]
    last_zh, last_en = DAY_WORDS[rule.cap_by.value]
    zh = f"跨年度住院:起付标准按{first_zh},最高支付限额按{last_zh}"
    en = f"a stay over New Year: deductible by {first_en}, cap by {last_en}"
    yield said((zh, en), rule.clause)


def _followed_by(benefit: Benefit, layers: tuple[Layer, ...]) -> str:
    named = [layer for layer in layers if layer.id in benefit.layers]
    if not named and not benefit.layers_clause:
        unsaid = ("其后的其他基金支付:本政策包未载", "what other funds pay afterwards: the pack does not say")
        return said(unsaid)
    if not named:
        none = "其后无其他基金支付(如大额补助)"
        words = (none, "nothing follows this benefit (no large-amount supplement)")
        return said(words, benefit.layers_clause)
    zh = "、".join(layer.title.zh for layer in named)
    en = ", ".join(layer.id for layer in named)
    return f"  其后依次支付 / followed by: {zh} / {en}"
