"""What may be wrong with the books, and how it is said."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple


class Finding(NamedTuple):
    """What is wrong, of one kind: how many rows, and the first of them in both languages.

    ``row_count`` stops at the rows that are listed at most. ``row`` names the columns of the first one.
    """

    kind: str
    row_count: int
    row: Mapping[str, Any]
    zh: str
    en: str


class Kind(NamedTuple):
    """The columns of a question's rows, and the sentences about one of them."""

    columns: tuple[str, ...]
    zh: Callable[[Mapping[str, Any]], str]
    en: Callable[[Mapping[str, Any]], str]


def _said(zh: str, en: str, *columns: str) -> Kind:
    return Kind(columns, zh.format_map, en.format_map)


def _sale_zh(row: Mapping[str, Any]) -> str:
    match row:
        case {"state": None}:
            return "分录 {entry} 属于业务 {request_id},但没有这笔业务".format_map(row)
        case {"entry_count": 0 | None}:
            return "业务 {request_id} 没有任何分录".format_map(row)
        case {"state": state, "kind": kind} if state != kind:
            return "业务 {request_id} 的状态是 {state},但其最后一条分录是 {kind}".format_map(row)
    return "业务 {request_id} 的版本是 {version},但有 {entry_count} 条分录".format_map(row)


def _sale_en(row: Mapping[str, Any]) -> str:
    match row:
        case {"state": None}:
            return "entry {entry} is of sale {request_id}, which is not there".format_map(row)
        case {"entry_count": 0 | None}:
            return "sale {request_id} has no entry".format_map(row)
        case {"state": state, "kind": kind} if state != kind:
            return "sale {request_id} is {state}, but its last entry is {kind}".format_map(row)
    return "sale {request_id} is at version {version} and has {entry_count} entries".format_map(row)


def _block_zh(row: Mapping[str, Any]) -> str:
    where = "区块 {block}(序号 {first_position} 至 {last_position})的哈希不符".format_map(row)
    return where + (":区块本身被改动" if row["position"] is None else f":分录 {row['position']} 被改动或删除")


def _block_en(row: Mapping[str, Any]) -> str:
    where = "block {block} (positions {first_position} to {last_position})".format_map(row)
    what = "the block itself" if row["position"] is None else f"entry {row['position']}"
    return f"{where} is not what was hashed: {what} was changed or removed"


KINDS: Final[Mapping[str, Kind]] = {
    "guards": _said(
        "触发器 {guard} 不在或被停用:账簿可能被改动过",
        "the trigger {guard} is missing or switched off: the ledger may have been changed",
        "guard",
    ),
    "gaps": _said(
        "序号 {position} 没有分录:分录不连续", "there is no entry at position {position}", "position"
    ),
    "orphans": _said(
        "{table} 中有属于分录 {entry} 的行,但没有这条分录",
        "{table} has rows of entry {entry}, which is not there",
        "table", "entry",
    ),
    "unbalanced": _said(
        "分录 {entry}:账簿 {book} 借贷不平,差 {off_fen} 分",
        "entry {entry}: book {book} is off by {off_fen} fen",
        "entry", "book", "off_fen",
    ),
    "blocks": _said(
        "区块 {block} 之前的区块不在,或不与它相接",
        "block {block} does not follow the block before it, or that one is missing",
        "block", "first_position", "last_position",
    ),
    "chain": Kind(("block", "first_position", "last_position", "position"), _block_zh, _block_en),
    "head": _said(
        "链中没有哈希为 {hash} 的区块:该区块之后账簿被替换或丢失过",
        "no block of the chain has the hash {hash}: the books were replaced, or lost what came after it",
        "hash",
    ),
    "balances": _said(
        "账户 {account}:余额 {balance_fen} 分、预占 {held_fen} 分,"
        "但分录合计是 {posted_balance_fen} 和 {posted_held_fen}",
        "account {account}: {balance_fen} fen and {held_fen} held, "
        "but its postings say {posted_balance_fen} and {posted_held_fen}",
        "account", "balance_fen", "held_fen", "posted_balance_fen", "posted_held_fen",
    ),
    "counters": _said(
        "参保人 {member} {period} 年度累计 {counter} {measure}({region} {scheme}):已用 {used}、预占 {held},"
        "但分录合计是 {moved_used} 和 {moved_held}",
        "counter {counter} {measure} of {member} in {period} ({region} {scheme}): {used} used "
        "and {held} held, but its entries say {moved_used} and {moved_held}",
        "member", "region", "scheme", "period", "counter", "measure", "used", "held", "moved_used",
        "moved_held",
    ),
    "sales_and_entries": Kind(
        ("request_id", "state", "version", "entry_count", "kind", "entry"), _sale_zh, _sale_en
    ),
    "records": _said(
        "业务 {request_id} 的记录无法读取", "the record of sale {request_id} cannot be read", "request_id"
    ),
    "dispensings": _said(
        "业务 {request_id}:有 {missing_count} 种已发药品未计入,另有 {unsaid_count} 种多计",
        "sale {request_id}: {missing_count} drugs that it hands out do not count, "
        "and {unsaid_count} others do",
        "request_id", "missing_count", "unsaid_count",
    ),
    "prescriptions": _said(
        "处方 {institution} {number} 的 {item_code}:已配计为 {counted_e4},"
        "但各笔业务合计是 {drawn_e4}(万分之一)",
        "prescription {number} of {institution}: {counted_e4} of {item_code} count as dispensed, "
        "but sales draw {drawn_e4} (in ten-thousandths)",
        "institution", "number", "item_code", "counted_e4", "drawn_e4",
    ),
    "codes": _said(
        "追溯码 {code}:登记在 {standing_count} 笔业务名下,但由 {taken_count} 笔有效业务占用",
        "traceability code {code} stands in {standing_count} sales, but {taken_count} that stand took it",
        "code", "standing_count", "taken_count",
    ),
}
"""Every kind, in the order in which findings are told: by the name of the question that finds it."""


def finding(kind: str, rows: Sequence[Sequence[Any]]) -> Finding:
    """Returns what rows of a question say. There is at least one."""
    columns, zh, en = KINDS[kind]
    row = {name: _legible(value) for name, value in zip(columns, rows[0], strict=True)}
    return Finding(kind, len(rows), row, zh(row), en(row))


def _legible(value: object) -> object:
    """What is no text in a column of texts can still be shown."""
    return value.encode(errors="replace").decode() if isinstance(value, str) else value
