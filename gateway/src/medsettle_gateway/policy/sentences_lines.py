"""The sentences of the steps of one line: what of it counts, and why the rest does not.

Each begins with the line's number, counted from 1, and its name; where there is something to do
next, it says so.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from medsettle.wire.called import named
from medsettle_gateway.domain.money import format_fen, format_percent
from medsettle_gateway.policy.composed import rows_of_ratio

Values = list[Any]
"""A step's inputs in their order: texts, integers or None."""
Sentences = tuple[str, str]
"""Chinese, English."""
Told = Callable[[str, int, Values], Sentences]
"""From the amount in yuan, the number of the line (0 without a line) and the values."""

LIST_NAMES: Final[Mapping[str, Sentences]] = {
    "township": ("基层目录", "the township list"),
    "employee": ("职工医保目录", "the employee list"),
    "resident": ("居民医保目录", "the resident list"),
    "children": ("少儿目录", "the children's list"),
    "child": ("少儿目录", "the children's list"),
}
"""Lists of the catalogue whose classes may differ from the main list's."""

CLASS_NAMES: Final[Mapping[str, Sentences]] = {
    "A": ("甲类", "class A"),
    "B": ("乙类", "class B"),
    "C": ("丙类(目录外)", "class C, outside the catalogue"),
}


def catalogue(_amount: str, line: int, values: Values) -> Sentences:
    """The list that holds here puts the item in another class."""
    name, list_, class_ = values
    (list_zh, list_en), (class_zh, class_en) = named(LIST_NAMES, list_), named(CLASS_NAMES, class_)
    return (
        f"第{line}行“{name}”:这里适用{list_zh},按{class_zh}计算。",
        f"Line {line}, {name}: here {list_en} applies, which puts it in {class_en}.",
    )


def version(_amount: str, line: int, values: Values) -> Sentences:
    """The line follows the rules of its own day."""
    name, effective_from = values
    return (
        f"第{line}行“{name}”:服务当天适用{effective_from}起施行的规定。",
        f"Line {line}, {name}: the rules in force since {effective_from} apply to its day.",
    )


def cover_ended(amount: str, line: int, values: Values) -> Sentences:
    """Served after the last day of cover."""
    name, service_on, covered_to = values
    return (
        f"第{line}行“{name}”:服务日期{service_on},参保待遇已于{covered_to}终止,{amount}元全额自费。",
        (
            f"Line {line}, {name}: served on {service_on}, cover ended on {covered_to}; "
            f"the patient pays all of {amount}."
        ),
    )


def excluded(amount: str, line: int, values: Values) -> Sentences:
    """No part of the insurance."""
    (name,) = values
    return (
        f"第{line}行“{name}”:不属于医保支付范围,{amount}元全额自费。",
        f"Line {line}, {name}: the insurance does not cover it; the patient pays all of {amount}.",
    )


def over_standard(amount: str, line: int, values: Values) -> Sentences:
    """Above its standard where the whole line is then the patient's."""
    name, standard_fen = values
    standard = format_fen(standard_fen)
    return (
        f"第{line}行“{name}”:金额{amount}元,超过支付标准{standard}元,按规定整行自费。",
        (
            f"Line {line}, {name}: {amount} is above the payment standard of {standard}; "
            "here the patient then pays the whole line."
        ),
    )


def over_limit(amount: str, line: int, values: Values) -> Sentences:
    """The part above the payment standard."""
    name, line_fen, standard_fen = values
    whole, standard = format_fen(line_fen), format_fen(standard_fen)
    return (
        f"第{line}行“{name}”:金额{whole}元,支付标准{standard}元,超出的{amount}元由个人自付。",
        (
            f"Line {line}, {name}: of {whole}, the payment standard covers {standard}; "
            f"the patient pays the {amount} above it."
        ),
    )


