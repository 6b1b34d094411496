"""``medsettle-gateway policy``: read, check and compare packs, run worked examples, ask what-if."""

import json
from pathlib import Path

import click

from medsettle_gateway.cli.policy_cases import explain_case, run_cases
from medsettle_gateway.cli.policy_check import check
from medsettle_gateway.cli.policy_diff import diff
from medsettle_gateway.cli.policy_files import policies_option
from medsettle_gateway.cli.policy_named import versions_of
from medsettle_gateway.cli.policy_new import new
from medsettle_gateway.cli.policy_page import pack_as_plain, pack_page
from medsettle_gateway.cli.policy_what_if import what_if


@click.group("policy", short_help="政策包与算例 policy packs and worked examples")
def policy() -> None:
    """Read, check and compare policy packs, run worked examples, ask what a change would mean."""


@click.command("show", short_help="显示政策包的每个数字和条款 print a pack with its clauses")
@click.argument("pack")
@policies_option
@click.option("--json", "as_json", is_flag=True, help="Print the pack as JSON instead of text.")
def show_pack(pack: str, policies: tuple[Path, ...], as_json: bool) -> None:  # noqa: FBT001
    """Print PACK with every figure, its force and its clause.

    PACK is an id (all versions), ID@2024-01-31 (the version of a day), or a YAML file; of an overlay, its id
    or file, the pack with its figures is shown.
    """
    shown = versions_of(pack, policies=policies)
    if as_json:
        plain = [pack_as_plain(each, source.data) for each, source in shown]
        click.echo(json.dumps(plain, ensure_ascii=False, indent=2))
        return
    for each, _ in shown:
        click.echo(pack_page(each))


for _command in (run_cases, show_pack, explain_case, check, diff, what_if, new):
    policy.add_command(_command)
