"""The sentences of the benefit's own steps: the order that holds, deductible, ratio, cap, its fund.

Where each filed condition is paid by itself, the sentence begins with the condition.
"""

from typing import Final

from medsettle.wire.called import FUND_NAMES, begun, condition_name, named
from medsettle_gateway.domain.money import format_fen, format_percent
from medsettle_gateway.policy.composed import rows_of_amount, rows_of_ratio
from medsettle_gateway.policy.sentences_lines import Sentences, Values

LIFTED: Final = {
    "catalogue": ("目录外的也按目录内计算", "goods outside the catalogue count as within it"),
    "limits": ("不受最高支付限额和每次限额限制", "caps and limits per session do not bind"),
    "quantities": ("不限药品种类和供药天数", "kinds of drugs and days of supply are not limited"),
}


def emergency_order(_amount: str, _line: int, values: Values) -> Sentences:
    """An emergency order holds here today: what it lifts here; whose order it is stands as the clause."""
    order, _, waives, changed = values
    if not (waives if changed is None else changed):
        return (
            f"应急措施“{order}”有效,没有影响本次金额。",
            f"Emergency order {order} holds and changes nothing here.",
        )
    lifts = str(waives if changed is None else changed)
    lifted = [LIFTED.get(each, (each, each)) for each in lifts.split("+") if each]
    zh = "".join(f",{each}" for each, _ in lifted)
    en = "".join(f"; {each}" for _, each in lifted)
    return (
        f"本次按应急措施“{order}”结算{zh}。",
        f"This is settled under emergency order {order}{en}.",
    )


def stay_years(_amount: str, _line: int, values: Values) -> Sentences:
    """A stay lies in two years: which one gives the deductible, and which the cap."""
    admitted, billed, deductible_year, cap_year = values
    return (
        f"本次住院跨年度({admitted}至{billed}):起付标准按{deductible_year}年计,最高支付限额按{cap_year}年计。",
        (
            f"This stay lies in two years ({admitted} to {billed}): the deductible is that of "
            f"{deductible_year}, the annual cap that of {cap_year}."
        ),
    )


def deductible(amount: str, _line: int, values: Values) -> Sentences:
    """What is borne toward the deductible, of the year or of the stay."""
    limit_fen, used_fen, parts, period = values
    if not limit_fen:
        return "本次没有起付标准。", "No deductible applies this time."
    zh_rows, en_rows = rows_of_amount(limit_fen, parts)
    zh_limit, en_limit = _DEDUCTIBLES.get(str(period), _DEDUCTIBLES["year"])
    zh = f"{zh_limit}{format_fen(limit_fen)}元{zh_rows}"
    en = f"{en_limit} is {format_fen(limit_fen)}{en_rows}"
    if used_fen >= limit_fen:
        return f"{zh},已经付满。", f"{en} and has been met."
    used_zh, used_en = "", ""
    if used_fen:
        used_zh, used_en = f",此前已付{format_fen(used_fen)}元", f"; {format_fen(used_fen)} was met before"
    if amount == "0.00":
        return f"{zh}{used_zh},这次没有计入。", f"{en}{used_en}; nothing counts toward it now."
    return (
        f"{zh}{used_zh},这次先由个人付{amount}元。",
        f"{en}{used_en}; the patient pays {amount} of it now.",
    )


_DEDUCTIBLES: Final = {
    "year": ("年度起付标准", "The yearly deductible"),
    "stay": ("本次住院起付标准", "The deductible of this stay"),
}


def no_deductible(_amount: str, _line: int, _values: Values) -> Sentences:
    """The benefit has none."""
    return "本待遇不设起付标准。", "This benefit has no deductible."


def ratio(amount: str, _line: int, values: Values) -> Sentences:
    """The share of what counts that the fund computes."""
    base_fen, ratio_ppm, parts, condition = values
    zh_of, en_of = _of(condition)
    if not base_fen:
        return (
            f"{zh_of}没有剩余的金额可由基金支付。",
            begun(f"{en_of}nothing is left for the fund to pay on."),
        )
    base, percent = format_fen(base_fen), format_percent(ratio_ppm)
    zh, en = rows_of_ratio(ratio_ppm, parts)
    return (
        f"{zh_of}纳入支付的{base}元,按{percent}{zh}支付,计{amount}元。",
        begun(f"{en_of}{percent}{en} of the {base} that counts is payable: {amount}."),
    )