_WHY_OUTSIDE: Final[Mapping[str, tuple[Sentences, Sentences]]] = {
    "condition_not_filed": (
        ("所治病种没有备案", "the condition that it treats is not filed"),
        ("可先办理病种备案,以后再买就能按慢特病结算", "once it is filed, later purchases can be covered"),
    ),
    "drug_not_approved": (
        ("不在患者的慢特病核定用药之内", "it is not among the drugs approved for the patient's condition"),
        ("确需使用的,请医生申请增加核定药品", "if it is needed, ask the doctor to apply for its approval"),
    ),
    "drug_over_ceiling": (
        ("超过慢特病用药的支付标准", "it costs more than the payment standard for chronic drugs"),
        ("可请医生换用标准以内的药品", "a drug within the standard would be covered"),
    ),
    "drug_kinds_exceeded": (
        ("超过慢特病用药的种类数", "it is one kind of drug too many for the patient's conditions"),
        ("可请医生在规定种类内调整用药", "ask the doctor to keep to the kinds allowed"),
    ),
    "days_supply_exceeded": (
        ("超过慢特病用药的供药天数", "it is more than the days of supply allowed"),
        ("请在规定天数内配药", "keep to the days that are allowed"),
    ),
    "days_supply_unknown": (
        ("没有注明供药天数", "nobody said for how many days it lasts"),
        ("请收银员注明供药天数后重新结算", "ask the cashier to state the days and settle again"),
    ),
}
"""Why a line is outside the benefit, and what can be done about it."""

_OUTSIDE_OTHERWISE: Final = (
    ("不符合本待遇的规定", "it is outside the rules of this benefit"),
    ("可请医保经办人员说明", "the insurance office can explain"),
)


def outside(amount: str, line: int, values: Values) -> Sentences:
    """Outside the benefit: the condition is not filed, or the five fixed (五定) do not allow the drug."""
    name, why, limit, *supply = values
    (zh, en), (next_zh, next_en) = _WHY_OUTSIDE.get(why, _OUTSIDE_OTHERWISE)
    bound_zh, bound_en = _bound(why, limit)
    if why == "days_supply_exceeded" and None not in supply[:2]:
        (bound_zh, bound_en), (next_zh, next_en) = _supplied(limit, *supply)
    return (
        f"第{line}行“{name}”:{zh}{bound_zh},{amount}元全额自费。{next_zh}。",
        f"Line {line}, {name}: {en}{bound_en}; the patient pays all of {amount}. {next_en.capitalize()}.",
    )


def _bound(why: str, limit: int | None) -> Sentences:
    """The limit that was passed, in brackets."""
    if limit is None:
        return "", ""
    if why == "drug_over_ceiling":
        standard = format_fen(limit)
        return f"({standard}元)", f" ({standard})"
    if why == "drug_kinds_exceeded":
        return f"(最多{limit}种)", f" ({limit} allowed)"
    if why == "days_supply_exceeded":
        return f"(最多{limit}天)", f" ({limit} days)"
    return "", ""


def _supplied(
    limit: int, days: int, whole: int, window: int | None, again_on: str | None
) -> tuple[Sentences, Sentences]:
    """The days that make it too many, in brackets, and how many may be had now and from when again."""
    before, room = whole - days, max(0, limit - whole + days)
    zh, en = f"本次{days}天", f"{days} now"
    if before:
        since_zh, since_en = "此前", "before"
        if window is not None:
            since_zh, since_en = f"{window}天内", f"within {window} days"
        zh = f"{since_zh}已配{before}天,{zh},合计{whole}天"
        en = f"{before} {since_en} and {en} make {whole}"
    next_zh = f"本次最多可配{room}天" if room else "本次不能再配"
    next_en = f"up to {room} days may be had now" if room else "none may be had now"
    if again_on is not None:
        wanted = min(days, limit)
        next_zh = f"{next_zh};{again_on}起可配{wanted}天"
        next_en = f"{next_en}, and {wanted} from {again_on} on"
    return (f"({zh},最多{limit}天)", f" ({en}; {limit} are allowed)"), (next_zh, next_en)


