"""The rules of supervision on the page of a pack: what each looks at, its figures, and what it asks."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from medsettle_gateway.cli.policy_rows import clause_mark, section
from medsettle_gateway.cli.policy_words import VERDICT_WORDS, Words
from medsettle_gateway.domain.money import format_fen, format_percent
from medsettle_gateway.domain.watching import (
    AccountEmptied,
    DrugKinds,
    NotMedical,
    OverDays,
    OverPrice,
    RepeatedDrug,
    TwoPlaces,
    WatchRule,
)

_OWN: Final = ("数字由运营方自定", "figures of the operator's own")


def watch_lines(rules: tuple[WatchRule, ...]) -> Iterator[str]:
    """The section of a pack's page; nothing where it has no rules."""
    if not rules:
        return
    yield section("智能监控", "supervision: it changes no amount")
    for rule in rules:
        verdict_zh, verdict_en = VERDICT_WORDS[rule.verdict.value]
        own = f"({_OWN[0]} / {_OWN[1]})" if rule.own_figures or not rule.clause else ""
        yield f"  {rule.title_zh} / {rule.id}: {rule.title_en}"
        yield f"    {verdict_zh} / {verdict_en}{clause_mark(rule.clause)}{own}"
        for zh, en in _FIGURES[type(rule)](rule):
            yield f"    {zh} / {en}"


def _repeated_drug(rule: RepeatedDrug) -> Iterator[Words]:
    yield (
        f"用完前{rule.grace_days}天内可以再买,回看{rule.days}天",
        f"again from {rule.grace_days} days before the end on; looks {rule.days} days back",
    )
    for first, last, grace_days in rule.advances:
        yield f"{first}至{last}提前{grace_days}天", f"{first} to {last}: {grace_days} days before"


def _over_days(rule: OverDays) -> Iterator[Words]:
    yield f"一般{rule.days_supply}天", f"{rule.days_supply} days in general"
    for each in rule.longer:
        named = ", ".join((*each.conditions, *each.benefits))
        zh, en = named or "已备案病种", named or "any filed condition"
        yield f"{zh}:{each.days_supply}天", f"{en}: {each.days_supply} days"


def _over_price(rule: OverPrice) -> Iterator[Words]:
    share = format_percent(rule.tolerance_ppm)
    yield f"可高于指导价{share}", f"{share} above the guidance price"
    if rule.payment_standard:
        yield "没有指导价的按支付标准", "where there is none, above the payment standard"


def _drug_kinds(rule: DrugKinds) -> Iterator[Words]:
    for conditions, kinds in rule.by_conditions:
        yield f"备案{conditions}种病:最多{kinds}种", f"{conditions} filed: at most {kinds} kinds"
    if rule.prescribed is not None:
        yield f"每张处方最多{rule.prescribed}种", f"at most {rule.prescribed} kinds on one prescription"


def _two_places(rule: TwoPlaces) -> Iterator[Words]:
    minutes = rule.within_minutes
    yield f"{minutes}分钟内在另一区县", f"in another district within {minutes} minutes"


def _account_emptied(rule: AccountEmptied) -> Iterator[Words]:
    share, least = format_percent(rule.share_ppm), format_fen(rule.least_fen)
    yield (
        f"{rule.days}天内{rule.sales_count}笔,用去账户的{share},至少{least}元",
        f"{rule.sales_count} sales in {rule.days} days that take {share} of it, at least {least} yuan",
    )
    if rule.round_count:
        whole = format_fen(rule.round_fen)
        yield (
            f"其中此前{rule.round_count}笔为{whole}元的整倍数",
            f"of which {rule.round_count} earlier ones take whole multiples of {whole} yuan",
        )


def _not_medical(rule: NotMedical) -> Iterator[Words]:
    if rule.mixed:
        yield "与医保支付的商品同单即提示", "already where they stand beside goods that insurance pays for"


_FIGURES: Final[dict[type[WatchRule], Callable[[Any], Iterator[Words]]]] = {
    RepeatedDrug: _repeated_drug,
    OverDays: _over_days,
    OverPrice: _over_price,
    DrugKinds: _drug_kinds,
    TwoPlaces: _two_places,
    AccountEmptied: _account_emptied,
    NotMedical: _not_medical,
}
