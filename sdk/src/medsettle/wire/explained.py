"""A settlement explained: who pays what and why in one paragraph, then every step by line and by fund.

Pure, and the same on both sides: the gateway explains a case with it, the till a quote or a sale.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from medsettle.wire.because import Because, Told, reasons, unsaid
from medsettle.wire.called import FUND_NAMES, OWNER_NAMES, Pair, begun, named, yuan


class AccountPart(Protocol):
    """What one account pays."""

    @property
    def owner(self) -> str:
        """Whose it is, seen from the patient."""

    @property
    def amount_fen(self) -> int:
        """In fen."""


class Division(Protocol):
    """Who pays what, in fen."""

    @property
    def total_fen(self) -> int:
        """All lines together."""

    @property
    def provider_borne_fen(self) -> int:
        """What the institution bears itself."""

    @property
    def funds(self) -> Mapping[str, int]:
        """What each fund pays."""

    @property
    def personal_fen(self) -> int:
        """What is left to the patient."""

    @property
    def accounts(self) -> Sequence[AccountPart]:
        """How accounts pay of it."""

    @property
    def cash_fen(self) -> int:
        """The rest."""


class Section(NamedTuple):
    """Steps that belong together, by their positions in the trace.

    ``about`` is ``order``, ``lines``, ``benefit``, ``layer``, ``afterwards``, ``warnings`` or
    ``patient``; ``id`` is the layer's, else empty.
    """

    about: str
    id: str
    zh: str
    en: str
    steps: tuple[int, ...]


class Explained(NamedTuple):
    """A settlement in words: ``zh`` and ``en`` are the paragraph, ``because`` the reasons in it."""

    zh: str
    en: str
    because: tuple[Because, ...]
    sections: tuple[Section, ...]


_TITLES: Final[Mapping[str, Pair]] = {
    "order": ("应急措施", "Emergency order"),
    "lines": ("明细", "Lines"),
    "benefit": ("基金支付", "What the fund pays"),
    "warnings": ("请留意", "To be noted"),
    "patient": ("个人支付", "The patient's part"),
}
_AFTERWARDS: Final[Pair] = ("{}(可事后申请,不计入本次)", "{} (afterwards, no part of this payment)")
_OF_STEP: Final[Mapping[str, str]] = {
    "emergency_order": "order",
    "warning": "warnings",
    "personal": "patient",
    "no_account": "patient",
    "payable": "patient",
    "account": "patient",
    "cash": "patient",
}


def explained(division: Division, trace: Sequence[Told]) -> Explained:
    """Returns the explanation of a settlement.

    Without a trace it has no reasons and no sections: who pays what is still told.
    """
    why, others = reasons(trace)
    zh, en = who_pays(division, fund_titles(trace))
    if why:
        head_zh, head_en = ("主要原因:", "Why, among others: ") if others else ("原因:", "Why: ")
        zh = f"{zh}{head_zh}" + "".join(each.zh for each in why)
        en = f"{en} {head_en}" + " ".join(each.en for each in why)
    return Explained(zh, en, why, _sections(trace))


def fund_titles(trace: Sequence[Told]) -> dict[str, Pair]:
    """Returns what each fund is called here: one that pays by layers only, by the title of the first."""
    titles: dict[str, Pair] = {}
    for told in trace:
        fund = told.inputs.get("fund", "")
        if told.step == "fund":
            titles[fund] = named(FUND_NAMES, fund)
        elif told.step == "layer" and told.amount_fen:
            titles.setdefault(fund, (told.inputs.get("zh", fund), told.inputs.get("en", fund)))
    return titles


def who_pays(division: Division, titles: Mapping[str, Pair]) -> Pair:
    """Returns one sentence in each language: the total, who pays it, how the patient's part is paid.

    ``titles`` are what funds are called here, beside their own names.
    """
    total, personal = yuan(division.total_fen), yuan(division.personal_fen)
    names = {**FUND_NAMES, **titles}
    paid = [(*named(names, fund), yuan(fen)) for fund, fen in division.funds.items() if fen]
    zh = [f"{name}支付{amount}元" for name, _, amount in paid] or ["基金不支付"]
    en = [f"{name} pays {amount}" for _, name, amount in paid] or ["no fund pays"]
    if division.provider_borne_fen:
        borne = yuan(division.provider_borne_fen)
        zh.insert(0, f"本机构承担{borne}元")
        en.insert(0, f"this institution bears {borne}")
    how_zh, how_en = _how_paid(division)
    if division.personal_fen:
        zh.append(f"个人负担{personal}元{how_zh}")
        en.append(f"{personal} is for the patient{how_en}")
    else:
        zh.append("个人不用付钱")
        en.append("the patient pays nothing")
    joined_en = " and ".join([", ".join(en[:-1]), en[-1]])
    return f"合计{total}元,{','.join(zh)}。", f"Of {total} in all, {joined_en}."


def _how_paid(division: Division) -> Pair:
    """How accounts and cash share the patient's part."""
    owners: dict[str, int] = {}
    for share in division.accounts:
        owners[share.owner] = owners.get(share.owner, 0) + share.amount_fen
    paying = [(*named(OWNER_NAMES, owner), fen) for owner, fen in owners.items() if fen]
    if not paying:
        return ",全部付现金", ", all of it in cash"
    if len(paying) == 1 and not division.cash_fen:
        zh, en, _ = paying[0]
        return f",全部由{zh}账户支付", f", all of it from {en} account"
    zh_parts = [f"{zh}账户支付{yuan(fen)}元" for zh, _, fen in paying]
    en_parts = [f"{yuan(fen)} from {en} account" for _, en, fen in paying]
    if division.cash_fen:
        zh_parts.append(f"现金{yuan(division.cash_fen)}元")
        en_parts.append(f"{yuan(division.cash_fen)} in cash")
    head, last = ", ".join(en_parts[:-1]), en_parts[-1]
    return f",其中{'、'.join(zh_parts)}", f": {head} and {last}"


