"""The answer to a what-if: sums of every payer, how changes are distributed, who loses and wins."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import click

from medsettle.wire.called import FUND_NAMES, OWNER_NAMES, named
from medsettle_gateway.cli.policy_diff import changes_page
from medsettle_gateway.cli.policy_rows import section
from medsettle_gateway.cli.policy_words import Words
from medsettle_gateway.domain.money import format_fen
from medsettle_gateway.policy.comparing import Change
from medsettle_gateway.policy.floors import Breach
from medsettle_gateway.policy.tally import Payer, Tally, in_ranges

ENDS_FEN: Final = (
    -1_000_000,
    -100_000,
    -50_000,
    -10_000,
    -1_000,
    -1,
    0,
    1_000,
    10_000,
    50_000,
    100_000,
    1_000_000,
)
"""Upper ends of the ranges of changes; -1 and 0 hold those that pay the same apart."""

DECILES: Final = 10
_BAR_WIDTH: Final = 30

_SUMS: Final[Mapping[str, Words]] = {
    "total": ("医疗费总额", "total"),
    "provider_borne": ("机构承担", "borne by the provider"),
    "personal": ("个人负担", "personal part"),
    "cash": ("现金", "cash"),
}


def answer_page(
    tally: Tally, changes: Sequence[Change], breaches: Sequence[Breach], data: Mapping[str, object]
) -> Iterator[str]:
    """The answer as text; ``data`` is the pack's, for its titles."""
    yield section("调整", "the change")
    yield from (f"  {line}" for line in changes_page(changes, data))
    for breach in breaches:
        yield click.style(
            f"  超出文件限度,实际不得采用 / beyond what the document allows: {breach}", fg="red"
        )
    yield ""
    yield from _counts(tally)
    if tally.settled_count:
        yield from _payers(tally)
        yield from _distribution(tally)
        yield from _named("负担增加最多", "who loses most", tally.losers, "+")
        yield from _named("负担减少最多", "who wins most", tally.winners, "-")
    yield from _refused(tally)


def _counts(tally: Tally) -> Iterator[str]:
    yield section("票据", "baskets")
    yield f"  {tally.baskets_count:>16,}  票据 / baskets"
    yield f"  {tally.settled_count:>16,}  两种情形均可结算,以下均指此 / settled both times, as is all below"
    for count, zh, en in (
        (tally.newly_refused_count, "调整后才不予结算", "refused only after the change"),
        (tally.newly_settled_count, "调整后才可结算", "settled only after the change"),
    ):
        if count:
            yield f"  {count:>16,}  {zh} / {en}"
    if tally.assumed_count:
        words = "使用了文件未载的暂定参数,仅供试算 / by assumed figures: nothing is ever charged by them"
        yield click.style(f"  {tally.assumed_count:>16,}  {words}", fg="yellow")
    yield ""


def _payers(tally: Tally) -> Iterator[str]:
    yield section("由谁支付(调整前、调整后、差额)", "who pays (before, after, change), yuan")
    for payer in tally.payers():
        before_fen, after_fen = tally.before.get(payer, 0), tally.after.get(payer, 0)
        zh, en = payer_words(payer)
        change = _signed(after_fen - before_fen)
        yield f"  {_yuan(before_fen):>18} {_yuan(after_fen):>18} {change:>18}  {zh} / {en}"
    yield ""


def payer_words(payer: Payer) -> Words:
    """Who pays, in both languages."""
    kind, name = payer
    if kind in _SUMS:
        return _SUMS[kind]
    if kind == "account":
        zh, en = named(OWNER_NAMES, name)
        return f"{zh}账户", f"{en} account"
    zh, en = named(FUND_NAMES, name)
    if kind == "afterwards":
        return f"{zh}(事后,不计入)", f"{en} (afterwards, outside the sums)"
    return zh, en


