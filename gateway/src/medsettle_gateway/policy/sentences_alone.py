"""The sentences of what is paid without a benefit: why no fund pays it."""

from medsettle.wire.called import condition_name
from medsettle_gateway.policy.sentences_lines import Sentences, Values

_ONLY: Sentences = (
    "只用个人账户和现金,统筹基金不支付。", "only personal accounts and cash pay, and no fund.",
)
_FILE: Sentences = (
    "可先办理病种备案,以后再买就能按慢特病结算。", " Once it is filed, later purchases can be covered.",
)


def account_only(_amount: str, _line: int, values: Values) -> Sentences:
    """No benefit takes these lines, or none was asked for."""
    why, name, count, conditions, zh_benefit, en_benefit = values
    if why is None:
        return (
            "本次只用个人账户和现金,统筹基金不支付。",
            "Only personal accounts and cash are used; the pooled fund pays nothing.",
        )
    if why == "asked":
        return (
            "按要求只用个人账户和现金,统筹基金不支付。",
            "As was asked, only personal accounts and cash are used; the pooled fund pays nothing.",
        )
    zh_names, en_names = goods(name, count)
    zh_filed, en_filed = _conditions(conditions)
    next_zh, next_en = "", ""
    if why == "condition_not_filed":
        zh, en = f"所治病种({zh_filed})没有备案,", f"the condition that this treats ({en_filed}) is not filed"
        next_zh, next_en = _FILE
    elif why == "not_for_condition":
        zh = f"没有注明用于备案病种({zh_filed}),不属于{zh_benefit},"
        en = f"not said to be for a filed condition ({en_filed}), so not under {en_benefit}"
    elif why == "nothing_filed":
        zh, en = "患者没有备案病种,没有可以支付的待遇,", "the patient has no condition filed"
    else:
        zh, en = "在本机构没有可以支付的待遇,", "no benefit takes this here"
    return f"{zh_names}:{zh}{_ONLY[0]}{next_zh}", f"For {en_names}: {en}; {_ONLY[1]}{next_en}"


def goods(name: str, count: int) -> Sentences:
    """The first of some lines, and how many they are."""
    if count == 1:
        return f"“{name}”", name
    others = count - 1
    return f"“{name}”等{count}项", f"{name} and {others} other{'s' if others > 1 else ''}"


def _conditions(joined: str | None) -> Sentences:
    named = [condition_name(each) for each in str(joined or "").split("+")]
    return "、".join(zh for zh, _ in named), ", ".join(en for _, en in named)
