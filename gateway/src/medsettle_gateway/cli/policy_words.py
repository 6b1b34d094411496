"""The words of a pack in Chinese and English, for people who read packs."""

from typing import Final

from medsettle.wire.called import condition_name

Words = tuple[str, str]

FACT_WORDS: Final[dict[str, Words]] = {
    "scheme": ("险种", "scheme"),
    "standing": ("人员类别", "standing"),
    "enrolment": ("参保方式", "enrolment"),
    "aid": ("救助身份", "aid"),
    "condition": ("备案病种", "filed condition"),
    "at": ("机构类型", "at"),
    "level": ("机构等级", "level"),
    "specialty": ("专科类别", "specialty"),
    "designation": ("定点资格", "designation"),
    "stay": ("住院", "stay"),
    "prescription": ("处方", "prescription"),
    "circulated": ("经处方流转", "circulated"),
    "emergency": ("急救抢救", "emergency"),
    "age": ("年龄", "age"),
    "area": ("就医地", "area"),
    "tier": ("缴费档次", "tier"),
    "kind": ("项目类别", "kind"),
    "class": ("目录类别", "class"),
    "ward": ("病房", "ward"),
    "dual_channel": ("双通道药品", "dual channel"),
}
"""Each fact, and what packs often declare; its values are in VALUE_WORDS under ``fact.value``, else alone."""

YES_NO_WORDS: Final[dict[tuple[str, tuple[str, ...]], Words]] = {
    ("circulated", ("true",)): ("须经处方流转", "prescription circulated"),
    ("circulated", ("false",)): ("未经处方流转", "prescription not circulated"),
    ("stay", ("true",)): ("限住院", "a stay"),
    ("stay", ("false",)): ("限非住院", "not a stay"),
    ("emergency", ("true",)): ("限急救抢救", "an emergency"),
    ("emergency", ("false",)): ("非急救抢救", "no emergency"),
    ("dual_channel", ("true",)): ("限双通道药品", "a drug of dual channel"),
    ("dual_channel", ("false",)): ("非双通道药品", "no drug of dual channel"),
}
"""A condition on a yes-or-no fact, as a whole."""

VALUE_WORDS: Final[dict[str, str]] = {
    "true": "是",
    "false": "否",
    "employee": "职工",
    "resident": "居民",
    "active": "在职",
    "retired": "退休",
    "flexible": "灵活就业",
    "adult": "成年",
    "minor": "未成年",
    "pooled_and_account": "统账结合",
    "pool_only": "单建统筹",
    "inpatient_only": "住院医疗保险",
    "aid.none": "无",
    "destitute": "特困",
    "orphan": "孤儿",
    "subsistence": "低保",
    "marginal": "低边",
    "disabled": "残疾",
    "poor": "建档立卡",
    "clinic": "门诊机构",
    "hospital": "医院",
    "pharmacy": "药店",
    "primary": "一级及以下",
    "secondary": "二级",
    "tertiary": "三级",
    "level.none": "无等级",
    "general": "综合",
    "infectious": "传染",
    "psychiatric": "精神",
    "tuberculosis": "结核",
    "basic": "基本定点",
    "pooled_outpatient": "门诊统筹定点",
    "chronic": "门诊慢特病定点",
    "haemodialysis": "血液透析定点",
    "benefit_ward": "惠民病房定点",
    "dual_channel": "双通道定点",
    "prescription.none": "无处方",
    "own": "本机构处方",
    "external": "外配处方",
    "drug": "药品",
    "device": "医疗器械",
    "consumable": "医用耗材",
    "test": "检查",
    "treatment": "治疗",
    "surgery": "手术",
    "blood": "血液",
    "bed": "床位",
    "wellness": "养生保健",
    "fitness": "体育健身",
    "daily_goods": "生活用品",
    "public_health": "公共卫生",
    "A": "甲类",
    "B": "乙类",
    "C": "丙类(目录外)",
    "ordinary": "普通",
    "oncology": "肿瘤",
    "obstetric": "产科",
    "paediatric": "儿科",
    "traction": "牵引",
    "burn": "烧伤",
    "intensive": "重症监护",
    "self": "本人",
    "spouse": "配偶",
    "parent": "父母",
    "child": "子女",
    "sibling": "兄弟姐妹",
    "other": "其他人",
    "heir": "继承人",
    "beneficiary": "指定受益人",
    "local": "本地",
    "filed": "异地已备案",
    "unfiled": "异地未备案",
    "emergency": "急诊",
    "low": "低档",
    "high": "高档",
    "moved_away": "户籍迁出",
    "deceased": "死亡",
}

