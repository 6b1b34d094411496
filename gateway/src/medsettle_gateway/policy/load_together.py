"""What is wrong between the sections of a pack, though each is sound by itself."""

from collections.abc import Iterable, Iterator

from medsettle_gateway.policy.benefit import Benefit, Over
from medsettle_gateway.policy.facts import TRUE
from medsettle_gateway.policy.layer import Layer
from medsettle_gateway.policy.limits import Period
from medsettle_gateway.policy.reading import Reader, child


def check_together(reader: Reader, benefits: Iterable[Benefit], layers: Iterable[Layer]) -> None:
    """Keep a fault for each shared id, and for each limit over a stay where there may be none.

    A case may put in any figure, to see what becomes of it: nothing is said of a pack that it changed.
    """
    if reader.is_for_case:
        return
    known = tuple(benefits)
    ids = [benefit.id for benefit in known]
    for layer in layers:
        if layer.id in ids:
            message = (
                f"there is a benefit {layer.id!r} too, and what both pay would be counted under one name; "
                "give the layer another id, and share a counter only by `counters`"
            )
            reader.fault(child(layer.path, "id"), message)
    for benefit in known:
        where = child(benefit.path, "where")
        if not is_stay(benefit) and not any(fault.path.startswith(where) for fault in reader.faults):
            for path in _over_stay(benefit):
                message = (
                    f"{benefit.id} may be had without a stay, and would then count nothing and begin anew "
                    "with every ticket; say `stay: true` in each entry of its `where`, or count by year"
                )
                reader.fault(path, message)


def is_stay(benefit: Benefit) -> bool:
    """Does every entry of ``where`` ask for a stay?"""
    return bool(benefit.where) and all(dict(gate.tests).get("stay") == (TRUE,) for gate in benefit.where)


def _over_stay(benefit: Benefit) -> Iterator[str]:
    """The paths that say that something is counted over a stay."""
    for limit in (benefit.deductible, benefit.cap):
        if limit.period is Period.STAY:
            yield child(limit.path, "period")
    if benefit.bands is not None and benefit.bands.over is Over.STAY:
        yield child(benefit.bands.path, "over")
