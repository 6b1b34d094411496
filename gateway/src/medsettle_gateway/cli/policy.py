"""``medsettle-gateway policy``: run case files, read a pack, explain a case."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import click

from medsettle.wire.reasons import REASONS
from medsettle_gateway.cli.policy_page import pack_as_plain, pack_page
from medsettle_gateway.domain.breakdown import Breakdown
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.money import format_fen
from medsettle_gateway.files.packs import read_pack, read_text, shipped_packs
from medsettle_gateway.files.yaml import Document, YamlError, read_yaml
from medsettle_gateway.policy.case_form import SUMS
from medsettle_gateway.policy.cases import CaseResult, CaseRunner, Difference
from medsettle_gateway.policy.loader import PackSource, load_pack
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.reading import Fault, Invalid
from medsettle_gateway.policy.sentences import OWNER_NAMES, fund_name
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
_EXISTING: Final = click.Path(exists=True, path_type=Path)


@click.group("policy")
def policy() -> None:
    """Read policy packs, run worked examples, explain a settlement."""


@policy.command("test")
@click.argument("paths", nargs=-1, required=True, type=_EXISTING)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def run_cases(paths: tuple[Path, ...], as_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Run case files: each PATH is a file, or a folder with *.yaml files below it.

    Exits 0 if every case is as expected, 1 if any is not.
    """
    found = list(_case_files(paths))
    if not found:
        raise click.UsageError("no *.yaml file there")
    runner = _runner()
    results = [(path, _run(runner, path)) for path in found]
    failed = sum(not result.passed for _, result in results)
    if as_json:
        cases = [_result_as_plain(path, result) for path, result in results]
        _print_json({"cases": cases, "passed": len(results) - failed, "failed": failed})
    else:
        for path, result in results:
            _print_result(path, result)
        _print_names_used_twice(results)
        colour = "red" if failed else "green"
        summary = f"{len(results)} cases: {len(results) - failed} ok, {failed} failed"
        click.secho(summary, fg=colour, bold=True)
    raise SystemExit(1 if failed else 0)


@policy.command("show")
@click.argument("pack")
@click.option("--json", "as_json", is_flag=True, help="Print the pack as JSON instead of text.")
def show_pack(pack: str, as_json: bool) -> None:  # noqa: FBT001
    """Print PACK (an id, or a YAML file) with every figure, its force and its clause."""
    shown = _pack_sources(pack)
    if as_json:
        _print_json([pack_as_plain(each, source.data) for each, source in shown])
        return
    for each, _ in shown:
        click.echo(pack_page(each))


@policy.command("explain")
@click.argument("case", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the steps as JSON instead of text.")
def explain_case(case: Path, as_json: bool) -> None:  # noqa: FBT001
    """Print the steps of CASE in Chinese and English, each with its clause."""
    result = _run(_runner(), case)
    if as_json:
        _print_json(_result_as_plain(case, result, every_step=True))
    else:
        _print_steps(result)
    raise SystemExit(1 if result.faults else 0)


def _case_files(paths: Iterable[Path]) -> Iterator[Path]:
    seen: dict[Path, None] = {}
    for path in paths:
        below = sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
        for each in below:
            if each.is_file() and each.resolve() not in seen:
                seen[each.resolve()] = None
                yield each


def _runner() -> CaseRunner:
    try:
        return CaseRunner(shipped_packs())
    except (YamlError, Invalid) as error:
        raise click.ClickException(str(error)) from error


def _pack_sources(pack: str) -> list[tuple[Pack, PackSource]]:
    """The versions of a shipped pack, or the one pack of a file."""
    try:
        path = Path(pack)
        if path.suffix == ".yaml" and path.is_file():
            source = read_pack(path)
            return [(load_pack(source), source)]
        every = [(load_pack(source), source) for source in shipped_packs()]
    except (YamlError, Invalid) as error:
        raise click.ClickException(str(error)) from error
    found = [(each, source) for each, source in every if each.id == pack]
    if not found:
        known = ", ".join(sorted(dict.fromkeys(each.id for each, _ in every)))
        message = f"no pack {pack!r}; shipped are: {known}"
        raise click.UsageError(message)
    return found


def _run(runner: CaseRunner, path: Path) -> CaseResult:
    try:
        document: Document = read_yaml(read_text(path), path.name)
    except YamlError as error:
        return CaseResult(path.stem, "", faults=(Fault(error.line, "", error.message),))
    except OSError as error:
        return CaseResult(path.stem, "", faults=(Fault(0, "", str(error)),))
    return runner.run(document.data, path.name, document.lines)


def _print_result(path: Path, result: CaseResult) -> None:
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
    _print_each_step(_steps_of(result.differences), indent="        ")


def _print_names_used_twice(results: list[tuple[Path, CaseResult]]) -> None:
    first: dict[str, Path] = {}
    for path, result in results:
        if first.setdefault(result.name, path) != path:
            message = f"note: the case name {result.name} is used twice: {first[result.name]}, {path}"
            click.secho(message, fg="yellow")


def _steps_of(differences: Iterable[Difference]) -> list[TraceEntry]:
    """The steps behind these differences, each once, in the order of their first mention."""
    return list(dict.fromkeys(step for difference in differences for step in difference.steps))


def _print_each_step(steps: Iterable[TraceEntry], indent: str) -> None:
    for number, step in enumerate(steps, start=1):
        clause = f"〔{step.clause}〕" if step.clause else ""
        click.echo(f"{indent}{number:>2}. {step.zh}{click.style(clause, fg='cyan')}")
        click.echo(f"{indent}    {step.en}")


def _print_steps(result: CaseResult) -> None:
    click.secho(f"{result.name}  {result.title}", bold=True)
    for fault in result.faults:
        click.echo(f"  {fault}")
    if result.refusal is not None:
        _print_refusal(result.refusal)
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


def _print_refusal(refusal: Refusal) -> None:
    text = REASONS[refusal.reason]
    click.secho(f"  不予结算 / refused: {refusal.reason.value}", fg="yellow", bold=True)
    click.echo(f"  {text.zh}{text.next_zh}")
    click.echo(f"  {text.en} {text.next_en}")
    for name, value in refusal.detail.items():
        click.echo(f"    {name}: {value}")


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


def _result_as_plain(path: Path, result: CaseResult, *, every_step: bool = False) -> dict[str, Any]:
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


def _print_json(data: object) -> None:
    click.echo(json.dumps(data, ensure_ascii=False, indent=2))
