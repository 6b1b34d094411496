"""What became of a case, as text for a policy officer and as plain data for a script."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from medsettle_gateway.cli.policy_explained import (
    explanation_as_plain,
    print_each_step,
    print_explanation,
    who_pays_in_all,
)
from medsettle_gateway.cli.policy_quote import quoted
from medsettle_gateway.cli.policy_refusal import refusal_lines
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.policy.cases import CaseResult, Difference
from medsettle_gateway.policy.trace import TraceEntry


def print_verdict(path: Path, result: CaseResult) -> None:
    """Print one line for a case that passed; of one that failed, why."""
    verdict = click.style("ok  ", fg="green") if result.passed else click.style("FAIL", fg="red", bold=True)
    click.echo(f"{verdict}  {result.name}  {result.title}")
    if result.passed:
        return
    click.echo(f"      {path}")
    _print_faults(path, result, indent="      ")
    for difference in result.differences:
        got = click.style(difference.got, fg="red")
        click.echo(f"      {difference.key}: expected {difference.expected}, got {got}")
    if result.refusal is not None:
        _print_refusal(result.refusal, indent="        ")
    steps = _steps_of(result.differences)
    print_each_step(dict(enumerate(steps, start=1)), indent="        ")


def _steps_of(differences: Iterable[Difference]) -> list[TraceEntry]:
    """The steps behind these differences, each once, in the order of their first mention."""
    return list(dict.fromkeys(step for difference in differences for step in difference.steps))


def _print_faults(path: Path, result: CaseResult, indent: str) -> None:
    """Print every mistake of a case, with its line of the file below it."""
    for fault in result.faults:
        click.echo(f"{indent}{fault}")
        for line in quoted(str(path), fault.line):
            click.echo(line)


def print_steps(path: Path, result: CaseResult) -> None:
    """Print what a case comes to and why, every step and who pays what, or why it was refused."""
    click.secho(f"{result.name}  {result.title}", bold=True)
    _print_faults(path, result, indent="  ")
    if result.refusal is not None:
        _print_refusal(result.refusal, indent="  ")
    if len(result.settled) > 1:
        for sentence in who_pays_in_all(result.settled):
            click.echo(f"  {sentence}")
    for settled in result.settled:
        click.echo()
        print_explanation(settled)
    for difference in result.differences:
        click.secho(
            f"  not as expected: {difference.key}: expected {difference.expected}, got {difference.got}",
            fg="red",
        )


def _print_refusal(refusal: Refusal, indent: str) -> None:
    for line in refusal_lines(refusal):
        click.echo(f"{indent}{line}")


def result_as_plain(path: Path, result: CaseResult, *, every_step: bool = False) -> dict[str, Any]:
    """The result as JSON data; ``every_step`` adds ``settlements``, each explained with all its steps."""
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
    if every_step:
        plain["settlements"] = [explanation_as_plain(settled) for settled in result.settled]
    return plain