def _sections(trace: Sequence[Told]) -> tuple[Section, ...]:
    afterwards = [told.inputs.get("layer", "") for told in trace if told.step == "afterwards"]
    found: dict[tuple[str, str], list[int]] = {}
    titles: dict[tuple[str, str], Pair] = {}
    for index, told in enumerate(trace):
        layer = told.inputs.get("layer", "")
        about = _about(told, afterwards)
        key = about, layer if about in {"layer", "afterwards"} else ""
        found.setdefault(key, []).append(index)
        titles.setdefault(key, _title(about, told))
    return tuple(Section(*key, *titles[key], tuple(steps)) for key, steps in found.items())


def _about(told: Told, afterwards: Iterable[str]) -> str:
    if told.line_id:
        return "lines"
    if "layer" in told.inputs:
        return "afterwards" if told.inputs["layer"] in afterwards else "layer"
    return _OF_STEP.get(told.step, "benefit")


def _title(about: str, told: Told) -> Pair:
    if about in _TITLES:
        return _TITLES[about]
    zh, en = told.inputs.get("zh", ""), begun(told.inputs.get("en", ""))
    return (_AFTERWARDS[0].format(zh), _AFTERWARDS[1].format(en)) if about == "afterwards" else (zh, en)


def once(trace: Sequence[Told], section: Section) -> tuple[int, ...]:
    """Returns the steps of a section that are worth reading out.

    That a layer pays nothing to a person whom it is not for was said by the step before, and a limit of a
    layer that binds nothing is not worth a sentence; nor is how lines divide where no fund is asked.
    """
    silent = unsaid(trace)
    steps = section.steps
    idle = {"layer_cap"}
    if any(trace[index].step == "layer_outside" for index in steps):
        idle |= {"layer", "afterwards"}
    worth = (index for index in steps if trace[index].amount_fen or trace[index].step not in idle)
    return tuple(index for index in worth if index not in silent)