_NO_FACTS: Final = ("owner", "owners", "enrolments", "never", "pays", "cause")
"""What is told apart beside facts, with its words in VALUE_WORDS."""

FORCE_WORDS: Final[dict[str, Words]] = {
    "exact": ("明确规定", "exact"),
    "floor": ("下限", "floor: a region may not go below"),
    "ceiling": ("上限", "ceiling: a region may not go above"),
    "assumed": ("文件未载,暂定,不得据以结算", "assumed: not in the document, nothing is charged by it"),
}

STATUS_WORDS: Final[dict[str, Words]] = {
    "in_force": ("现行", "in force"),
    "historical": ("已废止", "historical"),
    "illustrative": ("示例", "illustrative"),
}

OVER_CEILING_WORDS: Final[dict[str, Words]] = {
    "difference": ("超出部分由个人自付", "the patient pays what is above"),
    "whole_line": ("整行自费", "the patient pays the whole line"),
    "refuse": ("不允许结算", "the settlement is refused"),
}

PAYS_WORDS: Final[dict[str, Words]] = {
    "personal": ("任何个人负担部分", "any personal part"),
    "in_scope": ("仅政策范围内的个人负担", "only the personal part within policy"),
}


BASE_WORDS: Final[dict[str, Words]] = {
    "in_scope_left": ("政策范围内未支付部分", "what no fund has paid within policy"),
    "out_of_scope_left": ("政策范围外未支付部分", "what no fund has paid outside policy"),
    "all_left": ("全部个人负担", "all of the personal part"),
}

COUNTED_WORDS: Final[dict[str, Words]] = {
    "self_pay_first": ("先行自付", "the share before the deductible"),
    "over_limit": ("超限价自付", "what is above a payment standard"),
}

ACCUMULATOR_WORDS: Final[dict[str, Words]] = {
    "personal": ("本年度个人负担累计", "what the patient bore in the year"),
    "in_scope": ("本年度政策范围内个人负担累计", "what the patient bore within policy in the year"),
}

PERIOD_WORDS: Final[dict[str, Words]] = {
    "year": ("自然年度", "per calendar year"),
    "stay": ("每次住院", "per stay"),
    "settlement": ("每次结算", "per settlement"),
    "none": ("不设", "none"),
}

EXCESS_WORDS: Final[dict[str, Words]] = {
    "provider": ("超出部分由医疗机构承担", "the provider bears what is above"),
    "patient": ("超出部分由个人承担", "the patient bears what is above"),
    "refuse": ("超出不予结算", "a settlement above it is refused"),
}

OUTSIDE_WORDS: Final[dict[str, Words]] = {
    "self_pay": ("自费", "the patient pays"),
    "refuse": ("不予结算", "the settlement is refused"),
    "report": ("只提示,不改变金额", "said, and changes no amount"),
}

DAY_WORDS: Final[dict[str, Words]] = {
    "admitted": ("入院日", "the day of admission"),
    "discharged": ("出院日", "the day of discharge"),
}

VERDICT_WORDS: Final[dict[str, Words]] = {
    "remind": ("提醒", "remind"),
    "warn": ("预警,须说明理由", "warn: only with a reason"),
    "block": ("阻断", "block"),
}

AT_WORDS: Final[dict[str, Words]] = {
    "reached": ("达到即提示", "raised when it is reached"),
    "exceeded": ("超过才提示", "raised when it is exceeded"),
}

SOURCE_WORDS: Final[dict[str, Words]] = {
    "patient.age_on_service": ("就医当日周岁", "completed years on the day of service"),
    "patient.attributes": ("参保登记", "the register"),
    "encounter.area": ("就医地", "where the place lies for the patient"),
}


def fact_word(fact: str) -> Words:
    """A fact in both languages; one that a pack declares under a name of its own, as it is."""
    return FACT_WORDS.get(fact, (fact, fact))


def value_word(fact: str, value: str) -> str:
    """The Chinese word of a fact's value; the value itself where there is none.

    What a region calls the values of a fact with a name of its own, nobody knows here.
    """
    if fact == "condition":
        return condition_name(value)[0]
    if fact not in FACT_WORDS and fact not in _NO_FACTS:
        return value
    return VALUE_WORDS.get(f"{fact}.{value}", VALUE_WORDS.get(value, value))
