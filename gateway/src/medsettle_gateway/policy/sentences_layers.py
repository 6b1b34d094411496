"""The sentences of layers and warnings: what the next fund looks at, and what it pays of that.

Each sentence begins with the layer's own title.
"""

from typing import Final

from medsettle.wire.called import INSIDE_NAMES, begun, named
from medsettle_gateway.domain.money import format_fen, format_percent
from medsettle_gateway.policy.composed import rows_of_amount, rows_of_ratio
from medsettle_gateway.policy.sentences_lines import Sentences, Values

_NOTHING: Final = "0.00"
_LOOKED_AT: Final = {
    "in_scope_left": ("政策范围内", "within policy"),
    "out_of_scope_left": ("政策范围外", "outside policy"),
    "all_left": ("个人负担中", "in all"),
}
"""What a layer looks at, of what the funds before it left to the patient."""
_BORNE: Final = {
    "personal": ("个人负担的费用", "what the patient bore"),
    "in_scope": ("政策范围内个人负担的费用", "what the patient bore within policy"),
}


def layer_outside(_amount: str, _line: int, values: Values) -> Sentences:
    """The person is not among those the layer is for."""
    _, zh, en = values
    return f"{zh}:患者不在适用人群内,不支付。", f"{begun(en)} is not for this patient and pays nothing."


def layer_threshold(amount: str, _line: int, values: Values) -> Sentences:
    """What is taken off first, and whether anything is left after it."""
    _, zh, en, base_fen, limit_fen, used_fen, parts = values
    title = begun(en)
    if not limit_fen:
        return f"{zh}:没有起付标准。", f"{title} has no threshold here."
    limit, (zh_rows, en_rows) = format_fen(limit_fen), rows_of_amount(limit_fen, parts)
    zh_limit, en_limit = f"起付标准{limit}元{zh_rows}", f"its threshold is {limit}{en_rows}"
    if used_fen >= limit_fen:
        return f"{zh}:{zh_limit},此前已经达到。", f"{title}: {en_limit} and was met before."
    before_zh, before_en = "", ""
    if used_fen:
        used = format_fen(used_fen)
        before_zh, before_en = f",此前已计{used}元", f"; {used} of it was met before"
    base = format_fen(base_fen)
    if used_fen + base_fen < limit_fen:
        return (
            f"{zh}:{zh_limit}{before_zh},本次{base}元,起付标准未到。",
            f"{title}: {en_limit}{before_en}, and it is not reached with this time's {base}.",
        )
    if used_fen + base_fen == limit_fen:
        return (
            f"{zh}:{zh_limit}{before_zh},加上本次{base}元刚到,没有超过。",
            f"{title}: {en_limit}{before_en}, and it is just reached with this time's {base}.",
        )
    return (
        f"{zh}:{zh_limit}{before_zh},本次{base}元中先扣{amount}元。",
        f"{title}: {en_limit}{before_en}, and {amount} is first taken off this time's {base}.",
    )


def layer_ratio(amount: str, _line: int, values: Values) -> Sentences:
    """What it computes on one of its bases."""
    _, zh, en, of, base_fen, ratio_ppm, parts = values
    title = begun(en)
    zh_of, en_of = _LOOKED_AT.get(of, _LOOKED_AT["all_left"])
    if not base_fen:
        return f"{zh}:{zh_of}没有剩余的金额可支付。", f"{title}: nothing is left {en_of} to pay on."
    base, percent = format_fen(base_fen), format_percent(ratio_ppm)
    zh_rows, en_rows = rows_of_ratio(ratio_ppm, parts)
    return (
        f"{zh}:{zh_of}剩余的{base}元,按{percent}{zh_rows}支付,计{amount}元。",
        f"{title}: {percent}{en_rows} of the {base} left to the patient {en_of} is payable: {amount}.",
    )


def guarantee(amount: str, _line: int, values: Values) -> Sentences:
    """What lifts all funds together to a share of the bill."""
    _, zh, en, total_fen, share_ppm, target_fen, funds_fen = values
    total, share = format_fen(total_fen), format_percent(share_ppm)
    target, funds = format_fen(target_fen), format_fen(funds_fen)
    zh = f"{zh}:各项合计应支付到{total}元的{share},即{target}元;前面已支付{funds}元"
    en = f"{begun(en)}: all funds are to reach {share} of {total}, that is {target}; they pay {funds}"
    if amount == _NOTHING:
        return f"{zh},已经达到,不用再补。", f"{en} already, so nothing is added."
    return f"{zh},再补{amount}元。", f"{en} so far, so {amount} is added."


