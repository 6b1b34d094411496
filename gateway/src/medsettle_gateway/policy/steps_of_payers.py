"""Writes the steps of payers: why no fund pays, what accounts may pay, and what each of them does."""

from collections.abc import Sequence
from typing import Final

from medsettle_gateway.domain.breakdown import AccountShare
from medsettle_gateway.domain.member import Account
from medsettle_gateway.policy.accounts import Pays
from medsettle_gateway.policy.dated import Dated
from medsettle_gateway.policy.inputs import CaseInput
from medsettle_gateway.policy.lines import Divided
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.taking import not_taken
from medsettle_gateway.policy.trace import PlainStep, Step

# Bound once: until Python 3.12 a member read from its enum costs as much as a call.
_ACCOUNT_ONLY: Final = Step.ACCOUNT_ONLY
_PAYABLE: Final = Step.PAYABLE
_ACCOUNT: Final = Step.ACCOUNT


def account_only_steps(steps: list[PlainStep], case: CaseInput, pack: Pack) -> None:
    """Why no benefit takes the lines, once for those that have the same reason."""
    for (why, conditions, benefit), lines in not_taken(pack, case).items():
        zh, en = (None, None) if benefit is None else benefit.title
        steps.append((
            _ACCOUNT_ONLY, "", "", 0, None, "why", why.value, "name", lines[0].name, "count", len(lines),
            "condition", "+".join(conditions) or None, "zh", zh, "en", en,
        ))  # fmt: skip


def payable_step(
    case: CaseInput, dated: Dated, divided: Divided, payable_fen: int, personal_fen: int
) -> PlainStep:
    """How much accounts may pay, which goods they may not, and whether they pay within policy only."""
    use, tables, barred = dated.plan.use, dated.tables, []
    for index, line in enumerate(case.lines if divided.blocked[0] else ()):
        table = tables[index] if len(tables) > 1 else tables[0]
        if line.amount_fen and not table.rule_for(line).account_may_pay:
            barred.append(line.name)
    return (
        _PAYABLE, "accounts", use.clause, payable_fen, None,
        "personal_fen", personal_fen, "name", barred[0] if barred else None,
        "count", len(barred), "in_scope_only", int(use.pays is Pays.IN_SCOPE),
    )  # fmt: skip


def account_steps(
    steps: list[PlainStep], clause: str, payers: Sequence[Account], shares: tuple[AccountShare, ...]
) -> None:
    """What each account pays, and why it pays nothing where it might."""
    for index, account in enumerate(payers):
        id_, owner, amount_fen, note = shares[index]
        steps.append((
            _ACCOUNT, "accounts", clause, amount_fen, None,
            "account", id_, "owner", owner, "balance_fen", account.balance_fen, "note", note,
            "limit_left_fen", account.limit_left_fen,
        ))  # fmt: skip
