"""Random packs as plain data: every shape that the format knows."""

from collections.abc import Sequence

from hypothesis import strategies as st

from tests.gateway.policy.strategies import (
    CONDITIONS,
    DECLARED,
    FACTS_OF_LINE,
    FACTS_OF_PATIENT,
    FACTS_OF_PLACE,
    LISTS,
    Known,
    Plain,
    Rows,
)
from tests.gateway.policy.strategies_draws import Draw, between, choice, flips, once_in, some

CARE, OTHER = "care", "other"
BENEFITS = (CARE, OTHER)
TITLE = {"zh": "名称", "en": "title"}
OF_LINES: Known = {
    **FACTS_OF_LINE,
    "unit_price_at_least": (),
    "level": FACTS_OF_PLACE["level"],
    "aid": FACTS_OF_PATIENT["aid"],
}
KINDS = ("drug", "test", "bed", "wellness")


@st.composite
def pack_data(draw: Draw, *, is_open: bool = False) -> Plain:
    """A pack that loads, from 2022 on; ``is_open``: one that refuses nobody."""
    declared = some(draw, sorted(DECLARED), 0)
    rows = Rows(draw, declared, is_open=is_open)
    accumulators = some(draw, ["personal", "in_scope"], 0)
    layers = [layer(rows, f"layer_{n}", accumulators) for n in range(between(draw, 0, 4))]
    layers.sort(key=lambda each: each.get("mode") == "afterwards")
    named = [each["id"] for each in layers]
    benefits = {id_: benefit(rows, named) for id_ in BENEFITS}
    switches = sorted(benefits[CARE].get("switches", {}))
    data: Plain = {
        "pack": "anywhere",
        "region": "100000",
        "title": TITLE,
        "authority": "〔2022〕1号",
        "effective": {"from": "2022-01-01", "to": None},
        "status": "in_force",
        "rounding": "half_up",
        "facts": {name: DECLARED[name] for name in declared},
        "accumulators": accumulators,
        "lines": line_rules(rows),
        "benefits": benefits,
        "layers": layers,
        "eligibility": eligibility(rows),
    }
    if not once_in(draw, 8):
        data["accounts"] = accounts(rows, switches)
    if accumulators:
        data["warnings"] = {f"warning_{n}": warning(rows, accumulators) for n in range(between(draw, 0, 2))}
    return data


def line_rules(rows: Rows) -> Plain:
    draw = rows.draw
    found: Plain = {
        "self_pay_first": rows.of("share", OF_LINES, first=False),
        "ceilings": rows.of("unit_price", OF_LINES, first=False) if once_in(draw, 3) else [],
        "over_ceiling": choice(draw, ["difference", "difference", "whole_line"]),
        "excluded": [
            {"when": rows.row("share", "none", OF_LINES)["when"], "clause": "1"}
            for _ in range(between(draw, 1, 2) if once_in(draw, 3) else 0)
        ],
    }
    if rows.closes(4):
        found["over_ceiling"] = "refuse"
    if once_in(draw, 3):
        found["catalogues"] = [
            {
                "list": choice(draw, LISTS),
                "clause": "1",
                **({"when": rows.row("share", "none", rows.known)["when"]} if flips(draw) else {}),
            }
            for _ in range(between(draw, 1, 2))
        ]
    return found


def benefit(rows: Rows, layers: Sequence[str]) -> Plain:
    draw = rows.draw
    per_condition = once_in(draw, 4)
    found: Plain = {
        "title": TITLE,
        "fund": choice(draw, ["pooled", "pooled", "basic"]),
        "deductible": deductible(rows),
        "ratio": ratio(rows),
        "cap": within(rows, cap(rows)),
        "layers": some(draw, layers, 0) if layers else [],
    }
    if layers and once_in(draw, 2):
        found["layers"] = list(layers)
    if per_condition:
        found["cap"]["per"] = "condition"
    found |= gates(rows)
    if once_in(draw, 5):
        found["waives"] = ["self_pay_first"]
    if once_in(draw, 4):
        excess = "refuse" if rows.closes(4) else choice(draw, ["provider", "patient"])
        found["limit_per_session"] = {**rows.section("limit"), "excess": excess}
    if once_in(draw, 2 if per_condition else 4):
        found["five_fixed"] = five_fixed(rows)
    if flips(draw):
        ends = ["admitted", "discharged"]
        found["stay"] = {"deductible_by": choice(draw, ends), "cap_by": choice(draw, ends)}
    return found


def gates(rows: Rows) -> Plain:
    """Which lines a benefit takes, and who may have it where."""
    draw = rows.draw
    found: Plain = {}
    if once_in(draw, 3):
        asked = {**FACTS_OF_LINE, "condition": CONDITIONS, "unit_price_at_least": ()}
        found["takes"] = rows.gates(asked) if flips(draw) else []
    if rows.closes(6):
        found["who"] = rows.gates(FACTS_OF_PATIENT)
    if rows.closes(6):
        found["where"] = rows.gates(FACTS_OF_PLACE)
    if rows.closes(6):
        found["switches"] = {"pharmacy": flips(draw)}
        found["where"] = [*found.get("where", []), {"switch": "pharmacy"}]
    return found


def counted(rows: Rows, section: Plain) -> Plain:
    """Sometimes under names that other limits count under too."""
    if once_in(rows.draw, 4):
        section["counters"] = some(rows.draw, ["shared", "annual"])
    return section


