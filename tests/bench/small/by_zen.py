"""The small rule set as decisions of zen-engine, compiled once; one evaluation a basket.

Three ways to write it: ``tables``, a decision table for each list of rows, as the pack has them;
``merged``, where the lists about lines are one table, whose rows somebody has to combine; ``formulas``, where
all rules are text in one expression node. Each is evaluated faster than the one before and is harder to
maintain. Amounts are integers, and its decimals are exact: ``floor`` of half a unit more rounds half-up.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import Any, Final

import zen

from tests.bench.small.cases import Parts, SmallCase

Node = dict[str, Any]

ONCE: Final = {"inputField": None, "outputPath": None, "executionMode": "single", "passThrough": True}
EACH_LINE: Final = {**ONCE, "inputField": "lines", "outputPath": "lines", "executionMode": "loop"}
AT_LAST: Final = {**ONCE, "passThrough": False}
TRACED: Final = {"trace": True}

EXCLUDED_ROWS: Final = (
    ("'C'", "", "true"),
    ("", "'wellness', 'daily_goods'", "true"),
    ("", "", "false"),
)
SHARE_ROWS: Final = (
    ("'B'", "'drug'", "100000"),
    ("", "", "0"),
)
CEILING_ROWS: Final = (
    ("'bed'", "12000000"),
    ("", "null"),
)
MERGED_ROWS: Final = (
    ("'C'", "", "true", "0", "null"),
    ("", "'wellness', 'daily_goods'", "true", "0", "null"),
    ("'B'", "'drug'", "false", "100000", "null"),
    ("", "'bed'", "false", "0", "12000000"),
    ("", "", "false", "0", "null"),
)
LINE_PARTS: Final = {
    "standard": "ceiling ?? bed_ceiling",
    "kept": "excluded ? 0 : $.standard == null ? amount"
            " : min([amount, floor(($.standard * quantity + 50000000) / 100000000)])",
    "fully": "excluded ? amount : 0",
    "over": "excluded ? 0 : amount - $.kept",
    "first": "floor(($.kept * share + 500000) / 1000000)",
    "scope": "$.kept - $.first",
}
RATIO_ROWS: Final = (
    ("'primary'", "'active'", "600000"),
    ("'secondary'", "'active'", "550000"),
    ("'tertiary'", "'active'", "500000"),
    ("'primary'", "'retired'", "650000"),
    ("'secondary'", "'retired'", "600000"),
    ("'tertiary'", "'retired'", "550000"),
)
SUMS: Final = {
    "total": "sum(map(lines, #.amount))",
    "fully_self_paid": "sum(map(lines, #.fully))",
    "over_limit": "sum(map(lines, #.over))",
    "self_pay_first": "sum(map(lines, #.first))",
    "in_scope": "sum(map(lines, #.scope))",
}
PAYERS: Final = {
    "deductible": "min([$.in_scope, max([30000 - met, 0])])",
    "computed": "floor((($.in_scope - $.deductible) * ratio + 500000) / 1000000)",
    "pooled": "min([$.computed, max([300000 - paid, 0])])",
    "over_cap": "$.computed - $.pooled",
    "personal": "$.total - $.pooled",
    "account": "min([balance, $.personal])",
    "cash": "$.personal - $.account",
}
FORMULAS: Final = {
    "each": "map(lines, #.class == 'C' or #.kind in ['wellness', 'daily_goods']"
            " ? {amount: #.amount, fully: #.amount, kept: 0, shared: false}"
            " : {amount: #.amount, fully: 0, shared: #.class == 'B' and #.kind == 'drug',"
            " kept: (#.ceiling ?? (#.kind == 'bed' ? 12000000 : null)) == null ? #.amount"
            " : min([#.amount, floor(((#.ceiling ?? 12000000) * #.quantity + 50000000) / 100000000)])})",
    "total": "sum(map($.each, #.amount))",
    "fully_self_paid": "sum(map($.each, #.fully))",
    "kept": "sum(map($.each, #.kept))",
    "over_limit": "$.total - $.fully_self_paid - $.kept",
    "self_pay_first": "sum(map($.each, #.shared ? floor((#.kept * 100000 + 500000) / 1000000) : 0))",
    "in_scope": "$.kept - $.self_pay_first",
    "ratio": "(level == 'primary' ? 600000 : level == 'secondary' ? 550000 : 500000)"
             " + (standing == 'retired' ? 50000 : 0)",
    **{part: formula.replace("* ratio", "* $.ratio") for part, formula in PAYERS.items()},
}


@cache
def tables() -> zen.ZenDecision:
    """Returns the decision with a table for each list of rows."""
    return _decision(
        table("excluded", ("class", "kind"), ("excluded",), EXCLUDED_ROWS, EACH_LINE),
        table("self pay first", ("class", "kind"), ("share",), SHARE_ROWS, EACH_LINE),
        table("ceilings", ("kind",), ("bed_ceiling",), CEILING_ROWS, EACH_LINE),
    )


@cache
def merged() -> zen.ZenDecision:
    """Returns the decision with one table for lines."""
    figures = ("excluded", "share", "bed_ceiling")
    return _decision(table("line", ("class", "kind"), figures, MERGED_ROWS, EACH_LINE))


def _decision(*of_lines: Node) -> zen.ZenDecision:
    return compiled(
        *of_lines,
        expressions("line parts", LINE_PARTS, EACH_LINE),
        table("ratio", ("level", "standing"), ("ratio",), RATIO_ROWS, ONCE),
        expressions("payers", {**SUMS, **PAYERS}, AT_LAST),
    )


@cache
def formulas() -> zen.ZenDecision:
    """Returns the decision of one expression node."""
    return compiled(expressions("all", FORMULAS, AT_LAST))


def prepared(case: SmallCase) -> dict[str, Any]:
    """Returns the case as the engine takes it; JSON text in its place is no faster."""
    return {
        "level": case.level,
        "standing": case.standing,
        "met": case.met_fen,
        "paid": case.paid_fen,
        "balance": case.balance_fen,
        "lines": [
            {
                "kind": line.kind,
                "class": line.catalogue_class,
                "amount": line.amount_fen,
                "quantity": line.quantity_e4,
                "ceiling": line.ceiling_micro,
            }
            for line in case.lines
        ],
    }


def parts(answer: Mapping[str, Any]) -> Parts:
    """Returns who bears what."""
    return Parts(*(answer["result"][part] for part in Parts._fields))


def compiled(*nodes: Node) -> zen.ZenDecision:
    """Returns a decision that goes through the nodes one after another."""
    every = [plain("in", "inputNode"), *nodes, plain("out", "outputNode")]
    edges = [
        {"id": f"{one['id']} to {then['id']}", "type": "edge", "sourceId": one["id"], "targetId": then["id"]}
        for one, then in pairwise(every)
    ]
    return zen.ZenEngine().create_decision(json.dumps({"nodes": every, "edges": edges}))


def plain(name: str, kind: str, content: Mapping[str, object] | None = None) -> Node:
    """Returns a node."""
    return {"id": name, "type": kind, "name": name, "content": {} if content is None else content}


def table(
    name: str, facts: Sequence[str], figures: Sequence[str], rows: Sequence[Sequence[str]], mode: Node
) -> Node:
    """Returns a decision table of which the first row that matches counts."""
    columns = (*facts, *figures)
    return plain(name, "decisionTableNode", {
        **mode,
        "hitPolicy": "first",
        "inputs": [{"id": fact, "name": fact, "field": fact} for fact in facts],
        "outputs": [{"id": figure, "name": figure, "field": figure} for figure in figures],
        "rules": [
            {"_id": f"{name} {index}", **dict(zip(columns, row, strict=True))}
            for index, row in enumerate(rows, 1)
        ],
    })  # fmt: skip


def expressions(name: str, values: Mapping[str, str], mode: Node) -> Node:
    """Returns a node that works its values out from the top."""
    listed = [{"id": f"{name} {key}", "key": key, "value": value} for key, value in values.items()]
    return plain(name, "expressionNode", {**mode, "expressions": listed})