def band(_amount: str, _line: int, values: Values) -> Sentences:
    """One row of a table by amount, and what falls into it."""
    from_fen, up_to_fen, base_fen, ratio_ppm, parts, condition, used_fen = values
    zh_of, en_of = _of(condition)
    base, percent = format_fen(base_fen), format_percent(ratio_ppm)
    zh, en = rows_of_ratio(ratio_ppm, parts)
    least = format_fen(from_fen)
    if up_to_fen is None:
        zh_band, en_band = f"{least}元以上部分", f"above {least}"
    elif not from_fen:
        most = format_fen(up_to_fen)
        zh_band, en_band = f"{most}元以内部分", f"up to {most}"
    else:
        most = format_fen(up_to_fen)
        zh_band, en_band = f"{least}元至{most}元部分", f"between {least} and {most}"
    zh_part, en_part = f"有{base}元", f"there is {base}"
    if used_fen:
        used = format_fen(used_fen)
        zh_part, en_part = f"此前已计{used}元,本次有{base}元", f"there was {used} before, and now {base}"
    return (
        f"{zh_of}{':' if zh_of else ''}{zh_band}{zh_part},按{percent}{zh}支付。",
        begun(f"{en_of}{en_band} {en_part}; {percent}{en} of it is payable."),
    )


def banded(amount: str, _line: int, values: Values) -> Sentences:
    """All bands together."""
    base_fen, condition = values
    zh_of, en_of = _of(condition)
    base = format_fen(base_fen)
    return (
        f"{zh_of}按费用分段计算,{base}元中应支付{amount}元。",
        begun(f"{en_of}by bands of amount, {amount} of the {base} is payable."),
    )


def cap(amount: str, _line: int, values: Values) -> Sentences:
    """What the cap leaves of it, or the limit around it (with a title of its own) where that is tighter."""
    limit_fen, used_fen, left_fen, parts, period, condition, zh_title, en_title = values
    zh_of, en_of = _of(condition)
    zh_cap, en_cap = _CAPS.get(str(period), _CAPS["year"])
    zh_cap, en_cap = zh_title or zh_cap, en_title or en_cap
    if limit_fen is None:
        return f"{zh_of or '本待遇'}不设{zh_cap}。", begun(f"{en_of}this benefit has no {en_cap}.")
    limit, (zh, en) = format_fen(limit_fen), rows_of_amount(limit_fen, parts)
    zh, en = f"{zh_of}{zh_cap}{limit}元{zh}", f"{en_of}the {en_cap} is {limit}{en}"
    if used_fen:
        zh, en = f"{zh},此前已支付{format_fen(used_fen)}元", f"{en}; {format_fen(used_fen)} was paid before"
    en = begun(en)
    if used_fen >= limit_fen:
        zh, en = f"{zh},限额已用完", f"{en}, and the cap is used up"
        if amount == "0.00":
            return f"{zh}。", f"{en}."
        return f"{zh},{amount}元由个人负担。", f"{en}; {amount} stays with the patient."
    if amount == "0.00":
        return f"{zh},这次没有超过。", f"{en}, and this stays within it."
    left = format_fen(left_fen)
    return (
        f"{zh},还可支付{left}元,超出的{amount}元由个人负担。",
        f"{en}, {left} is left; the {amount} above it stays with the patient.",
    )


_CAPS: Final = {
    "year": ("年度最高支付限额", "annual cap"),
    "stay": ("本次住院最高支付限额", "cap of this stay"),
}


def fund(amount: str, _line: int, values: Values) -> Sentences:
    """What the benefit's fund pays."""
    fund_id, condition = values
    zh, en = named(FUND_NAMES, fund_id)
    en = begun(en)
    zh_for, en_for = "", ""
    if condition is not None:
        zh_name, en_name = condition_name(condition)
        zh_for, en_for = f"为{zh_name}", f" for {en_name}"
    if amount == "0.00":
        return f"{zh}本次不{zh_for}支付。", f"{en} pays nothing{en_for} this time."
    return f"{zh}{zh_for}支付{amount}元。", f"{en} pays {amount}{en_for}."


def _of(condition: object) -> Sentences:
    """The condition that the sentence is about, if it is about one."""
    if condition is None:
        return "", ""
    zh, en = condition_name(condition)
    return zh, f"for {en}, "
