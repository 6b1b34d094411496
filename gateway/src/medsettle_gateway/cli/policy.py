"""``medsettle-gateway policy``: run case files, read a pack, explain a case."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import click

from medsettle_gateway.cli.policy_page import pack_as_plain, pack_page
from medsettle_gateway.cli.policy_report import print_steps, print_verdict, result_as_plain
from medsettle_gateway.files.packs import read_pack, read_text, shipped_packs
from medsettle_gateway.files.yaml import Document, YamlError, read_yaml
from medsettle_gateway.policy.cases import CaseResult, CaseRunner
from medsettle_gateway.policy.loader import PackSource, load_pack
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.reading import Fault, Invalid

_EXISTING: Final = click.Path(exists=True, path_type=Path)


@click.group("policy", short_help="政策包与算例 policy packs and worked examples")
def policy() -> None:
    """Read policy packs, run worked examples, explain a settlement."""


@policy.command("test", short_help="运行算例 run worked examples")
@click.argument("paths", nargs=-1, required=True, type=_EXISTING)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def run_cases(paths: tuple[Path, ...], as_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Run case files: each PATH is a file, or a folder with *.yaml files below it.

    Exits 0 if every case is as expected, 1 if any is not.
    """
    found = list(_case_files(paths))
    if not found:
        raise click.UsageError(f"no *.yaml file there{_misnamed(paths)}")
    runner = _runner()
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


@policy.command("show", short_help="显示政策包的每个数字和条款 print a pack with its clauses")
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


@policy.command("explain", short_help="逐步解释一个算例 explain a case step by step")
@click.argument("case", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the steps as JSON instead of text.")
def explain_case(case: Path, as_json: bool) -> None:  # noqa: FBT001
    """Print the steps of CASE in Chinese and English, each with its clause."""
    result = _run(_runner(), case)
    if as_json:
        _print_json(result_as_plain(case, result, every_step=True))
    else:
        print_steps(result)
    raise SystemExit(1 if result.calculation is None and result.refusal is None else 0)


def _case_files(paths: Iterable[Path]) -> Iterator[Path]:
    seen: dict[Path, None] = {}
    for path in paths:
        below = sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
        for each in below:
            if each.is_file() and each.resolve() not in seen:
                seen[each.resolve()] = None
                yield each


def _misnamed(paths: Iterable[Path]) -> str:
    """A hint where there are files whose names end almost as those of cases."""
    found = next((each for path in paths if path.is_dir() for each in sorted(path.rglob("*.yml"))), None)
    return "" if found is None else f", but {found.name}: rename *.yml to *.yaml"


def _runner() -> CaseRunner:
    try:
        return CaseRunner(shipped_packs())
    except (YamlError, Invalid) as error:
        raise click.ClickException(str(error)) from error


def _pack_sources(pack: str) -> list[tuple[Pack, PackSource]]:
    """The versions of a shipped pack, or the one pack of a file."""
    try:
        path = Path(pack)
        if path.suffix == ".yml" and path.is_file():
            message = f"a pack's file name ends in .yaml: rename {path.name}"
            raise click.UsageError(message)
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
