"""The layers of a pack on its page: what other funds pay on what the basic fund left."""

from collections.abc import Iterator

from medsettle.wire.called import FUND_NAMES
from medsettle_gateway.cli.policy_page_benefit import limit_lines
from medsettle_gateway.cli.policy_rows import clause_mark, figure_lines, gate_lines, name_words, section
from medsettle_gateway.cli.policy_words import ACCUMULATOR_WORDS, BASE_WORDS, COUNTED_WORDS, Words
from medsettle_gateway.policy.benefit import Benefit
from medsettle_gateway.policy.layer import Layer, LayerPart, Leaves, Mode
from medsettle_gateway.policy.limits import Limit


def layer_lines(layer: Layer, benefits: tuple[Benefit, ...]) -> Iterator[str]:
    """Everything that the pack says of a layer; ``benefits`` are those of the pack."""
    zh, en = layer.title
    yield section(f"其他支付:{zh}", f"layer {layer.id}: {en}") + clause_mark(layer.clause)
    yield f"  基金 / fund: {name_words(FUND_NAMES, layer.fund)}"
    after = [benefit for benefit in benefits if layer.id in benefit.layers]
    named = "、".join(benefit.title.zh for benefit in after) or "无"
    yield f"  用于 / follows: {named} / {', '.join(benefit.id for benefit in after) or 'nothing'}"
    if layer.mode is Mode.AFTERWARDS:
        yield "  事后支付:只试算并提示,结算时不扣付 / afterwards: computed and shown, never charged"
    if layer.who:
        yield from gate_lines("对象", "who", layer.who)
    else:
        yield "  对象 / who: 所有参保人 / everybody"
    if layer.threshold is not None:
        yield from _threshold(layer.threshold, layer.id)
    for part in layer.parts:
        yield from _part(layer, part)
    if layer.guarantee is not None:
        words = ("各方基金合计保障至总费用的比例", "all funds together reach this share of the total")
        yield from figure_lines(*words, layer.guarantee.share)
    if layer.leaves is not None:
        yield from _leaves(layer.leaves)
    yield from limit_lines("最高支付限额", "cap", layer.cap, layer.id)


def _threshold(threshold: Limit, own: str) -> Iterator[str]:
    if threshold.of is None:
        yield from limit_lines("起付标准以上支付", "pays above a threshold", threshold, own)
        return
    zh, en = ACCUMULATOR_WORDS[threshold.of.value]
    words = (f"{zh}超过以下金额后,就超过的部分支付", f"pays on what is above this amount of {en}")
    yield from figure_lines(*words, threshold.figure)


def _part(layer: Layer, part: LayerPart) -> Iterator[str]:
    zh, en = _base(layer, part)
    yield from figure_lines(f"支付{zh}的比例", f"ratio of {en}", part.ratio)


def _base(layer: Layer, part: LayerPart) -> Words:
    zh, en = BASE_WORDS[part.of.value]
    counted = [COUNTED_WORDS[each.value] for each in layer.counts]
    if part.of.value != "in_scope_left" or not counted:
        return zh, en
    more_zh = "、".join(word for word, _ in counted)
    return f"{zh}(含{more_zh})", f"{en}, with {' and '.join(word for _, word in counted)}"


def _leaves(leaves: Leaves) -> Iterator[str]:
    if leaves.of is None:
        words = ("本次个人负担超过以下金额的部分全额支付", "all of the personal part of a settlement above")
    else:
        zh, en = ACCUMULATOR_WORDS[leaves.of.value]
        words = (f"{zh}超过以下金额的部分全额支付", f"all above this amount of {en}")
    yield from figure_lines(*words, leaves.amount)
