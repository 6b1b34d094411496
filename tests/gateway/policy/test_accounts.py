"""Who may pay from an account, for whom, for what, and how much of it: by the rules of a shipped pack."""

from dataclasses import replace

import pytest

from medsettle_gateway.domain.basket import (
    PERSONAL_ACCOUNT_ONLY,
    CatalogueClass,
    Encounter,
    Line,
    LineKind,
)
from medsettle_gateway.domain.breakdown import AccountNote
from medsettle_gateway.domain.member import Account, Owner
from medsettle_gateway.policy.assigning import Portion, calculate_portions
from medsettle_gateway.policy.engine import calculate
from medsettle_gateway.policy.trace import Step
from tests.gateway.policy.examples import PHARMACY, account, anshan, drug, visit

PACK = anshan()
ACCOUNT_ONLY = Encounter(PERSONAL_ACCOUNT_ONLY)
RELATIVES = (Owner.SPOUSE, Owner.PARENT, Owner.CHILD)


def goods(kind: LineKind, amount_fen: int = 1_000) -> Line:
    return Line(kind.value, kind, CatalogueClass.A, amount_fen)


def paid(*accounts: Account, line: Line | None = None, **changes: object) -> int:
    """What accounts pay together for one line, in fen."""
    case = visit(line or drug(1_000), accounts=accounts, **changes)
    return sum(share.amount_fen for share in calculate(PACK, case).breakdown.accounts)


def test_at_an_institution_an_account_pays_the_whole_of_what_the_patient_bears() -> None:
    case = visit(drug(50_000), accounts=(account(Owner.SELF, 100_000),))
    breakdown = calculate(PACK, case).breakdown
    assert breakdown.accounts[0].amount_fen == breakdown.personal_fen > 0
    assert breakdown.cash_fen == 0


@pytest.mark.parametrize("kind", [LineKind.DRUG, LineKind.DEVICE, LineKind.CONSUMABLE])
def test_at_a_pharmacy_an_account_pays_for_drugs_devices_and_consumables(kind: LineKind) -> None:
    own = account(Owner.SELF, 100_000)
    assert paid(own, line=goods(kind), institution=PHARMACY, encounter=ACCOUNT_ONLY) == 1_000


@pytest.mark.parametrize("kind", [LineKind.TEST, LineKind.TREATMENT, LineKind.BED])
def test_at_a_pharmacy_an_account_pays_for_nothing_else(kind: LineKind) -> None:
    own = account(Owner.SELF, 100_000)
    assert paid(own, line=goods(kind), institution=PHARMACY, encounter=ACCOUNT_ONLY) == 0


@pytest.mark.parametrize(
    "kind", [LineKind.WELLNESS, LineKind.FITNESS, LineKind.DAILY_GOODS, LineKind.PUBLIC_HEALTH]
)
@pytest.mark.parametrize("place", ["clinic", "pharmacy"])
def test_an_account_never_pays_for_wellness_fitness_daily_goods_or_public_health(
    kind: LineKind, place: str
) -> None:
    where = {"institution": PHARMACY, "encounter": ACCOUNT_ONLY} if place == "pharmacy" else {}
    own, spouse = account(Owner.SELF, 100_000), account(Owner.SPOUSE, 100_000, "b")
    assert paid(own, spouse, line=goods(kind), **where) == 0


@pytest.mark.parametrize("relative", RELATIVES)
def test_spouse_parents_and_children_may_pay(relative: Owner) -> None:
    assert paid(account(relative, 100_000)) == 1_000


@pytest.mark.parametrize("relative", [Owner.SIBLING, Owner.OTHER])
def test_nobody_else_may_pay_whatever_was_bound(relative: Owner) -> None:
    assert paid(account(relative, 100_000)) == 0


def test_an_account_pays_no_more_than_its_owner_allows_the_patient() -> None:
    limited = replace(account(Owner.SPOUSE, 100_000), limit_left_fen=300)
    case = visit(drug(1_000), accounts=(limited,))
    calculation = calculate(PACK, case)
    assert calculation.breakdown.accounts[0].amount_fen == 300
    assert calculation.breakdown.cash_fen == 700
    (told,) = [entry for entry in calculation.trace if entry.step is Step.ACCOUNT]
    assert told.zh == "配偶账户余额1000.00元,本年还可使用3.00元,本次支付3.00元。"
    assert told.en == "Spouse's account holds 1000.00, of which 3.00 may be used this year, and pays 3.00."


def test_a_limit_above_the_balance_changes_nothing() -> None:
    assert paid(replace(account(Owner.SPOUSE, 400), limit_left_fen=5_000)) == 400


def test_a_limit_that_is_used_up_is_another_answer_than_a_balance_of_0() -> None:
    used_up = replace(account(Owner.SPOUSE, 100_000), limit_left_fen=0)
    empty = replace(account(Owner.CHILD, 0, "b"), limit_left_fen=0)
    shares = calculate(PACK, visit(drug(1_000), accounts=(used_up, empty))).breakdown.accounts
    assert [share.note for share in shares] == [AccountNote.LIMIT_REACHED, AccountNote.BALANCE_ZERO]


def test_what_one_settlement_takes_of_a_limit_the_next_one_of_the_sale_does_not_have() -> None:
    limited = replace(account(Owner.SPOUSE, 100_000), limit_left_fen=1_500)
    case = visit(drug(1_000), drug(1_000), accounts=(limited,))
    benefit = case.encounter.benefit
    portions = [Portion(PACK, benefit, (0,)), Portion(PACK, benefit, (1,))]
    settled = calculate_portions(portions, case, lambda _: (PACK,))
    assert [each.calculation.breakdown.accounts[0].amount_fen for each in settled] == [1_000, 500]
