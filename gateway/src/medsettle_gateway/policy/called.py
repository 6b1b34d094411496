"""What funds, accounts, conditions and lists are called at a counter: Chinese and English, one pair each."""

from collections.abc import Mapping
from typing import Final

Pair = tuple[str, str]
"""Chinese, English."""

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

LIST_NAMES: Final[Mapping[str, Pair]] = {
    "township": ("基层目录", "the township list"),
    "employee": ("职工医保目录", "the employee list"),
    "resident": ("居民医保目录", "the resident list"),
    "children": ("少儿目录", "the children's list"),
    "child": ("少儿目录", "the children's list"),
}
"""Lists of the catalogue whose classes may differ from the main list's."""

INSIDE_NAMES: Final[Mapping[str, Pair]] = {
    "outpatient": ("门诊", "outpatient"),
    "ordinary": ("普通门诊", "ordinary outpatient"),
    "inpatient": ("住院", "inpatient"),
    "chronic": ("门诊慢特病", "chronic outpatient"),
}
"""Limits inside a cap."""

CLASS_NAMES: Final[Mapping[str, Pair]] = {
    "A": ("甲类", "class A"),
    "B": ("乙类", "class B"),
    "C": ("丙类(目录外)", "class C, outside the catalogue"),
}


def named(names: Mapping[str, Pair], id_: object) -> Pair:
    """Both names of an id; where it has none here, the id itself, its words apart in English."""
    text = str(id_)
    return names.get(text, (text, text.replace("_", " ")))


def condition_name(condition: object) -> Pair:
    """A filed condition's names; where it has no Chinese one here, its id."""
    text = str(condition)
    return CONDITION_NAMES.get(text, text), text.replace("_", " ")


def fund_name(fund: object, language: int) -> str:
    """The fund's name, Chinese (0) or English (1); its id where it has no name here."""
    return FUND_NAMES.get(str(fund), (str(fund), str(fund)))[language]


def begun(text: str) -> str:
    """The text as the beginning of a sentence."""
    return text[:1].upper() + text[1:]
