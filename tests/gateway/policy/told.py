"""One or more examples of every step, as the engine writes them, for the tests of sentences and replays."""

from typing import Any

from medsettle_gateway.policy.sentences import INPUTS
from medsettle_gateway.policy.trace import Step, TraceEntry

AID = ("medical_aid", "医疗救助", "medical aid")
ILLNESS = ("serious_illness", "大病保险", "serious illness insurance")
SPECIAL = ("special_aid", "特殊救助", "special aid")


def entry(step: Step, *values: Any, amount_fen: int = 0, line: int | None = None) -> TraceEntry:
    """An entry with its inputs in their order."""
    return TraceEntry(
        step, "path", "clause", tuple(zip(INPUTS[step], values, strict=True)), amount_fen, line
    )


def of_line(step: Step, *values: Any, amount_fen: int = 0, line: int = 0) -> TraceEntry:
    return entry(step, *values, amount_fen=amount_fen, line=line)


EXAMPLES = (
    entry(Step.EMERGENCY_ORDER, "E-2023-1", "省医保局", "catalogue+limits+quantities", "catalogue+limits"),
    entry(Step.EMERGENCY_ORDER, "E-2023-2", "省医保局", "", ""),
    of_line(Step.CATALOGUE, "药", "township", "C"),
    of_line(Step.CATALOGUE, "药", "own_list", "B"),
    of_line(Step.VERSION, "药", "2023-01-01"),
    of_line(Step.COVER_ENDED, "药", "2023-01-02", "2022-12-31", amount_fen=8_000),
    of_line(Step.EXCLUDED, "药", amount_fen=8_000),
    of_line(Step.OUTSIDE, "药", "condition_not_filed", None, None, None, None, None, amount_fen=8_000),
    of_line(Step.OUTSIDE, "药", "drug_not_approved", None, None, None, None, None, amount_fen=8_000),
    of_line(Step.OUTSIDE, "药", "drug_over_ceiling", 6_000, None, None, None, None, amount_fen=8_000),
    of_line(Step.OUTSIDE, "药", "drug_kinds_exceeded", 3, None, None, None, None, amount_fen=8_000),
    of_line(Step.OUTSIDE, "药", "days_supply_exceeded", 15, 10, 20, 15, "2024-03-02", amount_fen=8_000),
    of_line(Step.OUTSIDE, "药", "days_supply_exceeded", 15, 20, 20, None, None, amount_fen=8_000),
    of_line(Step.OUTSIDE, "药", "days_supply_unknown", 15, None, None, 15, None, amount_fen=8_000),
    of_line(Step.OUTSIDE, "药", "of_a_later_release", None, None, None, None, None, amount_fen=8_000),
    of_line(Step.OVER_STANDARD, "药", 6_000, amount_fen=8_000),
    of_line(Step.OVER_LIMIT, "药", 8_000, 6_000, amount_fen=2_000),
    of_line(Step.SUPPLY_REPORTED, "药", 30, 15),
    of_line(Step.LIMIT_WAIVED, "catalogue", "E-2023-1"),
    entry(Step.LIMIT_WAIVED, "cap", "E-2023-1"),
    entry(Step.LIMIT_WAIVED, "session", "E-2023-1"),
    of_line(Step.LIMIT_WAIVED, "kinds", "E-2023-1"),
    of_line(Step.LIMIT_WAIVED, "supply", "E-2023-1"),
    entry(Step.LIMIT_WAIVED, "of_a_later_release", "E-2023-1"),
    of_line(Step.PROVIDER_BORNE, "血液透析", 35_000, 1, amount_fen=5_000),
    of_line(Step.PROVIDER_BORNE, "血液透析", 35_000, 3, amount_fen=5_000),
    of_line(Step.SESSION_OVER_LIMIT, "输液", 120_000, 2, amount_fen=5_000),
    of_line(Step.SELF_PAY_FIRST, "药", 8_000, 200_000, None, amount_fen=1_600),
    of_line(Step.SELF_PAY_FIRST, "药", 8_000, 250_000, "200000+50000", amount_fen=2_000),
    of_line(Step.SELF_PAY_WAIVED, "药", 200_000),
    of_line(Step.IN_SCOPE, "药", amount_fen=6_400),
    of_line(Step.IN_SCOPE, "药"),
    entry(Step.STAY_YEARS, "2010-12-20", "2011-01-08", "2010", "2011"),
    entry(Step.DEDUCTIBLE, 30_000, 0, None, "year", amount_fen=30_000),
    entry(Step.DEDUCTIBLE, 30_000, 28_000, None, None, amount_fen=2_000),
    entry(Step.DEDUCTIBLE, 30_000, 30_000, None, "year"),
    entry(Step.DEDUCTIBLE, 30_000, 0, None, "year"),
    entry(Step.DEDUCTIBLE, 80_000, 20_000, "85000-5000", "stay", amount_fen=60_000),
    entry(Step.DEDUCTIBLE, 0, 0, None, "stay"),
    entry(Step.NO_DEDUCTIBLE),
    entry(Step.RATIO, 20_000, 500_000, None, None, amount_fen=10_000),
    entry(Step.RATIO, 20_000, 650_000, "600000+50000", "hypertension", amount_fen=13_000),
    entry(Step.RATIO, 0, 500_000, None, "some_condition"),
    entry(Step.BAND, 0, 1_000_000, 800_000, 800_000, None, None, None),
    entry(Step.BAND, 1_000_000, 2_000_000, 300_000, 850_000, None, "diabetes", 50_000),
    entry(Step.BAND, 2_000_000, None, 100_000, 900_000, "850000+50000", None, 0),
    entry(Step.BANDED, 1_200_000, None, amount_fen=985_000),
    entry(Step.BANDED, 1_200_000, "diabetes", amount_fen=985_000),
    entry(Step.CAP, 300_000, 0, 300_000, None, "year", None, None, None),
    entry(Step.CAP, 300_000, 298_000, 2_000, None, "year", None, None, None, amount_fen=3_000),
    entry(Step.CAP, 300_000, 300_000, 0, None, "stay", "hypertension", None, None, amount_fen=5_000),
    entry(Step.CAP, 300_000, 350_000, 0, None, "year", None, None, None),
    entry(Step.CAP, None, 0, None, None, "stay", None, None, None),
    entry(Step.FUND, "pooled", None, amount_fen=10_000),
    entry(Step.FUND, "pooled", "hypertension", amount_fen=10_000),
    entry(Step.FUND, "of_a_region", "hypertension"),
    entry(Step.LAYER_OUTSIDE, *AID),
    entry(Step.LAYER_THRESHOLD, *ILLNESS, 1_080_000, 500_000, 0, None, amount_fen=500_000),
    entry(Step.LAYER_THRESHOLD, *ILLNESS, 1_080_000, 500_000, 200_000, "1000000-500000", amount_fen=300_000),
    entry(Step.LAYER_THRESHOLD, *ILLNESS, 200_000, 500_000, 100_000, None, amount_fen=200_000),
    entry(Step.LAYER_THRESHOLD, *ILLNESS, 200_000, 500_000, 500_000, None),
    entry(Step.LAYER_THRESHOLD, *ILLNESS, 200_000, 0, 0, None),
    entry(Step.LAYER_RATIO, *AID, "in_scope_left", 580_000, 650_000, None, amount_fen=377_000),
    entry(Step.LAYER_RATIO, *AID, "out_of_scope_left", 570_000, 750_000, None, amount_fen=427_500),
    entry(Step.LAYER_RATIO, *AID, "all_left", 570_000, 750_000, "700000+50000", amount_fen=427_500),
    entry(Step.LAYER_RATIO, *AID, "all_left", 0, 750_000, None),
    entry(
        Step.GUARANTEE, "top_up", "县级兜底", "county top-up", 5_000_000, 900_000, 4_500_000, 4_300_000,
        amount_fen=200_000,
    ),
    entry(Step.GUARANTEE, "top_up", "县级兜底", "county top-up", 5_000_000, 900_000, 4_500_000, 4_600_000),
    entry(
        Step.LEAVES, "ceiling", "个人负担封顶", "burden ceiling", 6_000_000, None, 5_000_000,
        None, None, None, amount_fen=1_000_000,
    ),
    entry(
        Step.LEAVES, "ceiling", "个人负担封顶", "burden ceiling", 4_000_000, 2_000_000, 5_000_000,
        70_000, "特殊救助", "special aid", amount_fen=1_000_000,
    ),
    entry(Step.LEAVES, "ceiling", "个人负担封顶", "ceiling", 4_000_000, 0, 5_000_000, None, None, None),
    entry(Step.LAYER_THRESHOLD, *ILLNESS, 400_000, 500_000, 100_000, None, amount_fen=400_000),
    entry(Step.LAYER_CAP, *AID, 15_000_000, 300_000, None, None, amount_fen=50_000),
    entry(Step.LAYER_CAP, *AID, 2_000_000, 0, "outpatient", "1500000+500000", amount_fen=50_000),
    entry(Step.LAYER_CAP, *AID, 2_000_000, 0, "of_a_region", None),
    entry(Step.LAYER_CAP, *AID, 2_000_000, 100, "ordinary", None),
    entry(Step.LAYER_CAP, *AID, None, None, None, None),
    entry(Step.LAYER, *AID, "medical_aid", amount_fen=52_725),
    entry(Step.LAYER, "top_up", "补足九成", "top-up to ninety percent", "county", amount_fen=52_725),
    entry(Step.LAYER, *AID, "medical_aid"),
    entry(Step.AFTERWARDS, *SPECIAL, "special_aid", amount_fen=30_000),
    entry(Step.AFTERWARDS, *SPECIAL, "special_aid"),
    entry(
        Step.WARNING, "poverty", "因病致贫风险", "risk of poverty through illness", "in_scope", "reached",
        500_000, 480_000, 520_000,
    ),
    entry(Step.WARNING, "poverty", "因病致贫风险", "risk", "personal", "exceeded", 500_000, 0, 520_000),
    entry(Step.ACCOUNT_ONLY, None, None, None, None, None, None),
    entry(Step.ACCOUNT_ONLY, "asked", "药", 1, None, None, None),
    entry(Step.ACCOUNT_ONLY, "condition_not_filed", "药", 2, "hypertension", None, None),
    entry(Step.ACCOUNT_ONLY, "nothing_filed", "药", 3, None, None, None),
    entry(
        Step.ACCOUNT_ONLY, "not_for_condition", "药", 1, "hypertension+diabetes", "门诊慢特病",
        "chronic and special outpatient",
    ),
    entry(Step.ACCOUNT_ONLY, "no_benefit", "药", 1, None, None, None),
    entry(Step.PERSONAL, 50_000, amount_fen=40_000),
    entry(Step.NO_ACCOUNT, 1),
    entry(Step.NO_ACCOUNT, 0),
    entry(Step.PAYABLE, 40_000, None, 0, 0, amount_fen=30_000),
    entry(Step.PAYABLE, 40_000, "蛋白粉", 2, 0, amount_fen=30_000),
    entry(Step.PAYABLE, 40_000, None, 0, 1, amount_fen=30_000),
    entry(Step.ACCOUNT, "a-secret", "self", 100_000, None, None, amount_fen=30_000),
    entry(Step.ACCOUNT, "a-secret", "sibling", 100_000, "owner_not_allowed", None),
    entry(Step.ACCOUNT, "a-secret", "self", 100_000, "owner_not_allowed", None),
    entry(Step.ACCOUNT, "a-secret", "self", 0, "no_own_account", None),
    entry(Step.ACCOUNT, "a-secret", "spouse", 10, "nothing_payable", None),
    entry(Step.ACCOUNT, "a-secret", "child", 0, "balance_zero", None),
    entry(Step.ACCOUNT, "a-secret", "child", 50_000, None, 10_000, amount_fen=10_000),
    entry(Step.ACCOUNT, "a-secret", "child", 50_000, "limit_reached", 0),
    entry(Step.CASH, amount_fen=10_000),
    entry(Step.CASH),
)  # fmt: skip
