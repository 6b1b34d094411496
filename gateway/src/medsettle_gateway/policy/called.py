"""What funds, accounts, conditions and lists are called at a counter: Chinese and English, one pair each."""

from collections.abc import Mapping
from typing import Final

from medsettle.wire.called import FUND_NAMES, OWNER_NAMES, Pair, begun, named

__all__ = [
    "CLASS_NAMES",
    "CONDITION_NAMES",
    "FUND_NAMES",
    "INSIDE_NAMES",
    "LIST_NAMES",
    "OWNER_NAMES",
    "Pair",
    "begun",
    "condition_name",
    "fund_name",
    "named",
]

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


def condition_name(condition: object) -> Pair:
    """A filed condition's names; where it has no Chinese one here, its id."""
    text = str(condition)
    return CONDITION_NAMES.get(text, text), text.replace("_", " ")


def fund_name(fund: object, language: int) -> str:
    """The fund's name, Chinese (0) or English (1); its id where it has no name here."""
    return named(FUND_NAMES, str(fund))[language]