def supply_reported(_amount: str, line: int, values: Values) -> Sentences:
    """More days of supply than allowed, which changes no amount."""
    name, days, allowed = values
    return (
        f"第{line}行“{name}”:供药{days}天,超过规定的{allowed}天;已记录,不影响本次金额。",
        (
            f"Line {line}, {name}: {days} days of supply, {allowed} are allowed; "
            "this is noted and changes no amount."
        ),
    )


def provider_borne(amount: str, line: int, values: Values) -> Sentences:
    """Above a limit per session that binds the institution."""
    name, *limit = values
    zh, en = _sessions(*limit)
    return (
        f"第{line}行“{name}”:{zh},超出的{amount}元由本机构承担,不向患者收取。",
        (
            f"Line {line}, {name}: {en}; the {amount} above it is borne by this institution, "
            "and the patient is not charged for it."
        ),
    )


def session_over_limit(amount: str, line: int, values: Values) -> Sentences:
    """Above a limit per session that leaves the rest to the patient."""
    name, *limit = values
    zh, en = _sessions(*limit)
    return (
        f"第{line}行“{name}”:{zh},超出的{amount}元由个人自付。",
        f"Line {line}, {name}: {en}; the patient pays the {amount} above it.",
    )


def _sessions(limit_fen: int, sessions: int) -> Sentences:
    limit = format_fen(limit_fen)
    if sessions == 1:
        return f"每次限额{limit}元", f"the limit is {limit} a session"
    whole = format_fen(limit_fen * sessions)
    return (
        f"每次限额{limit}元,{sessions}次共{whole}元",
        f"the limit is {limit} a session, {whole} for {sessions}",
    )


_WAIVED: Final[Mapping[str, Sentences]] = {
    "catalogue": ("目录外的也按目录内计算", "what is outside the catalogue counts as within it"),
    "cap": ("不受最高支付限额限制", "the cap does not bind"),
    "session": ("不受每次限额限制", "the limit per session does not bind"),
    "kinds": ("不限药品种类", "the kinds of drugs are not limited"),
    "supply": ("不限供药天数", "the days of supply are not limited"),
    "restriction": ("不受目录限定支付范围的限制", "what the catalogue restricts the item to does not bind"),
    "restricted_supply": ("不受目录限定用药天数的限制", "the catalogue's days of supply do not bind"),
}
"""What an emergency order lifts, by the limit."""


def limit_waived(_amount: str, line: int, values: Values) -> Sentences:
    """A limit that an emergency order lifts, for a line or for all of the settlement."""
    what, order = values
    zh, en = _WAIVED.get(what, (f"不受“{what}”限制", f"the limit {what} does not bind"))
    place_zh, place_en = (f"第{line}行:", f"Line {line}: ") if line else ("", "")
    return (
        f"{place_zh}按应急措施“{order}”,{zh}。",
        f"{place_en}{'under' if line else 'Under'} emergency order {order}, {en}.",
    )


def self_pay_first(amount: str, line: int, values: Values) -> Sentences:
    """The share that the patient pays before the deductible."""
    name, base_fen, share_ppm, parts = values
    base, share = format_fen(base_fen), format_percent(share_ppm)
    zh, en = rows_of_ratio(share_ppm, parts)
    return (
        f"第{line}行“{name}”:{base}元先由个人自付{share}{zh},即{amount}元。",
        f"Line {line}, {name}: of {base} the patient first pays {share}{en}, that is {amount}.",
    )


def self_pay_waived(_amount: str, line: int, values: Values) -> Sentences:
    """A share that the benefit waives."""
    name, share_ppm = values
    share = format_percent(share_ppm)
    return (
        f"第{line}行“{name}”:本待遇免除先行自付(原为{share})。",
        f"Line {line}, {name}: this benefit waives the share of {share} that the patient would first pay.",
    )


def in_scope(amount: str, line: int, values: Values) -> Sentences:
    """What counts."""
    (name,) = values
    if amount == "0.00":
        return (
            f"第{line}行“{name}”:没有计入政策范围的金额。",
            f"Line {line}, {name}: nothing of it counts as within policy.",
        )
    return (
        f"第{line}行“{name}”:{amount}元符合政策范围。",
        f"Line {line}, {name}: {amount} is within policy.",
    )
