"""What personal accounts pay of the personal part, and what remains for cash."""

from collections.abc import Sequence
from fractions import Fraction

from medsettle_gateway.policy.inputs import CaseInput
from tests.gateway.policy.reference.dividing import Parts
from tests.gateway.policy.reference.figures import ZERO, Facts, Plain, matches, wanted_of
from tests.gateway.policy.reference.paying import Left


def pay_accounts(
    data: Plain, case: CaseInput, facts: Facts, lines: Sequence[Parts], left: Left
) -> tuple[list[tuple[str, Fraction]], Fraction]:
    """What each account pays, in the order of use, and what remains for cash."""
    rules = data.get("accounts") or {"enrolments": [], "owners": []}
    owners = list(rules["owners"])
    benefit = data["benefits"].get(case.encounter.benefit) or {}
    payable = ZERO
    parts = ["in_scope"]
    if rules.get("pays", "personal") == "personal":
        parts += ["self_pay_first", "over_limit", "fully_self_paid"]
    for part in parts:
        allowed = sum(
            (
                getattr(divided, part)
                for divided, line in zip(lines, case.lines, strict=True)
                if may_pay(rules, line.kind.value, facts, benefit.get("switches") or {})
            ),
            ZERO,
        )
        payable += min(allowed, getattr(left, part))
    order = [account for owner in owners for account in case.accounts if account.owner.value == owner]
    order += [account for account in case.accounts if account.owner.value not in owners]
    shares = []
    for account in order:
        owner = account.owner.value
        barred = owner not in owners
        barred = barred or (owner == "self" and not facts["enrolment"] & set(rules["enrolments"]))
        amount = ZERO if barred else min(payable, max(ZERO, Fraction(account.balance_fen, 100)))
        payable -= amount
        shares.append((account.account, amount))
    return shares, left.all - sum((amount for _, amount in shares), ZERO)


def may_pay(rules: Plain, kind: str, facts: Facts, switches: Plain) -> bool:
    if kind in rules.get("never", ()):
        return False
    if "at" not in rules:
        return True
    for entry in rules["at"]:
        if "switch" in entry and not switches.get(entry["switch"]):
            continue
        asked = {key: wanted for key, wanted in entry.items() if key not in {"switch", "kind", "clause"}}
        if matches(asked, facts) and ("kind" not in entry or kind in wanted_of(entry["kind"])):
            return True
    return False
