"""A region that has switched on what is off as shipped: pooling at pharmacies."""

from copy import deepcopy
from functools import cache
from typing import Any

from medsettle_gateway.files.packs import shipped_packs
from medsettle_gateway.policy.loader import PackSource
from medsettle_gateway.policy.registry import Packs


@cache
def pooling() -> Packs:
    """Returns the shipped packs with the switch on."""
    return Packs.load([_switched_on(source) for source in shipped_packs()])


def _switched_on(source: PackSource) -> PackSource:
    data: Any = deepcopy(source.data)
    for benefit in data.get("benefits", {}).values():
        if "pharmacy_pooling" in benefit.get("switches", {}):
            benefit["switches"]["pharmacy_pooling"] = True
    return PackSource(source.name, data, source.lines)
