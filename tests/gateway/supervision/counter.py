"""A counter for supervision: one patient, a few drugs, and what was bought before."""

from datetime import date, datetime, timedelta
from typing import Any

from medsettle_gateway.domain.basket import LineKind
from medsettle_gateway.domain.calendar import CST
from medsettle_gateway.domain.finding import Finding, Verdict
from medsettle_gateway.domain.past import PastLine, PastSale
from medsettle_gateway.domain.watching import (
    AccountEmptied,
    DrugKinds,
    Longer,
    NotMedical,
    OverDays,
    OverPrice,
    RepeatedDrug,
    TwoPlaces,
    WatchRule,
)
from medsettle_gateway.supervision.seen import Seen, SeenAccount, SeenLine
from medsettle_gateway.supervision.watch import found

TODAY = date(2026, 7, 2)
NOON = datetime(2026, 7, 2, 12, 0, tzinfo=CST)
HERE, THERE, NEXT_DOOR = "PHARMACY-1", "PHARMACY-2", "PHARMACY-3"
EAST, WEST = "210302", "210303"
DISTRICTS = {HERE: EAST, NEXT_DOOR: EAST, THERE: WEST}


def named(id_: str, verdict: Verdict = Verdict.WARN) -> dict[str, Any]:
    return {
        "id": id_, "verdict": verdict, "title_zh": f"{id_}规则", "title_en": f"rule {id_}",
        "clause": "三(七)", "own_figures": True,
    }


def repeated(**changes: Any) -> RepeatedDrug:
    return RepeatedDrug(**{**named("repeated_drug"), "grace_days": 7, "days": 180, **changes})


def over_days(**changes: Any) -> OverDays:
    longer = (Longer(90, ("hypertension",)), Longer(30, (), ("special_drugs",)))
    return OverDays(**{**named("over_days"), "days_supply": 15, "longer": longer, **changes})


def over_price(**changes: Any) -> OverPrice:
    return OverPrice(**{**named("over_price"), **changes})


def kinds(**changes: Any) -> DrugKinds:
    table = ((1, 3), (2, 4), (3, 5))
    return DrugKinds(**{**named("drug_kinds"), "by_conditions": table, "prescribed": 5, **changes})


def two_places(**changes: Any) -> TwoPlaces:
    return TwoPlaces(**{**named("two_places"), "within_minutes": 30, **changes})


def emptied(**changes: Any) -> AccountEmptied:
    figures = {"days": 3, "sales_count": 3, "share_ppm": 900_000, "least_fen": 30_000}
    return AccountEmptied(**{**named("account_emptied"), **figures, **changes})


def not_medical(**changes: Any) -> NotMedical:
    return NotMedical(**{**named("not_medical", Verdict.BLOCK), **changes})


EVERY: tuple[WatchRule, ...] = (
    repeated(), over_days(), over_price(), kinds(), two_places(), emptied(), not_medical(),
)


def line(number: int = 1, name: str = "氨氯地平片", **changes: Any) -> SeenLine:
    one = SeenLine(str(number), f"code-{name}", name, LineKind.DRUG, 2_000, 20_000_000, TODAY)
    return one._replace(**changes)


def sale(*lines: SeenLine, **changes: Any) -> Seen:
    facts: dict[str, Any] = {
        "on": TODAY, "at": NOON, "institution": HERE, "lines": lines, "districts": DISTRICTS, **changes
    }
    return Seen(**facts)


def before(
    days: int = 0, name: str = "氨氯地平片", supply: int | None = 30, minutes: int = 0, **changes: Any
) -> PastSale:
    """A sale some days, or minutes, ago."""
    at = NOON - timedelta(days=days, minutes=minutes)
    facts: dict[str, Any] = {
        "request_id": f"sale-{days}-{minutes}", "institution": HERE, "at": at, "service_on": at.date(),
        "lines": (PastLine(f"code-{name}", at.date(), supply),), **changes,
    }
    return PastSale(**facts)


def paid(days: int, amount_fen: int, account: str = "own") -> PastSale:
    return before(days, lines=(), accounts=((account, amount_fen),))


def own_account(paid_fen: int, balance_fen: int) -> dict[str, Any]:
    return {"accounts": (SeenAccount("own", paid_fen, balance_fen),), "covered_fen": paid_fen}


def only(rule: WatchRule, seen: Seen) -> Finding:
    """Returns the one finding. Raises ValueError if there is none."""
    (finding,) = found(seen, (rule,))
    return finding


def nothing(rule: WatchRule, seen: Seen) -> bool:
    return found(seen, (rule,)) == ()
