"""``policy test`` and ``policy explain``: run case files, explain one."""

import json
from dataclasses import replace
from pathlib import Path

import click

from medsettle_gateway.cli.policy_files import (
    EXISTING,
    no_files,
    policies_option,
    sources_or_stop,
    yaml_files,
)
from medsettle_gateway.cli.policy_quote import stop
from medsettle_gateway.cli.policy_report import print_steps, print_verdict, result_as_plain
from medsettle_gateway.files.packs import read_text
from medsettle_gateway.files.yaml import YamlError, read_yaml
from medsettle_gateway.policy.cases import CaseResult, CaseRunner
from medsettle_gateway.policy.reading import Fault, Invalid


@click.command("test", short_help="运行算例 run worked examples")
@click.argument("paths", nargs=-1, required=True, type=EXISTING)
@policies_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def run_cases(paths: tuple[Path, ...], *, policies: tuple[Path, ...], as_json: bool) -> None:
    """Run case files: each PATH is a file, or a folder with *.yaml files below it.

    Exits 0 if every case is as expected, 1 if any is not.
    """
    found = list(yaml_files(paths))
    if not found:
        raise no_files(paths)
    runner = _runner(policies)
    results = _names_judged([(path, _run(runner, path)) for path in found])
    failed = sum(not result.passed for _, result in results)
    if as_json:
        cases = [result_as_plain(path, result) for path, result in results]
        _print_json({"cases": cases, "passed": len(results) - failed, "failed": failed})
    else:
        for path, result in results:
            print_verdict(path, result)
        colour = "red" if failed else "green"
        cases_run = "1 case" if len(results) == 1 else f"{len(results)} cases"
        summary = f"{cases_run}: {len(results) - failed} ok, {failed} failed"
        click.secho(summary, fg=colour, bold=True)
    raise SystemExit(1 if failed else 0)


@click.command("explain", short_help="逐步解释一个算例 explain a case step by step")
@click.argument("case", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@policies_option
@click.option("--json", "as_json", is_flag=True, help="Print the steps as JSON instead of text.")
def explain_case(case: Path, *, policies: tuple[Path, ...], as_json: bool) -> None:
    """Print the steps of CASE in Chinese and English, each with its clause."""
    result = _run(_runner(policies), case)
    if as_json:
        _print_json(result_as_plain(case, result, every_step=True))
    else:
        print_steps(case, result)
    raise SystemExit(1 if result.calculation is None and result.refusal is None else 0)


def _runner(policies: tuple[Path, ...]) -> CaseRunner:
    sources = sources_or_stop(policies)
    try:
        return CaseRunner(sources)
    except Invalid as error:
        stop(error)


def _run(runner: CaseRunner, path: Path) -> CaseResult:
    try:
        document = read_yaml(read_text(path), path.name)
    except YamlError as error:
        return CaseResult(path.stem, "", faults=(Fault(error.line, "", error.message),))
    except OSError as error:
        return CaseResult(path.stem, "", faults=(Fault(0, "", str(error)),))
    return runner.run(document.data, path.name, document.lines)


def _names_judged(results: list[tuple[Path, CaseResult]]) -> list[tuple[Path, CaseResult]]:
    """The results, where cases of one folder that share a name have failed: which one would be meant?

    Folders are sets of cases of their own: two of them may both begin at V01.
    """
    named: dict[tuple[Path, str], list[Path]] = {}
    for path, result in results:
        named.setdefault((path.parent, result.name), []).append(path)
    return [(path, _name_judged(path, result, named[path.parent, result.name])) for path, result in results]


def _name_judged(path: Path, result: CaseResult, bearers: list[Path]) -> CaseResult:
    others = [str(bearer) for bearer in bearers if bearer != path]
    if not others:
        return result
    fault = Fault(0, "case", f"the case name {result.name} is used twice, also in {', '.join(others)}")
    return replace(result, faults=(*result.faults, fault))


def _print_json(data: object) -> None:
    click.echo(json.dumps(data, ensure_ascii=False, indent=2))
