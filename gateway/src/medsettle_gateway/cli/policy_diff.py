"""``policy diff``: which figures differ between two packs, and from when."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import click

from medsettle_gateway.cli.policy_files import policies_option
from medsettle_gateway.cli.policy_named import Named, one_of, versions_of
from medsettle_gateway.cli.policy_plain import entry_words, label, value_words
from medsettle_gateway.cli.policy_rows import clause_mark
from medsettle_gateway.policy.comparing import Change, What, compare

TROUBLE: Final = 2
"""The exit code where there was nothing to compare, as that of ``diff``."""

_SIGNS: Final = {What.ADDED: ("+", "green"), What.REMOVED: ("-", "red"), What.CHANGED: ("~", "yellow")}


@click.command("diff", short_help="比较两个版本的每个数字 compare two versions figure by figure")
@click.argument("a")
@click.argument("b")
@policies_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def diff(a: str, b: str, policies: tuple[Path, ...], as_json: bool) -> None:  # noqa: FBT001 - as click does
    """Say which figures, rows, switches and gates differ from A to B, from when, and by which clause.

    A and B are each an id (its last version), ID@2024-01-31 (the version of a day), or a YAML file. An
    overlay as B, by its id or file, stands for the pack with its figures; an id as A then means the version
    below it.

    Exits 0 if they say the same, 1 if they differ, 2 if they cannot be compared.
    """
    after = versions_of(b, TROUBLE, policies)[-1]
    on = after.pack.effective_from if _is_laid(after) else None
    before = one_of(a, on, TROUBLE, policies)
    changes = compare(before.source.data, after.source.data)
    if as_json:
        click.echo(json.dumps(_as_plain(before, after, changes), ensure_ascii=False, indent=2))
    else:
        for line in _page(before, after, changes):
            click.echo(line)
    raise SystemExit(1 if changes else 0)


def _is_laid(named: Named) -> bool:
    return named.pack.overlay is not None


def changes_page(changes: Sequence[Change], *sides: Mapping[str, object], local: str = "") -> Iterator[str]:
    """Every difference, under the figure that it is of; ``sides`` give benefits and layers their titles.

    ``local`` is the clause of new rows that name none: the authority of an overlay.
    """
    for path, group in groupby(changes, key=lambda change: change.path):
        zh, en = label(path, *sides)
        yield f"{click.style(f'{zh} / {en}', bold=True)}  {click.style(path, dim=True)}"
        for change in group:
            yield from _lines(change, local)


def _page(before: Named, after: Named, changes: Sequence[Change]) -> Iterator[str]:
    yield f"A  {_named(before)}"
    yield f"B  {_named(after)}"
    begins = after.pack.effective_from
    yield click.style(f"自 {begins} 起 / from {begins}", bold=True)
    yield ""
    if not changes:
        yield "没有差别 / no difference"
        return
    mark = after.pack.overlay
    local = "" if mark is None else mark.authority
    yield from changes_page(changes, after.source.data, before.source.data, local=local)
    count = len(changes)
    yield ""
    yield f"{count}处差别 / {count} difference{'' if count == 1 else 's'}"


def _named(named: Named) -> str:
    pack = named.pack
    ends = "" if pack.effective_to is None else pack.effective_to.isoformat()
    laid = "" if pack.overlay is None else f" + {pack.overlay.id}"
    return f"{pack.id}{laid}  {pack.effective_from} – {ends}  {pack.digest[:12]}  {named.source.name}"


def _lines(change: Change, local: str) -> Iterator[str]:
    if change.what is What.REORDERED:
        yield click.style("  次序变动 / in another order", fg="yellow")
        return
    sign, colour = _SIGNS[change.what]
    old, new = value_words(change.before, change.path), value_words(change.after, change.path)
    zh, en = _told(change, 0, old.zh, new.zh), _told(change, 1, old.en, new.en)
    brought = new.clause or (local if isinstance(change.after, Mapping) else "")
    clauses = " → ".join(dict.fromkeys(clause for clause in (old.clause, brought) if clause))
    said = zh if zh == en else f"{zh} / {en}"
    yield click.style(f"  {sign} {said}", fg=colour) + clause_mark(clauses)


_ONLY_THE_CLAUSE: Final = ("仅条款变动", "another clause only")


def _told(change: Change, language: int, old: str, new: str) -> str:
    """For whom, and what it was and is."""
    whom = entry_words(change.whom)[language]
    if change.what is What.CHANGED:
        said = _ONLY_THE_CLAUSE[language] if old == new else f"{old} → {new}"
    else:
        said = new if change.what is What.ADDED else old
    return ": ".join(part for part in (whom, said) if part)


def _as_plain(before: Named, after: Named, changes: Sequence[Change]) -> dict[str, Any]:
    return {
        "a": _side(before),
        "b": _side(after),
        "from": after.pack.effective_from.isoformat(),
        "changes": [
            {
                "path": change.path,
                "what": change.what.value,
                "whom": dict(change.whom),
                "before": change.before,
                "after": change.after,
            }
            for change in changes
        ],
    }


def _side(named: Named) -> dict[str, Any]:
    pack, mark = named.pack, named.pack.overlay
    return {
        "pack": pack.id,
        "file": named.source.name,
        "overlay": None if mark is None else mark.id,
        "effective_from": pack.effective_from.isoformat(),
        "effective_to": _iso(pack.effective_to),
        "known_from": pack.known_from.isoformat(),
        "digest": pack.digest,
    }


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
