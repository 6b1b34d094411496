"""What funds, owners of accounts and conditions are called, on paper and aloud, on both sides alike."""

from collections.abc import Mapping
from typing import Final

Pair = tuple[str, str]
"""Chinese, English."""

ACCOUNT_ONLY: Final = "personal_account_only"
"""The benefit of what accounts and cash pay without any fund."""

FUND_NAMES: Final[Mapping[str, Pair]] = {
    "pooled": ("统筹基金", "the pooled fund"),
    "serious_illness": ("大病保险", "serious illness insurance"),
    "large_amount": ("大额医疗费用补助", "the large-amount supplement"),
    "commercial": ("商业补充保险", "the commercial supplement"),
    "medical_aid": ("医疗救助", "medical aid"),
    "special_aid": ("特殊救助", "special aid"),
    "county": ("县级财政兜底", "the county's top-up"),
    "relief": ("救助基金", "the relief fund"),
    "burden_ceiling": ("个人负担封顶救助", "relief above the burden ceiling"),
    "other": ("其他基金", "another fund"),
}
OWNER_NAMES: Final[Mapping[str, Pair]] = {
    "self": ("本人", "the patient's own"),
    "spouse": ("配偶", "the spouse's"),
    "parent": ("父母", "the parent's"),
    "child": ("子女", "the child's"),
    "sibling": ("兄弟姐妹", "the sibling's"),
    "other": ("其他人", "another person's"),
}

CONDITION_NAMES: Final[Mapping[str, str]] = {
    "ankylosing_spondylitis": "强直性脊柱炎",
    "aplastic_anaemia": "再生障碍性贫血",
    "asthma": "支气管哮喘",
    "cancer": "恶性肿瘤",
    "cerebrovascular_disease": "脑血管病",
    "chronic_hepatitis": "慢性肝炎",
    "chronic_kidney_disease": "慢性肾脏病",
    "chronic_obstructive_pulmonary_disease": "慢性阻塞性肺疾病",
    "cirrhosis": "肝硬化",
    "copd": "慢性阻塞性肺疾病",
    "coronary_heart_disease": "冠心病",
    "diabetes": "糖尿病",
    "epilepsy": "癫痫",
    "haemodialysis": "血液透析",
    "haemophilia": "血友病",
    "heart_failure": "心力衰竭",
    "hepatitis_b": "乙型肝炎",
    "hypertension": "高血压",
    "hyperthyroidism": "甲状腺功能亢进",
    "lupus": "系统性红斑狼疮",
    "malignancy": "恶性肿瘤",
    "myasthenia_gravis": "重症肌无力",
    "organ_transplant": "器官移植术后",
    "parkinsons_disease": "帕金森病",
    "phenylketonuria": "苯丙酮尿症",
    "rheumatoid_arthritis": "类风湿关节炎",
    "schizophrenia": "精神分裂症",
    "stroke": "脑卒中",
    "tuberculosis": "结核病",
    "uraemia": "尿毒症",
}
"""Filed conditions (门诊慢特病); in English the id itself is the name."""
INSIDE_NAMES: Final[Mapping[str, Pair]] = {
    "outpatient": ("门诊", "outpatient care"),
    "ordinary": ("普通门诊", "ordinary outpatient care"),
    "inpatient": ("住院", "inpatient care"),
    "chronic": ("门诊慢特病", "chronic outpatient care"),
}
"""Limits inside a cap."""


def named(names: Mapping[str, Pair], id_: str) -> Pair:
    """Returns both names of an id; where it has none here, the id itself, its words apart in English."""
    return names.get(id_, (id_, id_.replace("_", " ")))


def condition_name(condition: object) -> Pair:
    """Returns a filed condition's names; where it has no Chinese one here, its id."""
    text = str(condition)
    return CONDITION_NAMES.get(text, text), text.replace("_", " ")


def begun(text: str) -> str:
    """Returns the text as the beginning of a sentence or a row."""
    return text[:1].upper() + text[1:]


def yuan(amount_fen: int) -> str:
    """Returns fen as yuan with two decimals: 12345 is 123.45."""
    sign = "-" if amount_fen < 0 else ""
    return f"{sign}{abs(amount_fen) // 100}.{abs(amount_fen) % 100:02d}"