def deductible(rows: Rows) -> Plain:
    period = choice(rows.draw, ["year", "year", "stay", "none"])
    if period == "none":
        return {"period": period}
    return counted(rows, {"period": period, "rows": rows.of("amount")})


def cap(rows: Rows) -> Plain:
    if once_in(rows.draw, 5):
        return counted(rows, {"none": True, "clause": "1"})
    period = choice(rows.draw, ["year", "year", "stay"])
    return counted(rows, {"period": period, "rows": rows.of("limit")})


def within(rows: Rows, section: Plain) -> Plain:
    """Sometimes within limits that the other benefit shares."""
    free = [name for name in ("basic_annual", "shared") if name not in section.get("counters", ())]
    if once_in(rows.draw, 4):
        section["within"] = [
            {"counter": counter, "rows": rows.of("limit")} for counter in some(rows.draw, free)
        ]
    return section


def ratio(rows: Rows) -> Plain:
    if not once_in(rows.draw, 3):
        return {"rows": rows.of("ratio")}
    ends = sorted(some(rows.draw, [1, 1_000, 5_000, 20_000], most=3))
    bands: list[Plain] = [{"up_to": f"{end}.00", **rows.section("ratio")} for end in ends]
    bands.append(rows.section("ratio"))
    over = choice(rows.draw, ["settlement", "stay", "year"])
    return {"bands": {"of": "after_deductible", "over": over, "rows": bands}}


def five_fixed(rows: Rows) -> Plain:
    draw = rows.draw
    found: Plain = {"clause": "1", "outside": "refuse" if rows.closes(3) else "self_pay"}
    if flips(draw):
        found["drug_kinds"] = choice(draw, [{1: 1, 2: 2}, {1: 2, 3: 3}, {2: 1}])
    if flips(draw):
        found["days_supply"] = between(draw, 5, 30)
        found["supply"] = "refuse" if rows.closes(3) else choice(draw, ["report", "self_pay"])
    if flips(draw):
        found["window_days"] = between(draw, 1, 15)
    if once_in(draw, 4):
        found["review"] = {"from": "06-01", "to": "08-31"}
    return found


def layer(rows: Rows, id_: str, accumulators: Sequence[str]) -> Plain:
    draw = rows.draw
    found: Plain = {"id": id_, "title": TITLE, "fund": choice(draw, ["aid", id_, id_])}
    if once_in(draw, 4):
        found["mode"] = "afterwards"
    if once_in(draw, 4):
        found["who"] = rows.gates(FACTS_OF_PATIENT)
    if flips(draw):
        found["counts"] = some(draw, ["self_pay_first", "over_limit"])
    way = choice(draw, ["base", "base", "parts", "guarantee", "leaves"])
    if way == "base":
        found |= {"base": base(rows), "ratio": {"rows": rows.of("ratio")}}
        if flips(draw):
            found["threshold"] = threshold(rows, accumulators)
    elif way == "parts":
        found["parts"] = [{"base": base(rows), **rows.section("ratio")} for _ in range(between(draw, 1, 3))]
    elif way == "guarantee":
        found["guarantee"] = {"of": "total", **rows.section("share")}
    else:
        found["leaves"] = rows.section("amount")
        if accumulators and flips(draw):
            found["leaves"]["of"] = choice(draw, accumulators)
    if not once_in(draw, 4):
        found["cap"] = layer_cap(rows)
    return found


def base(rows: Rows) -> str:
    bases = ["in_scope_left", "in_scope_left", "out_of_scope_left", "all_left"]
    return str(choice(rows.draw, bases))


def threshold(rows: Rows, accumulators: Sequence[str]) -> Plain:
    if accumulators and flips(rows.draw):
        return {"rows": rows.of("amount"), "of": choice(rows.draw, accumulators)}
    return deductible(rows)


def layer_cap(rows: Rows) -> Plain:
    found = cap(rows)
    if once_in(rows.draw, 3):
        found["outpatient"] = rows.of("limit")
    if once_in(rows.draw, 3):
        benefits = some(rows.draw, BENEFITS)
        found["inside"] = [{"id": "within", "benefits": benefits, "rows": rows.of("limit")}]
    return found


def accounts(rows: Rows, switches: Sequence[str]) -> Plain:
    draw = rows.draw
    enrolments = [["pooled_and_account"], ["pooled_and_account", "pool_only"], []]
    found: Plain = {
        "enrolments": choice(draw, enrolments),
        "pays": choice(draw, ["personal", "in_scope"]),
        "owners": some(draw, ["self", "spouse", "parent", "child"], 0),
        "never": some(draw, KINDS, 0, 2),
    }
    if flips(draw):
        found["at"] = rows.gates(FACTS_OF_PLACE)
        for entry in found["at"]:
            if flips(draw):
                entry["kind"] = some(draw, KINDS)
            if switches and flips(draw):
                entry["switch"] = switches[0]
    return found


def eligibility(rows: Rows) -> Plain:
    found: Plain = {}
    if rows.closes(3):
        found["institution"] = {"designation": "basic"}
        if flips(rows.draw):
            found["institution"]["except"] = [{"emergency": True, "clause": "1"}]
    if rows.closes(6):
        found["filing"] = [CARE]
    return found


def warning(rows: Rows, accumulators: Sequence[str]) -> Plain:
    return {
        "title": TITLE,
        "of": choice(rows.draw, accumulators),
        "at": choice(rows.draw, ["reached", "exceeded"]),
        "rows": rows.of("amount", first=flips(rows.draw)),
    }
