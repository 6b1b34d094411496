"""Runs a case: calculates, compares with what the case expects, checks the identities.

Pure: the case and the packs come as plain data that somebody else read from files.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from medsettle_gateway.domain.errors import Refused
from medsettle_gateway.policy.assigning import calculate_portions, share_out
from medsettle_gateway.policy.benefit import Title
from medsettle_gateway.policy.case_form import Case, read_case
from medsettle_gateway.policy.case_judge import judge
from medsettle_gateway.policy.case_result import CaseResult, Difference, Settled
from medsettle_gateway.policy.case_versions import CasePacks
from medsettle_gateway.policy.engine import calculate
from medsettle_gateway.policy.inputs import Calculation
from medsettle_gateway.policy.loader import PackSource
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.reading import Fault, Invalid, LineNumbers, line_of
from medsettle_gateway.policy.shelf import Shelf

__all__ = ["CaseResult", "CaseRunner", "Difference", "Settled", "settle"]

_ACCOUNT_ONLY: Final = Title("仅用个人账户", "personal account only")


class CaseRunner:
    """Runs cases against a set of packs. A pack is compiled once for all cases that use it as it is."""

    def __init__(self, sources: Iterable[PackSource]) -> None:
        """Take packs and overlays; raises Invalid if one of them is wrong."""
        self._shelf = Shelf(sources)

    def run(self, data: object, name: str, lines: LineNumbers) -> CaseResult:
        """Run one case from its plain data; ``name`` is its file, for faults.

        Raises nothing: a broken case is a failed case.
        """
        try:
            case = read_case(data, name, lines)
        except Invalid as invalid:
            said = data if isinstance(data, dict) else {}
            named, title = said.get("case") or name, said.get("title") or ""
            return CaseResult(str(named), str(title), faults=invalid.faults)
        try:
            result = judge(case, settle(self._shelf.packs_of(case, lines), case))
        except Refused as refused:
            result = judge(case, refused.refusal)
        except Invalid as invalid:
            return CaseResult(case.name, case.title, faults=invalid.faults)
        if case.expect.nothing:
            message = "nothing is expected: name at least one key under `expect`"
            result = replace(result, faults=(Fault(line_of(lines, "expect"), "expect", message),))
        return result


def settle(
    packs: CasePacks, case: Case, *, trace: bool = True, allow_assumed: bool = False
) -> tuple[Settled, ...]:
    """The settlements of a case: one, or one a benefit where the lines are shared out. Raises Refused."""
    if case.assigned:
        portions = share_out(packs.region, case.given)
        parts = calculate_portions(
            portions, case.given, packs.versions_of, trace=trace, allow_assumed=allow_assumed
        )
        return tuple(
            _settled(portion.pack, portion.benefit, done, portion.lines) for portion, _, done, _ in parts
        )
    done = calculate(
        packs.pack, case.given, trace=trace, versions=packs.versions, allow_assumed=allow_assumed
    )
    return (_settled(packs.pack, case.given.encounter.benefit, done),)


def _settled(pack: Pack, benefit: str, done: Calculation, lines: tuple[int, ...] | None = None) -> Settled:
    """One settlement with the title of its benefit; account and cash have one of their own."""
    found = pack.rules.benefit(benefit)
    return Settled(pack.id, benefit, done, _ACCOUNT_ONLY if found is None else found.title, lines)