def _distribution(tally: Tally) -> Iterator[str]:
    yield section("个人负担的变化", "how the personal part changes")
    same_count = tally.settled_count - tally.more_count - tally.less_count
    for count, zh, en in (
        (tally.less_count, f"减少,共减{_yuan(tally.less_fen)}元", f"less, {_yuan(tally.less_fen)} in all"),
        (same_count, "不变", "the same"),
        (tally.more_count, f"增加,共增{_yuan(tally.more_fen)}元", f"more, {_yuan(tally.more_fen)} in all"),
    ):
        yield f"  {count:>16,} {_percent(count, tally.settled_count):>7}  {zh} / {en}"
    counts = in_ranges(tally.changes, ENDS_FEN)
    most = max(counts)
    for count, words in zip(counts, _ranges(), strict=True):
        if count:
            bar = "█" * max(1, count * _BAR_WIDTH // most)
            yield f"  {count:>16,} {_percent(count, tally.settled_count):>7}  {words:<24} {bar}"
    yield ""
    yield from _deciles(tally)
    yield ""


def _deciles(tally: Tally) -> Iterator[str]:
    """From the largest decrease to the largest increase: so many of a hundred change by no more."""
    yield section("个人负担变化的十分位(元)", "deciles of the change of the personal part, yuan")
    steps = tuple(tally.quantiles(DECILES))
    for index, change_fen in enumerate(steps):
        share = index * 100 // DECILES
        zh, en = f"{share}%的票据不超过此数", f"{share}% of the baskets change by no more"
        if index in {0, len(steps) - 1}:
            zh, en = ("最小", "the least") if not index else ("最大", "the most")
        yield f"  {_signed(change_fen):>16}  {zh} / {en}"


def _ranges() -> Iterator[str]:
    """The ranges in yuan, from the largest decrease to the largest increase."""
    below = None
    for end in ENDS_FEN:
        if end == 0:
            yield "0.00"
        elif below is None:
            yield f"… – {_signed(end)}"
        else:
            low = below if end < 0 else below + 1
            yield f"{_signed(low + (1 if end < 0 else 0))} – {_signed(end)}"
        below = end
    yield f"{_signed(ENDS_FEN[-1] + 1)} – …"


def _named(zh: str, en: str, entries: Sequence[tuple[int, str]], sign: str) -> Iterator[str]:
    if entries:
        yield section(zh, en)
        for size_fen, name in entries:
            yield f"  {sign + _yuan(size_fen):>18}  {name}"
        yield ""


def _refused(tally: Tally) -> Iterator[str]:
    reasons = dict.fromkeys((*tally.refused_before, *tally.refused_after))
    if reasons:
        yield section("不予结算(调整前、调整后)", "refused (before, after)")
        for reason in sorted(reasons):
            before, after = tally.refused_before.get(reason, 0), tally.refused_after.get(reason, 0)
            yield f"  {before:>16,} {after:>16,}  {reason}"
        yield ""


def answer_as_plain(tally: Tally, changes: Sequence[Change], breaches: Sequence[Breach]) -> dict[str, Any]:
    """The answer as JSON data: amounts in fen."""
    return {
        "changes": [
            {"path": each.path, "whom": dict(each.whom), "before": each.before, "after": each.after}
            for each in changes
        ],
        "beyond_bounds": [{"path": breach.path, "said": str(breach)} for breach in breaches],
        "baskets": tally.baskets_count,
        "settled": tally.settled_count,
        "newly_refused": tally.newly_refused_count,
        "newly_settled": tally.newly_settled_count,
        "by_assumed_figures": tally.assumed_count,
        "payers": [
            {
                "kind": payer[0],
                "name": payer[1],
                "before_fen": tally.before.get(payer, 0),
                "after_fen": tally.after.get(payer, 0),
            }
            for payer in tally.payers()
        ],
        "personal": {
            "less": {"count": tally.less_count, "sum_fen": tally.less_fen},
            "same": {"count": tally.settled_count - tally.more_count - tally.less_count},
            "more": {"count": tally.more_count, "sum_fen": tally.more_fen},
            "deciles_fen": list(tally.quantiles(DECILES)),
            "ranges": [
                {"up_to_fen": end, "count": count}
                for end, count in zip((*ENDS_FEN, None), in_ranges(tally.changes, ENDS_FEN), strict=True)
            ],
        },
        "losers": [{"case": name, "change_fen": size_fen} for size_fen, name in tally.losers],
        "winners": [{"case": name, "change_fen": -size_fen} for size_fen, name in tally.winners],
        "refused": {"before": dict(tally.refused_before), "after": dict(tally.refused_after)},
    }


def _yuan(amount_fen: int) -> str:
    """1234567 fen as ``12,345.67``."""
    yuan, _, rest = format_fen(abs(amount_fen)).partition(".")
    return f"{'-' if amount_fen < 0 else ''}{int(yuan):,}.{rest}"


def _signed(amount_fen: int) -> str:
    return _yuan(amount_fen) if amount_fen <= 0 else f"+{_yuan(amount_fen)}"


def _percent(count: int, of: int) -> str:
    return f"{count * 100 / of:.1f}%" if of else ""
