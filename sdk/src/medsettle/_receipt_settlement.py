"""What a receipt says of settlements: the lines, who pays, what is left of the year, and why."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from medsettle import _receipt_words as words
from medsettle._paper import Paper
from medsettle._together import together
from medsettle.models import (
    AccountShare,
    Breakdown,
    Difference,
    LineBreakdown,
    Remainder,
    Settlement,
    TraceEntry,
)
from medsettle.wire.because import divides, unsaid
from medsettle.wire.called import ACCOUNT_ONLY, FUND_NAMES, INSIDE_NAMES, Pair, begun, condition_name, named
from medsettle.wire.explained import fund_titles

_SAID_ABOVE: Final = frozenset({
    "in_scope", "fund", "layer", "afterwards", "personal", "account", "cash",
})
"""Steps whose amounts stand in the rows of the receipt; the others say why."""
_STAY: Final = "stay/"
"""Begins the period of a limit that runs over one stay."""


def settlement(paper: Paper, settled: Settlement) -> Iterator[str]:
    """Yields one benefit: its title, the order it was settled under, its lines, and who pays."""
    yield paper.rule()
    yield from paper.row(words.BENEFIT, paper.word(_title(settled)))
    if settled.emergency_order:
        yield from paper.row(words.ORDER, settled.emergency_order)
    divided = settled.benefit != ACCOUNT_ONLY if not settled.trace else divides(settled.trace)
    for line in settled.lines:
        yield from _line(paper, line, divided=divided)
    yield paper.rule()
    yield from _split(paper, settled.breakdown, fund_titles(settled.trace), divided=divided)


def whole(paper: Paper, settlements: Sequence[Settlement]) -> Iterator[str]:
    """Yields who pays for all of them together, where there are several, and what acts afterwards."""
    sums = together(settlements)
    if len(settlements) > 1:
        yield paper.rule()
        count = len(settlements)
        label = words.TOGETHER[0].format(count), words.TOGETHER[1].format(count)
        yield from paper.amount(label, sums.total_fen)
        yield from _payers(paper, sums, fund_titles(_trace(settlements)))
    if any(sums.afterwards.values()):
        yield paper.rule()
        yield from paper.text(words.AFTERWARDS)
        for label, amount in afterwards(settlements).items():
            yield from paper.amount(label, amount, indent=2)


def afterwards(settlements: Sequence[Settlement]) -> dict[Pair, int]:
    """Returns what layers that act afterwards would pay, in fen, by their titles, without zeros."""
    titles = _layers(settlements)
    return {
        titles.get(layer) or _begun(named(FUND_NAMES, layer)): amount
        for layer, amount in together(settlements).afterwards.items() if amount
    }


def going_back(back: Difference, settlements: Sequence[Settlement] = ()) -> Iterator[tuple[Pair, int]]:
    """Yields what goes back to each payer, in fen; negative: it pays more.

    Whose an account is, the settlements say; one that they do not name is shown by its id.
    """
    owners = {share.account: share.owner for each in settlements for share in each.breakdown.accounts}
    for fund, amount in back.funds.items():
        yield _begun(named(FUND_NAMES, fund)), amount
    for account, amount in back.accounts.items():
        yield _account_back(account, owners.get(account)), amount
    yield words.CASH, back.cash_fen


def _account_back(account: str, owner: str | None) -> Pair:
    if owner is None:
        zh, en = words.ACCOUNT_BACK
        return f"{zh} {account}", f"{en} {account}"
    (zh, en), (whose_zh, whose_en) = words.ACCOUNT_BACK, words.OWNERS.get(owner, (owner, owner))
    return words.NAMED[0].format(zh, whose_zh), words.NAMED[1].format(en, whose_en)


def remainders(paper: Paper, settlements: Sequence[Settlement]) -> Iterator[str]:
    """Yields what is left of each limit after all of them, each once."""
    latest = {
        (each.period, each.counter, each.measure): each
        for settled in settlements for each in settled.remainders
    }
    left = [each for each in latest.values() if each.limit_fen and each.left_fen is not None]
    if left:
        yield paper.rule()
    for each in left:
        yield from _remainder(paper, each, settlements)


def why(paper: Paper, settled: Settlement, *, of_several: bool) -> Iterator[str]:
    """Yields the steps that say why, each with its clause."""
    silent = unsaid(settled.trace)
    told = [
        entry for index, entry in enumerate(settled.trace)
        if index not in silent and _worth_telling(paper, entry, settled)
    ]
    if not told:
        return
    yield paper.rule()
    title, heading = paper.word(_title(settled)), paper.word(words.WHY)
    yield from paper.text((f"{heading}:{title}", f"{heading}: {title}") if of_several else words.WHY)
    for number, entry in enumerate(told, 1):
        clause = f" ({paper.word(words.clause(entry.clause))})" if entry.clause else ""
        yield from paper.numbered(number, paper.word((entry.zh, entry.en)) + clause)


def _worth_telling(paper: Paper, entry: TraceEntry, settled: Settlement) -> bool:
    """That a line is wholly in scope stands above; why nothing of it is self-paid does not.

    A limit of a layer that binds nothing is not worth a sentence, nor an order that changed nothing here.
    """
    idle = entry.step == "layer_cap" and not entry.amount_fen
    if entry.step == "emergency_order" and entry.inputs.get("lifted") == "" and "lifted" in entry.inputs:
        idle = True
    if idle or entry.step in _SAID_ABOVE or not paper.word((entry.zh, entry.en)):
        return False
    plain = {(line.line_id, line.amount_fen) for line in settled.lines
             if line.in_scope_fen == line.amount_fen}
    return (entry.line_id, entry.amount_fen) not in plain


def _line(paper: Paper, line: LineBreakdown, *, divided: bool) -> Iterator[str]:
    item_class = paper.word(words.CLASSES.get(line.item_class, (line.item_class, line.item_class)))
    mark = f" [{item_class}]" if item_class else ""
    yield from paper.amount_of((line.name or line.item_code) + mark, line.amount_fen)
    if not divided:
        return
    parts = [(label, amount) for name, label in words.PARTS.items() if (amount := getattr(line, name))]
    if len(parts) == 1 and parts[0][1] == line.amount_fen:
        yield from paper.text((words.ALL_OF_IT[0].format(parts[0][0][0]),
                               words.ALL_OF_IT[1].format(parts[0][0][1].lower())), indent=2)
        return
    for label, amount in parts:
        yield from paper.amount(label, amount, indent=2)


def _split(
    paper: Paper, breakdown: Breakdown, titles: Mapping[str, Pair], *, divided: bool
) -> Iterator[str]:
    """What it comes to; how that divides where a fund, or an account, looks at it."""
    yield from paper.amount(words.TOTAL, breakdown.total_fen)
    for name, label in words.DIVISION.items() if divided else ():
        if amount := getattr(breakdown, name):
            yield from paper.amount(label, amount, indent=2)
    yield from _payers(paper, breakdown, titles)


def _payers(paper: Paper, breakdown: Breakdown, titles: Mapping[str, Pair]) -> Iterator[str]:
    for fund, amount in breakdown.funds.items():
        yield from paper.amount(words.paying(fund, titles), amount)
    if breakdown.provider_borne_fen:
        yield from paper.amount(words.PROVIDER, breakdown.provider_borne_fen)
    for share in breakdown.accounts:
        yield from _account(paper, share)
    yield from paper.amount(words.CASH, breakdown.cash_fen)


def _account(paper: Paper, share: AccountShare) -> Iterator[str]:
    label = words.OWN_ACCOUNT if share.owner == "self" else words.FAMILY_ACCOUNT
    owner = words.OWNERS.get(share.owner, (share.owner, share.owner))
    whose = paper.word(words.NAMED).format(paper.word(label), paper.word(owner))
    yield from paper.amount_of(whose, share.amount_fen)
    yield from paper.text((share.note_zh, share.note_en), indent=2)


def _remainder(paper: Paper, left: Remainder, settlements: Sequence[Settlement]) -> Iterator[str]:
    benefits = {each.benefit: _title(each) for each in settlements}
    if len(settlements) == 1:
        benefits = {settlements[0].benefit: ("", "")}
    period, of, label = limit_words(left, benefits, _layers(settlements))
    text = " ".join(filter(None, map(paper.word, (period, of, label))))
    yield from paper.amount_of(text, left.left_fen or 0)


def limit_words(
    left: Remainder, benefits: Mapping[str, Pair], layers: Mapping[str, Pair]
) -> tuple[Pair, Pair, Pair]:
    """Returns over what a limit runs, what it is of, and what it is.

    It is of a benefit or one of its conditions, of a layer or a limit inside it, or has a name of its own:
    the title that came with it, else what is known of it here, and a bare id only as that of a shared limit.
    ``benefits`` and ``layers`` are their titles by id; where the stay is named, the benefit need not be.
    """
    of_stay = left.period.startswith(_STAY)
    labels = words.LEFT_OF_STAY if of_stay else words.LEFT
    label = labels.get(left.measure, (left.measure, left.measure))
    period = words.OF_STAY if of_stay else (left.period, left.period)
    head, _, tail = left.counter.partition("/")
    if left.title_zh and head not in benefits:
        return period, (left.title_zh, begun(left.title_en or left.title_zh)), label
    zh, en = benefits.get(head) or layers.get(head) or _begun(FUND_NAMES.get(head, words.shared(head)))
    if not tail:
        return period, ("", "") if of_stay and head in benefits else (zh, en), label
    if head in benefits:
        zh, en = condition_name(tail)
        return period, (zh, begun(en)), label
    inside_zh, inside_en = named(INSIDE_NAMES, tail)
    return period, (f"{zh}({inside_zh})", f"{en} ({inside_en})"), label


def _layers(settlements: Sequence[Settlement]) -> dict[str, Pair]:
    """The titles of the layers, by id, as the steps name them."""
    return {
        entry.inputs["layer"]: _begun((entry.inputs.get("zh", ""), entry.inputs.get("en", "")))
        for entry in _trace(settlements) if "layer" in entry.inputs
    }


def _trace(settlements: Sequence[Settlement]) -> list[TraceEntry]:
    return [entry for settled in settlements for entry in settled.trace]


def heading(settled: Settlement) -> Pair:
    """Returns the name of a benefit; where none applies and no account pays either, that it is cash only."""
    paid = settled.breakdown
    all_cash = paid.cash_fen == paid.personal_fen and not any(paid.funds.values())
    if settled.benefit == ACCOUNT_ONLY and all_cash:
        return words.CASH_ONLY
    return settled.title_zh or settled.benefit, settled.title_en or settled.benefit


def _title(settled: Settlement) -> Pair:
    zh, en = heading(settled)
    return zh, begun(en)


def _begun(pair: Pair) -> Pair:
    return pair[0], begun(pair[1].removeprefix("the "))