def leaves(amount: str, _line: int, values: Values) -> Sentences:
    """What goes above the amount that a patient has to bear."""
    _, zh, en, left_fen, before_fen, limit_fen, less_fen, less_zh, less_en = values
    left, limit = format_fen(left_fen), format_fen(limit_fen)
    zh, en = f"{zh}:", f"{begun(en)}: "
    if less_fen:
        less = format_fen(less_fen)
        zh, en = f"{zh}扣除预计的{less_zh}{less}元后,", f"{en}less the {less} expected of {less_en}, "
    if before_fen is None:
        zh, en = f"{zh}本次个人负担{left}元", f"{en}{left} is left to the patient this time"
    elif not before_fen:
        zh, en = f"{zh}本年度个人负担{left}元", f"{en}the patient bears {left} this year"
    else:
        before, whole = format_fen(before_fen), format_fen(before_fen + left_fen)
        zh = f"{zh}本年度此前个人负担{before}元,加上本次{left}元,共{whole}元"
        en = f"{en}{before} borne before in the year and {left} now make {whole}"
    if amount == _NOTHING:
        return f"{zh},没有超过{limit}元。", f"{en}, which is not above {limit}."
    return f"{zh},超过{limit}元,可支付{amount}元。", f"{en}, which is above {limit}: {amount} is payable."


def layer_cap(amount: str, _line: int, values: Values) -> Sentences:
    """What its limit, or a limit inside it, cuts off."""
    _, zh, en, limit_fen, left_fen, inside, parts = values
    title = begun(en)
    zh_cap, en_cap = "最高支付限额", "its limit"
    if inside is not None:
        zh_inside, en_inside = named(INSIDE_NAMES, inside)
        zh_cap, en_cap = f"其中{zh_inside}限额", f"its limit for {en_inside}"
    if limit_fen is None:
        return f"{zh}:不设最高支付限额。", f"{title} has no limit."
    zh_rows, en_rows = rows_of_amount(limit_fen, parts)
    limit = format_fen(limit_fen)
    zh, en = f"{zh}:{zh_cap}{limit}元{zh_rows}", f"{title}: {en_cap} is {limit}{en_rows}"
    if not left_fen:
        zh, en = f"{zh},已用完", f"{en} and is used up"
        if amount == _NOTHING:
            return f"{zh}。", f"{en}."
        return f"{zh},{amount}元不再支付。", f"{en}, so {amount} is not paid."
    left = format_fen(left_fen)
    if amount == _NOTHING:
        return f"{zh},还剩{left}元,本次没有超过。", f"{en}, {left} is left, and this stays within it."
    return (
        f"{zh},还剩{left}元,超出的{amount}元不支付。",
        f"{en}, {left} is left; the {amount} above it is not paid.",
    )


def layer(amount: str, _line: int, values: Values) -> Sentences:
    """What it pays."""
    _, zh, en, _ = values
    if amount == _NOTHING:
        return f"{zh}本次不支付。", f"{begun(en)} pays nothing this time."
    return f"{zh}支付{amount}元。", f"{begun(en)} pays {amount}."


def afterwards(amount: str, _line: int, values: Values) -> Sentences:
    """What it would pay on application; no part of this settlement."""
    _, zh, en, _ = values
    if amount == _NOTHING:
        return (
            f"{zh}:需事后另行申请,按本次费用不会支付。",
            f"{begun(en)} acts on application afterwards and would pay nothing on this bill.",
        )
    return (
        f"{zh}:可事后另行申请,预计{amount}元,不计入本次结算。",
        f"{begun(en)} may be applied for afterwards: about {amount}, no part of this payment.",
    )


def warning(_amount: str, _line: int, values: Values) -> Sentences:
    """A threshold of the year that this settlement passes."""
    _, zh, en, of, at, threshold_fen, before_fen, after_fen = values
    borne_zh, borne_en = _BORNE.get(of, _BORNE["personal"])
    threshold, before, after = (format_fen(fen) for fen in (threshold_fen, before_fen, after_fen))
    reached_zh, reached_en = ("超过", "passed") if at == "exceeded" else ("达到", "reached")
    return (
        (
            f"提醒:{zh}。本年度{borne_zh}由{before}元增加到{after}元,{reached_zh}{threshold}元;"
            "不影响本次金额,可请患者向医保经办机构咨询救助。"
        ),
        (
            f"Note: {en}. {begun(borne_en)} in the year went from {before} to {after} and {reached_en} "
            f"{threshold}; no amount changes, but the patient may ask the insurance office for aid."
        ),
    )
