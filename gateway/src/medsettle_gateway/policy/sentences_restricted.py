"""The sentence of a line that is outside what the catalogue restricts its item to."""

from collections.abc import Mapping
from typing import Any, Final

Sentences = tuple[str, str]

_LEVELS: Final[Mapping[str, Sentences]] = {
    "primary": ("基层医疗机构", "primary care"),
    "secondary": ("二级医疗机构", "secondary care"),
    "tertiary": ("三级医疗机构", "tertiary care"),
    "none": ("未定级机构", "places without a level"),
}
_SEXES: Final[Mapping[str, Sentences]] = {"male": ("男性", "men"), "female": ("女性", "women")}


def restricted(amount: str, line: int, values: list[Any]) -> Sentences:
    """Outside the level, sex, age or days of supply to which the item is restricted."""
    name, what, allowed, found = values
    (zh, en), (next_zh, next_en) = _WHY.get(what, _otherwise)(allowed, found)
    return (
        f"第{line}行“{name}”:{zh},医保基金不支付,{amount}元由个人负担。{next_zh}",
        f"Line {line}, {name}: {en}; no fund pays, the patient bears all of {amount}. {next_en}",
    )


def _level(allowed: str, found: str) -> tuple[Sentences, Sentences]:
    named = [_LEVELS.get(each, (each, each)) for each in allowed.split()]
    zh, en = "、".join(each for each, _ in named), " and ".join(each for _, each in named)
    here_zh, here_en = _LEVELS.get(found, (found, found))
    return (
        (f"限{zh}使用,本机构属于{here_zh}", f"it is paid for in {en} only, and this is {here_en}"),
        ("可到符合条件的机构就医配药。", "It is covered at a place of that level."),
    )


def _sex(allowed: str, found: str) -> tuple[Sentences, Sentences]:
    zh, en = _SEXES.get(allowed, (allowed, allowed))
    if not found:
        return (
            (f"限{zh}使用,而参保登记中没有性别", f"it is paid for {en} only, and no sex is registered"),
            ("请经办机构补登性别。", "Ask the insurance office to register it."),
        )
    return (
        (f"限{zh}使用", f"it is paid for {en} only"),
        ("请核对品种和就诊人。", "Check the item and the patient."),
    )


def _age(allowed: str, found: str) -> tuple[Sentences, Sentences]:
    zh, en = _years(allowed)
    if not found:
        return (
            (f"限{zh}使用,而登记中没有出生日期", f"it is paid for {en} only, and no birthday is known"),
            ("请经办机构补登出生日期。", "Ask the insurance office to register it."),
        )
    return (
        (f"限{zh}使用,患者{found}周岁", f"it is paid for {en} only, and the patient is {found}"),
        ("请医生换用适合这个年龄的品种。", "Ask the doctor for an item for this age."),
    )


def _years(allowed: str) -> Sentences:
    least, _, most = allowed.partition("-")
    if not most:
        return f"{least}周岁及以上", f"people of {least} and older"
    if least == "0":
        return f"{most}周岁及以下", f"people up to {most}"
    return f"{least}至{most}周岁", f"people from {least} to {most}"


def _days_supply(allowed: str, found: str) -> tuple[Sentences, Sentences]:
    if not found:
        return (
            (f"每次限{allowed}天用量,没有注明天数", f"{allowed} days a sale are paid for, none are stated"),
            ("请收银员注明供药天数后重新结算。", "Ask the cashier to state the days and settle again."),
        )
    return (
        (f"每次限{allowed}天用量,本次{found}天", f"{allowed} days a sale are paid for, and this is {found}"),
        (f"请在{allowed}天以内配药。", f"Keep to {allowed} days."),
    )


def _otherwise(allowed: str, found: str) -> tuple[Sentences, Sentences]:  # noqa: ARG001 - called alike
    return (
        (f"目录限定支付范围为{allowed}", f"the catalogue restricts it to {allowed}"),
        ("可请医保经办人员说明。", "The insurance office can explain."),
    )


_WHY: Final = {"level": _level, "sex": _sex, "age": _age, "days_supply": _days_supply}
