"""What a change of a pack would mean for a basket: calculated with it and without."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.errors import Refused
from medsettle_gateway.policy.case_form import Case, read_case
from medsettle_gateway.policy.case_versions import Versions
from medsettle_gateway.policy.cases import settle
from medsettle_gateway.policy.reading import Fault, Invalid
from medsettle_gateway.policy.tally import Side, Tally

_NOT_ASKED: Final = {
    "with": "the change is that of the whole run, not of one basket",
    "expect": "a what-if expects nothing",
}


@dataclass(frozen=True, slots=True)
class WhatIf:
    """One pack as it is, and with the change."""

    pack: str
    before: Versions
    after: Versions

    def count(self, tally: Tally, case: Case) -> None:
        """Calculate a basket twice and add what it comes to."""
        tally.add(case.name, _side(self.before, case), _side(self.after, case))


def read_basket(data: object, name: str, pack: str) -> Case:
    """Read a basket: the keys of a case without ``with`` and ``expect``.

    Its name is ``name`` and its pack is ``pack`` where it does not say. Raises Invalid with every
    mistake, as a basket of another pack is one.
    """
    if not isinstance(data, Mapping):
        raise Invalid(name, [Fault(0, "", "a basket is an object with the keys of a case")])
    faults = [Fault(0, key, message) for key, message in _NOT_ASKED.items() if key in data]
    if faults:
        raise Invalid(name, faults)
    case = read_case({"case": name, "pack": pack, **data}, name, {})
    if case.pack != pack:
        raise Invalid(name, [Fault(0, "pack", f"this run asks about {pack}, not about {case.pack}")])
    return case


def _side(versions: Versions, case: Case) -> Side:
    """What the basket comes to; by assumed figures, too, where there are no others."""
    packs = versions.on(case.pack, case.given.service_on)
    try:
        return Side(settle(packs, case, trace=False))
    except Refused as refused:
        if refused.reason is not Reason.PARAMETER_ASSUMED:
            return Side((), refused.reason.value)
    try:
        return Side(settle(packs, case, trace=False, allow_assumed=True), assumed=True)
    except Refused as refused:
        return Side((), refused.reason.value)
