"""What became of a case, as text for a policy officer and as plain data for a script."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import click

from medsettle_gateway.cli.policy_refusal import refusal_lines
from medsettle_gateway.domain.breakdown import Breakdown
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.money import format_fen
from medsettle_gateway.policy.called import OWNER_NAMES, fund_name
from medsettle_gateway.policy.case_expect import SUMS
from medsettle_gateway.policy.cases import CaseResult, Difference
from medsettle_gateway.policy.trace import TraceEntry

SUM_NAMES: Final = {
    "total": ("医疗费总额", "total"),
    "provider_borne": ("机构承担", "borne by the provider"),
    "fully_self_paid": ("全自费", "fully self-paid"),
    "over_limit": ("超限价自付", "over a payment standard"),
    "self_pay_first": ("先行自付", "paid before the deductible"),
    "in_scope": ("符合政策范围", "within policy"),
    "deductible": ("起付标准", "of it deductible"),
    "over_cap": ("超年度限额", "of it above the annual cap"),
    "personal": ("个人负担", "personal part"),
    "cash": ("现金", "cash"),
}


def print_verdict(path: Path, result: CaseResult) -> None:
    """Print one line for a case that passed; of one that failed, why."""
    verdict = click.style("ok  ", fg="green") if result.passed else click.style("FAIL", fg="red", bold=True)
    click.echo(f"{verdict}  {result.name}  {result.title}")
    if result.passed:
        return
    click.echo(f"      {path}")
    for fault in result.faults:
        click.echo(f"      {fault}")
    for difference in result.differences:
        got = click.style(difference.got, fg="red")
        click.echo(f"      {difference.key}: expected {difference.expected}, got {got}")
    if result.refusal is not None:
        _print_refusal(result.refusal, indent="        ")
    _print_each_step(_steps_of(result.differences), indent="        ")


def _steps_of(differences: Iterable[Difference]) -> list[TraceEntry]:
    """The steps behind these differences, each once, in the order of their first mention."""
    return list(dict.fromkeys(step for difference in differences for step in difference.steps))


def _print_each_step(steps: Iterable[TraceEntry], indent: str) -> None:
    for number, step in enumerate(steps, start=1):
        clause = f"〔{step.clause}〕" if step.clause else ""
        click.echo(f"{indent}{number:>2}. {step.zh}{click.style(clause, fg='cyan')}")
        click.echo(f"{indent}    {step.en}")


def print_steps(result: CaseResult) -> None:
    """Print every step of a case and who pays what, or why it was refused."""
    click.secho(f"{result.name}  {result.title}", bold=True)
    for fault in result.faults:
        click.echo(f"  {fault}")
    if result.refusal is not None:
        _print_refusal(result.refusal, indent="  ")
    if result.calculation is not None:
        _print_each_step(result.calculation.trace, indent="  ")
        click.echo()
        for zh, en, amount in _sums(result.calculation.breakdown):
            click.echo(f"  {amount:>12}  {zh} / {en}")
    for difference in result.differences:
        click.secho(
            f"  not as expected: {difference.key}: expected {difference.expected}, got {difference.got}",
            fg="red",
        )


def _print_refusal(refusal: Refusal, indent: str) -> None:
    for line in refusal_lines(refusal):
        click.echo(f"{indent}{line}")


def _sums(breakdown: Breakdown) -> Iterator[tuple[str, str, str]]:
    """The result as a slip: what it cost, how it was divided, who pays."""
    for key in SUMS[:8]:
        amount_fen: int = getattr(breakdown, f"{key}_fen")
        if amount_fen or key in ("total", "in_scope"):
            yield (*SUM_NAMES[key], format_fen(amount_fen))
    for share in breakdown.funds:
        zh, en = fund_name(share.fund, 0), fund_name(share.fund, 1)
        yield f"{zh}支付", f"{en} pays", format_fen(share.amount_fen)
    yield (*SUM_NAMES["personal"], format_fen(breakdown.personal_fen))
    for drawn in breakdown.accounts:
        zh, en = OWNER_NAMES[drawn.owner.value]
        yield f"{zh}账户支付", f"{en} account pays", format_fen(drawn.amount_fen)
    yield (*SUM_NAMES["cash"], format_fen(breakdown.cash_fen))


def result_as_plain(path: Path, result: CaseResult, *, every_step: bool = False) -> dict[str, Any]:
    """The result as JSON data; ``every_step`` adds the whole trace."""
    plain: dict[str, Any] = {
        "file": str(path),
        "case": result.name,
        "title": result.title,
        "passed": result.passed,
        "faults": [str(fault) for fault in result.faults],
        "differences": [
            {
                "key": difference.key,
                "expected": difference.expected,
                "got": difference.got,
                "steps": [step.as_plain() for step in difference.steps],
            }
            for difference in result.differences
        ],
    }
    if result.refusal is not None:
        detail = dict(result.refusal.detail)
        plain["refused"] = {"reason": result.refusal.reason.value, "detail": detail}
    if every_step and result.calculation is not None:
        plain["steps"] = [step.as_plain() for step in result.calculation.trace]
    return plain
