"""The rules of a region over a sale: what each finds, in the order of the pack."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from medsettle_gateway.domain import watching
from medsettle_gateway.domain.finding import Finding, Verdict
from medsettle_gateway.domain.watching import WatchRule
from medsettle_gateway.supervision.accounts import account_emptied
from medsettle_gateway.supervision.drugs import drug_kinds, over_days, repeated_drug
from medsettle_gateway.supervision.goods import not_medical, over_price
from medsettle_gateway.supervision.places import two_places
from medsettle_gateway.supervision.seen import Noted, Seen

_LOOKS: Final[dict[type[WatchRule], Callable[[Any, Seen], Noted | None]]] = {
    watching.RepeatedDrug: repeated_drug,
    watching.OverDays: over_days,
    watching.OverPrice: over_price,
    watching.DrugKinds: drug_kinds,
    watching.TwoPlaces: two_places,
    watching.AccountEmptied: account_emptied,
    watching.NotMedical: not_medical,
}
_NEXT: Final = {
    Verdict.REMIND: ("请告知患者。", "Tell the patient."),
    Verdict.WARN: ("确需继续的,请说明理由。", "To go on, give the reason."),
    Verdict.BLOCK: ("本单不能结算。", "The sale does not settle."),
}


def found(seen: Seen, rules: Iterable[WatchRule]) -> tuple[Finding, ...]:
    """Returns what the rules find in a sale, at most one finding a rule, in their order.

    Each has sentences that a cashier can read aloud, and says what to do.
    """
    return tuple(
        _finding(rule, noted)
        for rule in rules
        for noted in [_LOOKS[type(rule)](rule, seen)]
        if noted is not None
    )


def _finding(rule: WatchRule, noted: Noted) -> Finding:
    next_zh, next_en = _NEXT[rule.verdict]
    return Finding(
        code=rule.code,
        verdict=rule.verdict,
        zh=f"{rule.title_zh}:{noted.zh}{next_zh}",
        en=f"{rule.title_en}: {noted.en} {next_en}",
        line_ids=noted.line_ids,
        clause=rule.clause,
    )
