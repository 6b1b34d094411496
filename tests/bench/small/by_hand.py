"""The small rule set written out in Python: no pack, no trace, no clause. What the engines are judged by."""

from tests.bench.small.cases import CAP_FEN, DEDUCTIBLE_FEN, Parts, SmallCase, SmallLine

RATIO_PPM = {"primary": 600_000, "secondary": 550_000, "tertiary": 500_000}
RETIRED_ADDS_PPM = 50_000
SHARE_PPM = 100_000
BED_MICRO = 12_000_000
EXCLUDED_KINDS = ("wellness", "daily_goods")


def calculate(case: SmallCase) -> Parts:
    """Returns who bears what."""
    total = fully = over = first = scope = 0
    for line in case.lines:
        total += line.amount_fen
        if line.catalogue_class == "C" or line.kind in EXCLUDED_KINDS:
            fully += line.amount_fen
            continue
        kept = within_standard(line)
        share = 0
        if line.kind == "drug" and line.catalogue_class == "B":
            share = (kept * SHARE_PPM + 500_000) // 1_000_000
        over += line.amount_fen - kept
        first += share
        scope += kept - share
    deductible = min(scope, max(DEDUCTIBLE_FEN - case.met_fen, 0))
    ratio_ppm = RATIO_PPM[case.level] + (RETIRED_ADDS_PPM if case.standing == "retired" else 0)
    computed = ((scope - deductible) * ratio_ppm + 500_000) // 1_000_000
    pooled = min(computed, max(CAP_FEN - case.paid_fen, 0))
    personal = total - pooled
    account = min(case.balance_fen, personal)
    return Parts(
        total, fully, over, first, scope, deductible, computed - pooled, pooled, personal, account,
        personal - account,
    )


def within_standard(line: SmallLine) -> int:
    """Returns what the payment standard leaves of a line, in fen."""
    ceiling_micro = line.ceiling_micro
    if ceiling_micro is None and line.kind == "bed":
        ceiling_micro = BED_MICRO
    if ceiling_micro is None:
        return line.amount_fen
    return min(line.amount_fen, (ceiling_micro * line.quantity_e4 + 50_000_000) // 100_000_000)
