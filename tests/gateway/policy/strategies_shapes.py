"""Packs of the shapes for which a property holds: each function takes the rest of the format away."""

import copy
from typing import Any

from tests.gateway.policy.strategies import Plain
from tests.gateway.policy.strategies_packs import CARE

TERMINAL = ("guarantee", "leaves")


def bases_of(layer: Plain) -> list[str]:
    """The bases that a layer pays on, in their order."""
    if "parts" in layer:
        return [part["base"] for part in layer["parts"]]
    return [layer["base"]] if "base" in layer else ["all_left"]


def chained(data: Plain) -> Plain:
    """No two limits share a counter, every layer counts the same parts, and what looks at all comes last.

    Each layer then pays more on more, and leaves more of more, whatever came before it.
    """
    found = copy.deepcopy(data)
    without_shared_counters(found)
    for layer in found["layers"]:
        layer.pop("counts", None)
        if layer.get("leaves", {}).get("of") == "in_scope":
            layer["leaves"]["of"] = "personal" if "personal" in data["accumulators"] else None
        if "all_left" in bases_of(layer) and "parts" in layer:
            layer["parts"] = [{**part, "base": "all_left"} for part in layer["parts"]]
    found["layers"].sort(key=lambda layer: (layer.get("mode") == "afterwards", "all_left" in bases_of(layer)))
    return found


def without_shared_counters(data: Plain) -> None:
    for limit in limits_of(data):
        limit.pop("counters", None)
        limit.pop("within", None)


def limits_of(data: Plain) -> list[Plain]:
    """Every deductible, threshold and cap."""
    found = [benefit[key] for benefit in data["benefits"].values() for key in ("deductible", "cap")]
    found += [layer[key] for layer in data["layers"] for key in ("threshold", "cap") if key in layer]
    return found


def over_the_year(data: Plain) -> Plain:
    """Chained, and nothing is counted over one settlement: all limits and bands run over the year.

    Left out are limits per session, the five fixed without a window, guarantees and ceilings (which
    look at one settlement's total), thresholds met by what was borne after all funds, parts of
    several bases within one cap, and a deductible that goes to conditions in the order of the ticket.
    """
    found = chained(data)
    for benefit in found["benefits"].values():
        benefit.pop("limit_per_session", None)
        benefit.pop("five_fixed", None)
        if "bands" in benefit["ratio"]:
            benefit["ratio"]["bands"]["over"] = "year"
        if benefit["cap"].get("per") == "condition":
            benefit["deductible"] = {"period": "none"}
    for limit in limits_of(found):
        if limit.get("period") == "stay":
            limit["period"] = "year"
    found["layers"] = [layer for layer in found["layers"] if not set(TERMINAL) & set(layer)]
    for layer in found["layers"]:
        if "of" in layer.get("threshold", {}):
            del layer["threshold"]
        if len(set(bases_of(layer))) > 1:
            layer.pop("cap", None)
    kept = {layer["id"] for layer in found["layers"]}
    for benefit in found["benefits"].values():
        benefit["layers"] = [layer for layer in benefit["layers"] if layer in kept]
    return found


def in_any_order(data: Plain) -> Plain:
    """Nothing depends on the order of the lines."""
    found = copy.deepcopy(data)
    for benefit in found["benefits"].values():
        benefit.pop("limit_per_session", None)
        benefit.pop("five_fixed", None)
        if benefit["cap"].get("per") == "condition":
            benefit["deductible"] = {"period": "none"}
            benefit["cap"].pop("counters", None)
            benefit["cap"].pop("within", None)
    return found


def without_afterwards(data: Plain) -> Plain:
    """Only what is charged."""
    found = copy.deepcopy(data)
    found["layers"] = [layer for layer in found["layers"] if layer.get("mode") != "afterwards"]
    kept = {layer["id"] for layer in found["layers"]}
    for benefit in found["benefits"].values():
        benefit["layers"] = [layer for layer in benefit["layers"] if layer in kept]
    return found


def at(data: Plain, path: tuple[Any, ...], value: Any) -> Plain:
    """The data with one value replaced."""
    found = copy.deepcopy(data)
    place: Any = found
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return found


def with_layers(*layers: Plain, ratio: str = "0.00", cap: Plain | None = None) -> Plain:
    """A pack of one benefit that pays a ratio, and of these layers; class C is out of scope."""
    title = {"zh": "名称", "en": "title"}
    return {
        "pack": "anywhere",
        "region": "100000",
        "title": title,
        "authority": "1",
        "effective": {"from": "2022-01-01"},
        "status": "in_force",
        "lines": {"excluded": [{"when": {"class": "C"}, "clause": "1"}]},
        "benefits": {
            CARE: {
                "title": title,
                "fund": "pooled",
                "deductible": {"period": "none"},
                "ratio": {"rows": [{"ratio": ratio, "clause": "1"}]},
                "cap": cap or {"none": True, "clause": "1"},
                "layers": [layer["id"] for layer in layers],
            }
        },
        "layers": [{"title": title, "fund": layer["id"], **layer} for layer in layers],
    }


def at_ratio(ratio: str) -> Plain:
    return {"rows": [{"ratio": ratio, "clause": "1"}]}
